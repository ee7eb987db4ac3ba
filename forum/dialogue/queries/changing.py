"""What deeds read before they change it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from forum.db import db
from forum.dialogue.models import (
    TAKEN_BACK,
    TRIED,
    Mark,
    Mention,
    Place,
    Post,
    Quote,
    Revision,
    Topic,
    TopicTheme,
    Trace,
)
from forum.dialogue.queries._visibility import (
    is_readable,
    visible_posts,
    visible_topics,
    with_author,
)
from forum.errors import NotFound
from forum.markup import cited_in, withhold_source
from forum.members.models import Member
from forum.permissions import MEMBERS, PUBLIC, Person, shown_to

SUBMISSION_KEY_LENGTH = 64
MAX_ID = 2**31 - 1


# Rows that a deed decides on, held until it is done. They are held first and read afterwards: PostgreSQL, when
# it has waited for a row, reads that row anew, but not what was joined to it (the agenda that it has left).
def topic_to_change(doer: Person, topic_id: int) -> Topic:
    """A topic that the doer sees, with its agenda, locked."""
    held = visible_topics(doer).where(Topic.id == topic_id).with_only_columns(Topic.id)
    if db.session.scalar(held.with_for_update(of=Topic)) is None:
        raise NotFound()
    query = select(Topic).where(Topic.id == topic_id).options(joinedload(Topic.agenda))
    return db.session.scalars(query).one()


def topic_if_there(reader: Person, topic_id: int | None) -> Topic | None:
    """A topic with its agenda, unless the reader does not see it any more."""
    query = visible_topics(reader).where(Topic.id == topic_id)
    topic: Topic | None = db.session.scalar(query.options(joinedload(Topic.agenda)))
    return topic


def post_if_there(reader: Person, post_id: int | None) -> Post | None:
    """A post with its topic and agenda, unless the reader does not see it any more."""
    post: Post | None = db.session.scalar(visible_posts(reader).where(Post.id == post_id))
    return post


def topics_to_change(doer: Person, topic_ids: Iterable[int]) -> dict[int, Topic]:
    """Topics that the doer sees, with their agendas, all locked in the same order; or `NotFound`."""
    return {topic_id: topic_to_change(doer, topic_id) for topic_id in sorted(topic_ids)}


def post_to_change(doer: Person, post_id: int) -> Post:
    """A post in a topic that the doer sees, both locked. One that went to another topic meanwhile is found there."""
    held = visible_topics(doer).join(Post, Post.topic_id == Topic.id).where(Post.id == post_id)
    held = held.where(shown_to(doer, Post.removed_at, Topic.agenda_id))
    held = held.with_only_columns(Post.id).with_for_update(of=(Topic, Post))
    if db.session.scalar(held) is None and db.session.scalar(held) is None:
        raise NotFound()
    post: Post = db.session.scalars(visible_posts(doer).where(Post.id == post_id)).one()
    return post


def posts_to_move(topic: Topic) -> list[Post]:
    """All posts of a topic in their order with their authors, gone ones too, held until the deed is done."""
    query = select(Post).where(Post.topic_id == topic.id).order_by(Post.number)
    query = query.options(joinedload(Post.author).joinedload(Member.city))
    return list(db.session.scalars(query.with_for_update(of=Post)))


def latest_in(topic: Topic) -> datetime | None:
    """When the latest of a topic's posts was written, gone ones too."""
    return db.session.scalar(select(func.max(Post.created_at)).where(Post.topic_id == topic.id))


def latest_but(post: Post) -> datetime | None:
    """When the latest of the other posts of its topic was written, gone ones too."""
    others = select(func.max(Post.created_at)).where(Post.topic_id == post.topic_id)
    return db.session.scalar(others.where(Post.id != post.id))


def last_revision(post_id: int) -> Revision | None:
    """What a post said before its latest change that left a trace."""
    versions = select(Revision).where(Revision.post_id == post_id)
    return db.session.scalars(versions.order_by(Revision.id.desc()).limit(1)).first()


def replies_in(topic: Topic) -> int:
    """How many replies of a topic readers see."""
    seen = select(func.count()).where(Post.topic_id == topic.id, Post.number > 1, *is_readable())
    return db.session.scalar(seen) or 0


