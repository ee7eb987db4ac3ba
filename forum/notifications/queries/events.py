"""Events of which the worker makes notices, and events that are looked up later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select

from forum.clock import now
from forum.db import db
from forum.notifications.models import Event, Notice
from forum.notifications.queries._shared import is_of_queue, is_of_reminder

MAX_ATTEMPTS = 8
KEPT_DONE = timedelta(days=30)  # events whose notices were made, when no notice is left


def finished_event_ids(limit: int) -> list[int]:
    """The ids of up to `limit` events whose notices were made a month ago and are all gone."""
    is_finished = (Event.done_at < now() - KEPT_DONE, without_notices())
    return list(db.session.scalars(select(Event.id).where(*is_finished).limit(limit)))


def without_notices() -> ColumnElement[bool]:
    """SQL condition: the event has no notices."""
    return ~exists().where(Notice.event_id == Event.id)


def due_events(limit: int) -> Sequence[Event]:
    """Due events with recipients, oldest first, locked for update; those locked by other workers are skipped."""
    return _due(Event.watched.is_(None), limit)


def due_broadcasts(limit: int) -> Sequence[Event]:
    """Due events for watchers, otherwise like `due_events`."""
    return _due(Event.watched.is_not(None), limit)


def due_event(event_id: int) -> Event | None:
    """One due event, locked for update; None when it is not due, or another worker has locked it."""
    return next(iter(_due(Event.id == event_id, 1)), None)


def due_event_ids(limit: int) -> list[int]:
    """The ids of due events, oldest first."""
    return list(
        db.session.scalars(select(Event.id).where(*_is_due()).order_by(Event.id).limit(limit))
    )


def untold_event_ids(limit: int) -> list[int]:
    """The ids of events without webhook deliveries yet, oldest first."""
    untold = select(Event.id).where(Event.untold_at.is_not(None))
    return list(db.session.scalars(untold.order_by(Event.id).limit(limit)))


def untold_events(limit: int) -> Sequence[Event]:
    """The events without webhook deliveries yet, oldest first, locked for update; those locked by other workers are skipped."""
    untold = select(Event).where(Event.untold_at.is_not(None)).order_by(Event.id).limit(limit)
    return db.session.scalars(untold.with_for_update(skip_locked=True)).all()


def _due(condition: ColumnElement[bool], limit: int) -> Sequence[Event]:
    query = select(Event).where(*_is_due(), condition)
    return db.session.scalars(
        query.order_by(Event.id).limit(limit).with_for_update(skip_locked=True)
    ).all()


def _is_due() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: notices are to be made of the event now. New events are always due, because the clock may have been wrong."""
    return (
        Event.done_at.is_(None),
        Event.hidden_at.is_(None),
        or_(Event.attempts == 0, Event.due_at <= now()),
        Event.attempts < MAX_ATTEMPTS,
    )


def events_of_decisions(decision_ids: Iterable[int]) -> Sequence[Event]:
    """The events about decisions, in order, locked for update: this waits for a worker that is making notices of them."""
    query = select(Event).where(Event.decision_id.in_(decision_ids)).order_by(Event.id)
    return db.session.scalars(query.with_for_update()).all()


def titled_by_sentence(model: type[Event | Notice], addresses: Collection[str]) -> Sequence[Any]:
    """The events or notices about entries of the queue at these addresses that have sentences, locked for update."""
    named = model.address.in_(addresses), model.sentences.is_not(None)
    query = select(model).where(is_of_queue(model), *named).order_by(model.id)
    return db.session.scalars(query.with_for_update()).all()


def is_told_to_others(
    topics: Select[Any], page: str, since: datetime, members: Collection[int]
) -> bool:
    """Whether anybody but these members was notified, or is still to be, of something in the topics since a moment.

    `topics` selects their ids. Reminders about things on a page count, too, and new findings. Notices to members
    about a decision on their own text do not.
    """
    is_in_topic = Event.topic_id.in_(topics), Event.kind != "decision"
    is_here = Event.address.startswith(f"{page}#", autoescape=True)
    is_of_findings = Event.kind == "findings"
    told = select(Event.recipients, Event.watched).where(Event.created_at >= since)
    return any(
        watched or not set(recipients) <= set(members)
        # Separate queries, because two have an index of their own
        for which in (is_in_topic, (is_of_reminder(Event), is_here), (is_of_findings, is_here))
        for recipients, watched in db.session.execute(told.where(*which))
    )


def ended_queue_events(address: str, since: datetime) -> Sequence[Event]:
    """The events about an entry of the queue that ended since a moment, locked."""
    ended = (Event.address == address, is_of_queue(Event), Event.done_at >= since)
    return db.session.scalars(select(Event).where(*ended).with_for_update()).all()


def events_told(kind: str, address: str) -> Select[int]:
    """A select of the ids of the events of a kind that lead to an address."""
    return select(Event.id).where(Event.kind == kind, Event.address == address)


def open_events(kind: str, addresses: Collection[str]) -> Sequence[Event]:
    """The events of a kind that lead to these addresses and of which notices are still to be made, locked for update.

    This waits for a worker that is making some of them.
    """
    is_open = Event.done_at.is_(None), Event.hidden_at.is_(None)
    query = select(Event).where(*is_open, Event.kind == kind, Event.address.in_(addresses))
    return db.session.scalars(query.order_by(Event.id).with_for_update()).all()


def members_unaware(kind: str, address: str) -> set[int]:
    """The ids of members whose notices of a kind that lead to an address are not read, not mailed or still to be made."""
    is_open = Notice.read_at.is_(None), Notice.mailed_at.is_(None), Notice.hidden_at.is_(None)
    told = select(Notice.member_id).where(*is_open, Notice.kind == kind, Notice.address == address)
    waiting = (event.recipients for event in open_events(kind, [address]))
    return {*db.session.scalars(told), *(member_id for ids in waiting for member_id in ids)}


def is_of_decisions(decision_ids: Iterable[int]) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: a notice is about decisions, for the members concerned, not for reporters."""
    events = select(Event.id).where(Event.decision_id.in_(decision_ids))
    return Notice.event_id.in_(events), Notice.kind == "decision"
