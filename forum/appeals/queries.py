"""Who may appeal against which decision, the appeals that wait, and who can answer them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from forum import tokens
from forum.agendas.queries import curators_of
from forum.appeals.models import Appeal
from forum.clock import now
from forum.db import db
from forum.errors import Forbidden, NotFound, or_not_found
from forum.members.models import Member
from forum.moderation.models import Decision, Deed, Report
from forum.moderation.queries import (
    RESTRICTING_DEEDS,
    ReviewContext,
    answered_by,
    began_or_tells,
    decision_by_id,
    is_concerned,
    is_in_effect,
    is_reporter,
    is_reversible,
    part_of,
    parties_of,
    reported,
    review_context,
)
from forum.permissions import Person, require
from forum.reach import moderated_by
from forum.reachcache import cached_statement
from forum.verdicts import Verdict

# Six months, the longest period of the kind: Regulation (EU) 2022/2065, article 20(1).
APPEAL_PERIOD = timedelta(days=184)
PAGE_SIZE = 100
SEAL_PURPOSE = "appeal"


@dataclass(frozen=True)
class Standing:
    """A person's legal standing in an appeal against a decision, as `Can.appeal` judges it."""

    is_concerned: bool
    has_appealed: bool
    is_in_effect: bool
    end: datetime

    @property
    def is_over(self) -> bool:
        """Whether the period for an appeal is over."""
        return self.end <= now()


@dataclass(frozen=True)
class AppealInfo:
    """What a page tells its reader about appealing: their own appeal, if any, whether they may appeal, and until when."""

    mine: Appeal | None
    may: Verdict
    end: datetime


def standing(person: Person, decision: Decision) -> Standing:
    """The standing of a person in an appeal against a decision."""
    return _standing(person, decision, my_appeal(person, decision))


def _standing(person: Person, decision: Decision, mine: Appeal | None) -> Standing:
    return Standing(
        _is_party(person, decision),
        mine is not None,
        is_in_effect(decision),
        decision.decided_at + APPEAL_PERIOD,
    )


def _is_party(person: Person, decision: Decision) -> bool:
    """Whether a person may appeal a decision as a party: its author if it restricts them, a reporter if it kept the thing."""
    if decision.deed == Deed.KEEP:
        return is_reporter(person, decision)
    return decision.deed in RESTRICTING_DEEDS and is_concerned(person, decision)


def appeal_info(person: Person, decision: Decision) -> AppealInfo:
    """What the page of a decision tells a person about appealing."""
    mine = my_appeal(person, decision)
    own_standing = _standing(person, decision, mine)
    return AppealInfo(mine, person.can.appeal(own_standing), own_standing.end)


def my_appeal(person: Person, decision: Decision) -> Appeal | None:
    """The appeal of a person against a decision; None when there is none."""
    query = select(Appeal).where(
        Appeal.decision_id == decision.id, Appeal.appellant_id == person.id
    )
    return db.session.scalar(query)


def decision_to_appeal(person: Person, decision_id: int) -> Decision:
    """A decision that may concern the person, suspended or not; `NotFound` for everybody else."""
    decision = decision_by_id(decision_id)
    if decision is None or not _is_party(person, decision):
        raise NotFound()
    return decision


def account_by_id(member_id: int) -> Member:
    """The member that a sealed address names, suspended or not; `NotFound` when they have left."""
    member = db.session.get(Member, member_id, populate_existing=True)
    if member is None or member.left_at:
        raise NotFound()
    return member


def suspending_decision(member: Person) -> Decision | None:
    """The latest decision in effect that suspends a member now; None when there is none."""
    query = select(Decision).where(
        Decision.kind == "member",
        Decision.item_id == member.id,
        Decision.deed.in_((Deed.SUSPEND, Deed.CLEAR_SPAM)),
        Decision.until > now(),
    )
    decisions = db.session.scalars(query.order_by(Decision.id.desc())).all()
    return next((decision for decision in decisions if is_in_effect(decision)), None)


def sealed_address(decision_id: int, member_id: int) -> str:
    """The path at which a suspended member, who cannot sign in, appeals; its seal proves who they are.

    It is valid for as long as the decision can be appealed, hence it is as long as a secret.
    """
    seal = tokens.secret(SEAL_PURPOSE, f"{decision_id}:{member_id}")
    return f"/appeal/{decision_id}/{member_id}/{seal}"


def is_sealed(decision_id: int, member_id: int, seal: str) -> bool:
    """Whether a seal is that of `sealed_address`."""
    return tokens.is_secret(SEAL_PURPOSE, f"{decision_id}:{member_id}", seal)


def suspension_appeal_path(member: Person) -> str:
    """The path at which a suspended member appeals against the suspension; empty without a decision in effect."""
    decision = suspending_decision(member)
    return sealed_address(decision.id, member.id) if decision else ""


# For moderators


def waiting_appeals(reader: Person, ids: Collection[int] | None = None) -> Sequence[Appeal]:
    """The open appeals on agendas that the reader moderates, oldest first, at most `PAGE_SIZE`; with `ids` only these."""
    require(reader.can.see_queue())
    query = _loaded(reader, _is_waiting())
    if ids is not None:
        query = query.where(Appeal.id.in_(ids))
    return _read(query.order_by(Appeal.id).limit(PAGE_SIZE))


