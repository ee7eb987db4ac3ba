"""Best reads: written, ordered, taken off the list."""

from __future__ import annotations

from collections.abc import Sequence

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id
from forum.db import action, db, now
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.library.actions._entries import reading_entry
from forum.library.actions._rows import (
    fill,
    put_in_order,
    require_address,
    require_text,
    require_year,
)
from forum.library.actions._texts import ReadingText
from forum.library.models import Reading
from forum.library.queries import (
    get_reading,
    identical_reading,
    last_position,
    reading_fields,
    readings_of,
)
from forum.permissions import Person, require
from forum.search import actions as search


@action
def write_reading(
    curator: Person,
    agenda_id: int,
    text: ReadingText,
    reading_id: int | None = None,
    *,
    seen: str | None = None,
) -> Reading:
    """Add a best read to an agenda, or change one and keep what it said before; `seen` as in `write_case`."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    _check_reading(text)
    if reading_id is None:
        return identical_reading(agenda.id, vars(text)) or _new_reading(curator, agenda, text)
    reading = get_reading(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    before = reading_fields(reading)
    fill(reading, vars(text))
    if reading_fields(reading) != before:
        refuse_unseen(seen, before)
        keep_version(curator, "reading", reading.id, before)
        search.index(curator, reading_entry(reading))
    return reading


@action
def remove_reading(curator: Person, reading_id: int) -> Reading:
    """Take a best read off its agenda."""
    reading = get_reading(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    keep_version(curator, "reading", reading.id, reading_fields(reading))
    reading.removed_at = now()
    search.unindex(curator, "reading", reading.id)
    return reading


@action
def order_readings(curator: Person, agenda_id: int, reading_ids: Sequence[int]) -> None:
    """Put the best reads of an agenda in this order; those that are not named come after."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    put_in_order(readings_of(curator, agenda), reading_ids)


def _new_reading(curator: Person, agenda: Agenda, text: ReadingText) -> Reading:
    position = last_position(Reading, agenda.id) + 1
    reading = Reading(agenda_id=agenda.id, position=position, created_at=now(), **vars(text))
    reading.agenda = agenda
    db.session.add(reading)
    db.session.flush()
    search.index(curator, reading_entry(reading))
    return reading


def _check_reading(text: ReadingText) -> None:
    require_text(text.title, "title")
    require_text(text.authors, "authors")
    require_year(text.year, "year")
    require_address(text.link, "link", optional=True)
