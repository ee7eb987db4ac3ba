"""Recording events: one row each, of which the worker makes the notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.notifications.actions._rows import quoted
from forum.notifications.models import EVERYBODY, Event
from forum.notifications.queries import Subject, is_watched
from forum.permissions import Person


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
    decision_id: int | None = None,
    is_named: bool = True,
) -> None:
    """Record an event that concerns `recipients`, the ids of members; the worker makes the notices.

    `kind` is one of `DEFAULT_WAYS`, `address` the path to which the notice leads. The doer gets no notice of own
    deeds, and is not named in the notice when `is_named` is false (a moderator, a reporter). `decision_id` is the
    decision with which it is taken back.
    """
    concerned = sorted({member_id for member_id in recipients if member_id} - {doer.id})
    if concerned:
        _add_event(
            kind,
            address,
            actor_id=doer.id if is_named else None,
            recipients=concerned,
            title=title,
            text=text,
            topic_id=topic_id,
            post_id=post_id,
            decision_id=decision_id,
        )


@action
def note_event_for_watchers(
    doer: Person,
    kind: str,
    subjects: Sequence[Subject],
    address: str,
    *,
    title: str = "",
    text: str = "",
    topic_id: int | None = None,
    post_id: int | None = None,
    but: Iterable[int] = (),
) -> None:
    """Record an event that concerns everybody who watches one of `subjects` and mutes none of them.

    It is one row, however many people watch: the worker finds them. The doer gets no notice, nor do the members in
    `but`, whom another event notifies of the same deed by name.
    """
    if is_watched(doer, subjects):
        excluded = {*but, doer.id} if doer.id else {*but}
        _add_event(
            kind,
            address,
            actor_id=doer.id,
            recipients=[],
            watched=[list(subject) for subject in subjects],
            but=sorted(excluded),
            title=title,
            text=text,
            topic_id=topic_id,
            post_id=post_id,
        )


@action
def note_event_for_everybody(
    doer: Person, kind: str, address: str, *, title: str, text: str = ""
) -> None:
    """Record an event that concerns every member, the doer too; one row, as with `note_event_for_watchers`."""
    _add_event(
        kind,
        address,
        actor_id=None,
        recipients=[],
        watched=[[EVERYBODY, 0]],
        but=[],
        title=title,
        text=text,
    )


def _add_event(kind: str, address: str, *, text: str, **columns: Any) -> None:
    times = {"created_at": now(), "due_at": now()}
    db.session.add(Event(kind=kind, address=address, text=quoted(text), **columns, **times))
