"""Storing candidates, making them members, and deciding about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, or_, update

from forum import tokens
from forum.candidates.models import Candidate
from forum.candidates.queries import waiting_candidate
from forum.claims.actions import end_claims
from forum.claims.models import queue_path
from forum.claims.queries import refuse_claimed
from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.errors import Conflict, Forbidden, Invalid
from forum.identities.actions import link_at_joining
from forum.invitations.actions import note_arrival, use
from forum.invitations.models import Invitation
from forum.invitations.queries import entrance
from forum.mail.actions import forget_addresses, write_letter
from forum.matches import from_plain_text
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import is_email_taken, moderator_ids, normalised_email
from forum.moderation.queries import serialize_decisions
from forum.notifications.actions import NoticeText, note_event, read_queue, retitle_queue
from forum.notifications.models import QUEUE
from forum.permissions import SYSTEM, VISITOR, Person, require
from forum.screening.actions import refuse_caught
from forum.screening.queries import Sending
from forum.terms.actions import agree
from forum.terms.models import JOINING
from forum.versions import EVERYTHING

UNCONFIRMED_RETENTION, REFUSED_RETENTION = timedelta(days=3), timedelta(days=30)


@dataclass(frozen=True)
class JoinDetails:
    """The circumstances of joining: answers as (question, answer), invitation, provider account, and terms.

    `terms` is the number of the terms of use that the form showed.
    """

    answers: Sequence[tuple[str, str]] = ()
    invitation: Invitation | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    terms: int | None = None


@action
def check_may_join(visitor: Person, joining: Joining, details: JoinDetails) -> str:
    """Check that somebody can join now; the result does not depend on whether the address has an account.

    Returns the name as it would be stored. Raises `Forbidden` without a required invitation, what `check_name` and
    `require_seat` raise, and what `refuse_caught` raises for a name or position, unless moderators will read them.
    """
    touches()
    chosen, is_invited = entrance(), details.invitation is not None
    if chosen.mode == "invitation" and not is_invited:
        raise Forbidden(_("Joining is by invitation only."))
    name = members.check_name(SYSTEM, joining.name, joining.position)
    members.require_seat(SYSTEM, joining.organisation_id)
    if not chosen.is_for_moderators(is_invited=is_invited):
        written = from_plain_text(joining.name, joining.position)
        refuse_caught(visitor, None, written, "name", Sending.EDITED)
    return name


@action
def keep(visitor: Person, joining: Joining, browser_key: str, details: JoinDetails) -> Candidate:
    """Store a candidate until the address is confirmed. Raises what `check_may_join` raises."""
    touches()
    name = check_may_join(visitor, joining, details)
    candidate = Candidate(
        email=normalised_email(joining.email),
        name=name,
        password_hash=joining.password_hash,
        profile=_profile_of(joining),
        answers=[list(pair) for pair in details.answers],
        identity=dict(details.identity),
        locale=joining.locale,
        browser_hash=tokens.kept_hash(browser_key),
        terms=details.terms,
        invitation_id=details.invitation.id if details.invitation else None,
        invited_by_id=details.invitation.maker_id if details.invitation else None,
        created_at=now(),
    )
    db.session.add(candidate)
    db.session.flush()
    return candidate


def _profile_of(joining: Joining) -> dict[str, Any]:
    fields = asdict(joining)
    kept = {k: fields[k] for k in ("position", "organisation_id", "city_id", "language")}
    return {**kept, "languages": list(joining.languages)}


@action
def confirm(_visitor: Person, candidate: Candidate) -> Member | None:
    """Record that a candidate's address is verified; returns the new member, None when moderators are to decide.

    An invitation is used up only here, so that its last use goes to whoever confirms first. Raises `Conflict` when the
    address is taken or the invitation cannot be used.
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
    """Tell the moderators, and delete other candidates with the same address."""
    _delete(Candidate.email == candidate.email, Candidate.id != candidate.id)
    candidate.confirmed_at = now()
    notice = NoticeText(QUEUE, queue_path("candidate", candidate.id), candidate.name)
    note_event(VISITOR, notice, moderator_ids(), is_named=False)


def _delete(*which: ColumnElement[bool]) -> None:
    _unname(db.session.scalars(delete(Candidate).where(*which).returning(Candidate)).all())


def _unname(gone: Sequence[Candidate]) -> None:
    """Remove the names of candidates who are deleted from notices to moderators; notices that waited count as read."""
    for candidate in gone:
        if candidate.waits:
            read_queue(SYSTEM, queue_path("candidate", candidate.id))
    if addresses := [
        queue_path("candidate", candidate.id) for candidate in gone if candidate.confirmed_at
    ]:
        retitle_queue(SYSTEM, addresses, "")


