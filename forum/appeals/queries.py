"""Who may appeal against what, what waits for an answer, and who can give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from forum import tokens
from forum.agendas.queries import curators_of
from forum.appeals.models import Appeal
from forum.db import db, now
from forum.errors import Forbidden, NotFound
from forum.members.models import Member
from forum.moderation.models import Decision, Report
from forum.moderation.queries import (
    RESTRICTING_DEEDS,
    ReviewContext,
    answered_by,
    decision_by_id,
    is_concerned,
    is_in_effect,
    is_reporter,
    is_reversible,
    review_context,
)
from forum.permissions import Person, Verdict, cached_statement, moderated_by, require

TIME = timedelta(
    days=184
)  # six months, whichever they are: Regulation (EU) 2022/2065, article 20(1)
PAGE = 100
PURPOSE = "appeal"  # of a seal


@dataclass(frozen=True)
class Standing:
    """How somebody stands to a decision: whether it is theirs to appeal against, and what speaks against that."""

    is_concerned: bool
    has_appealed: bool
    is_in_effect: bool
    end: datetime

    @property
    def is_over(self) -> bool:
        """Whether the time for appeals is over."""
        return self.end <= now()


@dataclass(frozen=True)
class About:
    """What a page says to its reader of appeals against a decision."""

    mine: Appeal | None
    may: Verdict
    end: datetime


def standing(person: Person, decision: Decision) -> Standing:
    """Authors stand to what restricts them, reporters to what was kept."""
    restricts = decision.deed in RESTRICTING_DEEDS and is_concerned(person, decision)
    kept = decision.deed == "keep" and is_reporter(person, decision)
    mine = my_appeal(person, decision)
    return Standing(
        restricts or kept, mine is not None, is_in_effect(decision), decision.decided_at + TIME
    )


def about(person: Person, decision: Decision) -> About:
    """For the page of a decision."""
    stands = standing(person, decision)
    return About(my_appeal(person, decision), person.can.appeal(stands), stands.end)


def my_appeal(person: Person, decision: Decision) -> Appeal | None:
    """The appeal of a person against a decision."""
    query = select(Appeal).where(
        Appeal.decision_id == decision.id, Appeal.appellant_id == person.id
    )
    return db.session.scalar(query)


def decision_to_appeal(person: Person, decision_id: int) -> Decision:
    """A decision that concerns somebody who may be suspended by it; `NotFound` for everybody else."""
    decision = decision_by_id(decision_id)
    if decision is None or not standing(person, decision).is_concerned:
        raise NotFound()
    return decision


def account_by_id(member_id: int) -> Member:
    """The account that a sealed address names, suspended or not."""
    member = db.session.get(Member, member_id, populate_existing=True)
    if member is None or member.left_at:
        raise NotFound()
    return member


def suspending(member: Person) -> Decision | None:
    """The decision by which an account is closed now, if there is one."""
    query = select(Decision).where(
        Decision.kind == "member",
        Decision.item_id == member.id,
        Decision.deed.in_(("suspend", "spam")),
        Decision.until > now(),
    )
    decision = db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()
    return decision if decision and is_in_effect(decision) else None


def sealed_address(decision_id: int, member_id: int) -> str:
    """The path at which somebody appeals who cannot sign in, because the account is suspended; it says who it is."""
    seal = tokens.seal(PURPOSE, f"{decision_id}:{member_id}")
    return f"/appeal/{decision_id}/{member_id}/{seal}"


def is_sealed(decision_id: int, member_id: int, said: str) -> bool:
    """Whether an address is one of these."""
    return tokens.is_sealed(PURPOSE, f"{decision_id}:{member_id}", said)


def appeal_of_suspended(member: Person) -> str:
    """The path at which a suspended member appeals against that; empty when nothing is on record."""
    decision = suspending(member)
    return sealed_address(decision.id, member.id) if decision else ""


# For those who decide


def appeals(reader: Person) -> Sequence[Appeal]:
    """The appeals that wait on the agendas that a reader moderates, oldest first."""
    require(reader.can.see_queue())
    return db.session.scalars(_loaded(reader, _waits()).order_by(Appeal.id).limit(PAGE)).all()


def decided(reader: Person) -> Sequence[Appeal]:
    """The appeals that were answered of late, newest first."""
    require(reader.can.see_queue())
    answered = _loaded(reader, Appeal.decided_at.is_not(None))
    return db.session.scalars(answered.order_by(Appeal.decided_at.desc()).limit(PAGE)).all()


def get_appeal(reader: Person, appeal_id: int) -> Appeal:
    """One appeal, for who moderates its agenda."""
    require(reader.can.see_queue())
    appeal = db.session.scalar(_loaded(reader, Appeal.id == appeal_id))
    if appeal is None:
        raise NotFound()
    return appeal


def require_answerable(moderator: Person, appeal_id: int) -> None:
    """Refuse whoever may read an appeal but not answer it: the first moderator, and a party."""
    require(moderator.can.decide_appeal(get_appeal(moderator, appeal_id)))


def appeal_to_decide(moderator: Person, appeal_id: int) -> Appeal:
    """One appeal, held until the deed is done, so that it is answered once."""
    require(moderator.can.see_queue())
    held = _loaded(moderator, Appeal.id == appeal_id).with_for_update(of=Appeal)
    appeal = db.session.scalar(held.execution_options(populate_existing=True))
    if appeal is None:
        raise NotFound()
    return appeal


@cached_statement
def appeals_counted(reader: Person) -> Select[Any]:
    """A select of how many appeals wait for this reader, for a room above to add up."""
    waiting = select(func.count(Appeal.id)).join(Appeal.decision)
    return waiting.where(_waits(), moderated_by(reader, Decision.present_agenda_id))


def others_who_decide(decision: Decision, appellant_id: int) -> list[int]:
    """The ids of those who can answer an appeal: they moderate the agenda, did not decide before, and are no party."""
    parties = {decision.moderator_id, decision.author_id, appellant_id}
    who = curators_of(decision.present_agenda_id)
    return [member_id for member_id in who if member_id not in parties]


def _waits() -> Any:
    return Appeal.decided_at.is_(None)


def _loaded(reader: Person, *which: Any) -> Select[Appeal]:
    query = (
        select(Appeal)
        .join(Appeal.decision)
        .where(moderated_by(reader, Decision.present_agenda_id), *which)
    )
    loads = (
        contains_eager(Appeal.decision).joinedload(Decision.moderator),
        contains_eager(Appeal.decision).joinedload(Decision.agenda),
        contains_eager(Appeal.decision).joinedload(Decision.author),
        joinedload(Appeal.appellant),
        joinedload(Appeal.decider),
    )
    return query.options(*loads)


@dataclass(frozen=True)
class File:
    """All that belongs to an appeal: what it is about in its context, if that is still there, and whether it can be reversed.

    `reports` are those that the decision answered. Where it is about something of the reader's own (`is_own`) there are
    none, and others' appeals are not for the reader.
    """

    appeal: Appeal
    opened: ReviewContext | None
    is_reversible: bool
    reports: Sequence[Report] = ()
    is_own: bool = False


def file_of(reader: Person, appeal: Appeal) -> File:
    """The whole file of an appeal."""
    try:
        opened = review_context(reader, appeal.decision.kind, appeal.decision.item_id)
    except (Forbidden, NotFound):  # whoever else decides about it now, the appeal can be read
        opened = None
    is_own = not reader.can.judge(appeal.decision.author_id)
    reports = [] if is_own else answered_by(appeal.decision_id)
    return File(appeal, opened, _is_reversible(reader, appeal), reports, is_own)


def _is_reversible(reader: Person, appeal: Appeal) -> bool:
    """Whether another answer than that the decision stays would change anything."""
    try:
        return is_reversible(reader, appeal.decision)
    except Forbidden:
        return False


def appeals_of(member_id: int) -> Sequence[Appeal]:
    """The appeals that a member made, or that were made against decisions about the member."""
    query = select(Appeal).join(Appeal.decision).options(contains_eager(Appeal.decision))
    is_about = or_(Appeal.appellant_id == member_id, Decision.author_id == member_id)
    return db.session.scalars(query.where(is_about)).all()
