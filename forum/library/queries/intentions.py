"""Members who want to try a practice, or what a case describes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from forum.db import db
from forum.dialogue.models import TRIED, Mark, Post
from forum.dialogue.queries import is_readable
from forum.library.models import Intention, Practice
from forum.library.queries._shared import equal, given
from forum.library.queries._visibility import published_practices
from forum.library.queries.practices import practice_row_options
from forum.members.models import City, Member
from forum.permissions import Person, require
from forum.reachcache import cached_statement

MAX_NAMED = 500  # on the page of a practice or a case, and of a city


def intentions_in(topic_id: int) -> Sequence[Intention]:
    """Members who want to try the case or practice of a topic and have not tried it yet, with city, ordered by city.

    The topic must be one that the reader was found to see.
    """
    return db.session.scalars(_shown_in_topic(), {"topic_id": topic_id}).all()


def intentions_of(topic_ids: Collection[int]) -> Sequence[Intention]:
    """Like `intentions_in`, for all members and several topics."""
    return db.session.scalars(_shown().where(Intention.topic_id.in_(topic_ids))).all()


@cache
def _shown_in_topic() -> Select[Intention]:
    return _shown().where(Intention.topic_id == bindparam("topic_id")).limit(MAX_NAMED)


def _shown() -> Select[Intention]:
    query = select(Intention).join(Intention.member).outerjoin(Member.city).where(*_is_shown())
    query = query.options(contains_eager(Intention.member).contains_eager(Member.city))
    place = (City.name.is_(None), City.name)
    order = (*place, Intention.until, Intention.created_at, Intention.member_id)
    return query.order_by(*order)


class WantedPractice(NamedTuple):
    """A practice, and the member who wants to try it."""

    practice: Practice
    intention: Intention


def practices_wanted_by(
    reader: Person, *, city_id: int | None = None, member_id: int | None = None
) -> list[WantedPractice]:
    """The practices that members of a city, or one member, want to try, the oldest intention first; without expired ones."""
    by = given(city_id=city_id, member_id=member_id)
    rows = db.session.execute(_practices_wanted_by(reader, *by), by).unique()
    return [WantedPractice(practice, intention) for practice, intention in rows]


@cached_statement
def _practices_wanted_by(reader: Person, *given_names: str) -> Select[Any]:
    columns = {"city_id": Member.city_id, "member_id": Intention.member_id}
    wanted = published_practices(reader).add_columns(Intention)
    wanted = wanted.join(Intention, Intention.topic_id == Practice.topic_id)
    wanted = wanted.join(Member, Member.id == Intention.member_id).where(*_is_shown())
    wanted = wanted.where(Intention.asked_at.is_(None), *equal(columns, given_names))
    wanted = wanted.order_by(Intention.until, Practice.id, Intention.member_id).limit(MAX_NAMED)
    people = joinedload(Intention.member).joinedload(Member.city)
    return wanted.options(people, *practice_row_options())


def intention_of(member: Person, topic_id: int) -> Intention | None:
    """The member's intention for this topic, or None; also when they have tried it meanwhile."""
    require(member.can.see_own())
    return db.session.scalar(_own_intention(member, topic_id))


def lock_intention(member: Person, topic_id: int) -> Intention | None:
    """Like `intention_of`, locked, because the worker may be about to delete it."""
    return db.session.scalar(_own_intention(member, topic_id).with_for_update())


def _own_intention(member: Person, topic_id: int) -> Select[Intention]:
    return select(Intention).where(Intention.topic_id == topic_id, Intention.member_id == member.id)


def intentions_to_look_at(today: date, limit: int) -> Sequence[Intention]:
    """The intentions that the worker should look at now, locked, with their topics; those locked by other workers are skipped."""
    due = select(Intention).where(Intention.look_on <= today)
    due = due.order_by(Intention.look_on, Intention.topic_id, Intention.member_id).limit(limit)
    locked = due.with_for_update(of=Intention, skip_locked=True)
    return db.session.scalars(locked.options(joinedload(Intention.topic, innerjoin=True))).all()


def tried_by(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Which of these pairs of topic and member have a "tried it" mark."""
    tried = select(Post.topic_id, Mark.member_id).join(Mark, Mark.post_id == Post.id)
    tried = tried.where(Post.number == 1, Mark.kind == TRIED)
    tried = tried.where(Post.topic_id.in_({topic_id for topic_id, _member in pairs}))
    found = {(topic_id, member_id) for topic_id, member_id in db.session.execute(tried)}
    return found.intersection(pairs)


def _is_shown() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: readers who see the topic also see this intention there; `Member` is the member who has it."""
    opening, given = aliased(Post), aliased(Mark)
    opens = (opening.topic_id == Intention.topic_id, opening.number == 1)
    is_open = exists().where(*opens, *is_readable(opening))
    by_them = (given.member_id == Intention.member_id, given.kind == TRIED)
    tried = exists().where(*opens, given.post_id == opening.id, *by_them)
    return Member.hidden_at.is_(None), is_open.correlate(Intention), ~tried.correlate(Intention)
