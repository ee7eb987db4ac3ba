"""Proposing names, meanings and entries; accepting and refusing what members propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, update

from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.glossary.actions._rows import change, make
from forum.glossary.actions._texts import (
    EntryText,
    WordingText,
    check_entry,
    check_wording,
    text_of,
    tidied,
    with_name,
)
from forum.glossary.models import ACCEPTED, PROPOSAL, REFUSED, TAKEN_BACK, Entry, Proposal
from forum.glossary.queries import (
    by_language,
    entry_as_read,
    entry_to_change,
    identical_waiting,
    lock_proposals,
    proposal_to_accept,
    proposal_to_decide,
    proposal_to_take_back,
    proposed_today,
    title_of,
    waiting_ids_of,
)
from forum.history.actions import keep_version
from forum.matches import from_plain_text
from forum.members.models import Member
from forum.members.queries import lock_member, moderator_ids
from forum.notifications.actions import NoticeText, note_event, read_queue
from forum.notifications.models import QUEUE
from forum.permissions import Person, require
from forum.screening.actions import screen
from forum.sentences import sentence
from forum.versions import EVERYTHING

MAX_WHY = 1_000  # characters
MAX_PER_DAY, MAX_OF_NEWCOMERS = 20, 5  # proposals of one member in a day
NEWCOMER_PERIOD = timedelta(days=7)


@dataclass(frozen=True)
class ProposalText:
    """What a member proposes in one language: a name, a meaning or both, and why."""

    language: str
    name: str = ""
    meaning: str = ""
    why: str = ""


@action
def propose(member: Member, text: ProposalText, entry_id: int | None = None) -> Proposal:
    """Propose a name or a meaning of an entry, or without `entry_id` a new entry; moderators decide about it.

    The same proposal is not stored twice while it waits. Raises `Invalid` for missing or too long texts, and beyond
    the number of proposals that a member may make per day.
    """
    touches()
    require(member.can.propose())
    entry = entry_to_change(entry_id) if entry_id else None
    (wording,) = tidied([WordingText(text.language, text.name, (), text.meaning)])
    _check(entry, wording, text.why)
    fields = {
        "entry_id": entry.id if entry else None,
        "language": wording.language,
        "name": wording.name,
        "meaning": wording.meaning,
    }
    lock_member(member.id, may_write=True)  # so that no two are counted at the same time
    require(member.can.propose())  # nor is the right to do so withdrawn
    why = text.why.strip()
    if known := identical_waiting(member, why=why, **fields):
        return known
    _refuse_too_many(member)
    caught = screen(member, None, from_plain_text(wording.name, wording.meaning, why))
    found = Proposal(author_id=member.id, why=why, created_at=now(), **fields)
    found.caught_by = caught.name if caught else ""
    db.session.add(found)
    db.session.flush()
    notice = NoticeText(QUEUE, queue_path(PROPOSAL, found.id), title_of(found, entry))
    note_event(member, notice, moderator_ids(), is_named=False)
    return found


def _check(entry: Entry | None, wording: WordingText, why: str) -> None:
    known = by_language(entry.wordings).get(wording.language) if entry else None
    if not wording.name and not wording.meaning:
        raise Invalid(_("Propose a name or a meaning."), "name")
    if not wording.name and known is None:
        raise Invalid(_("Give the name in this language, too."), "name")
    if entry is None and not wording.meaning:
        raise Invalid(_("Say what it means, in one to three plain sentences."), "meaning")
    if known and wording.name in known.names and wording.meaning in ("", known.meaning):
        raise Invalid(_("The entry says so already."), "name")
    check_wording(wording if wording.name else replace(wording, name="x"), "name")
    if len(why) > MAX_WHY:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_WHY), "why")


def _refuse_too_many(member: Member) -> None:
    most = MAX_OF_NEWCOMERS if now() - member.joined_at < NEWCOMER_PERIOD else MAX_PER_DAY
    if proposed_today(member) >= most:
        raise Invalid(
            _("You have proposed as much as you may in a day. You can propose more tomorrow.")
        )


@action
def take_back(member: Person, proposal_id: int) -> Proposal:
    """Withdraw one's own proposal while nobody has decided about it; its words are deleted."""
    touches()
    require(member.can.see_own())
    proposal = proposal_to_take_back(member, proposal_id)
    proposal.outcome, proposal.decided_at = TAKEN_BACK, now()
    proposal.name = proposal.meaning = proposal.why = ""
    read_queue(member, queue_path(PROPOSAL, proposal.id))
    return proposal


