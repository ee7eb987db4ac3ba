"""Meetings with secret words, for the tests of leaks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from forum.clock import now
from forum.markup import write
from forum.meetings.actions import MeetingText, announce_meeting, come
from forum.meetings.models import Meeting

TITLE = "A meeting"


def meeting_of(host: Any, agenda_id: int, words: str, **more: Any) -> Meeting:
    """A meeting with the words in its text and place, not in its title: error pages repeat addresses, and so the title."""
    begins = now() + timedelta(hours=60)
    told = (TITLE, write(words), begins, begins + timedelta(hours=1), "UTC", words)
    return announce_meeting(host, agenda_id, MeetingText(*told, is_online=True, **more))


def meeting_for_members(host: Any, guest: Any, agenda_id: int, words: str, in_link: str) -> None:
    """The same for members only, with other words in the link to join; a guest comes."""
    link = f"https://meet.example/{in_link.replace(' ', '/')}"
    made = meeting_of(host, agenda_id, words, audience="members", join_link=link)
    come(guest, made.id, "online")
