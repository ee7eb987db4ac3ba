"""What may be typed about cases, practices and readings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    Length,
    Optional,
    Regexp,
    StopValidation,
    ValidationError,
)

from forum.clock import month_end, month_in_words, now
from forum.dialogue.forms import (
    AUDIENCE_NAMES,
    MYSELF,
    ORGANISATION,
    FormWithDraft,
    audience_field,
)
from forum.formrows import TableField
from forum.history.queries import fingerprint
from forum.illustrations import with_local_pictures
from forum.library.actions import (
    MAX_PARAGRAPHS,
    VALID_YEARS,
    CaseText,
    FigureText,
    LinkText,
    PracticeText,
    ReadingText,
)
from forum.library.models import (
    DRAFT,
    PUBLISHED,
    RETURNED,
    SUBMITTED,
    Case,
    Practice,
    Reading,
)
from forum.library.queries import (
    EVIDENCE,
    FIGURE_PARTS,
    LINK_PARTS,
    SECTIONS,
    TYPED_FIELDS,
    case_fields,
    practice_fields,
    reading_fields,
)
from forum.markdown import MAX_SOURCE, paragraphs
from forum.members.forms import at_most, city_choice, one_line, whole_address
from forum.permissions import PUBLIC, Person
from forum.pictures.queries import with_own_links
from forum.web import settings
from forum.webforms import Form, Row
from forum.webforms import lazy_text as _
from forum.webforms import lazy_word as pgettext

# Characters
MAX_LINE = 200
MAX_TITLE = 100
MAX_SENTENCE = 200
MAX_SUMMARY = 400
MAX_ADDRESS = 1_000
MAX_SECTION = 8_000
MAX_READING_LINE = 400  # characters of the title or the authors of a best read
MAX_WHY = 800
OFFERED_MONTHS = (1, 3, 6, 12, 24)  # choices for the end of an intention
MAX_WORDS = 1_000  # characters of a source, or of a link's text
MAX_ROWS = 40
# Attributes of fields in rows
OF_A_MEMBER = {"dir": "auto"}
OF_AN_ADDRESS = {"inputmode": "url", "dir": "ltr"}

KIND_NAMES = {
    "network": _("City network"),
    "city project": _("City project"),
    "programme": _("Programme"),
}
STATUS_NAMES = {"running": _("Running"), "ended": _("Ended"), "renamed": _("Renamed")}
LINK_NAMES = {
    "site": _("Website"),
    "report": pgettext("reading", "Report"),
    "article": _("Article"),
    "data": _("Data"),
}
READING_NAMES = {
    "book": _("Book"),
    "report": pgettext("reading", "Report"),
    "article": _("Article"),
    "website": _("Website"),
    "film": _("Film"),
}
EVIDENCE_NAMES = {
    "told": _("Told"),
    "counted": _("Counted by us"),
    "measured": _("Measured before and after"),
    "studied": _("Studied by others"),
}
EVIDENCE_LEVELS = {name: level for level, name in enumerate(EVIDENCE, 1)}  # 1 is the weakest
EVIDENCE_EXPLANATIONS = {
    "told": _("People who took part say so. Nobody has counted."),
    "counted": _("We have counted something, such as visits or homes, and name the figures."),
    "measured": _("The same was measured before and after, in the same way."),
    "studied": _("Somebody from outside, such as a university, has looked at it and published it."),
}
OUTCOME_NAMES = {
    "kept": _("Kept"),
    "adapted": _("Adapted"),
    "stopped": _("Stopped"),
}
SIZE_NAMES = {
    "town": _("Under 50,000 people"),
    "small": _("50,000 to 250,000"),
    "medium": _("250,000 to 1 million"),
    "large": _("1 to 5 million"),
    "largest": _("More than 5 million"),
}
SECTION_NAMES = {
    "challenge": _("Challenge"),
    "done": _("What was done"),
    "resources": _("Resources and cost"),
    "results": _("Results"),
    "failure": _("What did not work"),
    "lessons": _("Lessons"),
    "needs": _("What another city needs"),
}
STATE_NAMES = {
    DRAFT: _("Draft"),
    SUBMITTED: _("Waiting for a moderator"),
    RETURNED: pgettext("practice", "Returned"),
    PUBLISHED: pgettext("practice", "Published"),
}


class YearField(IntegerField):
    """A field for a year, whose error message says how to write one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a year such as 2024."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = int(typed) if typed.isdecimal() and len(typed) == 4 else None
        if typed and self.data not in VALID_YEARS:
            raise ValueError(gettext("Enter a year, such as 2024."))


