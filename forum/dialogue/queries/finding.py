"""What search does not know of topics: of which kind each is, how many replied, whether there is an answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import case, select

from forum.db import execute_core
from forum.dialogue.models import CHOSEN_KINDS, Topic
from forum.search.models import Document
from forum.search.queries import FinerKinds

_KIND = select(Topic.kind).where(Topic.id == Document.item_id).scalar_subquery()
# Topics of cases and practices have no words of their own to be found by
KINDS_OF_TOPICS = FinerKinds("topic", CHOSEN_KINDS, case((Document.kind == "topic", _KIND)))


class FoundTopic(NamedTuple):
    """What a result says of a topic beside its words."""

    kind: str
    replies_count: int
    answer_id: int | None


def found_topics(topic_ids: Collection[int]) -> dict[int, FoundTopic]:
    """Some topics that a search has found for a reader, by their ids."""
    if not topic_ids:
        return {}
    columns = (Topic.id, Topic.kind, Topic.replies_count, Topic.answer_id)
    rows = execute_core(select(*columns).where(Topic.id.in_(topic_ids)))
    return {row[0]: FoundTopic(*row[1:]) for row in rows}
