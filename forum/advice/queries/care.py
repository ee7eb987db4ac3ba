"""What the worker looks after: questions without answers, and questions whose asker may tell what happened next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import joinedload

from forum.advice.models import AdviceRequest, FollowUp, QuestionCare
from forum.agendas.models import AgendaHost
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import is_readable
from forum.members.models import Member
from forum.principals import moderates
from forum.reach import may_sign_in


def questions_to_take_up(since: datetime, limit: int) -> list[tuple[int, datetime]]:
    """(id, moment) of questions that were opened since a moment and have no `QuestionCare` yet, oldest first."""
    is_known = exists().where(QuestionCare.topic_id == Topic.id)
    new = select(Topic.id, Topic.created_at).where(
        Topic.created_at > since, Topic.kind == "question", Topic.deleted_at.is_(None), ~is_known
    )
    oldest = new.order_by(Topic.created_at, Topic.id).limit(limit)
    return [(topic_id, at) for topic_id, at in db.session.execute(oldest)]


def care_due(limit: int) -> Sequence[QuestionCare]:
    """The rows that are due now, locked; those that another worker has locked are skipped."""
    due = (
        select(QuestionCare)
        .where(QuestionCare.look_at <= now())
        .order_by(QuestionCare.look_at, QuestionCare.topic_id)
    )
    return db.session.scalars(due.limit(limit).with_for_update(skip_locked=True)).all()


class QuestionProgress(NamedTuple):
    """The state of a question: replies, advice, and follow-up."""

    topic: Topic
    has_replies: bool  # of others than the asker
    advised_at: datetime | None  # the latest reply of a member who was asked
    outcome: str | None  # of the follow-up

    @property
    def is_open(self) -> bool:
        """Whether the question is shown and takes replies, and no follow-up of it is hidden."""
        topic = self.topic
        return topic.kind == "question" and not (
            topic.deleted_at
            or topic.hidden_at
            or topic.locked_at
            or topic.follow_up_hidden_at
            or topic.agenda.archived_at
            or topic.agenda.opened_at is None
        )

    @property
    def helped_at(self) -> datetime | None:
        """When help came: the moment of the chosen answer or of the latest reply of a member who was asked."""
        topic = self.topic
        answered_at = topic.answered_at if topic.answer_id else None
        return max(filter(None, (answered_at, self.advised_at)), default=None)


def progress_of(topic_ids: Sequence[int]) -> dict[int, QuestionProgress]:
    """The state of each of these questions, by id, with their agendas."""
    other = (Post.topic_id == Topic.id, Post.author_id != Topic.author_id, *is_readable())
    advised = select(func.max(Post.created_at)).join(
        AdviceRequest,
        and_(AdviceRequest.topic_id == Post.topic_id, AdviceRequest.member_id == Post.author_id),
    )
    since = advised.where(Post.created_at >= AdviceRequest.asked_at, *other).correlate(Topic)
    rows = (
        select(Topic, exists().where(*other), since.scalar_subquery(), FollowUp.outcome)
        .outerjoin(FollowUp, FollowUp.topic_id == Topic.id)
        .where(Topic.id.in_(topic_ids))
        .options(joinedload(Topic.agenda))
    )
    return {row[0].id: QuestionProgress(*row) for row in db.session.execute(rows)}


def hosts_to_notify(topic: Topic) -> Sequence[int]:
    """The ids of the active hosts of a question's agenda, or of the moderators when it has none; never the asker's own."""
    here = select(AgendaHost.member_id).where(AgendaHost.agenda_id == topic.agenda_id)
    hosts = _active_members(topic, Member.id.in_(here))
    return hosts or _active_members(topic, moderates(Member.role))


def _active_members(topic: Topic, *which: Any) -> Sequence[int]:
    there = select(Member.id).where(*which, may_sign_in(Member, now()))
    return db.session.scalars(there.where(Member.id != topic.author_id).order_by(Member.id)).all()
