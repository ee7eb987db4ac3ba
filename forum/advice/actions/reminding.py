"""What the worker does for questions: hosts are told of unanswered ones, and askers are asked what happened next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from forum.advice.actions._care import UNANSWERED_AFTER, take_up
from forum.advice.models import NOT_YET, QuestionCare
from forum.advice.queries import (
    QuestionProgress,
    care_due,
    hosts_to_notify,
    progress_of,
    questions_to_take_up,
)
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.models import Topic
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person, require

BATCH_SIZE = 100  # rows of each kind that one transaction handles
# No longer after this: otherwise a forum that is upgraded would tell hosts about all its old questions at once
UNANSWERED_UNTIL = timedelta(days=21)
# Older questions are left alone when the worker begins to look after a forum
MAX_AGE_TAKEN_UP = timedelta(days=90)
FOLLOW_UP_AFTER = timedelta(days=30)  # until the asker is asked what happened next
# How long after help came, or after the question was asked if none came, it is still looked after
MAX_CARE = timedelta(days=365)


@action
def look_after(system: Person, limit: int = BATCH_SIZE) -> int:
    """Take up new questions, notify hosts of unanswered ones, and ask askers what happened next.

    Handles at most `limit` of each and returns how many it handled. Rows that are due are locked and rescheduled in
    the transaction that writes the events: so each notice is sent once, however many workers run and whenever they
    are killed.
    """
    touches()
    require(system.can.administer())
    new = questions_to_take_up(now() - MAX_AGE_TAKEN_UP, limit)
    take_up(new)
    due = care_due(limit)
    courses = progress_of([care.topic_id for care in due])
    for care in due:
        _look_at(system, care, courses[care.topic_id])
    return len(new) + len(due)


@action
def await_answers(_moderator: Person, topic_id: int) -> None:
    """Schedule telling the hosts in a week if nobody answers, for a question that members can find only from now on."""
    topic = db.session.get_one(Topic, topic_id)
    take_up([(topic_id, topic.created_at)])
    care = db.session.get_one(QuestionCare, topic_id, with_for_update=True, populate_existing=True)
    if care.unanswered_at is None:
        care.look_at = care.unanswered_at = now() + UNANSWERED_AFTER


def _look_at(system: Person, care: QuestionCare, course: QuestionProgress) -> None:
    topic, is_planned = course.topic, care.is_to_be_told
    if is_planned and not (course.is_open or course.has_replies):  # it may be open again later
        care.look_at = care.unanswered_at = now() + UNANSWERED_AFTER
        return
    if is_planned:
        care.unanswered_at = None
    care.look_at = _next_look(care, course)
    if not course.is_open:
        return
    is_for_long = is_planned or _is_unanswered_for_long(care, topic)
    if not course.has_replies and not course.helped_at and is_for_long:
        care.unanswered_at = now()
        _notify(system, "unanswered", hosts_to_notify(topic), topic, topic.address)
    elif _is_followed_up(care, course):
        care.followups += 1
        _notify(system, "followup", [topic.author_id], topic, f"/topics/{topic.id}/follow-up")


def _is_unanswered_for_long(care: QuestionCare, topic: Topic) -> bool:
    age = now() - _answerable_since(topic)
    return care.unanswered_at is None and UNANSWERED_AFTER <= age <= UNANSWERED_UNTIL


def _answerable_since(topic: Topic) -> datetime:
    """Since when members could answer: since the question was asked, or since its agenda was opened if that was later."""
    return max(topic.created_at, topic.agenda.opened_at or topic.created_at)


def _is_followed_up(care: QuestionCare, course: QuestionProgress) -> bool:
    """Whether to ask now what happened next: `FOLLOW_UP_AFTER` after help came, and once more if nothing had been tried by then."""
    if course.outcome is not None:
        return course.outcome == NOT_YET and care.followups < 2
    is_due = course.helped_at is not None and course.helped_at + FOLLOW_UP_AFTER <= now()
    return is_due and care.followups == 0


def _next_look(care: QuestionCare, course: QuestionProgress) -> datetime | None:
    """When to look at a question again: when a follow-up is due, else after the same time, so that help is not noticed too late.

    A question that is closed when its follow-up is due is looked at again, because it may be open by then. One on an
    agenda that is in preparation, or was opened recently, is looked at in time to tell the hosts that nobody answers.
    """
    topic = course.topic
    if topic.deleted_at:
        return None
    if topic.agenda.opened_at is None:
        return now() + UNANSWERED_AFTER
    since = _answerable_since(topic)
    is_left_alone = now() - (course.helped_at or since) >= MAX_CARE
    later = None if is_left_alone else now() + FOLLOW_UP_AFTER
    if _is_followed_up(care, course):
        return None if course.is_open else later
    if course.outcome is not None or care.followups:
        return None
    if course.helped_at:
        return course.helped_at + FOLLOW_UP_AFTER
    return later if now() >= since + UNANSWERED_AFTER else since + UNANSWERED_AFTER


def _notify(
    system: Person, kind: str, recipients: Sequence[int], topic: Topic, address: str
) -> None:
    notice = NoticeText(kind, address, topic.title, topic_id=topic.id, language=topic.language)
    note_event(system, notice, recipients)
