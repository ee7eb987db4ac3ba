"""Choosing who may join; making, using and ending invitations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, or_, update

from forum import tokens
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.invitations.models import Arrival, Entrance, Invitation
from forum.invitations.queries import (
    CODE_PURPOSE,
    entrance,
    invitation_to_end,
    invitations_by,
    is_usable,
    usable_conditions,
)
from forum.members import actions as members
from forum.members.models import Mandate, Member, Organisation
from forum.members.queries import (
    lock_organisation,
    organisations_with_due_mandates,
    seats_taken,
)
from forum.moderation import actions as moderation
from forum.notifications.actions import NoticeText, note_event, read_outdated
from forum.permissions import SYSTEM, Person, require
from forum.sentences import Sentence, plural_sentence, sentence

MODES = ("open", "approval", "invitation")
INVITERS = ("moderators", "members")
MAX_QUESTIONS = 5
MAX_USES = 100
ORGANISATIONS_AT_ONCE = 20
# What members are told of their last day, and who represents their organisation of it beside the member's name
NEAR = sentence("Your last day to write for %(organisation)s is %(day)s")
NEAR_TO_OTHERS = sentence("The last day to write for %(organisation)s is %(day)s")
OVER = sentence("You no longer write for %(organisation)s: your last day was %(day)s")
OVER_TO_OTHERS = sentence("The last day to write for %(organisation)s was %(day)s")


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
    """How many people an invitation admits and until when, a note for them, and an organisation they join."""

    uses: int
    ends_at: datetime
    note: str = ""
    organisation_id: int | None = None


@action
def set_entrance(administrator: Person, text: EntranceText) -> Entrance:
    """Choose who may join, who invites, and what is asked. Raises `Invalid` for an unknown choice."""
    require(administrator.can.administer())
    if text.mode not in MODES or text.inviters not in INVITERS:
        raise Invalid(_("Choose one from the list."), "mode")
    chosen = entrance()
    chosen.mode, chosen.inviters = text.mode, text.inviters
    asked = [[words.strip(), is_required] for words, is_required in text.questions if words.strip()]
    chosen.questions = asked[:MAX_QUESTIONS]
    chosen.welcomes = [words.strip() for words in text.welcomes if words.strip()]
    chosen.refusals = [words.strip() for words in text.refusals if words.strip()]
    chosen.id = 1
    db.session.add(chosen)
    flush_unique()  # the first choice, made twice in the same moment
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
    """Require the right to invite for an organisation, and enough free seats."""
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
    """Delete the invitations of a member who has left, and by which one the member joined."""
    require(system.can.administer())
    touches()
    by_theirs = Arrival.invitation_id.in_(invitations_by(member_id))
    db.session.execute(delete(Arrival).where(or_(Arrival.member_id == member_id, by_theirs)))
    db.session.execute(delete(Invitation).where(Invitation.maker_id == member_id))


# Who writes for an organisation


@action
def choose_voices(
    doer: Person,
    organisation_id: int,
    member_ids: Collection[int] | None,
    last_days: Mapping[int, date] = members.NO_DAYS,
    *,
    seen: str | None = None,
) -> Organisation:
    """Let only these members of an organisation write for it, or all of them (None), and tell those for whom that is new.

    `last_days` and `seen` are as in the action of the members' room. What a moderator chooses for somebody else's
    organisation is written down in the log.
    """
    _end_voices(organisation_id)  # so that whoever is named again begins anew
    chosen = members.choose_voices(doer, organisation_id, member_ids, last_days, seen=seen)
    organisation = chosen.organisation
    if chosen.concerned and organisation.representative_id != doer.id:
        moderation.choose_voices(doer, organisation, _what_was_chosen(chosen))
    # What they were told before holds no more; those who are freed see it by the form
    read_outdated(SYSTEM, "voice", _pages_of(organisation), sorted(chosen.concerned))
    for told, title, before in _told_of(chosen):
        note_event(doer, NoticeText("voice", _page_of(organisation), title, before=before), told)
    return organisation


def _page_of(organisation: Organisation) -> str:
    return f"/organisations/{organisation.slug}"


def _form_of(organisation: Organisation) -> str:
    """Where the representative chooses another day. By this address their notices are told from those to voices."""
    return f"{_page_of(organisation)}/voices"


def _pages_of(organisation: Organisation) -> Sequence[str]:
    return [_page_of(organisation), _form_of(organisation)]


def _told_of(
    chosen: members.ChosenVoices,
) -> Iterator[tuple[Collection[int], Sentence, Sequence[Sentence]]]:
    """Who is told what of a choice: the ids of members, the title of their notice, and what stands before its text."""
    words = {"organisation": chosen.organisation.name}
    no_more = sentence("You no longer write for %(organisation)s", **words)
    others = sentence(
        "It has named the members who write for it. Its representative or a moderator can name you, too."
    )
    yield chosen.unnamed, no_more, ()
    yield chosen.lost, no_more, [others]
    for day in {chosen.days[one] for one in {*chosen.named, *chosen.redated}}:
        named = [one for one in chosen.named if chosen.days[one] == day]
        redated = [one for one in chosen.redated if chosen.days[one] == day]
        if day is None:
            yield named, sentence("You write for %(organisation)s now", **words), ()
            yield (
                redated,
                sentence("You write for %(organisation)s without a last day", **words),
                (),
            )
        else:
            until = sentence(
                "You write for %(organisation)s until %(day)s", **words, day=day.isoformat()
            )
            yield [*named, *redated], until, ()


def _what_was_chosen(chosen: members.ChosenVoices) -> Sequence[Sentence]:
    """What the log says of a choice: numbers, no names, which the record of the organisation has."""
    if chosen.freed:
        return [sentence("All its members write for it now.")]
    counted = (
        plural_sentence("Named: %(num)s member.", "Named: %(num)s members.", len(chosen.named)),
        plural_sentence(
            "With another last day: %(num)s member.",
            "With another last day: %(num)s members.",
            len(chosen.redated),
        ),
        plural_sentence(
            "No longer named: %(num)s member.",
            "No longer named: %(num)s members.",
            len(chosen.unnamed),
        ),
        plural_sentence(
            "May no longer write for it: %(num)s member.",
            "May no longer write for it: %(num)s members.",
            len(chosen.lost),
        ),
    )
    return [one for one in counted if one.number]


@action
def look_after_voices(system: Person, limit: int = ORGANISATIONS_AT_ONCE) -> int:
    """End what has had its last day, and remind of those that are near; returns for how many organisations.

    The member is told, and who represents the organisation.
    """
    require(system.can.administer())
    due = organisations_with_due_mandates(limit)
    if not due:
        touches()
    for organisation_id in due:
        _end_voices(organisation_id)
        near = members.note_last_days(system, organisation_id)
        _tell_of_days(organisation_id, near, NEAR, NEAR_TO_OTHERS)
    return len(due)


def _end_voices(organisation_id: int) -> None:
    over = members.end_voices(SYSTEM, organisation_id)
    _tell_of_days(organisation_id, over, OVER, OVER_TO_OTHERS)


def _tell_of_days(
    organisation_id: int, mandates: Sequence[Mandate], to_member: Sentence, to_others: Sentence
) -> None:
    """Tell members, and who represents their organisation, of last days; the one notice of the other names the member."""
    organisation = lock_organisation(organisation_id) if mandates else None
    if organisation is None:
        return
    for mandate in mandates:
        words = {"organisation": organisation.name, "day": str(mandate.last_day)}
        read_outdated(SYSTEM, "voice", [_page_of(organisation)], [mandate.member_id])
        own = NoticeText("voice", _page_of(organisation), to_member.put_in(**words))
        note_event(SYSTEM, own, [mandate.member_id])
        others = NoticeText("voice", _form_of(organisation), to_others.put_in(**words))
        note_event(mandate.member, others, [organisation.representative_id])
