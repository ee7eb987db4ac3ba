"""Which notices about meetings a member still has to get."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from forum.clock import now
from forum.db import db
from forum.meetings.models import Meeting
from forum.meetings.queries._reach import visible_meetings, with_place
from forum.meetings.queries.attendances import waiting_since
from forum.permissions import Person


def meetings_at(reader: Person, addresses: Iterable[str]) -> dict[str, Meeting]:
    """The meetings that the reader sees, by the path in notices."""
    numbers = {address.removeprefix("/meetings/") for address in addresses}
    ids = [int(number) for number in numbers if number.isdecimal()]
    if not ids:
        return {}
    found = with_place(visible_meetings(reader).where(Meeting.id.in_(ids)))
    return {meeting.told_at: meeting for meeting in db.session.scalars(found)}


def still_to_tell(
    member: Person, told: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Meeting]:
    """The notices about meetings (kind and path) that a member still has to get, each with its meeting.

    Not of what the member does not see; that there is a meeting, or that it is the next day, only while that is so; and what
    has changed only while the member comes or waits.
    """
    seen = meetings_at(member, {address for _kind, address in told})
    attended = waiting_since(member, [meeting.id for meeting in seen.values()])
    return {
        (kind, address): seen[address]
        for kind, address in told
        if address in seen and _is_so(kind, seen[address], attended)
    }


def _is_so(kind: str, meeting: Meeting, attended: Mapping[int, datetime | None]) -> bool:
    if kind == "meeting":
        return meeting.is_ahead
    if meeting.id not in attended:
        return False
    is_soon = meeting.is_ahead and meeting.starts_at > now() and attended[meeting.id] is None
    return kind != "soon" or is_soon
