"""The shape of a content file: Markdown whose headings make a tree, as docs/content-format.md tells editors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from forum.markup import MAX_SOURCE, tidy
from forum.permissions import AUDIENCES
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, PeopleFile

HEADING = re.compile(r"^(#{1,4}) +(.+?)\s*$")
INNER_HEADING = re.compile(r"^#{3}(#{2,3} )")
FIELD = re.compile(r"^- ([a-z][a-z ]{0,40}): *(.*?)\s*$")
FENCE = re.compile(r"^\s*(```|~~~)")
TO_WHOM = "passed on to "
PASSED_ON = re.compile(rf"{TO_WHOM}[a-z0-9-]+")
POST_TITLE = re.compile(r"^([a-z0-9-]+), (\d{4}-\d\d-\d\d \d\d:\d\d)$")


@dataclass
class Section:
    """A heading with its fields, its text and the sections below it."""

    level: int
    title: str
    line: int
    fields: list[tuple[str, str, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text below the heading, its inner headings lifted to levels two and three."""
        return "\n".join(INNER_HEADING.sub(r"\1", line) for line in self.lines).strip()


@dataclass(frozen=True)
class Shape:
    """Which fields a kind of section has: those said once, those that may repeat, those it must have."""

    once: Mapping[str, Callable[[str], Any]]
    many: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    has_text: bool | None = True  # None: it may have one


def parse(source: str) -> Section:
    """Read the headings of a file into a tree; the root has no title."""
    root = Section(0, "", 1)
    path = [root]
    for number, line, is_heading in _lines(source):
        if is_heading and (found := HEADING.match(line)):
            level = len(found[1])
            path = [section for section in path if section.level < level]
            path[-1].children.append(section := Section(level, found[2], number))
            path.append(section)
        elif (found := FIELD.match(line)) and not any(path[-1].lines) and path[-1].level:
            path[-1].fields.append((found[1], found[2], number))
        elif line or path[-1].lines:
            path[-1].lines.append(line)
    return root


