"""Topics that a member watches or has opened, topics with posts that are new to them, and topics that they have read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, select

from forum.db import constant, execute_core
from forum.dialogue.models import Place, Topic
from forum.dialogue.queries._rows import TopicRow, as_topic_rows, to_topic_row
from forum.dialogue.queries.listing import (
    ACTIVE,
    NEWEST,
    TOPICS_PER_PAGE,
    TopicCounts,
    TopicFilter,
    ignored_by,
    listed_topics,
)
from forum.dialogue.queries.news import NewPosts, new_posts_in
from forum.notifications.models import TOPIC
from forum.notifications.queries import watched_ids
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person
from forum.reachcache import cached_statement

WATCHED, NEW, OPENED, READ = MINE = ("watched", "new", "opened", "read")
MAX_WATCHED = 1_000  # of the topics that a member watches, the most recently chosen ones
MAX_OPENED = 1_000  # of the topics that a member has opened, the newest ones
MAX_LOOKED_AT = 200  # topics in which new posts are looked for, the most recently active ones
MAX_SEARCHED = 1_000  # topics among which those are looked for that the member has read, likewise


class MyTopics(NamedTuple):
    """One page of topics, the numbers for the tabs of their list, and what is new to the member in them by topic id.

    `is_capped` says that there were further topics, which were not looked at.
    """

    page: Page[TopicRow]
    counts: TopicCounts
    news: Mapping[int, NewPosts]
    is_capped: bool = False


def my_topics(member: Person, mine: str, wanted: TopicFilter, number: int) -> MyTopics:
    """One page of the topics that a member watches, opened, has read, or that have posts new to them, as `mine` says (one of `MINE`).

    The lists are short: they are read completely, by key or from the beginning of an index, and counted here.
    """
    found = _found(member, mine, replace(wanted, kind="", language=""))
    looked_at = len(found)
    news: Mapping[int, NewPosts] = {}
    if mine == NEW:
        news = new_posts_in(member, found)
        found = [row for row in found if row.id in news]
    elif mine == READ:
        found = [row for row in found if row.place]
    if wanted.order == NEWEST:
        found = sorted(found, key=lambda row: (row.created_at, row.id), reverse=True)
    chosen = [
        row.id
        for row in found
        if wanted.kind in ("", row.kind) and wanted.language in ("", row.language)
    ]
    page = _page_of(chosen, number)
    if mine != NEW:
        news = new_posts_in(member, page.items)
    most = {NEW: MAX_LOOKED_AT, READ: MAX_SEARCHED}.get(mine)
    return MyTopics(page, _counts(found, wanted), news, looked_at == most)


def _found(member: Person, mine: str, wanted: TopicFilter) -> Sequence[Any]:
    if wanted.order == NEWEST:  # new posts change the activity of a topic, whenever it was opened
        wanted = replace(wanted, order=ACTIVE)
    ignored = ignored_by(member)
    values: dict[str, Any] = {"member_id": member.id, **ignored}
    return execute_core(_found_query(member, mine, wanted, bool(ignored)), values).all()


@cached_statement
def _found_query(
    member: Person, mine: str, wanted: TopicFilter, without_ignored: bool
) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Topic.id,
        Topic.kind,
        Topic.language,
        Topic.posts_count,
        Topic.created_at,
    )
    listed = listed_topics(member, wanted, without_ignored).with_only_columns(*columns)
    if mine == NEW:
        return listed.limit(constant(MAX_LOOKED_AT))
    if mine == READ:
        is_place = and_(Place.topic_id == Topic.id, Place.member_id == bindparam("member_id"))
        places = listed.add_columns(Place.number.label("place")).outerjoin(Place, is_place)
        return places.limit(constant(MAX_SEARCHED))
    if mine == OPENED:
        opened = _opened_ids().subquery()
        return listed.join(opened, opened.c[0] == Topic.id)
    watched = watched_ids(bindparam("member_id"), TOPIC, MAX_WATCHED).subquery()
    return listed.join(watched, watched.c[0] == Topic.id)


def _opened_ids() -> Select[Any]:
    """The ids of the topics that the member `member_id` has opened. Cases belong to their agendas, whoever added them."""
    own = select(Topic.id).where(
        Topic.author_id == bindparam("member_id"), Topic.kind != constant("case")
    )
    return own.order_by(Topic.id.desc()).limit(constant(MAX_OPENED))


def _counts(found: Sequence[Any], wanted: TopicFilter) -> TopicCounts:
    """Like `topic_counts`, for topics that are already loaded."""
    kinds = Counter(row.kind for row in found if wanted.language in ("", row.language))
    languages = Counter(row.language for row in found if wanted.kind in ("", row.kind))
    return TopicCounts(kinds, languages)


def _page_of(ids: Sequence[int], number: int) -> Page[TopicRow]:
    """The page `number` of these topics, in their order."""
    pages = pages_for(len(ids), TOPICS_PER_PAGE)
    number = clamp(number, pages)
    here = ids[(number - 1) * TOPICS_PER_PAGE : number * TOPICS_PER_PAGE]
    rows = [to_topic_row(columns) for columns in execute_core(_ROWS, {"ids": here})] if here else []
    rows.sort(key=lambda row: here.index(row.id))
    return Page(rows, number, pages, len(ids))


_ROWS = as_topic_rows(select(Topic).where(Topic.id.in_(bindparam("ids", expanding=True))))
