"""Counters and other derived values that rows store, and the queries that compute them from scratch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import (
    SAME_HERE,
    TRIED,
    USEFUL,
    Draft,
    Held,
    Mark,
    Poll,
    PollOption,
    PollVote,
    Post,
    Topic,
    TopicCount,
    Trace,
)
from forum.dialogue.queries._visibility import is_readable
from forum.dialogue.queries.held import is_held_back
from forum.members.models import Member
from forum.permissions import PUBLIC
from forum.reach import is_on_open_agenda


def _count(model: Any, *conditions: Any) -> ScalarSelect[Any]:
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()


def _greatest(first: Any, other: ScalarSelect[Any]) -> ColumnElement[Any]:
    """The greater of two values; the first when the other is NULL. (SQLite has no GREATEST.)"""
    return case((other > first, other), else_=first)


def _from_posts(value: Any, *conditions: Any) -> ScalarSelect[Any]:
    """A value computed from the posts of the topic."""
    return select(value).where(Post.topic_id == Topic.id, *conditions).scalar_subquery()


def _from_answer(value: Any) -> ScalarSelect[Any]:
    """A value of the post that was chosen as the answer, if readers can see it."""
    return _from_posts(value, Post.id == Topic.answer_id, Post.number > 1, *is_readable())


def _mark_count(kind: str) -> ScalarSelect[Any]:
    return _count(Mark, Mark.post_id == Post.id, Mark.kind == kind)


IS_PUBLIC = (Topic.hidden_at.is_(None), Topic.deleted_at.is_(None), Topic.audience == PUBLIC)
IS_NOT_OWN_PAGE = or_(Post.number > 1, Topic.home.is_(None))  # not the text of a case or practice
Expression = ColumnElement[Any] | ScalarSelect[Any]
# {model: {stored column: the expression that computes it}}
DERIVED_COLUMNS: dict[Any, dict[InstrumentedAttribute[Any], Expression]] = {
    Topic: {
        Topic.posts_count: _greatest(
            _from_posts(func.coalesce(func.max(Post.number), 0)),
            select(func.coalesce(func.max(Trace.number), 0))
            .where(Trace.topic_id == Topic.id)
            .scalar_subquery(),
        ),
        Topic.replies_count: _from_posts(func.count(), Post.number > 1, *is_readable()),
        Topic.active_at: func.coalesce(
            _from_posts(func.max(Post.created_at), *is_readable()), Topic.active_at
        ),
        Topic.answer_id: _from_answer(Post.id),
        Topic.answered_by_id: _from_answer(Post.author_id),
    },
    Post: {
        Post.useful_count: _mark_count(USEFUL),
        Post.same_here_count: _mark_count(SAME_HERE),
        Post.tried_count: _mark_count(TRIED),
        Post.has_poll: exists().where(Poll.post_id == Post.id),
    },
    Poll: {
        Poll.voters_count: select(func.count(PollVote.member_id.distinct()))
        .join(PollOption, PollOption.id == PollVote.option_id)
        .where(PollOption.poll_id == Poll.id)
        .scalar_subquery(),
    },
    PollOption: {PollOption.votes_count: _count(PollVote, PollVote.option_id == PollOption.id)},
    Agenda: {
        # Never earlier than the stored value, which includes the activity of topics that were moved away
        Agenda.active_at: _greatest(
            Agenda.active_at,
            select(func.max(Topic.active_at))
            .where(Topic.agenda_id == Agenda.id, *IS_PUBLIC)
            .scalar_subquery(),
        ),
    },
    Member: {
        Member.posts_count: select(func.count())
        .select_from(Post)
        .join(Topic, Topic.id == Post.topic_id)
        .where(Post.author_id == Member.id, IS_NOT_OWN_PAGE, *IS_PUBLIC, *is_readable())
        .where(is_on_open_agenda(Topic.agenda_id))
        .scalar_subquery(),
        Member.waiting_count: _count(Held, Held.author_id == Member.id, *is_held_back()),
        Member.drafts_count: _count(Draft, Draft.author_id == Member.id),
    },
}


def derived_values(model: Any, ids: Sequence[int]) -> Sequence[Any]:
    """The correct values of the derived columns: one row (id, …) for each id that exists, columns as in `DERIVED_COLUMNS[model]`.

    The rows are locked until the transaction ends; who writes meanwhile waits only to count.
    """
    lock = select(model.id).where(model.id.in_(ids)).order_by(model.id)
    existing = db.session.scalars(lock.with_for_update(key_share=True)).all()
    values = [value.label(column.key) for column, value in DERIVED_COLUMNS[model].items()]
    query = select(model.id, *values).where(model.id.in_(existing))
    return db.session.execute(query.order_by(model.id)).all()


# The primary key of a `TopicCount`: agenda id, kind, audience, language, is hidden, is waiting
CountKey = tuple[int, str, str, str, bool, bool]


def list_keys_on(agenda_ids: Collection[int]) -> list[CountKey]:
    """The keys of all lists of some agendas."""
    found = select(*TopicCount.__table__.primary_key).where(TopicCount.agenda_id.in_(agenda_ids))
    return [tuple(row) for row in db.session.execute(found)]


def count_key(topic: Topic) -> CountKey | None:
    """The key of the `TopicCount` that counts a topic; None when no list contains the topic."""
    if topic.deleted_at or (topic.kind == "case" and not topic.replies_count):
        return None
    is_open = topic.answer_id is None and topic.locked_at is None
    return (
        topic.agenda_id,
        topic.kind,
        topic.audience,
        topic.language,
        topic.hidden_at is not None,
        topic.kind == "question" and is_open,
    )


@cache
def actual_counts() -> Select[Any]:
    """Select what the table of `TopicCount` should contain, counted from the topics.

    In a damaged database, topics whose agenda is missing are left out, because no row can count them.
    """
    is_open = and_(Topic.answer_id.is_(None), Topic.locked_at.is_(None))
    is_waiting = and_(Topic.kind == "question", is_open).label("is_waiting")
    is_hidden = Topic.hidden_at.is_not(None).label("is_hidden")
    key = (Topic.agenda_id, Topic.kind, Topic.audience, Topic.language, is_hidden, is_waiting)
    in_lists = or_(Topic.kind != "case", Topic.replies_count > 0)
    has_agenda = Topic.agenda_id.in_(select(Agenda.id))
    rows = select(*key).where(Topic.deleted_at.is_(None), in_lists, has_agenda).subquery()
    return select(*rows.c, func.count().label("number")).group_by(*rows.c)


def wrong_counts() -> list[tuple[CountKey, int, int]]:
    """The rows of `TopicCount` that are wrong: (key, stored number, actual number)."""
    stored = _numbers_by_key(select(*TopicCount.__table__.columns))
    actual = _numbers_by_key(actual_counts())
    counts = ((key, stored.get(key, 0), actual.get(key, 0)) for key in sorted({*stored, *actual}))
    return [(key, has, should) for key, has, should in counts if has != should]


def _numbers_by_key(query: Select[Any]) -> dict[CountKey, int]:
    return {
        (*rest, bool(is_hidden), bool(is_waiting)): number
        for *rest, is_hidden, is_waiting, number in db.session.execute(query)
    }