@action
def accept(
    moderator: Person, proposal_id: int, reason: str = "", *, read: str | None = None
) -> Entry:
    """Write a proposal into its entry, or make the entry; the history names the member who proposed it.

    `read` is the fingerprint of the entry that the page showed (`entry_as_read`): `Conflict` when it says something
    else since, because a proposed meaning replaces what it says.
    """
    proposal = proposal_to_accept(moderator, proposal_id)
    entry = _accepted(moderator, proposal, read)
    proposal.entry_id = entry.id
    _note_decision(moderator, proposal, entry, ACCEPTED, reason)
    touches(EVERYTHING)
    return entry


def _accepted(moderator: Person, proposal: Proposal, read: str | None) -> Entry:
    editor = proposal.author or moderator
    new = WordingText(proposal.language, proposal.name, (), proposal.meaning)
    if proposal.entry_id is None:
        text = EntryText([new])
        check_entry(text, "")
        entry = make(text)
        # So that the history names the member who proposed it
        keep_version(editor, "entry", entry.id, {})
        return entry
    if proposal.entry is None or proposal.entry.removed_at:
        raise Invalid(_("The entry is no longer there. Refuse the proposal, and say so."))
    entry = entry_to_change(proposal.entry_id)
    if read and read != entry_as_read(entry):
        raise Conflict(_("The entry has changed meanwhile. Read it again."))
    text = EntryText(_with(entry, new), entry.source)
    check_entry(text, "")
    change(editor, entry, text)
    return entry


def _with(entry: Entry, new: WordingText) -> Sequence[WordingText]:
    """The wordings of an entry with a proposal: a second name is added after the preferred one, unless it corrects that."""
    texts = {wording.language: text_of(wording) for wording in entry.wordings}
    known = texts.get(new.language)
    if known:
        names = [known.name, *known.others]
        first, *others = with_name(names, new.name) if new.name else names
        meaning = new.meaning or known.meaning
        new = replace(known, name=first, others=tuple(others), meaning=meaning)
    return [*{**texts, new.language: new}.values()]


@action
def refuse(moderator: Person, proposal_id: int, reason: str) -> None:
    """Refuse a proposal, for a reason that its author reads."""
    touches()
    proposal = proposal_to_decide(moderator, proposal_id)
    if not reason.strip():
        raise Invalid(_("Say why. The reason is sent to the person."), "reason")
    _note_decision(moderator, proposal, proposal.entry, REFUSED, reason)


def _note_decision(
    moderator: Person, proposal: Proposal, entry: Entry | None, outcome: str, reason: str
) -> None:
    proposal.outcome, proposal.reason, proposal.decided_at = outcome, reason.strip(), now()
    said = {
        ACCEPTED: sentence("It is in the glossary now. Thank you."),
        REFUSED: sentence("It was not taken into the glossary."),
    }
    read_queue(moderator, queue_path(PROPOSAL, proposal.id))
    address = f"/glossary/{entry.slug}" if entry else "/glossary"
    title = title_of(proposal, entry)
    notice = NoticeText("glossary", address, title, proposal.reason, before=[said[outcome]])
    note_event(moderator, notice, [proposal.author_id], is_named=False)


@action
def forget_member(system: Person, member_id: int, *, is_silent: bool) -> None:
    """Delete the undecided proposals of a member who leaves; with `is_silent` all their proposals."""
    require(system.can.administer())
    touches()
    theirs = Proposal.author_id == member_id
    lock_proposals(theirs)
    for waiting in waiting_ids_of(member_id):
        read_queue(system, queue_path(PROPOSAL, waiting))
    conditions = [theirs] if is_silent else [theirs, Proposal.outcome == ""]
    db.session.execute(delete(Proposal).where(*conditions))
    db.session.execute(update(Proposal).where(theirs).values(author_id=None))
