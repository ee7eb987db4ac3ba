"""When a practice is looked at again, to see whether it is still true."""

from __future__ import annotations

from datetime import timedelta

from forum.clock import now
from forum.library.models import Practice

LOOK_AFTER = timedelta(days=730)  # when its author has chosen no day


def begin_anew(practice: Practice) -> None:
    """Somebody has just seen to it that a practice is true: look at it again on the day that its author chose, or later.

    A chosen day that has come does not count: whoever has just changed the practice would be asked within minutes.
    """
    practice.asked_at, practice.unconfirmed_at = None, None
    today, day = now().date(), practice.revisit_on
    practice.look_on = day if day and day > today else today + LOOK_AFTER


def look_no_more(practice: Practice) -> None:
    """Nobody reads a practice any more: do not ask whether it is true."""
    practice.asked_at, practice.unconfirmed_at, practice.look_on = None, None, None
