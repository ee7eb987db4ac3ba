"""When a practice is looked at again, to see whether it is still true."""

from __future__ import annotations

from datetime import timedelta

from forum.clock import now
from forum.library.models import Practice
from forum.notifications.actions import read_outdated
from forum.permissions import Person

LOOK_AFTER = timedelta(days=730)  # when its author has chosen no day


def begin_anew(doer: Person, practice: Practice) -> None:
    """Somebody has just seen to it that a practice is true: look at it again on the day that its author chose, or later.

    A chosen day that has come does not count: whoever has just changed the practice would be asked within minutes.
    """
    _take_back(doer, practice)
    today, day = now().date(), practice.revisit_on
    practice.look_on = day if day and day > today else today + LOOK_AFTER


def look_on_chosen_day(practice: Practice) -> None:
    """Somebody else than its author has chosen another day, or taken it away, before the author was asked."""
    if not practice.asked_at and not practice.unconfirmed_at:
        practice.look_on = practice.revisit_on or now().date() + LOOK_AFTER


def look_no_more(doer: Person, practice: Practice) -> None:
    """Nobody reads a practice any more: do not ask whether it is true. What its author said of it is forgotten with that."""
    _take_back(doer, practice)
    practice.confirmed_on, practice.look_on = None, None


def _take_back(doer: Person, practice: Practice) -> None:
    """Ask no longer: the notice counts as read, and none is mailed."""
    if practice.asked_at:
        read_outdated(doer, "revisit", [f"/practices/{practice.slug}"], [practice.author_id])
    practice.asked_at, practice.unconfirmed_at = None, None
