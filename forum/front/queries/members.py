"""Members: how others reacted to their contributions, and which themes they can help with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, func, select

from forum.agendas.models import MemberTheme, Theme
from forum.db import constant, db, execute_core
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import is_readable, visible_topics
from forum.library.models import Practice
from forum.library.queries import published_practices
from forum.members.models import City, Member
from forum.members.queries import visible_members
from forum.permissions import Person
from forum.reachcache import cached_statement

MAX_RECOGNISED = 200
MEMBER_ID: Any = bindparam("member_id", type_=Integer)


class Recognition(NamedTuple):
    """How others reacted to a member's contributions, as numbers for sentences."""

    answers: int
    answers_cities: int
    tried: int
    tried_latest: str | None
    practices: int

    def figure(self, number: int) -> str:
        """A number for the page, with a plus if counting stopped there."""
        return f"{number}+" if number >= MAX_RECOGNISED else str(number)


def recognition(reader: Person, member: Member) -> Recognition:
    """How often a member's posts were chosen as the answer and tried by others, and how many practices are published.

    Answers and trials are counted up to `MAX_RECOGNISED`.
    """
    return Recognition(*execute_core(_recognition(reader), {"member_id": member.id}).one())


@cached_statement
def _recognition(reader: Person) -> Select[Any]:
    answers, tried = _chosen_answers(reader).cte("answers"), _tried_posts(reader).cte("tried")
    practices = published_practices(reader).where(Practice.author_id == MEMBER_ID)
    latest = select(City.name).join(tried, tried.c.city_id == City.id)
    columns = (
        select(func.count()).select_from(answers),
        select(func.count(answers.c.city_id.distinct())),
        select(func.count()).select_from(tried),
        latest.order_by(tried.c.created_at.desc(), City.name).limit(1),
        practices.with_only_columns(func.count()),
    )
    return select(*(column.scalar_subquery() for column in columns))


def _chosen_answers(reader: Person) -> Select[Any]:
    others = visible_topics(reader).join(Member, Member.id == Topic.author_id)
    chosen = others.where(Topic.answered_by_id == MEMBER_ID, Topic.author_id != MEMBER_ID)
    newest = chosen.with_only_columns(Member.city_id).order_by(Topic.id.desc())
    return newest.limit(MAX_RECOGNISED)


def _tried_posts(reader: Person) -> Select[int | None, datetime]:
    marked = visible_topics(reader).join(Post, Post.topic_id == Topic.id)
    marked = marked.join(Mark, Mark.post_id == Post.id).join(Member, Member.id == Mark.member_id)
    tried = marked.where(
        Mark.kind == TRIED,
        Post.author_id == MEMBER_ID,
        Post.tried_count > constant(0),  # not a parameter, so that the partial index is used
        Mark.member_id != MEMBER_ID,
        Member.hidden_at.is_(None),
        *is_readable(),
    )
    newest = tried.order_by(Post.created_at.desc(), Post.id.desc()).limit(MAX_RECOGNISED)
    return newest.with_only_columns(Mark.city_id, Mark.created_at)


def helpers_with(theme: str) -> Select[Any]:
    """The ids of the members who can help with a theme, for the directory's filter."""
    found = select(MemberTheme.member_id).join(Theme, Theme.id == MemberTheme.theme_id)
    return found.where(Theme.slug == theme, Theme.removed_at.is_(None))


def themes_offered(reader: Person) -> Sequence[Theme]:
    """The themes that members can help with, by name."""
    helping = visible_members(reader).join(MemberTheme, MemberTheme.member_id == Member.id)
    helps = helping.where(MemberTheme.theme_id == Theme.id).with_only_columns(Member.id).exists()
    offered = select(Theme).where(Theme.removed_at.is_(None), helps)
    return db.session.scalars(offered.order_by(Theme.name, Theme.id).limit(500)).all()