def decided_appeals(reader: Person) -> Sequence[Appeal]:
    """The answered appeals on agendas that the reader moderates, newest first; at most `PAGE_SIZE`."""
    require(reader.can.see_queue())
    answered = _loaded(reader, Appeal.decided_at.is_not(None))
    return _read(answered.order_by(Appeal.decided_at.desc()).limit(PAGE_SIZE))


def get_appeal(reader: Person, appeal_id: int) -> Appeal:
    """One appeal, for a moderator of its agenda; else `NotFound`."""
    require(reader.can.see_queue())
    return or_not_found(next(iter(_read(_loaded(reader, Appeal.id == appeal_id))), None))


def require_answerable(moderator: Person, appeal_id: int) -> None:
    """Raise `Forbidden` for readers who may see an appeal but not answer it: the first moderator and the parties."""
    require(moderator.can.decide_appeal(get_appeal(moderator, appeal_id)))


def appeal_to_decide(moderator: Person, appeal_id: int) -> Appeal:
    """One appeal, locked for update, so that it is answered only once."""
    require(moderator.can.see_queue())
    locked = _loaded(moderator, Appeal.id == appeal_id).with_for_update(of=Appeal)
    afresh = locked.execution_options(populate_existing=True)
    return or_not_found(next(iter(_read(afresh)), None))


@cached_statement
def waiting_appeals_count(reader: Person) -> Select[Any]:
    """A select of the number of open appeals that this reader (parameter `reader_id`) may answer, as `can.decide_appeal` says."""
    parties = Decision.moderator_id, Decision.author_id, Appeal.appellant_id
    is_no_party = [func.coalesce(party, 0) != bindparam("reader_id") for party in parties]
    is_no_party += [~part(bindparam("reader_id")) for part in (began_or_tells, reported)]
    waiting = select(func.count(Appeal.id)).join(Appeal.decision).where(_is_waiting())
    return waiting.where(*is_no_party, moderated_by(reader, Decision.present_agenda_id))


def other_decider_ids(decision: Decision, appellant_id: int) -> list[int]:
    """The ids of those who can answer an appeal: moderators of the agenda who made no first decision and are no party."""
    barred = _barred(decision, appellant_id)
    curators = curators_of(decision.present_agenda_id)
    return [member_id for member_id in curators if member_id not in barred]


def barred_ids(appeal_id: int) -> set[int | None]:
    """The ids of those who may not answer an appeal, whatever they moderate: the deciding moderator, and the parties."""
    query = select(Appeal).join(Appeal.decision).options(contains_eager(Appeal.decision))
    found = db.session.scalars(query.where(Appeal.id == appeal_id)).one()
    return _barred(found.decision, found.appellant_id)


def _barred(decision: Decision, appellant_id: int) -> set[int | None]:
    return {decision.moderator_id, appellant_id} | parties_of(decision)


def _is_waiting() -> ColumnElement[bool]:
    return Appeal.decided_at.is_(None)


def _read(query: Select[Appeal, str]) -> list[Appeal]:
    """The appeals of `_loaded`, their decisions each with the part that the reader has in it."""
    found = []
    for appeal, part in db.session.execute(query):
        appeal.decision.part = part
        found.append(appeal)
    return found


def _loaded(reader: Person, *conditions: Any) -> Select[Appeal, str]:
    """The appeals on agendas that the reader moderates, with everything that pages show of them, and the reader's part in each."""
    query = (
        select(Appeal, part_of(reader.id or 0))
        .join(Appeal.decision)
        .where(moderated_by(reader, Decision.present_agenda_id), *conditions)
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
class AppealFile:
    """Everything about an appeal: the thing in its context (None when it is gone), and the answered reports.

    `is_reversible` says whether the decision can be reversed. When the thing is the reader's own (`is_own`), there
    are no reports, and the appeals of others are not shown.
    """

    appeal: Appeal
    opened: ReviewContext | None
    is_reversible: bool
    reports: Sequence[Report] = ()
    is_own: bool = False


def appeal_file(reader: Person, appeal: Appeal) -> AppealFile:
    """The file of an appeal, as far as the reader may see it."""
    try:
        opened = review_context(reader, appeal.decision.kind, appeal.decision.item_id)
    except (Forbidden, NotFound):
        # The appeal can be read even if only others may decide about the thing now
        opened = None
    is_own = not reader.can.judge(appeal.decision.author_id)
    reports = [] if is_own else answered_by(appeal.decision_id)
    return AppealFile(appeal, opened, _is_reversible(reader, appeal), reports, is_own)


def _is_reversible(reader: Person, appeal: Appeal) -> bool:
    """Whether the decision can be reversed by this reader."""
    try:
        return is_reversible(reader, appeal.decision)
    except Forbidden:
        return False


def appeals_of(member_id: int) -> Sequence[Appeal]:
    """The appeals that a member made, and those against decisions about the member, with their decisions."""
    query = select(Appeal).join(Appeal.decision).options(contains_eager(Appeal.decision))
    is_about = or_(Appeal.appellant_id == member_id, Decision.author_id == member_id)
    return db.session.scalars(query.where(is_about)).all()
