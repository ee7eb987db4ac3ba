"""What a member, a city or an organisation wrote, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, or_, select, union
from sqlalchemy.orm import contains_eager, joinedload

from forum.db import db, execute_core
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import is_readable, visible_topics
from forum.members.models import City, Member, Organisation
from forum.members.queries import visible_with_own
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person
from forum.reachcache import cached_statement
from forum.search.queries import texts_of

PAGE_SIZE = 20
MAX_CONTRIBUTIONS = 1_000  # the newest ones, in a list; older ones are found by search
MAX_CANDIDATES = 2_000  # the newest posts of several people that are checked for visibility
# What the contributions of a member can be narrowed to
TOPICS, REPLIES, ANSWERS = CONTRIBUTIONS = ("topics", "replies", "answers")


class Contribution(NamedTuple):
    """A post in a list of contributions, and its plain text."""

    post: Post
    text: str


def contributions_of_member(
    reader: Person, member: Member, number: int, wanted: str = ""
) -> Page[Contribution]:
    """One page of what a member wrote, newest first: all, or one of `CONTRIBUTIONS`. Answers are those that were chosen."""
    ids = execute_core(_newest_of_member(reader, wanted), {"member_id": member.id})
    return _contributions_page(ids.scalars().all(), number)


@cached_statement
def _newest_of_member(reader: Person, wanted: str) -> Select[Any]:
    by_them = Post.author_id == bindparam("member_id")
    posts = _only_listed(reader, select(Post).where(by_them, *is_readable()))
    return _newest_ids(posts.where(*_is_wanted(wanted)))


def _is_wanted(wanted: str) -> Sequence[ColumnElement[bool]]:
    if wanted == ANSWERS:
        return Topic.answered_by_id == bindparam("member_id"), Topic.answer_id == Post.id
    if wanted:
        return (Post.number == 1 if wanted == TOPICS else Post.number > 1,)
    return ()


def contributions_in_city(reader: Person, city: City, number: int) -> Page[Contribution]:
    """One page of what the members of a city wrote, newest first."""
    values = {"city_id": city.id, "reader_id": reader.id or 0}
    return _contributions_page(
        execute_core(_newest_in_city(reader), values).scalars().all(), number
    )


@cached_statement
def _newest_in_city(reader: Person) -> Select[Any]:
    return newest_listed(reader, _written_by_any_of(reader, Member.city_id))


def contributions_in_organisation(
    reader: Person, organisation: Organisation, number: int
) -> Page[Contribution]:
    """One page of what an organisation's members wrote, or anybody in its name, newest first."""
    values = {"organisation_id": organisation.id, "reader_id": reader.id or 0}
    ids = execute_core(_newest_in_organisation(reader), values)
    return _contributions_page(ids.scalars().all(), number)


@cached_statement
def _newest_in_organisation(reader: Person) -> Select[Any]:
    by_members = _written_by_any_of(reader, Member.organisation_id)
    return newest_listed(reader, by_members, Post.organisation_id == bindparam("organisation_id"))


def _written_by_any_of(reader: Person, place: Any) -> ColumnElement[bool]:
    """In SQL: by visible members whose `place`, a column, has the value given under its name."""
    visible = visible_with_own(reader, bindparam("reader_id"))
    here = visible.where(place == bindparam(place.key)).with_only_columns(Member.id)
    return Post.author_id.in_(here)


def newest_listed(reader: Person, *whose: ColumnElement[bool]) -> Select[Any]:
    """The ids of the newest listed posts that meet any of the conditions, newest first.

    Posts are limited first, by an index, and only then joined with topics.
    """
    newest = (
        _newest_ids(select(Post).where(condition, *is_readable()), MAX_CANDIDATES).subquery()
        for condition in whose
    )
    ids = union(*(select(rows.c.id) for rows in newest)).subquery()
    return _newest_ids(_only_listed(reader, select(Post).join(ids, ids.c.id == Post.id)))


def _only_listed(reader: Person, posts: Select[Any]) -> Select[Any]:
    """Those of the posts that lists show: in topics that the reader sees, without the first posts of cases and practices."""
    topics = visible_topics(reader).whereclause
    is_listed = or_(Post.number > 1, Topic.home.is_(None))
    seen = posts.join(Post.topic).where(Topic.hidden_at.is_(None), is_listed)
    return seen if topics is None else seen.where(topics)


def _newest_ids(posts: Select[Any], limit: int | None = None) -> Select[Any]:
    newest = posts.with_only_columns(Post.id).order_by(Post.created_at.desc(), Post.id.desc())
    return newest.limit(limit or MAX_CONTRIBUTIONS + 1)


def _contributions_page(ids: Sequence[int], number: int) -> Page[Contribution]:
    total = min(len(ids), MAX_CONTRIBUTIONS)
    pages = pages_for(total, PAGE_SIZE)
    number = clamp(number, pages)
    rows = _contributions(ids[:total][(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    return Page(rows, number, pages, total, is_capped=len(ids) > MAX_CONTRIBUTIONS)


def _contributions(ids: Sequence[int]) -> list[Contribution]:
    posts = db.session.scalars(_posts_with_ids(), {"ids": ids}).all()
    texts = texts_of("post", [post.id for post in posts if post.number > 1])
    return [Contribution(post, _text_of(post, texts)) for post in posts]


@cache
def _posts_with_ids() -> Select[Post]:
    found = select(Post).join(Post.topic).where(Post.id.in_(bindparam("ids", expanding=True)))
    return found.options(*CONTRIBUTION_LOADS).order_by(Post.created_at.desc(), Post.id.desc())


def _text_of(post: Post, texts: Mapping[int, str]) -> str:
    """The text of a reply from its search document; for a reply with a poll (whose words are in the document) the topic's excerpt."""
    known = post.gist if post.has_poll and post.number > 1 else texts.get(post.id)
    return known or _excerpt_of_opening(post)


CONTRIBUTION_LOADS = (
    contains_eager(Post.topic).joinedload(Topic.agenda),
    joinedload(Post.author).joinedload(Member.city),
)


def _excerpt_of_opening(post: Post) -> str:
    return post.topic.excerpt if post.number == 1 else ""
