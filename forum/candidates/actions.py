"""Keeping who wants to join, making them members, letting them wait, approving and refusing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, or_, update

from forum import tokens
from forum.candidates.models import Candidate
from forum.candidates.queries import waiting_candidate
from forum.db import EVERYTHING, action, db, now, touches
from forum.errors import Conflict, Forbidden, Invalid
from forum.identities.actions import link_at_joining
from forum.invitations.actions import note_arrival, use
from forum.invitations.models import Invitation
from forum.invitations.queries import entrance
from forum.mail.actions import write_letter
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import is_email_taken, moderator_ids, normalised_email
from forum.notifications.actions import note_event, read_queue
from forum.permissions import SYSTEM, VISITOR, Person, require
from forum.terms.actions import agree
from forum.terms.models import JOINING

KEPT_UNCONFIRMED, KEPT_REFUSED = timedelta(days=3), timedelta(days=30)


@dataclass(frozen=True)
class Coming:
    """How somebody comes: what they answered, by which invitation, with which account of elsewhere, agreeing to what.

    `terms` is the number of the terms of use that the form showed.
    """

    answers: Sequence[tuple[str, str]] = ()
    invitation: Invitation | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    terms: int | None = None


@action
def may_come(_visitor: Person, joining: Joining, coming: Coming) -> None:
    """Check that somebody can join as things are now; says the same whether or not the address has an account.

    Raises `Forbidden` when joining needs an invitation and there is none; further what `check_name` and `require_seat`
    raise.
    """
    touches()
    if entrance().mode == "invitation" and coming.invitation is None:
        raise Forbidden(_("Joining is by invitation only."))
    members.check_name(SYSTEM, joining.name)
    members.require_seat(SYSTEM, joining.organisation_id)


@action
def keep(visitor: Person, joining: Joining, browser_key: str, coming: Coming) -> Candidate:
    """Keep what somebody has filled in, until the address is confirmed. Raises what `may_come` raises."""
    touches()
    may_come(visitor, joining, coming)
    candidate = Candidate(
        email=normalised_email(joining.email),
        name=members.check_name(SYSTEM, joining.name),
        password_hash=joining.password_hash,
        profile=_profile(joining),
        answers=[list(pair) for pair in coming.answers],
        identity=dict(coming.identity),
        browser_hash=tokens.kept_hash(browser_key),
        terms=coming.terms,
        invitation_id=coming.invitation.id if coming.invitation else None,
        invited_by_id=coming.invitation.maker_id if coming.invitation else None,
        created_at=now(),
    )
    db.session.add(candidate)
    db.session.flush()
    return candidate


def _profile(joining: Joining) -> dict[str, Any]:
    fields = asdict(joining)
    kept = {k: fields[k] for k in ("position", "organisation_id", "city_id", "language")}
    return {**kept, "languages": list(joining.languages)}


@action
def confirm(_visitor: Person, candidate: Candidate) -> Member | None:
    """The address of a candidate is proved: make the member, or nobody yet when moderators are to decide.

    An invitation is used here and not before, so that the last use is had by whoever confirms first.
    """
    touches()
    if is_email_taken(candidate.email):
        raise Conflict(_("There is an account with this address. Sign in instead."))
    mode = entrance().mode
    came_by = candidate.invitation_id
    is_invited = came_by is not None and use(SYSTEM, came_by)
    if is_invited or mode == "open":
        return _admit(candidate, came_by if is_invited else None)
    if mode == "invitation":
        raise Conflict(_("This invitation cannot be used any more. Ask for another one."))
    _wait(candidate)
    return None


def _wait(candidate: Candidate) -> None:
    """Let the moderators know; what else was begun with the address is forgotten."""
    others = Candidate.email == candidate.email, Candidate.id != candidate.id
    db.session.execute(delete(Candidate).where(*others))
    candidate.confirmed_at = now()
    note_event(
        VISITOR,
        "queue",
        moderator_ids(),
        _in_queue(candidate.id),
        title=candidate.name,
        is_named=False,
    )


def _in_queue(candidate_id: int) -> str:
    return f"/moderation/candidate/{candidate_id}"


def _admit(candidate: Candidate, invitation_id: int | None) -> Member:
    """Make a member of a candidate; everything else begun with the address is forgotten."""
    touches(EVERYTHING)
    profile = {**candidate.profile, "languages": tuple(candidate.profile["languages"])}
    who = candidate.name, candidate.email, candidate.password_hash
    inviter = candidate.invited_by_id if invitation_id else None
    identity, terms = dict(candidate.identity), candidate.terms
    member = members.join(SYSTEM, Joining(*who, **profile, invited_by_id=inviter))
    if identity:
        link_at_joining(member, **identity)
    if invitation_id:
        note_arrival(SYSTEM, invitation_id, member.id)
    if terms:
        agree(member, terms, JOINING)
    db.session.execute(delete(Candidate).where(Candidate.email == candidate.email))
    return member


@action
def approve(moderator: Person, candidate_id: int, text: str = "") -> Member:
    """Let somebody join who waits, and tell them by letter, with some words if there are any."""
    require(moderator.can.admit())
    candidate = waiting_candidate(candidate_id, is_held=True)
    if is_email_taken(candidate.email):
        raise Conflict(_("There is an account with this address meanwhile."))
    read_queue(moderator, _in_queue(candidate_id))
    member = _admit(candidate, None)
    words = {"path": "/sign-in", "text": text.strip()}
    write_letter(moderator, "approved", member.email, words, member_id=member.id)
    return member


@action
def refuse(moderator: Person, candidate_id: int, reason: str) -> None:
    """Do not let somebody join who waits, and tell them why by letter. They may try again."""
    touches()
    require(moderator.can.admit())
    candidate = waiting_candidate(candidate_id, is_held=True)
    if not reason.strip():
        raise Invalid(_("Say why. The reason is sent to the person."), "reason")
    read_queue(moderator, _in_queue(candidate_id))
    candidate.refused_at, candidate.refused_why = now(), reason.strip()
    words = {"path": "/join", "name": candidate.name, "text": reason.strip()}
    write_letter(moderator, "refused", candidate.email, words)


@action
def forget_old(system: Person) -> int:
    """Delete candidates who never confirmed, after three days, and those who were refused, after thirty."""
    require(system.can.administer())
    touches()
    never = Candidate.confirmed_at.is_(None) & (Candidate.created_at < now() - KEPT_UNCONFIRMED)
    refused = Candidate.refused_at < now() - KEPT_REFUSED
    gone = delete(Candidate).where(or_(never, refused)).returning(Candidate.id)
    return len(db.session.scalars(gone).all())


@action
def forget_member(system: Person, member: Member) -> None:
    """Delete who wants to join with the address of a member who leaves; whom the member invited comes uninvited."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Candidate).where(Candidate.email == member.email))
    invited = update(Candidate).where(Candidate.invited_by_id == member.id)
    db.session.execute(invited.values(invited_by_id=None, invitation_id=None))
