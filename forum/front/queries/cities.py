"""Exchanges between cities: whose members replied to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Subquery, bindparam, func, select
from sqlalchemy.orm import aliased

from forum.db import constant, execute_core
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import is_readable, visible_topics
from forum.members.models import Member
from forum.members.queries import HomeCity
from forum.permissions import Person
from forum.reachcache import cached_statement

MAX_EXCHANGES = 10
MAX_REPLIES_READ = 100  # the newest replies, from which the map's exchanges are counted
EXCHANGE_PERIOD = timedelta(days=30)


class Exchange(NamedTuple):
    """Two cities whose members replied to each other, and how often."""

    city: HomeCity
    partner: HomeCity
    replies: int


def exchanges(reader: Person, until: datetime, cities: Mapping[int, HomeCity]) -> list[Exchange]:
    """The pairs of cities with the most replies between them in `EXCHANGE_PERIOD` before a moment.

    Only the newest `MAX_REPLIES_READ` replies are counted, and only pairs of `cities`, which are by id. `until` is
    the time of the latest post, not the current time, so that the cached page stays valid until somebody writes.
    """
    pairs: Counter[tuple[int, int]] = Counter()
    crossing = {"since": until - EXCHANGE_PERIOD}
    for here, there, replies in execute_core(_replies_between_cities(reader), crossing).all():
        if here in cities and there in cities:
            pairs[min(here, there), max(here, there)] += replies
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:MAX_EXCHANGES]
    return [Exchange(cities[here], cities[there], replies) for (here, there), replies in ordered]


@cached_statement
def _replies_between_cities(reader: Person) -> Any:
    helper, asker, newest = aliased(Member), aliased(Member), _newest_replies()
    crossed = (
        visible_topics(reader)
        .join(newest, newest.c.topic_id == Topic.id)
        .join(helper, helper.id == newest.c.author_id)
        .join(asker, asker.id == Topic.author_id)
        .where(*is_readable(newest.c))
        .where(Topic.hidden_at.is_(None), helper.hidden_at.is_(None), asker.hidden_at.is_(None))
        .where(helper.city_id != asker.city_id)
    )
    counted = crossed.with_only_columns(helper.city_id, asker.city_id, func.count())
    grouped = counted.group_by(helper.city_id, asker.city_id)
    return grouped.order_by(func.count().desc(), helper.city_id, asker.city_id).limit(constant(100))


def _newest_replies() -> Subquery:
    """The newest replies, with columns of an index only, so that the long rows of posts are not read."""
    columns = Post.topic_id, Post.author_id, Post.hidden_at, Post.deleted_at
    lately = select(*columns).where(Post.created_at > bindparam("since"), Post.number > 1)
    newest = lately.order_by(Post.created_at.desc(), Post.id.desc())
    return newest.limit(constant(MAX_REPLIES_READ)).subquery()
