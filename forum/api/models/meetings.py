"""Meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forum.api.models.members import City, Reference


@dataclass(frozen=True)
class Meeting:
    """A meeting on an agenda. Its times are in UTC; `time_zone` is where clocks show them as its hosts said them.

    `seats` is how many can come, null for all; `coming` how many members said that they come. The link by which one joins
    online is not told here. `over_at` is null until it is over.
    """

    id: int
    title: str
    url: str
    agenda: Reference
    language: str
    html: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str
    city: City | None
    is_online: bool
    seats: int | None
    coming: int
    cancelled_at: datetime | None
    over_at: datetime | None
    outcome_html: str
    recording: str | None
