"""Marking notices as read, and as mailed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, true

from forum.clock import DOUBLE_PRESS, now
from forum.deeds import action, touches
from forum.errors import or_not_found
from forum.notifications.actions._rows import UNREAD, make_for, read_for_good, set_values
from forum.notifications.models import (
    ACTIONABLE_KINDS,
    NEVER,
    TOLD,
    URGENT,
    WAITING,
    Event,
    Notice,
)
from forum.notifications.queries import (
    all_read_since,
    ended_queue_events,
    events_of_decisions,
    is_of_decisions,
    is_of_queue,
    lock_notice,
    open_events,
    visible_notices,
)
from forum.permissions import Person, require


@action
def read(member: Person, notice_id: int) -> Notice:
    """Mark one notice read and return it; raises `NotFound` when it is not the member's."""
    touches()
    require(member.can.see_notices())
    notice = or_not_found(lock_notice(member, notice_id))
    notice.read_at, notice.all_read_at = notice.read_at or now(), None
    return notice


@action
def read_all(member: Person, part: str = "") -> datetime | None:
    """Mark all notices of a member that the inbox shows as read; with `part` (`WAITING` or `TOLD`) only those of that part.

    Notices that are invisible now, such as those of the queue for a former host, stay unread in case they become
    visible again. Returns the moment by which `unread_all` finds what this has marked; None if that is nothing. A
    second press for the same part within `DOUBLE_PRESS` of the first is one with it, and has its moment.
    """
    touches()
    require(member.can.see_notices())
    shown = visible_notices(member).with_only_columns(Notice.id)
    unread = (Notice.member_id == member.id, Notice.read_at.is_(None), Notice.id.in_(shown))
    read_at, is_in_part = now(), _is_in(part)
    first_at = all_read_since(member, read_at - DOUBLE_PRESS, is_in_part)
    moments = {"read_at": read_at, "all_read_at": first_at or read_at}
    if set_values(Notice, moments, *unread, is_in_part):
        return moments["all_read_at"]
    # Again, because the first press may have been saved while this waited for its rows
    return all_read_since(member, read_at - DOUBLE_PRESS, is_in_part)


@action
def unread_all(member: Person, all_read_at: datetime | None, part: str = "") -> bool:
    """Mark those of a member's notices as unread again that `read_all` has marked, by the moment that it returned for this part.

    Returns whether there are any.
    """
    touches()
    require(member.can.see_notices())
    if all_read_at is None:
        return False
    which = (Notice.member_id == member.id, Notice.all_read_at == all_read_at, _is_in(part))
    return set_values(Notice, UNREAD, *which) > 0


def _is_in(part: str) -> ColumnElement[bool]:
    is_waiting = Notice.kind.in_(ACTIONABLE_KINDS)
    return {WAITING: is_waiting, TOLD: ~is_waiting}.get(part, true())


@action
def read_topic(member: Person, topic_id: int) -> None:
    """Mark the member's notices about one topic read."""
    touches()
    read_for_good(Notice.member_id == member.id, Notice.topic_id == topic_id)


@action
def read_queue(_doer: Person, address: str, *, but_urgent: bool = False) -> None:
    """Mark everybody's notices of an entry of the queue as read, and make no more of them, because it no longer waits.

    With `but_urgent` those about illegal content, which only moderators decide, stay. Events come first: this waits
    for a worker that is making notices of them, so that these are marked, too.
    """
    touches()
    events, notices = (_of_queue(model, address, but_urgent) for model in (Event, Notice))
    set_values(Event, {"done_at": now()}, *events, Event.done_at.is_(None))
    read_for_good(*notices)


def _of_queue(
    model: type[Event] | type[Notice], address: str, but_urgent: bool
) -> list[ColumnElement[bool]]:
    is_meant = [model.kind != URGENT] if but_urgent else []
    return [model.address == address, is_of_queue(model), *is_meant]


@action
def unread_queue(doer: Person, address: str, since: datetime) -> None:
    """Mark notices of an entry of the queue as unread again that were marked as read since a moment (see `read_queue`).

    Notices are also made of its events that ended since, for members who had none yet. Nothing is mailed twice.
    """
    touches()
    for event in ended_queue_events(address, since):
        event.recipients = [member_id for member_id in event.recipients if member_id != doer.id]
        event.done_at = None
    which = Notice.address == address, is_of_queue(Notice), Notice.member_id != doer.id
    set_values(Notice, UNREAD, *which, Notice.read_at >= since)


@action
def read_outdated(
    _doer: Person, kind: str, addresses: Collection[str], member_ids: Collection[int | None]
) -> None:
    """Mark members' notices of a kind that lead to these addresses as read, so that none is mailed.

    They are outdated, for example because the member no longer hosts an agenda. Notices that the worker has yet to
    make are made here, so that they are marked, too.
    """
    touches()
    for event in open_events(kind, addresses):
        make_for(event, [member_id for member_id in event.recipients if member_id in member_ids])
    told = (Notice.member_id.in_(member_ids), Notice.kind == kind, Notice.address.in_(addresses))
    read_for_good(*told)


@action
def read_decisions(_doer: Person, decision_ids: Collection[int]) -> None:
    """Mark everybody's notices of decisions as read, so that none is mailed; those about reports stay.

    The decisions are no longer in effect, or the members concerned have done what was asked.
    """
    touches()
    events_of_decisions(decision_ids)  # locks them, as in `read_queue`
    read_for_good(*is_of_decisions(decision_ids))


@action
def unread_decisions(_moderator: Person, decision_ids: Collection[int], since: datetime) -> None:
    """Mark notices of decisions that are in effect again as unread, if they were marked as read since a moment."""
    touches()
    told = is_of_decisions(decision_ids)
    set_values(Notice, UNREAD, *told, Notice.read_at >= since)


@action
def read_until(_system: Person, moment: datetime) -> None:
    """Mark all notices until a moment (including that second) as read, and mail none: after an import they are not news."""
    touches()
    set_values(Notice, {"read_at": now()}, Notice.created_at <= moment, Notice.read_at.is_(None))
    set_values(Notice, {"way": NEVER}, Notice.way != NEVER, Notice.mailed_at.is_(None))


@action
def note_mailed(_system: Person, notice_ids: Sequence[int]) -> None:
    """Record that notices were mailed."""
    touches()
    set_values(Notice, {"mailed_at": now()}, Notice.id.in_(notice_ids))
