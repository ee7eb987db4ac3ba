"""Candidates by number and by address, and those who wait for the moderators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from forum.candidates.models import Candidate
from forum.db import db
from forum.errors import Conflict
from forum.invitations.queries import CODE_PURPOSE, entrance, usable_invitation
from forum.members.models import City, Organisation
from forum.members.queries import normalised_email
from forum.pages import Page, page_of
from forum.permissions import Person, require

T = TypeVar("T", Organisation, City)
REQUESTS_PER_PAGE = 50


@dataclass(frozen=True)
class JoinRequest:
    """A waiting candidate with the chosen organisation and city."""

    candidate: Candidate
    organisation: Organisation | None
    city: City | None


def waiting(moderator: Person, number: int = 1) -> Page[JoinRequest]:
    """One page of the waiting candidates, longest waiting first; for moderators."""
    require(moderator.can.admit())
    waiting = _waiting_first().options(joinedload(Candidate.invited_by))
    page = page_of(waiting, number, REQUESTS_PER_PAGE)
    return replace(page, items=_with_places(page.items))


def waiting_people(moderator: Person) -> Select[Any]:
    """A select of the waiting candidates without organisations and cities; for moderators."""
    require(moderator.can.admit())
    return _waiting_first()


def _waiting_first() -> Select[Any]:
    return select(Candidate).where(*_is_waiting()).order_by(Candidate.confirmed_at, Candidate.id)


def waiting_counted() -> Select[Any]:
    """A select of the number of waiting candidates."""
    return select(func.count(Candidate.id)).where(*_is_waiting())


def is_for_moderators(candidate: Candidate) -> bool:
    """Whether moderators will decide about somebody once the address is confirmed, under the present rules."""
    return entrance().is_for_moderators(is_invited=candidate.invitation_id is not None)


def request_to_decide(moderator: Person, candidate_id: int) -> JoinRequest:
    """One waiting candidate, for moderators. Raises `Conflict` when another one has decided."""
    require(moderator.can.admit())
    return _with_places([waiting_candidate(candidate_id)])[0]


def waiting_candidate(candidate_id: int, *, for_update: bool = False) -> Candidate:
    """One waiting candidate; else `Conflict`. `for_update` locks the row, so that only one moderator decides."""
    found = select(Candidate).where(Candidate.id == candidate_id, *_is_waiting())
    if for_update:
        found = found.with_for_update(of=Candidate)
    candidate = db.session.scalar(found.options(joinedload(Candidate.invited_by)))
    if candidate is None:
        raise Conflict(_("Another moderator has decided about this request meanwhile."))
    return candidate


def candidate_by_id(candidate_id: int) -> Candidate | None:
    """One candidate, in any state."""
    return db.session.get(Candidate, candidate_id)


def confirmed_candidate(email: str) -> Candidate | None:
    """The latest candidate who has confirmed an address, whether they wait or were refused."""
    found = select(Candidate).where(
        Candidate.email == normalised_email(email), Candidate.confirmed_at.is_not(None)
    )
    return db.session.scalar(found.order_by(Candidate.id.desc()).limit(1))


def latest_candidate(email: str) -> Candidate | None:
    """The latest candidate with an address, in any state."""
    found = select(Candidate).where(Candidate.email == normalised_email(email))
    return db.session.scalar(found.order_by(Candidate.id.desc()).limit(1))


def way_to_join(candidate: Candidate) -> dict[str, str]:
    """Where a candidate fills in the form again, as words of a letter: by the same invitation, if it can still be used."""
    if invitation := usable_invitation(candidate.invitation_id):
        return {"path": "/join/invited", "purpose": CODE_PURPOSE, "salt": invitation.salt}
    return {"path": "/join"}


def _is_waiting() -> tuple[ColumnElement[bool], ...]:
    return Candidate.confirmed_at.is_not(None), Candidate.refused_at.is_(None)


def _with_places(candidates: Sequence[Candidate]) -> list[JoinRequest]:
    organisations = {
        organisation.id: organisation
        for organisation in _chosen_rows(Organisation, candidates, "organisation_id")
    }
    cities = {city.id: city for city in _chosen_rows(City, candidates, "city_id")}
    return [
        JoinRequest(
            candidate,
            organisations.get(_chosen_id(candidate, "organisation_id")),
            cities.get(_chosen_id(candidate, "city_id")),
        )
        for candidate in candidates
    ]


def _chosen_rows(table: type[T], candidates: Sequence[Candidate], name: str) -> Sequence[T]:
    wanted = {_chosen_id(candidate, name) for candidate in candidates}
    return db.session.scalars(select(table).where(table.id.in_(wanted))).all()


def _chosen_id(candidate: Candidate, name: str) -> int:
    """The id of the row that a candidate chose; 0, which no row has, for none."""
    return int(candidate.profile.get(name) or 0)
