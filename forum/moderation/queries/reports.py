"""What was reported, by whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.orm import contains_eager, joinedload

from forum.db import db, now
from forum.errors import NotFound
from forum.members.models import Member
from forum.moderation.models import Decision, Report
from forum.moderation.queries._words import MINE, MOST, UNDO, is_of
from forum.moderation.queries.things import Thing
from forum.pages import Page, page_of
from forum.permissions import Person, cached_statement, moderated_by, require


def my_report(reporter: Person, thing: Thing) -> Report | None:
    """What somebody has reported of a thing last; it may be decided already, and the thing another since."""
    about = is_of(Report, thing.kind, thing.item_id)
    query = select(Report).where(*about, Report.reporter_id == reporter.id)
    return db.session.scalars(query.order_by(Report.id.desc()).limit(1)).first()


def has_reported(reporter: Person, thing: Thing) -> bool:
    """Whether a report of somebody's about a thing waits for a decision."""
    mine = my_report(reporter, thing)
    return mine is not None and mine.decision_id is None


def things_reported(author_id: int, kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Kind and number of what was reported of a member, of some kinds."""
    theirs = select(Report.kind, Report.item_id).distinct().where(Report.author_id == author_id)
    rows = db.session.execute(theirs.where(Report.kind.in_(kinds)))
    return [(row.kind, row.item_id) for row in rows]


def decisions_naming(author_id: int, word: str) -> Sequence[Decision]:
    """The decisions about a member whose reasons hold a word."""
    theirs = (Decision.author_id == author_id, Decision.reason.contains(word, autoescape=True))
    return db.session.scalars(select(Decision).where(*theirs)).all()


def open_reports(kind: str, item_id: int) -> Sequence[Report]:
    """The reports of one thing that wait for a decision, oldest first, with their reporters."""
    query = select(Report).where(*is_of(Report, kind, item_id), Report.decision_id.is_(None))
    people = joinedload(Report.reporter).joinedload(Member.city)
    return db.session.scalars(query.options(people).order_by(Report.id).limit(MOST)).all()


def has_open_reports(kind: str, item_id: int) -> bool:
    """Whether a report of a thing waits for a decision."""
    query = select(Report.id).where(*is_of(Report, kind, item_id), Report.decision_id.is_(None))
    return db.session.scalar(query.limit(1)) is not None


def open_reporters(kind: str, item_id: int) -> set[int | None]:
    """The ids of the members whose reports of a thing wait for a decision."""
    query = select(Report.reporter_id).where(*is_of(Report, kind, item_id))
    return set(db.session.scalars(query.where(Report.decision_id.is_(None)).distinct()))


def my_reports(reader: Person, number: int = 1) -> Page[Report]:
    """One page of what a member has reported, the latest first, with what was decided."""
    require(reader.can.report(None))
    query = select(Report).where(Report.reporter_id == reader.id)
    newest = query.options(joinedload(Report.decision)).order_by(Report.id.desc())
    return page_of(newest, number, MINE)


def get_receipt(_visitor: Person, number: str) -> Report:
    """The report with a receipt's number, with what was decided; whoever knows the number may ask."""
    query = select(Report).where(Report.number == number).options(joinedload(Report.decision))
    report = db.session.scalar(query)
    if report is None:
        raise NotFound(_("There is no report with this number."))
    return report


def taken_back(reports: Sequence[Report]) -> set[int | None]:
    """The ids of those decisions about reports that were taken back, by whoever made them or after an appeal."""
    ids = [report.decision_id for report in reports if report.decision_id]
    undone = select(Decision.undoes_id).where(Decision.undoes_id.in_(ids))
    return set(db.session.scalars(undone)) if ids else set()


def reports_to_confirm(limit: int) -> Sequence[Report]:
    """Reports of visitors who are to be told by letter that their report has arrived, the oldest first."""
    query = select(Report).where(Report.email != "", Report.confirmed_at.is_(None))
    return _some_at_hand(query.order_by(Report.id), limit)


def reports_to_tell(limit: int) -> Sequence[Report]:
    """Reports of visitors who are to be told the outcome by letter, with the decision.

    What its moderator could still take back is not told yet.
    """
    query = select(Report).join(Report.decision).options(contains_eager(Report.decision))
    due = query.where(
        Report.email != "", Report.told_at.is_(None), Decision.decided_at <= now() - UNDO
    )
    return _some_at_hand(due.order_by(Report.decision_id, Report.id), limit)


def _some_at_hand(query: Select[Report], limit: int) -> Sequence[Report]:
    """Some rows, held; those that another worker has in hand are passed over."""
    held = query.limit(limit).with_for_update(skip_locked=True, of=Report)
    return db.session.scalars(held).all()


@dataclass(frozen=True)
class Reported:
    """A thing with open reports, which are one entry of the queue: how many, since when, what they say."""

    kind: str
    item_id: int
    title: str
    agenda_id: int | None
    since: datetime
    reports: int
    is_illegal: int
    reason: str
    author_id: int | None


def reported(reader: Person, limit: int = MOST) -> list[Reported]:
    """The things whose reports wait for this reader: first what somebody says is illegal, then the longest waiting."""
    rows = db.session.execute(_reported(reader), {"most": limit})
    return [Reported(*row) for row in rows]


@cached_statement
def _reported(reader: Person) -> Select[Any]:
    illegal = func.max(case((Report.reason == "illegal", 1), else_=0))
    since = func.min(Report.created_at)
    said: tuple[Any, ...] = (
        *(Report.kind, Report.item_id, func.max(Report.title), func.max(Report.present_agenda_id)),
        *(since, func.count(), illegal, func.min(Report.reason), func.max(Report.author_id)),
    )
    things = select(*said).where(_waits_for(reader)).group_by(Report.kind, Report.item_id)
    first = (illegal.desc(), since, Report.kind, Report.item_id)
    return things.order_by(*first).limit(bindparam("most"))


@cached_statement
def reported_counted(reader: Person) -> Select[Any]:
    """A select of how many such things there are."""
    things = select(Report.kind, Report.item_id).where(_waits_for(reader)).distinct().subquery()
    return select(func.count()).select_from(things)


def _waits_for(reader: Person) -> ColumnElement[bool]:
    return Report.decision_id.is_(None) & moderated_by(reader, Report.present_agenda_id)
