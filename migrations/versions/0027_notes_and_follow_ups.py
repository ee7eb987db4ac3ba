"""What somebody says who tried it, and what happened next, are things of moderation: they have numbers, and can be hidden.

A number is never given again, for reports and decisions know things by it: after a way down and up again numbers begin
above those that they name. SQLite cannot give a table another key, so it makes a new one; PostgreSQL can.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0027"
down_revision = "0026"

KEYS = {"mark": ["post_id", "member_id", "kind"], "follow_up": ["topic_id"]}
INDEXES = {
    "mark": {
        "ix_mark_city_id": ["city_id"],
        "ix_mark_member_id_kind": ["member_id", "kind"],
    },
    "follow_up": {},
}
KINDS = {"mark": "mark", "follow_up": "followup"}  # as decisions and reports call them
UNIQUE = {"mark": "ix_mark_post_id_member_id_kind", "follow_up": "ix_follow_up_topic_id"}


def _columns(table: str) -> list[sa.Column]:
    """What a table had before."""
    if table == "mark":
        return [
            *(sa.Column(name, sa.Integer(), nullable=False) for name in ("post_id", "member_id")),
            sa.Column("kind", sa.String(200), nullable=False),
            sa.Column("outcome", sa.String(200)),
            sa.Column("note", sa.Text(), nullable=False),
            sa.Column("city_id", sa.Integer()),
            sa.Column("created_at", Moment(), nullable=False),
        ]
    return [
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.Column("edited_at", Moment()),
    ]


def _new_columns() -> list[sa.Column]:
    reason = sa.Column("hidden_reason", sa.Text(), nullable=False, server_default="")
    return [sa.Column("hidden_at", Moment()), reason]


def _references(table: str) -> list[sa.ForeignKeyConstraint]:
    going = {"mark": ["post", "member"], "follow_up": ["topic"]}[table]
    found = [_reference(table, other, ondelete="CASCADE") for other in going]
    return [*found, *([_reference(table, "city")] if table == "mark" else [])]


def _reference(table: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{other}_id"
    return sa.ForeignKeyConstraint(
        [f"{other}_id"], [f"{other}.id"], name=op.f(name), ondelete=ondelete
    )


def upgrade() -> None:
    for table in KEYS:
        if op.get_bind().dialect.name == "sqlite":
            number = sa.Column("id", sa.Integer(), primary_key=True)
            columns = [number, *_columns(table), *_new_columns()]
            _make_anew(table, columns, last=_last_named(table), sqlite_autoincrement=True)
        else:
            op.drop_constraint(f"pk_{table}", table)
            first = _last_named(table) + 1
            op.execute(f"CREATE SEQUENCE {table}_id_seq AS integer START {first}")
            number = f"id integer NOT NULL DEFAULT nextval('{table}_id_seq')"
            op.execute(f"ALTER TABLE {table} ADD COLUMN {number} CONSTRAINT pk_{table} PRIMARY KEY")
            op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
            for column in _new_columns():
                op.add_column(table, column)
        op.create_index(UNIQUE[table], table, KEYS[table], unique=True)
    op.add_column("topic", sa.Column("follow_up_hidden_at", Moment()))


def _last_named(table: str) -> int:
    """The highest number that decisions and reports name; 0 when this is the first way up."""
    known = " UNION ALL ".join(
        f"SELECT max(item_id) AS number FROM {name} WHERE kind = '{KINDS[table]}'"
        for name in ("decision", "report")
    )
    query = sa.text(f"SELECT coalesce(max(number), 0) FROM ({known}) AS named")
    return int(op.get_bind().scalar(query) or 0)


def downgrade() -> None:
    """An earlier version knows not what is hidden and would show it: of a note the words go, what happened next goes whole.

    What was told is hidden with its outcome, and its topic says already that nothing is told. A mark that was taken
    back is none.
    """
    op.drop_column("topic", "follow_up_hidden_at")
    op.execute("DELETE FROM follow_up WHERE hidden_at IS NOT NULL")
    op.execute("DELETE FROM mark WHERE kind = 'taken back'")
    op.execute("UPDATE mark SET note = '' WHERE hidden_at IS NOT NULL")
    for table, key in KEYS.items():
        op.drop_index(UNIQUE[table], table)
        if op.get_bind().dialect.name == "sqlite":
            _make_anew(table, [*_columns(table), sa.PrimaryKeyConstraint(*key, name=f"pk_{table}")])
        else:
            for name in ("hidden_reason", "hidden_at", "id"):
                op.drop_column(table, name)
            op.create_primary_key(f"pk_{table}", table, key)


def _make_anew(
    table: str, columns: Sequence[sa.Column | sa.Constraint], last: int = 0, **options: bool
) -> None:
    """The table with these columns, and in it what it held, numbered from after the `last` number that was given."""
    op.create_table(f"{table}_anew", *columns, *_references(table), **options)
    if last:
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}_anew', {last})")
    kept = ", ".join(column.name for column in _columns(table))
    op.execute(f"INSERT INTO {table}_anew ({kept}) SELECT {kept} FROM {table} ORDER BY rowid")
    op.drop_table(table)
    op.rename_table(f"{table}_anew", table)
    for name, of_index in INDEXES[table].items():
        op.create_index(name, table, of_index)
