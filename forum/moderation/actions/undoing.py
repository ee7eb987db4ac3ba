"""Taking a decision back: undone by who decided, reversed after an appeal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from forum.advice.queries import is_advice_awaited
from forum.agendas import actions as agendas
from forum.db import action, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import written
from forum.errors import Conflict
from forum.library import actions as library
from forum.members import actions as members
from forum.moderation.actions._clearing import clear_again, show_cleared
from forum.moderation.actions._reasons import NONE, Reasons
from forum.moderation.actions._record import TOLD, Before, as_lot, record, tell_authors, tell_moved
from forum.moderation.actions._things import restore_thing, withhold
from forum.moderation.models import APPEAL, OWN, Decision
from forum.moderation.queries import (
    Thing,
    answered_by,
    can_be_taken_back,
    cleared_by,
    decision_to_review,
    end_of_others,
    has_open_reports,
    is_emptied,
    latest_decision,
    lot,
    my_latest,
    open_reporters,
    opening_of,
    published_as,
    take_turn,
    thing_taken_back,
    topic_to_moderate,
)
from forum.permissions import Person

Back = Callable[[Person, Thing, Before], None]


@action
def undo(moderator: Person, decision_id: int) -> Decision:
    """Take one's own latest decision back, within ten minutes: its reports wait again, and all is as it was."""
    take_turn()
    decision = my_latest(moderator)
    if decision is None or decision.id != decision_id:
        raise Conflict(_("This can no longer be taken back. Nothing was changed."))
    if not can_be_taken_back(moderator, decision):
        raise Conflict(_("This can no longer be taken back. Nothing was changed."))
    if decision.lot_id:
        return _undo_lot(moderator, decision.lot_id)
    return _take_back(moderator, decision, "undo", NONE, is_told=decision.deed in TOLD)


def _undo_lot(moderator: Person, lot_id: int) -> Decision:
    """Take back what was one deed over several things, as long as nobody decided about one of them since."""
    undone = []
    for decision in lot(lot_id):
        if latest_decision(decision.kind, decision.item_id) != decision.id:
            raise Conflict(_("This can no longer be taken back. Nothing was changed."))
        undone.append(_take_back(moderator, decision, "undo", NONE, is_told=False))
    tell_authors(moderator, as_lot(undone))
    return undone[-1]


@action
def reverse(moderator: Person, decision_id: int, answer: str, *, is_told: bool) -> Decision:
    """Take back what another moderator decided, because an appeal was right; the appeals room has asked whether one may.

    `is_told` says whether the author has still to be told. Where a thing was kept, its reports wait again.
    Raises `Conflict` when it holds no more, for then there is nothing to give back.
    """
    take_turn()
    decision = decision_to_review(moderator, decision_id)
    if not can_be_taken_back(moderator, decision):
        raise Conflict(_("This decision holds no more, so nothing was changed."))
    is_told = is_told and decision.deed in (*TOLD, "spam")
    return _take_back(moderator, decision, "reverse", Reasons(answer), is_told=is_told)


def _take_back(
    moderator: Person, decision: Decision, deed: str, reasons: Reasons, *, is_told: bool
) -> Decision:
    """Let all be as it was before a decision, and write that down as a decision of its own."""
    thing = thing_taken_back(moderator, decision.kind, decision.item_id)
    if back := BACK.get(decision.deed):
        back(moderator, thing, {**(decision.before or {}), "decision": decision})
    if decision.deed == "approve":  # it says something again
        thing = thing_taken_back(moderator, decision.kind, decision.item_id)
    if deed == "undo" or decision.deed == "keep":
        answered = answered_by(decision.id)
        since = open_reporters(thing.kind, thing.item_id) - {None}
        for report in answered:
            if report.reporter_id not in since:  # who has reported it again: that waits already
                report.decision_id = None
        if decision.deed == "keep" and not answered and thing.kind == "post":
            dialogue.look_again(moderator, thing.item_id)
    source = APPEAL if deed == "reverse" else OWN
    more: dict[str, Any] = {"undoes_id": decision.id, "source": source, "is_told": is_told}
    return record(moderator, deed, thing, reasons, **more)


def _back_to_shown(moderator: Person, thing: Thing, _before: Before) -> None:
    if thing.state == "hidden":
        restore_thing(moderator, thing, NONE)


def _back_from_removed(moderator: Person, thing: Thing, before: Before) -> None:
    """What was hidden before it was removed is hidden again; a topic without a post that is shown, as long as that is so."""
    is_for_itself = before.get("state") == "hidden" and not before.get("emptied")
    if thing.state == "removed" and is_for_itself:
        _withhold_again(moderator, thing, before)
    elif thing.state == "removed":
        restore_thing(moderator, thing, NONE)


def _back_to_hidden(moderator: Person, thing: Thing, before: Before) -> None:
    if thing.state == "shown" or is_emptied(thing):
        _withhold_again(moderator, thing, before)
    clear_again(moderator, before["decision"])


def _withhold_again(moderator: Person, thing: Thing, before: Before) -> None:
    is_removed, words = before.get("state") == "removed", before.get("words", "")
    withhold(moderator, thing, words, is_removed=is_removed)


def _back_from_request(moderator: Person, thing: Thing, _before: Before) -> None:
    if thing.row is not None:
        dialogue.take_request_back(moderator, opening_of(thing).id)


