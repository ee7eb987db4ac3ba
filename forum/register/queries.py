"""The public register of restrictions, without names, and the figures of the transparency report for a period.

Everything is counted from reports, decisions and appeals when it is asked for; no figures are stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased, joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.appeals.models import OUTCOMES, REVERSED, UPHELD, Appeal
from forum.clock import last_day, month_end
from forum.db import db
from forum.moderation.models import (
    BY_TRUSTED,
    ILLEGAL_REASON,
    ORDER,
    REPORT,
    Decision,
    Deed,
    Report,
)
from forum.moderation.queries import (
    MISUSE_DEEDS,
    RESTRICTING_DEEDS,
    OrderFigures,
    order_figures,
)
from forum.pages import Page, page_of
from forum.permissions import VISITOR
from forum.rules.models import rule_in_english, said_of_rule

PAGE_SIZE = 50
TABLE_PORTION = 500  # entries of the table that are read at once
# Restrictions in the words of the EU's database of statements of reasons (Digital Services Act, article 24 (5)):
# of what can be seen, of the service, of the account
EU_RESTRICTIONS: Mapping[str, tuple[str, str, str]] = {
    Deed.HIDE: ("DECISION_VISIBILITY_CONTENT_DISABLED", "", ""),
    Deed.REMOVE: ("DECISION_VISIBILITY_CONTENT_REMOVED", "", ""),
    Deed.REFUSE: ("DECISION_VISIBILITY_CONTENT_DISABLED", "", ""),
    Deed.SEND_BACK: ("DECISION_VISIBILITY_CONTENT_DISABLED", "", ""),
    Deed.LOCK: ("DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED", "", ""),
    Deed.WARN: ("DECISION_VISIBILITY_OTHER", "", ""),
    Deed.WARN_REPORTER: ("DECISION_VISIBILITY_OTHER", "", ""),
    Deed.SUSPEND_REPORTS: ("", "DECISION_PROVISION_PARTIAL_SUSPENSION", ""),
    Deed.SILENCE: ("", "DECISION_PROVISION_PARTIAL_SUSPENSION", ""),
    Deed.SUSPEND: ("", "", "DECISION_ACCOUNT_SUSPENDED"),
    Deed.CLEAR_SPAM: ("DECISION_VISIBILITY_CONTENT_REMOVED", "", "DECISION_ACCOUNT_SUSPENDED"),
}


@dataclass(frozen=True)
class RegisterEntry:
    """One restriction as everybody may see it: no person, no title, no words except the name of the rule.

    `appeal` is empty, *waiting* or the outcome of the appeals, which is *reversed* if one of several succeeded.
    `agenda` is None where visitors cannot see it. `is_about_law` says that one of the reports called it illegal,
    `is_about_flag` that a trusted flagger did. `is_about_misuse`
    says that its ground is the policy against misuse of reports.
    """

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
    is_about_law: bool
    is_about_flag: bool
    is_about_misuse: bool

    @property
    def eu_ground(self) -> str:
        """The law or the rules, in the words of the EU's database."""
        return f"DECISION_GROUND_{'ILLEGAL' if self.is_law else 'INCOMPATIBLE'}_CONTENT"

    @property
    def eu_source(self) -> str:
        """What led to the decision, in the words of the EU's database."""
        if self.source == ORDER:
            return ""  # what follows an order is no decision of the forum's own (article 17 (5))
        if self.source != REPORT:
            return "SOURCE_VOLUNTARY"
        if self.is_about_flag:
            return "SOURCE_TRUSTED_FLAGGER"
        # A report is not that of a decision any more when this was taken back
        is_notice = self.is_about_law or self.is_law
        return "SOURCE_ARTICLE_16" if is_notice else "SOURCE_TYPE_OTHER_NOTIFICATION"


def entries(number: int = 1) -> Page[RegisterEntry]:
    """One page of the register, newest first."""
    newest_first = _restricting().order_by(Decision.id.desc())
    page = page_of(newest_first, number, PAGE_SIZE)
    return Page(_register_entries(page.items), page.number, page.pages, page.total)


def entries_in(period: Period) -> Iterator[list[RegisterEntry]]:
    """All entries of a period, in batches, oldest first."""
    after = 0
    while True:
        later = _restricting().where(period.contains(Decision.decided_at), Decision.id > after)
        decisions = db.session.scalars(later.order_by(Decision.id).limit(TABLE_PORTION)).all()
        if not decisions:
            return
        yield _register_entries(decisions)
        after = decisions[-1].id


def _restricting() -> Select[Decision]:
    query = select(Decision).where(Decision.deed.in_(RESTRICTING_DEEDS))
    return query.options(joinedload(Decision.agenda))


