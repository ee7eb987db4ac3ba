"""The values of fields: each function converts a value in a file, or raises `ValueError` with a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from forum.advice import models as advice
from forum.advice.actions import MAX_DEED, MAX_STORY
from forum.agendas import forms as agendas
from forum.agendas.actions import RESERVED as RESERVED_FOR_AGENDAS
from forum.clock import month_end, now
from forum.commitments import actions as commitments
from forum.declarations.actions import MAX_RESERVATION
from forum.dialogue.actions import MAX_NOTE_LENGTH
from forum.dialogue.models import MAX_OPTION, OUTCOMES, PACES, Pace
from forum.glossary import actions as glossary
from forum.illustrations import PICTURE_NAME, size_of
from forum.library import forms as library
from forum.library.actions import RESERVED_SLUGS, VALID_YEARS
from forum.library.queries import FIGURE_PARTS
from forum.markdown import MAX_SOURCE
from forum.members.models import MANDATE_ENDS
from forum.members.queries import language_names
from forum.moderation.actions import MAX_REASON_LENGTH, REPORT_REASONS
from forum.notifications.queries import time_zones
from forum.parallels import actions as parallels
from forum.permissions import AUDIENCES
from forum.plaintext import BAR, SEMICOLON, fold, slugify, split_parts, words_in

Day = TypeVar("Day", bound=date)
TO_WHOM = "passed on to "
PASSED_ON = re.compile(rf"{TO_WHOM}[a-z0-9-]+")
FIRST_YEAR = 1900
SOME_YEAR = re.compile(r"\b[12]\d{3}\b")


def up_to(most: int) -> Callable[[str], str]:
    """A converter for a text of at most so many characters."""

    def convert(value: str) -> str:
        if not value:
            raise ValueError("write something, or leave the field out")
        if len(value) > most:
            raise ValueError(f"at most {most:,} characters; these are {len(value):,}")
        return value

    return convert


short_text = up_to(MAX_REASON_LENGTH)
short = up_to(library.MAX_LINE)
theme = up_to(agendas.MAX_THEME)


def slug(value: str) -> str:
    """A slug of letters a to z, digits and hyphens."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > 100:
        raise ValueError(
            "write small letters a to z, digits and single hyphens, such as “land-value”"
        )
    return value


def existing_slug(value: str) -> str:
    """The slug of an agenda, case or practice; its letters may be of any script."""
    if value and slugify(value, "") == value:
        return value
    try:
        return slug(value)
    except ValueError:
        raise ValueError(
            "write small letters of any script, digits and single hyphens, such as “land-value”"
        ) from None


def new_slug(value: str) -> str:
    """A slug for something new: one that the forum itself would make, and not reserved."""
    if slugify(existing_slug(value)) != value:
        raise ValueError(f"too long: “{slugify(value)}” is what an address keeps of it")
    if value in RESERVED_SLUGS | RESERVED_FOR_AGENDAS:
        raise ValueError("this is the address of a page of the forum")
    return value


def entry_slug(value: str) -> str:
    """A slug for a glossary entry: one that the forum itself would make, and not reserved."""
    if slugify(existing_slug(value)) != value or value in glossary.RESERVED:
        raise ValueError("no entry can have this address")
    return value


def one_of(*choices: str) -> Callable[[str], str]:
    """A converter that accepts one of the choices."""

    def convert(value: str) -> str:
        if value not in choices:
            raise ValueError(f"write one of: {', '.join(choices)}")
        return value

    return convert


def list_of(value: str) -> list[str]:
    """A list of values separated by semicolons."""
    return list(filter(None, split_parts(SEMICOLON, up_to(MAX_SOURCE)(value))))


def slugs(value: str) -> list[str]:
    """A list of slugs separated by semicolons."""
    return [slug(item) for item in list_of(value)]


def new_themes(value: str) -> list[str]:
    """A list of names of themes separated by semicolons."""
    return [theme(name) for name in list_of(value)]


def entry_themes(value: str) -> list[str]:
    """The themes of a glossary entry."""
    names = new_themes(value)
    if len({*map(fold, names)}) > glossary.MAX_THEMES:
        raise ValueError(f"an entry has at most {glossary.MAX_THEMES} themes")
    return names


def term(value: str) -> str:
    """A name of a glossary entry in one of its languages."""
    if not words_in(up_to(glossary.MAX_NAME)(value)):
        raise ValueError("a name needs a letter or a digit")
    return value


def other_terms(value: str) -> list[str]:
    """Other names of a glossary entry in one of its languages, separated by semicolons."""
    names = [term(name) for name in list_of(value)]
    if len({*map(fold, names)}) > glossary.MAX_OTHERS:
        raise ValueError(f"at most {glossary.MAX_OTHERS} other names")
    return names


def parts(least: int, most: int) -> Callable[[str], list[str]]:
    """A converter for `least` to `most` parts separated by bars; missing ones at the end are empty."""

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


def deed_day(value: str) -> date:
    """A date or a year on which something was done in a forum: not in the future, nor in a year in which there were none."""
    return _plausible(past_day(value))


def moment(value: str) -> datetime:
    """A date and time in UTC that is not in the future."""
    found = any_moment(value)
    if found > now():
        raise ValueError("this moment is in the future")
    return found


def any_moment(value: str) -> datetime:
    """A date and time in UTC, in a year that is plausible for content of a forum."""
    try:
        found = datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("write a date and time, such as 2026-10-12 14:10") from None
    return _plausible(found)


