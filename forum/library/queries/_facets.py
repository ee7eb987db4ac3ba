"""The facets of the libraries: by what they can be filtered, and the choices of each facet with their counts.

A facet is a subquery with the columns (item id, value, label). So one function filters by all facets, and one counts
the choices of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select

from forum.agendas.models import Agenda, Theme
from forum.db import db
from forum.dialogue.models import Mark, Post
from forum.library.models import (
    Case,
    CasePlace,
    CaseTheme,
    Practice,
    PracticeSection,
    PracticeTheme,
    Reading,
)
from forum.library.queries._shared import FAILURE, is_tried_mark, opens_topic
from forum.members.models import City
from forum.members.queries import city_size
from forum.permissions import Person
from forum.reach import read_by

MAX_CHOICES = 60  # choices of one facet


@dataclass(frozen=True)
class Choice:
    """One value of a facet, its label, and how many items have it under the filters of the other facets.

    The label is empty if the page has a translation for the value.
    """

    value: str
    label: str
    count: int


Values = tuple[str, ...]


@dataclass(frozen=True)
class CaseFilter:
    """The chosen values of each facet of cases: slugs of agendas, themes and cities, and the words of the others."""

    agenda: Values = ()
    theme: Values = ()
    country: Values = ()
    city: Values = ()
    size: Values = ()
    kind: Values = ()
    status: Values = ()
    language: Values = ()
    tried: Values = ()


@dataclass(frozen=True)
class PracticeFilter:
    """The chosen values of each facet of practices. `order` is `featured` (featured ones first, then the newest) or `newest`."""

    agenda: Values = ()
    theme: Values = ()
    country: Values = ()
    city: Values = ()
    size: Values = ()
    evidence: Values = ()
    failed: Values = ()
    confirmed: Values = ()
    language: Values = ()
    tried: Values = ()
    order: str = "featured"


@dataclass(frozen=True)
class ReadingFilter:
    """The chosen values of each facet of best reads."""

    agenda: Values = ()
    kind: Values = ()
    year: Values = ()


Filter = CaseFilter | PracticeFilter | ReadingFilter


def case_facets() -> dict[str, Any]:
    """The facets of cases, by the names of the fields of `CaseFilter`."""
    place = select(CasePlace.case_id).join(City, City.id == CasePlace.city_id)
    theme = select(CaseTheme.case_id, Theme.slug, Theme.name)
    return {
        "agenda": _agenda_rows(Case).subquery(),
        "theme": _not_removed(theme.join(Theme, Theme.id == CaseTheme.theme_id)).subquery(),
        "country": place.add_columns(City.country, City.country).subquery(),
        "city": place.add_columns(City.slug, City.name).subquery(),
        "size": place.add_columns(city_size(), literal("")).subquery(),
        "kind": select(Case.id, Case.kind, Case.kind).subquery(),
        "status": select(Case.id, Case.status, Case.status).subquery(),
        "language": select(Case.id, Case.language, Case.language).subquery(),
        "tried": _tried_rows(Case).subquery(),
    }


def practice_facets(reader: Person) -> dict[str, Any]:
    """The facets of practices, by the names of the fields of `PracticeFilter`.

    It depends on the reader whether `failed` includes sections for members only.
    """
    place = select(Practice.id).join(City, City.id == Practice.city_id)
    theme = select(PracticeTheme.practice_id, Theme.slug, Theme.name)
    evidence = select(Practice.id, Practice.evidence, literal("")).where(Practice.evidence != "")
    failed = select(Practice.id, literal("yes"), literal("")).where(
        read_by(reader, Practice.failure_audience),
        exists().where(PracticeSection.practice_id == Practice.id, PracticeSection.name == FAILURE),
    )
    # Whether its author has recently confirmed it, or has not although asked
    answer = case(
        (Practice.unconfirmed_at.is_not(None), "no"), (Practice.confirmed_on.is_not(None), "yes")
    )
    confirmed = select(Practice.id, answer, literal("")).where(answer.is_not(None))
    return {
        "agenda": _agenda_rows(Practice).subquery(),
        "theme": _not_removed(theme.join(Theme, Theme.id == PracticeTheme.theme_id)).subquery(),
        "country": place.add_columns(City.country, City.country).subquery(),
        "city": place.add_columns(City.slug, City.name).subquery(),
        "size": place.add_columns(city_size(), literal("")).subquery(),
        "evidence": evidence.subquery(),
        "failed": failed.subquery(),
        "confirmed": confirmed.subquery(),
        "language": select(Practice.id, Practice.language, Practice.language).subquery(),
        "tried": _tried_rows(Practice).subquery(),
    }


def reading_facets() -> dict[str, Any]:
    """The facets of best reads, by the names of the fields of `ReadingFilter`."""
    year = func.cast(Reading.year, db.String)
    return {
        "agenda": _agenda_rows(Reading).subquery(),
        "kind": select(Reading.id, Reading.kind, Reading.kind).subquery(),
        "year": select(Reading.id, year, year).where(Reading.year.is_not(None)).subquery(),
    }


def _agenda_rows(model: type[Any]) -> Select[Any]:
    return select(model.id, Agenda.slug, Agenda.title).join(Agenda, Agenda.id == model.agenda_id)


def _not_removed(query: Any) -> Any:
    return query.where(Theme.removed_at.is_(None))


def _tried_rows(model: type[Any]) -> Select[Any]:
    query = select(model.id, Mark.outcome, literal(""))
    return query.join(Post, opens_topic(model.topic_id)).join(Mark, is_tried_mark(Post.id))


def facet_conditions(
    item_id: Any, facets: Mapping[str, Any], wanted: Filter, but: str = ""
) -> list[ColumnElement[bool]]:
    """In SQL: the items that have one of the wanted values in each facet, ignoring the facet named `but`."""
    return [
        item_id.in_(select(facet.c[0]).where(facet.c[1].in_(getattr(wanted, name))))
        for name, facet in facets.items()
        if name != but and getattr(wanted, name)
    ]


def facet_choices(
    visible: Select[Any], item_id: Any, facets: Mapping[str, Any], wanted: Filter
) -> dict[str, list[Choice]]:
    """The choices of every facet among the visible items, each counted under the filters of the other facets."""
    return {
        name: _counted_choices(
            visible.where(*facet_conditions(item_id, facets, wanted, name)), item_id, facet
        )
        for name, facet in facets.items()
    }


def _counted_choices(items: Select[Any], item_id: Any, facet: Any) -> list[Choice]:
    item, value, label = facet.c
    how_many = func.count(item.distinct())
    query = select(value, label, how_many).where(item.in_(items.with_only_columns(item_id)))
    query = query.group_by(value, label).order_by(how_many.desc(), label, value)
    return [Choice(*row) for row in db.session.execute(query.limit(MAX_CHOICES))]
