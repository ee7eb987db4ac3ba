"""Texts that are searched one after the other and changed when a member has left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from forum.db import db
from forum.dialogue.models import Post, Quote, Revision, Topic

PostSource = tuple[int, str, str]  # id, source and language of a post


def posts_quoting(member_id: int, after: int, limit: int) -> list[PostSource]:
    """At most `limit` posts with ids after `after` that quote a member's posts, in order."""
    quoted = aliased(Post)
    quoting = (
        select(Quote.post_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .where(quoted.author_id == member_id, Quote.post_id > after)
    )
    ids = db.session.scalars(quoting.distinct().order_by(Quote.post_id).limit(limit)).all()
    return _sources(Post.id.in_(ids))


def posts_naming(words: Sequence[str], after: int, until: int, limit: int) -> list[PostSource]:
    """At most `limit` posts, `after` < id <= `until`, that contain one of the words, now or in an earlier version."""

    def contains(text: Any) -> ColumnElement[bool]:
        return or_(*(text.icontains(word, autoescape=True) for word in words))

    earlier = select(Revision.id).where(Revision.post_id == Post.id, contains(Revision.source))
    is_naming = or_(contains(Post.source), earlier.exists())
    return _sources(Post.id > after, Post.id <= until, is_naming, limit=limit)


def topics_locked_naming(member_id: int, words: Iterable[str]) -> Sequence[Topic]:
    """The topics of a member that were locked or made slow for a reason that contains one of these words."""
    reasons = (Topic.locked_reason, Topic.slow_reason)
    named = or_(*(reason.contains(word, autoescape=True) for word in words for reason in reasons))
    return db.session.scalars(select(Topic).where(Topic.author_id == member_id, named)).all()


def notes_naming(member_id: int, words: Iterable[str], after: int, limit: int) -> list[PostSource]:
    """At most `limit` moderators' notes with one of these words, below posts of a member with ids after `after`."""
    named = or_(*(Post.note_source.contains(word, autoescape=True) for word in words))
    query = select(Post.id, Post.note_source, Post.note_language)
    query = query.where(Post.author_id == member_id, named, Post.id > after)
    rows = db.session.execute(query.order_by(Post.id).limit(limit))
    return [(post_id, source, language) for post_id, source, language in rows]


def posts_written(member_id: int, after: int, limit: int) -> list[PostSource]:
    """At most `limit` posts, with ids after `after`, that a member has written and not deleted, or that open a topic that stays.

    Such a topic, in which others have replied, is found by the name of who opened it.
    """
    staying = select(Topic.id).where(Topic.author_id == member_id, Topic.deleted_at.is_(None))
    is_named = or_(Post.deleted_at.is_(None), and_(Post.number == 1, Post.topic_id.in_(staying)))
    mine = (Post.author_id == member_id, Post.id > after, is_named)
    return _sources(*mine, limit=limit)


def topics_to_forget(member_id: int, limit: int) -> Sequence[Topic]:
    """At most `limit` topics of a member whose title or follow-up stays behind when all their posts are deleted, locked.

    They were deleted or merged with an earlier post, or tell what happened next although that is deleted. The topic of a
    case belongs to the agenda.
    """
    is_titled = and_(Topic.deleted_at.is_not(None), Topic.title != "", Topic.kind != "case")
    is_continued = or_(Topic.followed_up_at.is_not(None), Topic.follow_up_hidden_at.is_not(None))
    mine = select(Topic).where(Topic.author_id == member_id, or_(is_titled, is_continued))
    return db.session.scalars(mine.order_by(Topic.id).limit(limit).with_for_update(of=Topic)).all()


def _sources(*which: ColumnElement[bool], limit: int | None = None) -> list[PostSource]:
    query = select(Post.id, Post.source, Post.language).where(*which).order_by(Post.id)
    rows = db.session.execute(query.limit(limit))
    return [(row.id, row.source, row.language) for row in rows]


def earlier_sources(post_ids: Sequence[int]) -> Sequence[str]:
    """The texts of all earlier versions of these posts."""
    return db.session.scalars(select(Revision.source).where(Revision.post_id.in_(post_ids))).all()


def ids_written_by(member_id: int, post_ids: Iterable[int]) -> set[int]:
    """Which of these posts a member has written."""
    theirs = select(Post.id).where(Post.id.in_(post_ids), Post.author_id == member_id)
    return set(db.session.scalars(theirs))


def last_post_id() -> int:
    """The highest id of a post; 0 without one."""
    return db.session.scalar(select(func.max(Post.id))) or 0


def revisions_to_reword(post_ids: Iterable[int]) -> Sequence[Revision]:
    """All earlier versions of these posts."""
    return db.session.scalars(select(Revision).where(Revision.post_id.in_(list(post_ids)))).all()
