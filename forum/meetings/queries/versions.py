"""Earlier versions of a meeting."""

from __future__ import annotations

from typing import Any

from forum.history.queries import Edit, edits_between, versions_of
from forum.meetings.models import Meeting
from forum.notifications.queries import zone_called
from forum.permissions import Person, require


def meeting_fields(meeting: Meeting) -> dict[str, Any]:
    """The fields of a meeting that its history stores and compares. The link to join is kept in no version."""
    zone = zone_called(meeting.time_zone)
    return {
        "title": meeting.title,
        "source": meeting.source,
        "language": meeting.language,
        "starts_at": f"{meeting.starts_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "ends_at": f"{meeting.ends_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "time_zone": meeting.time_zone,
        "place": meeting.place,
        "city": meeting.city.name if meeting.city else "",
        "is_online": "yes" if meeting.is_online else "no",
        "seats": str(meeting.seats or ""),
        "audience": meeting.audience,
        "outcome": meeting.outcome,
        "recording": meeting.recording,
        "topic": str(meeting.topic_id or ""),
        "cancelled_reason": meeting.cancelled_reason,
    }


def known_fields(meeting: Meeting) -> dict[str, Any]:
    """All fields that count for whether a meeting has changed since a form was opened."""
    return meeting_fields(meeting) | {"join_link": meeting.join_link}


def appointment_fields(meeting: Meeting) -> dict[str, Any]:
    """When and where a meeting is: what members agree to who say that they come."""
    names = ("starts_at", "ends_at", "place", "city_id", "is_online")
    return {name: str(getattr(meeting, name)) for name in names}


def edits_of(host: Person, meeting: Meeting) -> list[Edit]:
    """The edits of a meeting, newest first, for moderators of its agenda."""
    require(host.can.moderate(meeting.agenda_id))
    return edits_between(versions_of("meeting", meeting.id), {meeting.id: meeting_fields(meeting)})
