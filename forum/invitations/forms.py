"""The forms for who may join and for making invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import TextInput

from forum.clock import now
from forum.history.queries import fingerprint
from forum.invitations.actions import (
    MAX_QUESTIONS,
    MAX_USES,
    EntranceText,
    InvitationText,
)
from forum.invitations.models import Entrance
from forum.invitations.queries import entrance_fields
from forum.members.forms import at_most, number_or_none, one_line
from forum.members.models import Member
from forum.webforms import Form
from forum.webforms import lazy_text as _

MAX_QUESTION, MAX_READY_ANSWER, MAX_NOTE = 200, 1_000, 500  # characters
READY_ANSWERS = 3
MAX_VALIDITY = timedelta(days=366)
MODE_NAMES = {
    "open": _("Open"),
    "approval": _("By approval"),
    "invitation": _("By invitation only"),
}
MODE_NOTES = {
    "open": _("Everybody who confirms an e-mail address is a member."),
    "approval": _("Moderators look at each request first. Invitations skip this."),
    "invitation": _("Only people with an invitation can join."),
}
INVITER_NAMES = {"moderators": _("Moderators and administrators"), "members": _("Every member")}


class EntranceForm(Form):
    """Who may join, what is asked, and ready answers; the numbered fields are added below the class.

    `seen` is the fingerprint of what was chosen when the form was opened.
    """

    seen = HiddenField()
    mode = RadioField(_("Who may join?"), choices=list(MODE_NAMES.items()))
    inviters = RadioField(_("Who makes invitations?"), choices=list(INVITER_NAMES.items()))

    def numbered(self, name: str, most: int) -> list[Any]:
        """The fields `<name>_1` to `<name>_<most>`, in order."""
        return [self[f"{name}_{number}"] for number in range(1, most + 1)]

    @classmethod
    def of(cls, entrance: Entrance, **options: Any) -> EntranceForm:
        """The form filled with the present choice."""
        said: dict[str, Any] = {"mode": entrance.mode, "inviters": entrance.inviters}
        said["seen"] = fingerprint(entrance_fields(entrance))
        for number, (words, is_required) in enumerate(entrance.questions, 1):
            said |= {f"question_{number}": words, f"required_{number}": is_required}
        for name, answers in (("welcome", entrance.welcomes), ("refusal", entrance.refusals)):
            said |= {f"{name}_{number}": words for number, words in enumerate(answers, 1)}
        return cls(**said, **options)

    @property
    def text(self) -> EntranceText:
        """What was chosen, with the questions in the order of their fields."""
        asked = self.numbered("question", MAX_QUESTIONS)
        required = self.numbered("required", MAX_QUESTIONS)
        pairs = ((q.data or "", bool(r.data)) for q, r in zip(asked, required, strict=True))
        return EntranceText(
            mode=self.mode.data,
            inviters=self.inviters.data,
            questions=tuple(pairs),
            welcomes=tuple(f.data or "" for f in self.numbered("welcome", READY_ANSWERS)),
            refusals=tuple(f.data or "" for f in self.numbered("refusal", READY_ANSWERS)),
        )


def _add_numbered() -> None:
    for number in range(1, MAX_QUESTIONS + 1):
        question = StringField(
            _("Question %(number)s", number=number), [at_most(MAX_QUESTION)], [one_line]
        )
        setattr(EntranceForm, f"question_{number}", question)
        required = BooleanField(_("Question %(number)s must be answered", number=number))
        setattr(EntranceForm, f"required_{number}", required)
    for number in range(1, READY_ANSWERS + 1):
        welcome = TextAreaField(_("Welcome %(number)s", number=number), [at_most(MAX_READY_ANSWER)])
        refusal = TextAreaField(_("Reason %(number)s", number=number), [at_most(MAX_READY_ANSWER)])
        setattr(EntranceForm, f"welcome_{number}", welcome)
        setattr(EntranceForm, f"refusal_{number}", refusal)


_add_numbered()


class LastDay(DateField):
    """A field for a last day: from today on, within a year."""

    def pre_validate(self, form: Any) -> None:
        """Refuse every other day."""
        today = now().date()
        is_near = self.data is not None and today <= self.data <= today + MAX_VALIDITY
        if not is_near and not self.errors:
            raise ValidationError(gettext("Choose a day from today on, within a year."))


class InvitationForm(Form):
    """How many people an invitation admits, until when, and for which organisation."""

    uses = IntegerField(
        _("How many people may join with it?"),
        [
            InputRequired(_("Choose a number from 1 to %(most)s.", most=MAX_USES)),
            NumberRange(1, MAX_USES, _("Choose a number from 1 to %(most)s.", most=MAX_USES)),
        ],
        default=1,
        widget=TextInput(),  # as for places in an order
    )
    ends_on = LastDay(_("Last day"))
    organisation = SelectField(_("Organisation"), coerce=number_or_none)
    note = StringField(_("A sentence for the person who gets it"), [at_most(MAX_NOTE)], [one_line])

    @property
    def text(self) -> InvitationText:
        """What was chosen; an invitation is valid until the end of its last day, in UTC."""
        day = self.ends_on.data or now().date()
        ends_at = datetime.combine(day, time(23, 59, 59), UTC)
        return InvitationText(
            self.uses.data or 0, ends_at, self.note.data or "", self.organisation.data
        )


ALL, NAMED = "all", "named"


class VoiceDay(DateField):
    """A field for the last day on which a member writes for an organisation; optional."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Refuse what is no day."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(gettext("Choose a day from today on, within ten years.")) from None


class VoicesForm(Form):
    """Who writes for an organisation: all its members, or the selected ones; and the last day of each of these.

    Each member has a field for the last day (`until_<id>`). `seen` is the fingerprint of the choice when the form was
    opened.
    """

    seen = HiddenField()
    writers = RadioField(
        _("Who writes for it?"),
        choices=[(ALL, _("All its members")), (NAMED, _("Only those named below"))],
        default=ALL,
    )
    voices = SelectMultipleField(_("Who is named"), coerce=int)

    @classmethod
    def of(cls, people: Sequence[Member], fields: Mapping[str, Any], **options: Any) -> VoicesForm:
        """The form for some members with what is chosen now; `fields` are those of `organisation_to_speak_for`."""
        days = {
            f"until_{member.id}": VoiceDay(
                gettext("Last day of %(name)s", name=member.name), [Optional()]
            )
            for member in people
        }
        named = [member for member in people if str(member.id) in fields["voices"]]
        chosen = {
            "writers": NAMED if fields["names_voices"] else ALL,
            "voices": [member.id for member in named],
            "seen": fingerprint(fields),
            **{
                f"until_{member.id}": member.voice_until
                for member in named
                if fields["voices"][str(member.id)]
            },
        }
        form: VoicesForm = type("VoicesForm", (cls,), days)(data=chosen, **options)
        form.voices.choices = [(member.id, member.name) for member in people]
        return form

    @property
    def member_ids(self) -> list[int] | None:
        """The ids of those who are named; None for all members."""
        return self.voices.data or [] if self.writers.data == NAMED else None

    @property
    def last_days(self) -> dict[int, date]:
        """The last day of each who is named and has one, by id."""
        days = {member_id: self[f"until_{member_id}"].data for member_id in self.member_ids or []}
        return {member_id: day for member_id, day in days.items() if day}
