"""Reports: about a thing, by a reporter, by receipt, and the reported things that wait for moderators."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.library.models import Case, Practice
from forum.library.queries import visible_cases, visible_practices
from forum.members.models import Member
from forum.members.queries import visible_members
from forum.moderation.models import BY_TRUSTED, ILLEGAL_REASON, Decision, Report
from forum.moderation.queries._deeds import UNDO_PERIOD
from forum.moderation.queries._kinds import Thing
from forum.moderation.queries._shared import MAX_OPEN_REPORTS, REPORTS_PER_PAGE, is_about
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.reach import is_by_another, moderated_by
from forum.reachcache import cached_statement


def my_report(reporter: Person, thing: Thing) -> Report | None:
    """The reporter's latest report of a thing. It may be answered, and the thing may have changed since."""
    about = is_about(Report, thing.kind, thing.item_id)
    query = select(Report).where(*about, Report.reporter_id == reporter.id)
    return db.session.scalars(query.order_by(Report.id.desc()).limit(1)).first()


def has_reported(reporter: Person, thing: Thing) -> bool:
    """Whether an open report of this thing by this reporter exists."""
    mine = my_report(reporter, thing)
    return mine is not None and mine.decision_id is None


def reported_keys(author_id: int, kinds: Sequence[str]) -> list[tuple[str, int]]:
    """(kind, id) of each reported thing of these kinds whose author is the member."""
    theirs = select(Report.kind, Report.item_id).distinct().where(Report.author_id == author_id)
    rows = db.session.execute(theirs.where(Report.kind.in_(kinds)))
    return [(row.kind, row.item_id) for row in rows]


def decisions_naming(author_id: int, words: Iterable[str]) -> Sequence[Decision]:
    """The decisions about things of a member whose reasons contain one of these words, or whose sentences may."""
    named = or_(
        Decision.sentences.is_not(None),
        *(Decision.reason.contains(word, autoescape=True) for word in words),
    )
    return db.session.scalars(select(Decision).where(Decision.author_id == author_id, named)).all()


def decisions_of_deeds(author_id: int, deeds: Collection[str]) -> Sequence[Decision]:
    """The decisions about things of a member with one of these deeds."""
    theirs = (Decision.author_id == author_id, Decision.deed.in_(deeds))
    return db.session.scalars(select(Decision).where(*theirs)).all()


def open_reports(kind: str, item_id: int) -> Sequence[Report]:
    """The open reports of a thing with their reporters, at most `MAX_OPEN_REPORTS`: those of trusted flaggers, then the oldest first."""
    query = select(Report).where(*is_about(Report, kind, item_id), Report.decision_id.is_(None))
    people = joinedload(Report.reporter).joinedload(Member.city)
    first = (case((Report.source == BY_TRUSTED, 0), else_=1), Report.id)
    return db.session.scalars(query.options(people).order_by(*first).limit(MAX_OPEN_REPORTS)).all()


def has_open_reports(kind: str, item_id: int, reason: str = "", source: str = "") -> bool:
    """Whether a thing has open reports; with a `reason` or `source`, open reports for that reason or from there."""
    query = select(Report.id).where(*is_about(Report, kind, item_id), Report.decision_id.is_(None))
    query = query.where(Report.reason == reason) if reason else query
    query = query.where(Report.source == source) if source else query
    return db.session.scalar(query.limit(1)) is not None


def open_reporter_ids(kind: str, item_id: int) -> set[int | None]:
    """The ids of the reporters of a thing's open reports; None stands for visitors."""
    query = select(Report.reporter_id).where(*is_about(Report, kind, item_id))
    return set(db.session.scalars(query.where(Report.decision_id.is_(None)).distinct()))


def my_reports(reader: Person, number: int = 1) -> Page[Report]:
    """One page of the reader's own reports, newest first, with the decisions that answered them."""
    require(reader.can.report(None))
    query = select(Report).where(Report.reporter_id == reader.id)
    newest = query.options(joinedload(Report.decision)).order_by(Report.id.desc())
    return page_of(newest, number, REPORTS_PER_PAGE)


def pages_reported(
    reader: Person, reports: Sequence[Report]
) -> dict[tuple[str, int], tuple[str, str]]:
    """Title and address of the reported cases, practices and profiles that the reader finds now, by kind and id.

    One query for each kind that occurs.
    """
    seen: tuple[tuple[str, Select[Any], Any, Any, Any], ...] = (
        ("case", visible_cases(reader), Case.id, Case.name, Case.slug),
        ("practice", visible_practices(reader), Practice.id, Practice.title, Practice.slug),
        ("member", visible_members(reader), Member.id, Member.name, Member.handle),
    )
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for kind, visible, item_id, title, name in seen:
        if ids := {report.item_id for report in reports if report.kind == kind}:
            rows = visible.where(item_id.in_(ids)).with_only_columns(item_id, title, name)
            for row in db.session.execute(rows):
                found[(kind, row[0])] = (row[1], f"/{kind}s/{row[2]}")
    return found


