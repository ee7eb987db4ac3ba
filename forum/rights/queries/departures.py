"""Departures that are under way."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from forum.db import db
from forum.rights.models import Departure


@dataclass(frozen=True)
class Place:
    """How far a departure was when somebody looked: only who still finds it so goes on with it."""

    id: int
    member_id: int
    how: str
    name: str
    handle: str
    step: str
    position: int


def next_place() -> Place | None:
    """The departure that was begun first, and how far it is."""
    columns = [getattr(Departure, name) for name in Place.__dataclass_fields__]
    row = db.session.execute(select(*columns).order_by(Departure.id).limit(1)).first()
    return Place(*row) if row else None


def departure_at(place: Place) -> Departure | None:
    """A departure, held, if it is still where it was seen."""
    found = select(Departure).where(Departure.id == place.id).with_for_update(skip_locked=True)
    departure = db.session.scalar(found)
    names = ("member_id", "step", "position")  # the number may be that of a later departure
    is_there = departure and all(getattr(departure, n) == getattr(place, n) for n in names)
    return departure if is_there else None
