"""Figures: how much waits, what happened in each month, and on which agendas it has become quiet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select, text

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import TopicFilter, is_readable, listed_topics
from forum.library.models import SUBMITTED, Practice
from forum.mail.models import Delivery
from forum.mail.queries import is_waiting
from forum.members.models import Member
from forum.moderation.models import Report
from forum.notifications.models import Event
from forum.notifications.queries import MAX_ATTEMPTS
from forum.permissions import Person, require
from forum.pictures.models import Picture

LATELY = timedelta(days=30)


class Waiting(NamedTuple):
    """How much waits for the worker (and since when), what it has given up, what waits for moderators, and for a mail server."""

    events: int
    oldest_at: datetime | None
    given_up: int
    reports: int
    practices: int
    texts: int
    letters: int
    oldest_letter_at: datetime | None


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
    # Those that collect outcomes are written for a later day
    letters = (is_waiting(), Delivery.created_at <= now())
    parts = (
        open_event.where(*due),
        oldest,
        open_event.where(Event.attempts >= MAX_ATTEMPTS),
        reports,
        practices,
        select(func.count()).select_from(Held).where(Held.decided_at.is_(None)),
        select(func.count(Delivery.id)).where(*letters),
        select(func.min(Delivery.created_at)).where(*letters),
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


class Liveliness(NamedTuple):
    """How much is written on an agenda: the latest activity, posts of the last `LATELY` and of as long before, open questions."""

    agenda: Agenda
    latest_at: datetime | None = None
    lately: int = 0
    before: int = 0
    unanswered: int = 0


def quietest_agendas(administrator: Person) -> list[Liveliness]:
    """How much is written on each agenda that is open, the one with the oldest latest activity first.

    One query; posts from before `LATELY` twice over are not read.
    """
    require(administrator.can.administer())
    topics, posts = _topics_by_agenda(administrator).subquery(), _posts_by_agenda().subquery()
    numbers = (func.coalesce(column, 0) for column in (*tuple(posts.c)[1:], topics.c.unanswered))
    query = visible_agendas(administrator).add_columns(topics.c.latest_at, *numbers)
    query = query.outerjoin(topics, topics.c.agenda_id == Agenda.id)
    query = query.outerjoin(posts, posts.c.agenda_id == Agenda.id)
    rows = db.session.execute(
        query.where(Agenda.archived_at.is_(None), Agenda.opened_at.is_not(None))
    )
    found = [Liveliness(*row) for row in rows]
    return sorted(found, key=lambda row: (row.latest_at is not None, row.latest_at))


def _topics_by_agenda(administrator: Person) -> Select[Any]:
    listed = listed_topics(administrator, TopicFilter(), False).where(Topic.hidden_at.is_(None))
    is_open = and_(Topic.kind == "question", Topic.answer_id.is_(None), Topic.locked_at.is_(None))
    columns: tuple[Any, ...] = (
        Topic.agenda_id,
        func.max(Topic.active_at).label("latest_at"),
        func.count().filter(is_open).label("unanswered"),
    )
    return listed.with_only_columns(*columns).order_by(None).group_by(Topic.agenda_id)


def _posts_by_agenda() -> Select[Any]:
    since = now() - LATELY
    is_lately = Post.created_at >= since
    columns: tuple[Any, ...] = (
        Topic.agenda_id,
        func.count().filter(is_lately).label("lately"),
        func.count().filter(~is_lately).label("before"),
    )
    written = select(*columns).select_from(Post).join(Post.topic)
    is_shown = (*is_readable(Topic), *is_readable())
    return written.where(Post.created_at >= since - LATELY, *is_shown).group_by(Topic.agenda_id)


def _as_dict(query: Any) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _month_of(moment: Any) -> Any:
    """The month of a moment as `2026-11`, in the cheapest way for each database."""
    if db.session.get_bind().dialect.name == "sqlite":
        return func.substr(moment, 1, 7)
    return func.to_char(func.timezone(text("'UTC'"), moment), text("'YYYY-MM'"))
