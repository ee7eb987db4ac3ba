"""What may be typed about cases, practices and readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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

from forum.clock import now
from forum.dialogue.forms import MYSELF, ORGANISATION
from forum.library.actions import (
    MAX_PARAGRAPHS,
    VALID_YEARS,
    CaseText,
    FigureText,
    LinkText,
    PracticeText,
    ReadingText,
)
from forum.library.queries import EVIDENCE, FIGURE_PARTS, LINK_PARTS, SECTIONS
from forum.markdown import MAX_SOURCE, paragraphs
from forum.members.forms import at_most, city_choice, one_line, whole_address
from forum.permissions import MEMBERS, PUBLIC
from forum.plaintext import single_line
from forum.webforms import Form
from forum.webforms import lazy_text as _

# Characters
MAX_LINE = 200
MAX_TITLE = 100
MAX_SENTENCE = 200
MAX_SUMMARY = 400
MAX_ADDRESS = 1_000
MAX_SECTION = 8_000
MAX_PLACES = 2_000  # of all lines together
MAX_READING_LINE = 400  # title or authors of a best read
MAX_WHY = 800
MAX_QUOTED = 60  # of a typed text that a message repeats
MAX_ROWS = 40
SEPARATOR = " | "
LABELLED_ADDRESS = re.compile(r"([^|]*[^|\s:]):? (https?://[^|\s]+)")

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


class YearField(IntegerField):
    """A field for a year, whose error says how to write one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a year such as 2024."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = int(typed) if typed.isdecimal() and len(typed) == 4 else None
        if typed and self.data not in VALID_YEARS:
            raise ValueError(gettext("Enter a year, such as 2024."))


def not_over(_form: Any, day: Any) -> None:
    """Stop at a day before today, unless the field said so before."""
    if day.data and day.data != day.object_data and day.data < now().date():
        raise StopValidation(gettext("Choose today or a day that is still ahead."))


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.split("|")]


def _link_parts(line: str) -> list[str]:
    """The parts of a link, which begins where its address says so if there are no bars: `The plan https://example.org`."""
    labelled = LABELLED_ADDRESS.fullmatch(line)
    return list(labelled.groups()) if labelled else _parts(line)


class TableField(TextAreaField):
    """A table as text: each line is a row, with its parts separated by bars. All problems of all rows are told at once.

    `names` are the columns, of which the first `required_count` must not be empty. `problems` is a function that yields a
    sentence for everything else that is wrong with a row; `split` finds the parts of a line.
    """

    def __init__(
        self,
        label: str,
        names: Sequence[str],
        required_count: int,
        problems: Callable[[dict[str, str]], Iterator[str]],
        split: Callable[[str], list[str]] = _parts,
        **options: Any,
    ) -> None:
        super().__init__(label, [at_most(MAX_SOURCE)], **options)
        self.names, self.required_count, self.problems = names, required_count, problems
        self.split = split

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed, without the bars of columns in which nothing was typed."""
        super().process_formdata(valuelist)
        lines = (self.data or "").split("\n")
        self.data = "\n".join(line.rstrip("\r" + SEPARATOR) for line in lines)

    @property
    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """The lines that are not empty: (number, parts)."""
        for number, line in enumerate((self.data or "").split("\n"), 1):
            if line.strip():
                yield number, self.split(single_line(line))

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows, each a dictionary by column; columns at the end of which nothing was typed are missing."""
        return [self._row(parts) for _number, parts in self.lines]

    def _row(self, parts: Iterable[str]) -> dict[str, str]:
        row = dict(zip(self.names, parts, strict=False))
        return {**row, "address": whole_address(row["address"])} if "address" in row else row

    def pre_validate(self, form: Any) -> None:
        """Refuse more than `MAX_ROWS` rows, else note what is wrong with each of them."""
        lines = list(self.lines)
        if len(lines) > MAX_ROWS:
            raise StopValidation(self._too_many)
        self.errors = [
            *self.errors,
            *(
                self._problem_of_line(number, problem)
                for number, parts in lines
                for problem in self._problems(parts)
            ),
        ]

    @property
    def _too_many(self) -> str:
        name = self.label.text
        return gettext("%(field)s: write at most %(most)s lines.", field=name, most=MAX_ROWS)

    def _problem_of_line(self, number: int, why: str) -> str:
        name = self.label.text
        return gettext("%(field)s, line %(number)s: %(why)s", field=name, number=number, why=why)

    def _problems(self, parts: list[str]) -> Iterable[str]:
        required = parts[: self.required_count]
        is_incomplete = len(required) < self.required_count or not all(required)
        if is_incomplete or len(parts) > len(self.names):
            words = quoted(SEPARATOR.join(parts))
            return [
                gettext(
                    "write the parts of %(words)s in the order shown, with a bar between them.",
                    words=words,
                )
            ]
        return self.problems(self._row(parts))