def _admit(candidate: Candidate, invitation_id: int | None) -> Member:
    """Make a member of a candidate, and delete all candidates with the same address."""
    touches(EVERYTHING)
    profile = {**candidate.profile, "languages": tuple(candidate.profile["languages"])}
    who = candidate.name, candidate.email, candidate.password_hash
    inviter = candidate.invited_by_id if invitation_id else None
    identity, terms = dict(candidate.identity), candidate.terms
    member = members.join(
        SYSTEM, Joining(*who, **profile, locale=candidate.locale, invited_by_id=inviter)
    )
    if identity:
        link_at_joining(member, **identity)
    if invitation_id:
        note_arrival(SYSTEM, invitation_id, member.id)
    if terms:
        agree(member, terms, JOINING)
    _delete(Candidate.email == candidate.email)
    return member


@action
def approve(
    moderator: Person, candidate_id: int, text: str = "", holders: Collection[int | None] = ()
) -> Member:
    """Make a waiting candidate a member, and tell them by letter, with `text` if there is any.

    Claims on the candidate end; `holders` are the ids of the members whose claims the page showed. Raises `Conflict`
    when another moderator has decided or claimed it meanwhile, and `Invalid`, with a message for the moderator, when
    the name, position or organisation is not allowed any more.
    """
    candidate = _candidate_to_decide(moderator, candidate_id, holders)
    if is_email_taken(candidate.email):
        raise Conflict(_("There is an account with this address meanwhile."))
    try:
        member = _admit(candidate, None)
    except Invalid as error:
        raise _for_moderators(error) from error
    words = {"path": "/sign-in", "text": text.strip()}
    write_letter(moderator, "approved", member.email, words, member_id=member.id)
    return member


def _for_moderators(error: Invalid) -> Invalid:
    """The error with a message for the moderator, who cannot change the request."""
    if error.field not in ("name", "position", "organisation"):
        return error
    sentence = _(
        "This request cannot be approved as it is. The person would be told: “%(why)s” Refuse it with this reason, so that they can send it again.",
        why=error.message,
    )
    return Invalid(sentence)


@action
def refuse(
    moderator: Person, candidate_id: int, reason: str, holders: Collection[int | None] = ()
) -> None:
    """Refuse a waiting candidate, and tell them why by letter. They may try again. `holders` as in `approve`."""
    touches()
    candidate = _candidate_to_decide(moderator, candidate_id, holders)
    if not reason.strip():
        raise Invalid(_("Say why. The reason is sent to the person."), "reason")
    read_queue(moderator, queue_path("candidate", candidate_id))
    candidate.refused_at, candidate.refused_why = now(), reason.strip()
    words = {"path": "/join", "name": candidate.name, "text": reason.strip()}
    write_letter(moderator, "refused", candidate.email, words, locale=candidate.locale)


def _candidate_to_decide(
    moderator: Person, candidate_id: int, holders: Collection[int | None]
) -> Candidate:
    """The waiting candidate, locked for update, for a moderator who decides now; claims on the candidate end."""
    serialize_decisions(moderator)
    require(moderator.can.admit())
    candidate = waiting_candidate(candidate_id, for_update=True)
    refuse_claimed(moderator, [("candidate", candidate_id)], holders)
    end_claims(moderator, [("candidate", candidate_id)])
    return candidate


@action
def forget_old(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete up to `limit` candidates who did not confirm in three days or were refused thirty days ago; returns how many.

    The letters to them are deleted as well, because they contain the name.
    """
    require(system.can.administer())
    touches()
    never = Candidate.confirmed_at.is_(None) & (
        Candidate.created_at < now() - UNCONFIRMED_RETENTION
    )
    refused = Candidate.refused_at < now() - REFUSED_RETENTION
    gone = delete_batch(Candidate, limit, or_(never, refused), returning=Candidate)
    _unname(gone)
    # Letters of a person who asked again are younger, and stay
    forget_addresses(system, {candidate.email for candidate in gone}, now() - UNCONFIRMED_RETENTION)
    return len(gone)


@action
def forget_member(system: Person, member: Member) -> None:
    """Delete what remains from when a leaving member was a candidate, and that the member invited others."""
    require(system.can.administer())
    touches()
    _delete(Candidate.email == member.email)
    forget_addresses(system, [member.email], now())
    invited = update(Candidate).where(Candidate.invited_by_id == member.id)
    db.session.execute(invited.values(invited_by_id=None, invitation_id=None))
