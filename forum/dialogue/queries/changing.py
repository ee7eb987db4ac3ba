"""What actions read before they decide: rows locked until the transaction ends, and facts about them.

"Locked" means `SELECT … FOR UPDATE`; on SQLite, where one transaction writes at a time, nothing needs to be locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select, union, union_all
from sqlalchemy.orm import aliased, contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from forum.columns import possible_ids
from forum.db import db, lock_or_start_again, start_again
from forum.dialogue.models import (
    TAKEN_BACK,
    TRIED,
    Held,
    Mark,
    Place,
    Post,
    Revision,
    Topic,
    TopicTheme,
    Trace,
)
from forum.dialogue.queries._visibility import is_readable, visible_posts, visible_topics
from forum.errors import or_not_found
from forum.history.queries import fingerprint
from forum.members.models import Member
from forum.permissions import Person
from forum.pictures.queries import may_show
from forum.reach import shown_to
from forum.reachcache import cached_statement

SUBMISSION_KEY_LENGTH = 64


# One statement locks the rows and a second one reads them: after waiting for a locked row, PostgreSQL reads that row
# again, but not the rows joined to it (such as the agenda that a topic has left meanwhile).
def topic_to_change(doer: Person, topic_id: int) -> Topic:
    """A topic that the doer sees, with its agenda, locked; else `NotFound`."""
    values = {"topic_id": topic_id}
    or_not_found(db.session.scalar(_topic_lock(doer), values))
    return db.session.scalars(_topic_with_agenda(), values).one()


@cached_statement
def _topic_lock(doer: Person) -> Select[Any]:
    found = visible_topics(doer).where(Topic.id == bindparam("topic_id"))
    return found.with_only_columns(Topic.id).with_for_update(of=Topic)


@cache
def _topic_with_agenda() -> Select[Topic]:
    return select(Topic).where(Topic.id == bindparam("topic_id")).options(joinedload(Topic.agenda))


def topic_if_there(reader: Person, topic_id: int | None) -> Topic | None:
    """A topic with its agenda, or None when the reader does not see it (any more)."""
    if topic_id is None:
        return None
    topic: Topic | None = db.session.scalar(_visible_topic(reader), {"topic_id": topic_id})
    return topic


@cached_statement
def _visible_topic(reader: Person) -> Select[Topic]:
    found = visible_topics(reader).where(Topic.id == bindparam("topic_id"))
    return found.options(joinedload(Topic.agenda))


def post_if_there(reader: Person, post_id: int | None) -> Post | None:
    """A post with its topic and agenda, or None when the reader does not see it (any more)."""
    post: Post | None = db.session.scalar(visible_posts(reader).where(Post.id == post_id))
    return post


def topics_to_change(doer: Person, topic_ids: Iterable[int]) -> dict[int, Topic]:
    """Topics that the doer sees, by id, with their agendas, locked in the order of their ids; `NotFound` if one is missing."""
    return {topic_id: topic_to_change(doer, topic_id) for topic_id in sorted(topic_ids)}


def post_to_change(doer: Person, post_id: int) -> Post:
    """A post in a topic that the doer sees, both locked; else `NotFound`."""
    found = visible_topics(doer).join(Post, Post.topic_id == Topic.id).where(Post.id == post_id)
    found = found.where(shown_to(doer, Post.removed_at, Topic.agenda_id))
    # The post may have been moved to another topic while this waited for the lock: then PostgreSQL finds nothing. The
    # topic that the post has left is not kept: others lock the two in the order of their ids
    or_not_found(lock_or_start_again(found.with_only_columns(Post.id), Topic, Post))
    post: Post = db.session.scalars(visible_posts(doer).where(Post.id == post_id)).one()
    return post


def has_more_posts_than(topic: Topic, number: int) -> bool:
    """Whether a topic has more than so many posts that were not deleted."""
    there = select(Post.id).where(Post.topic_id == topic.id, Post.deleted_at.is_(None))
    return db.session.scalar(there.offset(number).limit(1)) is not None


def posts_to_move(
    topic: Topic, post_ids: Collection[int] | None = None, after: int = 0
) -> list[Post]:
    """Posts of a topic by number, with their authors, hidden and deleted ones too, locked.

    All with a number larger than `after`, or of these those of `post_ids`.
    """
    query = select(Post).where(Post.topic_id == topic.id, Post.number > after)
    if post_ids is not None:
        query = query.where(Post.id.in_(possible_ids(post_ids)))
    query = query.options(joinedload(Post.author).joinedload(Member.city))
    # In the order in which all deeds lock posts
    posts = db.session.scalars(query.order_by(Post.id).with_for_update(of=Post))
    return sorted(posts, key=lambda post: post.number)


def latest_shown_post_at(topic: Topic) -> datetime | None:
    """When the latest of a topic's posts that readers see was written; None if they see none."""
    shown = select(func.max(Post.created_at)).where(Post.topic_id == topic.id, *is_readable())
    return db.session.scalar(shown)


