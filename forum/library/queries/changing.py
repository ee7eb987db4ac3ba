"""What actions need to know about several rows: slugs in use, positions, cities."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, select

from forum.db import db
from forum.library.models import Case, Practice, Reading
from forum.library.queries._shared import MAX_LISTED
from forum.members.models import City


def taken_slugs(model: type[Case] | type[Practice], slugs: Collection[str]) -> set[str]:
    """Which of some slugs cases, or practices, have."""
    return set(db.session.scalars(select(model.slug).where(model.slug.in_(slugs))))


def last_position(model: type[Case] | type[Reading], agenda_id: int) -> int:
    """The highest position of a case or a reading on an agenda; 0 when there is none."""
    query = select(func.max(model.position)).where(model.agenda_id == agenda_id)
    return db.session.scalar(query) or 0


def cities_by_id(city_ids: Iterable[int]) -> Sequence[City]:
    """The cities of these ids, by name; unknown ones are left out."""
    query = select(City).where(City.id.in_(list(city_ids)[:MAX_LISTED])).order_by(City.name)
    return db.session.scalars(query).all()
