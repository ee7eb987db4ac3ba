"""Members and cities are found by words without the signs around them: “(urban planner)” was not by “urban”, ‘Amrān not by Amran."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
BATCH = 1_000
SORT_KEY_LENGTH = 100
SIGNS = (
    ' .,;:!?"\u00ab\u00bb\u201c\u201d\u201e\u2039\u203a\u060c\u061b\u061f\u06d4\u3001\u3002\u300c\u300d\u300e\u300f'
    "()[]{}<>'\u2018\u2019`*_/|&-\u2013\u2014\u2026"
)
CITY_NAME = sa.table("city_name", sa.column("city_id"), sa.column("folded"))
MEMBER = sa.table("member", *(sa.column(name) for name in ("id", "folded", "sort_key")))


def upgrade() -> None:
    rewrite_members()
    add_names_of_cities()


def rewrite_members() -> None:
    connection, last = op.get_bind(), 0
    while True:
        query = sa.select(MEMBER.c.id, MEMBER.c.folded).where(MEMBER.c.id > last)
        rows = connection.execute(query.order_by(MEMBER.c.id).limit(BATCH)).all()
        for number, folded in rows:
            if (plain := without_signs(folded)) != folded:
                values = {"folded": plain, "sort_key": plain[:SORT_KEY_LENGTH]}
                connection.execute(sa.update(MEMBER).where(MEMBER.c.id == number).values(values))
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def add_names_of_cities() -> None:
    connection, name = op.get_bind(), CITY_NAME.c.folded
    begins_so = sa.func.substr(name, 1, 1).in_(list(SIGNS))
    named = sa.select(CITY_NAME.c.city_id, name).where(begins_so)
    wanted = {(city_id, folded.lstrip(SIGNS)) for city_id, folded in connection.execute(named)}
    cities = {city_id for city_id, _name in wanted}
    known = sa.select(CITY_NAME.c.city_id, name).where(CITY_NAME.c.city_id.in_(cities))
    new = wanted - {tuple(row) for row in connection.execute(known)} if cities else set()
    rows = [{"city_id": city_id, "folded": name} for city_id, name in sorted(new) if name]
    if rows:
        connection.execute(sa.insert(CITY_NAME), rows)


def without_signs(folded: str) -> str:
    words = (word.strip(SIGNS) for word in folded.split())
    return "".join(f" {word}" for word in words if any(map(str.isalnum, word)))


def downgrade() -> None:
    """Former releases find these words, too."""