def _lines(source: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with its number, and whether a heading may stand there (not inside a fence of code)."""
    is_open = False
    for number, line in enumerate(tidy(source).removeprefix("\ufeff").split("\n"), 1):
        if FENCE.match(line):
            is_open = not is_open
        yield number, line.rstrip(), not is_open


def read(section: Section, shape: Shape, faults: list[Fault]) -> dict[str, Any]:
    """The values of a section's fields by their names (spaces become underscores), with `line` and `text`.

    What is missing, unknown, doubled or wrong is added to `faults`.
    """
    values: dict[str, Any] = {name.replace(" ", "_"): [] for name in shape.many}
    for key, value, line in section.fields:
        name = key.replace(" ", "_")
        convert = shape.once.get(key) or shape.many.get(key)
        if convert is None:
            known = ", ".join([*shape.once, *shape.many])
            faults.append(Fault(line, f"there is no field “{key}” here; the fields are {known}"))
            continue
        try:
            converted = convert(value)
        except ValueError as error:
            faults.append(Fault(line, f"{key}: {error}"))
            continue
        if key in shape.many:
            values[name].append(converted)
        elif name in values:
            faults.append(Fault(line, f"“{key}” is said twice"))
        else:
            values[name] = converted
    _check_needs(section, shape, values, faults)
    return values | {"title": section.title, "line": section.line, "text": section.text}


def _check_needs(
    section: Section, shape: Shape, values: dict[str, Any], faults: list[Fault]
) -> None:
    said = {key for key, _value, _line in section.fields}
    for key in shape.needs:
        if key not in said:
            faults.append(Fault(section.line, f"“{section.title}” needs the field “- {key}: …”"))
    if shape.has_text is True and not section.text:
        faults.append(Fault(section.line, f"“{section.title}” needs a text"))
    if shape.has_text is False and section.text:
        faults.append(Fault(section.line, f"“{section.title}” takes no text of its own"))
    if len(section.text) > MAX_SOURCE:
        faults.append(
            Fault(section.line, f"the text of “{section.title}” is over {MAX_SOURCE:,} characters")
        )


# What a value may be


def words(value: str) -> str:
    """Some words, at most 2,000 characters."""
    if not value:
        raise ValueError("write something, or leave the field out")
    if len(value) > 2_000:
        raise ValueError("at most 2,000 characters")
    return value


def short(value: str) -> str:
    """A few words, at most 200 characters."""
    if len(words(value)) > 200:
        raise ValueError("at most 200 characters")
    return value


def slug(value: str) -> str:
    """A name for an address."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > 100:
        raise ValueError(
            "write small letters a to z, digits and single hyphens, such as “land-value”"
        )
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
    return [part.strip() for part in words(value).split(";") if part.strip()]


def parts(least: int, most: int) -> Callable[[str], list[str]]:
    """A converter for parts with bars between them; missing ones at the end are empty."""

    def convert(value: str) -> list[str]:
        found = [part.strip() for part in value.split("|")]
        if not least <= len(found) <= most or not all(found[:least]):
            raise ValueError(f"write {least} to {most} parts with “ | ” between them")
        return found + [""] * (most - len(found))

    return convert


def year(value: str) -> int:
    """A year of four digits."""
    if not re.fullmatch(r"[12]\d{3}", value):
        raise ValueError("write a year, such as 2024")
    return int(value)


def whole(value: str) -> int:
    """A whole number from 0 to 9,999."""
    if not re.fullmatch(r"\d{1,4}", value):
        raise ValueError("write a whole number, such as 3")
    return int(value)


def day(value: str) -> date:
    """A date, or a year, which stands for its first day."""
    try:
        return date(int(value), 1, 1) if len(value) == 4 else date.fromisoformat(value)
    except ValueError:
        raise ValueError("write a date, such as 2026-10-12") from None


def moment(value: str) -> datetime:
    """A date and time in UTC."""
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("write a date and time, such as 2026-10-12 14:10") from None


def yes(value: str) -> bool:
    """The word yes or no."""
    return one_of("yes", "no")(value) == "yes"


def language(value: str) -> str:
    """A language by its ISO 639 code."""
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", value):
        raise ValueError("write a language code, such as en or pt")
    return value


def link(value: str) -> str:
    """An address on the web."""
    if not re.fullmatch(r"https?://[^\s<>\"]{3,1990}", value):
        raise ValueError("write an address that begins with https://")
    return value


def asking(value: str) -> tuple[str, datetime, str]:
    """Who was asked about a question, when, and what became of it: nothing yet, a word, or whom it was passed on to."""
    handle, at, became = parts(2, 3)(value)
    if became and became not in ("not me", "not now") and not PASSED_ON.fullmatch(became):
        raise ValueError("write “not me”, “not now” or “passed on to” and a handle, or nothing")
    return slug(handle), moment(at), became.removeprefix(TO_WHOM)


def told(value: str) -> list[Any]:
    """What happened after a question was answered: when it was told, whether it worked, the deed, some sentences."""
    at, outcome, deed, text = parts(3, 4)(value)
    return [moment(at), one_of(*WORKED)(outcome), deed, text]


audience = one_of(*AUDIENCES)
PALETTES = ("water", "rose", "teal", "sand", "park", "heather")
OUTCOMES = ("kept", "adapted", "stopped")
WORKED = ("yes", "partly", "no", "not yet tried")
MARKS = {"useful": several, "same here": several}
TRIED = {"tried": parts(2, 3)}
REASONS = ("rules", "spam", "off topic", "illegal", "something else")
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
        "slug": slug,
        "palette": one_of(*PALETTES),
        "pattern": slug,
        "order": whole,
        "hosts": several,
        "language": language,
        "summary": words,
    },
    needs=("slug", "palette", "pattern", "summary"),
)
MORE = Shape({"slug": slug}, needs=("slug",), has_text=False)
STATEMENT = Shape(
    {
        "position": short,
        "organisation": short,
        "said on": day,
        "language": language,
        "member": slug,
    }
)
CASE = Shape(
    {
        "slug": slug,
        "kind": one_of("network", "city project", "programme"),
        "since": year,
        "status": one_of("running", "ended", "renamed"),
        "reach": short,
        "places": several,
        "themes": several,
        "language": language,
        "checked on": day,
        "summary": words,
    },
    {"figure": parts(2, 6), "link": parts(2, 3)},
    needs=("slug", "kind", "summary"),
)
PRACTICE = Shape(
    {
        "slug": slug,
        "by": slug,
        "city": short,
        "sentence": words,
        "link": link,
        "evidence": one_of("told", "counted", "measured", "studied"),
        "cost": short,
        "started": year,
        "themes": several,
        "language": language,
        "readers": audience,
        "did not work for": audience,
        "state": one_of("draft", "submitted", "published", "returned"),
        "published on": day,
        "returned because": words,
        "featured": yes,
        "revisit on": day,
        "adapted from": slug,
        "on behalf of organisation": yes,
        **MARKS,
    },
    TRIED,
    needs=("slug", "by", "sentence"),
    has_text=False,
)
READING = Shape(
    {
        "authors": words,
        "year": year,
        "kind": one_of("book", "report", "article", "website", "film"),
        "link": link,
        "language": language,
    },
    needs=("authors",),
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
        "followed up": told,
        **MARKS,
    },
    {**TRIED, "report": parts(2, 3), "asked": asking},
    needs=("kind", "by", "at"),
)
POST = Shape(
    {
        "language": language,
        "answer": yes,
        "paragraph": whole,
        "on behalf of organisation": yes,
        **MARKS,
    },
    {**TRIED, "report": parts(2, 3)},
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
        "joined on": day,
    },
    needs=("handle",),
    has_text=None,
)


