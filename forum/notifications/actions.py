"""Noting what happened, making the notices of it, and reading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, update

from forum.db import action, db, now, touches
from forum.errors import NotFound
from forum.markup import excerpt
from forum.notifications.models import Event, Notice
from forum.notifications.queries import due_events, get_notice
from forum.permissions import Person

BATCH = 200


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
