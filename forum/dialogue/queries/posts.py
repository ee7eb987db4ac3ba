"""Posts: those of a topic by number, each for itself, their marks and earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import Select, String, and_, bindparam, case, cast, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from forum.db import db, execute_core
from forum.dialogue.models import (
    POSTS_ON_A_PAGE,
    TAKEN_BACK,
    TRIED,
    Mark,
    Post,
    Revision,
    Said,
    Topic,
)
from forum.dialogue.queries._seen import (
    Byline,
    Name,
    is_there,
    people_of,
    remembered,
    visible_posts,
    with_people,
    with_people_of,
)
from forum.dialogue.queries.listing import TopicLine
from forum.errors import Forbidden, NotFound
from forum.members.models import City, Member
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, moderated_by, require, sees_hidden


class Ground(NamedTuple):
    """What of an agenda decides what may be done there."""

    archived_at: datetime | None


class OfTopic(NamedTuple):
    """What of a topic decides how its posts are shown, and what may be done with them."""

    id: int
    kind: str
    agenda_id: int
    author_id: int
    home: str | None
    address: str
    answer_id: int | None
    locked_at: datetime | None
    locked_reason: str
    hidden_at: datetime | None
    deleted_at: datetime | None
    agenda: Ground


def posts_in(reader: Person, topic: Topic | TopicLine, page: int) -> Page[Line]:
    """The posts whose numbers belong to a page: 1 to 20, 21 to 40, … Gone posts are there, as gaps.

    But those that were removed: of them readers see not even a gap, only who moderates. `topic` is one that the reader was found to see, with its agenda.
    """
    pages = pages_for(topic.posts_count, POSTS_ON_A_PAGE)
    page = clamp(page, pages)
    last = page * POSTS_ON_A_PAGE
    which = {"topic_id": topic.id, "before": last - POSTS_ON_A_PAGE, "last": last}
    lines = _LINES_IN if sees_hidden(reader, topic.agenda_id) else _LINES_NOT_REMOVED
    place = _of(topic)

    def read() -> tuple[Line, ...]:
        rows = execute_core(lines, which | {"answer_id": topic.answer_id}).all()
        return tuple(_line(place, row) for row in rows)

    # With what is known of the topic, which another deed may have changed since it was read
    shown = remembered(reader, topic.id, ("posts", page, place), read)
    return Page(shown, page, pages, topic.posts_count)


class _Line(NamedTuple):
    id: int
    number: int
    author_id: int
    html: Markup
    language: str
    paragraph: str | None
    useful_count: int
    same_here_count: int
    tried_count: int
    created_at: datetime
    edited_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str
    removed_at: datetime | None
    deleted_at: datetime | None
    note_html: Markup
    note_language: str
    edit_asked_at: datetime | None
    edit_answered_at: datetime | None
    source: str
    topic: OfTopic
    author: Byline
    organisation: Name | None


class Line(_Line, Said):
    """A post as a page prints it, all of it values: twenty whole rows with their people took twice the time.

    The `source` is that of an answer; other posts are shown without it.
    """


_OF_POST = [getattr(Post, name) for name in _Line._fields[:19]]
_OF_ANSWER = case((Post.id == bindparam("answer_id"), Post.source), else_="")
_LINES = with_people_of(select(*_OF_POST, _OF_ANSWER), Post)
_LINES_IN = _LINES.where(
    Post.topic_id == bindparam("topic_id"),
    Post.number > bindparam("before"),
    Post.number <= bindparam("last"),
).order_by(Post.number)
_LINES_NOT_REMOVED = _LINES_IN.where(Post.removed_at.is_(None))


def _of(topic: Topic | TopicLine) -> OfTopic:
    values = [getattr(topic, name) for name in OfTopic._fields[:-1]]
    return OfTopic._make((*values, Ground(topic.agenda.archived_at)))


def _line(place: OfTopic, row: Sequence[Any]) -> Line:
    return Line._make((*row[:20], place, *people_of(row[20:])))


def get_post(reader: Person, post_id: int, *of_topic: Any) -> Post:
    """A post with its topic, agenda and author, or `NotFound`. It may be gone: ask `is_gone`.

    `of_topic` are further things to load with the topic.
    """
    query = visible_posts(reader, *of_topic).where(Post.id == post_id)
    post: Post | None = db.session.scalar(with_people(query))
    if post is None:
        raise NotFound()
    return post


def answer_of(reader: Person, topic: Topic | TopicLine) -> Line | None:
    """The post that was chosen as the answer, with its author; None when there is none to read."""
    if topic.answer_id is None:
        return None
    row = execute_core(_answer_line(), {"answer_id": topic.answer_id}).first()
    return _line(_of(topic), row) if row else None


@cache
def _answer_line() -> Select[Any]:
    return _LINES.where(Post.id == bindparam("answer_id"), *is_there())


def paragraph_comments(reader: Person, topic: Topic, limit: int = 300) -> dict[str, list[Post]]:
    """The comments of a case's topic on single paragraphs, by the paragraph's key, oldest first."""
    query = select(Post).where(Post.topic_id == topic.id, Post.paragraph.is_not(None), *is_there())
    found: dict[str, list[Post]] = {}
    for post in db.session.scalars(with_people(query.order_by(Post.number).limit(limit))):
        found.setdefault(post.paragraph or "", []).append(post)
    return found


def my_marks(member: Person, posts: Iterable[Post | Line]) -> dict[int, dict[str, Mark]]:
    """What a reader said to each of these posts: {post id: {kind: mark}}; nothing for a visitor."""
    found: dict[int, dict[str, Mark]] = {}
    which = _marks_of(member, posts)
    for mark in db.session.scalars(select(Mark).where(_IS_MINE), which) if which else ():
        found.setdefault(mark.post_id, {})[mark.kind] = mark
    return found


def _marks_of(member: Person, posts: Iterable[Post | Line]) -> dict[str, Any]:
    ids = [post.id for post in posts if post.is_marked]
    return {"post_ids": ids, "member_id": member.id} if member.is_member and ids else {}


_IS_MINE = and_(
    Mark.post_id.in_(bindparam("post_ids", expanding=True)),
    Mark.member_id == bindparam("member_id"),
)


# The same in one word, such as `7 useful,9 tried it`, for a statement that asks for more: by `post_ids` and `member_id`
MARKS_IN_WORDS = select(
    func.aggregate_strings(cast(Mark.post_id, String).concat(" ").concat(Mark.kind), ",")
).where(_IS_MINE)


def kinds_in(words: str | None) -> dict[int, frozenset[str]]:
    """What `MARKS_IN_WORDS` says: the kinds of marks by post."""
    found: dict[int, frozenset[str]] = {}
    for post_id, _sign, kind in (pair.partition(" ") for pair in (words or "").split(",") if pair):
        found[int(post_id)] = found.get(int(post_id), frozenset()) | {kind}
    return found


def tried_in(topic_id: int, number: int | None = None, limit: int = 500) -> Sequence[Mark]:
    """Who tried what a topic's posts (or the one of that number) tell, with member and city, by city.

    The topic is one that the reader was found to see.
    """
    query = (
        select(Mark)
        .join(Post, Post.id == Mark.post_id)
        .join(Mark.member)
        .outerjoin(Mark.city)
        .where(Mark.kind == TRIED, Post.topic_id == topic_id, *is_there())
        .where(Member.hidden_at.is_(None))
        .options(contains_eager(Mark.member), contains_eager(Mark.city))
        .order_by(City.name.is_(None), City.name, Mark.created_at, Mark.member_id)
    )
    if number is not None:
        query = query.where(Post.number == number)
    return db.session.scalars(query.limit(limit)).all()


def get_note(reader: Person, mark_id: int) -> Mark:
    """What somebody says who tried it: a mark that has a note, with its post and who gave it; else `NotFound`.

    What is out of sight with its post or with its author's profile is there for who moderates alone. It may be hidden
    itself: ask `hidden_at`. What is hidden is there also when the mark was taken back.
    """
    is_it = (Mark.id == mark_id, Mark.kind.in_([TRIED, TAKEN_BACK]), Mark.words != "")
    query = select(Mark).where(*is_it)
    query = query.options(joinedload(Mark.member).joinedload(Member.city), joinedload(Mark.city))
    given = db.session.scalar(query.execution_options(populate_existing=True))
    if given is None:
        raise NotFound()
    given.post = get_post(reader, given.post_id)
    is_apart = given.post.is_gone or given.member.hidden_at is not None
    if is_apart and not sees_hidden(reader, given.post.topic.agenda_id):
        raise NotFound()
    return given


def revisions_of(reader: Person, post: Post, limit: int = 100) -> Sequence[Revision]:
    """What a post said before, newest first, withdrawn ones as gaps without a text."""
    require(reader.can.compare(post))
    query = select(Revision).where(Revision.post_id == post.id)
    return db.session.scalars(query.order_by(Revision.id.desc()).limit(limit)).all()


def post_to_edit(author: Person, post_id: int) -> Post:
    """A post that its author wants to edit, its topic with themes; not that of a case or practice itself."""
    post = get_post(author, post_id, selectinload(Topic.themes))
    require(author.can.edit(post))
    return _without_home(post)


def post_to_delete(author: Person, post_id: int) -> Post:
    """A post that its author wants to delete; not that of a case or practice itself."""
    post = get_post(author, post_id)
    require(author.can.delete(post))
    return _without_home(post)


def post_to_mark(member: Person, post_id: int) -> Post:
    """A post that somebody wants to mark."""
    post = get_post(member, post_id)
    require(member.can.mark(post))
    return post


def post_to_compare(reader: Person, post_id: int) -> Post:
    """A post whose earlier versions somebody wants to read."""
    post = get_post(reader, post_id)
    require(reader.can.compare(post))
    return post


def _without_home(post: Post) -> Post:
    if post.number == 1 and post.topic.home:
        raise Forbidden(gettext("This is changed on its own page."))
    return post


def first_posts(reader: Person) -> Select[Any]:
    """First posts that wait for this reader to look at them, the oldest first, each with its topic and agenda."""
    posts = visible_posts(reader).where(Post.unseen_at.is_not(None), *is_there())
    waits = posts.where(Topic.hidden_at.is_(None), moderated_by(reader, Topic.agenda_id))
    return waits.order_by(Post.unseen_at, Post.id)
