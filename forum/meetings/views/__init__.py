"""Views of meetings: lists, one meeting, announcing and changing it, coming to it, what came of it."""

from __future__ import annotations

from forum.meetings.views import calendars, coming, hosting, showing
from forum.meetings.views._shared import bp

__all__ = ["bp", "calendars", "coming", "hosting", "showing"]
