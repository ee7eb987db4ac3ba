"""Telling all members of a topic."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.clock import day_in_words, in_words, now
from forum.deeds import action
from forum.dialogue.actions._changing import set_topic_time
from forum.dialogue.actions._telling import notify_all
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post, telling_again_at, topic_to_change
from forum.errors import Conflict, TooSoon
from forum.permissions import Person, require


@action
def tell_all(administrator: Person, topic_id: int) -> Topic:
    """Tell every member of a topic, except its author and the doer; the calling action has seen to it that nobody else does so now.

    Raises `Conflict` when they were told before, or when the text that opens it is not shown, and `TooSoon` within a
    day after another topic of which all were told.
    """
    topic = topic_to_change(administrator, topic_id)
    require(administrator.can.tell_all(topic))
    if topic.told_all_at:
        day = day_in_words(topic.told_all_at.date())
        raise Conflict(_("All members were told about this topic on %(day)s.", day=day))
    opening = first_post(topic)
    if opening.is_gone:
        raise Conflict(_("The text that opens this topic is not shown, so nobody is told of it."))
    _require_interval()
    topic.told_all_at = now()
    notify_all(administrator, opening)
    return topic


def _require_interval() -> None:
    if again_at := telling_again_at():
        message = _(
            "All members were told about another topic not long ago. They can be told about this one from %(moment)s.",
            moment=in_words(again_at),
        )
        raise TooSoon(message, int((again_at - now()).total_seconds()))


@action
def note_told_all(moderator: Person, topic_id: int) -> Topic:
    """Record that all members were told of a topic, and tell nobody: it comes from another forum."""
    return set_topic_time(moderator, topic_id, "told_all_at", now())
