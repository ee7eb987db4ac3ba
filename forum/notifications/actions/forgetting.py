"""Deleting what is old, and what concerns members who have left."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete

from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.notifications.models import AUTHOR, Event, Notice, NoticeChoice, NoticeSettings, Watch
from forum.notifications.queries import events_told, without_notices
from forum.permissions import Person, require

KEPT_READ = timedelta(days=365)  # notices, after they were read


@action
def forget_old(system: Person, event_ids: Collection[int]) -> int:
    """Delete up to `DELETION_BATCH_SIZE` notices that were read a year ago, and those of the given events without notices; returns how many."""
    require(system.can.administer())
    touches()
    gone = _delete_notices(DELETION_BATCH_SIZE, Notice.read_at < now() - KEPT_READ)
    return gone + len(
        delete_batch(Event, DELETION_BATCH_SIZE, Event.id.in_(event_ids), without_notices())
    )


@action
def forget_member(
    system: Person, member_id: int, *, is_silent: bool, limit: int = DELETION_BATCH_SIZE
) -> int:
    """Delete the choices and up to `limit` notices of a member who has left, and watches of them; returns how many notices.

    With `is_silent` also the notices and events that tell others about the member's actions, with the words in them.
    """
    require(system.can.administer())
    touches()
    for model in (Watch, NoticeChoice, NoticeSettings):
        db.session.execute(delete(model).where(model.member_id == member_id))
    is_of_them = (Watch.subject == AUTHOR, Watch.subject_id == member_id)
    db.session.execute(delete(Watch).where(*is_of_them))
    gone = _delete_notices(limit, Notice.member_id == member_id)
    if is_silent:
        gone += _delete_notices(limit, Notice.actor_id == member_id)
        gone += len(delete_batch(Event, limit, Event.actor_id == member_id))
    return gone


@action
def forget_told(system: Person, kind: str, address: str) -> None:
    """Delete the notices and events of a kind that lead to an address, with their quotations."""
    require(system.can.administer())
    touches()
    events = events_told(kind, address)
    db.session.execute(delete(Notice).where(Notice.event_id.in_(events)))
    db.session.execute(delete(Event).where(Event.id.in_(events)))


@action
def forget_told_of_post(
    _doer: Person, post_id: int, kinds: Collection[str], since: datetime
) -> None:
    """Delete the events of some kinds about a post since a moment, with their notices, as its text is back as it was before."""
    told = (Event.post_id == post_id, Event.kind.in_(kinds), Event.created_at >= since)
    db.session.execute(delete(Event).where(*told))


def _delete_notices(limit: int, *conditions: Any) -> int:
    """Delete up to `limit` notices, and those of their events that have no other notice; returns how many notices."""
    event_ids = delete_batch(Notice, limit, *conditions, returning=Notice.event_id)
    is_done = (Event.id.in_(set(event_ids)), Event.done_at.is_not(None))
    db.session.execute(delete(Event).where(*is_done, without_notices()))
    return len(event_ids)
