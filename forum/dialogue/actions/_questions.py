"""Making a topic a question or an experience, setting its answer, and which notices remain valid."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from forum.clock import now
from forum.dialogue.actions._counts import counting_last, recounted
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import first_post, gone_post_ids
from forum.notifications.actions import hide_notices, restore_notices
from forum.permissions import Person

# Kinds of notices about questions only: advice is asked for, nobody answers, what happened next
QUESTION_NOTICES = ("advice", "unanswered", "followup")
ANSWER_NOTICES = ("answer",)  # kinds that link to an answer


def set_answer(
    doer: Person, topic: Topic, post: Post | None, chosen_at: datetime | None = None
) -> None:
    """Set the answer to a question, chosen now or at `chosen_at`, or remove it with None.

    Hidden notices about the new answer are shown again; those about the former answer are hidden.
    """
    former_id = topic.answer_id
    with recounted(doer, topic):
        topic.answer_id = post.id if post else None
        topic.answered_by_id = post.author_id if post else None
        topic.answered_at = (chosen_at or now()) if post else None
    if former_id and former_id != topic.answer_id:
        hide_notices(doer, post_id=former_id, kinds=ANSWER_NOTICES)
    if post and topic.hidden_at is None:
        restore_notices(doer, post_id=post.id, kinds=ANSWER_NOTICES)


def set_kind(doer: Person, topic: Topic, kind: str) -> None:
    """Make a topic a question or an experience; for an experience, the answer and all notices about questions are removed."""
    with counting_last(doer):
        if kind != "question":
            set_answer(doer, topic, None)
        with recounted(doer, topic):
            topic.kind = kind
    if topic.hidden_at is None and kind == "question":
        _restore_fitting(doer, topic, QUESTION_NOTICES)
    elif topic.hidden_at is None:
        hide_notices(doer, topic_id=topic.id, kinds=QUESTION_NOTICES + ANSWER_NOTICES)


def restore_notices_in(doer: Person, topic: Topic) -> None:
    """Show the notices about a topic again, except those about its gone posts and those that no longer apply to it."""
    _restore_fitting(doer, topic)
    hide_notices(doer, topic_id=topic.id, kinds=unfitting_notices(topic))
    if topic.answer_id:
        restore_notices(doer, post_id=topic.answer_id, kinds=ANSWER_NOTICES)


def _restore_fitting(doer: Person, topic: Topic, kinds: Collection[str] = ()) -> None:
    """Show the notices about a topic again, all or of some kinds, except those of its gone posts."""
    gone = gone_post_ids(topic)
    restore_notices(doer, topic_id=topic.id, kinds=kinds, but=gone)
    if (opening_id := first_post(topic).id) in gone:
        hide_notices(doer, post_id=opening_id, topic_id=topic.id)


def unfitting_notices(topic: Topic, post_id: int | None = None) -> tuple[str, ...]:
    """The kinds of notices about a topic, or about one of its posts, that do not apply: it is no question, or not the answer."""
    if topic.kind != "question":
        return QUESTION_NOTICES + ANSWER_NOTICES
    return () if post_id and topic.answer_id == post_id else ANSWER_NOTICES
