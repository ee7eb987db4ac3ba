"""What may be typed about cases, practices and readings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask_babel import gettext
from wtforms import (
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, Regexp, StopValidation

from forum.dialogue.forms import MYSELF, ORGANISATION
from forum.library.actions import (
    CaseText,
    FigureText,
    LinkText,
    PracticeText,
    ReadingText,
)
from forum.library.queries import EVIDENCE, FIGURE_PARTS, LINK_PARTS, SECTIONS
from forum.markup import MAX_SOURCE
from forum.members.forms import Day, at_most, city_choice, one_line
from forum.permissions import MEMBERS, PUBLIC
from forum.webforms import Form
from forum.webforms import lazy_text as _

LINE = 200
TITLE = 100
SENTENCE = 200
SUMMARY = 400
ADDRESS = 1_000
PART = 8_000
MAX_ROWS = 40
MAX_QUOTED = 60  # characters of what was typed that a message repeats
SEPARATOR = " | "

KIND_NAMES = {
    "network": _("City network"),
    "city project": _("City project"),
    "programme": _("Programme"),
}
STATUS_NAMES = {"running": _("Running"), "ended": _("Ended"), "renamed": _("Renamed")}
LINK_NAMES = {
    "site": _("Website"),
    "report": _("Report"),
    "article": _("Article"),
    "data": _("Data"),
}
READING_NAMES = {
    "book": _("Book"),
    "report": _("Report"),
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
EVIDENCE_MEANS = {
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
    "small": _("Under 100,000 people"),
    "medium": _("100,000 to 500,000"),
    "large": _("500,000 to 2 million"),
    "largest": _("More than 2 million"),
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
    "draft": _("Draft"),
    "submitted": _("Waiting for a moderator"),
    "returned": _("Returned"),
    "published": _("Published"),
}
AUDIENCE_NAMES = {PUBLIC: _("Everyone"), MEMBERS: _("Members only")}


class Year(IntegerField):
    """A year that says what to do when it cannot be read."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a year such as 2024."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = int(typed) if typed.isdecimal() and len(typed) == 4 else None
        if typed and self.data is None:
            raise ValueError(gettext("Enter a year, such as 2024."))


