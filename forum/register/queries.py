"""What everybody may know of moderation: each restriction without names, and the figures of a period.

Everything is counted from the rows of reports, decisions and appeals when it is asked for; nothing is kept beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased, joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.appeals.models import REVERSED, Appeal
from forum.db import db
from forum.moderation.models import Decision, Report
from forum.moderation.queries import RESTRICTING_DEEDS
from forum.pages import Page, page_of
from forum.permissions import VISITOR

PAGE = 50


@dataclass(frozen=True)
class Entry:
    """One restriction as everybody may know it: no person, no title, no words but those of the rule or the law."""

    number: int
    day: date
    deed: str
    kind: str
    agenda: Agenda | None
    rule: int
    rule_name: str
    is_law: bool
    source: str
    is_automated: bool
    is_excused: bool
    until: date | None
    appeal: str
    is_taken_back: bool


def entries(number: int = 1) -> Page[Entry]:
    """One page of the register, newest first."""
    undoing, appeal = aliased(Decision), Appeal.decision_id == Decision.id
    taken_back = exists().where(undoing.undoes_id == Decision.id)
    outcome = select(func.coalesce(func.max(Appeal.outcome), "")).where(appeal).scalar_subquery()
    waits = exists().where(appeal, Appeal.decided_at.is_(None))
    query = select(Decision).where(Decision.deed.in_(RESTRICTING_DEEDS))
    page = page_of(
        query.options(joinedload(Decision.agenda)).order_by(Decision.id.desc()), number, PAGE
    )
    ids = [decision.id for decision in page.items]
    more = select(Decision.id, taken_back, outcome, waits).where(Decision.id.in_(ids))
    known = {row[0]: row for row in db.session.execute(more)}
    open_ids = set(db.session.scalars(visible_agendas(VISITOR).with_only_columns(Agenda.id)))
    return Page(
        [_entry(one, known[one.id], open_ids) for one in page.items],
        page.number,
        page.pages,
        page.total,
    )


def _entry(decision: Decision, more: Any, open_ids: set[int]) -> Entry:
    _id, is_taken_back, outcome, waits = more
    return Entry(
        number=decision.id,
        day=decision.decided_at.date(),
        deed=decision.deed,
        kind=decision.kind,
        agenda=decision.agenda if decision.agenda_id in open_ids else None,
        rule=decision.rule,
        rule_name=decision.rule_name,
        is_law=bool(decision.law),
        source=decision.source,
        is_automated=decision.is_automated,
        is_excused=decision.is_excused,
        until=decision.until.date() if decision.until else None,
        appeal="waiting" if waits else outcome,
        is_taken_back=is_taken_back,
    )


# The report


@dataclass(frozen=True)
class Period:
    """Whole days, the first and the last included, in UTC."""

    first: date
    last: date

    @property
    def begin(self) -> datetime:
        """The moment the period begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The moment after the period."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def holds(self, column: Any) -> ColumnElement[bool]:
        """In SQL: whether a moment is in the period."""
        return and_(column >= self.begin, column < self.end)


@dataclass(frozen=True)
class Figures:
    """The figures of a period, as Regulation (EU) 2022/2065, article 15 asks for them. Hours are None without a case."""

    period: Period
    reports: Mapping[tuple[str, str], int]  # by reason and source
    answered: int
    waiting: int
    hours_to_decision: float | None
    deeds: Mapping[
        tuple[str, bool], int
    ]  # restrictions by deed and whether a machine pointed them out
    sources: Mapping[str, int]  # restrictions by what led to them
    grounds: Mapping[str, int]  # restrictions by rule, `law` and `none`
    kept: int
    taken_back: int
    appeals: int
    appeals_by: Mapping[str, int]  # those that were answered, by outcome
    hours_to_answer: float | None

    @property
    def restrictions(self) -> int:
        """How often somebody was restricted."""
        return sum(self.deeds.values())


