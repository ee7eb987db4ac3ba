"""Choosing who may join; making, using and ending invitations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, or_, update

from forum import tokens
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.invitations.models import Arrival, Entrance, Invitation
from forum.invitations.queries import (
    CODE_PURPOSE,
    entrance,
    entrance_fields,
    entrance_to_change,
    invitation_to_end,
    invitations_by,
    is_usable,
    usable_conditions,
)
from forum.members.models import Member
from forum.members.queries import lock_organisation, seats_taken
from forum.permissions import Person, require

MODES = ("open", "approval", "invitation")
INVITERS = ("moderators", "members")
MAX_QUESTIONS = 5
MAX_USES = 100


@dataclass(frozen=True)
class EntranceText:
    """Who may join, who invites, the questions as (text, whether an answer is required), and ready answers."""

    mode: str = "open"
    inviters: str = "moderators"
    questions: tuple[tuple[str, bool], ...] = ()
    welcomes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True)
class InvitationText:
    """How many people an invitation admits and until when, a note for them, and the organisation they join, if any."""

    uses: int
    ends_at: datetime
    note: str = ""
    organisation_id: int | None = None


@action
def set_entrance(administrator: Person, text: EntranceText, *, seen: str | None = None) -> Entrance:
    """Choose who may join, who invites, and what is asked. Raises `Invalid` for an unknown choice.

    `seen` is the fingerprint of what was chosen when the form was opened. Raises `Conflict` when it is something else
    since, so that nobody opens again unread what another administrator has just closed.
    """
    chosen = entrance_to_change(administrator)
    if text.mode not in MODES or text.inviters not in INVITERS:
        raise Invalid(_("Choose one from the list."), "mode")
    before = entrance_fields(chosen)
    chosen.mode, chosen.inviters = text.mode, text.inviters
    asked = [[words.strip(), is_required] for words, is_required in text.questions if words.strip()]
    chosen.questions = asked[:MAX_QUESTIONS]
    chosen.welcomes = [words.strip() for words in text.welcomes if words.strip()]
    chosen.refusals = [words.strip() for words in text.refusals if words.strip()]
    if entrance_fields(chosen) != before:
        refuse_unseen(seen, before)
    chosen.id = 1
    db.session.add(chosen)
    flush_unique()  # the first choice, made twice at the same moment
    return chosen


@action
def invite(maker: Member, text: InvitationText) -> Invitation:
    """Make an invitation; its secret is `tokens.secret` of `CODE_PURPOSE` and its salt."""
    touches()
    if text.organisation_id is None:
        require(maker.can.invite(entrance()))
    else:
        _require_right_and_seats(maker, text)
    if not 1 <= text.uses <= MAX_USES:
        raise Invalid(_("Choose a number from 1 to %(most)s.", most=MAX_USES), "uses")
    if text.ends_at <= now():
        raise Invalid(_("Choose a day in the future."), "ends_on")
    return _add_invitation(maker, text)


def _require_right_and_seats(maker: Member, text: InvitationText) -> None:
    """Require the right to invite for the organisation, and enough free seats."""
    organisation = lock_organisation(text.organisation_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    require(maker.can.invite_for(organisation))
    if organisation.seats is None:
        return
    free = max(0, organisation.seats - seats_taken(organisation.id))
    if text.uses > free:
        sentence = ngettext(
            "%(organisation)s has %(num)s free seat.",
            "%(organisation)s has %(num)s free seats.",
            free,
            organisation=organisation.name,
        )
        raise Invalid(sentence, "uses")


def _add_invitation(maker: Member, text: InvitationText) -> Invitation:
    salt = tokens.new_salt()
    invitation = Invitation(
        code_hash=tokens.kept_hash(tokens.secret(CODE_PURPOSE, salt)),
        salt=salt,
        maker_id=maker.id,
        organisation_id=text.organisation_id,
        note=text.note.strip(),
        uses=text.uses,
        used=0,
        created_at=now(),
        ends_at=text.ends_at,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


@action
def end_invitation(member: Person, invitation_id: int) -> None:
    """End an invitation, so that nobody can join with it any more."""
    touches()
    invitation = invitation_to_end(member, invitation_id)
    invitation.ended_at = invitation.ended_at or now()


@action
def use(_visitor: Person, invitation_id: int) -> bool:
    """Use an invitation once; returns whether that was possible. Called by the action that makes the member."""
    touches()
    if not is_usable(invitation_id):
        return False
    spent = update(Invitation).where(Invitation.id == invitation_id, *usable_conditions())
    spent = spent.values(used=Invitation.used + 1)
    return db.session.scalar(spent.returning(Invitation.id)) is not None


@action
def note_arrival(_visitor: Person, invitation_id: int, member_id: int) -> None:
    """Record by which invitation a member joined. Called by the action that makes the member."""
    touches()
    db.session.add(Arrival(member_id=member_id, invitation_id=invitation_id))
    db.session.flush()


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the invitations of a member who has left, and the record of the one by which they joined."""
    require(system.can.administer())
    touches()
    by_theirs = Arrival.invitation_id.in_(invitations_by(member_id))
    db.session.execute(delete(Arrival).where(or_(Arrival.member_id == member_id, by_theirs)))
    db.session.execute(delete(Invitation).where(Invitation.maker_id == member_id))