def not_over(_form: Any, day: Any) -> None:
    """A validator that refuses a day in the past, unless it is the day that the field had before."""
    if day.data and day.data != day.object_data and day.data < now().date():
        raise StopValidation(gettext("Choose today or a day that is still ahead."))


def address_validators() -> list[Any]:
    """The validators of an optional field for the address of a page."""
    message = _("Enter a whole address, such as https://example.org.")
    return [Optional(), at_most(MAX_ADDRESS), Regexp(r"https?://[^\s/]+\S*$", message=message)]


def with_pictures_home(value: Any) -> Any:
    """A filter of a field: pictures of this forum get local addresses, even if browsers copied absolute ones."""
    return with_local_pictures(value, settings().url) if isinstance(value, str) else value


def use_own_links(author: Person, form: Form, names: Iterable[str]) -> None:
    """Let the texts that an author typed in some fields use those of their pictures and files to which they link."""
    for name in names:
        if name in form and form[name].data:
            form[name].data = with_own_links(author, form[name].data)


def required_text(message: str, max_length: int) -> list[Any]:
    """The validators of a required text; `message` says that it is missing."""
    return [DataRequired(message), at_most(max_length)]


class FigureRow(Row):
    """A figure of a case, with its date and source."""

    label = StringField(
        _("What is counted"),
        required_text(_("Say what is counted."), MAX_LINE),
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    value = StringField(
        _("Value"),
        required_text(_("Give the value."), MAX_LINE),
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    unit = StringField(_("Unit"), [at_most(MAX_LINE)], [one_line], render_kw=OF_A_MEMBER)
    as_at = StringField(_("Date"), [at_most(MAX_LINE)], [one_line], render_kw=OF_A_MEMBER)
    source = StringField(_("Source"), [at_most(MAX_WORDS)], [one_line], render_kw=OF_A_MEMBER)
    address = StringField(
        _("Address of the source"),
        address_validators(),
        [one_line, whole_address],
        render_kw=OF_AN_ADDRESS,
    )


class LinkRow(Row):
    """A link of a case for further reading."""

    label = StringField(
        _("Text"),
        required_text(_("Say what the link leads to."), MAX_WORDS),
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    address = StringField(
        _("Address"),
        [DataRequired(_("Give the address.")), *address_validators()],
        [one_line, whole_address],
        render_kw=OF_AN_ADDRESS,
    )
    kind = SelectField(_("Kind"), choices=list(LINK_NAMES.items()), default="site")


class PlaceRow(Row):
    """A city of a case."""

    city = StringField(_("City"), [at_most(MAX_LINE)], [one_line], render_kw=OF_A_MEMBER)


class CaseForm(Form):
    """A case example: its facts, its text, and tables of figures, links and places.

    `seen` is the fingerprint of the case when the form was opened.
    """

    submission_key = HiddenField(validators=[Length(max=64)])
    seen = HiddenField()
    name = StringField(_("Name"), required_text(_("Give the case a name."), MAX_LINE), [one_line])
    agenda = SelectField(_("Agenda"), validate_choice=True)
    kind = SelectField(_("Kind"), choices=list(KIND_NAMES.items()))
    status = SelectField(_("Status"), choices=list(STATUS_NAMES.items()))
    since = YearField(_("Since"), [Optional()])
    reach = StringField(_("Reach"), [at_most(MAX_LINE)], [one_line])
    summary = TextAreaField(
        _("Summary"),
        required_text(_("Say in a sentence or two what it is."), MAX_SUMMARY),
        [one_line],
    )
    body = TextAreaField(
        _("Text"),
        required_text(_("Write the text of the case."), MAX_SOURCE),
        [with_pictures_home],
    )
    language = SelectField(_("Language"), default="en")
    checked_on = DateField(_("Facts checked on"), [Optional()])
    places = TableField(_("Places"), PlaceRow, MAX_ROWS)
    figures = TableField(_("Figures"), FigureRow, MAX_ROWS)
    links = TableField(_("Links"), LinkRow, MAX_ROWS)
    themes = SelectMultipleField(_("Themes"), coerce=int)

    @classmethod
    def of(cls, case: Case, **options: Any) -> CaseForm:
        """The form with what a case says now."""
        names = ("name", "kind", "status", "since", "reach", "summary", "body", "language")
        words = {name: getattr(case, name) for name in (*names, "checked_on")}
        return cls(
            **words,
            seen=fingerprint(case_fields(case)),
            agenda=case.agenda.slug,
            places=[{"city": f"{city.name}, {city.country}"} for city in case.places],
            figures=[_as_row(figure, FIGURE_PARTS) for figure in case.figures],
            links=[_as_row(link, LINK_PARTS) for link in case.links],
            themes=[theme.id for theme in case.themes],
            **options,
        )

    def validate_body(self, field: TextAreaField) -> None:
        """Refuse more than `MAX_PARAGRAPHS`."""
        if len(paragraphs(field.data or "")) > MAX_PARAGRAPHS:
            message = gettext("Write at most %(most)s paragraphs.", most=MAX_PARAGRAPHS)
            raise ValidationError(message)

    def text(self, city_ids: Sequence[int]) -> CaseText:
        """What was typed, as the action expects it."""
        return CaseText(
            name=self.name.data or "",
            kind=self.kind.data,
            summary=self.summary.data or "",
            body=self.body.data or "",
            reach=self.reach.data or "",
            since=self.since.data,
            status=self.status.data,
            language=self.language.data,
            checked_on=self.checked_on.data,
            city_ids=city_ids,
            theme_ids=self.themes.data or (),
            figures=[FigureText(**row) for row in self.figures.data],
            links=[LinkText(**row) for row in self.links.data],
        )


def _section_field(name: str) -> TextAreaField:
    return TextAreaField(SECTION_NAMES[name], [at_most(MAX_SECTION)], [with_pictures_home])


def _as_row(item: Any, names: Iterable[str]) -> dict[str, str]:
    return {name: getattr(item, name) for name in names}


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
    submission_key = HiddenField(validators=[Length(max=64)])
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


class ReadingForm(Form):
    """A best read; `seen` as in `CaseForm`."""

    seen = HiddenField()
    title = StringField(
        _("Title"), required_text(_("Write the title."), MAX_READING_LINE), [one_line]
    )
    authors = StringField(
        _("Authors"), required_text(_("Say who wrote it."), MAX_READING_LINE), [one_line]
    )
    year = YearField(_("Year"), [Optional()])
    kind = SelectField(_("Kind"), choices=list(READING_NAMES.items()))
    link = StringField(_("Link"), address_validators(), [one_line, whole_address])
    why = TextAreaField(_("Why it matters"), [at_most(MAX_WHY)])
    language = SelectField(_("Language"), default="en")

    @classmethod
    def of(cls, reading: Reading, **options: Any) -> ReadingForm:
        """The form with what a best read says now."""
        names = ("title", "authors", "year", "kind", "link", "why", "language")
        words = {name: getattr(reading, name) for name in names}
        return cls(**words, seen=fingerprint(reading_fields(reading)), **options)

    @property
    def text(self) -> ReadingText:
        """What was typed, as the action takes it."""
        return ReadingText(
            title=self.title.data or "",
            authors=self.authors.data or "",
            year=self.year.data,
            kind=self.kind.data,
            link=self.link.data or "",
            why=self.why.data or "",
            language=self.language.data,
        )


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
