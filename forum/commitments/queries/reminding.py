"""The milestones that somebody is to be reminded of, and whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import contains_eager

from forum.clock import now
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries._reach import is_going_on, is_open_milestone
from forum.db import db
from forum.declarations.queries import speaks_for
from forum.members.models import Member, Organisation
from forum.reach import is_on_open_agenda, may_write

REMIND_BEFORE = timedelta(days=14)


def _can_be_told() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: a milestone is open, and its commitment in progress and not hidden."""
    return (*is_open_milestone(), *is_going_on())


def milestones_near(today: date, limit: int) -> Sequence[Milestone]:
    """Up to `limit` milestones whose day is near and that nobody was reminded of, locked, with their commitments."""
    is_near = Milestone.day.between(today, today + REMIND_BEFORE)
    return _due(is_near, Milestone.reminded_before_at.is_(None), limit=limit)


def milestones_over(today: date, limit: int) -> Sequence[Milestone]:
    """Up to `limit` milestones whose day has passed without a reminder since, locked, with their commitments."""
    return _due(Milestone.day < today, Milestone.reminded_after_at.is_(None), limit=limit)


def _due(*conditions: ColumnElement[bool], limit: int) -> Sequence[Milestone]:
    """Leaves out agendas in preparation, about which nobody is notified, and commitments that nobody could report on now."""
    query = select(Milestone).join(Milestone.commitment).where(*_can_be_told(), *conditions)
    can_tell = _can_tell().where(Organisation.id == Commitment.organisation_id).exists()
    query = query.where(is_on_open_agenda(Commitment.agenda_id), can_tell)
    first = query.order_by(Milestone.day, Milestone.id).limit(limit)
    locked = first.with_for_update(of=Milestone, skip_locked=True)
    return db.session.scalars(locked.options(contains_eager(Milestone.commitment))).all()


def ids_to_remind(commitment: Commitment) -> list[int]:
    """The ids of the members who may report on a commitment now."""
    return sorted(
        db.session.scalars(_can_tell().where(Organisation.id == commitment.organisation_id))
    )


def ids_of_voices(organisation_id: int) -> set[int]:
    """The ids of the members who speak for an organisation, even those who may not write at the moment."""
    found = select(Member.id).join(Organisation, speaks_for()).where(Member.left_at.is_(None))
    return set(db.session.scalars(found.where(Organisation.id == organisation_id)))


def commitments_told_by(member_id: Any) -> Select[Any]:
    """A select of the ids of the commitments of organisations for which a member speaks; the id may be a parameter."""
    for_them = select(Organisation.id).join(Member, speaks_for()).where(Member.id == member_id)
    return select(Commitment.id).where(Commitment.organisation_id.in_(for_them))


def ids_of_reminded(commitment: Commitment) -> list[int]:
    """The ids of the members who may have been reminded: present speakers, and all members of the organisation."""
    is_there = Member.organisation_id == commitment.organisation_id
    found = select(Member.id).join(Organisation, or_(speaks_for(), is_there))
    return sorted(
        set(db.session.scalars(found.where(Organisation.id == commitment.organisation_id)))
    )


def _can_tell() -> Select[Any]:
    return select(Member.id).join(Organisation, speaks_for()).where(may_write(Member, now()))
