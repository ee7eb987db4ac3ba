"""A forum of its own at any version, and rows as they were then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Connection, insert

from forum.app import create_app
from forum.columns import Base
from forum.db import db
from forum.settings import Settings
from tests.forums import new_database

# A member's row in version 0008.
MEMBER = {
    "id": 7,
    "handle": "mona-berg",
    "name": "Mona Berg",
    "email": "mona@city.example",
    "password_hash": "-",
    "role": "moderator",
    "hosted": "[]",
    "position": "",
    "language": "en",
    "helps_with": "",
    "about": "",
    "about_html": "",
    "html_version": 0,
    "folded": " mona berg",
    "sort_key": " mona berg",
    "joined_at": "2026-01-01 12:00:00",
    "posts_count": 0,
}


def rows_known_by_number() -> Iterator[tuple[str, dict[str, Any]]]:
    """A row, without its id, of each table whose ids other rows keep after it was deleted."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    yield "screening_rule", {"kind": "links", "made_at": noon}
    by_rule = {"deed": "reply", "rule": "word: casino", "rule_id": 70, "sentence": ""}
    said = {"author_id": 1, "agenda_id": 1, "source": "A casino.", "created_at": noon}
    yield "held", {**by_rule, **said}
    who = {"email": "eva@x.example", "name": "Eva", "password_hash": "-", "browser_hash": "-"}
    yield "candidate", {**who, "created_at": noon}
    yield "contact_letter", {"sender_id": 1, "recipient_id": 1, "text": "Hello.", "sent_at": noon}


def hidden_topics() -> Iterator[tuple[str, dict[str, Any]]]:
    """A topic hidden together with its post, one that was hidden separately later, and a visible one."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    member = {"handle": "mona", "name": "Mona", "email": "m@x.example", "password_hash": "-"}
    yield "member", {"id": 1, **member, "joined_at": noon}
    text_of = {"introduction": "", "introduction_html": "", "html_version": 0}
    looks = {"palette": "p", "pattern": "p", "created_at": noon, "active_at": noon}
    yield "agenda", {"id": 1, "slug": "a", "title": "A", **text_of, **looks}
    theirs: dict[str, Any] = {"author_id": 1, "created_at": noon, "hidden_reason": ""}
    for number, (of_topic, of_post) in enumerate(((0, 0), (1, 0), (None, None)), start=1):
        at = [
            None if hour is None else noon + timedelta(hours=hour) for hour in (of_topic, of_post)
        ]
        opened = {"id": number, "kind": "question", "title": "T", "slug": "t", "active_at": noon}
        yield "topic", {**opened, **theirs, "agenda_id": 1, "hidden_at": at[0]}
        said = {"id": number, "topic_id": number, "number": 1, "source": "", "html": ""}
        yield "post", {**said, **theirs, "html_version": 0, "hidden_at": at[1]}


def insert_hidden_topics(connection: Connection) -> None:
    for name, row in hidden_topics():
        connection.execute(insert(Base.metadata.tables[name]).values(**row))


@contextmanager
def own_forum(database_url: str, folder: Path, revision: str = "") -> Iterator[None]:
    """The application on a database of its own, empty or at a revision (`head` is a copy, which is quick)."""
    url = new_database(database_url, "own_migrations", folder, revision == "head")
    settings = Settings(folder, url, "http://localhost", ("localhost",), "tests", limits=False)
    with create_app(settings).app_context():
        if revision and revision != "head":
            upgrade(revision=revision)
        yield
        db.session.remove()
        db.engine.dispose()
