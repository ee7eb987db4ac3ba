"""Calendar files (iCalendar, RFC 5545), which calendar programs read and subscribe to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from forum.plaintext import on_one_line

CONTENT_TYPE = "text/calendar; charset=utf-8"
LINE_END = "\r\n"
MAX_OCTETS = 75  # of a line, without its end
PRODUCT = "-//Interurban//Meetings//EN"
ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
# Characters that a text in a calendar must not contain: control characters, and surrogates, which UTF-8 cannot encode
NO_TEXT = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """A meeting for calendar programs, identified by its `uid`, which never changes; `sequence` counts its changes.

    Its times are written in UTC, so that no program has to know the rules of a time zone.
    """

    uid: str
    sequence: int
    title: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    created_at: datetime
    address: str
    text: str = ""
    place: str = ""
    is_cancelled: bool = False


def calendar(name: str, events: Iterable[CalendarEvent], *, is_subscribed: bool = False) -> bytes:
    """The content of a calendar file. One that is subscribed to has a name, and programs fetch it every few hours."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH"]
    if is_subscribed:
        lines += [f"NAME:{_line(name)}", f"X-WR-CALNAME:{_line(name)}"]
        lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H"]
    for event in events:
        lines += _lines_of(event)
    lines += ["END:VCALENDAR"]
    return "".join(f"{folded(line)}{LINE_END}" for line in lines).encode()


def _lines_of(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_line(event.uid)}"
    yield f"DTSTAMP:{_moment(event.changed_at)}"
    yield f"CREATED:{_moment(event.created_at)}"
    yield f"LAST-MODIFIED:{_moment(event.changed_at)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTART:{_moment(event.starts_at)}"
    yield f"DTEND:{_moment(event.ends_at)}"
    yield f"SUMMARY:{_line(event.title)}"
    if event.text:
        yield f"DESCRIPTION:{_escaped(event.text)}"
    if event.place:
        yield f"LOCATION:{_line(event.place)}"
    # An address is not escaped like text, but it contains nothing that could end the line
    yield f"URL:{re.sub(r'[^!-~]', '', event.address)}"
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def folded(line: str) -> str:
    """A line in parts of at most `MAX_OCTETS`, all but the first after a space; no character is cut in two."""
    parts, part, octets = [], "", 0
    for character in line:
        size = len(character.encode())
        # The space before a part counts, too
        if octets + size > MAX_OCTETS:
            parts.append(part)
            part, octets = "", 1
        part += character
        octets += size
    return f"{LINE_END} ".join([*parts, part])


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _line(words: str) -> str:
    """The value of a property as one line."""
    return _escaped(on_one_line(NO_TEXT.sub(" ", words)))


def _escaped(words: str) -> str:
    return NO_TEXT.sub("", LINE_BREAKS.sub("\n", words)).translate(ESCAPED)
