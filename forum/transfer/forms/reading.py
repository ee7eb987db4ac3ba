"""Reading content files: Markdown whose headings form a tree of sections, as docs/content-format.md describes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from forum.advice import models as advice
from forum.advice.actions import MAX_DEED, MAX_STORY
from forum.agendas import forms as agendas
from forum.agendas.actions import RESERVED as RESERVED_FOR_AGENDAS
from forum.clock import month_end, now
from forum.commitments import actions as commitments
from forum.declarations.actions import LONGEST_REASON, LONGEST_RESERVATION, LONGEST_TITLE
from forum.dialogue.actions import MAX_NOTE_LENGTH, TITLE_LENGTHS
from forum.dialogue.models import MAX_OPTION, MAX_QUESTION, OUTCOMES, PACES, Pace
from forum.drawings import PATTERNS
from forum.glossary import actions as glossary
from forum.illustrations import PICTURE_NAME
from forum.library import forms as library
from forum.library.actions import MAX_PARAGRAPHS, RESERVED_SLUGS, VALID_YEARS
from forum.library.models import STATES
from forum.library.queries import FIGURE_PARTS
from forum.markdown import MAX_SOURCE, paragraphs
from forum.meetings import forms as meetings
from forum.members.models import MANDATE_ENDS, PALETTES
from forum.members.queries import language_names
from forum.moderation.actions import MAX_REASON_LENGTH as LONGEST_REPORT
from forum.moderation.actions import REPORT_REASONS
from forum.notifications.queries import time_zones
from forum.parallels import actions as parallels
from forum.permissions import AUDIENCES
from forum.plaintext import BAR, CONTROLS, SEMICOLON, SURROGATES, slugify, split_parts, tidy
from forum.transfer.forms._escaping import ALMOST_FIELD, FENCE, read_lines
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, PeopleFile, Values

HEADING = re.compile(r"^(#{1,4}) +(.+?)\s*$")
FIELD = re.compile(r"^- ([a-z][a-z ]{0,40}): *(.*?)\s*$")
TO_WHOM = "passed on to "
PASSED_ON = re.compile(rf"{TO_WHOM}[a-z0-9-]+")
POST_TITLE = re.compile(r"^([a-z0-9-]+), (\d{4}-\d\d-\d\d \d\d:\d\d)$")
FIRST_YEAR = 1900
SOME_YEAR = re.compile(r"\b[12]\d{3}\b")


@dataclass
class Section:
    """A heading with its fields, its text and its subsections.

    `fields` are tuples of name, value and line; `lines` those of the text below the fields; `everything` has both.
    """

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
        """The text below the fields, unescaped."""
        return read_lines(self.lines)

    @property
    def whole_text(self) -> str:
        """Everything below the heading, unescaped: the text of a section that has no fields."""
        return read_lines(self.everything)


@dataclass(frozen=True)
class Schema:
    """The fields of a kind of section, each with the converter of its values, which raises `ValueError`.

    `single` fields occur at most once, `repeated` ones any number of times; the `required` ones are always there.
    `title_lengths` and `max_text` are in characters.
    """

    single: Mapping[str, Callable[[str], Any]]
    repeated: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    has_text: bool | None = True  # None: optional
    title_lengths: range = range(1, library.MAX_LINE + 1)
    max_text: int = MAX_SOURCE


def parse(source: str) -> Section:
    """Parse the headings of a file into a tree; the root has level 0 and no title."""
    root = Section(0, "", 1)
    path = [root]
    for number, line, is_heading in _numbered_lines(source):
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


def _numbered_lines(source: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with its number, and whether it can be a heading, because it is outside fenced code."""
    is_open = False
    for number, line in enumerate(_split_lines(source), 1):
        if FENCE.match(line):
            is_open = not is_open
        yield number, tidy(line), not is_open


def _split_lines(source: str) -> list[str]:
    plain = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return plain.split("\n")


