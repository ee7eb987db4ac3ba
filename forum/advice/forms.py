"""What may be typed when members are asked for advice, and when one tells what happened next."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forum.advice.actions import MAX_DEED, MAX_STORY, MAX_TIME_AWAY, FollowUpText
from forum.advice.models import NO, NOT_YET, PARTLY, YES, Availability, FollowUp
from forum.advice.queries import follow_up_fields
from forum.clock import now
from forum.dialogue.forms import language_field
from forum.history.queries import fingerprint
from forum.members.forms import at_most, one_line
from forum.webforms import CHOOSE_DAY, Form, lazy_number
from forum.webforms import lazy_text as _

OUTCOME_NAMES = {
    YES: _("Yes, it worked"),
    PARTLY: _("Partly"),
    NO: _("No"),
    NOT_YET: _("Not tried yet"),
}


class AskForm(Form):
    """Which members to ask, by handle; members who were not proposed can be asked, too."""

    asked = SelectMultipleField(_("Member to ask"), choices=[], validate_choice=False)


class PassOnForm(Form):
    """Which member to ask instead."""

    handle = StringField(
        _("Member"),
        [DataRequired(_("Write the name or handle of the member to ask instead.")), at_most(200)],
        [one_line],
    )


def first_day() -> date:
    """The earliest day that can be chosen as the day of return."""
    return now().date() + timedelta(days=1)


def last_day() -> date:
    """The latest day that can be chosen as the last day away."""
    return (now() + MAX_TIME_AWAY).date()


def in_two_weeks() -> date:
    """The day that is proposed to a member who cannot help now."""
    return now().date() + timedelta(days=14)


def start_of(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


class PostponeForm(Form):
    """Until when a member cannot help."""

    until = DateField(
        _("When can you be asked again?"),
        [InputRequired(CHOOSE_DAY)],
        default=in_two_weeks,
    )

    @property
    def away_until(self) -> datetime:
        """The moment that was chosen."""
        return start_of(self.until.data or first_day())


class AvailabilityForm(Form):
    """Whether a member wants to be asked, and from when on."""

    is_asked = BooleanField(_("Colleagues may ask me for advice"))
    until = DateField(_("Do not ask me before"), [Optional()])

    @classmethod
    def of(cls, said: Availability) -> AvailabilityForm:
        """The form with what a member has chosen before; a day that is over is left out."""
        is_away = said.away_until is not None and said.away_until > now()
        until = said.away_until.date() if said.away_until and is_away else None
        return cls(is_asked=said.muted_at is None, until=until)

    @property
    def away_until(self) -> datetime | None:
        """The moment that was chosen, or None."""
        return start_of(self.until.data) if self.until.data else None


class FollowUpForm(Form):
    """What happened next. `seen` is the fingerprint of what was told of it when the form was opened."""

    seen = HiddenField()
    deed = StringField(
        _("What did you do?"),
        [
            DataRequired(_("Say what you did.")),
            Length(max=MAX_DEED, message=_("Shorten this to %(most)s characters.", most=MAX_DEED)),
        ],
        [one_line],
    )
    outcome = RadioField(
        _("Did it work?"),
        [InputRequired(_("Say whether it worked."))],
        choices=list(OUTCOME_NAMES.items()),
    )
    text = TextAreaField(
        _("What others should know"),
        [
            Length(
                max=MAX_STORY,
                message=_(
                    "Shorten what you tell to %(most)s characters.", most=lazy_number(MAX_STORY)
                ),
            )
        ],
    )
    language = language_field()

    @classmethod
    def of(cls, told: FollowUp | None, language: str, **options: Any) -> FollowUpForm:
        """The form with what was told already, or an empty one in a language."""
        fields = follow_up_fields(told)
        return cls(seen=fingerprint(fields), **{"language": language} | fields, **options)

    @property
    def story(self) -> FollowUpText:
        """What was typed, as the action takes it."""
        return FollowUpText(
            self.deed.data or "", self.outcome.data, self.text.data or "", self.language.data
        )
