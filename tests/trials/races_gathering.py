"""What people do in the race to meetings, commitments and declarations, and to entries of the queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from forum.claims import actions as claims
from forum.clock import now
from forum.commitments import actions as commitments
from forum.commitments.models import Milestone
from forum.db import db
from forum.declarations import actions as declarations
from forum.declarations.models import Signature
from forum.glossary import actions as glossary
from forum.glossary.models import Proposal
from forum.markup import write
from forum.meetings import actions as meetings
from forum.meetings.models import Meeting
from forum.moderation.models import Report
from tests.trials.races_ground import ADMINISTRATOR, HOSTS, MEMBERS, MODERATORS
from tests.trials.races_racer import Racer

SEATS = (None, 1, 2, 3)  # fewer than those who want to come
GUESTS = (*MEMBERS, *HOSTS)


def _come(r: Racer) -> object:
    return meetings.come(r.person(*GUESTS), r.values["meeting"])


def _stay_away(r: Racer) -> object:
    return meetings.stay_away(r.person(*GUESTS), r.values["meeting"])


def _edit_meeting(r: Racer) -> object:
    meeting = db.session.get_one(Meeting, r.values["meeting"])
    text = meetings.MeetingText(
        meeting.title,
        write(f"Who runs them? {r.course.next_word()}"),
        meeting.starts_at + timedelta(minutes=r.rng.choice((0, 0, 30))),
        meeting.ends_at + timedelta(minutes=30),
        meeting.time_zone,
        is_online=True,
        join_link=meeting.join_link,
        seats=r.rng.choice(SEATS),
    )
    return meetings.edit_meeting(r.person(*MODERATORS, *HOSTS), meeting.id, text)


def _follow_commitment(r: Racer) -> object:
    follow = r.rng.choice((commitments.follow_commitment, commitments.unfollow_commitment))
    return follow(r.person(*GUESTS), r.values["commitment"])


def _milestone(r: Racer) -> int:
    of_this = select(Milestone.id).where(Milestone.commitment_id == r.values["commitment"])
    return int(r.one_of(of_this.order_by(Milestone.id)))


def _reach_milestone(r: Racer) -> object:
    return commitments.reach_milestone(
        r.person(ADMINISTRATOR), r.values["commitment"], _milestone(r)
    )


def _move_milestone(r: Racer) -> object:
    day = now().date() + timedelta(days=r.rng.choice((10, 20, 30)))
    where = r.values["commitment"], _milestone(r), day
    return commitments.move_milestone(r.person(ADMINISTRATOR), *where, r.course.next_word())


def _reopen_milestone(r: Racer) -> object:
    return commitments.reopen_milestone(
        r.person(ADMINISTRATOR), r.values["commitment"], _milestone(r)
    )


def _invite_to_sign(r: Racer) -> object:
    return declarations.invite(r.person(*MODERATORS), r.values["open_declaration"], None)


def _decide_about_reservation(r: Racer) -> object:
    signed = r.one_of(select(Signature.id))
    if r.rng.random() < 0.5:
        return declarations.hide_reservation(r.person(*MODERATORS), signed, "It names somebody.")
    return declarations.restore_reservation(r.person(*MODERATORS), signed)


def _claim(r: Racer) -> object:
    reported = r.one_of(select(Report.item_id).where(Report.kind == "post").order_by(Report.id))
    deed = r.rng.choice((claims.claim, claims.claim, claims.release))
    return deed(r.person(*MODERATORS), ("post", reported))


def _propose_words(r: Racer) -> object:
    said = glossary.ProposalText("fr", f"mur {r.course.next_word()}", "Ce qui arrête le bruit.")
    return glossary.propose(r.person(*GUESTS), said)


def _refuse_words(r: Racer) -> object:
    proposal = r.one_of(select(Proposal.id).order_by(Proposal.id))
    return glossary.refuse(r.person(*MODERATORS), proposal, "We have this word.")


GATHERING: dict[str, tuple[int, Callable[[Racer], object]]] = {
    "come": (6, _come),
    "stay away": (3, _stay_away),
    "edit a meeting": (2, _edit_meeting),
    "follow a commitment": (3, _follow_commitment),
    "reach a milestone": (1, _reach_milestone),
    "move a milestone": (2, _move_milestone),
    "reopen a milestone": (2, _reopen_milestone),
    "invite to sign": (1, _invite_to_sign),
    "decide about a reservation": (2, _decide_about_reservation),
    "claim": (4, _claim),
    "propose words": (1, _propose_words),
    "refuse words": (1, _refuse_words),
}
