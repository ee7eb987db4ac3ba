"""Looking up candidates: by number, by address, and all who wait for the moderators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from forum.candidates.models import Candidate
from forum.db import db
from forum.errors import Conflict
from forum.members.models import City, Organisation
from forum.members.queries import normalised_email
from forum.permissions import Person, require

T = TypeVar("T", Organisation, City)
MOST = 200


@dataclass(frozen=True)
class Request:
    """A candidate who waits, with the organisation and the city that they named."""

    candidate: Candidate
    organisation: Organisation | None
    city: City | None


def waiting(moderator: Person) -> Sequence[Request]:
    """Everybody who waits for the moderators, longest first."""
    require(moderator.can.admit())
    some = _longest_first().options(joinedload(Candidate.invited_by)).limit(MOST)
    return _requests(db.session.scalars(some).all())


def waiting_people(moderator: Person) -> Select[Any]:
    """A select of them without what they named, for a list of names."""
    require(moderator.can.admit())
    return _longest_first()


def _longest_first() -> Select[Any]:
    return select(Candidate).where(*_waits()).order_by(Candidate.confirmed_at, Candidate.id)


def waiting_counted() -> Select[Any]:
    """A select of how many wait for the moderators."""
    return select(func.count(Candidate.id)).where(*_waits())


def request_to_decide(moderator: Person, candidate_id: int) -> Request:
    """One who waits; `Conflict` when it is decided, for then another moderator was faster."""
    require(moderator.can.admit())
    return _requests([waiting_candidate(candidate_id)])[0]


def waiting_candidate(candidate_id: int, *, is_held: bool = False) -> Candidate:
    """One who waits; else `Conflict`. A deed holds the row until it ends, so that only one decides."""
    found = select(Candidate).where(Candidate.id == candidate_id, *_waits())
    if is_held:
        found = found.with_for_update(of=Candidate)
    candidate = db.session.scalar(found.options(joinedload(Candidate.invited_by)))
    if candidate is None:
        raise Conflict(_("Another moderator has decided about this request meanwhile."))
    return candidate


def candidate_by_id(candidate_id: int) -> Candidate | None:
    """One candidate, whatever became of the request."""
    return db.session.get(Candidate, candidate_id)


def confirmed_candidate(email: str) -> Candidate | None:
    """The candidate who has proved an address and waits, or was refused of late; the latest one."""
    found = select(Candidate).where(
        Candidate.email == normalised_email(email), Candidate.confirmed_at.is_not(None)
    )
    return db.session.scalar(found.order_by(Candidate.id.desc()).limit(1))


def _waits() -> tuple[ColumnElement[bool], ...]:
    return Candidate.confirmed_at.is_not(None), Candidate.refused_at.is_(None)


def _requests(candidates: Sequence[Candidate]) -> list[Request]:
    organisations = {one.id: one for one in _rows(Organisation, candidates, "organisation_id")}
    cities = {city.id: city for city in _rows(City, candidates, "city_id")}
    return [
        Request(c, organisations.get(_id(c, "organisation_id")), cities.get(_id(c, "city_id")))
        for c in candidates
    ]


def _rows(table: type[T], candidates: Sequence[Candidate], name: str) -> Sequence[T]:
    wanted = {_id(candidate, name) for candidate in candidates}
    return db.session.scalars(select(table).where(table.id.in_(wanted))).all()


def _id(candidate: Candidate, name: str) -> int:
    """The number of what a candidate named; 0, which no row has, for nothing."""
    return int(candidate.profile.get(name) or 0)
