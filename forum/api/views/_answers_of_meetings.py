"""Meetings as the API answers them."""

from __future__ import annotations

from forum.api import models
from forum.api.views._addresses import address_of
from forum.api.views._answers_of_members import agenda_reference, city
from forum.meetings.models import Meeting


def meeting(found: Meeting) -> models.Meeting:
    """A meeting, with its agenda and its city loaded; never the link by which one joins."""
    return models.Meeting(
        id=found.id,
        title=found.title,
        url=address_of(found.address),
        agenda=agenda_reference(found.agenda),
        language=found.language,
        html=str(found.html),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        time_zone=found.time_zone,
        place=found.place,
        city=city(found.city) if found.city else None,
        is_online=found.is_online,
        seats=found.seats,
        coming=found.coming_count,
        cancelled_at=found.cancelled_at,
        over_at=found.over_at,
        outcome_html=str(found.outcome_html),
        recording=found.recording or None,
    )
