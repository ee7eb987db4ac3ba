"""When the worker next looks at a practice, to ask whether it is still true."""

from __future__ import annotations

from datetime import timedelta

from forum.clock import now
from forum.library.models import Practice
from forum.notifications.actions import read_outdated
from forum.permissions import Person

LOOK_AFTER = timedelta(days=730)  # when its author has chosen no day


def begin_anew(doer: Person, practice: Practice) -> None:
    """Somebody has just checked that a practice is true: look at it again on the day that its author chose, or later.

    A chosen day that has come does not count; otherwise an author who has just changed the practice would be asked
    within minutes.
    """
    _take_back(doer, practice)
    today, day = now().date(), practice.revisit_on
    practice.look_on = day if day and day > today else today + LOOK_AFTER


def look_on_chosen_day(practice: Practice) -> None:
    """Somebody other than its author has changed or removed the chosen day, before the author was asked."""
    if not practice.asked_at and not practice.unconfirmed_at:
        practice.look_on = practice.revisit_on or now().date() + LOOK_AFTER


def look_no_more(doer: Person, practice: Practice) -> None:
    """Nobody reads a practice any more: do not ask whether it is true, and forget what its author said about that."""
    _take_back(doer, practice)
    practice.confirmed_on, practice.look_on = None, None


def _take_back(doer: Person, practice: Practice) -> None:
    """Withdraw the question: the notice counts as read, and is not mailed."""
    if practice.asked_at:
        read_outdated(doer, "revisit", [f"/practices/{practice.slug}"], [practice.author_id])
    practice.asked_at, practice.unconfirmed_at = None, None
