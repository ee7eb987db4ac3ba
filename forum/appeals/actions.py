"""Appealing against a decision, and answering an appeal."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import update

from forum.appeals.models import OUTCOMES, REVERSED, Appeal
from forum.appeals.queries import (
    appeal_to_decide,
    appeals_of,
    decision_to_appeal,
    other_decider_ids,
    standing,
)
from forum.claims.actions import end_claims
from forum.claims.models import queue_path
from forum.claims.queries import refuse_claimed
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.matches import KnownAs, without_member
from forum.moderation.actions import KINDS_TITLED_BY_NAME, reverse
from forum.moderation.queries import serialize_decisions
from forum.notifications.actions import NoticeText, note_event, read_queue, retitle_queue
from forum.notifications.models import URGENT
from forum.permissions import Person, require
from forum.sentences import Sentence, sentence

MAX_LENGTH = 5_000  # characters of an appeal, or of its answer


@action
def appeal(appellant: Person, decision_id: int, text: str) -> Appeal:
    """Appeal against a decision; members who are suspended by it can do so, too.

    Raises `Forbidden` when one cannot appeal (any more), `Conflict` for a second appeal.
    """
    touches()
    serialize_decisions(appellant)
    decision = decision_to_appeal(appellant, decision_id)
    require(appellant.can.appeal(standing(appellant, decision)))
    _check_text(text, _("Say why the decision is wrong."), "text")
    new = Appeal(
        decision_id=decision.id,
        appellant_id=appellant.id,
        text=text,
        created_at=now(),
        outcome="",
        answer="",
    )
    db.session.add(new)
    flush_unique(Conflict(_("You have appealed already.")))
    decider_ids = other_decider_ids(decision, appellant.id)
    notice = NoticeText(
        URGENT, queue_path("appeal", new.id), decision.heading, language=decision.language
    )
    note_event(appellant, notice, decider_ids, is_named=False)
    return new


@action
def decide_appeal(
    moderator: Person,
    appeal_id: int,
    outcome: str,
    answer: str,
    holders: Collection[int | None] = (),
) -> Appeal:
    """Answer an appeal in writing: the decision is upheld, or reversed with all consequences.

    `outcome` is one of `OUTCOMES`. Reversing the decision to keep a thing opens its reports again. Claims on the
    appeal end; `holders` are the ids of the members whose claims the page showed. Raises `Conflict` when another
    moderator has answered or claimed it meanwhile, or the decision is no longer in effect.
    """
    serialize_decisions(moderator)
    found = appeal_to_decide(moderator, appeal_id)
    require(moderator.can.decide_appeal(found))
    if found.decided_at and found.decider_id == moderator.id:
        raise Conflict(_("You have answered this appeal meanwhile, in another window."))
    if found.decided_at:
        raise Conflict(
            _("Another moderator has answered this appeal meanwhile. Nothing was changed.")
        )
    refuse_claimed(moderator, [("appeal", appeal_id)], holders)
    if outcome not in OUTCOMES:
        raise Invalid(_("Choose a decision."), "outcome")
    _check_text(answer, _("Answer in writing. The person who appealed reads it."), "answer")
    if outcome == REVERSED:
        _reverse(moderator, found, answer)
    found.outcome, found.answer = outcome, answer
    found.decided_at, found.decider_id = now(), moderator.id
    end_claims(moderator, [("appeal", appeal_id)])
    read_queue(moderator, queue_path("appeal", found.id))
    _tell_appellant(moderator, found)
    return found


def _reverse(moderator: Person, appeal: Appeal, answer: str) -> None:
    """Reverse the decision; the appellant reads the answer, and needs no other notice."""
    is_told = appeal.decision.author_id != appeal.appellant_id
    reversal = reverse(
        moderator, appeal.decision_id, answer, is_told=is_told, but=appeal.appellant_id
    )
    appeal.reversal_id = reversal.id


def _tell_appellant(moderator: Person, appeal: Appeal) -> None:
    notice = NoticeText(
        "decision",
        f"/moderation/decisions/{appeal.decision_id}/appeal",
        appeal.decision.heading,
        appeal.answer,
        before=[_outcome_sentence(appeal.outcome)],
        language=appeal.decision.language,
    )
    note_event(moderator, notice, [appeal.appellant_id], is_named=False)


def _outcome_sentence(outcome: str) -> Sentence:
    if outcome == REVERSED:
        return sentence("Your appeal was right. The decision is taken back.")
    return sentence("Your appeal was looked at by another moderator. The decision stays.")


def _check_text(text: str, empty: str, field: str) -> None:
    if not text.strip():
        raise Invalid(empty, field)
    if len(text) > MAX_LENGTH:
        raise Invalid(
            _("Write at most %(most)s characters.", most=format_decimal(MAX_LENGTH)), field
        )


@action
def unname(system: Person, member_id: int, known: KnownAs, *, is_silent: bool) -> None:
    """Replace the name and the handles of a member who has left in appeals, which stay.

    With `is_silent` the texts of the member's own appeals are deleted as well.
    """
    require(system.can.administer())
    touches()
    found = appeals_of(member_id)
    addresses = [
        queue_path("appeal", appeal.id)
        for appeal in found
        if is_silent or appeal.decision.kind in KINDS_TITLED_BY_NAME
    ]
    retitle_queue(system, addresses, known.former)
    for appeal in found:
        appeal.text = without_member(appeal.text, known)
        appeal.answer = without_member(appeal.answer, known)
    if is_silent:
        own = update(Appeal).where(Appeal.appellant_id == member_id)
        db.session.execute(own.values(text=""))
