"""Reminders of bookmarks: the worker reminds members on the days that they chose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from forum.bookmarks.actions import end_reminders, postpone_reminders
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import due_reminders, owners_of, reminder_moment
from forum.clock import now
from forum.deeds import action, touches
from forum.front.queries import rows_of
from forum.members.models import Member
from forum.notifications.actions import NoticeText, note_event
from forum.notifications.models import REMINDER, NoticeSettings
from forum.notifications.queries import settings_by_member
from forum.permissions import Person, require

BATCH_SIZE = 50  # reminders that one transaction handles
UNTIL_NEXT_LOOK = timedelta(days=1)  # for members who cannot sign in at present


@action
def tell_reminders(system: Person, limit: int = BATCH_SIZE) -> int:
    """Record the events of up to `limit` due reminders, and end these; returns how many it looked at.

    They are locked and ended in the transaction that records the events, so each notice is made once, however many
    workers run and whenever they are killed. A reminder is postponed while its owner cannot sign in or is leaving,
    and if the owner has since chosen a time zone in which its moment is still to come.
    """
    touches()
    require(system.can.administer())
    due = due_reminders(limit)
    owners = owners_of(due)
    settings = settings_by_member(list(owners))
    later: dict[int, datetime] = {}
    ready: dict[int, list[Bookmark]] = defaultdict(list)
    for kept in due:
        moment = _next_look(kept, owners[kept.member_id], settings[kept.member_id])
        if moment > now():
            later[kept.id] = moment
        else:
            ready[kept.member_id].append(kept)
    for member_id, bookmarks in ready.items():
        _remind_of(system, owners[member_id], bookmarks)
    postpone_reminders(system, later)
    end_reminders(system, [kept.id for bookmarks in ready.values() for kept in bookmarks])
    return len(due)


def _next_look(kept: Bookmark, owner: Member, settings: NoticeSettings) -> datetime:
    """When the reminder should be sent; a moment in the past means now."""
    if not owner.is_member:
        return now() + UNTIL_NEXT_LOOK
    return reminder_moment(settings, kept.remind_on) if kept.remind_on else now()


def _remind_of(system: Person, owner: Member, bookmarks: Sequence[Bookmark]) -> None:
    """Record an event for each thing that its owner can read now."""
    for kept, thing in rows_of(owner, bookmarks):
        if thing:
            notice = NoticeText(
                REMINDER,
                thing.address,
                thing.title,
                kept.note,
                topic_id=thing.topic_id,
                post_id=kept.post_id,
                language=thing.language,
            )
            note_event(system, notice, [owner.id], is_named=False)