def last_revision(post_id: int) -> Revision | None:
    """The latest version of a post that was kept, or None."""
    versions = select(Revision).where(Revision.post_id == post_id)
    return db.session.scalars(versions.order_by(Revision.id.desc()).limit(1)).first()


def shown_replies_count(topic: Topic) -> int:
    """How many replies of a topic readers see."""
    shown = select(func.count()).where(Post.topic_id == topic.id, Post.number > 1, *is_readable())
    return db.session.scalar(shown) or 0


def theme_ids_of(topic: Topic) -> Sequence[int]:
    """The ids of a topic's themes."""
    themes = select(TopicTheme.theme_id).where(TopicTheme.topic_id == topic.id)
    return db.session.scalars(themes).all()


def fingerprint_of(post: Post) -> str:
    """A hash of everything that the edit form of a post shows: its text and, if it opens a topic, title, themes and audience.

    A form uses it to detect that they have changed since it was opened. The post's topic must be loaded.
    """
    if post.number > 1:
        return post.fingerprint
    topic = post.topic
    return fingerprint(
        {"source": post.source, "audience": topic.audience, **_title_and_themes(topic)}
    )


def title_fingerprint(topic: Topic) -> str:
    """A hash of a topic's title and themes, for the form that corrects them."""
    return fingerprint(_title_and_themes(topic))


def _title_and_themes(topic: Topic) -> dict[str, Any]:
    return {"title": topic.title, "themes": sorted(theme_ids_of(topic))}


def is_as_seen(post: Post, seen: str) -> bool:
    """Whether a post is unchanged since its fingerprint was `seen`.

    In earlier versions the fingerprint was the hash of the text alone. Held texts, and forms that were open during an
    upgrade, may still have that: for them only another text counts as a change.
    """
    return seen in (fingerprint_of(post), post.fingerprint)


def readers_until(topic_id: int, number: int) -> Select[Any]:
    """Select the ids of the members who have read a topic up to this post number at least."""
    place = aliased(Place)  # the enclosing query selects from `place` itself
    return select(place.member_id).where(place.topic_id == topic_id, place.number >= number)


def last_shown_number(topic: Topic) -> int:
    """The number of the last post of a topic that its page shows, if only as a gap; 0 without one."""
    last = select(func.max(Post.number)).where(Post.topic_id == topic.id)
    return db.session.scalar(last.where(Post.removed_at.is_(None))) or 0


def merged_topics_opened_by(post_ids: Collection[int]) -> Sequence[Topic]:
    """The merged topics that these posts opened before they were moved to others, locked together with those where they are."""
    first = select(Trace.topic_id).where(Trace.post_id.in_(post_ids), Trace.number == 1)
    merged = select(Topic).where(Topic.id.in_(first), Topic.merged_into_id.is_not(None))
    theirs = select(Post.topic_id).where(Post.id.in_(post_ids))
    wanted = union(merged.with_only_columns(Topic.id), theirs)
    topic_ids = set(db.session.scalars(wanted))
    lock_topics(topic_ids)
    if not topic_ids.issuperset(db.session.scalars(wanted)):
        start_again()  # a post was moved while this waited
    return db.session.scalars(merged).all()


