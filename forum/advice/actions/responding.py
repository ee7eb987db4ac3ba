"""How the asked member responds, and who may be asked at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from forum.advice.actions._requests import (
    add_request,
    askable_members,
    notify_asked,
    require_askable,
)
from forum.advice.models import AdviceRequest, Availability
from forum.advice.queries import (
    Reason,
    ask_statuses,
    availability_of,
    is_askable,
    requests_by_member,
)
from forum.clock import day_in_words, now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.queries import topic_to_change
from forum.errors import Invalid, NotFound
from forum.members.models import Member
from forum.members.queries import lock_member, lock_writer
from forum.permissions import Person, require
from forum.versions import topic_scope

MAX_TIME_AWAY = timedelta(days=366)


@action
def decline(member: Person, topic_id: int) -> AdviceRequest:
    """Answer a request: the question is not the member's subject."""
    touches()
    asked = _open_request(member, topic_id)
    asked.declined_at, asked.postponed_at = asked.declined_at or now(), None
    return asked


@action
def postpone(member: Person, topic_id: int, until: datetime) -> AdviceRequest:
    """Answer a request: the member cannot help now. Until the moment `until`, nobody can ask them about any question."""
    touches()
    asked = _open_request(member, topic_id)
    asked.postponed_at, asked.declined_at = asked.postponed_at or now(), None
    _own_availability(member).away_until = _checked_until(until)
    return asked


@action
def pass_on(member: Person, topic_id: int, handle: str) -> Member:
    """Pass a request on to another member, who must be available to be asked; returns that member."""
    lock_writer(member)
    touches(topic_scope(topic_id))
    asked = _open_request(member, topic_id)
    topic = asked.topic  # in a variable: refreshing the row below unloads the relationship
    require(member.can.advise(topic))
    if not (verdict := is_askable(topic)):
        raise Invalid(str(verdict.why_not), "handle")
    other = askable_members([handle], "handle")[0]
    if other.id == member.id:
        raise Invalid(_("This is your own handle. Pass it on to somebody else."), "handle")
    if other.id in requests_by_member(topic_id):
        raise Invalid(_("%(name)s has been asked already.", name=other.name), "handle")
    require_askable(other, topic, ask_statuses([other.id])[other.id], "handle")
    asked.passed_at, asked.passed_to_id = now(), other.id
    add_request(member, topic, other, [Reason("passed")])
    notify_asked(member, topic, [other])
    return other


@action
def set_availability(member: Person, is_asked: bool, away_until: datetime | None) -> Availability:
    """Set whether a member wants to be asked at all, and from which moment on."""
    touches()
    require(member.can.be_asked())
    row = _own_availability(member)
    row.muted_at = None if is_asked else row.muted_at or now()
    row.away_until = _checked_until(away_until) if away_until else None
    return row


def _open_request(member: Person, topic_id: int) -> AdviceRequest:
    """The request to a member about a question they can read, locked. Raises `Invalid` if it was passed on."""
    require(member.can.be_asked())
    topic = topic_to_change(member, topic_id)
    asked = requests_by_member(topic_id).get(member.id)
    if asked is None or topic.kind != "question":
        raise NotFound(_("Nobody has asked you about this question."))
    if asked.passed_at:
        raise Invalid(_("You have passed this question on already."), "handle")
    asked.topic = topic
    return asked


def _own_availability(member: Person) -> Availability:
    lock_member(member.id, may_write=True)
    row = availability_of(member)
    db.session.add(row)
    return row


def _checked_until(until: datetime) -> datetime:
    if not now() < until <= now() + MAX_TIME_AWAY:
        last = day_in_words((now() + MAX_TIME_AWAY).date())
        raise Invalid(_("Choose a day after today and until %(last)s.", last=last), "until")
    return until
