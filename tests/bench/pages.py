"""The cost of a topic page, as ratios measured in one run, so that they hold on any machine.

It builds a forum in a temporary folder with one topic of twenty posts and one of twenty thousand, asks for
pages through the application itself (no network), and prints a table.
"""

from __future__ import annotations

import gzip
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import brotli
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, insert, update

from forum.agendas import actions as agendas
from forum.app import create_app
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.markdown import MAX_SOURCE
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.permissions import SYSTEM, VISITOR
from forum.settings import from_environment
from tests.corpus import stress_texts

Row = tuple[str, str, str, bool]
SMALL, LARGE = 20, 20_000
ROUNDS = 40
TEXT = (
    "We counted **412 hours** in the second year, and kept the [table](https://example.org/t).\n\n"
    * 4
)


def rows() -> Iterator[Row]:
    """Every figure of this file: name, figure, bound, and whether it is met."""
    with tempfile.TemporaryDirectory() as folder:
        app = _application(Path(folder))
        yield from _topic_pages(app)
        yield from _page_sizes(app)
        yield from _markup()


def _application(folder: Path) -> Flask:
    quiet = {"FORUM_LIMITS": "0", "FORUM_LOG": "off", "FORUM_PAGE_CACHE_MB": "0"}
    app = create_app(from_environment({"FORUM_DATA": str(folder), **quiet}))
    app.add_url_rule("/empty", "empty", lambda: "nothing")
    with app.app_context():
        upgrade()
        _fill()
    return app


def _fill() -> None:
    members.found_federation(SYSTEM, "Bench")
    people = [
        members.join(VISITOR, members.Joining(f"Person {n}", f"p{n}@example.org", "no hash"))
        for n in range(30)
    ]
    members.appoint(SYSTEM, people[0].handle, "moderator")
    text = agendas.AgendaText("Making Cities Faster", write("An agenda."), slug="faster")
    agenda = agendas.write_agenda(people[0], text)
    for count in (SMALL, LARGE):
        new = dialogue.NewTopic("experience", f"A topic of {count} posts", write(TEXT))
        topic = dialogue.open_topic(people[1], agenda.id, new)
        assert isinstance(topic, Topic)  # no rule holds it back
        _add_posts(topic, [person.id for person in people], count)


def _add_posts(topic: Topic, author_ids: list[int], count: int) -> None:
    written = write(TEXT)
    common = {"topic_id": topic.id, "source": written.source, "html": written.html}
    common |= {"html_version": written.html_version, "language": "en", "created_at": now()}
    rows = [
        common | {"number": number, "author_id": author_ids[number % len(author_ids)]}
        for number in range(2, count + 1)
    ]
    for start in range(0, len(rows), 1000):
        db.session.execute(insert(Post), rows[start : start + 1000])
    values = {"posts_count": count, "replies_count": count - 1}
    db.session.execute(update(Topic).where(Topic.id == topic.id).values(values))
    db.session.commit()


def _topic_pages(app: Flask) -> Iterator[Row]:
    small, large = _addresses(app)
    visitor, member = app.test_client(), _signed_in(app)
    empty = _median_seconds(lambda: visitor.get("/empty"))
    base = _median_seconds(lambda: visitor.get(small))
    yield "an empty view, ms", f"{empty * 1000:.2f}", "", True
    yield "topic of 20, signed out, of the empty view", f"{empty / base:.3f}", "", True
    inside = _median_seconds(lambda: member.get(small))
    yield "topic of 20, signed in, of the empty view", f"{empty / inside:.3f}", "", True
    middle = LARGE // 40
    for name, page in (("first", 1), ("middle", middle), ("last", LARGE // 20)):
        times = _median_seconds(partial(visitor.get, f"{large}?page={page}")) / base
        yield f"topic of 20,000, {name} page, to the topic of 20", f"{times:.2f}", "", True
    for name, client, most in (("signed out", visitor, 6), ("signed in", member, 10)):
        for path in (small, f"{large}?page={middle}"):
            made = queries_of(app, client.get, path)
            yield f"queries, {name}, {path}", str(made), f"at most {most}", made <= most


def _addresses(app: Flask) -> tuple[str, str]:
    with app.app_context():
        topics = db.session.query(Topic).order_by(Topic.id).all()
        return topics[0].address, topics[1].address


def _signed_in(app: Flask) -> Any:
    with app.app_context():
        member = db.session.query(Member).filter_by(handle="person-5").one()
        token = members.sign_in(member, "bench")
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    client.get("/settings")
    return client


def _median_seconds(ask: Callable[[], Any]) -> float:
    """The median time of one answer, after a warm-up."""
    for _round in range(3):
        assert ask().status_code == 200
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def queries_of(app: Flask, ask: Callable[[str], Any], path: str) -> int:
    """The number of SQL statements of a second request for a path."""
    with app.app_context():
        engine = db.engine
    made: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            made.append(statement)

    ask(path)  # the first request records how far the member has read
    event.listen(engine, "before_cursor_execute", note)
    ask(path)
    event.remove(engine, "before_cursor_execute", note)
    return len(made)


def _page_sizes(app: Flask) -> Iterator[Row]:
    client = app.test_client()

    as_gzip: Callable[[bytes], bytes] = partial(gzip.compress, compresslevel=6)

    def size(path: str, compress: Callable[[bytes], bytes] = as_gzip) -> int:
        return len(compress(client.get(path).data))

    html = size(_addresses(app)[0])
    names = [path.name for path in Path(app.static_folder or "").glob("*.js")]
    scripts = sum(size(f"/static/{name}", brotli.compress) for name in names)
    others = ("style.css", "forum.js", "icons.svg")
    first = html + sum(size(f"/static/{name}") for name in others)
    yield "topic page, HTML, compressed", f"{html:,}", "under 14,000", html < 14_000
    limit = "under 15,000"
    yield "all scripts, of which no page has all, brotli", f"{scripts:,}", limit, scripts < 15_000
    yield "first visit: HTML, style, script, sprite", f"{first:,}", "under 30,000", first < 30_000


def _markup() -> Iterator[Row]:
    plain = _cpu_seconds("word " * (MAX_SOURCE // 5))
    worst = max(stress_texts(MAX_SOURCE).values(), key=_cpu_seconds)
    yield "20,000 plain characters, CPU s", f"{plain:.4f}", "", True
    seconds = min(_cpu_seconds(worst) for _round in range(3))
    yield (
        f"the most hostile 20,000 ({worst[:6]!r}…), CPU s",
        f"{seconds:.4f}",
        "under 0.3",
        seconds < 0.3,
    )


def _cpu_seconds(source: str) -> float:
    start = time.process_time()
    write(source)
    return time.process_time() - start
