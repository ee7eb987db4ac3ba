"""Looking up who may join, invitations by their secret or their maker, and who holds a seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from forum.db import db, now
from forum.errors import NotFound
from forum.invitations.models import Arrival, Entrance, Invitation
from forum.members.models import Member, Organisation
from forum.members.queries import (
    get_organisation,
    members_count,
    members_of_organisation,
    seats_taken,
)
from forum.pages import Page, page_of
from forum.permissions import Person, Verdict, require
from forum.tokens import kept_hash

MOST = 200
ON_A_PAGE = 30
PURPOSE = "invitation"


def entrance() -> Entrance:
    """Who may join; anybody, before an administrator has chosen."""
    known = db.session.scalar(select(Entrance).limit(1))
    chosen = {"mode": "open", "inviters": "moderators"}
    return known or Entrance(**chosen, questions=[], welcomes=[], refusals=[])


def entrance_to_change(administrator: Person) -> Entrance:
    """The same for those who may change it; else `Forbidden`."""
    require(administrator.can.administer())
    return entrance()


# Invitations


def invitation_by_code(code: str) -> Invitation:
    """The invitation of a secret with its maker and organisation, while it can be used.

    Raises `NotFound` for every other one: used up, over, ended, never made, or made by somebody who may not invite now.
    """
    invitation = _usable(Invitation.code_hash == kept_hash(code))
    if invitation is None:
        raise NotFound(_("This invitation cannot be used any more."))
    return invitation


def is_usable(invitation_id: int) -> bool:
    """Whether somebody may join by an invitation now; its maker is asked for anew whether they may still invite."""
    return _usable(Invitation.id == invitation_id) is not None


def _usable(which: ColumnElement[bool]) -> Invitation | None:
    loaded = joinedload(Invitation.maker), joinedload(Invitation.organisation)
    found = select(Invitation).where(which, *can_be_used()).options(*loaded)
    invitation = db.session.scalar(found.execution_options(populate_existing=True))
    return invitation if invitation and _may_let_in(invitation) else None


def _may_let_in(invitation: Invitation) -> bool:
    """Whether its maker may still invite: who moderated, or represented an organisation, may do so no more."""
    return bool(invitation.maker.can.let_in(entrance(), invitation.organisation))


def can_be_used() -> tuple[ColumnElement[bool], ...]:
    """In SQL: whether an invitation is neither used up nor over nor ended."""
    return (
        Invitation.ended_at.is_(None),
        Invitation.ends_at > now(),
        Invitation.used < Invitation.uses,
    )


def my_invitations(member: Person) -> Sequence[Invitation]:
    """The invitations that a member has made, newest first, with who came by them."""
    require(member.can.see_notices())
    return _listed(Invitation.maker_id == member.id)


def invitations_by(member_id: int) -> Select[Any]:
    """In SQL: the numbers of the invitations that a member has made."""
    return select(Invitation.id).where(Invitation.maker_id == member_id)


def all_invitations(moderator: Person, number: int = 1) -> Page[Invitation]:
    """One page of everybody's invitations, newest first: who invited whom, for moderators."""
    require(moderator.can.admit())
    return page_of(_whole(select(Invitation)), number, ON_A_PAGE)


def invitation_to_end(member: Person, invitation_id: int) -> Invitation:
    """One's own invitation, one for an organisation that one represents, or for a moderator anybody's.

    Raises `NotFound` for any other.
    """
    require(member.can.see_notices())
    found = select(Invitation).where(Invitation.id == invitation_id)
    if not member.can.admit():
        for_theirs = Invitation.organisation.has(representative_id=member.id)
        found = found.where(or_(Invitation.maker_id == member.id, for_theirs))
    invitation = db.session.scalar(found.with_for_update(of=Invitation))
    if invitation is None:
        raise NotFound(_("There is no such invitation."))
    return invitation


def _listed(which: ColumnElement[bool]) -> Sequence[Invitation]:
    return db.session.scalars(_whole(select(Invitation).where(which)).limit(MOST)).all()


def _whole(found: Select[Invitation]) -> Select[Invitation]:
    """Newest first, with who made them and who came by them."""
    loaded = joinedload(Invitation.organisation), joinedload(Invitation.maker)
    came = selectinload(Invitation.arrivals).joinedload(Arrival.member)
    return found.order_by(Invitation.id.desc()).options(*loaded, came)


def may_invite(member: Person) -> Verdict:
    """Whether somebody may make an invitation that names no organisation."""
    return member.can.invite(entrance())


def organisations_to_invite_for(member: Person) -> Sequence[Organisation]:
    """The organisations that somebody may invite for: all for moderators, else those they represent."""
    found = select(Organisation).order_by(Organisation.name, Organisation.id).limit(MOST * 10)
    if not member.can.admit():
        found = found.where(Organisation.representative_id == member.id)
    return db.session.scalars(found).all()


# Seats


@dataclass(frozen=True)
class Seats:
    """An organisation, who belongs to it, how many seats are free (None: as many as come), its invitations.

    `hidden` is how many belong to it whose profile the reader does not see.
    """

    organisation: Organisation
    members: Sequence[Member]
    hidden: int
    taken: int
    free: int | None
    invitations: Sequence[Invitation]


def seats(reader: Person, slug: str) -> Seats:
    """Who holds the seats of an organisation, for its representative and moderators; else `Forbidden`."""
    organisation = get_organisation(slug)
    require(reader.can.see_seats(organisation))
    taken = seats_taken(organisation.id)
    free = None if organisation.seats is None else max(0, organisation.seats - taken)
    members = members_of_organisation(reader, organisation.id)
    hidden = taken - members_count(reader, organisation_id=organisation.id)
    made = _listed(Invitation.organisation_id == organisation.id)
    return Seats(organisation, members, hidden, taken, free, made)
