"""Who may be asked now: members' choices, absences, and how often they were asked recently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from forum.advice.models import AdviceRequest, Availability
from forum.clock import now
from forum.db import db
from forum.members.models import Member
from forum.permissions import Person, require

WEEK = timedelta(days=7)
QUARTER = timedelta(days=90)
MAX_PER_WEEK = 2


@dataclass(frozen=True)
class AskStatus:
    """What decides whether a member may be asked now: their own choice, and how often they were asked recently."""

    is_muted: bool = False
    away_until: datetime | None = None
    this_week: int = 0
    this_quarter: int = 0

    @property
    def may_be_asked(self) -> bool:
        """Whether the member may be asked: by their own choice, not absent, and asked fewer than `MAX_PER_WEEK` times within a week."""
        return not (self.is_muted or self.away_until or self.this_week >= MAX_PER_WEEK)

    @property
    def burden(self) -> float:
        """Points that are subtracted in proposals because the member was asked recently."""
        return 1.5 * self.this_week + min(0.5 * self.this_quarter, 4.0)


def ask_statuses(member_ids: Iterable[int]) -> dict[int, AskStatus]:
    """Whether these members may be asked now, by id; unknown ids are left out."""
    since = {"week": now() - WEEK, "quarter": now() - QUARTER}
    counts = [_asked_since(moment).label(name) for name, moment in since.items()]
    rows = (
        select(Member.id, Availability.muted_at, Availability.away_until, *counts)
        .outerjoin(Availability, Availability.member_id == Member.id)
        .where(Member.id.in_(list(member_ids)))
    )
    return {row.id: _ask_status(row) for row in db.session.execute(rows)}


def _ask_status(row: Any) -> AskStatus:
    is_away = row.away_until is not None and row.away_until > now()
    away_until = row.away_until if is_away else None
    return AskStatus(row.muted_at is not None, away_until, row.week, row.quarter)


def _asked_since(moment: datetime) -> Any:
    asked = select(func.count()).select_from(AdviceRequest)
    mine = (AdviceRequest.member_id == Member.id, AdviceRequest.asked_at > moment)
    return asked.where(*mine).scalar_subquery()


def members_to_ask(handles: Iterable[str]) -> Sequence[Member]:
    """The members with these handles whose profiles others see, locked in the order of their ids."""
    wanted = list(dict.fromkeys(handles))
    known = select(Member).where(Member.handle.in_(wanted), Member.left_at.is_(None))
    shown = known.where(Member.hidden_at.is_(None)).order_by(Member.id)
    # They may go on writing, even in the topic that the asker has locked
    return db.session.scalars(shown.with_for_update(key_share=True)).all()


def availability_of(member: Person) -> Availability:
    """The availability that a member has chosen, or a new row when they have chosen nothing yet. `Forbidden` for visitors."""
    require(member.can.be_asked())
    found = db.session.scalar(select(Availability).where(Availability.member_id == member.id))
    return found or Availability(member_id=member.id, muted_at=None, away_until=None)
