"""Who may join, invitations by secret and by maker, who holds the seats of an organisation and who writes for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.invitations.models import Arrival, Entrance, Invitation
from forum.members.models import Member, Organisation
from forum.members.queries import (
    get_organisation,
    members_of_organisation,
    number_in_organisation,
    seats_taken,
    voices_to_choose,
)
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.tokens import kept_hash
from forum.verdicts import Verdict

MAX_LISTED, MAX_ORGANISATIONS = 200, 2_000  # invitations; organisations to choose from
PAGE_SIZE = 30
CODE_PURPOSE = "invitation"


def entrance() -> Entrance:
    """Who may join; a new row with the defaults, before an administrator has chosen."""
    known = db.session.scalar(select(Entrance).limit(1))
    chosen = {"mode": "open", "inviters": "moderators"}
    return known or Entrance(**chosen, questions=[], welcomes=[], refusals=[])


def entrance_to_edit(administrator: Person) -> Entrance:
    """As `entrance`, for administrators; else `Forbidden`."""
    require(administrator.can.administer())
    return entrance()


def entrance_to_change(administrator: Person) -> Entrance:
    """As `entrance_to_edit`, locked until the action ends."""
    require(administrator.can.administer())
    db.session.scalar(select(Entrance).limit(1).with_for_update())
    return entrance()


def entrance_fields(entrance: Entrance) -> dict[str, Any]:
    """What an administrator has chosen, as JSON values, for its fingerprint."""
    return {
        "mode": entrance.mode,
        "inviters": entrance.inviters,
        "questions": entrance.questions,
        "welcomes": entrance.welcomes,
        "refusals": entrance.refusals,
    }


# Invitations


def invitation_by_code(code: str) -> Invitation:
    """The usable invitation of a secret, with its maker and organisation.

    Raises `NotFound` for every other: used up, expired, ended, never made, or made by somebody who may not invite
    now.
    """
    invitation = _usable_invitation(Invitation.code_hash == kept_hash(code))
    return or_not_found(invitation, _("This invitation cannot be used any more."))


def is_usable(invitation_id: int) -> bool:
    """Whether somebody can join with an invitation now; its maker's right to invite is checked again."""
    return usable_invitation(invitation_id) is not None


def usable_invitation(invitation_id: int | None) -> Invitation | None:
    """The invitation with an id, if somebody can join with it now."""
    return _usable_invitation(Invitation.id == invitation_id) if invitation_id else None


def _usable_invitation(which: ColumnElement[bool]) -> Invitation | None:
    loaded = joinedload(Invitation.maker), joinedload(Invitation.organisation)
    found = select(Invitation).where(which, *usable_conditions()).options(*loaded)
    invitation = db.session.scalar(found.execution_options(populate_existing=True))
    return invitation if invitation and _may_maker_let_in(invitation) else None


def _may_maker_let_in(invitation: Invitation) -> bool:
    """Whether the maker may still invite, unlike former moderators and representatives."""
    return bool(invitation.maker.can.let_in(entrance(), invitation.organisation))


def usable_conditions() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: an invitation is neither used up nor expired nor ended."""
    return (
        Invitation.ended_at.is_(None),
        Invitation.ends_at > now(),
        Invitation.used < Invitation.uses,
    )


def my_invitations(member: Person) -> Sequence[Invitation]:
    """A member's own invitations, newest first, with those who joined by them."""
    require(member.can.see_own())
    return _invitations_where(Invitation.maker_id == member.id)


def invitations_by(member_id: int) -> Select[Any]:
    """A select of the ids of a member's invitations."""
    return select(Invitation.id).where(Invitation.maker_id == member_id)


def all_invitations(moderator: Person, number: int = 1) -> Page[Invitation]:
    """One page of all invitations, newest first, with makers and those who joined; for moderators."""
    require(moderator.can.admit())
    return page_of(_newest_with_people(select(Invitation)), number, PAGE_SIZE)


def invitation_to_end(member: Person, invitation_id: int) -> Invitation:
    """One's own invitation, one for an organisation that one represents, or for moderators any; locked.

    Raises `NotFound` for any other.
    """
    require(member.can.see_own())
    found = select(Invitation).where(Invitation.id == invitation_id)
    if not member.can.admit():
        for_theirs = Invitation.organisation.has(representative_id=member.id)
        found = found.where(or_(Invitation.maker_id == member.id, for_theirs))
    invitation = db.session.scalar(found.with_for_update(of=Invitation))
    return or_not_found(invitation, _("There is no such invitation."))


def _invitations_where(which: ColumnElement[bool]) -> Sequence[Invitation]:
    return db.session.scalars(
        _newest_with_people(select(Invitation).where(which)).limit(MAX_LISTED)
    ).all()


def _newest_with_people(found: Select[Invitation]) -> Select[Invitation]:
    """Newest first, with makers, organisations and those who joined loaded."""
    loaded = joinedload(Invitation.organisation), joinedload(Invitation.maker)
    came = selectinload(Invitation.arrivals).joinedload(Arrival.member)
    return found.order_by(Invitation.id.desc()).options(*loaded, came)


def may_invite(member: Person, chosen: Entrance) -> Verdict:
    """Whether a member may make invitations without an organisation under the rules of `entrance`, and if not why."""
    return member.can.invite(chosen)


def has_invitations(member: Person) -> bool:
    """Whether a member's page of invitations has anything to offer: making one, or existing ones."""
    if member.can.admit():
        return True
    reasons = (
        select(Entrance).where(Entrance.inviters == "members"),
        select(Organisation).where(Organisation.representative_id == member.id),
        select(Invitation).where(Invitation.maker_id == member.id),
    )
    return bool(db.session.scalar(select(or_(*(reason.exists() for reason in reasons)))))


def organisations_to_invite_for(member: Person) -> Sequence[Organisation]:
    """The organisations that a member may invite for: all for moderators, else those they represent."""
    found = (
        select(Organisation).order_by(Organisation.name, Organisation.id).limit(MAX_ORGANISATIONS)
    )
    if not member.can.admit():
        found = found.where(Organisation.representative_id == member.id)
    return [one for one in db.session.scalars(found) if member.can.invite_for(one)]


# Seats


@dataclass(frozen=True)
class Seats:
    """An organisation, its visible members, the numbers of seats taken and free, and its invitations.

    `hidden` is the number of members whose profiles the reader does not see. `free` is None when seats are not
    limited.
    """

    organisation: Organisation
    members: Sequence[Member]
    hidden: int
    taken: int
    free: int | None
    invitations: Sequence[Invitation]


def organisation_to_speak_for(
    doer: Person, slug: str
) -> tuple[Organisation, Sequence[Member], dict[str, Any]]:
    """An organisation, its visible members, and which of them write for it (as `voices_to_choose` returns it).

    For those who may choose them; else `Forbidden`.
    """
    organisation = get_organisation(slug)
    require(doer.can.choose_voices(organisation))
    return organisation, *voices_to_choose(doer, organisation)


def seats(reader: Person, slug: str) -> Seats:
    """The seats of an organisation, for its representative and for moderators; else `Forbidden`."""
    organisation = get_organisation(slug)
    require(reader.can.see_seats(organisation))
    taken = seats_taken(organisation.id)
    free = None if organisation.seats is None else max(0, organisation.seats - taken)
    members = members_of_organisation(reader, organisation.id)
    hidden = taken - number_in_organisation(reader, organisation.id)
    made = _invitations_where(Invitation.organisation_id == organisation.id)
    return Seats(organisation, members, hidden, taken, free, made)
