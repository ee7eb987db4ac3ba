"""The facets of the libraries: by what they can be filtered, and the choices of each facet with their counts.

A facet is two columns, value and label, of a subquery whose first column is the id of an item. So one function filters
by all facets, and one counts the choices of all of them. Facets of the same subquery are about the same of its rows: an
item is found by the country and the size of one place, or by the city and the outcome of one trial. What an item has
once, such as its language, is in one row for each item.

SQLAlchemy and SQLite's driver keep each form of a statement, and there are thousands of sets of facets to choose from. So a
statement has the same form whatever is chosen, and the large one that counts is built once for each reach of readers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

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
from forum.library.queries._visibility import published_practices, visible_cases, visible_readings
from forum.members.models import City
from forum.members.queries import city_size
from forum.permissions import Person
from forum.reach import read_by
from forum.reachcache import cached_for_reader, cached_large_statement, cached_statement
from forum.versions import ANY_CHANGE

MAX_CHOICES = 60  # choices of one facet
VALUES_AT_ONCE = 20  # what is chosen in a facet is compared in lists of this length
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


Choices = Mapping[str, Sequence[Choice]]
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
    """A facet in SQL: the subquery with its rows, and the columns of the value and its label.

    `is_single` says that an item has at most one row. `fits`, where it is known: the value is chosen, or nothing is.
    """

    rows: Any
    value: Any
    label: Any
    is_single: bool = False
    fits: Any = None

    @property
    def item_id(self) -> Any:
        """The column with the id of the item that has the value."""
        return self.rows.c[0]


Facets = Mapping[str, Facet]
ValueAndLabel = tuple[Any, Any]


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
    return {"agenda": (Agenda.slug, Agenda.title)}


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
        for part, column in zip(("", "_label"), pair, strict=True)
    ]
    rows = items.add_columns(*columns).subquery()
    return {name: Facet(rows, rows.c[name], rows.c[f"{name}_label"], is_single) for name in values}


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


def facet_conditions(reader: Person, model: type[Any], wanted: Filter) -> list[ColumnElement[bool]]:
    """In SQL: the items that have, in each subquery of facets, a row with one of the wanted values of each of its facets.

    `model` is `Case`, `Practice` or `Reading`.
    """
    facets = _facets_of(reader, model)
    if not _is_filtered(facets, wanted):
        return []
    chosen = {name: _given(getattr(wanted, name)) for name in facets}
    return [
        _is_among(model.id, _fitting_items(group), group, chosen)
        for group in _groups(
            {
                name: facet._replace(fits=chosen[name].fits(facet.value))
                for name, facet in facets.items()
            }
        )
    ]


def facet_choices(reader: Person, model: type[Any], wanted: Filter) -> Choices:
    """The choices of every facet among the items that the reader sees, each counted under the filters of the others.

    `model` is `Case`, `Practice` or `Reading`. One statement counts all of them; without a filter they come from the
    cache if possible.
    """
    facets = _facets_of(reader, model)

    def read(parameters: Mapping[str, Any] | None = None) -> Choices:
        choices: dict[str, list[Choice]] = {name: [] for name in facets}
        query = _choices_query(reader, model, is_filtered=parameters is not None)
        for name, *choice in db.session.execute(query, parameters):
            choices[name].append(Choice(*choice))
        return choices

    if _is_filtered(facets, wanted):
        return read(_parameters(facets, wanted))
    return cached_for_reader(reader, ("choices", model), read, ANY_CHANGE)


def _is_filtered(facets: Facets, wanted: Filter) -> bool:
    return any(getattr(wanted, name) for name in facets)


class Chosen(NamedTuple):
    """What is chosen in a facet, in SQL: whether nothing is, and the values."""

    is_nothing: Any
    values: Any

    def fits(self, value: Any) -> ColumnElement[bool]:
        """In SQL: a value is chosen, or nothing is."""
        return or_(self.is_nothing, value.in_(self.values))


def _given(values: Values) -> Chosen:
    return Chosen(literal(not values), _in_full_lists(values))


def _given_later(name: str) -> Chosen:
    """What `_parameters` gives when the statement is executed."""
    return Chosen(bindparam(f"no_{name}", type_=Boolean), bindparam(name, expanding=True))


def _parameters(facets: Facets, wanted: Filter) -> dict[str, Any]:
    chosen = {name: getattr(wanted, name) for name in facets}
    return {name: _in_full_lists(values) for name, values in chosen.items()} | {
        f"no_{name}": not values for name, values in chosen.items()
    }


def _in_full_lists(values: Values) -> Values:
    """The values, the last one as often as it takes to fill lists of `VALUES_AT_ONCE`."""
    filled = values or ("",)
    return filled + filled[-1:] * (-len(filled) % VALUES_AT_ONCE)


def _groups(facets: Facets) -> list[Facets]:
    """The facets of each subquery."""
    groups: dict[Any, dict[str, Facet]] = {}
    for name, facet in facets.items():
        groups.setdefault(facet.rows, {})[name] = facet
    return list(groups.values())


def _fitting_items(group: Facets) -> Select[Any]:
    """In SQL: the ids of the items that have a row which fits all facets of its subquery."""
    (item_id,) = {facet.item_id for facet in group.values()}
    return select(item_id).where(*(facet.fits for facet in group.values()))


def _is_among(
    item_id: Any, fitting: Select[Any], group: Facets, chosen: Mapping[str, Chosen]
) -> ColumnElement[bool]:
    """In SQL: an item is among the fitting ones, or nothing is chosen in their subquery."""
    return or_(and_(*(chosen[name].is_nothing for name in group)), item_id.in_(fitting))


_LISTED: dict[type[Any], Callable[[Person], Select[Any]]] = {
    Case: visible_cases,
    Practice: published_practices,
    Reading: visible_readings,
}
_FACETS: dict[type[Any], Callable[[Person], Facets]] = {
    Case: _case_facets,
    Practice: _practice_facets,
    Reading: _reading_facets,
}


@cached_statement
def _facets_of(reader: Person, model: type[Any]) -> Facets:
    return _FACETS[model](reader)


@cached_large_statement
def _choices_query(reader: Person, model: type[Any], *, is_filtered: bool) -> Select[Any]:
    """In SQL: each facet's name, and its choices. With filters, `_parameters` belong to it."""
    chosen = {name: _given_later(name) for name in _facets_of(reader, model)} if is_filtered else {}
    ids = _read_once(_LISTED[model](reader).with_only_columns(model.id))
    groups = _groups(_read_once_each(_facets_of(reader, model), ids, chosen))
    fitting = [(group, _read_once(_fitting_items(group))) for group in groups if is_filtered]
    counted = [
        _counted_choices(name, group).where(
            *(
                _is_among(group[name].item_id, select(items.c[0]), other, chosen)
                for other, items in fitting
                if other is not group
            )
        )
        for group in groups
        for name in group
    ]
    rows = union_all(*(select(part.subquery()) for part in counted)).subquery()
    return select(rows).order_by(rows.c.how_many.desc(), rows.c.label, rows.c.value)