def read_agenda(source: str) -> AgendaFile:
    """Read an agenda file. Raises `FaultyFileError` with everything that is wrong, line by line."""
    faults: list[Fault] = []
    root = parse(source)
    if len(root.children) != 1 or root.children[0].level != 1:
        raise FaultyFileError([Fault(1, "the file needs one heading “# Title of the agenda”")])
    top = root.children[0]
    is_new = any(key != "slug" for key, _value, _line in top.fields) or bool(top.text)
    file = AgendaFile(read(top, AGENDA if is_new else MORE, faults), is_new)
    for section in top.children:
        _read_group(section, file, faults)
    if faults:
        raise FaultyFileError(faults)
    return file


def _read_group(group: Section, file: AgendaFile, faults: list[Fault]) -> None:
    readers: dict[str, tuple[list[dict[str, Any]], Callable[..., dict[str, Any]]]] = {
        "Statements": (file.statements, _plainly(STATEMENT)),
        "Cases": (file.cases, _plainly(CASE)),
        "Practices": (file.practices, _practice),
        "Readings": (file.readings, _plainly(READING)),
        "Dialogue": (file.topics, _topic),
    }
    if group.title.startswith("Comments on "):
        file.comments.append(_comments(group, faults))
    elif group.title in readers and group.level == 2:
        target, reader = readers[group.title]
        target.extend(reader(section, faults) for section in group.children)
    else:
        known = ", ".join([*readers, "Comments on case …", "Comments on practice …"])
        faults.append(Fault(group.line, f"“{group.title}” is none of: {known}"))


def _plainly(shape: Shape) -> Callable[[Section, list[Fault]], dict[str, Any]]:
    return lambda section, faults: read(section, shape, faults)


def _practice(section: Section, faults: list[Fault]) -> dict[str, Any]:
    values = read(section, PRACTICE, faults)
    values["sections"] = {}
    for part in section.children:
        if part.title not in PARTS:
            faults.append(Fault(part.line, f"“{part.title}” is none of: {', '.join(PARTS)}"))
        else:
            values["sections"][PARTS[part.title]] = part.text
    return values


def _topic(section: Section, faults: list[Fault]) -> dict[str, Any]:
    values = read(section, TOPIC, faults)
    return values | {"posts": [_post(child, faults) for child in section.children]}


def _comments(group: Section, faults: list[Fault]) -> dict[str, Any]:
    found = re.fullmatch(r"Comments on (case|practice) ([a-z0-9-]+)", group.title)
    if not found:
        faults.append(
            Fault(group.line, "write “Comments on case” or “Comments on practice” and its slug")
        )
    kind, name = found.groups() if found else ("case", "")
    posts = [_post(child, faults) for child in group.children]
    return {"kind": kind, "slug": name, "line": group.line, "posts": posts}


def _post(section: Section, faults: list[Fault]) -> dict[str, Any]:
    values = read(section, POST, faults)
    found = POST_TITLE.match(section.title)
    if not found:
        faults.append(
            Fault(
                section.line, "write the handle and the time, such as “#### ana, 2026-10-12 14:10”"
            )
        )
        return values | {"by": "", "at": datetime.now(UTC)}
    return values | {"by": found[1], "at": moment(found[2])}


def read_people(source: str) -> PeopleFile:
    """Read a people file. Raises `FaultyFileError` with everything that is wrong, line by line."""
    faults: list[Fault] = []
    file = PeopleFile()
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
