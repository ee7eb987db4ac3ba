"""Organisations that are invited to sign."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.declarations.models import Declaration, InvitedOrganisation
from forum.declarations.queries.signatures import signed_ids
from forum.members.models import City, Organisation
from forum.permissions import Person, require
from forum.reach import sees_hidden

MAX_INVITED = 2_000


@dataclass(frozen=True)
class Invitable:
    """An organisation that may be invited to sign, and whether it was already, or has signed."""

    organisation: Organisation
    is_invited: bool
    has_signed: bool


def invitable(curator: Person, declaration: Declaration, country: str = "") -> list[Invitable]:
    """The organisations, by name, of one country or of all, and the state of each; for moderators of the agenda."""
    require(curator.can.moderate(declaration.agenda_id))
    query = select(Organisation).outerjoin(City, City.id == Organisation.city_id)
    if country:
        query = query.where(City.country == country)
    ordered = query.options(joinedload(Organisation.city)).order_by(
        Organisation.name, Organisation.id
    )
    invited, signed = _invited_ids(declaration.id), signed_ids(declaration.id)
    return [
        Invitable(organisation, organisation.id in invited, organisation.id in signed)
        for organisation in db.session.scalars(ordered.limit(MAX_INVITED))
    ]


def countries_of_organisations() -> list[str]:
    """The codes of the countries of all organisations."""
    query = select(City.country).join(Organisation, Organisation.city_id == City.id).distinct()
    return sorted(db.session.scalars(query))


def count_unsigned(reader: Person, declaration: Declaration) -> tuple[int, int] | None:
    """How many organisations were invited, and how many of them have not signed; None for all but moderators."""
    if not declaration.frozen_at or not sees_hidden(reader, declaration.agenda_id):
        return None
    invited = _invited_ids(declaration.id)
    return len(invited), len(invited - signed_ids(declaration.id))


def _invited_ids(declaration_id: int) -> set[int]:
    """The ids of the invited organisations, without those whose invitation was taken back."""
    is_so = (
        InvitedOrganisation.declaration_id == declaration_id,
        InvitedOrganisation.taken_back_at.is_(None),
    )
    return set(db.session.scalars(select(InvitedOrganisation.organisation_id).where(*is_so)))


def invitations_taken_back(
    curator: Person, declaration: Declaration
) -> Sequence[InvitedOrganisation]:
    """The invitations that were taken back, the latest first, each with its organisation and who did it."""
    require(curator.can.moderate(declaration.agenda_id))
    is_so = (
        InvitedOrganisation.declaration_id == declaration.id,
        InvitedOrganisation.taken_back_at.is_not(None),
    )
    order = (InvitedOrganisation.taken_back_at.desc(), InvitedOrganisation.organisation_id)
    loaded = (
        joinedload(InvitedOrganisation.organisation),
        joinedload(InvitedOrganisation.taken_back_by),
    )
    query = select(InvitedOrganisation).where(*is_so).options(*loaded).order_by(*order)
    return db.session.scalars(query.limit(MAX_INVITED)).all()


def invitations_to_change(
    declaration_id: int, organisation_ids: Collection[int]
) -> Sequence[InvitedOrganisation]:
    """The invitations of these organisations, even those taken back, by id; the declaration is locked already."""
    mine = (
        InvitedOrganisation.declaration_id == declaration_id,
        InvitedOrganisation.organisation_id.in_(organisation_ids),
    )
    query = select(InvitedOrganisation).where(*mine)
    ordered = query.order_by(InvitedOrganisation.organisation_id)
    return db.session.scalars(ordered.options(joinedload(InvitedOrganisation.organisation))).all()


def invitations_taken_back_by(member_id: int) -> Sequence[InvitedOrganisation]:
    """The invitations that a member has taken back."""
    query = select(InvitedOrganisation).where(InvitedOrganisation.taken_back_by_id == member_id)
    return db.session.scalars(query).all()


def uninvited_ids(declaration_id: int, organisation_ids: Collection[int]) -> list[int]:
    """Those of these organisations that exist, were not invited yet and have not signed."""
    known = _invited_ids(declaration_id) | signed_ids(declaration_id)
    here = select(Organisation.id).where(Organisation.id.in_(organisation_ids))
    return [
        organisation_id
        for organisation_id in db.session.scalars(here.order_by(Organisation.id))
        if organisation_id not in known
    ]


def unsigned_ids(declaration_id: int) -> set[int]:
    """The ids of the organisations that were invited and have not signed."""
    return _invited_ids(declaration_id) - signed_ids(declaration_id)


def all_organisation_ids() -> list[int]:
    """The ids of all organisations."""
    return list(db.session.scalars(select(Organisation.id).limit(MAX_INVITED)))
