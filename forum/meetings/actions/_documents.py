"""The search document of a meeting."""

from __future__ import annotations

from forum.meetings.models import Meeting
from forum.search import actions as search


def entry_of(meeting: Meeting, about: str, outcome: str = "") -> search.Entry:
    """The search entry of a meeting: its title, what it is about, where it is and what came of it; never the link to join."""
    city = meeting.city.name if meeting.city else ""
    return search.Entry(
        kind="meeting",
        item_id=meeting.id,
        address=meeting.told_at,
        title=meeting.title,
        body="\n".join(filter(None, [about, meeting.place, outcome])),
        written_at=meeting.created_at,
        byline=city,
        agenda_id=meeting.agenda_id,
        language=meeting.language,
        audience=meeting.audience,
    )
