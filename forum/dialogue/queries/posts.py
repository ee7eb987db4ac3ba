"""Posts: the pages of a topic, single posts, their marks and earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, String, and_, bindparam, cast, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from forum.db import constant, db, execute_core
from forum.dialogue.models import (
    MARKS,
    POSTS_ON_LONG_PAGE,
    POSTS_PER_PAGE,
    TAKEN_BACK,
    TRIED,
    Mark,
    Post,
    Revision,
    Topic,
)
from forum.dialogue.queries._rows import POST_ROWS, PostRow, TopicRow, to_post_row, topic_context
from forum.dialogue.queries._visibility import (
    cached_for_topic,
    is_readable,
    visible_posts,
    with_author,
)
from forum.errors import Forbidden, NotFound, or_not_found
from forum.members.models import City, Member
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, require
from forum.reach import moderated_by, sees_hidden
from forum.verdicts import TEXT_HIDDEN

# What one page shows of each
MAX_PARAGRAPH_COMMENTS, MAX_TRIED, MAX_REVISIONS = 300, 500, 100

_ON_PAGE = POST_ROWS.where(
    Post.topic_id == bindparam("topic_id"),
    Post.number > bindparam("before"),
    Post.number <= bindparam("last"),
).order_by(Post.number)
_ON_PAGE_NOT_REMOVED = _ON_PAGE.where(Post.removed_at.is_(None))


def posts_in(reader: Person, topic: Topic | TopicRow, page: int) -> Page[PostRow]:
    """The posts whose numbers belong to a page (1 to 20, 21 to 40, …), hidden and deleted ones too, as gaps.

    Only moderators see even a gap for removed posts. `topic` must be one that the reader was found to see, with its
    agenda loaded.
    """
    pages = pages_for(topic.posts_count, POSTS_PER_PAGE)
    page = clamp(page, pages)

    def read() -> tuple[PostRow, ...]:
        return _read_page(reader, topic, page, POSTS_PER_PAGE)

    # The context is part of the key, because another action may have changed the topic since it was read
    shown = cached_for_topic(reader, topic.id, ("posts", page, topic_context(topic)), read)
    return Page(shown, page, pages, topic.posts_count)


def many_posts_in(reader: Person, topic: Topic | TopicRow, page: int) -> Page[PostRow]:
    """Like `posts_in`, with `POSTS_ON_LONG_PAGE` on each page. They are not kept in memory."""
    pages = pages_for(topic.posts_count, POSTS_ON_LONG_PAGE)
    page = clamp(page, pages)
    shown = _read_page(reader, topic, page, POSTS_ON_LONG_PAGE)
    return Page(shown, page, pages, topic.posts_count)


def _read_page(
    reader: Person, topic: Topic | TopicRow, page: int, size: int
) -> tuple[PostRow, ...]:
    last = page * size
    values = {"topic_id": topic.id, "before": last - size, "last": last}
    query = _ON_PAGE if sees_hidden(reader, topic.agenda_id) else _ON_PAGE_NOT_REMOVED
    rows = execute_core(query, values | {"answer_id": topic.answer_id}).all()
    context = topic_context(topic)
    return tuple(to_post_row(context, columns) for columns in rows)


# Every number except 1 is that of a reply; with `> 1` SQLite would choose an index by number. The 0 is a literal,
# because with a parameter SQLite could not use the partial index
_MOST_USEFUL = POST_ROWS.where(
    Post.topic_id == bindparam("topic_id"),
    Post.number != 1,
    Post.useful_count > constant(0),
    *is_readable(),
).order_by(Post.useful_count.desc(), Post.number.desc())


def most_useful_in(topic: Topic | TopicRow) -> Sequence[PostRow]:
    """The `POSTS_PER_PAGE` replies of a topic that most members marked as useful; the newest first among equals.

    The caller has found the topic for its reader, with its agenda loaded.
    """
    values = {"topic_id": topic.id, "answer_id": topic.answer_id}
    context = topic_context(topic)
    rows = execute_core(_MOST_USEFUL.limit(constant(POSTS_PER_PAGE)), values).all()
    return [to_post_row(context, columns) for columns in rows]


def get_post(reader: Person, post_id: int, *topic_options: Any) -> Post:
    """A post with its topic, agenda and author, or `NotFound`. It may be hidden or deleted: check `is_gone`.

    `topic_options` are further loader options below `Post.topic`.
    """
    query = visible_posts(reader, *topic_options).where(Post.id == post_id)
    post: Post = or_not_found(db.session.scalar(with_author(query)))
    return post


def answer_of(topic: Topic | TopicRow) -> PostRow | None:
    """The post that was chosen as the answer, with its author; None when there is no visible one.

    The caller has found the topic for its reader.
    """
    if topic.answer_id is None:
        return None
    columns = execute_core(_answer_query(), {"answer_id": topic.answer_id}).first()
    return to_post_row(topic_context(topic), columns) if columns else None


@cache
def _answer_query() -> Select[Any]:
    return POST_ROWS.where(Post.id == bindparam("answer_id"), *is_readable())


def paragraph_comments(topic: Topic) -> dict[str, list[Post]]:
    """The comments of a case's topic on single paragraphs, by the paragraph's key, oldest first.

    The caller has found the topic for its reader.
    """
    found: dict[str, list[Post]] = {}
    for post in db.session.scalars(_paragraph_comments(), {"topic_id": topic.id}):
        found.setdefault(post.paragraph or "", []).append(post)
    return found


@cache
def _paragraph_comments() -> Select[Post]:
    here = Post.topic_id == bindparam("topic_id"), Post.paragraph.is_not(None)
    oldest_first = select(Post).where(*here, *is_readable()).order_by(Post.number)
    return with_author(oldest_first.limit(MAX_PARAGRAPH_COMMENTS))


def my_marks(member: Person, posts: Iterable[Post | PostRow]) -> dict[int, dict[str, Mark]]:
    """The reader's marks on these posts: {post id: {kind: mark}}; empty for a visitor."""
    marked = [post.id for post in posts if post.is_marked]
    if not member.is_member or not marked:
        return {}
    values = {"post_ids": marked, "member_id": member.id}
    found: dict[int, dict[str, Mark]] = {}
    for mark in db.session.scalars(select(Mark).where(_IS_OWN_MARK), values):
        found.setdefault(mark.post_id, {})[mark.kind] = mark
    return found


