"""Departures in progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from forum.db import db
from forum.rights.models import Departure


@dataclass(frozen=True)
class DepartureState:
    """A departure as the worker has read it: actions continue it only while it is still in this state."""

    id: int
    member_id: int
    how: str
    name: str
    handle: str
    earlier_handles: str
    step: str
    position: int

    @property
    def handles(self) -> Sequence[str]:
        """All handles that the member had, the last one first."""
        return self.handle, *self.earlier_handles.split()


def next_departure() -> DepartureState | None:
    """The state of the departure that was begun first; None when there is none."""
    columns = [getattr(Departure, name) for name in DepartureState.__dataclass_fields__]
    row = db.session.execute(select(*columns).order_by(Departure.id).limit(1)).first()
    return DepartureState(*row) if row else None


def departure_in_state(state: DepartureState) -> Departure | None:
    """The departure, locked, if it is still in this state; None when it is not, or locked by another worker."""
    found = select(Departure).where(Departure.id == state.id).with_for_update(skip_locked=True)
    departure = db.session.scalar(found)
    names = ("member_id", "step", "position")  # a later departure may have the same id
    is_there = departure and all(getattr(departure, n) == getattr(state, n) for n in names)
    return departure if is_there else None
