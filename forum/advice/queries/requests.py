"""Requests for advice and what became of them: answered, declined, postponed or passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import joinedload

from forum.advice.models import AdviceRequest
from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db, execute_core
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import first_post, get_topic, is_readable, visible_topics
from forum.errors import or_not_found
from forum.members.models import Member
from forum.permissions import Person, require
from forum.verdicts import YES, Verdict
from forum.versions import cached, topic_scope

AWAITED_FOR = timedelta(days=30)  # after that, nobody waits for the member's response any more
MAX_WAITING = 100  # requests that wait for one member


@dataclass(frozen=True)
class RequestState:
    """A request for advice and what became of it."""

    asked: AdviceRequest
    has_answered: bool

    @property
    def state(self) -> str:
        """One of: asked, answered, not me, not now, passed on."""
        return "answered" if self.has_answered else self.asked.state


def right_to_ask(asker: Person, topic: Topic) -> Verdict:
    """Whether somebody may ask members about a question, see `Rights.ask` and `is_askable`."""
    return asker.can.ask(topic) and is_askable(topic)


def is_askable(topic: Topic) -> Verdict:
    """Whether anybody can be asked about a question: while its text is shown, since requests are hidden with that."""
    if first_post(topic).is_gone:
        return Verdict(
            _("The text of this question is not shown, so nobody can be asked about it.")
        )
    return YES


def topic_to_ask(asker: Person, topic_id: int) -> Topic:
    """A question with its themes, for somebody who may see which members it asked; else `Forbidden` or `NotFound`."""
    topic = get_topic(asker, topic_id)
    require(asker.can.see_asked(topic))
    return topic


def requests_about(topic: Topic) -> list[RequestState]:
    """The requests about a question, oldest first, with their people and what became of each."""
    rows = (
        select(AdviceRequest, _has_answered())
        .where(AdviceRequest.topic_id == topic.id)
        .options(
            joinedload(AdviceRequest.member).joinedload(Member.city),
            joinedload(AdviceRequest.member).joinedload(Member.organisation),
            joinedload(AdviceRequest.asker),
            joinedload(AdviceRequest.passed_to),
        )
        .order_by(AdviceRequest.asked_at, AdviceRequest.member_id)
    )
    return [RequestState(*row) for row in db.session.execute(rows)]


def is_advice_awaited(topic_id: int) -> bool:
    """Whether a question has an open request within `AWAITED_FOR`: not answered, not declined, not passed on."""
    is_question = exists().where(Topic.id == AdviceRequest.topic_id, Topic.kind == "question")
    lately = select(AdviceRequest.member_id).where(is_question, *_is_open())
    return bool(
        db.session.scalar(select(lately.where(AdviceRequest.topic_id == topic_id).exists()))
    )


def questions_to_advise_on(member: Person) -> Select[Any]:
    """Select the ids of the latest questions about which a member was asked for advice and has not responded yet.

    Opening the question is no response. The request is listed until the member has answered in the topic, declined it
    (“not me”, “not now”) or passed it on; or until nobody waits for it any more: the question has its answer, takes
    no replies or is no longer visible to the member, or `AWAITED_FOR` is over.
    """
    mine = select(AdviceRequest.topic_id).where(
        AdviceRequest.member_id == member.id, AdviceRequest.postponed_at.is_(None), *_is_open()
    )
    # A list of ids and no join: SQLite would start the join from all unanswered questions
    latest = mine.order_by(AdviceRequest.asked_at.desc()).limit(MAX_WAITING).subquery()
    asked = visible_topics(member).where(Topic.id.in_(select(latest.c.topic_id))).join(Topic.agenda)
    takes_answers = (
        Topic.kind == "question",
        Topic.answer_id.is_(None),
        Topic.hidden_at.is_(None),
        Topic.locked_at.is_(None),
        Agenda.archived_at.is_(None),
    )
    return asked.where(*takes_answers).with_only_columns(Topic.id)


def _is_open() -> tuple[ColumnElement[bool], ...]:
    """In SQL: the member was asked within `AWAITED_FOR`, and has not declined it, passed it on or answered."""
    return (
        AdviceRequest.asked_at > now() - AWAITED_FOR,
        AdviceRequest.declined_at.is_(None),
        AdviceRequest.passed_at.is_(None),
        ~_has_answered(),
    )


def _has_answered() -> ColumnElement[bool]:
    """In SQL: the member has written in the topic since they were asked. No column stores this, because posts know nothing of requests."""
    return exists().where(
        Post.topic_id == AdviceRequest.topic_id,
        Post.author_id == AdviceRequest.member_id,
        Post.created_at >= AdviceRequest.asked_at,
        Post.number > 1,
        *is_readable(),
    )


def request_state(member: Person, topic_id: int) -> RequestState | None:
    """How a member was asked about a question, by whom, and what became of it; None when nobody asked them."""
    # The usual case, checked by the page of every question
    if member.id not in _members_asked(topic_id):
        return None
    who = {"topic_id": topic_id, "member_id": member.id}
    row = db.session.execute(_request_query(), who).first()
    return RequestState(*row) if row else None


def has_asked(topic: Topic) -> bool:
    """Whether anybody was asked about a question."""
    return bool(_members_asked(topic.id))


def _members_asked(topic_id: int) -> frozenset[int]:
    """The ids of the members who were asked about a question; cached until an action touches its topic."""

    def read() -> frozenset[int]:
        return frozenset(execute_core(_MEMBERS_ASKED, {"topic_id": topic_id}).scalars())

    return cached(("asked", topic_id), read, topic_scope(topic_id))


_MEMBERS_ASKED = select(AdviceRequest.member_id).where(
    AdviceRequest.topic_id == bindparam("topic_id")
)


@cache
def _request_query() -> Any:
    mine = (
        AdviceRequest.topic_id == bindparam("topic_id"),
        AdviceRequest.member_id == bindparam("member_id"),
    )
    return (
        select(AdviceRequest, _has_answered()).where(*mine).options(joinedload(AdviceRequest.asker))
    )


def request_to_answer(member: Person, topic_id: int) -> tuple[Topic, AdviceRequest]:
    """The question about which a member was asked, and the request, so that the member can respond; else `NotFound`."""
    require(member.can.be_asked())
    topic = get_topic(member, topic_id)
    known = request_state(member, topic_id) if topic.kind == "question" else None
    asking = or_not_found(known, _("Nobody has asked you about this question."))
    return topic, asking.asked


def request_to_pass_on(member: Person, topic_id: int) -> tuple[Topic, AdviceRequest]:
    """As `request_to_answer`, for a member who can pass the request on: `Forbidden` if the question takes no replies."""
    topic, asked = request_to_answer(member, topic_id)
    require(member.can.advise(topic))
    return topic, asked


def requests_by_member(topic_id: int) -> dict[int, AdviceRequest]:
    """The requests about a question by the id of the member asked."""
    rows = db.session.scalars(select(AdviceRequest).where(AdviceRequest.topic_id == topic_id))
    return {asked.member_id: asked for asked in rows}
