"""Reversing decisions: undone by the moderator who decided, or reversed by another after an appeal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from forum.advice.queries import is_advice_awaited
from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_to_change
from forum.clock import now
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import render_with_mentions
from forum.errors import Conflict
from forum.library import actions as library
from forum.members import actions as members
from forum.members.queries import lock_right_to_write
from forum.moderation.actions._clearing import (
    posts_back_in_place,
    reopen_texts,
    restore_cleared,
    withhold_restored,
)
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
from forum.moderation.actions._visibility import restore_thing, withhold
from forum.moderation.actions.reporting import ILLEGAL
from forum.moderation.models import (
    APPEAL,
    OWN,
    ApprovalBefore,
    Decision,
    Deed,
    KindBefore,
    LockBefore,
    MemberBefore,
    MoveBefore,
    NoteBefore,
    OpeningBefore,
    PaceBefore,
    RegroupingBefore,
    ThingBefore,
    TitleBefore,
)
from forum.moderation.queries import (
    DEEDS,
    Thing,
    answered_by,
    content_cleared_by,
    decision_to_review,
    decisions_in_lot,
    end_of_other_restriction,
    existing_things,
    has_brought_to_light,
    has_lost_place,
    has_open_reports,
    is_emptied,
    is_of_several_topics,
    is_reversible,
    is_told_since,
    keys_of_published,
    latest_decision_id,
    latest_undoable_decision,
    lock_things_of,
    open_reporter_ids,
    post_of_thing,
    serialize_decisions,
    thing_to_review,
    things_on,
    topic_to_moderate,
    why_kept,
)
from forum.notifications.actions import read_outdated
from forum.permissions import Person

# Deeds whose `before` contains words of other members, which are deleted when these leave
KEEPING_WORDS = (Deed.NOTE, Deed.UNNOTE, Deed.UNLOCK, Deed.UNSLOW, Deed.RETITLE)
Undoing = Callable[[Person, Thing, Decision], None]


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
        raise _too_late()
    lot = decisions_in_lot(decision.lot_id) if decision.lot_id else [decision]
    if decision_id not in [decision.id for decision in lot]:
        raise _too_late()
    if decision.lot_id and is_of_several_topics(decision):
        return _undo_what_can_be(moderator, lot)
    _refuse_out_of_sight(decision)
    if not is_reversible(moderator, decision):
        raise _too_late()
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
        raise _too_late()
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
        raise _too_late()
    if decision.deed in KEEPING_WORDS and not decision.before:
        raise _too_late()
    if decision.lot_id and not is_reversible(moderator, decision):
        raise _too_late()
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
        is_illegal = any(report.reason == ILLEGAL for report in own)
        notify_curators(moderator, thing, is_illegal=is_illegal)
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


def _too_late() -> Conflict:
    return Conflict(_("This can no longer be taken back. Nothing was changed."))


def _undo_hide(moderator: Person, thing: Thing, _decision: Decision) -> None:
    if thing.state == "hidden":
        restore_thing(moderator, thing, NO_REASONS)


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


def _undo_remove(moderator: Person, thing: Thing, decision: Decision) -> None:
    """Hide a thing again that was hidden before it was removed; a topic that was only empty is restored."""
    if thing.state != "removed":
        return
    before = ThingBefore.from_json(decision.kept)
    if before.state == "hidden" and not before.is_emptied:
        _withhold_again(moderator, thing, before)
    else:
        restore_thing(moderator, thing, NO_REASONS)


def _undo_restore(moderator: Person, thing: Thing, decision: Decision) -> None:
    if thing.kind == "member":
        withhold_restored(moderator, decision)
    else:
        _undo_showing(moderator, thing, decision)


def _undo_showing(moderator: Person, thing: Thing, decision: Decision) -> None:
    if thing.state == "shown" or is_emptied(thing):
        _withhold_again(moderator, thing, ThingBefore.from_json(decision.kept))


def _withhold_again(moderator: Person, thing: Thing, before: ThingBefore) -> None:
    withhold(moderator, thing, before.words, is_removed=before.state == "removed")


def _undo_edit_request(moderator: Person, thing: Thing, _decision: Decision) -> None:
    if thing.row is not None:
        post = dialogue.take_request_back(moderator, post_of_thing(thing).id)
        read_outdated(moderator, "decision", [f"/posts/{post.id}/edit"], [post.author_id])


def _undo_note_change(moderator: Person, thing: Thing, decision: Decision) -> None:
    if thing.state != "gone":
        before = NoteBefore.from_json(decision.kept)
        text = render_with_mentions(before.source, before.language, has_pictures=False)
        dialogue.note(moderator, thing.item_id, text, is_undone=True)


def _undo_move(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = MoveBefore.from_json(decision.kept)
    if thing.agenda_id != before.agenda_id:
        dialogue.move_back(moderator, thing.item_id, before.agenda_id)


def _undo_retitling(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = TitleBefore.from_json(decision.kept)
    if thing.title != before.made:
        raise Conflict(_("The title has been changed since. Nothing was changed."))
    dialogue.retitle(moderator, thing.item_id, before.title, before.themes, is_undone=True)


def _undo_kind_change(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = KindBefore.from_json(decision.kept)
    if thing.row.kind == before.kind:
        return
    dialogue.change_kind(moderator, thing.item_id, before.kind)
    if before.answer:
        dialogue.restore_answer(moderator, thing.item_id, *before.answer)


def _undo_practice_decision(moderator: Person, thing: Thing, _decision: Decision) -> None:
    library.wait_again(moderator, thing.item_id)


def _undo_silence_change(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = MemberBefore.from_json(decision.kept)
    until = _restriction_end(decision, before.silenced_until, (Deed.SILENCE,))
    if until:
        members.silence(moderator, thing.item_id, until)
    else:
        members.unsilence(moderator, thing.item_id)


def _undo_suspension_change(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = MemberBefore.from_json(decision.kept)
    deeds = (Deed.SUSPEND, Deed.CLEAR_SPAM)
    until = _restriction_end(decision, before.suspended_until, deeds)
    if until:
        members.suspend(moderator, thing.item_id, until)
    else:
        members.unsuspend(moderator, thing.item_id)


def _restriction_end(
    decision: Decision, until: datetime | None, deeds: Sequence[str]
) -> datetime | None:
    """Until when a member is still restricted after a decision is undone; None for not at all.

    If the decision restricted the member, another one in effect may do so too; if it ended a restriction, the former
    end (`until`) applies again unless it has passed.
    """
    if decision.deed in deeds:
        return end_of_other_restriction(decision, deeds)
    return until if until and until > now() else None


def _undo_unsuspending(moderator: Person, _thing: Thing, decision: Decision) -> None:
    withhold_restored(moderator, decision)


def _undo_spam(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = MemberBefore.from_json(decision.kept)
    cleared = content_cleared_by(moderator, decision)
    restore_cleared(moderator, thing.item_id, before, cleared)


def _undo_closing(moderator: Person, thing: Thing, decision: Decision) -> None:
    _undo_suspension_change(moderator, thing, decision)
    if MemberBefore.from_json(decision.kept).state == "shown":
        _undo_hide(moderator, thing, decision)


def _undo_unlock(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = LockBefore.from_json(decision.kept)
    dialogue.lock(moderator, thing.item_id, before.reason, before.day_ahead)


def _undo_lock_end(moderator: Person, thing: Thing, decision: Decision) -> None:
    day = LockBefore.from_json(decision.kept).day_ahead
    dialogue.set_lock_end(moderator, thing.item_id, day)


def _undo_unslowing(moderator: Person, thing: Thing, decision: Decision) -> None:
    dialogue.slow(moderator, thing.item_id, PaceBefore.from_json(decision.kept).pace)


def _undo_opening(moderator: Person, thing: Thing, decision: Decision) -> None:
    """Put an agenda in preparation again, unless something was written, moved there or announced since it was opened.

    Nobody's words may disappear, and nobody may have been notified of something that they cannot find.
    """
    # Members who are writing there now finish first
    agenda = agenda_to_change(moderator, thing.item_id)
    if OpeningBefore.from_json(decision.kept).has_more(things_on(thing.item_id)):
        raise Conflict(
            _(
                "Something has been written on this agenda or moved here since it was opened, so it stays open."
            )
        )
    if agenda.opened_at and is_told_since(agenda, agenda.opened_at):
        raise Conflict(
            _("Somebody has been told of this agenda since it was opened, so it stays open.")
        )
    dialogue.prepare_agenda(moderator, thing.item_id)


def _undo_with(deed: Callable[[Person, int], Any]) -> Undoing:
    return lambda moderator, thing, _decision: deed(moderator, thing.item_id)


def _undo_refusal(moderator: Person, thing: Thing, _decision: Decision) -> None:
    if thing.state == "refused":
        dialogue.reconsider(moderator, thing.item_id)


def _undo_approval(moderator: Person, thing: Thing, decision: Decision) -> None:
    """Hold a published text again; raises `Conflict` when it was reported or decided about meanwhile."""
    before = ApprovalBefore.from_json(decision.kept)
    if before is None:
        raise _too_late()
    for kind, item_id in keys_of_published(thing.row):
        if latest_decision_id(kind, item_id) > decision.id:
            raise Conflict(
                _("Another moderator has decided about this meanwhile. Nothing was changed.")
            )
        if has_open_reports(kind, item_id):
            raise Conflict(_("Somebody has reported it since. Decide about the report instead."))
    dialogue.hold_again(moderator, thing.item_id, before.state)


def _undo_split(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = RegroupingBefore.from_json(decision.kept)
    target = topic_to_moderate(moderator, before.target_id).row
    if is_advice_awaited(target.id):
        raise Conflict(_("Members have been asked for advice on it since, and look for it there."))
    dialogue.unsplit(moderator, _moved_posts(thing.row, target, before))


def _undo_merge(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = RegroupingBefore.from_json(decision.kept)
    target = topic_to_moderate(moderator, before.target_id).row
    dialogue.unmerge(moderator, _moved_posts(thing.row, target, before))


def _moved_posts(topic: Topic, target: Topic, before: RegroupingBefore) -> dialogue.MovedRecord:
    """The moved posts, from what `topics._regrouping` stored."""
    return dialogue.MovedRecord(
        topic, target, before.numbers, before.last, before.answer, before.held, before.paces
    )


# The functions that restore the state before each deed; deeds that are missing here changed nothing except the
# record.
UNDOINGS: dict[str, Undoing] = {
    Deed.APPROVE: _undo_approval,
    Deed.REFUSE: _undo_refusal,
    Deed.HIDE: _undo_hide,
    Deed.REMOVE: _undo_remove,
    Deed.RESTORE: _undo_restore,
    Deed.ASK_TO_EDIT: _undo_edit_request,
    Deed.NOTE: _undo_note_change,
    Deed.UNNOTE: _undo_note_change,
    Deed.LOCK: _undo_with(dialogue.unlock),
    Deed.UNLOCK: _undo_unlock,
    Deed.SET_LOCK_END: _undo_lock_end,
    Deed.SLOW: _undo_with(dialogue.unslow),
    Deed.UNSLOW: _undo_unslowing,
    Deed.PIN: _undo_with(dialogue.unpin),
    Deed.UNPIN: _undo_with(dialogue.pin),
    Deed.MOVE: _undo_move,
    Deed.RETITLE: _undo_retitling,
    Deed.CHANGE_KIND: _undo_kind_change,
    Deed.SPLIT: _undo_split,
    Deed.MERGE: _undo_merge,
    Deed.PUBLISH: _undo_practice_decision,
    Deed.SEND_BACK: _undo_practice_decision,
    Deed.FEATURE: _undo_with(library.unfeature),
    Deed.UNFEATURE: _undo_with(library.feature),
    Deed.SILENCE: _undo_silence_change,
    Deed.UNSILENCE: _undo_silence_change,
    Deed.SUSPEND: _undo_suspension_change,
    Deed.UNSUSPEND: _undo_unsuspending,
    Deed.CLEAR_SPAM: _undo_spam,
    Deed.OPEN_AGENDA: _undo_opening,
    Deed.ARCHIVE: _undo_with(agendas.reopen),
    Deed.REOPEN: _undo_with(agendas.archive),
}
# What comes after the texts that are withheld or shown with a member's profile or account
UNDOINGS_OF_STATE: dict[str, Undoing] = {
    Deed.RESTORE: _undo_showing,
    Deed.UNSUSPEND: _undo_suspension_change,
    Deed.CLEAR_SPAM: _undo_closing,
}
