"""Claiming an entry, writing a note about it, deciding it, and notifying others when nobody does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.agendas.queries import curators_of
from forum.appeals.actions import decide_appeal
from forum.appeals.models import REVERSED, UPHELD
from forum.appeals.queries import barred_ids
from forum.candidates import actions as candidates
from forum.claims import actions as claims
from forum.claims.models import EntryKey, queue_path
from forum.claims.queries import refuse_claimed
from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.glossary import actions as glossary
from forum.glossary.models import PROPOSAL
from forum.markup import Written
from forum.members.models import Member
from forum.members.queries import administrator_ids
from forum.moderation import actions as moderation
from forum.moderation.actions import MAX_REASON_LENGTH, NO_REASONS, Reasons
from forum.moderation.models import Deed, heading_of
from forum.moderation.queries import serialize_decisions
from forum.notifications.actions import NoticeText, note_event, read_queue
from forum.notifications.models import URGENT
from forum.permissions import Person, require
from forum.queue.models import EntryNote, Overdue
from forum.queue.queries import (
    ADMINISTRATORS,
    QueueEntry,
    is_about_former_candidate,
    notification_due,
    overdue_rows,
    queue_entries,
    require_entry,
    with_titles,
)
from forum.sentences import Sentence, sentence

KEPT_NOTES = timedelta(days=365)
BATCH_SIZE = 500  # entries that one transaction handles, to notify about overdue ones


@dataclass(frozen=True)
class Choice:
    """What a moderator has chosen for an entry: the deed and its reasons.

    `seen` is the id of the latest decision that the page showed, `read` the fingerprint of the text that it showed,
    `holder` the member whose claim it showed. `texts` are the texts that the deed publishes, rendered before it, by
    source.
    """

    deed: str
    reasons: Reasons = NO_REASONS
    seen: int | None = None
    read: str | None = None
    holder: int | None = None
    texts: Mapping[str, Written] = field(default_factory=dict)


# Claims and notes


@action
def claim(moderator: Person, kind: str, item_id: int, holder: int | None = None) -> None:
    """Claim an entry for half an hour, so that others do something else.

    Raises `Conflict` when another moderator has claimed it, unless `holder` is that member: then the claim is taken
    over.
    """
    touches()
    serialize_decisions(moderator)
    about = require_entry(moderator, kind, item_id)
    if not about.deeds:
        require(moderator.can.judge(about.author_id))
    claims.claim(moderator, (kind, item_id), holder)


@action
def release(moderator: Person, kind: str, item_id: int) -> None:
    """Release one's own claim on an entry; nothing happens without one."""
    touches()
    require_entry(moderator, kind, item_id)
    claims.release(moderator, (kind, item_id))


@action
def write_note(moderator: Person, kind: str, item_id: int, text: str) -> EntryNote:
    """Write a note about an entry for the other moderators who may decide about it; its author neither writes nor reads notes."""
    touches()
    require(moderator.can.judge(require_entry(moderator, kind, item_id).author_id))
    if not text.strip():
        raise Invalid(_("Write a note."), "text")
    if len(text) > MAX_REASON_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH), "text")
    note = EntryNote(
        kind=kind,
        item_id=item_id,
        author_id=moderator.id,
        text=text.strip(),
        written_at=now(),
    )
    db.session.add(note)
    db.session.flush()
    return note


# Deciding


@action
def decide(moderator: Person, kind: str, item_id: int, choice: Choice) -> str:
    """Decide an entry of any kind and end the claims on it; returns its title.

    Raises `Conflict` when another moderator has claimed it and the page did not show that.
    """
    serialize_decisions(moderator, [(kind, item_id)])
    about = require_entry(moderator, kind, item_id)
    refuse_claimed(moderator, [(kind, item_id)], [choice.holder])
    DECIDERS.get(kind, _decide_thing)(moderator, kind, item_id, choice)
    claims.end_claims(moderator, [(kind, item_id)])
    return about.title


Decider = Callable[[Person, str, int, Choice], object]


def _decide_thing(moderator: Person, kind: str, item_id: int, choice: Choice) -> object:
    read: dict[str, Any] = {"seen": choice.seen, "read": choice.read}
    if choice.deed == Deed.PUBLISH and kind == "practice":
        return moderation.publish(moderator, item_id, choice.reasons, **read, texts=choice.texts)
    if choice.deed == Deed.SEND_BACK and kind == "practice":
        return moderation.send_back(moderator, item_id, choice.reasons, **read)
    if choice.deed == Deed.ASK_TO_EDIT:
        return moderation.ask_to_edit(moderator, kind, item_id, choice.reasons, seen=choice.seen)
    return moderation.decide(moderator, kind, item_id, choice.deed, choice.reasons, **read)


