"""Proposals of members: which ones wait for moderators, and how many a member has made today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.errors import Conflict, NotFound, or_not_found
from forum.glossary.models import TAKEN_BACK, Entry, Proposal
from forum.glossary.queries.entries import by_language, wording_row
from forum.history.queries import fingerprint
from forum.permissions import Person, require

ONE_DAY = timedelta(days=1)
MAX_WAITING_SHOWN = 5


def proposals_waiting() -> Select[Proposal]:
    """The proposals that nobody has decided, the oldest first."""
    waiting = select(Proposal).where(Proposal.outcome == "")
    return waiting.order_by(Proposal.created_at, Proposal.id)


def waiting_number() -> Select[Any]:
    """A select of their number."""
    return select(func.count(Proposal.id)).where(Proposal.outcome == "")


def proposal_to_judge(moderator: Person, proposal_id: int) -> Proposal:
    """A proposal with its entry and author, for a moderator to read; `Conflict` when it was decided already."""
    require(moderator.can.curate_all())
    whole = joinedload(Proposal.entry).selectinload(Entry.wordings), joinedload(Proposal.author)
    query = select(Proposal).where(Proposal.id == proposal_id).options(*whole)
    found = or_not_found(db.session.scalars(query).first())
    if found.outcome == TAKEN_BACK:
        raise Conflict(_("The member who proposed this has taken it back."))
    if found.outcome:
        raise Conflict(_("Another moderator has decided about this already."))
    return found


def proposal_to_decide(moderator: Person, proposal_id: int) -> Proposal:
    """A proposal with its entry and author, locked, for a moderator who may decide about it; `Conflict` when it was decided already."""
    require(moderator.can.keep_glossary())
    db.session.scalar(select(Proposal).where(Proposal.id == proposal_id).with_for_update())
    return proposal_to_judge(moderator, proposal_id)


def proposal_to_accept(moderator: Person, proposal_id: int) -> Proposal:
    """As `proposal_to_decide`, with its entry locked as well, and first: whoever removes an entry has that when it moves its proposals.

    Raises `Conflict` when the proposal was moved to another entry while this waited for its own.
    """
    entry_id = db.session.scalar(select(Proposal.entry_id).where(Proposal.id == proposal_id))
    db.session.scalar(select(Entry.id).where(Entry.id == entry_id).with_for_update())
    found = proposal_to_decide(moderator, proposal_id)
    if found.entry_id != entry_id:
        raise Conflict(_("The entry has changed meanwhile. Read it again."))
    return found


def proposal_to_take_back(member: Person, proposal_id: int) -> Proposal:
    """A proposal of a member's own, with its entry and locked; `Conflict` when moderators have decided, else `NotFound`."""
    own = select(Proposal).where(Proposal.id == proposal_id, Proposal.author_id == member.id)
    found = db.session.scalar(own.options(joinedload(Proposal.entry)).with_for_update(of=Proposal))
    if found is None or found.outcome == TAKEN_BACK:
        raise NotFound()
    require(member.can.take_back(found))
    if found.outcome:
        raise Conflict(_("Moderators have decided about this already."))
    return found


def entry_as_read(entry: Entry | None) -> str:
    """The fingerprint of what moderators read of an entry beside a proposal for it; empty without an entry."""
    if entry is None:
        return ""
    rows = sorted((wording_row(wording) for wording in entry.wordings), key=itemgetter("language"))
    return fingerprint({"entry": entry.id, "wordings": rows})


def require_proposing(member: Person) -> None:
    """Raise `Forbidden` for somebody who may not propose anything."""
    require(member.can.propose())


def proposed_today(member: Person) -> int:
    """How many proposals a member has made in the last 24 hours."""
    lately = Proposal.author_id == member.id, Proposal.created_at > now() - ONE_DAY
    return db.session.scalar(select(func.count(Proposal.id)).where(*lately)) or 0


def own_waiting(member: Person, entry_id: int | None) -> Sequence[Proposal]:
    """A member's own undecided proposals for an entry or, without one, for new entries."""
    own = Proposal.author_id == member.id, Proposal.entry_id == entry_id
    query = proposals_waiting().where(*own).limit(MAX_WAITING_SHOWN)
    return db.session.scalars(query).all() if member.is_member else []


def identical_waiting(member: Person, **fields: Any) -> Proposal | None:
    """A waiting proposal of a member with exactly these fields, as when a form is sent twice; or None."""
    same = select(Proposal).filter_by(author_id=member.id, outcome="", **fields)
    return db.session.scalars(same).first()


def lock_proposals(*conditions: ColumnElement[bool]) -> None:
    """Lock the proposals that meet all conditions, by id, before they are changed together: PostgreSQL would take its own order."""
    these = select(Proposal.id).where(*conditions).order_by(Proposal.id)
    db.session.execute(these.with_for_update())


def waiting_ids_of(member_id: int) -> Sequence[int]:
    """The ids of what a member has proposed and nobody has decided."""
    waiting = select(Proposal.id).where(Proposal.author_id == member_id, Proposal.outcome == "")
    return db.session.scalars(waiting).all()


def title_of(proposal: Proposal, entry: Entry | None) -> str:
    """What lists and notices call a proposal: the proposed name, or that of the entry."""
    if proposal.name or entry is None:
        return proposal.name
    known = by_language(entry.wordings)
    return (known.get(proposal.language) or entry.wordings[0]).name