class Rows(TextAreaField):
    """The rows of a table, one on each line, their parts between bars; the first `needed` parts are compulsory.

    `problems` says in sentences what else is wrong with a row. All problems of all lines are told at once.
    """

    def __init__(
        self,
        label: str,
        names: Sequence[str],
        needed: int,
        problems: Callable[[dict[str, str]], Iterator[str]],
        **options: Any,
    ) -> None:
        super().__init__(label, [at_most(MAX_SOURCE)], **options)
        self.names, self.needed, self.problems = names, needed, problems

    @property
    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """The lines that are not empty, each with its number and parts."""
        for number, line in enumerate((self.data or "").split("\n"), 1):
            if line.strip():
                yield number, [" ".join(part.split()) for part in line.split("|")]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows, each by the names of its parts."""
        return [self._row(parts) for _number, parts in self.lines]

    def _row(self, parts: Iterable[str]) -> dict[str, str]:
        return dict(zip(self.names, parts, strict=False))

    def pre_validate(self, form: Any) -> None:
        """Refuse too many rows, and tell of each line what is wrong with it."""
        lines = list(self.lines)
        if len(lines) > MAX_ROWS:
            raise StopValidation(self._too_many)
        self.errors = [
            *self.errors,
            *(self._said(number, why) for number, parts in lines for why in self._problems(parts)),
        ]

    @property
    def _too_many(self) -> str:
        name = self.label.text
        return gettext("%(field)s: write at most %(most)s lines.", field=name, most=MAX_ROWS)

    def _said(self, number: int, why: str) -> str:
        name = self.label.text
        return gettext("%(field)s, line %(number)s: %(why)s", field=name, number=number, why=why)

    def _problems(self, parts: list[str]) -> Iterable[str]:
        if len(parts) > len(self.names) or not all((parts + [""] * 9)[: self.needed]):
            words = quoted(SEPARATOR.join(parts))
            return [
                gettext(
                    "write the parts of %(words)s in the order shown, with a bar between them.",
                    words=words,
                )
            ]
        return self.problems(self._row(parts))


def quoted(typed: str) -> str:
    """The beginning of what was typed, as a message names it."""
    return f"“{typed if len(typed) <= MAX_QUOTED else typed[:MAX_QUOTED] + '…'}”"


def rows_of(things: Iterable[Any], names: Sequence[str]) -> str:
    """The text of a `Rows` field that says these things."""
    lines = [[getattr(thing, name).replace("|", "/") for name in names] for thing in things]
    return "\n".join(SEPARATOR.join(parts).rstrip(" |") for parts in lines)


def address() -> list[Any]:
    """The checks of a field for the address of a page."""
    whole = _("Enter a whole address, such as https://example.org.")
    return [Optional(), at_most(ADDRESS), Regexp(r"https?://[^\s/]+\S*$", message=whole)]


def required(sentence: str, most: int) -> list[Any]:
    """The checks of a text that must be there."""
    return [DataRequired(sentence), at_most(most)]


def _link_problems(row: dict[str, str]) -> Iterator[str]:
    yield from _address_problems(row["address"])
    if row.get("kind", "site") not in ("", *LINK_NAMES):
        kinds = ", ".join(LINK_NAMES)
        yield gettext(
            "%(words)s is no kind of link. The kind is one of %(kinds)s.",
            words=quoted(row["kind"]),
            kinds=kinds,
        )


def _figure_problems(row: dict[str, str]) -> Iterator[str]:
    if address := row.get("address", ""):
        yield from _address_problems(address)
    for name in FIGURE_PARTS[:4]:
        if len(typed := row.get(name, "")) > LINE:
            yield gettext(
                "%(words)s is too long. Write at most %(most)s characters.",
                words=quoted(typed),
                most=LINE,
            )


def _address_problems(typed: str) -> Iterator[str]:
    if not typed.startswith(("https://", "http://")) or len(typed) > ADDRESS:
        yield gettext(
            "%(words)s is not a whole address, such as https://example.org.", words=quoted(typed)
        )


class CaseForm(Form):
    """A case example: its facts, its text, and rows of figures, links and places.

    `seen` is the fingerprint of what it said when the form was opened.
    """

    submission_key = HiddenField(validators=[Length(max=64)])
    seen = HiddenField()
    name = StringField(_("Name"), required(_("Give the case a name."), LINE), [one_line])
    agenda = SelectField(_("Agenda"), validate_choice=True)
    kind = SelectField(_("Kind"), choices=list(KIND_NAMES.items()))
    status = SelectField(_("Status"), choices=list(STATUS_NAMES.items()))
    since = Year(_("Since"), [Optional()])
    reach = StringField(_("Reach"), [at_most(LINE)], [one_line])
    summary = TextAreaField(
        _("Summary"), required(_("Say in a sentence or two what it is."), SUMMARY), [one_line]
    )
    body = TextAreaField(_("Text"), required(_("Write the text of the case."), MAX_SOURCE))
    language = SelectField(_("Language"), default="en")
    checked_on = Day(_("Facts checked on"), [Optional()])
    places = TextAreaField(_("Places"), [at_most(2_000)])
    figures = Rows(_("Figures"), FIGURE_PARTS, 2, _figure_problems)
    links = Rows(_("Links"), LINK_PARTS, 2, _link_problems)
    themes = SelectMultipleField(_("Themes"), coerce=int)

    def text(self, city_ids: Sequence[int]) -> CaseText:
        """What was typed, as the deed takes it."""
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
            figures=[FigureText(**row) for row in self.figures.rows],
            links=[
                LinkText(**{**row, "kind": row.get("kind") or "site"}) for row in self.links.rows
            ],
        )


def _part(name: str) -> TextAreaField:
    return TextAreaField(SECTION_NAMES[name], [at_most(PART)])


class PracticeForm(Form):
    """A practice: the short part first, and the full one, which may stay empty; `seen` as in `CaseForm`."""

    title = StringField(_("Title"), required(_("Give the practice a title."), TITLE), [one_line])
    agenda = SelectField(_("Agenda"), [DataRequired(_("Choose an agenda."))])
    city = StringField(_("City"), [at_most(LINE)], [one_line])
    city_id = city_choice()
    sentence = TextAreaField(
        _("In one sentence"), required(_("Say in one sentence what it is."), SENTENCE), [one_line]
    )
    link = StringField(_("Link"), address(), [one_line])
    challenge = _part("challenge")
    done = _part("done")
    resources = _part("resources")
    results = _part("results")
    failure = _part("failure")
    lessons = _part("lessons")
    needs = _part("needs")
    failure_audience = RadioField(
        _("Who can read what did not work"), choices=list(AUDIENCE_NAMES.items()), default=PUBLIC
    )
    evidence = RadioField(
        _("How do you know the results?"),
        choices=[("", _("Not said")), *EVIDENCE_NAMES.items()],
        default="",
    )
    cost = StringField(_("Cost in short"), [at_most(LINE)], [one_line])
    started = Year(_("Started in"), [Optional()])
    revisit_on = Day(_("Look at it again on"), [Optional()])
    themes = SelectMultipleField(_("Themes"), coerce=int)
    language = SelectField(_("Language"), default="en")
    audience = RadioField(
        _("Who can read it"), choices=list(AUDIENCE_NAMES.items()), default=PUBLIC
    )
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)
    submission_key = HiddenField(validators=[Length(max=64)])
    seen = HiddenField()
    adapt = HiddenField(validators=[Length(max=LINE)])

    def text(self, adapted_from_id: int | None = None) -> PracticeText:
        """What was typed, as the deed takes it; the city must have been chosen."""
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
            for_organisation=bool(self.writes_for and self.writes_for.data == ORGANISATION),
        )

    @property
    def has_full_part(self) -> bool:
        """Whether anything of the full part is filled in or to be put right, so that it stands open."""
        names = (*SECTIONS, "evidence", "cost", "started", "revisit_on")
        return any(self[name].data or self[name].errors for name in names)


class ReadingForm(Form):
    """A best read; `seen` as in `CaseForm`."""

    seen = HiddenField()
    title = StringField(_("Title"), required(_("Write the title."), LINE * 2), [one_line])
    authors = StringField(_("Authors"), required(_("Say who wrote it."), LINE * 2), [one_line])
    year = Year(_("Year"), [Optional()])
    kind = SelectField(_("Kind"), choices=list(READING_NAMES.items()))
    link = StringField(_("Link"), address(), [one_line])
    why = TextAreaField(_("Why it matters"), [at_most(SUMMARY * 2)])
    language = SelectField(_("Language"), default="en")

    @property
    def text(self) -> ReadingText:
        """What was typed, as the deed takes it."""
        return ReadingText(
            title=self.title.data or "",
            authors=self.authors.data or "",
            year=self.year.data,
            kind=self.kind.data,
            link=self.link.data or "",
            why=self.why.data or "",
            language=self.language.data,
        )


def levels() -> dict[str, int]:
    """The level of each kind of evidence, 1 to 4."""
    return {name: level for level, name in enumerate(EVIDENCE, 1)}