def _decide_candidate(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    if choice.deed == "approve":
        return candidates.approve(moderator, item_id, choice.reasons.facts, [choice.holder])
    if choice.deed == "refuse":
        return candidates.refuse(moderator, item_id, choice.reasons.facts, [choice.holder])
    raise Invalid(_("Choose a decision."), "deed")


def _decide_proposal(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    if choice.deed == "accept":
        return glossary.accept(moderator, item_id, choice.reasons.facts, read=choice.read)
    if choice.deed == "refuse":
        return glossary.refuse(moderator, item_id, choice.reasons.facts)
    raise Invalid(_("Choose a decision."), "deed")


def _decide_held(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    read: dict[str, Any] = {"seen": choice.seen, "read": choice.read}
    if choice.deed == Deed.APPROVE:
        return moderation.approve(moderator, item_id, choice.reasons, **read, texts=choice.texts)
    if choice.deed == Deed.REFUSE:
        return moderation.refuse(moderator, item_id, choice.reasons, **read)
    raise Invalid(_("Choose a decision."), "deed")


def _decide_appeal(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    outcome = {"uphold": UPHELD, "reverse": REVERSED}.get(choice.deed, "")
    return decide_appeal(moderator, item_id, outcome, choice.reasons.facts, [choice.holder])


# All other kinds are decided as things of the moderation room.
DECIDERS: dict[str, Decider] = {
    "candidate": _decide_candidate,
    "appeal": _decide_appeal,
    "held": _decide_held,
    PROPOSAL: _decide_proposal,
}


# Overdue entries


@action
def tell_overdue(system: Person, keys: Collection[EntryKey]) -> int:
    """Notify the other moderators of entries that have waited for two days, and administrators after two more.

    Only those of `keys` that are still overdue count; for the others, records are deleted and notices marked as read.
    Each is notified once, in the same transaction that records it. Returns for how many entries somebody was
    notified.
    """
    require(system.can.administer())
    touches()
    serialize_decisions(system)
    waiting = {entry.key: entry for entry in queue_entries(system, keys=keys)}
    late = {key: entry for key, entry in waiting.items() if entry.is_overdue}
    known = overdue_rows(keys)
    for key in sorted(known.keys() - late.keys()):
        db.session.delete(known[key])
        if key not in waiting:
            read_queue(system, queue_path(*key))
    due = [entry for entry in late.values() if notification_due(entry, known.get(entry.key))]
    for entry in with_titles(due):
        _notify_of(system, entry, known.get(entry.key))
    return len(due)


def _notify_of(system: Person, entry: QueueEntry, known: Overdue | None) -> None:
    """Notify those whose turn it is about an overdue entry, and record that."""
    if known and notification_due(entry, known) == ADMINISTRATORS:
        message = sentence("Nobody has decided this for four days.")
        _notify(system, entry, administrator_ids(), message)
        known.escalated_at = now()
        return
    _notify_others(system, entry)
    row = known or Overdue(kind=entry.kind, item_id=entry.item_id)
    row.since, row.told_at, row.escalated_at = entry.since, now(), None
    db.session.add(row)


def _notify_others(system: Person, entry: QueueEntry) -> None:
    """Notify everybody who may decide except the administrators, unless there is nobody else."""
    administrators = set(administrator_ids())
    others = set(curators_of(entry.agenda_id)) - administrators - _barred(entry)
    message = sentence("Nobody has decided this for two days.")
    _notify(system, entry, others or administrators, message)


def _notify(
    system: Person, entry: QueueEntry, member_ids: Collection[int], message: Sentence
) -> None:
    """Notify members about an entry, except those who may not decide about it.

    If nobody can answer an appeal, the administrators are notified, because they can appoint somebody.
    """
    recipients = set(member_ids) - _barred(entry)
    if entry.kind == "appeal":
        recipients = recipients or set(administrator_ids())
    address, title = queue_path(*entry.key), _title_in_notices(entry)
    is_of_agenda = entry.kind == "held" and entry.agenda is not None
    language = entry.agenda.language if is_of_agenda and entry.agenda else entry.language
    notice = NoticeText(URGENT, address, title, before=[message], language=language)
    note_event(system, notice, sorted(recipients), is_named=False)


def _barred(entry: QueueEntry) -> set[int | None]:
    """The ids of those who may not decide about an entry: its author, and the parties of an appeal."""
    return barred_ids(entry.item_id) if entry.kind == "appeal" else {entry.author_id}


def _title_in_notices(entry: QueueEntry) -> str | Sentence:
    """The title of an entry in notices: for a held text only its agenda, because its author may still withdraw it."""
    if entry.kind == "held" and entry.agenda:
        return entry.agenda.title
    return heading_of(entry.kind, entry.title)


# Old notes


@action
def forget_old(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete up to `limit` notes older than a year, and as many about former candidates; returns how many."""
    require(system.can.administer())
    touches()
    is_old = EntryNote.written_at < now() - KEPT_NOTES
    return sum(
        len(delete_batch(EntryNote, limit, condition))
        for condition in (is_old, is_about_former_candidate())
    )


@action
def forget_member(system: Person, member: Member, *, is_silent: bool) -> None:
    """Delete the claims of a member who leaves; with `is_silent` also the notes that the member wrote."""
    require(system.can.administer())
    touches()
    claims.forget_member(system, member.id)
    if is_silent:
        db.session.execute(delete(EntryNote).where(EntryNote.author_id == member.id))
