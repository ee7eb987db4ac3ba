"""The facets of the libraries: by what cases, practices and readings can be filtered.

A facet is two columns, value and label, of a subquery whose first column is the id of an item. So one function filters
by all facets (`_filtering`), and one counts the choices of all of them (`_choices`). Facets of the same subquery are about
the same of its rows: an item is found by the country and the size of one place, or by the city and the outcome of one
trial. What an item has once, such as its language, is in one row for each item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, select

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
from forum.reachcache import cached_statement

# The facets of a trial, each with the column that it is about
TRIAL_FACETS = {
    "tried": "outcome",
    "tried_size": "size",
    "tried_country": "country",
    "tried_city": "city",
}
Values = tuple[str, ...]
ValueAndLabel = tuple[Any, Any] | tuple[Any, Any, Any]  # the third is the language of the label


@dataclass(frozen=True)
class CaseFilter:
    """The chosen values of each facet of cases: slugs of agendas, themes and cities, and the words of the others.

    Those that begin with `tried` are about one city that tried it: what became of it there, and where that is.
    """

    agenda: Values = ()
    theme: Values = ()
    country: Values = ()
    city: Values = ()
    size: Values = ()
    kind: Values = ()
    status: Values = ()
    language: Values = ()
    tried: Values = ()
    tried_size: Values = ()
    tried_country: Values = ()
    tried_city: Values = ()


@dataclass(frozen=True)
class PracticeFilter:
    """The chosen values of each facet of practices, as in `CaseFilter`.

    `order` is `featured` (featured ones first, then the newest) or `newest`.
    """

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
    tried_size: Values = ()
    tried_country: Values = ()
    tried_city: Values = ()
    order: str = "featured"


@dataclass(frozen=True)
class ReadingFilter:
    """The chosen values of each facet of best reads."""

    agenda: Values = ()
    kind: Values = ()
    year: Values = ()


Filter = CaseFilter | PracticeFilter | ReadingFilter


class Facet(NamedTuple):
    """A facet in SQL: the subquery with its rows, and the columns of the value and its label.

    `is_single` says that an item has at most one row. `fits`, where it is known: the value is chosen, or nothing is.
    `language`: that of the label, where it is a title.
    """

    rows: Any
    value: Any
    label: Any
    is_single: bool = False
    fits: Any = None
    language: Any = None

    @property
    def item_id(self) -> Any:
        """The column with the id of the item that has the value."""
        return self.rows.c[0]


Facets = Mapping[str, Facet]


def _case_facets(_reader: Person) -> Facets:
    """The facets of cases, by the names of the fields of `CaseFilter`."""
    place = select(CasePlace.case_id).join(City, City.id == CasePlace.city_id)
    own = {"kind": Case.kind, "status": Case.status, "language": Case.language}
    return {
        **_facets(_with_agendas(Case), _agenda_value() | _unnamed(own), is_single=True),
        **_theme_facets(CaseTheme.case_id, CaseTheme.theme_id),
        **_facets(place, _place_values()),
        **_trial_facets(Case),
    }


def _practice_facets(reader: Person) -> Facets:
    """The facets of practices, by the names of the fields of `PracticeFilter`.

    It depends on the reader whether `failed` includes sections for members only.
    """
    says_what_failed = and_(
        read_by(reader, Practice.failure_audience),
        exists().where(PracticeSection.practice_id == Practice.id, PracticeSection.name == FAILURE),
    )
    # Whether its author has recently confirmed it, or has not although asked
    confirmed = case(
        (Practice.unconfirmed_at.is_not(None), "no"), (Practice.confirmed_on.is_not(None), "yes")
    )
    own = {
        "evidence": func.nullif(Practice.evidence, ""),
        "failed": case((says_what_failed, "yes")),
        "confirmed": confirmed,
        "language": Practice.language,
    }
    rows = _with_agendas(Practice).outerjoin(City, City.id == Practice.city_id)
    return {
        **_facets(rows, _agenda_value() | _place_values() | _unnamed(own), is_single=True),
        **_theme_facets(PracticeTheme.practice_id, PracticeTheme.theme_id),
        **_trial_facets(Practice),
    }


def _reading_facets(_reader: Person) -> Facets:
    """The facets of best reads, by the names of the fields of `ReadingFilter`."""
    own = {"kind": Reading.kind, "year": func.cast(Reading.year, db.String)}
    return _facets(_with_agendas(Reading), _agenda_value() | _unnamed(own), is_single=True)


def _with_agendas(model: type[Any]) -> Select[Any]:
    return select(model.id).join(Agenda, Agenda.id == model.agenda_id)


def _agenda_value() -> dict[str, ValueAndLabel]:
    return {"agenda": (Agenda.slug, Agenda.title, Agenda.language)}


def _unnamed(values: Mapping[str, Any]) -> dict[str, ValueAndLabel]:
    """Values whose labels the pages translate."""
    return {name: (value, literal("")) for name, value in values.items()}


def _facets(
    items: Select[Any], values: Mapping[str, ValueAndLabel], *, is_single: bool = False
) -> Facets:
    """Facets of one subquery. `items` selects the ids of items, joined to what the values come from."""
    columns = [
        column.label(name + part)
        for name, pair in values.items()
        for part, column in zip(("", "_label", "_language"), pair, strict=False)
    ]
    rows = items.add_columns(*columns).subquery()
    return {
        name: Facet(
            rows,
            rows.c[name],
            rows.c[f"{name}_label"],
            is_single,
            language=rows.c.get(f"{name}_language"),
        )
        for name in values
    }


def _theme_facets(item_id: Any, theme_id: Any) -> Facets:
    themes = select(item_id).join(Theme, Theme.id == theme_id).where(Theme.removed_at.is_(None))
    return _facets(themes, {"theme": (Theme.slug, Theme.name)})


def _place_values(prefix: str = "") -> dict[str, ValueAndLabel]:
    # A city that is not known has no size
    size = case((City.id.is_not(None), city_size()))
    return {
        f"{prefix}country": (City.country, literal("")),
        f"{prefix}city": (City.slug, City.name),
        f"{prefix}size": (size, literal("")),
    }


def _trial_facets(model: type[Any]) -> Facets:
    """The facets of the trials of an item: in which city it was tried, and what became of it there."""
    trials = select(model.id).join(Post, opens_topic(model.topic_id))
    trials = trials.join(Mark, is_tried_mark(Post.id)).outerjoin(City, City.id == Mark.city_id)
    return _facets(trials, {"tried": (Mark.outcome, literal("")), **_place_values("tried_")})


def trial_conditions(wanted: CaseFilter | PracticeFilter) -> list[ColumnElement[bool]]:
    """In SQL, for a `Mark` joined to its `City`: the mark has one of the wanted values in each facet of trials."""
    columns = {
        "tried": Mark.outcome,
        "tried_size": city_size(),
        "tried_country": City.country,
        "tried_city": City.slug,
    }
    chosen = {name: getattr(wanted, name) for name in columns}
    conditions: list[ColumnElement[bool]] = []
    conditions += [columns[name].in_(chosen[name]) for name in columns if chosen[name]]
    # A city that is not known has no size
    return [*conditions, City.id.is_not(None)] if chosen["tried_size"] else conditions


def groups_of(facets: Facets) -> list[Facets]:
    """The facets of each subquery."""
    groups: dict[Any, dict[str, Facet]] = {}
    for name, facet in facets.items():
        groups.setdefault(facet.rows, {})[name] = facet
    return list(groups.values())


_FACETS: dict[type[Any], Callable[[Person], Facets]] = {
    Case: _case_facets,
    Practice: _practice_facets,
    Reading: _reading_facets,
}


@cached_statement
def facets_of(reader: Person, model: type[Any]) -> Facets:
    """The facets by which a reader can filter cases, practices or readings (`model`)."""
    return _FACETS[model](reader)