def _read_once(query: Select[Any]) -> CTE:
    """A part of a statement that several others use. Without the word, SQLite would read it again for each of them."""
    return query.cte().prefix_with("MATERIALIZED")


def _read_once_each(facets: Facets, ids: CTE, chosen: Mapping[str, Chosen]) -> Facets:
    """The facets with the rows of the items that have these ids alone, read once for all facets of a subquery.

    If something is chosen, they know whether a row fits.
    """
    read: dict[Any, CTE] = {}
    for group in _groups(facets):
        (rows,) = {facet.rows for facet in group.values()}
        columns = rows.element.selected_columns
        fits = [chosen[name].fits(columns[name]).label(f"fits_{name}") for name in group if chosen]
        there = rows.element.where(columns[0].in_(select(ids.c[0])))
        read[rows] = _read_once(there.add_columns(*fits))
    return {
        name: facet._replace(
            rows=read[facet.rows],
            value=read[facet.rows].c[facet.value.key],
            label=read[facet.rows].c[facet.label.key],
            fits=read[facet.rows].c.get(f"fits_{name}"),
        )
        for name, facet in facets.items()
    }


def _counted_choices(name: str, group: Facets) -> Select[Any]:
    """In SQL: the name of a facet, and its commonest values among the rows that fit the other facets of the group.

    Each with its label and its number of items; what is chosen is among them, however rare it is.
    """
    facet = group[name]
    number = func.count() if facet.is_single else func.count(facet.item_id.distinct())
    how_many = number.label("how_many")
    value, label = facet.value.label("value"), facet.label.label("label")
    query = select(literal(name).label("name"), value, label, how_many).where(
        facet.value.is_not(None),
        *(
            other_facet.fits
            for other, other_facet in group.items()
            if other != name and other_facet.fits is not None
        ),
    )
    own_fit = [facet.fits] if facet.fits is not None else []
    query = query.group_by(facet.value, facet.label, *own_fit)
    chosen_first = [fit.desc() for fit in own_fit]
    query = query.order_by(*chosen_first, how_many.desc(), facet.label, facet.value)
    return query.limit(MAX_CHOICES)
