"""The list of commitments, and what it can be filtered by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.commitments.models import Commitment
from forum.commitments.queries._reach import (
    MAX_CHOICES,
    in_order,
    is_in_state,
    organisations_based,
    shown_commitments,
    with_whose,
)
from forum.db import db
from forum.members.models import City, Organisation
from forum.pages import Page, page_of
from forum.permissions import Person

COMMITMENTS_PER_PAGE = 20


@dataclass(frozen=True)
class CommitmentFilter:
    """Which commitments a list shows: of one agenda, in one state, of one country or city; all may be empty.

    Other pages link to those of one organisation (its slug), or those that follow from one declaration (its id).
    """

    agenda: str = ""
    state: str = ""
    country: str = ""
    city: str = ""
    organisation: str = ""
    declaration: int = 0

    @property
    def is_set(self) -> bool:
        """Whether the list is filtered."""
        return self != CommitmentFilter()


def commitments(reader: Person, wanted: CommitmentFilter, number: int) -> Page[Commitment]:
    """One page of commitments, by their next day, and then those that are over, the newest first."""
    found = shown_commitments(reader)
    if wanted.agenda:
        of_agenda = select(Agenda.id).where(Agenda.slug == wanted.agenda).scalar_subquery()
        found = found.where(Commitment.agenda_id == of_agenda)
    if wanted.state:
        found = found.where(is_in_state(wanted.state))
    if wanted.country:
        found = found.where(
            Commitment.organisation_id.in_(organisations_based(City.country == wanted.country))
        )
    if wanted.city:
        found = found.where(
            Commitment.organisation_id.in_(organisations_based(City.slug == wanted.city))
        )
    if wanted.organisation:
        whose = select(Organisation.id).where(Organisation.slug == wanted.organisation)
        found = found.where(Commitment.organisation_id == whose.scalar_subquery())
    if wanted.declaration:
        found = found.where(Commitment.declaration_id == wanted.declaration)
    return page_of(in_order(with_whose(found)), number, COMMITMENTS_PER_PAGE)


class Places(NamedTuple):
    """The places of commitments: codes of countries, and slug and name of cities, both in order."""

    countries: list[str]
    cities: list[tuple[str, str]]


def places_with_commitments(reader: Person) -> Places:
    """The places by which the list can be filtered; of the cities at most `MAX_CHOICES`."""
    listed = shown_commitments(reader).with_only_columns(Commitment.organisation_id)
    found = select(City.country, City.name, City.slug).join(
        Organisation, Organisation.city_id == City.id
    )
    found = found.where(Organisation.id.in_(listed)).distinct().order_by(City.name, City.slug)
    rows = db.session.execute(found.limit(MAX_CHOICES)).all()
    return Places(sorted({row.country for row in rows}), [(row.slug, row.name) for row in rows])


def agendas_with_commitments(reader: Person) -> list[tuple[str, str, str]]:
    """Slug, title and language of the agendas on which the reader finds a commitment, in their order."""
    found = shown_commitments(reader).with_only_columns(Commitment.agenda_id)
    query = select(Agenda.slug, Agenda.title, Agenda.language).where(Agenda.id.in_(found))
    rows = db.session.execute(query.order_by(Agenda.position))
    return [(slug, title, language) for slug, title, language in rows]


def commitments_after(
    reader: Person, agenda: str, state: str, before: int | None, limit: int
) -> Sequence[Commitment]:
    """The newest commitments with ids below `before`, of one agenda or in one state if these are not empty."""
    found = with_whose(shown_commitments(reader))
    if agenda:
        of_agenda = select(Agenda.id).where(Agenda.slug == agenda).scalar_subquery()
        found = found.where(Commitment.agenda_id == of_agenda)
    found = found.where(is_in_state(state)) if state else found
    found = found.where(Commitment.id < before) if before else found
    return db.session.scalars(found.order_by(Commitment.id.desc()).limit(limit)).all()
