"""What search finds in a filled forum after a migration, and after going back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from flask_migrate import downgrade, upgrade
from sqlalchemy import insert, text

from forum.db import db
from forum.dialogue.models import Post
from forum.library.models import Practice, PracticeSection
from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.models import Document
from forum.search.queries import Period, Query, find
from tests.migrations.conftest import insert_hidden_topics, own_forum

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


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


def test_the_links_of_texts_that_were_written_before_are_known(
    database_url: str, tmp_path: Path
) -> None:
    html = (
        '<p><a href="/topics/2-t?page=1">a</a> <a href="http://localhost/cases/%C3%A9t%C3%A9">b</a>'
        ' <a href="https://other.example/cases/c">c</a></p>'
        '<blockquote><p><a href="/cases/d">d</a></p></blockquote><p><a href="/posts/1">e</a></p>'
    )
    with own_forum(database_url, tmp_path, revision="0079"):
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            said = {"topic_id": 3, "number": 2, "source": "", "html": html, "html_version": 0}
            said |= {"author_id": 1, "created_at": NOON, "hidden_reason": ""}
            connection.execute(insert(Post.__table__), {"id": 9, **said})  # type: ignore[arg-type]
            connection.execute(text("UPDATE post SET html = :html"), {"html": html})
            common = {"title": "", "folded_title": "", "body": "", "folded_body": "", "byline": ""}
            common |= {"language": "en", "audience": "public", "written_at": NOON, "address": "/"}
            things = [("topic", 2), ("topic", 3), ("post", 9)]
            rows = [{**common, "kind": kind, "item_id": number} for kind, number in things]
            connection.execute(insert(Document.__table__), rows)  # type: ignore[arg-type]
        for change in (upgrade, downgrade, upgrade):
            change(revision="0079" if change is downgrade else "0080")
        with db.engine.begin() as connection:
            linked = text(
                "SELECT kind, item_id, linked_page.address FROM linked_page"
                " JOIN document ON document.id = document_id ORDER BY 1, 2, 3"
            )
            pages = ["/cases/été", "/posts/1", "/topics/2"]
            found = [tuple(row) for row in connection.execute(linked)]
        assert found == [
            *(("post", 9, page) for page in pages),
            *(("topic", 3, page) for page in pages),
        ]


def test_the_links_of_practices_that_were_written_before_are_known(
    database_url: str, tmp_path: Path
) -> None:
    """What only members read has a document of its own, and so do its links."""
    html = '<p><a href="/topics/{}-t">a</a></p><blockquote><a href="/cases/d">d</a></blockquote>'
    with own_forum(database_url, tmp_path, revision="0080"):
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            times = dict.fromkeys(("created_at", "updated_at"), NOON)
            said = {"slug": "pumps", "agenda_id": 1, "author_id": 1, "title": "", "sentence": ""}
            said |= {"id": 5, "failure_audience": "members", **times}
            connection.execute(insert(Practice.__table__), said)  # type: ignore[arg-type]
            section = {"practice_id": 5, "position": 1, "source": "", "html_version": 0}
            sections = [
                {**section, "name": name, "html": html.format(number)}
                for number, name in ((2, "done"), (2, "lessons"), (3, "failure"))
            ]
            connection.execute(insert(PracticeSection.__table__), sections)  # type: ignore[arg-type]
            common = {"title": "", "folded_title": "", "body": "", "folded_body": "", "byline": ""}
            common |= {"language": "en", "audience": "public", "written_at": NOON, "address": "/"}
            rows = [{**common, "kind": kind, "item_id": 5} for kind in ("practice", "failure")]
            connection.execute(insert(Document.__table__), rows)  # type: ignore[arg-type]
        for change in (upgrade, downgrade, upgrade):
            change(revision="0080" if change is downgrade else "0081")
        with db.engine.begin() as connection:
            linked = text(
                "SELECT kind, linked_page.address FROM linked_page"
                " JOIN document ON document.id = document_id ORDER BY 1"
            )
            found = [tuple(row) for row in connection.execute(linked)]
        assert found == [("failure", "/topics/3"), ("practice", "/topics/2")]
