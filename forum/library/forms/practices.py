"""What may be typed about a practice, and by whoever plans to use it."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional

from forum.clock import month_end, month_in_words
from forum.dialogue.forms import AUDIENCE_NAMES, MYSELF, ORGANISATION, FormWithDraft, audience_field
from forum.history.queries import fingerprint
from forum.library.actions import PracticeText
from forum.library.forms._fields import (
    MAX_LINE,
    MAX_SECTION,
    MAX_SENTENCE,
    MAX_TITLE,
    OFFERED_MONTHS,
    YearField,
    address_validators,
    not_over,
    required_text,
    with_pictures_home,
)
from forum.library.forms.names import EVIDENCE_NAMES, SECTION_NAMES
from forum.library.models import Practice
from forum.library.queries import SECTIONS, TYPED_FIELDS, practice_fields
from forum.members.forms import at_most, city_choice, one_line, whole_address
from forum.permissions import PUBLIC
from forum.webforms import Form
from forum.webforms import lazy_text as _


def _section_field(name: str) -> TextAreaField:
    return TextAreaField(SECTION_NAMES[name], [at_most(MAX_SECTION)], [with_pictures_home])


class PracticeForm(FormWithDraft):
    """A practice: first the fields of a short one, then the optional fields of a full one; `seen` as in `CaseForm`."""

    typed = TYPED_FIELDS
    kept_hidden = ("adapt", "seen")

    title = StringField(
        _("Title"), required_text(_("Give the practice a title."), MAX_TITLE), [one_line]
    )
    agenda = SelectField(_("Agenda"), [DataRequired(_("Choose an agenda."))])
    city = StringField(_("City"), [at_most(MAX_LINE)], [one_line])
    city_id = city_choice()
    sentence = TextAreaField(
        _("In one sentence"),
        required_text(_("Say in one sentence what it is."), MAX_SENTENCE),
        [one_line],
    )
    link = StringField(_("Link"), address_validators(), [one_line, whole_address])
    challenge = _section_field("challenge")
    done = _section_field("done")
    resources = _section_field("resources")
    results = _section_field("results")
    failure = _section_field("failure")
    lessons = _section_field("lessons")
    needs = _section_field("needs")
    failure_audience = RadioField(
        _("Who can read what did not work"), choices=list(AUDIENCE_NAMES.items()), default=PUBLIC
    )
    evidence = RadioField(
        _("How do you know the results?"),
        choices=[("", _("Not known")), *EVIDENCE_NAMES.items()],
        default="",
    )
    cost = StringField(_("Cost in short"), [at_most(MAX_LINE)], [one_line])
    started = YearField(_("Started in"), [Optional()])
    revisit_on = DateField(_("Look at it again on"), [Optional(), not_over])
    themes = SelectMultipleField(_("Themes"), coerce=int)
    language = SelectField(_("Language"), default="en")
    audience = audience_field()
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)
    seen = HiddenField()
    adapt = HiddenField(validators=[Length(max=MAX_LINE)])

    @classmethod
    def of(cls, practice: Practice, **options: Any) -> PracticeForm:
        """The form filled with the present values of a practice; `options` may name another language."""
        names = ("title", "sentence", "link", "evidence", "cost", "started", "revisit_on")
        choices = ("language", "audience", "failure_audience", "city_id")
        words = {name: getattr(practice, name) for name in (*names, *choices)}
        words |= {part.name: part.source for part in practice.sections}
        words |= {
            "seen": fingerprint(practice_fields(practice)),
            "agenda": practice.agenda.slug,
            "city": practice.city.label if practice.city else "",
            "themes": [theme.id for theme in practice.themes],
            "writes_for": ORGANISATION if practice.organisation_id else MYSELF,
        }
        return cls(**words | options)

    def text(
        self, adapted_from_id: int | None = None, *, for_organisation: bool | None = None
    ) -> PracticeText:
        """What was typed, as the action expects it; `members.views.choose_city` must have set `city_id` before."""
        return PracticeText(
            title=self.title.data or "",
            sentence=self.sentence.data or "",
            link=self.link.data or "",
            city_id=self.city_id.data,
            evidence=self.evidence.data or "",
            cost=self.cost.data or "",
            started=self.started.data,
            language=self.language.data,
            audience=self.audience.data,
            failure_audience=self.failure_audience.data,
            revisit_on=self.revisit_on.data,
            theme_ids=self.themes.data or (),
            sections={name: self[name].data or "" for name in SECTIONS},
            adapted_from_id=adapted_from_id,
            for_organisation=for_organisation,
        )

    def take_draft(self) -> None:
        """Accept a draft without the sentence, which is required when the practice is submitted."""
        self.sentence.validators = [at_most(MAX_SENTENCE)]

    @property
    def whole_text(self) -> str:
        """All texts that were typed, in Markdown."""
        return "\n\n".join(self[name].data or "" for name in ("sentence", *SECTIONS))

    @property
    def has_full_part(self) -> bool:
        """Whether a field of the full practice is filled in or has errors, so that the page shows these fields unfolded."""
        names = (*SECTIONS, "evidence", "cost", "started", "revisit_on")
        return any(self[name].data or self[name].errors for name in names)


class IntentionForm(Form):
    """Until when one wants to have tried something: the last day of a month, one of several choices."""

    until = RadioField(
        _("By when?"), [DataRequired(_("Choose by when you want to have tried it."))], coerce=str
    )

    def offer(self, today: date, kept: date | None) -> None:
        """Offer the ends of some months from today on, and the day that was chosen before (`kept`)."""
        days = {month_end(months, today) for months in OFFERED_MONTHS}
        if kept and kept >= today:
            days.add(kept)
        self.until.choices = [(day.isoformat(), month_in_words(day)) for day in sorted(days)]

    @property
    def day(self) -> date:
        """The day that was chosen."""
        return date.fromisoformat(self.until.data)
