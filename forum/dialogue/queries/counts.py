"""Numbers that are kept in rows, and what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import (
    SAME_HERE,
    TRIED,
    USEFUL,
    Held,
    Mark,
    Post,
    Topic,
    TopicCount,
    Trace,
)
from forum.dialogue.queries._visibility import is_readable
from forum.dialogue.queries.held import is_kept_back
from forum.members.models import Member
from forum.permissions import PUBLIC


def _number(row: Any, *which: Any) -> ScalarSelect[Any]:
    return select(func.count()).select_from(row).where(*which).scalar_subquery()


def _later(column: InstrumentedAttribute[Any], truth: ScalarSelect[Any]) -> ColumnElement[Any]:
    return case((truth > column, truth), else_=column)


def _higher(one: ScalarSelect[Any], other: ScalarSelect[Any]) -> ColumnElement[Any]:
    return case((other > one, other), else_=one)


def _of_topic(what: Any, *which: Any) -> ScalarSelect[Any]:
    return select(what).where(Post.topic_id == Topic.id, *which).scalar_subquery()


def _marks(kind: str) -> ScalarSelect[Any]:
    return _number(Mark, Mark.post_id == Post.id, Mark.kind == kind)


IS_PUBLIC = (Topic.hidden_at.is_(None), Topic.deleted_at.is_(None), Topic.audience == PUBLIC)
IS_NO_PAGE = or_(Post.number > 1, Topic.home.is_(None))  # not the case or practice itself
KEPT: dict[Any, dict[InstrumentedAttribute[Any], ColumnElement[Any] | ScalarSelect[Any]]] = {
    Topic: {
        Topic.posts_count: _higher(
            _of_topic(func.coalesce(func.max(Post.number), 0)),
            select(func.coalesce(func.max(Trace.number), 0))
            .where(Trace.topic_id == Topic.id)
            .scalar_subquery(),
        ),
        Topic.replies_count: _of_topic(func.count(), Post.number > 1, *is_readable()),
        Topic.active_at: func.coalesce(_of_topic(func.max(Post.created_at)), Topic.active_at),
        Topic.answer_id: _of_topic(
            Post.id, Post.id == Topic.answer_id, Post.number > 1, *is_readable()
        ),
        Topic.answered_by_id: _of_topic(
            Post.author_id, Post.id == Topic.answer_id, Post.number > 1, *is_readable()
        ),
    },
    Post: {
        Post.useful_count: _marks(USEFUL),
        Post.same_here_count: _marks(SAME_HERE),
        Post.tried_count: _marks(TRIED),
    },
    Agenda: {
        Agenda.topics_count: _number(
            Topic, Topic.agenda_id == Agenda.id, Topic.kind != "case", *IS_PUBLIC
        ),
        # It keeps the latest activity of topics that have been moved away as well.
        Agenda.active_at: _later(
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
        .where(Post.author_id == Member.id, IS_NO_PAGE, *IS_PUBLIC, *is_readable())
        .scalar_subquery(),
        Member.waiting_count: _number(Held, Held.author_id == Member.id, *is_kept_back()),
    },
}


def truth_of(model: Any, ids: Sequence[int]) -> Sequence[Any]:
    """What rows should keep of the dialogue, (id, …) in the order of `KEPT`; they are held until the deed is done."""
    held = select(model.id).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    there = db.session.scalars(held).all()
    truths = [truth.label(column.key) for column, truth in KEPT[model].items()]
    query = select(model.id, *truths).where(model.id.in_(there))
    return db.session.execute(query.order_by(model.id)).all()


Shelf = tuple[int, str, str, str, bool, bool]  # the key of a `TopicCount`


def shelf_of(topic: Topic) -> Shelf | None:
    """Where a topic counts among the topics of lists; None when it stands in none."""
    if topic.deleted_at or (topic.kind == "case" and not topic.replies_count):
        return None
    is_waiting = topic.kind == "question" and topic.answer_id is None
    place = (topic.agenda_id, topic.kind, topic.audience, topic.language)
    return (*place, topic.hidden_at is not None, is_waiting)


def true_shelves() -> Select[Any]:
    """How many topics stand in lists, by key: what every `TopicCount` should say."""
    is_waiting = and_(Topic.kind == "question", Topic.answer_id.is_(None)).label("is_waiting")
    is_hidden = Topic.hidden_at.is_not(None).label("is_hidden")
    key = (Topic.agenda_id, Topic.kind, Topic.audience, Topic.language, is_hidden, is_waiting)
    in_lists = or_(Topic.kind != "case", Topic.replies_count > 0)
    rows = select(*key).where(Topic.deleted_at.is_(None), in_lists).subquery()
    return select(*rows.c, func.count().label("number")).group_by(*rows.c)


def wrong_shelves() -> list[tuple[Shelf, int, int]]:
    """The keys under which another number of topics is kept than there is: key, number kept, number there."""
    kept = _numbers(select(*TopicCount.__table__.columns))
    true = _numbers(true_shelves())
    pairs = ((key, kept.get(key, 0), true.get(key, 0)) for key in sorted({*kept, *true}))
    return [(key, has, should) for key, has, should in pairs if has != should]


def _numbers(counted: Select[Any]) -> dict[Shelf, int]:
    return {
        (*place, bool(is_hidden), bool(is_waiting)): number
        for *place, is_hidden, is_waiting, number in db.session.execute(counted)
    }
