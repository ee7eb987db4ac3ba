"""What administrators read before they tell all members of a topic, and who has done so."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _

from forum.clock import day_in_words
from forum.dialogue.models import Topic
from forum.dialogue.queries import get_topic, telling_again_at
from forum.moderation.models import Deed
from forum.moderation.queries._kinds import Thing, from_topic
from forum.moderation.queries.decisions import latest_of
from forum.notifications.queries import everybody_count
from forum.permissions import Person, require


class Telling(NamedTuple):
    """A topic, how many members (`number`) would be told of it, and what keeps an administrator from it.

    `who_did` is the sentence that says when and by whom it was done; `again_at`, from when on it can be done after
    another topic.
    """

    thing: Thing
    number: int
    who_did: str
    again_at: datetime | None


def telling_of(administrator: Person, topic_id: int) -> Telling:
    """What an administrator reads before telling all members of a topic; `Forbidden` unless all of them find it."""
    topic = get_topic(administrator, topic_id)
    require(administrator.can.tell_all(topic))
    but = {topic.author_id, administrator.id or 0}
    who_did = who_told_all(topic) if topic.told_all_at else ""
    return Telling(from_topic(topic), everybody_count(but), who_did, telling_again_at())


def who_told_all(topic: Topic) -> str:
    """The sentence that says when all members were told of a topic, and by whom if that was in this forum."""
    day = day_in_words(topic.told_all_at.date()) if topic.told_all_at else ""
    decision = latest_of("topic", topic.id, (Deed.TELL_ALL,))
    if decision is None:
        return _("All members were told about this topic on %(day)s.", day=day)
    name = decision.moderator.name
    return _("%(name)s told all members about this topic on %(day)s.", name=name, day=day)
