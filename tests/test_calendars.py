"""Calendar files: their lines, and that no text can break out of its line."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.calendars import MAX_OCTETS, CalendarEvent, calendar, folded

BEGINS = datetime(2027, 7, 13, 9, 0, tzinfo=UTC)
EVENT = CalendarEvent(
    uid="5f0c",
    sequence=2,
    title="Night trams",
    starts_at=BEGINS.astimezone(timezone(timedelta(hours=1))),
    ends_at=BEGINS + timedelta(minutes=90),
    changed_at=BEGINS - timedelta(days=3),
    created_at=BEGINS - timedelta(days=9),
    address="https://forum.example/meetings/7-night-trams",
    text="Who runs them?\nAnd why; when, where\\how",
    place="Town hall, Lisbon",
)


def lines_of(
    *events: CalendarEvent, name: str = "Meetings", is_subscribed: bool = False
) -> list[str]:
    """The unfolded lines of a calendar; checks the length and end of each line."""
    content = calendar(name, events, is_subscribed=is_subscribed)
    *physical, after = content.split(b"\r\n")
    assert after == b""
    assert all(len(line) <= MAX_OCTETS for line in physical)
    assert not any(set(line) & {10, 13} for line in physical)
    return content.decode().replace("\r\n ", "").split("\r\n")[:-1]


def test_an_event_says_all_that_programs_need() -> None:
    assert lines_of(EVENT) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Interurban//Meetings//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "UID:5f0c",
        "DTSTAMP:20270710T090000Z",
        "CREATED:20270704T090000Z",
        "LAST-MODIFIED:20270710T090000Z",
        "SEQUENCE:2",
        "DTSTART:20270713T090000Z",
        "DTEND:20270713T103000Z",
        "SUMMARY:Night trams",
        "DESCRIPTION:Who runs them?\\nAnd why\\; when\\, where\\\\how",
        "LOCATION:Town hall\\, Lisbon",
        "URL:https://forum.example/meetings/7-night-trams",
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_what_is_cancelled_says_so_and_a_subscribed_one_has_a_name() -> None:
    lines = lines_of(replace(EVENT, is_cancelled=True), name="A, b;", is_subscribed=True)
    assert "STATUS:CANCELLED" in lines and "X-WR-CALNAME:A\\, b\\;" in lines
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H" in lines
    assert lines_of()[-1] == "END:VCALENDAR"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_no_text_begins_a_line_of_its_own(end: str) -> None:
    words = f"Trams{end}END:VEVENT{end}BEGIN:VALARM{end} X"
    odd = replace(
        EVENT, title=words, place=words, text=words, uid=words, address=f"https://a/{words}"
    )
    lines = lines_of(odd)
    assert lines.count("END:VEVENT") == 1 and "BEGIN:VALARM" not in lines
    assert len(lines) == len(lines_of(EVENT))


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_stays_in_its_line(title: str, text: str) -> None:
    lines = lines_of(replace(EVENT, title=title, text=f"a{text}", place=f"b{title}"))
    assert len(lines) == 20
    assert all(re.match(r"[A-Z-]+[:;]", line) for line in lines)
    said = next(line for line in lines if line.startswith("DESCRIPTION:"))
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", said.removeprefix("DESCRIPTION:"))


@given(st.text(alphabet="aé€😀 ", max_size=400))
def test_folding_cuts_no_character_in_two(line: str) -> None:
    parts = folded(line).split("\r\n ")
    assert "".join(parts) == line
    assert all(len(part.encode()) <= MAX_OCTETS - bool(at) for at, part in enumerate(parts))
