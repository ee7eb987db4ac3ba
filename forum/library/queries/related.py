"""Where to read on: practices, cases and topics on the same themes, and the themes that members help with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain
from typing import Any, NamedTuple, Protocol

from sqlalchemy import CompoundSelect, Select, bindparam, literal, null, select, union_all

from forum.agendas.models import MemberTheme
from forum.db import cached, execute_core, theme_scope
from forum.dialogue.models import Topic, TopicMixin, TopicTheme
from forum.dialogue.queries import visible_topics
from forum.library.models import Case, CaseTheme, Practice, PracticeTheme
from forum.library.queries._visibility import published_practices, visible_cases
from forum.members.models import City, Member
from forum.members.queries import visible_members
from forum.permissions import VISITOR, Person, cached_statement

MAX_RELATED = {"practice": 3, "case": 2, "topic": 3}  # shown of each group, in this order
READ_OF_THEME = 8  # of each group: more than are shown, as some are left out
HELPER = "helper"  # the group of members who help with a theme


class _Theme(Protocol):
    @property
    def id(self) -> int: ...


class _RelatedColumns(NamedTuple):
    group: str  # of `MAX_RELATED`, or `HELPER`
    id: int
    title: str
    slug: str
    home: str | None
    kind: str
    language: str
    author_id: int
    city: str | None


class RelatedRow(_RelatedColumns, TopicMixin):
    """A page to read on, by the topic that it shows; `city` is the practice's, or that of a topic's author."""


class Related(NamedTuple):
    """Where to read on: pages, in the order of `MAX_RELATED`, and those of the page's themes that a member helps with."""

    rows: tuple[RelatedRow, ...]
    helped: tuple[Any, ...]


def related(reader: Person, themes: Collection[_Theme], but: Collection[int]) -> Related:
    """Practices, cases and topics with any of these themes, but for some topics: the page's own, and others that it names.

    In each group those that share most of the themes come first, then the newest. What is hidden is left out for moderators,
    too, and what members wrote whom the reader ignores.
    """
    known = {theme: _of_theme(reader, theme.id) for theme in themes}
    shared = Counter(row for rows in known.values() for row in rows)
    ordered = sorted(shared, key=lambda row: (-shared[row], -row.id))
    found = [row for row in ordered if row.id not in but and row.author_id not in reader.ignored]
    groups = (
        [row for row in found if row.group == group][:most] for group, most in MAX_RELATED.items()
    )
    helped = (theme for theme, rows in known.items() if any(row.group == HELPER for row in rows))
    return Related(tuple(chain.from_iterable(groups)), tuple(helped))


def _of_theme(reader: Person, theme_id: int) -> tuple[RelatedRow, ...]:
    def read() -> tuple[RelatedRow, ...]:
        found = execute_core(_of_theme_query(reader), {"theme_id": theme_id})
        return tuple(RelatedRow._make(row) for row in found)

    # Moderators and hosts are shown what all members are
    return cached(("related", theme_id, reader.is_member), read, theme_scope(theme_id))


@cached_statement
def _of_theme_query(reader: Person) -> CompoundSelect[Any]:
    groups = (_practices(reader), _cases(reader), _topics(reader), _helpers())
    return union_all(*(select(group.limit(READ_OF_THEME).subquery()) for group in groups))


def _topics(reader: Person) -> Select[Any]:
    found = visible_topics(reader).join(TopicTheme, TopicTheme.topic_id == Topic.id)
    found = found.where(TopicTheme.theme_id == bindparam("theme_id"))
    found = found.where(Topic.hidden_at.is_(None), Topic.home.is_(None))
    found = found.join(Member, Member.id == Topic.author_id)
    found = found.outerjoin(City, City.id == Member.city_id)
    return _columns(found, "topic", City.name).order_by(TopicTheme.topic_id.desc())


def _practices(reader: Person) -> Select[Any]:
    found = published_practices(reader).join(
        PracticeTheme, PracticeTheme.practice_id == Practice.id
    )
    found = found.where(PracticeTheme.theme_id == bindparam("theme_id"))
    found = found.where(Practice.hidden_at.is_(None))
    found = found.join(Topic, Topic.id == Practice.topic_id)
    found = found.outerjoin(City, City.id == Practice.city_id)
    return _columns(found, "practice", City.name).order_by(Practice.id.desc())


def _cases(reader: Person) -> Select[Any]:
    found = visible_cases(reader).join(CaseTheme, CaseTheme.case_id == Case.id)
    found = found.where(CaseTheme.theme_id == bindparam("theme_id"), Case.hidden_at.is_(None))
    found = found.join(Topic, Topic.id == Case.topic_id)
    return _columns(found, "case", null()).order_by(Case.id.desc())


def _helpers() -> Select[Any]:
    """The members who help with the theme, of whom only that there are any is told; so those that visitors see."""
    found = visible_members(VISITOR).join(MemberTheme, MemberTheme.member_id == Member.id)
    found = found.where(MemberTheme.theme_id == bindparam("theme_id"))
    own = {"group": literal(HELPER), "id": Member.id, "author_id": Member.id}
    columns: list[Any] = [own.get(name, null()).label(name) for name in _RelatedColumns._fields]
    return found.with_only_columns(*columns)


def _columns(query: Select[Any], group: str, city: Any) -> Select[Any]:
    names = _RelatedColumns._fields[1:-1]
    columns = (getattr(Topic, name) for name in names)
    return query.with_only_columns(literal(group).label("group"), *columns, city.label("city"))