def theme_ids_of(topic: Topic) -> Sequence[int]:
    """The ids of a topic's themes."""
    themes = select(TopicTheme.theme_id).where(TopicTheme.topic_id == topic.id)
    return db.session.scalars(themes).all()


def read_until(topic_id: int, number: int) -> Select[Any]:
    """The ids of those who have read a topic up to a number at least."""
    there = aliased(Place)  # beside the places in another topic
    far = there.topic_id == topic_id, there.number >= number
    return select(there.member_id).where(*far)


def last_to_read(topic: Topic) -> int:
    """The number of the last post that readers of a topic come to."""
    seen = select(func.max(Post.number)).where(Post.topic_id == topic.id)
    return db.session.scalar(seen.where(Post.removed_at.is_(None))) or 0


def opened_by(post_ids: Iterable[int]) -> Sequence[Topic]:
    """The topics that some posts have opened before they were put into others."""
    first = select(Trace.topic_id).where(Trace.post_id.in_(post_ids), Trace.number == 1)
    merged = select(Topic).where(Topic.id.in_(first), Topic.merged_into_id.is_not(None))
    return db.session.scalars(merged.with_for_update()).all()


def posts_to_index(post_ids: Iterable[int]) -> Sequence[Post]:
    """Posts in order of writing, gone ones too, with their topics and authors, all held until the deed is done."""
    query = select(Post).join(Post.topic).where(Post.id.in_(post_ids)).order_by(Post.id)
    people = joinedload(Post.author).joinedload(Member.city)
    query = query.options(contains_eager(Post.topic), people)
    return db.session.scalars(query.with_for_update(of=(Topic, Post))).all()


Source = tuple[int, str, str]  # id, source and language of a post