_IS_OWN_MARK = and_(
    Mark.post_id.in_(bindparam("post_ids", expanding=True)),
    Mark.member_id == bindparam("member_id"),
)


# The marks as one text, such as `7 useful,9 tried it`, which fits into a column of another statement; takes the
# parameters `post_ids` and `member_id`.
MARKS_AS_TEXT = select(
    func.aggregate_strings(cast(Mark.post_id, String).concat(" ").concat(Mark.kind), ",")
).where(_IS_OWN_MARK)


def parse_marks(text: str | None) -> dict[int, frozenset[str]]:
    """Parses `MARKS_AS_TEXT`: the kinds of marks by the id of the post."""
    found: dict[int, frozenset[str]] = {}
    for pair in text.split(",") if text else ():
        post_id, _space, kind = pair.partition(" ")
        found[int(post_id)] = found.get(int(post_id), frozenset()) | {kind}
    return found


def tried_in(topic_id: int, number: int | None = None) -> Sequence[Mark]:
    """The "tried it" marks on a topic's posts, or on the post of one `number`, with member and city, ordered by city.

    The topic must be one that the reader was found to see.
    """
    values = {"topic_id": topic_id, "number": number}
    if number is None:
        return db.session.scalars(_tried_in(), values).all()
    return db.session.scalars(_tried_in().where(Post.number == bindparam("number")), values).all()


@cache
def _tried_in() -> Select[Mark]:
    query = (
        select(Mark)
        .join(Post, Post.id == Mark.post_id)
        .join(Mark.member)
        .outerjoin(Mark.city)
        .where(Mark.kind == TRIED, Post.topic_id == bindparam("topic_id"), *is_readable())
        .where(Member.hidden_at.is_(None))
        .options(contains_eager(Mark.member), contains_eager(Mark.city))
        .order_by(City.name.is_(None), City.name, Mark.created_at, Mark.member_id)
    )
    return query.limit(MAX_TRIED)


def telling_marks(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Mark]:
    """For each (post, member) of `pairs` with marks, the most informative one: tried it, then same here."""
    wanted = set(pairs)
    if not wanted:
        return {}
    query = select(Mark).where(
        tuple_(Mark.post_id, Mark.member_id).in_(wanted), Mark.kind.in_(MARKS)
    )
    given = sorted(db.session.scalars(query), key=lambda mark: MARKS.index(mark.kind))
    return {(mark.post_id, mark.member_id): mark for mark in given}


