"""Best reads: the list, single ones, and what actions read before they change one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.library.models import Reading
from forum.library.queries._choices import Choices, facet_choices
from forum.library.queries._facets import ReadingFilter
from forum.library.queries._filtering import facet_conditions
from forum.library.queries._shared import MAX_LISTED, lock_row, one_or_not_found, place_in_list
from forum.library.queries._visibility import visible_readings
from forum.pages import Page, page_of, rows_after
from forum.permissions import Person, require
from forum.reachcache import cached_statement

READINGS_PER_PAGE = 50
READING_ORDER = (Agenda.position, Agenda.id, Reading.position, Reading.id)  # the order of the list


def readings(reader: Person, wanted: ReadingFilter, number: int = 1) -> Page[Reading]:
    """One page of the best reads, ordered by agenda and position."""
    ordered = _wanted_readings(reader, wanted).order_by(*READING_ORDER)
    return page_of(ordered, number, READINGS_PER_PAGE)


def readings_after(
    reader: Person, wanted: ReadingFilter, last: Reading | None, limit: int
) -> Sequence[Reading]:
    """At most `limit` best reads that follow `last` in the list; with None, the first ones."""
    return rows_after(_wanted_readings(reader, wanted), READING_ORDER, place_in_list(last), limit)


def _wanted_readings(reader: Person, wanted: ReadingFilter) -> Select[Any]:
    found = visible_readings(reader).where(*facet_conditions(reader, Reading, wanted))
    joined = found.join(Agenda, Agenda.id == Reading.agenda_id)
    return joined.options(joinedload(Reading.agenda))


def reading_choices(reader: Person, wanted: ReadingFilter) -> Choices:
    """The choices of every facet of the best reads, each counted under the other filters."""
    return facet_choices(reader, Reading, wanted)


def readings_of(reader: Person, agenda: Agenda) -> Sequence[Reading]:
    """The best reads of an agenda in their order."""
    return db.session.scalars(_readings_of(reader), {"agenda_id": agenda.id}).all()


@cached_statement
def _readings_of(reader: Person) -> Select[Any]:
    query = visible_readings(reader).where(Reading.agenda_id == bindparam("agenda_id"))
    ordered = query.order_by(Reading.position, Reading.id).limit(MAX_LISTED)
    return ordered.options(joinedload(Reading.agenda))


def has_readings(reader: Person) -> bool:
    """Whether there is a best read that the reader may see, on any agenda."""
    return bool(db.session.scalar(select(visible_readings(reader).exists())))


def reading_to_edit(curator: Person, reading_id: int) -> Reading:
    """One best read, for somebody who may curate it; else `Forbidden`, or `NotFound`."""
    reading = get_reading(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    return reading


def reading_to_bookmark(member: Person, reading_id: int) -> Reading:
    """One best read, for a member who bookmarks it or removes the bookmark."""
    require(member.can.bookmark())
    return get_reading(member, reading_id)


def identical_reading(agenda_id: int, fields: dict[str, Any]) -> Reading | None:
    """A best read of an agenda with exactly these fields, as when a form is sent twice; or None."""
    query = select(Reading).filter_by(agenda_id=agenda_id, removed_at=None, **fields)
    return db.session.scalars(query.options(joinedload(Reading.agenda))).first()


def get_reading(reader: Person, reading_id: int) -> Reading:
    """One best read with its agenda, or `NotFound`."""
    query = visible_readings(reader).where(Reading.id == reading_id)
    return one_or_not_found(Reading, query.options(joinedload(Reading.agenda)))


def reading_to_change(doer: Person, reading_id: int) -> Reading:
    """The best read with this id and its agenda, locked; or `NotFound`."""
    lock = visible_readings(doer).where(Reading.id == reading_id).with_only_columns(Reading.id)
    lock_row(lock.with_for_update(of=Reading))
    return get_reading(doer, reading_id)


def readings_to_index(reading_ids: Iterable[int]) -> Sequence[Reading]:
    """Best reads with their agendas, removed ones too, locked."""
    query = select(Reading).where(Reading.id.in_(reading_ids)).order_by(Reading.id)
    query = query.options(joinedload(Reading.agenda))
    return db.session.scalars(query.with_for_update(of=Reading)).all()
