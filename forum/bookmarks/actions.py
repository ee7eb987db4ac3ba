"""Adding and removing bookmarks, and reminders of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows
from sqlalchemy import update

from forum.bookmarks.models import KINDS, MAX_BOOKMARKS, MAX_NOTE_LENGTH, Bookmark
from forum.bookmarks.queries import (
    bookmark_of,
    bookmarks_count,
    get_bookmark,
    lock_thing,
    reminder_days,
    reminder_moment,
)
from forum.clock import day_in_words, now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.members.queries import lock_member
from forum.notifications.queries import settings_of
from forum.permissions import Person, require
from forum.plaintext import single_line


@action
def bookmark(member: Person, kind: str, thing_id: int) -> None:
    """Bookmark something; nothing happens when it is bookmarked already. The caller has checked that the member sees it.

    Raises `Invalid` when the member has `MAX_BOOKMARKS`.
    """
    touches()
    require(member.can.bookmark())
    _check_kind(kind)
    lock_thing(kind, thing_id)
    lock_member(member.id, may_write=True)  # so that no two bookmarks are counted at the same time
    if bookmark_of(member, kind, thing_id) is not None:
        return
    if bookmarks_count(member) >= MAX_BOOKMARKS:
        raise Invalid(
            _(
                "You have %(most)s bookmarks, and there is no room for more. Remove some that you do not need any longer.",
                most=MAX_BOOKMARKS,
            )
        )
    thing = {f"{kind}_id": thing_id}
    db.session.add(Bookmark(member_id=member.id, created_at=now(), **thing))


@action
def unbookmark(member: Person, kind: str, thing_id: int) -> None:
    """Remove a bookmark, whether its thing can still be read or not; nothing happens without one."""
    touches()
    require(member.can.bookmark())
    _check_kind(kind)
    is_of_thing = Bookmark.member_id == member.id, getattr(Bookmark, f"{kind}_id") == thing_id
    db.session.execute(delete_rows(Bookmark).where(*is_of_thing))


@action
def note(member: Person, bookmark_id: int, words: str, *, seen: str | None = None) -> Bookmark:
    """Set the owner's note of one line on a bookmark; an empty one removes it.

    `seen` is the `fingerprint` of the note that the form has shown: `Conflict` when it is another one now.
    """
    touches()
    require(member.can.bookmark())
    found = get_bookmark(member, bookmark_id)
    words = single_line(words)
    if len(words) > MAX_NOTE_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_NOTE_LENGTH), "note")
    if words != found.note:
        refuse_unseen(seen, {"note": found.note})
    found.note = words
    return found


@action
def remind(member: Person, bookmark_id: int, day: date | None) -> Bookmark:
    """Set the day (from tomorrow on) on which the owner is reminded of a bookmark, once; None for no reminder.

    The caller has checked that the member sees the thing. A day that is already set stays, even if it is today.
    """
    touches()
    require(member.can.bookmark())
    found = get_bookmark(member, bookmark_id)
    if day != found.remind_on:
        found.remind_on = _checked_day(member, day) if day else None
        found.remind_at = reminder_moment(settings_of(found.member_id), day) if day else None
    return found


@action
def note_and_remind(
    member: Person, bookmark_id: int, words: str, day: date | None, *, seen: str | None = None
) -> Bookmark:
    """`note` and `remind` in one transaction."""
    touches()
    remind(member, bookmark_id, day)
    return note(member, bookmark_id, words, seen=seen)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Invalid(_("This cannot be kept as a bookmark."))


def _checked_day(member: Person, day: date) -> date:
    days = reminder_days(member)
    if not days.first <= day <= days.last:
        last = day_in_words(days.last)
        raise Invalid(_("Choose a day after today and until %(last)s.", last=last), "remind_on")
    return day


# For the worker


@action
def end_reminders(system: Person, ids: Collection[int]) -> None:
    """Remove the reminders of these bookmarks, because they have been sent."""
    require(system.can.administer())
    touches()
    ended = update(Bookmark).where(Bookmark.id.in_(ids))
    db.session.execute(ended.values(remind_on=None, remind_at=None))


@action
def postpone_reminders(system: Person, moments: Mapping[int, datetime]) -> None:
    """Postpone reminders to these moments, by bookmark id."""
    require(system.can.administer())
    touches()
    for bookmark_id, moment in moments.items():
        later = update(Bookmark).where(Bookmark.id == bookmark_id)
        db.session.execute(later.values(remind_at=moment))


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the bookmarks of somebody who has left."""
    require(system.can.administer())
    touches()
    db.session.execute(delete_rows(Bookmark).where(Bookmark.member_id == member_id))
