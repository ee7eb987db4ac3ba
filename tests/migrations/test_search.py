"""What search finds in a filled forum after a migration, and after going back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from flask_migrate import downgrade, upgrade
from sqlalchemy import insert, text

from forum.db import db
from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.models import Document
from forum.search.queries import Period, Query, find
from tests.migrations.conftest import own_forum


def test_what_was_written_before_is_found_by_its_day(database_url: str, tmp_path: Path) -> None:
    years = (1985, 2020, 2024)
    with own_forum(database_url, tmp_path):
        upgrade(revision="0078")
        common = {"kind": "topic", "title": "Kerbs", "folded_title": "kerbs", "folded_body": "low"}
        rows = [
            {
                **common,
                "item_id": year,
                "address": f"/topics/{year}",
                "body": "Low",
                "byline": "",
                "language": "en",
            }
            | {"audience": "public", "written_at": datetime(year, 5, 1, 12, tzinfo=UTC)}
            for year in years
        ]
        with db.engine.begin() as connection:
            connection.execute(insert(Document.__table__), rows)  # type: ignore[arg-type]
        upgrade(revision="0079")
        for change in (None, downgrade, upgrade):
            if change:
                change(revision="0078" if change is downgrade else "0079")
            if change is not downgrade:
                assert found(Period(date(2020, 5, 1), date(2020, 5, 1))) == [2020]
                assert found(Period(None, date(2020, 5, 1))) == [1985, 2020]
            assert found(Period()) == list(years)
            assert not actions.mend_index(SYSTEM)
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM document WHERE item_id = 2020"))
        assert found(Period()) == [1985, 2024]


def found(period: Period) -> list[int]:
    hits = find(VISITOR, Query("kerbs low", period=period)).page.items
    return sorted(hit.document.item_id for hit in hits)
