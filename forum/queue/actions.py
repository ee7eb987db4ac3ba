"""Being at an entry, noting something about it, deciding it, and telling others when nobody does."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.agendas.queries import curators_of
from forum.appeals.actions import decide_appeal
from forum.appeals.models import REVERSED, UPHELD
from forum.candidates import actions as candidates
from forum.claims import actions as claims
from forum.claims.queries import refuse_claimed
from forum.db import action, db, delete_batch, now, touches
from forum.errors import Invalid
from forum.members.models import Member
from forum.members.queries import administrator_ids
from forum.moderation import actions as moderation
from forum.moderation.actions import MAX_REASON_LENGTH, NO_REASONS, Reasons
from forum.moderation.queries import serialize_decisions
from forum.notifications.actions import note_event
from forum.permissions import Person, require
from forum.queue.models import EntryNote, Overdue
from forum.queue.queries import (
    OVERDUE,
    Line,
    is_about_nobody,
    lines,
    require_entry,
    told,
)

KEPT_NOTES = timedelta(days=365)
EVERYTHING_THAT_WAITS = 10_000
PORTION = 500


@dataclass(frozen=True)
class Choice:
    """What a moderator has chosen: the deed, its reasons, and the latest decision that the page showed.

    `read` is the fingerprint of a text that has no versions, as it was read.
    """

    deed: str
    reasons: Reasons = NO_REASONS
    seen: int | None = None
    read: str | None = None


# Being at it


@action
def claim(moderator: Person, kind: str, item_id: int, holder: int | None = None) -> None:
    """Be at an entry for half an hour, so that others do something else.

    When somebody else is, that raises `Conflict` first; whoever knows (`holder` is that member) takes over.
    """
    touches()
    serialize_decisions()
    about = require_entry(moderator, kind, item_id)
    if not about.deeds:
        require(moderator.can.judge(about.author_id))
    claims.claim(moderator, (kind, item_id), holder)


@action
def release(moderator: Person, kind: str, item_id: int) -> None:
    """Be at an entry no longer; who is not, changes nothing."""
    touches()
    require_entry(moderator, kind, item_id)
    claims.release(moderator, (kind, item_id))


@action
def write_note(moderator: Person, kind: str, item_id: int, text: str) -> EntryNote:
    """Note something about an entry for the other moderators who may decide about it; its author neither writes nor reads it."""
    touches()
    require(moderator.can.judge(require_entry(moderator, kind, item_id).author_id))
    if not text.strip():
        raise Invalid(_("Write a note."), "text")
    if len(text) > MAX_REASON_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH), "text")
    said = {"author_id": moderator.id, "text": text.strip(), "written_at": now()}
    note = EntryNote(kind=kind, item_id=item_id, **said)
    db.session.add(note)
    db.session.flush()
    return note


# Deciding


@action
def decide(
    moderator: Person, kind: str, item_id: int, choice: Choice, holder: int | None = None
) -> str:
    """Decide an entry, whatever it is; says what it was. Whoever was at it is so no longer.

    When somebody else is at it, and the page has not told so (`holder`), nothing is done.
    """
    serialize_decisions()
    about = require_entry(moderator, kind, item_id)
    refuse_claimed(moderator, [(kind, item_id)], [holder])
    _decider(kind)(moderator, kind, item_id, choice)
    claims.end_claims(moderator, [(kind, item_id)])
    return about.title


Decider = Callable[[Person, str, int, Choice], object]


def _decide_thing(moderator: Person, kind: str, item_id: int, choice: Choice) -> object:
    if choice.deed == "publish" and kind == "practice":
        return moderation.publish(moderator, item_id, choice.reasons, seen=choice.seen)
    if choice.deed == "send_back" and kind == "practice":
        return moderation.send_back(moderator, item_id, choice.reasons, seen=choice.seen)
    if choice.deed == "ask_to_edit":
        return moderation.ask_to_edit(moderator, kind, item_id, choice.reasons, seen=choice.seen)
    return moderation.decide(
        moderator, kind, item_id, choice.deed, choice.reasons, seen=choice.seen, read=choice.read
    )


def _decide_candidate(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    if choice.deed == "approve":
        return candidates.approve(moderator, item_id, choice.reasons.facts)
    if choice.deed == "refuse":
        return candidates.refuse(moderator, item_id, choice.reasons.facts)
    raise Invalid(_("Choose a decision."), "deed")


def _decide_held(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    if choice.deed == "approve":
        deed: Callable[..., object] = moderation.approve
    elif choice.deed == "refuse":
        deed = moderation.refuse
    else:
        raise Invalid(_("Choose a decision."), "deed")
    return deed(moderator, item_id, choice.reasons, seen=choice.seen, read=choice.read)


def _answer_appeal(moderator: Person, _kind: str, item_id: int, choice: Choice) -> object:
    outcome = {"uphold": UPHELD, "reverse": REVERSED}.get(choice.deed, "")
    return decide_appeal(moderator, item_id, outcome, choice.reasons.facts)


DECIDERS: dict[str, Decider] = {
    "candidate": _decide_candidate,
    "appeal": _answer_appeal,
    "held": _decide_held,
}


def _decider(kind: str) -> Decider:
    return DECIDERS.get(kind, _decide_thing)


# What nobody decides


@action
def tell_overdue(system: Person) -> int:
    """Tell who else moderates of entries that wait for two days, and the administrators after two more; each once.

    Says of how many. What was told and that it was is one transaction.
    """
    require(system.can.administer())
    touches()
    serialize_decisions()
    waiting = {line.key: line for line in lines(system, limit=EVERYTHING_THAT_WAITS)}
    known = told()
    for key in known.keys() - waiting.keys():
        db.session.delete(known[key])
    late = [line for line in waiting.values() if line.is_overdue]
    return sum(_tell(system, line, known.get(line.key)) for line in late)


def _tell(system: Person, line: Line, known: Overdue | None) -> int:
    if known is None or known.since != line.since:
        _tell_others(system, line)
        row = known or Overdue(kind=line.kind, item_id=line.item_id)
        row.since, row.told_at, row.escalated_at = line.since, now(), None
        db.session.add(row)
        return 1
    if known.escalated_at is None and known.told_at <= now() - OVERDUE:
        said = _("Nobody has decided this for four days.")
        _tell_of(system, line, administrator_ids(), said)
        known.escalated_at = now()
        return 1
    return 0


def _tell_others(system: Person, line: Line) -> None:
    """Everybody who may decide but the administrators, unless there is nobody else."""
    mine = set(administrator_ids())
    others = set(curators_of(line.agenda_id)) - mine - {line.author_id}
    _tell_of(system, line, others or mine, _("Nobody has decided this for two days."))


def _tell_of(system: Person, line: Line, whom: Collection[int], said: str) -> None:
    """Tell some people of an entry, but for whoever wrote what it is about: they do not decide."""
    whom = sorted(one for one in whom if one != line.author_id)
    where = f"/moderation/{line.kind}/{line.item_id}"
    note_event(system, "queue", whom, where, title=line.title, text=said, is_named=False)


# What is over


@action
def forget_old(system: Person, limit: int = PORTION) -> int:
    """Delete some notes that are a year old, and those about people who are no candidates any more; says how many."""
    require(system.can.administer())
    touches()
    is_old = EntryNote.written_at < now() - KEPT_NOTES
    return sum(len(delete_batch(EntryNote, limit, over)) for over in (is_old, is_about_nobody()))


@action
def forget_member(system: Person, member: Member, *, is_silent: bool) -> None:
    """Let somebody who leaves be at nothing; with `is_silent` what they noted for other moderators goes as well."""
    require(system.can.administer())
    touches()
    claims.forget_member(system, member.id)
    if is_silent:
        db.session.execute(delete(EntryNote).where(EntryNote.author_id == member.id))
