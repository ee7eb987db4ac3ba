"""Figures: how much waits, and what happened in each month."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, text

from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.library.models import SUBMITTED, Practice
from forum.members.models import Member
from forum.moderation.models import Report
from forum.notifications.models import Event
from forum.notifications.queries import MAX_ATTEMPTS
from forum.permissions import Person, require
from forum.pictures.models import Picture


class Waiting(NamedTuple):
    """How much waits for the worker (and since when), what it has given up, and what waits for moderators."""

    events: int
    oldest_at: datetime | None
    given_up: int
    reports: int
    practices: int
    texts: int


def waiting() -> Waiting:
    """How much waits, in one query."""
    open_event = select(func.count()).select_from(Event).where(Event.done_at.is_(None))
    due = (Event.hidden_at.is_(None), Event.attempts < MAX_ATTEMPTS)
    oldest = select(func.min(Event.due_at)).where(Event.done_at.is_(None), *due)
    reports = select(func.count()).select_from(Report).where(Report.decision_id.is_(None))
    practices = (
        select(func.count())
        .select_from(Practice)
        .where(
            Practice.state == SUBMITTED,
            Practice.deleted_at.is_(None),
            Practice.hidden_at.is_(None),
        )
    )
    parts = (
        open_event.where(*due),
        oldest,
        open_event.where(Event.attempts >= MAX_ATTEMPTS),
        reports,
        practices,
        select(func.count()).select_from(Held).where(Held.decided_at.is_(None)),
    )
    return Waiting(*db.session.execute(select(*(part.scalar_subquery() for part in parts))).one())


def pictures_kept(administrator: Person) -> tuple[int, int]:
    """How many pictures and files members have added, and how many bytes they take in the database."""
    require(administrator.can.administer())
    total = select(func.count(), func.coalesce(func.sum(Picture.size), 0)).select_from(Picture)
    number, size = db.session.execute(total).one()
    return number, int(size)


def months(administrator: Person, since: datetime) -> dict[str, dict[str, int]]:
    """What happened in each month since a moment: figure → month (`2026-11`) → number; months without any are left out.

    Counts everything written, also what was hidden or deleted since. Four queries, of which the longest reads the posts
    since then; older ones are not read.
    """
    require(administrator.can.administer())
    written, answers = _month_of(Post.created_at), Topic.answer_id == Post.id
    posts = select(written, func.count(), func.count(Post.author_id.distinct()))
    rows = db.session.execute(posts.where(Post.created_at >= since).group_by(written)).all()
    answered = (
        select(written, func.count())
        .join(Topic, answers)
        .where(Topic.active_at >= since, Topic.kind == "question", Post.created_at >= since)
    )
    joined_in, opened_in = _month_of(Member.joined_at), _month_of(Topic.created_at)
    joined = select(joined_in, func.count()).where(Member.joined_at >= since)
    asked = func.count().filter(Topic.kind == "question")
    opened = select(opened_in, func.count(), asked).where(
        Topic.active_at >= since, Topic.created_at >= since
    )
    topics = db.session.execute(opened.group_by(opened_in)).all()
    return {
        "posts": {month: count for month, count, _authors in rows},
        "authors": {month: authors for month, _count, authors in rows},
        "members": _as_dict(joined.group_by(joined_in)),
        "topics": {month: count for month, count, _asked in topics},
        "questions": {month: asked for month, _count, asked in topics},
        "answers": _as_dict(answered.group_by(written)),
    }


def _as_dict(query: Any) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _month_of(moment: Any) -> Any:
    """The month of a moment as `2026-11`, in the cheapest way for each database."""
    if db.session.get_bind().dialect.name == "sqlite":
        return func.substr(moment, 1, 7)
    return func.to_char(func.timezone(text("'UTC'"), moment), text("'YYYY-MM'"))