def posts_to_index(post_ids: Collection[int]) -> Sequence[Post]:
    """Posts by id, hidden and deleted ones too, with their topics and authors, locked: first all topics, then all posts."""
    theirs = select(Post.topic_id).where(Post.id.in_(post_ids)).distinct()
    topic_ids = set(db.session.scalars(theirs))
    lock_topics(topic_ids)
    if not topic_ids.issuperset(db.session.scalars(theirs)):
        start_again()  # a post was moved while this waited
    query = select(Post).join(Post.topic).where(Post.id.in_(post_ids)).order_by(Post.id)
    people = joinedload(Post.author).joinedload(Member.city)
    query = query.options(contains_eager(Post.topic), people)
    return db.session.scalars(query.with_for_update(of=(Topic, Post))).all()


def lock_topics(topic_ids: Iterable[int | None], held_ids: Collection[int] = ()) -> None:
    """Lock these topics, and those of some held texts, until the action ends: before it changes several, or agendas, lists, members.

    They are locked in the order of their ids.
    """
    ids: set[int | None] = {topic_id for topic_id in topic_ids if topic_id}
    if held_ids:
        of_held = select(Held.topic_id).where(Held.id.in_(held_ids), Held.topic_id.is_not(None))
        ids.update(db.session.scalars(of_held))
    if ids:
        wanted = select(Topic.id).where(Topic.id.in_(ids)).order_by(Topic.id)
        db.session.scalars(wanted.with_for_update(of=Topic))


def topics_locked_before(today: date, limit: int) -> Sequence[Topic]:
    """At most `limit` topics whose lock ended before today, locked; rows locked by others are skipped.

    Topics that were deleted or merged into another are not included: nobody decides about them, so they keep their
    lock.
    """
    is_there = (Topic.deleted_at.is_(None), Topic.merged_into_id.is_(None))
    over = select(Topic).where(Topic.locked_until < today, *is_there)
    over = over.order_by(Topic.locked_until, Topic.id)
    return db.session.scalars(over.limit(limit).with_for_update(of=Topic, skip_locked=True)).all()


def topics_slow_until(moment: datetime, limit: int) -> Sequence[Topic]:
    """At most `limit` topics whose pace has expired by a moment, locked; rows locked by others are skipped."""
    over = select(Topic).where(Topic.slow_until <= moment).order_by(Topic.id).limit(limit)
    return db.session.scalars(over.with_for_update(of=Topic, skip_locked=True)).all()


def mark_given(member: Person, post_id: int, kind: str) -> Mark | None:
    """The member's mark of this kind on a post, read afresh, or None.

    For "tried it" this includes a mark that was taken back while its note is hidden (of the kind `TAKEN_BACK`).
    """
    kinds = [TRIED, TAKEN_BACK] if kind == TRIED else [kind]
    query = select(Mark).where(
        Mark.post_id == post_id, Mark.member_id == member.id, Mark.kind.in_(kinds)
    )
    given: Mark | None = db.session.scalar(query.execution_options(populate_existing=True))
    return given


def marks_to_remove(member_id: int, limit: int) -> Sequence[Mark]:
    """At most `limit` marks of a member; their posts are locked in the order of their ids."""
    theirs = select(Mark).where(Mark.member_id == member_id)
    marks = db.session.scalars(theirs.order_by(Mark.post_id, Mark.kind).limit(limit)).all()
    ids = {mark.post_id for mark in marks}
    db.session.scalars(select(Post.id).where(Post.id.in_(ids)).order_by(Post.id).with_for_update())
    return marks


def gone_post_ids(topic: Topic) -> Sequence[int]:
    """The ids of a topic's posts that are themselves hidden or deleted, not only through the topic."""
    query = select(Post.id).where(Post.topic_id == topic.id)
    is_gone = or_(Post.deleted_at.is_not(None), Post.hidden_at.is_not(None))
    return db.session.scalars(query.where(is_gone)).all()


def ids_out_of_sight(model: Any, ids: Sequence[int]) -> Sequence[int]:
    """Which of these topics or posts (`model` says which) are hidden or deleted; all of them are locked."""
    rows = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return [row.id for row in db.session.scalars(rows) if row.hidden_at or row.deleted_at]


