"""Reading a content file: Markdown whose headings make a tree, as docs/content-format.md tells editors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from forum.advice.actions import DEED, STORY
from forum.agendas import forms as agendas
from forum.agendas.actions import RESERVED as RESERVED_FOR_AGENDAS
from forum.db import now
from forum.dialogue.actions import NOTE_LENGTH, TITLE_LENGTHS
from forum.dialogue.models import OUTCOMES
from forum.drawings import PATTERNS
from forum.library import forms as library
from forum.library.actions import MOST_PARAGRAPHS, RESERVED, YEARS
from forum.library.queries import FIGURE
from forum.markup import CONTROLS, MAX_SOURCE, SURROGATES, paragraphs, slugify, tidy
from forum.members.models import PALETTES
from forum.members.queries import language_names
from forum.moderation.actions import MAX_REASON_LENGTH as LONGEST_REPORT
from forum.moderation.actions import REPORT_REASONS
from forum.permissions import AUDIENCES
from forum.transfer.forms._signs import ALMOST_FIELD, BAR, FENCE, SEMICOLON, read_lines, split_at
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, PeopleFile, Values

HEADING = re.compile(r"^(#{1,4}) +(.+?)\s*$")
FIELD = re.compile(r"^- ([a-z][a-z ]{0,40}): *(.*?)\s*$")
TO_WHOM = "passed on to "
PASSED_ON = re.compile(rf"{TO_WHOM}[a-z0-9-]+")
POST_TITLE = re.compile(r"^([a-z0-9-]+), (\d{4}-\d\d-\d\d \d\d:\d\d)$")
SOME_YEAR = re.compile(r"\b[12]\d{3}\b")


@dataclass
class Section:
    """A heading with its fields, its text and the sections below it."""

    level: int
    title: str
    line: int
    fields: list[tuple[str, str, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    everything: list[str] = field(default_factory=list)
    text_line: int = 0
    children: list[Section] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text below the fields, without what keeps it apart from the file."""
        return read_lines(self.lines)

    @property
    def whole_text(self) -> str:
        """All that stands below the heading, as the text of something that has no fields."""
        return read_lines(self.everything)


@dataclass(frozen=True)
class Shape:
    """Which fields a kind of section has: those said once, those that may repeat, those it must have.

    `title` and `text` say how many characters its heading and its text may have.
    """

    once: Mapping[str, Callable[[str], Any]]
    many: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    has_text: bool | None = True  # None: it may have one
    title: range = range(1, library.LINE + 1)
    text: int = MAX_SOURCE


def parse(source: str) -> Section:
    """Read the headings of a file into a tree; the root has no title."""
    root = Section(0, "", 1)
    path = [root]
    for number, line, is_heading in _lines(source):
        if is_heading and (found := HEADING.match(line.rstrip())):
            level = len(found[1])
            path = [section for section in path if section.level < level]
            path[-1].children.append(section := Section(level, found[2], number))
            path.append(section)
            continue
        path[-1].everything.append(line)
        if (found := FIELD.match(line)) and not any(path[-1].lines) and path[-1].level:
            path[-1].fields.append((found[1], found[2], number))
        elif line.strip() or path[-1].lines:
            path[-1].text_line = path[-1].text_line or number
            path[-1].lines.append(line)
    return root


