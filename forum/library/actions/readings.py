"""Writing, ordering and removing best reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, agenda_to_change
from forum.clock import now
from forum.db import ORDERS, db, serialize
from forum.deeds import action, touches
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.library.actions._entries import reading_entry
from forum.library.actions._rows import (
    require_optional_address,
    require_text,
    require_year,
    set_positions,
)
from forum.library.actions._texts import ReadingText
from forum.library.models import Reading
from forum.library.queries import (
    identical_reading,
    last_position,
    reading_fields,
    reading_to_change,
    readings_of,
)
from forum.notifications.actions import hide_reminders
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
    """Add a best read to an agenda, or change the one `reading_id` and keep its former version.

    The same best read sent twice is added once. `seen` and the exceptions are as in `write_case`.
    """
    agenda = agenda_to_change(curator, agenda_id)
    require(curator.can.curate(agenda))
    _check_reading(text)
    if reading_id is None:
        return identical_reading(agenda.id, vars(text)) or _new_reading(curator, agenda, text)
    reading = reading_to_change(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    before = reading_fields(reading)
    for column, value in vars(text).items():
        setattr(reading, column, value)
    if reading_fields(reading) != before:
        refuse_unseen(seen, before)
        keep_version(curator, "reading", reading.id, before)
        search.index(curator, reading_entry(reading))
    return reading


@action
def remove_reading(curator: Person, reading_id: int) -> Reading:
    """Remove a best read from its agenda, from search and from inboxes; its last version is kept."""
    reading = reading_to_change(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    keep_version(curator, "reading", reading.id, reading_fields(reading))
    reading.removed_at = now()
    search.unindex(curator, "reading", reading.id)
    hide_reminders(curator, reading.address)
    return reading


@action
def order_readings(
    curator: Person,
    agenda_id: int,
    reading_ids: Sequence[int],
    *,
    seen: Sequence[int] | None = None,
) -> None:
    """Put the best reads of an agenda in this order; the others follow, as they stand. `seen` is as in `set_positions`."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    serialize(ORDERS, agenda_id)  # as for agendas
    set_positions(readings_of(curator, agenda), reading_ids, seen)


@action
def forget_curator(system: Person, member_id: int) -> None:
    """Take who has left from the best reads that they added; these belong to the agenda, and stay."""
    require(system.can.administer())
    touches()
    own = update(Reading).where(Reading.added_by_id == member_id)
    db.session.execute(own.values(added_by_id=None))


def _new_reading(curator: Person, agenda: Agenda, text: ReadingText) -> Reading:
    position = last_position(Reading, agenda.id) + 1
    made = {"position": position, "created_at": now(), "added_by_id": curator.id}
    reading = Reading(agenda_id=agenda.id, **made, **vars(text))
    reading.agenda = agenda
    db.session.add(reading)
    db.session.flush()
    search.index(curator, reading_entry(reading))
    return reading


def _check_reading(text: ReadingText) -> None:
    require_text(text.title, "title")
    require_text(text.authors, "authors")
    require_year(text.year, "year")
    require_optional_address(text.link, "link")
