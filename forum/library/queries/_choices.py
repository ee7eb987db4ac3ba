"""The choices of each facet, with their counts: one large statement, which is built once for each reach of readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Select, func, literal, select, union_all

from forum.db import db
from forum.library.models import Case, Practice, Reading
from forum.library.queries._facets import Facets, Filter, facets_of, groups_of
from forum.library.queries._filtering import (
    Chosen,
    fitting_items,
    given_later,
    is_among,
    is_filtered_by,
    parameters_for,
)
from forum.library.queries._visibility import published_practices, visible_cases, visible_readings
from forum.permissions import Person
from forum.reachcache import cached_for_reader, cached_large_statement
from forum.versions import ANY_CHANGE

MAX_CHOICES = 60  # choices of one facet
_LISTED: dict[type[Any], Callable[[Person], Select[Any]]] = {
    Case: visible_cases,
    Practice: published_practices,
    Reading: visible_readings,
}


@dataclass(frozen=True)
class Choice:
    """One value of a facet, its label, and how many items have it under the filters of the other facets.

    The label is empty if the page has a translation for the value; `language` is that of a title.
    """

    value: str
    label: str
    count: int
    language: str = ""


Choices = Mapping[str, Sequence[Choice]]


def facet_choices(reader: Person, model: type[Any], wanted: Filter) -> Choices:
    """The choices of every facet among the items that the reader sees, each counted under the filters of the others.

    `model` is `Case`, `Practice` or `Reading`. One statement counts all of them; without a filter they come from the
    cache if possible.
    """
    facets = facets_of(reader, model)

    def read(parameters: Mapping[str, Any] | None = None) -> Choices:
        choices: dict[str, list[Choice]] = {name: [] for name in facets}
        query = _choices_query(reader, model, is_filtered=parameters is not None)
        for name, *choice in db.session.execute(query, parameters):
            choices[name].append(Choice(*choice))
        return choices

    if is_filtered_by(facets, wanted):
        return read(parameters_for(facets, wanted))
    return cached_for_reader(reader, ("choices", model), read, ANY_CHANGE)


@cached_large_statement
def _choices_query(reader: Person, model: type[Any], *, is_filtered: bool) -> Select[Any]:
    """In SQL: each facet's name, and its choices. With filters, `parameters_for` belong to it."""
    chosen = {name: given_later(name) for name in facets_of(reader, model)} if is_filtered else {}
    ids = _read_once(_LISTED[model](reader).with_only_columns(model.id))
    groups = groups_of(_read_once_each(facets_of(reader, model), ids, chosen))
    fitting = [(group, _read_once(fitting_items(group))) for group in groups if is_filtered]
    counted = [
        _counted_choices(name, group).where(
            *(
                is_among(group[name].item_id, select(items.c[0]), other, chosen)
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
    for group in groups_of(facets):
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
            language=read[facet.rows].c.get(f"{name}_language"),
        )
        for name, facet in facets.items()
    }


def _counted_choices(name: str, group: Facets) -> Select[Any]:
    """In SQL: the name of a facet, and its commonest values among the rows that fit the other facets of the group.

    Each with its label, its number of items and the language of the label; what is chosen is among them, however rare it is.
    """
    facet = group[name]
    number = func.count() if facet.is_single else func.count(facet.item_id.distinct())
    how_many = number.label("how_many")
    value, label = facet.value.label("value"), facet.label.label("label")
    known = [facet.language] if facet.language is not None else []
    language = (known[0] if known else literal("")).label("language")
    query = select(literal(name).label("name"), value, label, how_many, language).where(
        facet.value.is_not(None),
        *(
            other_facet.fits
            for other, other_facet in group.items()
            if other != name and other_facet.fits is not None
        ),
    )
    own_fit = [facet.fits] if facet.fits is not None else []
    query = query.group_by(facet.value, facet.label, *known, *own_fit)
    chosen_first = [fit.desc() for fit in own_fit]
    query = query.order_by(*chosen_first, how_many.desc(), facet.label, facet.value)
    return query.limit(MAX_CHOICES)