def get_receipt(_visitor: Person, number: str) -> Report:
    """The report with this receipt number, with its decision, for anybody who knows the number; else `NotFound`."""
    query = select(Report).where(Report.number == number).options(joinedload(Report.decision))
    return or_not_found(db.session.scalar(query), _("There is no report with this number."))


def reversed_decision_ids(reports: Sequence[Report]) -> set[int | None]:
    """The ids of those decisions on the reports that were undone or reversed after an appeal."""
    ids = [report.decision_id for report in reports if report.decision_id]
    undone = select(Decision.undoes_id).where(Decision.undoes_id.in_(ids))
    return set(db.session.scalars(undone)) if ids else set()


def reports_to_confirm(limit: int) -> Sequence[Report]:
    """Visitors' reports for which a letter of receipt is due, oldest first, locked for update."""
    query = select(Report).where(Report.email != "", Report.confirmed_at.is_(None))
    return _lock_some(query.order_by(Report.id), limit)


def reports_to_tell(limit: int) -> Sequence[Report]:
    """Visitors' reports for which a letter about the outcome is due, with their decisions, locked for update.

    Decisions that the moderator can still undo are left out.
    """
    query = select(Report).join(Report.decision).options(contains_eager(Report.decision))
    due = query.where(
        Report.email != "", Report.told_at.is_(None), Decision.decided_at <= now() - UNDO_PERIOD
    )
    return _lock_some(due.order_by(Report.decision_id, Report.id), limit)


def _lock_some(query: Select[Report], limit: int) -> Sequence[Report]:
    """Lock up to `limit` rows; rows that another worker has locked are skipped."""
    locked = query.limit(limit).with_for_update(skip_locked=True, of=Report)
    return db.session.scalars(locked).all()


@dataclass(frozen=True)
class ReportedThing:
    """A thing with open reports: one entry of the queue. `reports` is their number.

    `is_trusted` (a trusted flagger reported it as illegal) and `is_illegal` are 1 or 0.
    """

    kind: str
    item_id: int
    title: str
    agenda_id: int | None
    since: datetime
    reports: int
    is_trusted: int
    is_illegal: int
    reason: str
    author_id: int | None
    language: str


def reported_things(
    reader: Person,
    limit: int = MAX_OPEN_REPORTS,
    keys: Collection[tuple[str, int]] | None = None,
) -> list[ReportedThing]:
    """The things with open reports that this reader may decide: first those that trusted flaggers reported as illegal, then those that others did, then the longest waiting.

    With `keys` (kinds and ids), only these things.
    """
    query = _reported_things(reader)
    if keys is not None:
        query = query.where(tuple_(Report.kind, Report.item_id).in_(list(keys)))
    return [ReportedThing(*row) for row in db.session.execute(query, {"most": limit})]


@cached_statement
def _reported_things(reader: Person) -> Select[Any]:
    trusted = func.max(case((Report.source == BY_TRUSTED, 1), else_=0))
    illegal = func.max(case((Report.reason == ILLEGAL_REASON, 1), else_=0))
    since = func.min(Report.created_at)
    columns: tuple[Any, ...] = (
        *(Report.kind, Report.item_id, func.max(Report.title), func.max(Report.present_agenda_id)),
        *(since, func.count(), trusted, illegal, func.min(Report.reason)),
        *(func.max(Report.author_id), func.max(Report.language)),
    )
    things = select(*columns).where(_waits_for(reader)).group_by(Report.kind, Report.item_id)
    first = (trusted.desc(), illegal.desc(), since, Report.kind, Report.item_id)
    return things.order_by(*first).limit(bindparam("most"))


@cached_statement
def reported_things_count(reader: Person) -> Select[Any]:
    """A select of the number of things with open reports that this reader (parameter `reader_id`) may decide."""
    theirs = (_waits_for(reader), is_by_another(Report.author_id))
    things = select(Report.kind, Report.item_id).where(*theirs).distinct().subquery()
    return select(func.count()).select_from(things)


def _waits_for(reader: Person) -> ColumnElement[bool]:
    return Report.decision_id.is_(None) & moderated_by(reader, Report.present_agenda_id)