def quoted(typed: str) -> str:
    """The beginning of a typed text in quotation marks, to be named in a message."""
    shortened = typed if len(typed) <= MAX_QUOTED else f"{typed[:MAX_QUOTED]}…"
    return f"“{shortened}”"


def format_rows(items: Iterable[Any], names: Sequence[str]) -> str:
    """The text of a `TableField` with a line for each item, of its attributes `names`; a bar in a value becomes a slash."""
    rows = [[getattr(item, name).replace("|", "/") for name in names] for item in items]
    return "\n".join(SEPARATOR.join(row).rstrip(SEPARATOR) for row in rows)


def address_validators() -> list[Any]:
    """The validators of a field for the address of a page, which may stay empty."""
    message = _("Enter a whole address, such as https://example.org.")
    return [Optional(), at_most(MAX_ADDRESS), Regexp(r"https?://[^\s/]+\S*$", message=message)]


def required_text(message: str, max_length: int) -> list[Any]:
    """The validators of a text that must not be empty; `message` says so."""
    return [DataRequired(message), at_most(max_length)]


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
    for name in ("label", "value", "unit", "as_at"):
        if len(typed := row.get(name, "")) > MAX_LINE:
            yield gettext(
                "%(words)s is too long. Write at most %(most)s characters.",
                words=quoted(typed),
                most=MAX_LINE,
            )


def _address_problems(typed: str) -> Iterator[str]:
    if not typed.startswith(("https://", "http://")) or len(typed) > MAX_ADDRESS:
        yield gettext(
            "%(words)s is not a whole address, such as https://example.org.", words=quoted(typed)
        )


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
    body = TextAreaField(_("Text"), required_text(_("Write the text of the case."), MAX_SOURCE))
    language = SelectField(_("Language"), default="en")
    checked_on = DateField(_("Facts checked on"), [Optional()])
    places = TextAreaField(_("Places"), [at_most(MAX_PLACES)])
    figures = TableField(_("Figures"), FIGURE_PARTS, 2, _figure_problems)
    links = TableField(_("Links"), LINK_PARTS, 2, _link_problems, split=_link_parts)
    themes = SelectMultipleField(_("Themes"), coerce=int)

    def validate_body(self, field: TextAreaField) -> None:
        """Refuse more than `MAX_PARAGRAPHS`."""
        if len(paragraphs(field.data or "")) > MAX_PARAGRAPHS:
            message = gettext("At most %(most)s paragraphs, please.", most=MAX_PARAGRAPHS)
            raise ValidationError(message)

    def text(self, city_ids: Sequence[int]) -> CaseText:
        """What was typed, as the action takes it."""
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


def _section_field(name: str) -> TextAreaField:
    return TextAreaField(SECTION_NAMES[name], [at_most(MAX_SECTION)])


class PracticeForm(Form):
    """A practice: the short one first, then what makes it a full one, which may stay empty; `seen` as in `CaseForm`."""

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
    audience = RadioField(
        _("Who can read it"), choices=list(AUDIENCE_NAMES.items()), default=PUBLIC
    )
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)
    submission_key = HiddenField(validators=[Length(max=64)])
    seen = HiddenField()
    adapt = HiddenField(validators=[Length(max=MAX_LINE)])

    def text(self, adapted_from_id: int | None = None) -> PracticeText:
        """What was typed, as the action takes it; `members.views.choose_city` must have set `city_id` before."""
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

    def take_draft(self) -> None:
        """Accept the form without the sentence, which is asked for when the practice is submitted."""
        self.sentence.validators = [at_most(MAX_SENTENCE)]

    @property
    def whole_text(self) -> str:
        """All that was typed as text, in Markdown."""
        return "\n\n".join(self[name].data or "" for name in ("sentence", *SECTIONS))

    @property
    def has_full_part(self) -> bool:
        """Whether a field of the full practice is filled in or has errors, so that the page shows them unfolded."""
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
