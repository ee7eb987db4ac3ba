"""Reading everything back: the rows, what must agree among them, the public pages, and the sessions."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import RowMapping, func, select, text

from forum.db import db
from forum.dialogue.models import Mark, Post, Revision
from forum.members.models import Member
from forum.moderation.models import Decision
from forum.notifications.models import QUEUE_KINDS, Event, Notice
from forum.search.models import Document
from tests.trials.browser import Browser, Tally
from tests.trials.check import StoredPost
from tests.trials.ledger import DONE, REFUSED, Deed
from tests.trials.site import Site

SIGN = re.compile(r"\bsign\w+")
ITEM = re.compile(r'<li id="post-(\d+)"(?: class="(\w+)")?[^>]*>(.*?)(?=<li id="post-|</ol>)', re.S)

# Queries that must always count nothing
MUST_BE_NOUGHT = {
    "topics whose count of replies is wrong": """SELECT count(*) FROM topic WHERE replies_count <>
        (SELECT count(*) FROM post WHERE post.topic_id = topic.id AND number > 1
         AND deleted_at IS NULL AND hidden_at IS NULL)""",
    "topics whose last number is wrong": """SELECT count(*) FROM topic WHERE posts_count <>
        (SELECT max(number) FROM post WHERE post.topic_id = topic.id)""",
    "posts whose count of marks is wrong": """SELECT count(*) FROM post WHERE
        useful_count + same_here_count + tried_count <>
        (SELECT count(*) FROM mark WHERE mark.post_id = post.id)""",
    "members whose count of posts is wrong": """SELECT count(*) FROM member WHERE posts_count <>
        (SELECT count(*) FROM post JOIN topic ON topic.id = post.topic_id
         WHERE post.author_id = member.id AND post.deleted_at IS NULL AND post.hidden_at IS NULL
         AND topic.deleted_at IS NULL AND topic.hidden_at IS NULL AND topic.audience = 'public')""",
    "topics without a search row": """SELECT count(*) FROM topic WHERE deleted_at IS NULL AND NOT EXISTS
        (SELECT 1 FROM document WHERE kind = 'topic' AND item_id = topic.id)""",
    "search rows of posts that are not there": """SELECT count(*) FROM document WHERE kind = 'post'
        AND NOT EXISTS (SELECT 1 FROM post WHERE post.id = item_id)""",
    "replies by others of which the topic's author is told nothing": """SELECT count(*) FROM post
        JOIN topic ON topic.id = post.topic_id WHERE number > 1 AND post.author_id <> topic.author_id
        AND NOT EXISTS (SELECT 1 FROM event WHERE event.post_id = post.id AND event.kind = 'reply')""",
    "events of which no notice was made": """SELECT count(*) FROM event
        WHERE done_at IS NULL AND hidden_at IS NULL""",
}


def database_faults(site: Site) -> Iterator[str]:
    """Faults that the database reports, and counters, search rows and notices that are inconsistent."""
    with site.app.app_context():
        for words, query in MUST_BE_NOUGHT.items():
            if count := db.session.scalar(text(query)):
                yield f"{count} {words}"
        yield from _notices()
        if site.database == "sqlite":
            yield from _sqlite_faults()
        db.session.rollback()
        db.engine.dispose()


def _sqlite_faults() -> Iterator[str]:
    for pragma in ("integrity_check", "foreign_key_check"):
        for row in db.session.execute(text(f"PRAGMA {pragma}")):
            if row[0] != "ok":
                yield f"{pragma}: {tuple(row)}"
    db.session.commit()
    ask = "INSERT INTO document_fts(document_fts, rank) VALUES('integrity-check', 1)"
    db.session.execute(text(ask))  # raises if the index does not match the rows
    db.session.rollback()


def _notices() -> Iterator[str]:
    """Each event is told to each whom it names; of several marks one notice may tell, which counts them.

    There are no notices of a queue entry that was decided before the worker handled it.
    """
    done = select(Event.id, Event.recipients).where(Event.done_at.is_not(None))
    marks = db.session.execute(done.where(Event.kind == "mark")).all()
    people = select(func.coalesce(func.sum(Notice.others + 1), 0)).where(Notice.kind == "mark")
    if (told := db.session.scalar(people)) != sum(len(recipients) for _id, recipients in marks):
        yield f"notices tell of {told} marks"
    decisions = db.session.execute(select(Decision.kind, Decision.item_id))
    decided = {f"/moderation/{kind}/{item_id}" for kind, item_id in decisions}
    others = done.add_columns(Event.kind, Event.address).where(Event.kind != "mark")
    wanted = {
        (event_id, member)
        for event_id, recipients, kind, address in db.session.execute(others)
        for member in recipients
        if not (kind in QUEUE_KINDS and address in decided)
    }
    made = db.session.execute(select(Notice.event_id, Notice.member_id)).all()
    if len(made) != len(set(made)):
        yield "somebody was told twice of one thing"
    if missing := wanted - {tuple(row) for row in made}:
        yield f"{len(missing)} notices are missing"


def wait_for_notices(site: Site, seconds: float = 30) -> float:
    """Wait until the worker has nothing left to do; returns the seconds."""
    begun = time.monotonic()
    with site.app.app_context():
        while time.monotonic() - begun < seconds:
            left = db.session.scalar(
                select(func.count())
                .select_from(Event)
                .where(Event.done_at.is_(None), Event.hidden_at.is_(None))
            )
            db.session.rollback()
            if not left:
                break
            time.sleep(0.1)
        db.engine.dispose()
    return time.monotonic() - begun


def posts_of(site: Site) -> list[StoredPost]:
    """Every stored post with everything that belongs to it."""
    columns = (Post.id, Post.submission_key, Post.topic_id, Post.number, Post.source)
    states = (Post.hidden_at, Post.deleted_at, Member.handle)
    rows = select(*columns, *states).join(Member, Member.id == Post.author_id).order_by(Post.id)
    with site.app.app_context():
        found = [_found(row) for row in db.session.execute(rows).mappings()]
        by_id = {post.id: post for post in found}
        marks = select(Mark.post_id, Mark.kind, Member.handle).join(
            Member, Member.id == Mark.member_id
        )
        for post_id, kind, handle in db.session.execute(marks):
            by_id[post_id].marks.add((handle, kind))
        for revision in db.session.scalars(select(Revision)):
            if revision.withdrawn_at and not revision.source:
                by_id[revision.post_id].withdrawn.add(revision.id)
        hidings = select(Decision.item_id, Decision.deed).where(Decision.kind == "post")
        for post_id, deed in db.session.execute(hidings):
            by_id[post_id].hidings += {"hide": 1, "restore": -1}.get(deed, 0)
        _search_rows(by_id)
        db.session.rollback()
        db.engine.dispose()
    return found


def _found(row: RowMapping) -> StoredPost:
    return StoredPost(
        id=row["id"],
        key=row["submission_key"] or "",
        author=row["handle"],
        topic=row["topic_id"],
        number=row["number"],
        text=row["source"],
        is_hidden=row["hidden_at"] is not None,
        is_deleted=row["deleted_at"] is not None,
        documents=0,
    )


def _search_rows(posts: dict[int, StoredPost]) -> None:
    firsts = {post.topic: post for post in posts.values() if post.number == 1}
    parents = {
        row.item_id: row.id
        for row in db.session.execute(
            select(Document.item_id, Document.id).where(Document.kind == "topic")
        )
    }
    for row in db.session.scalars(select(Document).where(Document.kind.in_(("topic", "post")))):
        post = firsts[row.item_id] if row.kind == "topic" else posts[row.item_id]
        post.documents += 1
        is_parted = row.kind == "topic" or row.parent_id == parents.get(post.topic)
        is_hidden = row.kind == "topic" or bool(row.hidden_at) == post.is_hidden
        post.document_is_right = is_parted and is_hidden and _sign(row.body) == _sign(post.text)


def _sign(text: str) -> str:
    found = SIGN.search(text)
    return found[0] if found else ""


def look_at_pages(site: Site, posts: Sequence[StoredPost]) -> Iterator[str]:
    """What visitors see of every topic, page by page: each text at its number, in order, and gaps for the gone."""
    by_topic: dict[int, dict[int, StoredPost]] = defaultdict(dict)
    for post in posts:
        by_topic[post.topic][post.number] = post
    visitor = Browser(site.ports[-1], Tally())
    for topic, numbered in by_topic.items():
        path = visitor.ask(f"/topics/{topic}").location
        shown: list[int] = []
        for page in range(1, (max(numbered) - 1) // 20 + 2):
            for number, state, html in ITEM.findall(visitor.ask(f"{path}?page={page}").text):
                shown.append(int(number))
                post = numbered[int(number)]
                post.is_shown = state != "gone" and _sign(post.text) in html
                strange = set(SIGN.findall(html)) - {_sign(post.text)}
                if strange:
                    yield f"{post.key}: shows the words of another post: {strange}"
        if shown != sorted(number for number in numbered if number > 1):
            yield f"topic {topic}: the public pages do not show every number once, in order"


def session_faults(site: Site, deeds: Sequence[Deed]) -> Iterator[str]:
    """I6: a cookie that was signed out is worth nothing, and of two passwords the one acknowledged last counts."""
    for deed in deeds:
        if deed.deed in ("sign out", "password") and deed.outcome == DONE:
            old = Browser(site.ports[-1], Tally())
            old.cookies = dict(deed.facts["cookie"])
            if old.ask("/settings").status == 200:
                yield f"{deed.key}: the session ended with “{deed.deed}”, and is open again"
    for person in site.people:
        changes = [d for d in deeds if d.deed == "password" and d.client == person.handle]
        yield from _password_faults(site, person.email, person.password, changes)


def _password_faults(site: Site, email: str, present: str, changes: list[Deed]) -> Iterator[str]:
    said = [deed.facts["new"] for deed in changes if deed.outcome == DONE]
    if said and not Browser(site.ports[-1], Tally()).sign_in(email, present):
        yield f"{email}: the password acknowledged last does not open"
    for deed in changes[-1:]:
        is_undone = deed.outcome == DONE and deed.facts["old"] != present
        if is_undone and Browser(site.ports[-1], Tally()).sign_in(email, deed.facts["old"]):
            yield f"{email}: the password of before opens again"


def refused(deeds: Sequence[Deed]) -> int:
    """How many deeds were refused for good."""
    return sum(deed.outcome == REFUSED for deed in deeds)