def _back_to_note(moderator: Person, thing: Thing, before: Before) -> None:
    if thing.state == "shown":
        text = written(before.get("note", ""), before.get("language", "en"))
        dialogue.note(moderator, thing.item_id, text)


def _back_to_agenda(moderator: Person, thing: Thing, before: Before) -> None:
    if thing.agenda_id != before["agenda"]:
        dialogue.move_back(moderator, thing.item_id, before["agenda"])


def _back_to_waiting(moderator: Person, thing: Thing, _before: Before) -> None:
    library.wait_again(moderator, thing.item_id)


def _back_to_silence(moderator: Person, thing: Thing, before: Before) -> None:
    until = _end_before(before, "silenced_until", ("silence",))
    if until:
        members.silence(moderator, thing.item_id, until)
    else:
        members.unsilence(moderator, thing.item_id)


def _back_to_suspension(moderator: Person, thing: Thing, before: Before) -> None:
    until = _end_before(before, "suspended_until", ("suspend", "spam"))
    if until:
        members.suspend(moderator, thing.item_id, until)
    else:
        members.unsuspend(moderator, thing.item_id)
    clear_again(moderator, before["decision"])


def _end_before(before: Before, name: str, deeds: Sequence[str]) -> datetime | None:
    """Until when a member is restricted once a decision is taken back: by another that holds, whichever came first."""
    decision: Decision = before["decision"]
    if decision.deed in deeds:
        return end_of_others(decision, deeds)
    return _ahead(before.get(name))


def _ahead(at: str | None) -> datetime | None:
    """A kept moment, if it is still to come."""
    moment = datetime.fromisoformat(at) if at else None
    return moment if moment and moment > now() else None


def _back_from_spam(moderator: Person, thing: Thing, before: Before) -> None:
    _back_to_suspension(moderator, thing, before)
    if before.get("state") == "shown":
        _back_to_shown(moderator, thing, before)
    show_cleared(moderator, cleared_by(moderator, before["decision"]))


def _back_to_lock(moderator: Person, thing: Thing, before: Before) -> None:
    dialogue.lock(moderator, thing.item_id, before.get("reason", ""))


def _back(deed: Callable[[Person, int], Any]) -> Back:
    return lambda moderator, thing, _before: deed(moderator, thing.item_id)


def _back_to_be_read(moderator: Person, thing: Thing, _before: Before) -> None:
    if thing.state == "refused":
        dialogue.reconsider(moderator, thing.item_id)


def _back_from_approval(moderator: Person, thing: Thing, before: Before) -> None:
    """What was published waits again, unless it is another moderator's business by now."""
    decision: Decision = before["decision"]
    if "said" not in before:
        raise Conflict(_("This can no longer be taken back. Nothing was changed."))
    for kind, item_id in published_as(thing.row):
        if latest_decision(kind, item_id) > decision.id:
            raise Conflict(
                _("Another moderator has decided about this meanwhile. Nothing was changed.")
            )
        if has_open_reports(kind, item_id):
            raise Conflict(_("Somebody has reported it since. Decide about the report instead."))
    dialogue.hold_again(moderator, thing.item_id, before)


def _back_from_split(moderator: Person, thing: Thing, before: Before) -> None:
    target = topic_to_moderate(moderator, before["target"]).row
    if is_advice_awaited(target.id):
        raise Conflict(_("Members were asked for advice on it since, and look for it there."))
    topic = dialogue.unsplit(moderator, _moved(thing.row, target, before))
    tell_moved(moderator, dict(before["posts"]), topic)


def _back_from_merge(moderator: Person, thing: Thing, before: Before) -> None:
    target = topic_to_moderate(moderator, before["target"]).row
    topic = dialogue.unmerge(moderator, _moved(thing.row, target, before))
    tell_moved(moderator, dict(before["posts"]), topic, but=thing.author_id)


def _moved(topic: Any, target: Any, before: Before) -> dialogue.Moved:
    """What `_way_back` has kept."""
    post_id, at = before["answer"], before["answered_at"]
    answer = (post_id, datetime.fromisoformat(at) if at else None) if post_id else None
    held = before.get("held", ())
    return dialogue.Moved(topic, target, dict(before["posts"]), before["last"], answer, held)


BACK: dict[str, Back] = {
    "approve": _back_from_approval,
    "refuse": _back_to_be_read,
    "hide": _back_to_shown,
    "remove": _back_from_removed,
    "restore": _back_to_hidden,
    "ask to edit": _back_from_request,
    "note": _back_to_note,
    "unnote": _back_to_note,
    "lock": _back(dialogue.unlock),
    "unlock": _back_to_lock,
    "pin": _back(dialogue.unpin),
    "unpin": _back(dialogue.pin),
    "move": _back_to_agenda,
    "split": _back_from_split,
    "merge": _back_from_merge,
    "publish": _back_to_waiting,
    "send back": _back_to_waiting,
    "feature": _back(library.unfeature),
    "unfeature": _back(library.feature),
    "silence": _back_to_silence,
    "unsilence": _back_to_silence,
    "suspend": _back_to_suspension,
    "unsuspend": _back_to_suspension,
    "spam": _back_from_spam,
    "archive": _back(agendas.reopen),
    "reopen": _back(agendas.archive),
}
