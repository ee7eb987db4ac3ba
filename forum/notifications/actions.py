"""Noting what happened, making the notices of it, and reading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, update

from forum.db import action, db, now, touches
from forum.errors import NotFound
from forum.markup import excerpt
from forum.notifications.models import Event, Notice
from forum.notifications.queries import due_events, get_notice, without_notices
from forum.permissions import Person, require

BATCH = 200
PORTION = 500
QUOTING = ("reply", "quote")  # kinds of notices that show the first words of a post
KEPT_READ = timedelta(days=365)  # notices, after they were read
KEPT_DONE = timedelta(days=30)  # events whose notices are made, when no notice is left


@action
def note_event(
    doer: Person,
    kind: str,
    recipients: Iterable[int | None],
    address: str,
    *,
    title: str = "",
    text: str = "",
    topic_id: int | None = None,
    post_id: int | None = None,
    is_named: bool = True,
) -> None:
    """Write down that something happened which concerns `recipients` (ids of members).

    The worker makes the notices. The doer is told nothing about own deeds, and stays unnamed in the notice
    when `is_named` is false (a moderator, a reporter). `address` is the path that the notice leads to.
    """
    concerned = sorted({member_id for member_id in recipients if member_id} - {doer.id})
    if concerned:
        actor_id = doer.id if is_named else None
        what: dict[str, Any] = {"kind": kind, "address": address, "title": title}
        what |= {"text": excerpt(text, 400), "topic_id": topic_id, "post_id": post_id}
        times = {"created_at": now(), "due_at": now()}
        db.session.add(Event(actor_id=actor_id, recipients=concerned, **what, **times))


@action
def make_notices(_system: Person, limit: int = BATCH) -> int:
    """Turn the events that are due into notices, one for each event and person; says how many events."""
    touches()
    events = due_events(limit)
    for event in events:
        for member_id in event.recipients:
            db.session.add(_notice(event, member_id))
        event.done_at = now()
    return len(events)


@action
def read(member: Person, notice_id: int) -> Notice:
    """Mark one notice read; raises `NotFound` when it is not the member's. Hands it back for its address."""
    touches()
    notice = get_notice(member, notice_id)
    if notice is None:
        raise NotFound()
    notice.read_at = notice.read_at or now()
    return notice


@action
def read_all(member: Person) -> None:
    """Mark every notice of a member read."""
    touches()
    _set(Notice, {"read_at": now()}, Notice.member_id == member.id, Notice.read_at.is_(None))


@action
def read_topic(member: Person, topic_id: int) -> None:
    """Mark the member's notices about one topic read."""
    touches()
    _set(
        Notice,
        {"read_at": now()},
        Notice.member_id == member.id,
        Notice.topic_id == topic_id,
        Notice.read_at.is_(None),
    )


@action
def read_until(_system: Person, moment: datetime) -> None:
    """Mark everybody's notices from before a moment read: after an import they are no news."""
    touches()
    _set(Notice, {"read_at": now()}, Notice.created_at < moment, Notice.read_at.is_(None))


@action
def hide_notices(_doer: Person, *, topic_id: int | None = None, post_id: int | None = None) -> None:
    """Take the notices about a topic or a post out of sight, and those that are still to be made.

    Decisions stay: the author must be able to read why something was hidden.
    """
    _set_hidden(topic_id, post_id, is_hidden=True)


@action
def restore_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    but: Sequence[int] = (),
) -> None:
    """Bring the notices about a topic or a post back, `but` those about posts that stay out of sight."""
    _set_hidden(topic_id, post_id, but, is_hidden=False)


@action
def forget_old(system: Person, limit: int = PORTION) -> int:
    """Delete some notices that were read long ago, and events of which nobody has a notice; says how many."""
    require(system.can.administer())
    touches()
    read = _delete(Notice, limit, Notice.read_at < now() - KEPT_READ)
    return read + _delete(Event, limit, Event.done_at < now() - KEPT_DONE, without_notices())


@action
def forget_member(system: Person, member_id: int, *, is_silent: bool, limit: int = PORTION) -> int:
    """Delete some notices of a member who has left; says how many.

    With `is_silent` also what told others of the member's deeds, with the words that it holds.
    """
    require(system.can.administer())
    touches()
    gone = _forget(limit, Notice.member_id == member_id)
    if is_silent:
        gone += _forget(limit, Notice.actor_id == member_id)
        gone += _delete(Event, limit, Event.actor_id == member_id)
    return gone


def _forget(limit: int, *which: Any) -> int:
    """Delete some notices, and the events that nobody else has a notice of."""
    some = db.session.query(Notice.id).where(*which).order_by(Notice.id).limit(limit)
    gone = delete(Notice).where(Notice.id.in_(some.scalar_subquery()))
    events = db.session.scalars(gone.returning(Notice.event_id)).all()
    db.session.execute(delete(Event).where(Event.id.in_(set(events)), without_notices()))
    return len(events)


@action
def retell(system: Person, post_id: int, text: str) -> None:
    """Let what tells of a post quote its words as they are now."""
    require(system.can.administer())
    for model in (Event, Notice):
        _set(model, {"text": excerpt(text, 400)}, model.post_id == post_id, model.kind.in_(QUOTING))


def _delete(model: type[Event] | type[Notice], limit: int, *which: Any) -> int:
    some = db.session.query(model.id).where(*which).order_by(model.id).limit(limit)
    gone = delete(model).where(model.id.in_(some.scalar_subquery())).returning(model.id)
    return len(db.session.scalars(gone).all())


def _notice(event: Event, member_id: int) -> Notice:
    return Notice(
        event_id=event.id,
        member_id=member_id,
        kind=event.kind,
        actor_id=event.actor_id,
        title=event.title,
        text=event.text,
        address=event.address,
        topic_id=event.topic_id,
        post_id=event.post_id,
        created_at=event.created_at,
    )


def _set_hidden(
    topic_id: int | None, post_id: int | None, but: Sequence[int] = (), *, is_hidden: bool
) -> None:
    hidden_at = now() if is_hidden else None
    for model in (Event, Notice):
        about = model.post_id == post_id if post_id else model.topic_id == topic_id
        is_meant = or_(model.post_id.is_(None), model.post_id.not_in(but))
        _set(model, {"hidden_at": hidden_at}, about, is_meant, model.kind != "decision")


def _set(model: type[Event] | type[Notice], values: dict[str, Any], *which: Any) -> None:
    db.session.execute(update(model).where(*which).values(values))
