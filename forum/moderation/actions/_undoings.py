"""What restores the state before each deed, when a decision is undone or reversed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from forum.advice.queries import is_advice_awaited
from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_to_change
from forum.clock import now
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import render_with_mentions
from forum.errors import Conflict
from forum.library import actions as library
from forum.members import actions as members
from forum.moderation.actions._clearing import restore_cleared, withhold_restored
from forum.moderation.actions._reasons import NO_REASONS
from forum.moderation.actions._visibility import restore_thing, withhold
from forum.moderation.models import (
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
    Thing,
    content_cleared_by,
    end_of_other_restriction,
    has_open_reports,
    is_emptied,
    is_told_since,
    keys_of_published,
    latest_decision_id,
    post_of_thing,
    things_on,
    topic_to_moderate,
)
from forum.notifications.actions import read_outdated
from forum.permissions import Person

Undoing = Callable[[Person, Thing, Decision], None]


def _undo_hide(moderator: Person, thing: Thing, _decision: Decision) -> None:
    if thing.state == "hidden":
        restore_thing(moderator, thing, NO_REASONS)


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


def _undo_reports_change(moderator: Person, thing: Thing, decision: Decision) -> None:
    before = MemberBefore.from_json(decision.kept)
    deeds = (Deed.SUSPEND_REPORTS,)
    until = _restriction_end(decision, before.reports_suspended_until, deeds)
    if until:
        members.suspend_reports(moderator, thing.item_id, until)
    else:
        members.resume_reports(moderator, thing.item_id)


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
        raise too_late()
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


def too_late() -> Conflict:
    """What is raised when a decision can no longer be undone."""
    return Conflict(_("This can no longer be taken back. Nothing was changed."))


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
    Deed.SUSPEND_REPORTS: _undo_reports_change,
    Deed.RESUME_REPORTS: _undo_reports_change,
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
