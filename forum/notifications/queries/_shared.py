"""What the queries of notices share: what a member sees of them, and what a watch is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select

from forum.members.models import Member
from forum.notifications.models import QUEUE_KINDS, REMINDER, Event, Notice, Watch
from forum.permissions import Person

NEWEST_FIRST = (Notice.created_at.desc(), Notice.id.desc())
Subject = tuple[str, int]  # kind and id of what is watched


def visible_notices(reader: Person) -> Select[Notice]:
    """The reader's own notices, without hidden ones and those from members whose profile is hidden.

    Notices about the moderation queue are visible only to members who moderate something now.
    """
    return seen_by(reader.id, is_curator=reader.is_curator)


def seen_by(member_id: Any, *, is_curator: bool = True) -> Select[Notice]:
    """The notices of a member (an id, or an SQL expression), as `visible_notices` says; those about the queue only for curators."""
    seen = select(Notice).where(
        Notice.member_id == member_id, Notice.hidden_at.is_(None), ~is_from_hidden()
    )
    return seen if is_curator else seen.where(~is_of_queue(Notice))


def is_of_queue(model: type[Event | Notice]) -> ColumnElement[bool]:
    """SQL condition: the event or notice is about an entry of the moderation queue; written exactly as in the partial indexes."""
    return model.kind.in_([literal(kind, literal_execute=True) for kind in QUEUE_KINDS])


def is_of_reminder(model: type[Event | Notice]) -> ColumnElement[bool]:
    """SQL condition: the event or notice is a reminder of a bookmark; written exactly as in the partial indexes."""
    return model.kind == literal(REMINDER, literal_execute=True)


def is_from_hidden() -> ColumnElement[bool]:
    """SQL condition: the notice is about one person only, whose profile is hidden."""
    return and_(Notice.others == 0, Notice.actor.has(Member.hidden_at.is_not(None)))


def is_watch_of(subjects: Iterable[Subject]) -> ColumnElement[bool]:
    """SQL condition: a watch is of one of these subjects."""
    each = (
        and_(Watch.subject == kind, Watch.subject_id == subject_id) for kind, subject_id in subjects
    )
    return or_(*each)
