"""What the terms room records on members: when they must agree, and that they have agreed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.members import queries
from forum.members.models import Federation, Member
from forum.permissions import Person, require


@action
def note_terms(administrator: Person, first: datetime | None, since: datetime | None) -> None:
    """Record since when joining requires agreement (`first`), and when members must agree to new terms (`since`).

    Members whose agreement is already due keep their date.
    """
    require(administrator.can.administer())
    db.session.execute(update(Federation).values(terms_from=first))
    is_free = or_(Member.terms_due_at.is_(None), Member.terms_due_at > now())
    queries.lock_members(Member.left_at.is_(None), is_free)
    theirs = update(Member).where(Member.left_at.is_(None), is_free)
    db.session.execute(theirs.values(terms_due_at=since))


@action
def note_terms_agreed(member: Member, next_due: datetime | None) -> None:
    """Record that a member has agreed to terms, and when agreement to the next ones is due."""
    touches()
    db.session.get_one(Member, member.id).terms_due_at = next_due
