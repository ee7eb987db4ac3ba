"""What a moderator weighs before somebody is warned or suspended for misuse (Regulation (EU) 2022/2065, article 23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from forum.clock import now
from forum.db import db
from forum.moderation.models import Decision, Deed, Report
from forum.moderation.queries._deeds import RESTRICTING_DEEDS
from forum.moderation.queries.decisions import latest_of
from forum.moderation.queries.effect import is_in_effect
from forum.permissions import Person, require

# What is counted, and for how long a warning is a prior one
FACTS_PERIOD = timedelta(days=365)
KEEPING_DEEDS = (Deed.KEEP, Deed.RESTORE)
# Deeds whose ground is the policy against misuse, and no rule of the house
MISUSE_DEEDS = (Deed.WARN_REPORTER, Deed.SUSPEND_REPORTS)


@dataclass(frozen=True)
class ReportFacts:
    """The reports of a member in the last year, and what became of them.

    `others` ended in another way: the author was asked to edit, or the decision was taken back. `warned_at` is when the
    member was last warned about reports in that time, if that warning stands.
    """

    sent: int
    restricted: int
    kept: int
    others: int
    waiting: int
    warned_at: datetime | None


@dataclass(frozen=True)
class RestrictionFacts:
    """The decisions of the last year that restricted a member and were not taken back.

    `illegal` of them name a law, `warnings` are warnings.
    """

    decisions: int
    illegal: int
    warnings: int


def report_facts(moderator: Person, member_id: int) -> ReportFacts:
    """What became of a member's reports in the last year, for moderators of the whole forum; one query, and one for the warning."""
    require(moderator.can.curate_all())
    is_theirs = (Report.reporter_id == member_id, Report.created_at > now() - FACTS_PERIOD)
    query = select(Report.decision_id, Decision.deed, _is_undone()).where(*is_theirs)
    rows = db.session.execute(query.outerjoin(Decision, Decision.id == Report.decision_id)).all()
    decided = [(deed, is_undone) for decision_id, deed, is_undone in rows if decision_id]
    standing = [deed for deed, is_undone in decided if not is_undone]
    restricted = sum(deed in RESTRICTING_DEEDS for deed in standing)
    kept = sum(deed in KEEPING_DEEDS for deed in standing)
    return ReportFacts(
        sent=len(rows),
        restricted=restricted,
        kept=kept,
        others=len(decided) - restricted - kept,
        waiting=len(rows) - len(decided),
        warned_at=reporter_warned_at(member_id),
    )


def reporter_warned_at(member_id: int) -> datetime | None:
    """When a member was last warned about their reports; None if not within the last year, or if that was taken back."""
    warning = latest_of("member", member_id, [Deed.WARN_REPORTER])
    is_recent = warning is not None and warning.decided_at > now() - FACTS_PERIOD
    return warning.decided_at if warning and is_recent else None


def restriction_facts(moderator: Person, member_id: int) -> RestrictionFacts:
    """How often a member was restricted in the last year, for moderators of the whole forum; one query."""
    require(moderator.can.curate_all())
    rows = db.session.execute(_restrictions_of(member_id)).all()
    return RestrictionFacts(
        decisions=sum(number for _deed, _is_illegal, number in rows),
        illegal=sum(number for _deed, is_illegal, number in rows if is_illegal),
        warnings=sum(number for deed, _is_illegal, number in rows if deed == Deed.WARN),
    )


def _restrictions_of(member_id: int) -> Select[Any]:
    columns: tuple[Any, ...] = (Decision.deed, Decision.law != "")
    which = (
        Decision.author_id == member_id,
        Decision.deed.in_([deed for deed in RESTRICTING_DEEDS if deed not in MISUSE_DEEDS]),
        Decision.decided_at > now() - FACTS_PERIOD,
        ~_is_undone(),
    )
    return select(*columns, func.count()).where(*which).group_by(*columns)


def _is_undone() -> Any:
    undoing = aliased(Decision)
    return select(undoing.id).where(undoing.undoes_id == Decision.id).exists()


def suspension_of_reports(reporter: Person) -> Decision | None:
    """The decision by which the reports of a reader are not read now; None if they are."""
    if reporter.can.send_report():
        return None
    latest = latest_of("member", reporter.id, [Deed.SUSPEND_REPORTS])
    return latest if latest and is_in_effect(latest) else None
