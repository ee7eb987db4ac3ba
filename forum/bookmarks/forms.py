"""What may be typed about a bookmark."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import DateField, HiddenField, RadioField, StringField
from wtforms.validators import Optional, StopValidation

from forum.bookmarks.models import MAX_NOTE_LENGTH, MONTH, TOMORROW, WEEK, Bookmark
from forum.bookmarks.queries import ReminderDays
from forum.history.queries import fingerprint
from forum.members.forms import at_most, one_line
from forum.webforms import CHOOSE_DAY, Form
from forum.webforms import lazy_text as _

NEVER, OWN_DAY = "never", "day"  # choices besides the spans
REMINDER_NAMES = {
    NEVER: _("No reminder"),
    TOMORROW: _("Tomorrow"),
    WEEK: _("In a week"),
    MONTH: _("In a month"),
    OWN_DAY: _("On another day"),
}


def _said_when_wanted(form: Any, field: Any) -> None:
    """A validator: require a day if the choice is a day of one's own."""
    if form.remind.data == OWN_DAY and field.data is None:
        raise StopValidation(str(CHOOSE_DAY))


def shown_day(day: date | None) -> str:
    """A day as a page carries it; empty for none."""
    return day.isoformat() if day else ""


class NoteForm(Form):
    """The note on a bookmark, and when to be reminded; without the latter field, the reminder is unchanged.

    `seen` is the fingerprint of the note that the form was opened with.
    """

    seen = HiddenField()
    note = StringField(_("Your note"), [at_most(MAX_NOTE_LENGTH)], [one_line])
    remind = RadioField(_("Remind me"), [Optional()], choices=list(REMINDER_NAMES.items()))
    remind_on = DateField(_("Another day"), [_said_when_wanted, Optional()])
    remind_shown = HiddenField()  # the day that the page showed, as `shown_day` writes it

    @classmethod
    def of(cls, bookmark: Bookmark, **options: Any) -> NoteForm:
        """The form with the note and the reminder as they are."""
        known = bookmark.remind_on
        words: dict[str, Any] = {"note": bookmark.note, "remind_on": known}
        words |= {"remind": OWN_DAY if known else NEVER, "remind_shown": shown_day(known)}
        return cls(**words, seen=fingerprint({"note": bookmark.note}), **options)

    def day(self, known: date | None, days: ReminderDays) -> date | None:
        """The day that was chosen, None for none; `known` is the present one.

        It stays if nothing was changed on the page, because an older window may show another day. A new day that was
        typed counts even if the choice beside it was forgotten.
        """
        choice, typed, shown = self.remind.data, self.remind_on.data, self.remind_shown.data
        is_as_shown = shown_day(typed) == shown
        if choice is None or (is_as_shown and choice == (OWN_DAY if typed else NEVER)):
            return known
        if choice == OWN_DAY or (choice == NEVER and not is_as_shown):
            return typed
        return days.spans.get(choice)