def posts_quoting(member_id: int, after: int, limit: int) -> list[Source]:
    """Some posts that quote a member's, after an id."""
    quoted = aliased(Post)
    theirs = (
        select(Quote.post_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .where(quoted.author_id == member_id, Quote.post_id > after)
    )
    ids = db.session.scalars(theirs.distinct().order_by(Quote.post_id).limit(limit)).all()
    return _sources(Post.id.in_(ids))


def posts_naming(words: Sequence[str], after: int, until: int, limit: int) -> list[Source]:
    """Some posts, between two ids, that hold one of some words, or held one in an earlier version."""

    def holds(text: Any) -> ColumnElement[bool]:
        return or_(*(text.icontains(word, autoescape=True) for word in words))

    held = select(Revision.id).where(Revision.post_id == Post.id, holds(Revision.source)).exists()
    here = (Post.id > after, Post.id <= until, or_(holds(Post.source), held))
    return _sources(*here, limit=limit)


def posts_with_notes(member_id: int, word: str) -> Sequence[Post]:
    """The posts of a member below which moderators say something that holds a word, held until the deed is done."""
    noted = (Post.author_id == member_id, Post.note_source.contains(word, autoescape=True))
    return db.session.scalars(select(Post).where(*noted).with_for_update()).all()


def posts_written(member_id: int, after: int, limit: int) -> list[Source]:
    """Some posts that a member has written and not deleted, after an id."""
    mine = (Post.author_id == member_id, Post.id > after, Post.deleted_at.is_(None))
    return _sources(*mine, limit=limit)


def _sources(*which: ColumnElement[bool], limit: int | None = None) -> list[Source]:
    query = select(Post.id, Post.source, Post.language).where(*which).order_by(Post.id)
    rows = db.session.execute(query.limit(limit))
    return [(row.id, row.source, row.language) for row in rows]


def earlier_sources(post_ids: Sequence[int]) -> Sequence[str]:
    """What some posts said before."""
    return db.session.scalars(select(Revision.source).where(Revision.post_id.in_(post_ids))).all()


def are_by(member_id: int, post_ids: Iterable[int]) -> set[int]:
    """Those of the posts that a member has written."""
    theirs = select(Post.id).where(Post.id.in_(post_ids), Post.author_id == member_id)
    return set(db.session.scalars(theirs))


def last_post_id() -> int:
    """The highest id that a post has."""
    return db.session.scalar(select(func.max(Post.id))) or 0


def revisions_to_reword(post_ids: Iterable[int]) -> Sequence[Revision]:
    """What some posts said before."""
    return db.session.scalars(select(Revision).where(Revision.post_id.in_(list(post_ids)))).all()


def mark_given(member: Person, post_id: int, kind: str) -> Mark | None:
    """What a member said to a post, as it is now; of trying it also what was taken back while its note is hidden."""
    kinds = [TRIED, TAKEN_BACK] if kind == TRIED else [kind]
    query = select(Mark).where(
        Mark.post_id == post_id, Mark.member_id == member.id, Mark.kind.in_(kinds)
    )
    given: Mark | None = db.session.scalar(query.execution_options(populate_existing=True))
    return given


def marks_to_remove(member_id: int, limit: int) -> Sequence[Mark]:
    """Some marks of a member, with their posts held in order."""
    theirs = select(Mark).where(Mark.member_id == member_id)
    marks = db.session.scalars(theirs.order_by(Mark.post_id, Mark.kind).limit(limit)).all()
    ids = {mark.post_id for mark in marks}
    db.session.scalars(select(Post.id).where(Post.id.in_(ids)).order_by(Post.id).with_for_update())
    return marks


def gone_posts(topic: Topic) -> Sequence[int]:
    """The ids of a topic's posts that were hidden or deleted by themselves."""
    query = select(Post.id).where(Post.topic_id == topic.id)
    is_gone = or_(Post.deleted_at.is_not(None), Post.hidden_at.is_not(None))
    return db.session.scalars(query.where(is_gone)).all()


def out_of_sight(model: Any, ids: Sequence[int]) -> Sequence[int]:
    """The ids of those topics or posts that are hidden or deleted, all held until the deed is done."""
    held = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return [row.id for row in db.session.scalars(held) if row.hidden_at or row.deleted_at]


def first_post(topic: Topic) -> Post:
    """The post that opens a topic."""
    query = select(Post).where(Post.topic_id == topic.id, Post.number == 1)
    return db.session.scalars(query).one()


def last_hidden(topic: Topic) -> Post | None:
    """The post of a topic that was hidden last, of those that can be shown again."""
    hidden = (Post.topic_id == topic.id, Post.hidden_at.is_not(None), Post.deleted_at.is_(None))
    query = select(Post).where(*hidden).order_by(Post.hidden_at.desc(), Post.id.desc())
    return db.session.scalar(query.limit(1))


def post_of_key(author: Person, key: str | None) -> Post | None:
    """The post that an author has sent with a submission key, with its topic."""
    if not key:
        return None
    sent = select(Post).where(
        Post.author_id == author.id, Post.submission_key == key[:SUBMISSION_KEY_LENGTH]
    )
    return db.session.scalar(sent.options(joinedload(Post.topic)))


def posts_by_author(topic: Topic) -> Sequence[tuple[int, int]]:
    """Who has written how many posts in a topic: those that readers see, without a case or practice itself."""
    query = select(Post.author_id, func.count()).where(
        Post.topic_id == topic.id, Post.number > (1 if topic.home else 0), *is_readable()
    )
    by_author = query.group_by(Post.author_id).order_by(Post.author_id)
    return [(author_id, count) for author_id, count in db.session.execute(by_author)]


def quoted_by(post_id: int) -> set[int]:
    """The ids of the posts that a post is known to quote."""
    return set(db.session.scalars(select(Quote.quoted_id).where(Quote.post_id == post_id)))


def withheld_quotes(quoting: Sequence[int]) -> dict[int, set[int]]:
    """What readers of some posts may not see of what those quote: {id: the ids of the quoted posts}."""
    if not quoting:
        return {}
    quoted, there, here = aliased(Post), aliased(Topic), aliased(Topic)
    is_gone = is_unseen(quoted, there, here.id, here.audience)
    pairs = (
        select(Quote.post_id, Quote.quoted_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .join(there, there.id == quoted.topic_id)
        .join(Post, Post.id == Quote.post_id)
        .join(here, here.id == Post.topic_id)
        .where(Quote.post_id.in_(quoting), is_gone)
    )
    found: dict[int, set[int]] = {}
    for post_id, quoted_id in db.session.execute(pairs):
        found.setdefault(post_id, set()).add(quoted_id)
    return found


def is_unseen(post: Any, topic: Any, here_id: Any, here_audience: Any) -> ColumnElement[bool]:
    """In SQL: whether readers of a topic (here) cannot see a post.

    It is gone by itself or with its topic, or is for members only and they are not.
    """
    return or_(
        post.hidden_at.is_not(None),
        post.deleted_at.is_not(None),
        and_(topic.id != here_id, or_(topic.hidden_at.is_not(None), topic.deleted_at.is_not(None))),
        and_(topic.audience == MEMBERS, here_audience == PUBLIC),
    )


def unseen_posts(topic: Topic, ids: Collection[int]) -> set[int]:
    """Which of some posts those who read a topic cannot see."""
    known = [post_id for post_id in ids if 0 < post_id <= MAX_ID]
    if not known:
        return set()
    here = (literal(topic.id), literal(topic.audience))
    unseen = select(Post.id).join(Post.topic).where(is_unseen(Post, Topic, *here))
    return set(db.session.scalars(unseen.where(Post.id.in_(known))))


def shown_source(post: Post) -> str:
    """What a post says, without the words of others that its readers cannot see; its topic is loaded."""
    return withhold_source(post.source, unseen_posts(post.topic, cited_in(post.source)))


def quotes_of_post(post: Post) -> ColumnElement[bool]:
    """In SQL: the quotes of a post, wherever they stand."""
    return Quote.quoted_id == post.id


def quotes_of_topic(topic: Topic) -> ColumnElement[bool]:
    """In SQL: the quotes of a topic's posts that stand in other topics."""
    own = select(Post.id).where(Post.topic_id == topic.id)
    return and_(Quote.quoted_id.in_(own), Quote.post_id.not_in(own))


def quotes_in_topic(topic: Topic) -> ColumnElement[bool]:
    """In SQL: the quotes in a topic of what was written in others."""
    own = select(Post.id).where(Post.topic_id == topic.id)
    return and_(Quote.post_id.in_(own), Quote.quoted_id.not_in(own))


def quoting_posts(which: ColumnElement[bool], after: int, limit: int) -> Sequence[Post]:
    """Some posts with quotes of a kind (`which`, of the table of quotes), after an id, held until the deed is done."""
    ids = select(Quote.post_id).where(which, Quote.post_id > after)
    some = ids.distinct().order_by(Quote.post_id).limit(limit)
    held = select(Post).where(Post.id.in_(db.session.scalars(some).all()))
    return db.session.scalars(held.order_by(Post.id).with_for_update()).all()


def held_to_quote(ids: Collection[int]) -> set[int]:
    """Which of these ids are those of posts, whatever became of them; nothing becomes of them before the deed is done."""
    known = [post_id for post_id in ids if 0 < post_id <= MAX_ID]
    held = select(Post.id).where(Post.id.in_(known)).order_by(Post.id)
    return set(db.session.scalars(held.with_for_update(read=True))) if known else set()


def mentioned_by(post_id: int) -> set[int]:
    """The ids of the members whom a post mentions, or did before it was edited."""
    return set(db.session.scalars(select(Mention.member_id).where(Mention.post_id == post_id)))


def posts_to_quote(reader: Person, ids: Iterable[int]) -> Sequence[Post]:
    """Those of the posts that the reader may read, with their topics."""
    known = [post_id for post_id in ids if 0 < post_id <= MAX_ID]
    if not known:
        return []
    query = visible_posts(reader).where(
        Post.id.in_(known), Topic.hidden_at.is_(None), *is_readable()
    )
    return db.session.scalars(with_author(query)).all()


def has_written(author: Person, number: int) -> bool:
    """Whether somebody has written so many posts, wherever and whatever became of them."""
    written = select(Post.id).where(Post.author_id == author.id).limit(number).subquery()
    return (db.session.scalar(select(func.count()).select_from(written)) or 0) >= number
