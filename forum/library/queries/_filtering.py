"""Filtering a library by its facets.

SQLAlchemy and SQLite's driver keep each form of a statement, and there are thousands of sets of facets to choose from. So a
statement has the same form whatever is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Boolean, ColumnElement, Select, and_, bindparam, literal, or_, select

from forum.library.queries._facets import Facets, Filter, Values, facets_of, groups_of
from forum.permissions import Person

VALUES_AT_ONCE = 20  # what is chosen in a facet is compared in lists of this length


def facet_conditions(reader: Person, model: type[Any], wanted: Filter) -> list[ColumnElement[bool]]:
    """In SQL: the items that have, in each subquery of facets, a row with one of the wanted values of each of its facets.

    `model` is `Case`, `Practice` or `Reading`.
    """
    facets = facets_of(reader, model)
    if not is_filtered_by(facets, wanted):
        return []
    chosen = {name: _given(getattr(wanted, name)) for name in facets}
    return [
        is_among(model.id, fitting_items(group), group, chosen)
        for group in groups_of(
            {
                name: facet._replace(fits=chosen[name].fits(facet.value))
                for name, facet in facets.items()
            }
        )
    ]


def is_filtered_by(facets: Facets, wanted: Filter) -> bool:
    """Whether anything is chosen in any of the facets."""
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


def given_later(name: str) -> Chosen:
    """What `parameters_for` gives when the statement is executed."""
    return Chosen(bindparam(f"no_{name}", type_=Boolean), bindparam(name, expanding=True))


def parameters_for(facets: Facets, wanted: Filter) -> dict[str, Any]:
    """The parameters of a statement that was built with `given_later`."""
    chosen = {name: getattr(wanted, name) for name in facets}
    return {name: _in_full_lists(values) for name, values in chosen.items()} | {
        f"no_{name}": not values for name, values in chosen.items()
    }


def _in_full_lists(values: Values) -> Values:
    """The values, the last one as often as it takes to fill lists of `VALUES_AT_ONCE`."""
    filled = values or ("",)
    return filled + filled[-1:] * (-len(filled) % VALUES_AT_ONCE)


def fitting_items(group: Facets) -> Select[Any]:
    """In SQL: the ids of the items that have a row which fits all facets of its subquery."""
    (item_id,) = {facet.item_id for facet in group.values()}
    return select(item_id).where(*(facet.fits for facet in group.values()))


def is_among(
    item_id: Any, fitting: Select[Any], group: Facets, chosen: Mapping[str, Chosen]
) -> ColumnElement[bool]:
    """In SQL: an item is among the fitting ones, or nothing is chosen in their subquery."""
    return or_(and_(*(chosen[name].is_nothing for name in group)), item_id.in_(fitting))
