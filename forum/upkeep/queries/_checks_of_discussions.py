"""Checks that the topic of a case or a practice says what its page says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal, or_, select

from forum.dialogue.models import Post, Topic, TopicTheme
from forum.library.models import Case, CaseTheme, Practice, PracticeTheme
from forum.permissions import PUBLIC
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._shared import stream


@dataclass(frozen=True)
class _Pages:
    """A kind of page: what its topic copies, by the column of the topic; with what that begins; the rows of its themes."""

    model: Any
    copied: Mapping[Any, Any]
    opening: Any
    theme: Any
    page_id: Any


_CASES = _Pages(
    Case,
    {
        Topic.title: Case.name,
        Topic.agenda_id: Case.agenda_id,
        Topic.audience: literal(PUBLIC),
        Topic.language: Case.language,
    },
    Case.summary,
    CaseTheme,
    CaseTheme.case_id,
)
_PRACTICES = _Pages(
    Practice,
    {
        Topic.title: Practice.title,
        Topic.agenda_id: Practice.agenda_id,
        Topic.audience: Practice.audience,
        Topic.language: Practice.language,
    },
    Practice.sentence,
    PracticeTheme,
    PracticeTheme.practice_id,
)


@cache
def discussion_checks() -> tuple[Check, ...]:
    return (_check("discussions of cases", _CASES), _check("discussions of practices", _PRACTICES))


def _check(name: str, pages: _Pages) -> Check:
    return Check(name, partial(_differences, pages, _differing(pages)), "discussions")


def _differences(pages: _Pages, differing: Select[Any]) -> Iterator[Fault]:
    """Each value that a topic has not copied from its page; deleted topics are compared with nothing."""
    kind = pages.model.__tablename__
    for page_id, begins_differently, has_other_themes, *values in stream(differing):
        if begins_differently:
            yield Fault(kind, page_id, "its topic begins with another text")
        if has_other_themes:
            yield Fault(kind, page_id, "its topic has other themes")
        for column, has, should in zip(pages.copied, values[::2], values[1::2], strict=True):
            if has != should:
                yield Fault(kind, page_id, f"topic.{column.key}", has, should)


def _differing(pages: _Pages) -> Select[Any]:
    """Pages whose topic differs: the id, whether its text and its themes do, and each copy with what it is a copy of."""
    pairs = pages.copied.items()
    differ = [copy.is_distinct_from(own) for copy, own in pairs]
    begins_differently, other_themes = Post.source != pages.opening, _has_other_themes(pages)
    values = (value for pair in pairs for value in pair)
    return (
        select(pages.model.id, begins_differently, other_themes, *values)
        .join(Topic, Topic.id == pages.model.topic_id)
        .join(Post, (Post.topic_id == Topic.id) & (Post.number == 1))
        .where(Topic.deleted_at.is_(None), or_(begins_differently, other_themes, *differ))
        .order_by(pages.model.id)
    )


def _has_other_themes(pages: _Pages) -> ColumnElement[bool]:
    of_page = pages.page_id == pages.model.id
    of_topic = TopicTheme.topic_id == pages.model.topic_id
    own = select(pages.theme.theme_id).where(of_page).correlate(pages.model)
    copied = select(TopicTheme.theme_id).where(of_topic).correlate(pages.model)
    return or_(
        exists().where(of_page, pages.theme.theme_id.not_in(copied)),
        exists().where(of_topic, TopicTheme.theme_id.not_in(own)),
    )
