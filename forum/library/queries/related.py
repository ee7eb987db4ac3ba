"""Related pages: practices, cases and topics on the same themes, and the themes that members help with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain
from typing import Any, NamedTuple, Protocol

from sqlalchemy import CompoundSelect, Select, bindparam, func, literal, null, select, union_all
from sqlalchemy.orm import aliased

from forum.agendas.models import MemberTheme
from forum.db import execute_core
from forum.dialogue.models import Topic, TopicMixin, TopicTheme
from forum.dialogue.queries import visible_topics
from forum.library.models import Case, CaseTheme, Practice, PracticeTheme
from forum.library.queries._visibility import published_practices, visible_cases
from forum.members.models import City, Member
from forum.members.queries import visible_members
from forum.permissions import ANY_MEMBER, VISITOR, Person
from forum.reachcache import cached_statement
from forum.versions import cached, theme_scope

# How many of each group are shown, in this order
MAX_RELATED = {"practice": 3, "case": 2, "topic": 3}
READ_OF_THEME = 16  # candidates of each group: more than are shown, because some are left out
HELPER = "helper"  # the group of members who help with a theme


class _Theme(Protocol):
    @property
    def id(self) -> int: ...


class _RelatedColumns(NamedTuple):
    group: str  # one of `MAX_RELATED`, or `HELPER`
    id: int
    title: str
    slug: str
    home: str | None
    kind: str
    language: str
    audience: str
    author_id: int
    city: str | None
    themes_count: int


class RelatedRow(_RelatedColumns, TopicMixin):
    """A related page, identified by the topic that it shows; `city` is that of the practice, or of the topic's author."""


class Related(NamedTuple):
    """Related pages, in the order of `MAX_RELATED`, and those of the page's themes that a member helps with."""

    rows: tuple[RelatedRow, ...]
    helped: tuple[Any, ...]


def related(
    reader: Person, themes: Collection[_Theme], but: Collection[int], pages: Collection[str] = ()
) -> Related:
    """Practices, cases and topics with any of these themes, except the topics `but`: the page's own, and others it names.

    Of cases and practices, `pages` are the addresses of those that it names.

    For each theme the newest `READ_OF_THEME` are candidates. In each group, pages that share most of the themes and
    have few others come first, so that a page with all themes is not first everywhere; then the newest. Hidden pages,
    and those of new members that nobody has looked at yet, are left out even for moderators; so are topics and
    practices of members whom the reader ignores.
    """
    known = {theme: _of_theme(reader, theme.id) for theme in themes}
    shared = Counter(row for rows in known.values() for row in rows)
    ordered = sorted(
        shared, key=lambda row: (shared[row] ** 2 / row.themes_count, row.id), reverse=True
    )
    found = [
        row
        for row in ordered
        if row.id not in but and row.home not in pages and row.author_id not in reader.ignored
    ]
    groups = (
        [row for row in found if row.group == group][:most] for group, most in MAX_RELATED.items()
    )
    helped = (theme for theme, rows in known.items() if any(row.group == HELPER for row in rows))
    return Related(tuple(chain.from_iterable(groups)), tuple(helped))


def _of_theme(reader: Person, theme_id: int) -> tuple[RelatedRow, ...]:
    # Moderators and hosts get the same as all members
    anybody = ANY_MEMBER if reader.is_member else VISITOR

    def read() -> tuple[RelatedRow, ...]:
        found = execute_core(_of_theme_query(anybody), {"theme_id": theme_id})
        return tuple(RelatedRow._make(row) for row in found)

    return cached(("related", theme_id, reader.is_member), read, theme_scope(theme_id))


@cached_statement
def _of_theme_query(reader: Person) -> CompoundSelect[Any]:
    groups = (_practices(reader), _cases(reader), _topics(reader), _helpers())
    return union_all(*(select(group.limit(READ_OF_THEME).subquery()) for group in groups))


def _topics(reader: Person) -> Select[Any]:
    found = visible_topics(reader).join(TopicTheme, TopicTheme.topic_id == Topic.id)
    found = found.where(Topic.hidden_at.is_(None), Topic.unseen_at.is_(None), Topic.home.is_(None))
    found = found.join(Member, Member.id == Topic.author_id)
    found = found.outerjoin(City, City.id == Member.city_id)
    return _with_theme(found, "topic", TopicTheme.topic_id, city=City.name)


def _practices(reader: Person) -> Select[Any]:
    link = PracticeTheme.practice_id
    found = published_practices(reader).join(PracticeTheme, link == Practice.id)
    found = found.where(Practice.hidden_at.is_(None))
    found = found.join(Topic, Topic.id == Practice.topic_id)
    found = found.outerjoin(City, City.id == Practice.city_id)
    return _with_theme(found, "practice", link, city=City.name)


def _cases(reader: Person) -> Select[Any]:
    """The cases. They are never ignored, because they have no author."""
    found = visible_cases(reader).join(CaseTheme, CaseTheme.case_id == Case.id)
    found = found.where(Case.hidden_at.is_(None)).join(Topic, Topic.id == Case.topic_id)
    return _with_theme(found, "case", CaseTheme.case_id, author_id=literal(0))


def _helpers() -> Select[Any]:
    """The members who help with the theme. The page shows only that there are any, so only those whom visitors see count."""
    found = visible_members(VISITOR).join(MemberTheme, MemberTheme.member_id == Member.id)
    found = found.where(MemberTheme.theme_id == bindparam("theme_id"))
    own: dict[str, Any] = {"group": literal(HELPER), "id": Member.id, "author_id": Member.id}
    own["themes_count"] = literal(1)
    columns: list[Any] = [own.get(name, null()).label(name) for name in _RelatedColumns._fields]
    return found.with_only_columns(*columns)


def _with_theme(query: Select[Any], group: str, link: Any, **own: Any) -> Select[Any]:
    """The newest of those with the theme; `link` is the column of the association table that refers to them."""
    themes = link.class_
    other = aliased(themes)
    count = select(func.count()).where(getattr(other, link.key) == link).scalar_subquery()
    own |= {"group": literal(group), "themes_count": count}
    columns = [own.get(name, getattr(Topic, name, null())) for name in _RelatedColumns._fields]
    named = (
        column.label(name) for column, name in zip(columns, _RelatedColumns._fields, strict=True)
    )
    found = query.where(themes.theme_id == bindparam("theme_id"))
    return found.with_only_columns(*named).order_by(link.desc())
