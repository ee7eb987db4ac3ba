"""The facets of the libraries: by what they can be filtered, and the choices of each facet with their counts.

A facet is two columns, value and label, of a subquery whose first column is the id of an item. So one function filters
by all facets, and one counts the choices of all of them. Facets of the same subquery are about the same of its rows: an
item is found by the country and the size of one place, or by the city and the outcome of one trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Select, case, exists, func, literal, select, union_all

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
# The facets of a trial, each with the column that it is about
TRIAL_FACETS = {
    "tried": "outcome",
    "tried_size": "size",
    "tried_country": "country",
    "tried_city": "city",
}


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
    """A facet in SQL: the subquery with its rows, and the columns of the value and its label."""

    rows: Any
    value: Any
    label: Any

    @property
    def item_id(self) -> Any:
        """The column with the id of the item that has the value."""
        return self.rows.c[0]


Facets = Mapping[str, Facet]


def case_facets() -> Facets:
    """The facets of cases, by the names of the fields of `CaseFilter`."""
    place = select(CasePlace.case_id).join(City, City.id == CasePlace.city_id)
    theme = select(CaseTheme.case_id, Theme.slug, Theme.name)
    return {
        "agenda": _facet(_agenda_rows(Case)),
        "theme": _facet(_not_removed(theme.join(Theme, Theme.id == CaseTheme.theme_id))),
        **_place_facets(place),
        "kind": _facet(select(Case.id, Case.kind, Case.kind)),
        "status": _facet(select(Case.id, Case.status, Case.status)),
        "language": _facet(select(Case.id, Case.language, Case.language)),
        **_trial_facets(Case),
    }


def practice_facets(reader: Person) -> Facets:
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
        "agenda": _facet(_agenda_rows(Practice)),
        "theme": _facet(_not_removed(theme.join(Theme, Theme.id == PracticeTheme.theme_id))),
        **_place_facets(place),
        "evidence": _facet(evidence),
        "failed": _facet(failed),
        "confirmed": _facet(confirmed),
        "language": _facet(select(Practice.id, Practice.language, Practice.language)),
        **_trial_facets(Practice),
    }


def reading_facets() -> Facets:
    """The facets of best reads, by the names of the fields of `ReadingFilter`."""
    year = func.cast(Reading.year, db.String)
    return {
        "agenda": _facet(_agenda_rows(Reading)),
        "kind": _facet(select(Reading.id, Reading.kind, Reading.kind)),
        "year": _facet(select(Reading.id, year, year).where(Reading.year.is_not(None))),
    }


def _facet(query: Any) -> Facet:
    rows = query.subquery()
    return Facet(rows, rows.c[1], rows.c[2])


def _agenda_rows(model: type[Any]) -> Select[Any]:
    return select(model.id, Agenda.slug, Agenda.title).join(Agenda, Agenda.id == model.agenda_id)


def _not_removed(query: Any) -> Any:
    return query.where(Theme.removed_at.is_(None))


def _place_facets(places: Select[Any]) -> Facets:
    """The facets of the place of an item. `places` selects the ids of items, joined to their cities."""
    rows = places.add_columns(*_place_columns()).subquery()
    return {
        "country": Facet(rows, rows.c.country, rows.c.country),
        "city": Facet(rows, rows.c.city, rows.c.city_name),
        "size": Facet(rows, rows.c.size, rows.c.unnamed),
    }


def _place_columns() -> tuple[Any, ...]:
    return (
        City.country.label("country"),
        City.slug.label("city"),
        City.name.label("city_name"),
        case((City.id.is_not(None), city_size())).label("size"),
        literal("").label("unnamed"),
    )


def _trial_facets(model: type[Any]) -> Facets:
    """The facets of the trials of an item: in which city it was tried, and what became of it there."""
    query = select(model.id).join(Post, opens_topic(model.topic_id))
    query = query.join(Mark, is_tried_mark(Post.id)).outerjoin(City, City.id == Mark.city_id)
    rows = query.add_columns(Mark.outcome.label("outcome"), *_place_columns()).subquery()
    labels = {"country": rows.c.country, "city": rows.c.city_name}
    return {
        name: Facet(rows, rows.c[column], labels.get(column, rows.c.unnamed))
        for name, column in TRIAL_FACETS.items()
    }


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


def facet_conditions(
    item_id: Any, facets: Facets, wanted: Filter, but: Any = None
) -> list[ColumnElement[bool]]:
    """In SQL: the items that have, in each subquery of facets, a row with one of the wanted values of each of its facets.

    The facets of the subquery `but` are ignored.
    """
    return [
        item_id.in_(select(rows.c[0]).where(*_row_conditions(facets, wanted, rows)))
        for rows in dict.fromkeys(
            facet.rows for name, facet in facets.items() if getattr(wanted, name)
        )
        if rows is not but
    ]


def _row_conditions(
    facets: Facets, wanted: Filter, rows: Any, but: str = ""
) -> list[ColumnElement[bool]]:
    """In SQL: a row of a subquery has one of the wanted values in each of its facets, ignoring the facet named `but`."""
    return [
        facet.value.in_(getattr(wanted, name))
        for name, facet in facets.items()
        if facet.rows is rows and name != but and getattr(wanted, name)
    ]


def facet_choices(
    visible: Select[Any], item_id: Any, facets: Facets, wanted: Filter
) -> dict[str, list[Choice]]:
    """The choices of every facet among the visible items, each counted under the filters of the other facets.

    One statement counts all of them, and reads once what several of them need.
    """
    ids = _read_once(visible.with_only_columns(item_id.label("id")))
    facets = _with_rows_read_once(facets)
    parts = (_counted_choices(select(ids.c.id), facets, wanted, name) for name in facets)
    rows = union_all(*(select(part.subquery()) for part in parts)).subquery()
    ordered = select(rows).order_by(rows.c.how_many.desc(), rows.c.label, rows.c.value)
    choices: dict[str, list[Choice]] = {name: [] for name in facets}
    for name, *choice in db.session.execute(ordered):
        choices[name].append(Choice(*choice))
    return choices


def _read_once(query: Select[Any]) -> CTE:
    """A part of a statement that several others use. Without the word, SQLite would read it again for each of them."""
    return query.cte().prefix_with("MATERIALIZED")


def _with_rows_read_once(facets: Facets) -> Facets:
    shared = {facet.rows: _read_once(select(facet.rows)) for facet in facets.values()}
    return {
        name: Facet(
            shared[facet.rows],
            shared[facet.rows].c[facet.value.key],
            shared[facet.rows].c[facet.label.key],
        )
        for name, facet in facets.items()
    }


def _counted_choices(ids: Select[Any], facets: Facets, wanted: Filter, name: str) -> Select[Any]:
    """In SQL: the name of a facet, and its commonest values with their labels and numbers of items among those of `ids`."""
    facet = facets[name]
    (item_id,) = ids.selected_columns
    items = ids.where(*facet_conditions(item_id, facets, wanted, facet.rows))
    how_many = func.count(facet.item_id.distinct()).label("how_many")
    value, label = facet.value.label("value"), facet.label.label("label")
    query = select(literal(name).label("name"), value, label, how_many).where(
        facet.item_id.in_(items),
        facet.value.is_not(None),
        *_row_conditions(facets, wanted, facet.rows, name),
    )
    query = query.group_by(facet.value, facet.label)
    return query.order_by(how_many.desc(), facet.label, facet.value).limit(MAX_CHOICES)