def _check_characters_and_fences(source: str, faults: list[Fault]) -> None:
    """Note control characters that no form accepts, and fenced code without an end, which would hide the headings below."""
    lines = _split_lines(source)
    for number, line in enumerate(lines, 1):
        if odd := CONTROLS.search(line) or SURROGATES.search(line):
            sign = f"U+{ord(odd[0]):04X}"
            faults.append(Fault(number, f"take out the sign {sign}, which no text may hold"))
    fences = [number for number, line in enumerate(lines, 1) if FENCE.match(line)]
    if len(fences) % 2:
        faults.append(Fault(fences[-1], "the code that begins here has no end"))


def read(section: Section, schema: Schema, faults: list[Fault]) -> Values:
    """The converted values of a section's fields by name (with underscores for spaces), with `title` and `text`.

    Missing, unknown, repeated and wrong fields are added to `faults`.
    """
    values = Values(section.line, title=section.title, text=section.text)
    values.lines["text"] = [section.text_line] if section.text_line else []
    values.update({name.replace(" ", "_"): [] for name in schema.repeated})
    for key, value, line in section.fields:
        try:
            _add_field(values, schema, key, value)
        except ValueError as error:
            faults.append(Fault(line, str(error)))
        else:
            values.lines.setdefault(key.replace(" ", "_"), []).append(line)
    _check_required(section, schema, faults)
    _check_lengths(section, schema, faults)
    return values


