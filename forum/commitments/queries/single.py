"""One commitment, its milestones, what it follows from and what it copies."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries._reach import NO_SUCH, visible_commitments, with_whose
from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries import visible_declarations
from forum.errors import or_not_found
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.queries import visible_cases, visible_practices
from forum.permissions import Person, require

COPIED = re.compile(r"(?:\S{0,200})?/(practices|cases)/([^/?#\s]{1,200})")


def get_commitment(reader: Person, commitment_id: int) -> Commitment:
    """One commitment with its agenda, organisation and author, or `NotFound`."""
    query = with_whose(visible_commitments(reader).where(Commitment.id == commitment_id))
    found: Commitment | None = db.session.scalar(query.options(joinedload(Commitment.author)))
    return or_not_found(found, NO_SUCH)


def commitment_to_edit(member: Person, commitment_id: int) -> Commitment:
    """One commitment, for somebody who may change what it says; else `Forbidden`, or `NotFound`."""
    found = get_commitment(member, commitment_id)
    require(member.can.edit_commitment(found))
    return found


def commitment_to_tell_of(member: Person, commitment_id: int) -> Commitment:
    """One commitment, for a member who may report its progress; else `Forbidden`, or `NotFound`."""
    found = get_commitment(member, commitment_id)
    require(member.can.tell_of_commitment(found))
    return found


def milestones_of(commitment: Commitment) -> Sequence[Milestone]:
    """The milestones of a commitment, in the order of their days."""
    return milestones_of_many([commitment.id])


def with_milestones(commitment: Commitment) -> Commitment:
    """A commitment with its milestones, read afresh: what moderators look at."""
    set_committed_value(commitment, "milestones", list(milestones_of(commitment)))
    return commitment


def milestones_of_many(commitment_ids: Collection[int]) -> Sequence[Milestone]:
    """The milestones of several commitments, in the order of their days."""
    mine = select(Milestone).where(Milestone.commitment_id.in_(commitment_ids))
    return db.session.scalars(mine.order_by(Milestone.day, Milestone.id)).all()


def milestone_in(commitment: Commitment, milestone_id: int) -> Milestone:
    """One milestone of a commitment, open or not; or `NotFound`."""
    mine = Milestone.id == milestone_id, Milestone.commitment_id == commitment.id
    return or_not_found(db.session.scalar(select(Milestone).where(*mine)), NO_SUCH)


def declaration_of(reader: Person, commitment: Commitment) -> Declaration | None:
    """The declaration from which a commitment follows, if there is one and the reader sees it."""
    if commitment.declaration_id is None:
        return None
    query = visible_declarations(reader).where(Declaration.id == commitment.declaration_id)
    found: Declaration | None = db.session.scalar(query)
    return found


class Copied(NamedTuple):
    """The practice or the case that a commitment copies."""

    title: str
    address: str
    language: str
    practice_id: int | None = None
    case_id: int | None = None
    agenda_id: int | None = None


def copied_by(reader: Person, commitment: Commitment) -> Copied | None:
    """The page that a commitment copies, if there is one and the reader sees it."""
    if commitment.practice_id:
        return _copied(reader, "practices", Practice.id == commitment.practice_id)
    if commitment.case_id:
        return _copied(reader, "cases", Case.id == commitment.case_id)
    return None


def copied_at(reader: Person, typed: str) -> Copied | None:
    """The published practice, or the case, at a typed address, if the reader sees it."""
    found = COPIED.fullmatch(typed.strip())
    if found is None:
        return None
    kind, slug = found.groups()
    return _copied(reader, kind, (Practice if kind == "practices" else Case).slug == slug)


def _copied(reader: Person, kind: str, condition: ColumnElement[bool]) -> Copied | None:
    if kind == "practices":
        is_told = Practice.state == PUBLISHED, Practice.hidden_at.is_(None)
        practice = db.session.scalar(visible_practices(reader).where(condition, *is_told))
        address = f"/practices/{practice.slug}" if practice else ""
        return practice and Copied(
            practice.title, address, practice.language, practice.id, agenda_id=practice.agenda_id
        )
    case = db.session.scalar(visible_cases(reader).where(condition, Case.hidden_at.is_(None)))
    ids = {"case_id": case.id, "agenda_id": case.agenda_id} if case else {}
    return case and Copied(case.name, f"/cases/{case.slug}", case.language, **ids)
