"""Reversing decisions: undone by the moderator who decided, or reversed by another after an appeal."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.errors import Conflict
from forum.members.queries import lock_right_to_write
from forum.moderation.actions._clearing import posts_back_in_place, reopen_texts
from forum.moderation.actions._reasons import NO_REASONS, Reasons
from forum.moderation.actions._record import (
    group_as_lot,
    notify_curators,
    record,
    record_quietly,
    reopen_ended,
    reopen_entry,
    take_notices_back,
    tell_of_part_undone,
    tell_of_reversal,
    tell_undone,
)
from forum.moderation.actions._undoings import UNDOINGS, UNDOINGS_OF_STATE, too_late
from forum.moderation.models import APPEAL, OWN, Decision, Deed, MemberBefore, ThingBefore
from forum.moderation.queries import (
    DEEDS,
    Thing,
    answered_by,
    decision_to_review,
    decisions_in_lot,
    existing_things,
    has_brought_to_light,
    has_lost_place,
    is_of_several_topics,
    is_reversible,
    latest_decision_id,
    latest_undoable_decision,
    lock_things_of,
    open_reporter_ids,
    serialize_decisions,
    thing_to_review,
    why_kept,
)
from forum.permissions import Person

# Deeds whose `before` contains words of other members, which are deleted when these leave
KEEPING_WORDS = (Deed.NOTE, Deed.UNNOTE, Deed.UNLOCK, Deed.UNSLOW, Deed.RETITLE)


@action
def undo(moderator: Person, decision_id: int) -> Decision:
    """Undo one's own latest decision within ten minutes: everything is as before, and its reports are open again.

    The decisions that were made together with it are undone as well; of those about several topics, all that can be.
    Only members who know about them are told. Raises `Conflict` when it is too late, when the decision has published
    something, or when somebody has decided about the thing since.
    """
    serialize_decisions(moderator)
    decision = latest_undoable_decision(moderator)
    if decision is None:
        raise too_late()
    lot = decisions_in_lot(decision.lot_id) if decision.lot_id else [decision]
    if decision_id not in [decision.id for decision in lot]:
        raise too_late()
    if decision.lot_id and is_of_several_topics(decision):
        return _undo_what_can_be(moderator, lot)
    _refuse_out_of_sight(decision)
    if not is_reversible(moderator, decision):
        raise too_late()
    member_ids = _lock_member_of(decision)
    lock_things_of(lot)
    known = take_notices_back(moderator, lot)
    with dialogue.counting_last(moderator, *member_ids):
        undone = [_undo_one(moderator, decision) for decision in lot]
    _undo_state(moderator, decision)
    tell_undone(moderator, lot, group_as_lot(undone), known)
    return undone[-1]


def _undo_what_can_be(moderator: Person, lot: Sequence[Decision]) -> Decision:
    """Undo those decisions about several topics that can be; their authors are told, and those of the others what stays."""
    lock_things_of(lot)
    possible = [decision for decision in lot if not why_kept(moderator, decision)]
    if not possible:
        for decision in lot:
            _refuse_out_of_sight(decision)
        raise too_late()
    known = take_notices_back(moderator, lot)
    with dialogue.counting_last(moderator):
        undone = [_undo_one(moderator, decision) for decision in possible]
    tell_of_part_undone(moderator, lot, possible, group_as_lot(undone), known)
    return undone[-1]


def _undo_one(moderator: Person, decision: Decision) -> Decision:
    """Undo a single decision, or one of its lot, unless somebody has decided about its thing since.

    It also fails if the words that it replaced were deleted because their author has left.
    """
    if latest_decision_id(decision.kind, decision.item_id) != decision.id:
        raise too_late()
    if decision.deed in KEEPING_WORDS and not decision.before:
        raise too_late()
    return _reverse(moderator, decision, Deed.UNDO, NO_REASONS, is_told=False)


@action
def reverse(
    moderator: Person,
    decision_id: int,
    answer: str,
    *,
    is_told: bool,
    but: int | None = None,
) -> Decision:
    """Reverse a decision of another moderator after a successful appeal; the calling action has checked who may do so.

    `answer` is the answer to the appeal, stored as the reason. `is_told` says whether the author is still to be
    notified, `but` is the id of the appellant, who reads the answer. For a decision to keep a thing, its reports are
    open again. Raises `Conflict` when the decision is no longer in effect, so that there is nothing to reverse.
    """
    serialize_decisions(moderator)
    decision = decision_to_review(moderator, decision_id)
    _refuse_out_of_sight(decision)
    if not is_reversible(moderator, decision):
        raise Conflict(_("This decision no longer holds, so nothing was changed."))
    knows = DEEDS[decision.deed].tells_author or decision.deed == Deed.CLEAR_SPAM
    is_told = is_told and knows
    member_ids = _lock_member_of(decision)
    # Read before reversing: if its member took a mark back meanwhile, its note is deleted with the mark
    thing = thing_to_review(moderator, decision.kind, decision.item_id)
    with dialogue.counting_last(moderator, *member_ids):
        made = _reverse(moderator, decision, Deed.REVERSE, Reasons(answer), is_told=is_told)
    _undo_state(moderator, decision)
    tell_of_reversal(moderator, decision, made, thing, but=but)
    return made


def _lock_member_of(decision: Decision) -> Sequence[int]:
    """Lock the right to write of the member whom a decision is about, before their texts change; returns the id, if any."""
    if decision.kind != "member":
        return []
    lock_right_to_write(decision.item_id)
    return [decision.item_id]


def _undo_state(moderator: Person, decision: Decision) -> None:
    """Restore the profile or account of a member whose texts a decision has changed as well: last, as members are counted last."""
    if undo_deed := UNDOINGS_OF_STATE.get(decision.deed if decision.kind == "member" else ""):
        thing = thing_to_review(moderator, decision.kind, decision.item_id)
        undo_deed(moderator, thing, decision)


def _reverse(
    moderator: Person, decision: Decision, deed: str, reasons: Reasons, *, is_told: bool
) -> Decision:
    """Restore the state before a decision, and record that as a decision of its own (`deed` is undo or reverse)."""
    thing = thing_to_review(moderator, decision.kind, decision.item_id)
    if undo_deed := UNDOINGS.get(decision.deed):
        undo_deed(moderator, thing, decision)
    if decision.deed == Deed.APPROVE:  # the held text has its words, and so its title, again
        thing = thing_to_review(moderator, decision.kind, decision.item_id)
    is_undone = deed == Deed.UNDO
    _restore_places(moderator, thing, decision, is_undone=is_undone)
    is_new = (is_undone or decision.deed == Deed.KEEP) and _reopen_reports(
        moderator, decision, thing
    )
    reopen_ended(moderator, decision)
    source = OWN if is_undone else APPEAL
    recorded = record if is_told else record_quietly
    made = recorded(moderator, deed, thing, reasons, undoes_id=decision.id, source=source)
    if decision.deed == Deed.CLEAR_SPAM:  # the reports of its texts were already opened again
        cleared = MemberBefore.from_json(decision.kept)
        reopen_texts(moderator, cleared.hidden, cleared.refused, decision.decided_at)
    if is_undone and not is_new:  # after recording, which ends what waited for the first decision
        _reopen_entry(moderator, decision)
    return made


def _reopen_entry(moderator: Person, decision: Decision) -> None:
    """Mark the notices about the thing of a decision as unread again, if it waits in the queue again."""
    for thing in existing_things(moderator, [(decision.kind, decision.item_id)]):
        reopen_entry(moderator, thing, decision.decided_at)


def _reopen_reports(moderator: Person, decision: Decision, thing: Thing) -> bool:
    """Open the reports that a decision answered again, except those whose reporters have reported the thing again since.

    Moderators are notified of them again, because the decision has marked their notices as read. Visitors who were
    told the outcome will be told the next one, too. Reports of other things, which were cleared with a member, are
    handled by `reopen_texts`. Returns whether anybody was notified.
    """
    answered = answered_by(decision.id)
    reported_again = open_reporter_ids(thing.kind, thing.item_id) - {None}
    opened = [report for report in answered if report.reporter_id not in reported_again]
    for report in opened:
        report.decision_id = report.told_at = None
    own = [
        report for report in opened if (report.kind, report.item_id) == (thing.kind, thing.item_id)
    ]
    is_first = decision.deed == Deed.KEEP and not answered and thing.kind == "post"
    if is_first:
        dialogue.look_again(moderator, thing.item_id)
    if own or is_first:
        is_illegal = any(report.is_of_illegal_content for report in own)
        is_trusted = any(report.is_by_trusted_flagger for report in own)
        notify_curators(moderator, thing, is_illegal=is_illegal, is_trusted=is_trusted)
    return bool(own or is_first)


def _refuse_out_of_sight(decision: Decision) -> None:
    if has_brought_to_light(decision):
        raise Conflict(
            _("It was moved out of an agenda in preparation. That cannot be taken back.")
        )
    if has_lost_place(decision):
        raise Conflict(
            _("The agenda on which it stood before is deleted. That cannot be taken back.")
        )


def _restore_places(
    moderator: Person, thing: Thing, decision: Decision, *, is_undone: bool
) -> None:
    """Restore the former role (answer, waiting for a look) of a post that a decision had withheld, or of the posts of a spammer."""
    if thing.kind == "post" and decision.deed in (Deed.HIDE, Deed.REMOVE):
        before = ThingBefore.from_json(decision.kept)
        _restore_place(moderator, thing, before, is_undone=is_undone)
    if decision.deed == Deed.CLEAR_SPAM:
        for post, place in posts_back_in_place(moderator, decision):
            _restore_place(moderator, post, place, is_undone=is_undone)


def _restore_place(
    moderator: Person, thing: Thing, before: ThingBefore, *, is_undone: bool
) -> None:
    """Make a post the answer again if it was, and let it wait for a look again unless it was judged in an appeal.

    It does not become the answer in another topic than before.
    """
    if before.unseen_at and is_undone:
        dialogue.look_again(moderator, thing.item_id, before.unseen_at)
    if before.question_id and before.question_id == thing.topic_id:
        dialogue.restore_answer(moderator, before.question_id, thing.item_id, before.answered_at)