def _register_entries(decisions: Sequence[Decision]) -> list[RegisterEntry]:
    undoing, is_about = aliased(Decision), Appeal.decision_id == Decision.id
    is_reversed = exists().where(undoing.undoes_id == Decision.id)
    ended = {outcome: exists().where(is_about, Appeal.outcome == outcome) for outcome in OUTCOMES}
    outcome = case((ended[REVERSED], REVERSED), (ended[UPHELD], UPHELD), else_="")
    waits = exists().where(is_about, Appeal.decided_at.is_(None))
    answered = Report.decision_id == Decision.id
    is_about_law = exists().where(answered, Report.reason == ILLEGAL_REASON)
    is_about_flag = exists().where(answered, Report.source == BY_TRUSTED)
    ids = [decision.id for decision in decisions]
    columns = (Decision.id, is_reversed, outcome, waits, is_about_law, is_about_flag)
    more = select(*columns).where(Decision.id.in_(ids))
    known = {row[0]: row for row in db.session.execute(more)}
    open_ids = set(db.session.scalars(visible_agendas(VISITOR).with_only_columns(Agenda.id)))
    return [_register_entry(decision, known[decision.id], open_ids) for decision in decisions]


def _register_entry(decision: Decision, more: Any, open_ids: set[int]) -> RegisterEntry:
    _id, is_taken_back, outcome, waits, is_about_law, is_about_flag = more
    return RegisterEntry(
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
        until=last_day(decision.until) if decision.until else None,
        appeal="waiting" if waits else outcome,
        is_taken_back=is_taken_back,
        is_about_law=is_about_law,
        is_about_flag=is_about_flag,
        is_about_misuse=decision.deed in MISUSE_DEEDS,
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

    @property
    def is_empty(self) -> bool:
        """Whether there is no day in it, as in `ended_months` of a period shorter than a month."""
        return self.last < self.first

    def contains(self, column: Any) -> ColumnElement[bool]:
        """SQL condition: the moment in a column is within the period."""
        return and_(column >= self.begin, column < self.end)

    def ended_months(self, today: date) -> Period:
        """The whole months of the period that had ended when the day `today` began, without a day if there is none."""
        next_day = min(self.last + timedelta(days=1), today)
        last = next_day.replace(day=1) - timedelta(days=1)
        first = self.first if self.first.day == 1 else month_end(0, self.first) + timedelta(days=1)
        return Period(min(first, last + timedelta(days=1)), last)


class TrustedFigures(NamedTuple):
    """The figures of trusted flaggers in a period: reports sent, answered ones, and those that led to a restriction.

    Hours are the median, None when there was no case.
    """

    sent: int
    answered: int
    restricted: int
    hours_to_decision: float | None


@dataclass(frozen=True)
class Figures:
    """The figures of a period, as Regulation (EU) 2022/2065, article 15 requires them.

    Reports, what became of them, and orders are those of `months`: the number of a day would tell somebody that they were
    reported on it, or that an authority asked about a member. Hours are medians, None when there was no case.
    """

    period: Period
    months: Period
    reports: Mapping[tuple[str, str], int]  # by reason and source
    answered: int
    waiting: int
    hours_to_decision: float | None
    # restrictions by deed and whether a machine pointed the thing out
    deeds: Mapping[tuple[str, bool], int]
    sources: Mapping[str, int]  # restrictions by what led to them
    # restrictions by rule (number and name, the same in every language), `law`, `misuse` and `none`
    grounds: Mapping[str, int]
    kept: int
    taken_back: int
    trusted: TrustedFigures
    suspensions: Mapping[str, int]  # because of misuse (article 23), by kind
    appeals: int
    appeals_by: Mapping[str, int]  # answered ones, by outcome
    hours_to_answer: float | None
    orders: OrderFigures

    @property
    def restrictions(self) -> int:
        """How often somebody was restricted."""
        return sum(self.deeds.values())


def figures(period: Period, months: Period) -> Figures:
    """The figures of a period; reports, what became of them, and orders of the whole months in it that have ended."""
    decided = period.contains(Decision.decided_at)
    answered = months.contains(Decision.decided_at)
    restrictions = _restrictions(period)
    report_hours = _durations_in_hours(_answered_reports(months))
    appeal_hours = _durations_in_hours(_answered_appeals(period))
    return Figures(
        period=period,
        months=months,
        reports=_counts(_grouped_counts(months, Report.created_at, Report.reason, Report.source)),
        answered=len(report_hours),
        waiting=_scalar(_unanswered_at_end(months)),
        hours_to_decision=median(report_hours) if report_hours else None,
        deeds=_totals(
            ((restriction.deed, restriction.is_automated), restriction.number)
            for restriction in restrictions
        ),
        sources=_totals((restriction.source, restriction.number) for restriction in restrictions),
        grounds=_totals((_ground(restriction), restriction.number) for restriction in restrictions),
        kept=_scalar(_decisions_count(answered, Decision.deed == Deed.KEEP)),
        taken_back=_scalar(_decisions_count(decided, Decision.undoes_id.is_not(None))),
        trusted=_trusted(months),
        suspensions=_suspensions(restrictions),
        appeals=_scalar(select(func.count(Appeal.id)).where(period.contains(Appeal.created_at))),
        appeals_by=_counts(_grouped_counts(period, Appeal.decided_at, Appeal.outcome)),
        hours_to_answer=median(appeal_hours) if appeal_hours else None,
        orders=order_figures(months.first, months.last),
    )


def _trusted(period: Period) -> TrustedFigures:
    is_theirs = Report.source == BY_TRUSTED
    sent = select(func.count(Report.id)).where(is_theirs, period.contains(Report.created_at))
    answered = _answered_reports(period).where(is_theirs)
    restricting = answered.where(Decision.deed.in_(RESTRICTING_DEEDS))
    hours = _durations_in_hours(answered)
    return TrustedFigures(
        sent=_scalar(sent),
        answered=len(hours),
        restricted=_scalar(select(func.count()).select_from(restricting.subquery())),
        hours_to_decision=median(hours) if hours else None,
    )


ILLEGAL_CONTENT, UNFOUNDED_REPORTS, UNFOUNDED_APPEALS = (
    "illegal content",
    "unfounded reports",
    "unfounded appeals",
)


def _suspensions(restrictions: Iterable[RestrictionCount]) -> Mapping[str, int]:
    """How often somebody was suspended or silenced for what is against the law, or could not report for some time.

    Nobody is kept from appealing here, so that there are no suspensions for unfounded appeals.
    """
    kinds = dict.fromkeys((ILLEGAL_CONTENT, UNFOUNDED_REPORTS, UNFOUNDED_APPEALS), 0)
    for restriction in restrictions:
        if restriction.is_law and restriction.deed in (Deed.SUSPEND, Deed.SILENCE):
            kinds[ILLEGAL_CONTENT] += restriction.number
        elif restriction.deed == Deed.SUSPEND_REPORTS:
            kinds[UNFOUNDED_REPORTS] += restriction.number
    return kinds


class RestrictionCount(NamedTuple):
    """How many restrictions there were with the same deed, source and ground."""

    deed: str
    is_automated: bool
    source: str
    rule: int
    rule_name: str
    is_law: bool
    number: int


def _restrictions(period: Period) -> list[RestrictionCount]:
    columns = (
        Decision.deed,
        Decision.is_automated,
        Decision.source,
        Decision.rule,
        Decision.rule_name,
        Decision.law != "",
    )
    which = (Decision.deed.in_(RESTRICTING_DEEDS), period.contains(Decision.decided_at))
    query = select(*columns, func.count()).where(*which).group_by(*columns)
    return [RestrictionCount(*row) for row in db.session.execute(query)]


def _unanswered_at_end(period: Period) -> Select[Any]:
    """A select of the number of reports that were unanswered at the end of the period."""
    query = select(func.count(Report.id)).outerjoin(Decision, Decision.id == Report.decision_id)
    is_open = Report.decision_id.is_(None) | (Decision.decided_at >= period.end)
    return query.where(Report.created_at < period.end, is_open)


def _decisions_count(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(func.count(Decision.id)).where(*conditions)


def _ground(count: RestrictionCount) -> str:
    if count.is_law:
        return "law"
    without_rule = "misuse" if count.deed in MISUSE_DEEDS else "none"
    return f"{count.rule}. {rule_in_english(count.rule_name)}" if count.rule else without_rule


def said_of_key(ground: str) -> str:
    """A key of `Figures.grounds` that is a rule, in the present language."""
    number, between, name = ground.partition(". ")
    return f"{number}{between}{said_of_rule(name)}"


def _grouped_counts(period: Period, moment: Any, *columns: Any) -> Select[Any]:
    """A select of `columns` and the number of rows with these values, for rows whose `moment` is within the period."""
    return select(*columns, func.count()).where(period.contains(moment)).group_by(*columns)


def _counts(query: Select[Any]) -> Mapping[Any, int]:
    """The numbers in the last column by the key in the others (a tuple when there are several), ordered by key."""
    rows = (tuple(row) for row in db.session.execute(query))
    return _totals((row[0] if len(row) == 2 else row[:-1], row[-1]) for row in rows)


def _totals(pairs: Iterable[tuple[Any, int]]) -> Mapping[Any, int]:
    """The sums of the numbers with the same key, ordered by key."""
    counter: Counter[Any] = Counter()
    for key, number in pairs:
        counter[key] += number
    return dict(sorted(counter.items()))


def _scalar(query: Select[Any]) -> int:
    return db.session.scalar(query) or 0


def _answered_reports(period: Period) -> Select[datetime, datetime]:
    answered = select(Report.created_at, Decision.decided_at)
    answered = answered.join(Decision, Decision.id == Report.decision_id)
    return answered.where(period.contains(Decision.decided_at))


def _answered_appeals(period: Period) -> Select[datetime, datetime | None]:
    answered = select(Appeal.created_at, Appeal.decided_at)
    return answered.where(period.contains(Appeal.decided_at))


def _durations_in_hours(query: Any) -> Sequence[float]:
    """The hours between the two moments of each row."""
    return [(end - begin).total_seconds() / 3600 for begin, end in db.session.execute(query)]


def reversals(figures: Figures) -> int:
    """How many appeals were successful."""
    return figures.appeals_by.get(REVERSED, 0)