def figures(period: Period) -> Figures:
    """All figures of a period, counted anew."""
    decided = period.holds(Decision.decided_at)
    made = _restrictions(period)
    waits, answers = _hours(_answered_reports(period)), _hours(_answered_appeals(period))
    return Figures(
        period=period,
        reports=_counts(_by(period, Report.created_at, Report.reason, Report.source)),
        answered=len(waits),
        waiting=_number(_waiting(period)),
        hours_to_decision=median(waits) if waits else None,
        deeds=_sums(((one.deed, one.is_automated), one.number) for one in made),
        sources=_sums((one.source, one.number) for one in made),
        grounds=_sums((_ground(one), one.number) for one in made),
        kept=_number(_decisions(decided, Decision.deed == "keep")),
        taken_back=_number(_decisions(decided, Decision.undoes_id.is_not(None))),
        appeals=_number(select(func.count(Appeal.id)).where(period.holds(Appeal.created_at))),
        appeals_by=_counts(_by(period, Appeal.decided_at, Appeal.outcome)),
        hours_to_answer=median(answers) if answers else None,
    )


class Made(NamedTuple):
    """How many restrictions there were of one kind."""

    deed: str
    is_automated: bool
    source: str
    rule: int
    rule_name: str
    is_law: bool
    number: int


def _restrictions(period: Period) -> list[Made]:
    columns = (
        Decision.deed,
        Decision.is_automated,
        Decision.source,
        Decision.rule,
        Decision.rule_name,
        Decision.law != "",
    )
    which = (Decision.deed.in_(RESTRICTING_DEEDS), period.holds(Decision.decided_at))
    query = select(*columns, func.count()).where(*which).group_by(*columns)
    return [Made(*row) for row in db.session.execute(query)]


def _waiting(period: Period) -> Select[Any]:
    """The reports that nobody had answered when the period was over."""
    query = select(func.count(Report.id)).outerjoin(Decision, Decision.id == Report.decision_id)
    is_open = Report.decision_id.is_(None) | (Decision.decided_at >= period.end)
    return query.where(Report.created_at < period.end, is_open)


def _decisions(*which: ColumnElement[bool]) -> Select[Any]:
    return select(func.count(Decision.id)).where(*which)


def _ground(made: Made) -> str:
    if made.is_law:
        return "law"
    return f"{made.rule}. {made.rule_name}" if made.rule else "none"


def _by(period: Period, when: Any, *columns: Any) -> Select[Any]:
    return select(*columns, func.count()).where(period.holds(when)).group_by(*columns)


def _counts(query: Select[Any]) -> Mapping[Any, int]:
    """Rows of a key of one or more columns and a number, as a mapping in the order of the keys."""
    rows = (tuple(row) for row in db.session.execute(query))
    return _sums((row[0] if len(row) == 2 else row[:-1], row[-1]) for row in rows)


def _sums(pairs: Iterable[tuple[Any, int]]) -> Mapping[Any, int]:
    counter: Counter[Any] = Counter()
    for key, number in pairs:
        counter[key] += number
    return dict(sorted(counter.items()))


def _number(query: Select[Any]) -> int:
    return db.session.scalar(query) or 0


def _answered_reports(period: Period) -> Select[datetime, datetime]:
    answered = select(Report.created_at, Decision.decided_at)
    answered = answered.join(Decision, Decision.id == Report.decision_id)
    return answered.where(period.holds(Decision.decided_at))


def _answered_appeals(period: Period) -> Select[datetime, datetime | None]:
    answered = select(Appeal.created_at, Appeal.decided_at)
    return answered.where(period.holds(Appeal.decided_at))


def _hours(query: Any) -> Sequence[float]:
    return [(end - begin).total_seconds() / 3600 for begin, end in db.session.execute(query)]


def reversals(figures: Figures) -> int:
    """How many appeals were right."""
    return figures.appeals_by.get(REVERSED, 0)