def get_note(reader: Person, mark_id: int) -> Mark:
    """A "tried it" mark with a note, with its post and the member who gave it; else `NotFound`.

    When the post or the member's profile is not visible, only moderators find it. The note itself may be hidden:
    check `hidden_at`. A hidden note is found even after the mark was taken back.
    """
    query = select(Mark).where(
        Mark.id == mark_id, Mark.kind.in_([TRIED, TAKEN_BACK]), Mark.words != ""
    )
    query = query.options(joinedload(Mark.member).joinedload(Member.city), joinedload(Mark.city))
    given = or_not_found(db.session.scalar(query.execution_options(populate_existing=True)))
    set_committed_value(given, "post", get_post(reader, given.post_id))
    is_out_of_sight = given.post.is_gone or given.member.hidden_at is not None
    if is_out_of_sight and not sees_hidden(reader, given.post.topic.agenda_id):
        raise NotFound()
    return given


def revisions_of(reader: Person, post: Post) -> Sequence[Revision]:
    """The earlier versions of a post, newest first, with their numbers; withdrawn ones are included without a text."""
    require(reader.can.compare(post))
    query = select(Revision, func.row_number().over(order_by=Revision.id))
    query = query.where(Revision.post_id == post.id).order_by(Revision.id.desc())
    rows = db.session.execute(query.limit(MAX_REVISIONS)).all()
    for row in rows:
        row[0].number = row[1]
    return [row[0] for row in rows]


def get_revision(reader: Person, post: Post, revision_id: int) -> Revision:
    """One earlier version of a post; raises `NotFound` if it is withdrawn or not of this post."""
    require(reader.can.compare(post))
    revision = db.session.get(Revision, revision_id)
    if revision is None or revision.post_id != post.id or revision.withdrawn_at:
        raise NotFound()
    return revision


def revision_to_withdraw(author: Person, revision_id: int) -> tuple[Post, Revision]:
    """One's own post and an earlier version of it that is to be withdrawn; `NotFound` when it was withdrawn already."""
    post_id = db.session.scalar(select(Revision.post_id).where(Revision.id == revision_id))
    post = get_post(author, post_id or 0)
    require(author.can.delete(post))
    return post, get_revision(author, post, revision_id)


def post_to_edit(author: Person, post_id: int) -> Post:
    """A post with its topic and themes, in order to edit it; `Forbidden` unless its author may.

    An author who was asked to edit it may come when it is removed, or its topic is hidden: that is told to them alone.
    """
    try:
        post = get_post(author, post_id, selectinload(Topic.themes))
    except NotFound:
        _refuse_withheld(author, post_id)
        raise
    may = author.can.edit(post)
    if not may and post.hidden_at:
        raise Forbidden(str(may.why_not), ("post", post.id))
    require(may)
    require_no_home(post)
    return post


def _refuse_withheld(author: Person, post_id: int) -> None:
    is_hidden = or_(Post.hidden_at.is_not(None), Topic.hidden_at.is_not(None))
    own = select(Post.id).join(Post.topic).where(Post.id == post_id, Post.author_id == author.id)
    if author.is_member and db.session.scalar(own.where(Post.deleted_at.is_(None), is_hidden)):
        raise Forbidden(str(TEXT_HIDDEN.why_not), ("post", post_id))


def post_to_delete(author: Person, post_id: int) -> Post:
    """A post, in order to delete it; `Forbidden` unless its author may."""
    post = get_post(author, post_id)
    require(author.can.delete(post))
    require_no_home(post)
    return post


def post_to_mark(member: Person, post_id: int) -> Post:
    """A post, for a member who wants to mark it."""
    post = get_post(member, post_id)
    require(member.can.mark(post))
    return post


def post_to_bookmark(member: Person, post_id: int) -> Post:
    """A post, for a member who bookmarks it or removes the bookmark; `NotFound` when its text cannot be read."""
    require(member.can.bookmark())
    post = get_post(member, post_id)
    if post.is_gone:
        raise NotFound()
    return post


def post_to_compare(reader: Person, post_id: int) -> Post:
    """A post whose earlier versions somebody wants to read."""
    post = get_post(reader, post_id)
    require(reader.can.compare(post))
    return post


def require_no_home(post: Post) -> None:
    """Raise `Forbidden` for the post that opens the topic of a case or a practice: it is changed with that page."""
    if post.number == 1 and post.topic.home:
        raise Forbidden(gettext("Change this on its own page."))


def first_posts_to_review(reader: Person) -> Select[Any]:
    """Select the first posts of members that this reader is asked to look at, longest waiting first, with topic and agenda."""
    query = visible_posts(reader).where(
        Post.unseen_at.is_not(None),
        *is_readable(),
        Topic.hidden_at.is_(None),
        moderated_by(reader, Topic.agenda_id),
    )
    return query.order_by(Post.unseen_at, Post.id)
