"""The meetings that a reader may see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.errors import or_not_found
from forum.meetings.models import Meeting
from forum.permissions import Person
from forum.reach import opened_to, read_by


def visible_meetings(reader: Person) -> Select[Any]:
    """The meetings that a reader may see: on visible agendas, with an audience that includes the reader."""
    return select(Meeting).where(
        read_by(reader, Meeting.audience), opened_to(reader, Meeting.agenda_id)
    )


def with_place(found: Select[Any]) -> Select[Any]:
    return found.options(joinedload(Meeting.agenda), joinedload(Meeting.city))


def get_meeting(reader: Person, meeting_id: int) -> Meeting:
    """One meeting with its agenda and city; raises `NotFound`."""
    found = with_place(visible_meetings(reader).where(Meeting.id == meeting_id))
    meeting: Meeting = or_not_found(db.session.scalars(found).first())
    return meeting