def first_post(topic: Topic) -> Post:
    """The post that opens a topic, with that topic."""
    query = select(Post).where(Post.topic_id == topic.id, Post.number == 1)
    post = db.session.scalars(query).one()
    set_committed_value(post, "topic", topic)
    return post


def sources_apart(topic: Topic) -> Sequence[str]:
    """The sources with pictures or files, of texts of a topic, that no document of search shows: waiting, replaced, or perhaps hidden."""
    opening = select(Post.source).where(Post.topic_id == topic.id, Post.number == 1)
    held = select(Held.source).where(Held.topic_id == topic.id)
    replaced = select(Revision.source).join(Post, Post.id == Revision.post_id)
    texts = (opening, held, replaced.where(Post.topic_id == topic.id))
    naming = (sources.where(may_show(sources.selected_columns[0])) for sources in texts)
    return db.session.scalars(union_all(*naming)).all()


def openings_of(topic_ids: Sequence[int]) -> dict[int, int]:
    """The ids of some topics by those of the posts that open them."""
    query = select(Post.id, Post.topic_id).where(Post.topic_id.in_(topic_ids), Post.number == 1)
    return {opening.id: opening.topic_id for opening in db.session.execute(query)}


def last_hidden_post(topic: Topic) -> Post | None:
    """The post of a topic that was hidden last and is not deleted, so it can still be restored; or None."""
    hidden = (Post.topic_id == topic.id, Post.hidden_at.is_not(None), Post.deleted_at.is_(None))
    query = select(Post).where(*hidden).order_by(Post.hidden_at.desc(), Post.id.desc())
    return db.session.scalar(query.limit(1))


def post_by_submission_key(author: Person, key: str | None) -> Post | None:
    """The post that the author's form with this submission key has created, with its topic; or None."""
    if not key:
        return None
    values = {"author_id": author.id, "key": key[:SUBMISSION_KEY_LENGTH]}
    return db.session.scalar(_post_by_key(), values)


@cache
def _post_by_key() -> Select[Post]:
    is_sent = (
        Post.author_id == bindparam("author_id"),
        Post.submission_key == bindparam("key"),
    )
    return select(Post).where(*is_sent).options(joinedload(Post.topic))


def posts_by_author(topic: Topic) -> Sequence[tuple[int, int]]:
    """(author id, number of posts) of a topic: visible posts, without the one that opens the topic of a case or practice."""
    query = select(Post.author_id, func.count()).where(
        Post.topic_id == topic.id, Post.number > (1 if topic.home else 0), *is_readable()
    )
    by_author = query.group_by(Post.author_id).order_by(Post.author_id)
    return [(author_id, count) for author_id, count in db.session.execute(by_author)]


def topic_ids_on(agenda_id: int) -> Sequence[int]:
    """The ids of all topics of an agenda, hidden and deleted ones included."""
    return db.session.scalars(select(Topic.id).where(Topic.agenda_id == agenda_id)).all()


def topic_ids_written_in(member_id: int) -> Sequence[int]:
    """The ids of all topics in which a member has written, hidden and deleted posts included."""
    return db.session.scalars(
        select(Post.topic_id).where(Post.author_id == member_id).distinct()
    ).all()


def author_ids_on(agenda_id: int) -> Sequence[int]:
    """The ids of all authors of posts on an agenda, also of hidden and deleted posts, in order."""
    return sorted(db.session.scalars(_authors_on(agenda_id)))


def _authors_on(agenda_id: int) -> Select[Any]:
    wrote = select(Post.author_id).join(Topic, Topic.id == Post.topic_id)
    return wrote.where(Topic.agenda_id == agenda_id).distinct()


def has_written(author: Person, number: int) -> bool:
    """Whether a member has written at least so many posts, anywhere, hidden and deleted ones included."""
    written = select(Post.id).where(Post.author_id == author.id).limit(number).subquery()
    return (db.session.scalar(select(func.count()).select_from(written)) or 0) >= number
