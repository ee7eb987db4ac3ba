"""What may be typed when something is reported or decided."""

from __future__ import annotations

from datetime import timedelta

from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from forum.moderation.actions import LONGEST
from forum.web import Form
from forum.web import later as _

REASON_NAMES = {
    "rules": _("It breaks the rules"),
    "spam": _("It is spam or advertising"),
    "off topic": _("It does not belong here"),
    "illegal": _("It is illegal"),
    "something else": _("Something else"),
}
DEED_NAMES = {
    "keep": _("Keep"),
    "hide": _("Hide"),
    "restore": _("Show again"),
    "publish": _("Publish"),
    "send_back": _("Return to the author"),
    "approve": _("Publish"),
    "refuse": _("Do not publish"),
}
DAYS = {"1": _("One day"), "7": _("One week"), "30": _("30 days"), "365": _("One year")}
TOO_LONG = Length(max=LONGEST, message=_("Write at most %(most)s characters.", most=LONGEST))
WHY = DataRequired(_("Say why. The author reads it."))


class ReportForm(Form):
    """What is wrong with something."""

    reason = RadioField(
        _("What is wrong?"), [DataRequired(_("Choose a reason."))], choices=[*REASON_NAMES.items()]
    )
    text = TextAreaField(_("In a sentence"), [TOO_LONG])


class SeenForm(Form):
    """A form that knows the latest decision its page showed."""

    seen = HiddenField()

    @property
    def seen_id(self) -> int | None:
        """The id of that decision; 0 for none, None when the form does not say."""
        typed = self.seen.data or ""
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


class ReasonForm(SeenForm):
    """Why something is restricted."""

    reason = TextAreaField(_("Reason"), [WHY, TOO_LONG])


class MoveForm(SeenForm):
    """To which agenda a topic goes, and why."""

    agenda = SelectField(_("Agenda"), coerce=int)
    reason = TextAreaField(_("Reason"), [TOO_LONG])


class SuspendForm(ReasonForm):
    """For how long an account is closed, and why."""

    days = RadioField(_("For how long?"), choices=[*DAYS.items()], default="7")

    @property
    def time(self) -> timedelta:
        """The chosen time."""
        return timedelta(days=int(self.days.data))


class WordForm(Form):
    """A deed that needs no more than, perhaps, a word of explanation."""

    reason = TextAreaField(_("Reason"), [TOO_LONG])


class DecisionForm(SeenForm):
    """The decision about an entry of the queue; all but keeping and publishing need a reason.

    `read` is the fingerprint of the text that a rule holds back, which its author may change meanwhile.
    """

    deed = RadioField(_("Your decision"), [DataRequired(_("Choose a decision."))])
    read = HiddenField()
    reason = TextAreaField(_("Reason"), [TOO_LONG])

    def offer(self, deeds: list[str]) -> None:
        """Let only these deeds be chosen."""
        self.deed.choices = [(deed, DEED_NAMES[deed]) for deed in deeds]
