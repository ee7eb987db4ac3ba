"""Decisions about texts and members, and their ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext
from wtforms import BooleanField, DateField, Field, HiddenField, RadioField, TextAreaField
from wtforms.validators import DataRequired, Optional, ValidationError

from forum.clock import now
from forum.moderation.actions import MAX_REPORTS_SUSPENSION
from forum.moderation.forms._decisions import (
    LENGTH_LIMIT,
    ClaimAwareForm,
    GivesReason,
    RequiredReasonForm,
    StatementForm,
    check_day_ahead,
)
from forum.moderation.models import Deed
from forum.moderation.queries import DEEDS, DeedKind
from forum.rules.queries import OfferedText
from forum.webforms import lazy_text as _

DEED_NAMES: dict[str, str] = {
    Deed.KEEP: _("Keep"),
    Deed.HIDE: _("Hide"),
    Deed.REMOVE: _("Remove"),
    Deed.ASK_TO_EDIT: _("Ask to edit"),
    Deed.RESTORE: _("Show again"),
    Deed.PUBLISH: _("Publish"),
    Deed.SEND_BACK: _("Return to the author"),
    Deed.APPROVE: _("Publish"),
    Deed.REFUSE: _("Do not publish"),
}
UNTIL_DAY = "day"  # the choice of a day instead of a number of days
DURATIONS = {"1": _("One day"), "7": _("One week"), "30": _("30 days"), "365": _("One year")}
REPORTS_DURATIONS = {
    "7": _("One week"),
    "30": _("30 days"),
    "90": _("90 days"),
    "180": _("180 days"),
}


class AskToEditForm(RequiredReasonForm):
    """What the author of a post is asked to change."""

    reason = TextAreaField(
        _("What the author should change"),
        [DataRequired(_("Say why, and what to change. The author reads it.")), LENGTH_LIMIT],
    )


class RestrictionForm(StatementForm):
    """How long a member is suspended or silenced, with a statement of reasons."""

    days = RadioField(
        _("For how long?"),
        choices=[*DURATIONS.items(), (UNTIL_DAY, _("Until a date"))],
        default="7",
    )
    until = DateField(_("Until which day"), [Optional()])

    @property
    def end(self) -> datetime:
        """When the restriction ends; for a chosen day, at the end of that day in UTC."""
        return _end_of(self.days.data, self.until.data)

    def validate_days(self, field: Field) -> None:
        """Require a day from today to ten years ahead when a day is chosen instead of a duration."""
        if field.data == UNTIL_DAY:
            check_day_ahead(self.until.data)


class ReportsSuspensionForm(RequiredReasonForm):
    """How long moderators take no reports from a member, and why."""

    days = RadioField(
        _("For how long?"),
        choices=[*REPORTS_DURATIONS.items(), (UNTIL_DAY, _("Until a date"))],
        default="30",
    )
    until = DateField(_("Until which day"), [Optional()])

    @property
    def end(self) -> datetime:
        """When it ends, as for `RestrictionForm`."""
        return _end_of(self.days.data, self.until.data)

    def validate_days(self, field: Field) -> None:
        """Require a day from today on, when a day is chosen, and not more than half a year ahead."""
        if field.data != UNTIL_DAY:
            return
        day = self.until.data
        check_day_ahead(day)
        if day and day > (now() + MAX_REPORTS_SUSPENSION).date():
            most = MAX_REPORTS_SUSPENSION.days
            raise ValidationError(gettext("Choose a day within %(days)s days.", days=most))


def _end_of(days: str, day: date | None) -> datetime:
    if days == UNTIL_DAY and day:
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    return now() + timedelta(days=int(days))


class PublishForm(ClaimAwareForm):
    """The button that publishes a practice. `read` is the fingerprint of what its page showed."""

    read = HiddenField()


class SendBackForm(RequiredReasonForm):
    """What the author of a practice should change before it is published. `read` is as in `PublishForm`."""

    read = HiddenField()


class OptionalReasonForm(GivesReason, ClaimAwareForm):
    """An optional reason."""

    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])


class RestoreForm(ClaimAwareForm):
    """Whether what was cleared as spam is restored together with the member."""

    shows_again = BooleanField(_("Show these texts again"), default=True)


class DecisionForm(StatementForm):
    """The decision about an entry of the queue, with a statement of reasons.

    `read` is the fingerprint of the text that the page showed, because its author may change it meanwhile.
    """

    deed = RadioField(_("Your decision"), [DataRequired(_("Choose a decision."))])
    read = HiddenField()
    reason = TextAreaField(_("What happened, and what to do now"), [LENGTH_LIMIT])

    @property
    def needs_ground(self) -> bool:
        """Whether the chosen deed needs a rule or the law."""
        return self._chosen.needs_ground

    @property
    def missing_reason(self) -> str:
        """The error message for a missing reason; empty if the chosen deed needs none."""
        if not self._chosen.needs_reason:
            return ""
        return gettext("Say what happened. The author reads it.")

    @property
    def law_of_order(self) -> str:
        """Empty, too, for a deed that needs no ground: it follows no order against content."""
        return super().law_of_order if self.needs_ground else ""

    @property
    def _chosen(self) -> DeedKind:
        return DEEDS.get(self.deed.data or "", DeedKind())

    def fill(self, ready: OfferedText) -> None:
        """Fill in a ready text and its deed."""
        super().fill(ready)
        self.deed.data = ready.deed

    def validate_reason(self, field: Field) -> None:
        """Require a reason where the chosen deed needs one."""
        super().validate_reason(field)
        if self.missing_reason and not (field.data or "").strip():
            raise ValidationError(self.missing_reason)