def _plausible(found: Day) -> Day:
    if found.year < FIRST_YEAR:
        raise ValueError(f"write a year from {FIRST_YEAR} on")
    return found


def one_of_zones(value: str) -> str:
    """The name of a time zone in the list of IANA."""
    if value not in time_zones():
        raise ValueError("write the name of a time zone, such as Europe/Lisbon")
    return value


def uid(value: str) -> str:
    """The UID by which calendar programs identify a meeting."""
    if not re.fullmatch(r"[0-9A-Za-z-]{8,60}", value):
        raise ValueError("write 8 to 60 letters, digits and hyphens, or leave the field out")
    return value


def portrait(value: str) -> str:
    """The name of the picture that a member shows, a square."""
    if not re.fullmatch(PICTURE_NAME, value) or len(set(size_of(value))) > 1:
        raise ValueError("write the name of a square picture as an export has it")
    return value


def yes_or_no(value: str) -> bool:
    """The word yes or no."""
    return one_of("yes", "no")(value) == "yes"


def language(value: str) -> str:
    """The ISO 639 code of a language."""
    if value not in language_names():
        raise ValueError("write the code of a language, such as en or pt")
    return value


def languages(value: str) -> list[str]:
    """ISO 639 codes of languages separated by semicolons."""
    return [language(code) for code in list_of(value)]


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


def figure_words(value: str) -> list[str]:
    """The words for a figure: label and unit in the original, then both in the translation; units may be empty."""
    found = split_parts(BAR, value)
    if not 3 <= len(found) <= 4 or not found[0]:
        raise ValueError("write label | unit | label | unit, first those of the original")
    for part in filter(None, found):
        up_to(parallels.MAX_FIGURE_PART)(part)
    return found


def tried(value: str) -> list[str]:
    """A mark “tried it”: handle, outcome, and a sentence why with its language, which may both be empty."""
    handle, outcome, why, code = parts(2, 4)(value)
    why = up_to(MAX_NOTE_LENGTH)(why) if why else ""
    return [slug(handle), one_of(*OUTCOMES)(outcome), why, language(code) if code else ""]


def wants(value: str) -> tuple[str, date]:
    """An intention to try it: a handle and a month, which stands for its last day."""
    handle, month = parts(2, 2)(value)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ValueError("write a member and a month, such as: mikko-rautio | 2027-06") from None
    return slug(handle), month_end(0, _plausible(first))


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
    """The pace of a topic: the minutes in which each member can write once, and its end, if it has one."""
    minutes, until = parts(1, 2)(value)
    return Pace(int(one_of(*map(str, PACES))(minutes)), any_moment(until) if until else None)


def voice(value: str) -> tuple[str, datetime | None, str, date | None]:
    """A voice of an organisation: handle, since when, the handle of who named them, and the last day; only the first is required."""
    return _voice(*parts(1, 4)(value))


def former_voice(value: str) -> tuple[datetime, str, tuple[str, datetime | None, str, date | None]]:
    """A former voice: handle, when the mandate ended and why, and then the rest of `voice`."""
    handle, ended, why, *before = parts(3, 6)(value)
    return moment(ended), one_of(*MANDATE_ENDS)(why), _voice(handle, *before)


def _voice(
    handle: str, since: str, named_by: str, last_day: str
) -> tuple[str, datetime | None, str, date | None]:
    since_when, last = moment(since) if since else None, day(last_day) if last_day else None
    return slug(handle), since_when, slug(named_by) if named_by else "", last


def follow_up(value: str) -> list[Any]:
    """What happened after a question was answered: time, outcome (`advice.OUTCOMES`), what was done; a text and its language, which may both be empty."""
    at, outcome, deed, text, code = parts(3, 5)(value)
    return [
        moment(at),
        one_of(*advice.OUTCOMES)(outcome),
        up_to(MAX_DEED)(deed),
        up_to(MAX_STORY)(text) if text else "",
        language(code) if code else "",
    ]


def signature(value: str) -> list[Any]:
    """A signature of a declaration: the slug of the organisation, a day, and the names of person and organisation that day.

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
        up_to(MAX_RESERVATION)(words) if words else "",
        language(code) if code else "",
    ]


def copied(value: str) -> str:
    """The page that a commitment copies, or a translation is of, as its path: “practice ward-rehearsal”, or “case c40”."""
    kind, _, name = value.partition(" ")
    return f"/{one_of('practice', 'case')(kind)}s/{existing_slug(name)}"


def milestone(value: str) -> list[Any]:
    """A milestone: its day and its words; then, unless it is open, “reached” or “given up”, the day, and a sentence."""
    by, words, state, day_of, said = parts(2, 5)(value)
    return [
        day(by),
        up_to(commitments.MAX_WORDS)(words),
        one_of("reached", "given up")(state) if state else "",
        past_day(day_of) if state else None,
        up_to(commitments.MAX_REASON)(said) if said else "",
    ]


def moved(value: str) -> list[Any]:
    """A move of a milestone: its number in the file, its former day, the day of the move, and the reason."""
    number, earlier, moved_on, reason = parts(4, 4)(value)
    why = up_to(commitments.MAX_REASON)(reason)
    return [whole_number(number), day(earlier), past_day(moved_on), why]


audience = one_of(*AUDIENCES)