def _lines(source: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with its number, and whether a heading may stand there (not inside a fence of code)."""
    is_open = False
    for number, line in enumerate(_split(source), 1):
        if FENCE.match(line):
            is_open = not is_open
        yield number, tidy(line), not is_open


def _split(source: str) -> list[str]:
    plain = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return plain.split("\n")


def _check_lines(source: str, faults: list[Fault]) -> None:
    """No line holds what no form takes, and every fence of code ends: it would swallow the headings below."""
    lines = _split(source)
    for number, line in enumerate(lines, 1):
        if odd := CONTROLS.search(line) or SURROGATES.search(line):
            sign = f"U+{ord(odd[0]):04X}"
            faults.append(Fault(number, f"take out the sign {sign}, which no text may hold"))
    fences = [number for number, line in enumerate(lines, 1) if FENCE.match(line)]
    if len(fences) % 2:
        faults.append(Fault(fences[-1], "the code that begins here has no end"))


def read(section: Section, shape: Shape, faults: list[Fault]) -> Values:
    """The values of a section's fields by their names (spaces become underscores), with `title` and `text`.

    What is missing, unknown, doubled or wrong is added to `faults`.
    """
    values = Values(section.line, title=section.title, text=section.text)
    values.lines["text"] = [section.text_line] if section.text_line else []
    values.update({name.replace(" ", "_"): [] for name in shape.many})
    for key, value, line in section.fields:
        try:
            _take(values, shape, key, value)
        except ValueError as error:
            faults.append(Fault(line, str(error)))
        else:
            values.lines.setdefault(key.replace(" ", "_"), []).append(line)
    _check_needs(section, shape, faults)
    _check_lengths(section, shape, faults)
    return values


def _take(values: Values, shape: Shape, key: str, value: str) -> None:
    name, convert = key.replace(" ", "_"), shape.once.get(key) or shape.many.get(key)
    if convert is None:
        known = ", ".join([*shape.once, *shape.many])
        raise ValueError(f"there is no field “{key}” here; the fields are {known}")
    if key in shape.once and name in values:
        raise ValueError(f"“{key}” is said twice")
    try:
        converted = convert(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if key in shape.many:
        values[name].append(converted)
    else:
        values[name] = converted


def _check_needs(section: Section, shape: Shape, faults: list[Fault]) -> None:
    said = {key for key, _value, _line in section.fields}
    for key in shape.needs:
        if key not in said:
            faults.append(Fault(section.line, f"“{section.title}” needs the field “- {key}: …”"))
    if shape.has_text is True and not section.text:
        faults.append(Fault(section.line, f"“{section.title}” needs a text"))
    if shape.has_text is False and section.text:
        faults.append(Fault(section.text_line, f"“{section.title}” takes no text of its own"))
    for number, line in enumerate(section.lines, section.text_line):
        found = ALMOST_FIELD.match(line)
        if not found:
            break
        if (name := found[1].lower()) in {*shape.once, *shape.many}:
            faults.append(
                Fault(number, f"write the field as “- {name}: …”, right below the heading")
            )


def _check_lengths(section: Section, shape: Shape, faults: list[Fault]) -> None:
    if len(section.title) not in shape.title:
        least, most = shape.title[0], shape.title[-1]
        limits = f"{least} to {most}" if least > 1 else f"at most {most}"
        faults.append(Fault(section.line, f"write a title of {limits} characters"))
    _check_text(section.text, shape.text, section.text_line, section.title, faults)


def _check_text(text: str, most: int, line: int, title: str, faults: list[Fault]) -> None:
    if len(text) > most:
        long = f"{len(text):,} characters long; {most:,} are the most"
        faults.append(Fault(line, f"the text of “{title}” is {long}"))


def _check_nothing_below(section: Section, faults: list[Fault]) -> None:
    """Headings inside a text have five or six signs; smaller numbers would begin something new, and be lost."""
    for child in section.children:
        message = f"“{child.title}” belongs to nothing; write headings in a text with five or six #"
        faults.append(Fault(child.line, message))


# What a value may be


def up_to(most: int) -> Callable[[str], str]:
    """A converter for some words, at most so many characters."""

    def convert(value: str) -> str:
        if not value:
            raise ValueError("write something, or leave the field out")
        if len(value) > most:
            raise ValueError(f"at most {most:,} characters; these are {len(value):,}")
        return value

    return convert


words = up_to(LONGEST_REPORT)
short = up_to(library.LINE)
theme = up_to(agendas.THEME)


def slug(value: str) -> str:
    """A name for an address, of letters a to z."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > 100:
        raise ValueError(
            "write small letters a to z, digits and single hyphens, such as “land-value”"
        )
    return value


def known_address(value: str) -> str:
    """A name for an address that agendas, cases and practices have: its letters may be of any script."""
    return value if value and slugify(value, "") == value else slug(value)


def address(value: str) -> str:
    """A name for an address that something new gets, just as it is written."""
    if slugify(known_address(value)) != value:
        raise ValueError(f"too long: “{slugify(value)}” is what an address keeps of it")
    if value in RESERVED | RESERVED_FOR_AGENDAS:
        raise ValueError("this is the address of a page of the forum")
    return value


def one_of(*choices: str) -> Callable[[str], str]:
    """A converter that takes one of the choices."""

    def convert(value: str) -> str:
        if value not in choices:
            raise ValueError(f"write one of: {', '.join(choices)}")
        return value

    return convert


def several(value: str) -> list[str]:
    """Values with semicolons between them."""
    return list(filter(None, split_at(SEMICOLON, up_to(MAX_SOURCE)(value))))


def new_themes(value: str) -> list[str]:
    """Names for themes with semicolons between them."""
    return [theme(name) for name in several(value)]


def parts(least: int, most: int) -> Callable[[str], list[str]]:
    """A converter for parts with bars between them; missing ones at the end are empty."""

    def convert(value: str) -> list[str]:
        found = split_at(BAR, value)
        if not least <= len(found) <= most or not all(found[:least]):
            raise ValueError(f"write {least} to {most} parts with “ | ” between them")
        return found + [""] * (most - len(found))

    return convert


def year(value: str) -> int:
    """A year of four digits."""
    if not re.fullmatch(r"[0-9]{4}", value) or int(value) not in YEARS:
        raise ValueError("write a year, such as 2024")
    return int(value)


def whole(value: str) -> int:
    """A whole number from 0 to 9,999."""
    if not re.fullmatch(r"[0-9]{1,4}", value):
        raise ValueError("write a whole number, such as 3")
    return int(value)


def day(value: str) -> date:
    """A date, or a year, which stands for its first day."""
    try:
        return date(int(value), 1, 1) if len(value) == 4 else date.fromisoformat(value)
    except ValueError:
        raise ValueError("write a date, such as 2026-10-12") from None


def past_day(value: str) -> date:
    """A date that is not in the future, or a year, which stands for its first day."""
    found = day(value)
    if found > now().date():
        raise ValueError("this day is in the future")
    return found


def moment(value: str) -> datetime:
    """A date and time in UTC, when something has been said or done."""
    try:
        found = datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("write a date and time, such as 2026-10-12 14:10") from None
    if found > now():
        raise ValueError("this moment is in the future")
    return found


def yes(value: str) -> bool:
    """The word yes or no."""
    return one_of("yes", "no")(value) == "yes"


def language(value: str) -> str:
    """A language by its ISO 639 code."""
    if value not in language_names():
        raise ValueError("write the code of a language, such as en or pt")
    return value


def link(value: str) -> str:
    """An address on the web."""
    if not re.fullmatch(r"https?://[^\s/<>\"][^\s<>\"]{2,}", up_to(library.ADDRESS)(value)):
        raise ValueError("write an address that begins with https://")
    return value


def named_link(value: str) -> list[str]:
    """The words of a link, its address, and what is found there."""
    label, target, kind = parts(2, 3)(value)
    return [label, link(target), one_of(*library.LINK_NAMES)(kind or "site")]


def figure(value: str) -> list[str]:
    """The parts of a figure in their order; it has a date and a source, and may lack unit and address."""
    found = parts(2, len(FIGURE))(value)
    *said, source, target = found
    if not SOME_YEAR.search(found[FIGURE.index("as_at")]) or not source:
        raise ValueError("say of when it is and who says so: label | value | unit | 2025 | source")
    for part in filter(None, said):
        short(part)
    if target:
        link(target)
    return found


def tried(value: str) -> list[str]:
    """Who tried it, what became of it, and a sentence that says why."""
    handle, outcome, why = parts(2, 3)(value)
    return [slug(handle), one_of(*OUTCOMES)(outcome), up_to(NOTE_LENGTH)(why) if why else ""]


def report(value: str) -> list[str]:
    """Who reported it, for which reason, and a sentence."""
    handle, reason, sentence = parts(2, 3)(value)
    return [slug(handle), one_of(*REPORT_REASONS)(reason), words(sentence) if sentence else ""]


def asking(value: str) -> tuple[str, datetime, str]:
    """Who was asked about a question, when, and what became of it: nothing yet, a word, or whom it was passed on to."""
    handle, at, became = parts(2, 3)(value)
    if became and became not in ("not me", "not now") and not PASSED_ON.fullmatch(became):
        raise ValueError("write “not me”, “not now” or “passed on to” and a handle, or nothing")
    return slug(handle), moment(at), became.removeprefix(TO_WHOM)


def told(value: str) -> list[Any]:
    """What happened after a question was answered: when it was told, whether it worked, the deed, some sentences."""
    at, outcome, deed, text = parts(3, 4)(value)
    return [
        moment(at),
        one_of(*WORKED)(outcome),
        up_to(DEED)(deed),
        up_to(STORY)(text) if text else "",
    ]


audience = one_of(*AUDIENCES)
WORKED = ("yes", "partly", "no", "not yet tried")
MARKS = {"useful": several, "same here": several}
TRIED = {"tried": tried}
NEW_THEMES = {"new themes": new_themes}
PARTS = {
    "Challenge": "challenge",
    "What was done": "done",
    "Resources and cost": "resources",
    "Results": "results",
    "What did not work": "failure",
    "Lessons": "lessons",
    "What another city needs": "needs",
}

AGENDA = Shape(
    {
        "slug": address,
        "palette": one_of(*PALETTES),
        "pattern": one_of(*PATTERNS),
        "order": whole,
        "hosts": several,
        "archived": yes,
        "language": language,
        "summary": up_to(agendas.SUMMARY),
        **NEW_THEMES,
    },
    needs=("slug", "palette", "pattern", "summary"),
)
MORE = Shape(
    {"slug": known_address, "archived": yes, **NEW_THEMES}, needs=("slug",), has_text=False
)
STATEMENT = Shape(
    {
        "position": short,
        "organisation": short,
        "said on": past_day,
        "language": language,
        "member": slug,
    },
    text=agendas.QUOTATION,
)
CASE = Shape(
    {
        "slug": address,
        "kind": one_of("network", "city project", "programme"),
        "since": year,
        "status": one_of("running", "ended", "renamed"),
        "reach": short,
        "places": several,
        "themes": several,
        "language": language,
        "checked on": past_day,
        "summary": up_to(library.SUMMARY),
    },
    {"figure": figure, "link": named_link},
    needs=("slug", "kind", "summary"),
)
PRACTICE = Shape(
    {
        "slug": address,
        "by": slug,
        "city": short,
        "sentence": up_to(library.SENTENCE),
        "link": link,
        "evidence": one_of("told", "counted", "measured", "studied"),
        "cost": short,
        "started": year,
        "themes": several,
        "language": language,
        "readers": audience,
        "did not work for": audience,
        "state": one_of("draft", "submitted", "published", "returned"),
        "published on": past_day,
        "returned because": words,
        "featured": yes,
        "revisit on": day,
        "adapted from": known_address,
        "on behalf of organisation": yes,
        **MARKS,
    },
    TRIED,
    needs=("slug", "by", "sentence"),
    has_text=False,
    title=range(1, library.TITLE + 1),
)
READING = Shape(
    {
        "authors": up_to(library.LINE * 2),
        "year": year,
        "kind": one_of("book", "report", "article", "website", "film"),
        "link": link,
        "language": language,
    },
    needs=("authors",),
    has_text=None,
    title=range(1, library.LINE * 2 + 1),
    text=library.SUMMARY * 2,
)
TOPIC = Shape(
    {
        "kind": one_of("experience", "question"),
        "by": slug,
        "at": moment,
        "language": language,
        "themes": several,
        "readers": audience,
        "on behalf of organisation": yes,
        "pinned": yes,
        "locked": yes,
        "locked because": words,
        "followed up": told,
        **MARKS,
    },
    {**TRIED, "report": report, "asked": asking},
    needs=("kind", "by", "at"),
    title=TITLE_LENGTHS,
)
POST = Shape(
    {
        "language": language,
        "answer": yes,
        "paragraph": whole,
        "moved": yes,
        "on behalf of organisation": yes,
        **MARKS,
    },
    {**TRIED, "report": report},
)
ORGANISATION = Shape(
    {
        "slug": slug,
        "kind": one_of("city", "institute", "company", "association", "partner"),
        "city": short,
        "representative": slug,
        "seats": whole,
        "website": link,
    },
    needs=("slug", "kind"),
    has_text=None,
)
MEMBER = Shape(
    {
        "handle": slug,
        "position": short,
        "organisation": slug,
        "city": short,
        "languages": several,
        "role": one_of("member", "moderator", "administrator"),
        "helps with": several,
        "can help with": words,
        "joined on": past_day,
    },
    needs=("handle",),
    has_text=None,
)


def read_agenda(source: str) -> AgendaFile:
    """Read an agenda file. Whatever is wrong in it, it is read to its end; `faults` tell what, line by line."""
    faults: list[Fault] = []
    _check_lines(source, faults)
    root = parse(source)
    top = _only_agenda(root, faults)
    is_new = any(key not in MORE.once for key, _value, _line in top.fields) or bool(top.text)
    agenda = read(top, AGENDA if is_new else MORE, faults) if top.level else Values(top.line)
    file = AgendaFile(agenda, is_new, faults=faults)
    for section in root.children:
        for group in section.children if section.level == 1 else [section]:
            _read_group(group, file)
    return file


def _only_agenda(root: Section, faults: list[Fault]) -> Section:
    """The section of the agenda; the root where there is none."""
    if root.text:
        faults.append(Fault(root.text_line, "the file begins with “# Title of the agenda”"))
    first, *others = [section for section in root.children if section.level == 1] or [root]
    if first is root:
        faults.append(Fault(1, "the file needs one heading “# Title of the agenda”"))
    for other in others:
        faults.append(Fault(other.line, "a file has one agenda; this begins a second one"))
    return first


def _read_group(group: Section, file: AgendaFile) -> None:
    readers: dict[str, tuple[list[Values], Callable[[Section, list[Fault]], Values]]] = {
        "Statements": (file.statements, _plainly(STATEMENT)),
        "Cases": (file.cases, _case),
        "Practices": (file.practices, _practice),
        "Readings": (file.readings, _plainly(READING)),
        "Dialogue": (file.topics, _topic),
    }
    if group.title.startswith("Comments on "):
        file.comments.append(_comments(group, file.faults))
    elif group.title in readers and group.level == 2:
        target, reader = readers[group.title]
        target.extend(reader(section, file.faults) for section in group.children)
    else:
        known = ", ".join([*readers, "Comments on case …", "Comments on practice …"])
        file.faults.append(Fault(group.line, f"“{group.title}” is none of: {known}"))
    if group.whole_text:
        message = f"what stands right below “{group.title}” belongs to nothing; give it a heading"
        file.faults.append(Fault(group.line, message))


def _plainly(shape: Shape) -> Callable[[Section, list[Fault]], Values]:
    def reader(section: Section, faults: list[Fault]) -> Values:
        _check_nothing_below(section, faults)
        return read(section, shape, faults)

    return reader


def _case(section: Section, faults: list[Fault]) -> Values:
    values = _plainly(CASE)(section, faults)
    for name in ("figure", "link"):
        for line in values.lines.get(name, [])[library.MOST_ROWS :]:
            faults.append(Fault(line, f"a case has at most {library.MOST_ROWS} of these"))
    if len(paragraphs(section.text)) > MOST_PARAGRAPHS:
        faults.append(Fault(section.text_line, f"at most {MOST_PARAGRAPHS} paragraphs"))
    return values


def _practice(section: Section, faults: list[Fault]) -> Values:
    values = read(section, PRACTICE, faults)
    values["sections"] = {}
    for part in section.children:
        name = PARTS.get(part.title)
        if name is None:
            faults.append(Fault(part.line, f"“{part.title}” is none of: {', '.join(PARTS)}"))
        elif name in values["sections"]:
            faults.append(Fault(part.line, f"“{part.title}” is said twice"))
        else:
            values["sections"][name] = part.whole_text
        _check_text(part.whole_text, library.PART, part.line, part.title, faults)
    return values


def _topic(section: Section, faults: list[Fault]) -> Values:
    values = read(section, TOPIC, faults)
    values["posts"] = [_post(child, faults) for child in section.children]
    return values


def _comments(group: Section, faults: list[Fault]) -> Values:
    found = re.fullmatch(r"Comments on (case|practice) (\S+)", group.title)
    if not found:
        faults.append(
            Fault(group.line, "write “Comments on case” or “Comments on practice” and its slug")
        )
    kind, called = found.groups() if found else ("", "")
    posts = [_post(child, faults) for child in group.children]
    return Values(group.line, kind=kind, slug=called, posts=posts)


def _post(section: Section, faults: list[Fault]) -> Values:
    values = _plainly(POST)(section, faults)
    try:
        values["by"], values["at"] = _said_by(section.title)
    except ValueError as error:
        faults.append(Fault(section.line, str(error)))
    return values


def _said_by(title: str) -> tuple[str, datetime]:
    if not (found := POST_TITLE.match(title)):
        raise ValueError("write the handle and the time, such as “#### ana, 2026-10-12 14:10”")
    return found[1], moment(found[2])


def read_people(source: str) -> PeopleFile:
    """Read a people file. Raises `FaultyFileError` with everything that is wrong, line by line."""
    faults: list[Fault] = []
    file = PeopleFile()
    _check_lines(source, faults)
    for top in parse(source).children:
        if top.title == "Organisations":
            file.organisations += [read(section, ORGANISATION, faults) for section in top.children]
        elif top.title == "Members":
            file.members += [read(section, MEMBER, faults) for section in top.children]
        else:
            faults.append(Fault(top.line, "the headings are “# Organisations” and “# Members”"))
    if faults:
        raise FaultyFileError(faults)
    return file