def _add_field(values: Values, schema: Schema, key: str, value: str) -> None:
    name, convert = key.replace(" ", "_"), schema.single.get(key) or schema.repeated.get(key)
    if convert is None:
        known = ", ".join([*schema.single, *schema.repeated])
        raise ValueError(f"there is no field “{key}” here; the fields are {known}")
    if key in schema.single and name in values:
        raise ValueError(f"“{key}” is said twice")
    try:
        converted = convert(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if key in schema.repeated:
        values[name].append(converted)
    else:
        values[name] = converted


def _check_required(section: Section, schema: Schema, faults: list[Fault]) -> None:
    said = {key for key, _value, _line in section.fields}
    for key in schema.required:
        if key not in said:
            faults.append(Fault(section.line, f"“{section.title}” needs the field “- {key}: …”"))
    if schema.has_text is True and not section.text:
        faults.append(Fault(section.line, f"“{section.title}” needs a text"))
    if schema.has_text is False and section.text:
        faults.append(Fault(section.text_line, f"“{section.title}” takes no text of its own"))
    for number, line in enumerate(section.lines, section.text_line):
        found = ALMOST_FIELD.match(line)
        if not found:
            break
        if (name := found[1].lower()) in {*schema.single, *schema.repeated}:
            faults.append(
                Fault(number, f"write the field as “- {name}: …”, right below the heading")
            )


def _check_lengths(section: Section, schema: Schema, faults: list[Fault]) -> None:
    if len(section.title) not in schema.title_lengths:
        least, most = schema.title_lengths[0], schema.title_lengths[-1]
        limits = f"{least} to {most}" if least > 1 else f"at most {most}"
        faults.append(Fault(section.line, f"write a title of {limits} characters"))
    _check_text(section.text, schema.max_text, section.text_line, section.title, faults)


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
    """A converter for a text of at most so many characters."""

    def convert(value: str) -> str:
        if not value:
            raise ValueError("write something, or leave the field out")
        if len(value) > most:
            raise ValueError(f"at most {most:,} characters; these are {len(value):,}")
        return value

    return convert


short_text = up_to(LONGEST_REPORT)
short = up_to(library.MAX_LINE)
theme = up_to(agendas.THEME)


def slug(value: str) -> str:
    """A slug of letters a to z, digits and hyphens."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > 100:
        raise ValueError(
            "write small letters a to z, digits and single hyphens, such as “land-value”"
        )
    return value


def existing_slug(value: str) -> str:
    """The slug of an agenda, case or practice; its letters may be of any script."""
    return value if value and slugify(value, "") == value else slug(value)


def new_slug(value: str) -> str:
    """A slug for something new: as the forum itself would make it, and not reserved."""
    if slugify(existing_slug(value)) != value:
        raise ValueError(f"too long: “{slugify(value)}” is what an address keeps of it")
    if value in RESERVED_SLUGS | RESERVED_FOR_AGENDAS:
        raise ValueError("this is the address of a page of the forum")
    return value


def entry_slug(value: str) -> str:
    """A slug for an entry of the glossary: as the forum itself would make it, and not reserved."""
    if slugify(existing_slug(value)) != value or value in glossary.RESERVED:
        raise ValueError("no entry can have this address")
    return value


def one_of(*choices: str) -> Callable[[str], str]:
    """A converter that takes one of the choices."""

    def convert(value: str) -> str:
        if value not in choices:
            raise ValueError(f"write one of: {', '.join(choices)}")
        return value

    return convert


def list_of(value: str) -> list[str]:
    """A list of values with semicolons between them."""
    return list(filter(None, split_parts(SEMICOLON, up_to(MAX_SOURCE)(value))))


def slugs(value: str) -> list[str]:
    """A list of slugs with semicolons between them."""
    return [slug(one) for one in list_of(value)]


def new_themes(value: str) -> list[str]:
    """A list of names of themes with semicolons between them."""
    return [theme(name) for name in list_of(value)]


def parts(least: int, most: int) -> Callable[[str], list[str]]:
    """A converter for `least` to `most` parts with bars between them; missing ones at the end are empty."""

    def convert(value: str) -> list[str]:
        found = split_parts(BAR, value)
        if not least <= len(found) <= most or not all(found[:least]):
            raise ValueError(f"write {least} to {most} parts with “ | ” between them")
        return found + [""] * (most - len(found))

    return convert


def year(value: str) -> int:
    """A year of four digits."""
    if not re.fullmatch(r"[0-9]{4}", value) or int(value) not in VALID_YEARS:
        raise ValueError("write a year, such as 2024")
    return int(value)


def whole_number(value: str) -> int:
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
    """A date and time in UTC that is not in the future."""
    found = any_moment(value)
    if found > now():
        raise ValueError("this moment is in the future")
    return found


def any_moment(value: str) -> datetime:
    """A date and time in UTC, of a year in which what the forum holds can have been."""
    try:
        found = datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("write a date and time, such as 2026-10-12 14:10") from None
    if found.year < FIRST_YEAR:
        raise ValueError(f"write a year from {FIRST_YEAR} on")
    return found


def one_of_zones(value: str) -> str:
    """The name of a time zone in the list of IANA."""
    if value not in time_zones():
        raise ValueError("write the name of a time zone, such as Europe/Lisbon")
    return value


def uid(value: str) -> str:
    """The name by which calendar programs know a meeting."""
    if not re.fullmatch(r"[0-9A-Za-z-]{8,60}", value):
        raise ValueError("write 8 to 60 letters, digits and hyphens, or leave the field out")
    return value


def yes_or_no(value: str) -> bool:
    """The word yes or no."""
    return one_of("yes", "no")(value) == "yes"


def language(value: str) -> str:
    """The ISO 639 code of a language."""
    if value not in language_names():
        raise ValueError("write the code of a language, such as en or pt")
    return value


def link(value: str) -> str:
    """An address on the web."""
    if not re.fullmatch(r"https?://[^\s/<>\"][^\s<>\"]{2,}", up_to(library.MAX_ADDRESS)(value)):
        raise ValueError("write an address that begins with https://")
    return value


def named_link(value: str) -> list[str]:
    """The label of a link, its address, and the kind of page."""
    label, target, kind = parts(2, 3)(value)
    return [label, link(target), one_of(*library.LINK_NAMES)(kind or "site")]


def figure(value: str) -> list[str]:
    """The parts of a figure in the order of `FIGURE_PARTS`; unit and address may be empty, date and source not."""
    found = parts(2, len(FIGURE_PARTS))(value)
    *said, source, target = found
    if not SOME_YEAR.search(found[FIGURE_PARTS.index("as_at")]) or not source:
        raise ValueError("say of when it is and who says so: label | value | unit | 2025 | source")
    for part in filter(None, said):
        short(part)
    if target:
        link(target)
    return found


def tried(value: str) -> list[str]:
    """A mark “tried it”: handle, outcome, and a sentence why, which may be empty."""
    handle, outcome, why = parts(2, 3)(value)
    return [slug(handle), one_of(*OUTCOMES)(outcome), up_to(MAX_NOTE_LENGTH)(why) if why else ""]


def wants(value: str) -> tuple[str, date]:
    """Who wants to try it, and until when: a handle and a month, which stands for its last day."""
    handle, month = parts(2, 2)(value)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ValueError("write a member and a month, such as: mikko-rautio | 2027-06") from None
    return slug(handle), month_end(0, first)


def poll_option(value: str) -> tuple[str, list[str]]:
    """An option of a poll, and the handles of those who chose it, if any are told."""
    words, handles = parts(1, 2)(value)
    return up_to(MAX_OPTION)(words), slugs(handles) if handles else []


def report(value: str) -> list[str]:
    """A report: handle, reason, and a sentence, which may be empty."""
    handle, reason, text = parts(2, 3)(value)
    return [slug(handle), one_of(*REPORT_REASONS)(reason), short_text(text) if text else ""]


def advice_request(value: str) -> tuple[str, datetime, str]:
    """A request for advice: handle, time, and the response: none, “not me”, “not now”, or the handle it was passed on to."""
    handle, at, became = parts(2, 3)(value)
    if became and became not in ("not me", "not now") and not PASSED_ON.fullmatch(became):
        raise ValueError("write “not me”, “not now” or “passed on to” and a handle, or nothing")
    return slug(handle), moment(at), became.removeprefix(TO_WHOM)


def pace(value: str) -> Pace:
    """How slow a topic is: the minutes in which each member can write once, and until when, if that ends."""
    minutes, until = parts(1, 2)(value)
    return Pace(int(one_of(*map(str, PACES))(minutes)), any_moment(until) if until else None)


def voice(value: str) -> tuple[str, datetime | None, str, date | None]:
    """Who writes for an organisation: handle, since when, the handle of who named them, and the last day; only the first is needed."""
    return _voice(*parts(1, 4)(value))


def former_voice(value: str) -> tuple[datetime, str, tuple[str, datetime | None, str, date | None]]:
    """Who has written for one: handle, when that ended and why, and then the rest of `voice`."""
    handle, ended, why, *before = parts(3, 6)(value)
    return moment(ended), one_of(*MANDATE_ENDS)(why), _voice(handle, *before)


def _voice(
    handle: str, since: str, named_by: str, last_day: str
) -> tuple[str, datetime | None, str, date | None]:
    since_when, last = moment(since) if since else None, day(last_day) if last_day else None
    return slug(handle), since_when, slug(named_by) if named_by else "", last


def follow_up(value: str) -> list[Any]:
    """What happened after a question was answered: time, outcome (`advice.OUTCOMES`), what was done, and a text, which may be empty."""
    at, outcome, deed, text = parts(3, 4)(value)
    return [
        moment(at),
        one_of(*advice.OUTCOMES)(outcome),
        up_to(MAX_DEED)(deed),
        up_to(MAX_STORY)(text) if text else "",
    ]


def signature(value: str) -> list[Any]:
    """Who signed a declaration: the slug of the organisation, a day, the name of the person, and the organisation's that day.

    Then the position, the handle and the reservation with its language, each of which may be empty.
    """
    organisation, day_of, name, called, position, handle, words, code = parts(4, 8)(value)
    return [
        existing_slug(organisation),
        past_day(day_of),
        short(name),
        short(called),
        short(position) if position else "",
        slug(handle) if handle else "",
        up_to(LONGEST_RESERVATION)(words) if words else "",
        language(code) if code else "",
    ]


def copied(value: str) -> str:
    """What a commitment copies, or a translation is of, as the path of its page: “practice ward-rehearsal”, or “case c40”."""
    kind, _, name = value.partition(" ")
    return f"/{one_of('practice', 'case')(kind)}s/{existing_slug(name)}"


def milestone(value: str) -> list[Any]:
    """A milestone: its day and its words; then, unless it is open, “reached” or “given up”, the day on which, and a sentence."""
    by, words, state, day_of, said = parts(2, 5)(value)
    return [
        day(by),
        up_to(commitments.LONGEST_WORDS)(words),
        one_of("reached", "given up")(state) if state else "",
        past_day(day_of) if state else None,
        up_to(commitments.LONGEST_REASON)(said) if said else "",
    ]


def moved(value: str) -> list[Any]:
    """A milestone was moved: its number in the file, the day that it had, the day on which that was said, and why."""
    number, earlier, moved_on, reason = parts(4, 4)(value)
    why = up_to(commitments.LONGEST_REASON)(reason)
    return [whole_number(number), day(earlier), past_day(moved_on), why]


audience = one_of(*AUDIENCES)
POLL = {
    "poll": up_to(MAX_QUESTION),
    "poll several": yes_or_no,
    "poll until": any_moment,
    "poll closed": moment,
}
POLL_OPTIONS = {"poll option": poll_option}
MARKS = {"useful": list_of, "same here": list_of}
TRIED = {"tried": tried}
WANTS = {"wants": wants}
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

AGENDA = Schema(
    {
        "slug": new_slug,
        "palette": one_of(*PALETTES),
        "pattern": one_of(*PATTERNS),
        "order": whole_number,
        "hosts": list_of,
        "archived": yes_or_no,
        "in preparation": yes_or_no,
        "language": language,
        "summary": up_to(agendas.SUMMARY),
        **NEW_THEMES,
    },
    required=("slug", "palette", "pattern", "summary"),
)
CONTINUATION = Schema(
    {"slug": existing_slug, "archived": yes_or_no, **NEW_THEMES}, required=("slug",), has_text=False
)
FINDINGS = Schema({"written on": past_day})
STATEMENT = Schema(
    {
        "position": short,
        "organisation": short,
        "said on": past_day,
        "language": language,
        "member": slug,
    },
    max_text=agendas.QUOTATION,
)
CASE = Schema(
    {
        "slug": new_slug,
        "kind": one_of("network", "city project", "programme"),
        "since": year,
        "status": one_of("running", "ended", "renamed"),
        "reach": short,
        "places": list_of,
        "themes": list_of,
        "language": language,
        "checked on": past_day,
        "summary": up_to(library.MAX_SUMMARY),
    },
    {"figure": figure, "link": named_link, **TRIED, **WANTS},
    required=("slug", "kind", "summary"),
)
PRACTICE = Schema(
    {
        "slug": new_slug,
        "by": slug,
        "city": short,
        "sentence": up_to(library.MAX_SENTENCE),
        "link": link,
        "evidence": one_of("told", "counted", "measured", "studied"),
        "cost": short,
        "started": year,
        "themes": list_of,
        "language": language,
        "readers": audience,
        "did not work for": audience,
        "state": one_of(*STATES),
        "published on": past_day,
        "returned because": short_text,
        "featured": yes_or_no,
        "revisit on": day,
        "confirmed on": past_day,
        "adapted from": existing_slug,
        "on behalf of organisation": yes_or_no,
        **MARKS,
    },
    {**TRIED, **WANTS},
    required=("slug", "by", "sentence"),
    has_text=False,
    title_lengths=range(1, library.MAX_TITLE + 1),
)
READING = Schema(
    {
        "authors": up_to(library.MAX_READING_LINE),
        "year": year,
        "kind": one_of("book", "report", "article", "website", "film"),
        "link": link,
        "language": language,
    },
    required=("authors",),
    has_text=None,
    title_lengths=range(1, library.MAX_READING_LINE + 1),
    max_text=library.MAX_WHY,
)
MEETING = Schema(
    {
        "begins": any_moment,
        "ends": any_moment,
        "time zone": one_of_zones,
        "place": up_to(meetings.MAX_PLACE),
        "city": short,
        "online": yes_or_no,
        "seats": whole_number,
        "readers": one_of(*AUDIENCES),
        "language": language,
        "announced on": moment,
        "cancelled because": up_to(meetings.MAX_REASON),
        "recording": link,
        "uid": uid,
    },
    required=("begins", "ends"),
    title_lengths=range(1, meetings.MAX_TITLE + 1),
)
OUTCOME = "What came of it"
TOPIC = Schema(
    {
        "kind": one_of("experience", "question"),
        "by": slug,
        "at": moment,
        "language": language,
        "themes": list_of,
        "readers": audience,
        "on behalf of organisation": yes_or_no,
        "pinned": yes_or_no,
        "locked": yes_or_no,
        "locked because": short_text,
        "locked until": day,
        "slow": pace,
        "slow because": short_text,
        "followed up": follow_up,
        **POLL,
        **MARKS,
    },
    {**TRIED, **POLL_OPTIONS, "report": report, "asked": advice_request},
    required=("kind", "by", "at"),
    title_lengths=TITLE_LENGTHS,
)
POST = Schema(
    {
        "language": language,
        "answer": yes_or_no,
        "paragraph": whole_number,
        "moved": yes_or_no,
        "on behalf of organisation": yes_or_no,
        **POLL,
        **MARKS,
    },
    {**TRIED, **POLL_OPTIONS, "report": report},
)
ENTRY = Schema(
    {"slug": entry_slug, "source": up_to(glossary.MAX_SOURCE), "themes": new_themes},
    required=("slug",),
    has_text=False,
)
WORDING = Schema(
    {"name": up_to(glossary.MAX_NAME), "also": list_of},
    required=("name",),
    has_text=None,
    max_text=glossary.MAX_MEANING,
)
DECLARATION = Schema(
    {
        "by": slug,
        "language": language,
        "opened on": past_day,
        "frozen on": past_day,
        "sign until": day,
        "adopted on": past_day,
        "withdrawn on": past_day,
        "withdrawn because": up_to(LONGEST_REASON),
        "digest": up_to(64),
    },
    {"signature": signature},
    required=("by", "opened on"),
)
COMMITMENT = Schema(
    {
        "by": slug,
        "organisation": existing_slug,
        "language": language,
        "published on": past_day,
        "last day": day,
        "declaration": up_to(LONGEST_TITLE),
        "copies": copied,
        "kept on": past_day,
        "kept with": up_to(commitments.LONGEST_REASON),
        "given up on": past_day,
        "given up because": up_to(commitments.LONGEST_REASON),
        "peers": list_of,
    },
    {"milestone": milestone, "moved": moved},
    required=("organisation", "published on", "last day", "milestone"),
    title_lengths=range(1, commitments.LONGEST_TITLE + 1),
)
TRANSLATION = Schema(
    {
        "of": copied,
        "by": slug,
        "language": language,
        "sentence": up_to(parallels.LONGEST_SENTENCE),
        "written on": past_day,
        "corrected on": past_day,
        "corrected by": slug,
        "outdated": yes_or_no,
    },
    required=("of", "language", "written on"),
    has_text=None,
    title_lengths=range(1, parallels.LONGEST_TITLE + 1),
)
PICTURE = Schema({"by": slug}, required=("by",), has_text=False)
ORGANISATION = Schema(
    {
        "slug": slug,
        "kind": one_of("city", "institute", "company", "association", "partner"),
        "city": short,
        "representative": slug,
        "seats": whole_number,
        "website": link,
        "names who writes for it": yes_or_no,
    },
    {"writes for it": voice, "has written for it": former_voice},
    required=("slug", "kind"),
    has_text=None,
)
MEMBER = Schema(
    {
        "handle": slug,
        "earlier handles": slugs,
        "position": short,
        "organisation": slug,
        "city": short,
        "languages": list_of,
        "role": one_of("member", "moderator", "administrator"),
        "helps with": list_of,
        "can help with": short_text,
        "joined on": past_day,
    },
    required=("handle",),
    has_text=None,
)


def read_agenda(source: str) -> AgendaFile:
    """Read an agenda file to its end, whatever is wrong; its `faults` list that, line by line."""
    faults: list[Fault] = []
    _check_characters_and_fences(source, faults)
    root = parse(source)
    top = _only_agenda(root, faults)
    is_new = any(key not in CONTINUATION.single for key, _value, _line in top.fields) or bool(
        top.text
    )
    agenda = (
        read(top, AGENDA if is_new else CONTINUATION, faults) if top.level else Values(top.line)
    )
    file = AgendaFile(agenda, is_new, faults=faults)
    for section in root.children:
        for group in section.children if section.level == 1 else [section]:
            _read_group(group, file)
    return file


def _only_agenda(root: Section, faults: list[Fault]) -> Section:
    """The section of the agenda, or the root if there is none."""
    first, *others = [section for section in root.children if section.level == 1] or [root]
    if first is root or root.text:
        line = root.text_line or root.line
        faults.append(Fault(line, "the file begins with “# Title of the agenda”"))
    for other in others:
        faults.append(Fault(other.line, "a file has one agenda; this begins a second one"))
    return first


def _read_group(group: Section, file: AgendaFile) -> None:
    readers: dict[str, tuple[list[Values], Callable[[Section, list[Fault]], Values]]] = {
        "Statements": (file.statements, _reader_of(STATEMENT)),
        "Cases": (file.cases, _case),
        "Practices": (file.practices, _practice),
        "Readings": (file.readings, _reader_of(READING)),
        "Declarations": (file.declarations, _reader_of(DECLARATION)),
        "Commitments": (file.commitments, _reader_of(COMMITMENT)),
        "Translations": (file.translations, _translation),
        "Meetings": (file.meetings, _meeting),
        "Dialogue": (file.topics, _topic),
        "Pictures": (file.pictures, _picture),
    }
    if group.title == "Findings" and group.level == 2:
        _read_findings(group, file)
        return
    if group.title.startswith("Comments on "):
        file.comments.append(_comments(group, file.faults))
    elif group.title in readers and group.level == 2:
        target, reader = readers[group.title]
        target.extend(reader(section, file.faults) for section in group.children)
    else:
        comments = "Comments on case …", "Comments on practice …"
        known = ", ".join(["Findings", *readers, *comments])
        file.faults.append(Fault(group.line, f"“{group.title}” is none of: {known}"))
    if group.whole_text:
        message = f"what stands right below “{group.title}” belongs to nothing; give it a heading"
        file.faults.append(Fault(group.line, message))


def _read_findings(group: Section, file: AgendaFile) -> None:
    if not file.is_new:
        message = "findings stand in the file that makes the agenda"
        file.faults.append(Fault(group.line, message))
    elif file.findings is not None:
        file.faults.append(Fault(group.line, "“Findings” is said twice"))
    else:
        file.findings = _reader_of(FINDINGS)(group, file.faults)


def _reader_of(schema: Schema) -> Callable[[Section, list[Fault]], Values]:
    def reader(section: Section, faults: list[Fault]) -> Values:
        _check_nothing_below(section, faults)
        return read(section, schema, faults)

    return reader


def _case(section: Section, faults: list[Fault]) -> Values:
    values = _reader_of(CASE)(section, faults)
    for name in ("figure", "link"):
        for line in values.lines.get(name, [])[library.MAX_ROWS :]:
            faults.append(Fault(line, f"a case has at most {library.MAX_ROWS} of these"))
    if len(paragraphs(section.text)) > MAX_PARAGRAPHS:
        faults.append(Fault(section.text_line, f"at most {MAX_PARAGRAPHS} paragraphs"))
    return values


def _translation(section: Section, faults: list[Fault]) -> Values:
    return _with_parts(section, read(section, TRANSLATION, faults), faults)


def _practice(section: Section, faults: list[Fault]) -> Values:
    return _with_parts(section, read(section, PRACTICE, faults), faults)


def _with_parts(section: Section, values: Values, faults: list[Fault]) -> Values:
    """The values of a practice, or of the translation of one, with the texts of its parts by name."""
    values["sections"] = {}
    for part in section.children:
        name = PARTS.get(part.title)
        if name is None:
            faults.append(Fault(part.line, f"“{part.title}” is none of: {', '.join(PARTS)}"))
        elif name in values["sections"]:
            faults.append(Fault(part.line, f"“{part.title}” is said twice"))
        else:
            values["sections"][name] = part.whole_text
        _check_text(part.whole_text, library.MAX_SECTION, part.line, part.title, faults)
    return values


def _meeting(section: Section, faults: list[Fault]) -> Values:
    values = read(section, MEETING, faults)
    values["outcome"] = ""
    for part in section.children:
        if part.title != OUTCOME or values["outcome"]:
            faults.append(Fault(part.line, f"here can only stand “{OUTCOME}”, once"))
            continue
        values["outcome"] = part.whole_text
        _check_text(part.whole_text, MAX_SOURCE, part.line, part.title, faults)
    return values


def _topic(section: Section, faults: list[Fault]) -> Values:
    values = read(section, TOPIC, faults)
    values["posts"] = [_post(child, faults) for child in section.children]
    return values


def _picture(section: Section, faults: list[Fault]) -> Values:
    if not re.fullmatch(PICTURE_NAME, section.title):
        message = f"“{section.title}” is no name of a picture: 24 signs from 0 to 9 and a to f, then its size"
        faults.append(Fault(section.line, f"{message}, such as -1600x1200"))
    return _reader_of(PICTURE)(section, faults)


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
    values = _reader_of(POST)(section, faults)
    try:
        values["by"], values["at"] = _author_and_time(section.title)
    except ValueError as error:
        faults.append(Fault(section.line, str(error)))
    return values


def _author_and_time(title: str) -> tuple[str, datetime]:
    if not (found := POST_TITLE.match(title)):
        raise ValueError("write the handle and the time, such as “#### ana, 2026-10-12 14:10”")
    return found[1], moment(found[2])


def read_people(source: str) -> PeopleFile:
    """Read a people file. Raises `FaultyFileError` with all faults, line by line."""
    faults: list[Fault] = []
    file = PeopleFile()
    _check_characters_and_fences(source, faults)
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


def read_glossary(source: str) -> list[Values]:
    """Read a glossary file: its entries, each with its `wordings`. Raises `FaultyFileError` with all faults, line by line."""
    faults: list[Fault] = []
    entries: list[Values] = []
    slugs_read: set[str] = set()
    _check_characters_and_fences(source, faults)
    for top in parse(source).children:
        if top.title != "Glossary" or top.level != 1:
            faults.append(Fault(top.line, "the heading is “# Glossary”"))
        for section in top.children:
            entry = read(section, ENTRY, faults)
            entry["wordings"] = [_wording(child, faults) for child in section.children]
            if (own := entry.get("slug", "")) in slugs_read:
                faults.append(Fault(entry.line_of("slug"), f"“{own}” is another entry already"))
            slugs_read.update(filter(None, [own]))
            entries.append(entry)
    if faults:
        raise FaultyFileError(faults)
    return entries


def _wording(section: Section, faults: list[Fault]) -> Values:
    try:
        language(section.title)
    except ValueError as error:
        faults.append(Fault(section.line, str(error)))
    _check_nothing_below(section, faults)
    return read(section, WORDING, faults)
