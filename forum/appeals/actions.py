"""Appealing against a decision, and answering an appeal."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from forum.appeals.models import OUTCOMES, REVERSED, Appeal
from forum.appeals.queries import (
    appeal_to_decide,
    appeals_of,
    decision_to_appeal,
    others_who_decide,
    standing,
)
from forum.db import action, db, now, touches
from forum.errors import Conflict, Invalid
from forum.matches import unnamed
from forum.moderation.actions import KINDS_TITLED_BY_NAME, reverse
from forum.moderation.queries import serialize_decisions
from forum.notifications.actions import note_event, read_queue, retitle_queue
from forum.permissions import Person, require

LONGEST = 5_000  # characters of an appeal, or of its answer


@action
def appeal(appellant: Person, decision_id: int, text: str) -> Appeal:
    """Ask that another moderator looks again at a decision, and say why. Works for who is suspended by it, too."""
    touches()
    serialize_decisions()
    decision = decision_to_appeal(appellant, decision_id)
    require(appellant.can.appeal(standing(appellant, decision)))
    _check(text, _("Say why the decision is wrong."), "text")
    said = Appeal(
        decision_id=decision.id,
        appellant_id=appellant.id,
        text=text,
        created_at=now(),
        outcome="",
        answer="",
    )
    try:
        with db.session.begin_nested():
            db.session.add(said)
    except IntegrityError:
        raise Conflict(_("You have appealed already.")) from None
    who = others_who_decide(decision, appellant.id)
    note_event(appellant, "queue", who, _in_queue(said.id), title=decision.title, is_named=False)
    return said


@action
def decide_appeal(moderator: Person, appeal_id: int, outcome: str, answer: str) -> Appeal:
    """Answer an appeal in writing: the decision is upheld, or reversed with all that followed from it.

    Where what a reporter had reported was kept, reversing lets its reports wait again. Raises `Conflict` when somebody
    has answered meanwhile, or when the decision holds no more.
    """
    serialize_decisions()
    found = appeal_to_decide(moderator, appeal_id)
    require(moderator.can.decide_appeal(found))
    if found.decided_at:
        raise Conflict(
            _("Another moderator has answered this appeal meanwhile. Nothing was changed.")
        )
    if outcome not in OUTCOMES:
        raise Invalid(_("Choose a decision."), "outcome")
    _check(answer, _("Answer in writing. Who appealed reads it."), "answer")
    if outcome == REVERSED:
        is_told = found.decision.author_id != found.appellant_id  # who appealed reads the answer
        made = reverse(moderator, found.decision_id, answer, is_told=is_told)
        found.reversal_id = made.id
    found.outcome, found.answer = outcome, answer
    found.decided_at, found.decider_id = now(), moderator.id
    read_queue(moderator, _in_queue(found.id))
    note_event(
        moderator,
        "decision",
        [found.appellant_id],
        f"/moderation/decisions/{found.decision_id}/appeal",
        title=found.decision.title,
        text=f"{_said(outcome)} {answer}",
        is_named=False,
    )
    return found


def _said(outcome: str) -> str:
    if outcome == REVERSED:
        return _("Your appeal was right. The decision is taken back.")
    return _("Your appeal was looked at by another moderator. The decision stays.")


def _in_queue(appeal_id: int) -> str:
    return f"/moderation/appeals/{appeal_id}"


def _check(text: str, empty: str, field: str) -> None:
    if not text.strip():
        raise Invalid(empty, field)
    if len(text) > LONGEST:
        raise Invalid(_("Write at most %(most)s characters.", most=f"{LONGEST:,}"), field)


@action
def unname(system: Person, member_id: int, name: str, former: str, *, is_silent: bool) -> None:
    """Take a member who has left off the appeals, which stay: the name, and with `is_silent` what the member said."""
    require(system.can.administer())
    touches()
    found = appeals_of(member_id)
    named = [one for one in found if is_silent or one.decision.kind in KINDS_TITLED_BY_NAME]
    retitle_queue(system, [_in_queue(one.id) for one in named], former)
    for one in found:
        one.text = unnamed(one.text, name, former)
        one.answer = unnamed(one.answer, name, former)
    if is_silent:
        theirs = update(Appeal).where(Appeal.appellant_id == member_id)
        db.session.execute(theirs.values(text=""))
