"""Rows that actions change, and what they decide by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.commitments.models import RUNNING, Commitment, Milestone
from forum.commitments.queries._reach import NO_SUCH, is_in_state, visible_commitments, with_whose
from forum.db import db
from forum.errors import or_not_found
from forum.permissions import Person


def commitment_to_change(doer: Person, commitment_id: int) -> Commitment:
    """One commitment with its agenda and organisation, locked; or `NotFound`."""
    query = visible_commitments(doer).where(Commitment.id == commitment_id)
    locked = with_whose(query).with_for_update(of=Commitment)
    found: Commitment | None = db.session.scalar(locked.execution_options(populate_existing=True))
    return or_not_found(found, NO_SUCH)


def organisation_of(doer: Person, commitment_id: int) -> int:
    """The id of the organisation of a commitment, which has to be locked first; or `NotFound`."""
    query = visible_commitments(doer).where(Commitment.id == commitment_id)
    found: int | None = db.session.scalar(query.with_only_columns(Commitment.organisation_id))
    return or_not_found(found, NO_SUCH)


def identical_commitment(
    organisation_id: int, agenda_id: int, title: str, source: str
) -> Commitment | None:
    """A commitment in progress of an organisation with exactly this content, as when a form is sent twice; or None."""
    same = (
        is_in_state(RUNNING),
        Commitment.organisation_id == organisation_id,
        Commitment.agenda_id == agenda_id,
        Commitment.title == title,
        Commitment.source == source,
    )
    whole = select(Commitment).options(joinedload(Commitment.organisation))
    return db.session.scalars(whole.where(*same).limit(1)).first()


def first_open_day(commitment_id: int) -> date | None:
    """The day of the first open milestone of a commitment; None if there is none."""
    is_open = Milestone.reached_at.is_(None), Milestone.given_up_at.is_(None)
    days = select(func.min(Milestone.day)).where(Milestone.commitment_id == commitment_id)
    return db.session.scalar(days.where(*is_open))


def count_milestones(commitment_id: int) -> int:
    """How many milestones a commitment has."""
    query = select(func.count(Milestone.id)).where(Milestone.commitment_id == commitment_id)
    return db.session.scalar(query) or 0


def commitments_by_id(commitment_ids: Collection[int]) -> Sequence[Commitment]:
    """Commitments with their organisations, locked."""
    query = select(Commitment).where(Commitment.id.in_(commitment_ids)).order_by(Commitment.id)
    whole = query.options(joinedload(Commitment.organisation))
    return db.session.scalars(whole.with_for_update(of=Commitment)).all()


def commitments_of_author(member_id: int) -> Sequence[Commitment]:
    """All commitments that a member has published."""
    return db.session.scalars(select(Commitment).where(Commitment.author_id == member_id)).all()
