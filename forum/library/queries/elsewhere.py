"""Practices that connect a city with others: tried in both, or adapted from one another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, literal, select, union_all

from forum.db import constant, execute_core
from forum.dialogue.models import Mark, Post
from forum.library.models import Practice
from forum.library.queries._shared import is_tried_mark, opens_topic
from forum.library.queries._visibility import published_practices
from forum.permissions import Person
from forum.reachcache import cached_statement

MAX_READ = 200  # the newest marks, and the newest adapted practices


class Elsewhere(NamedTuple):
    """A practice and another city, and how it connects them (`how`).

    `tried`: the other city tried, with this outcome, something that the first city shares or tried, too. `origin`:
    the first city tried what the other shares. `adapted`, `source`: the other city shares what was adapted from a
    practice of the first, or the other way round. `member_id` is the member there: who tried it, or else who wrote
    the practice.
    """

    how: str
    city_id: int
    member_id: int
    id: int
    slug: str
    title: str
    language: str
    outcome: str


def practices_elsewhere(
    reader: Person, city_id: int, shared: Collection[Practice], tried: Collection[int]
) -> list[Elsewhere]:
    """What other cities did with practices of a city, newest first: with those that it shares, and those that it tried (ids)."""
    if not shared and not tried:
        return []
    values = {
        "city_id": city_id,
        "known": sorted({practice.id for practice in shared}.union(tried)),
        "shared": [practice.id for practice in shared],
        "tried": sorted(tried),
    }
    return [Elsewhere._make(row) for row in execute_core(_elsewhere_query(reader), values)]


@cached_statement
def _elsewhere_query(reader: Person) -> Any:
    practices = published_practices(reader).where(Practice.hidden_at.is_(None))
    known = Practice.id.in_(bindparam("known", expanding=True))
    marked = practices.where(known).join(Post, opens_topic(Practice.topic_id))
    marked = marked.join(Mark, is_tried_mark(Post.id))
    # The page lists practices for all readers; only what this reader sees may be used as a reason
    own = practices.where(Practice.id.in_(bindparam("shared", expanding=True))).order_by(None)
    own_ids, own_sources = (
        own.with_only_columns(column).correlate(None)
        for column in (Practice.id, Practice.adapted_from_id)
    )
    adapted = practices.where(Practice.adapted_from_id.in_(own_ids))
    sources = practices.where(Practice.id.in_(own_sources))
    origins = practices.where(Practice.id.in_(bindparam("tried", expanding=True)))
    of_practice = ((Practice.city_id, Practice.author_id), literal(""), Practice.id)
    parts = (
        _columns(marked, "tried", (Mark.city_id, Mark.member_id), Mark.outcome, Mark.id),
        _columns(adapted, "adapted", *of_practice),
        _columns(origins, "origin", *of_practice),
        _columns(sources, "source", *of_practice),
    )
    return union_all(*(select(part.subquery()) for part in parts))


def _columns(
    found: Select[Any], how: str, where: tuple[Any, Any], outcome: Any, order: Any
) -> Select[Any]:
    city_id, member_id = where
    place = (city_id.label("city_id"), member_id.label("member_id"))
    which = (Practice.id, Practice.slug, Practice.title, Practice.language)
    elsewhere = found.with_only_columns(
        literal(how).label("how"), *place, *which, outcome.label("outcome")
    )
    elsewhere = elsewhere.where(city_id.is_not(None), city_id != bindparam("city_id"))
    return elsewhere.order_by(order.desc()).limit(constant(MAX_READ))
