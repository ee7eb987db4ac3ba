"""Facets on the pages of the libraries: the values in the address, labelled choices, and addresses without one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_babel import gettext as _

from forum.dialogue.models import OUTCOMES
from forum.library import forms
from forum.library.queries import (
    EVIDENCE,
    TRIAL_FACETS,
    CaseFilter,
    Choice,
    Choices,
    PracticeFilter,
    ReadingFilter,
)
from forum.library.views._shared import words_for_columns
from forum.members.models import CITY_SIZES, LARGEST_SIZE
from forum.members.queries import country_names, languages
from forum.plaintext import tidy

MAX_CHOSEN = 20


@dataclass(frozen=True)
class ShownFacet:
    """One facet as the page shows it: choices are (value, label, count).

    `group` is the heading that it shares with the facets beside it, or nothing; `chip` what it is called where it
    stands alone. `languages` are those of labels that are titles, by value.
    """

    name: str
    title: str
    choices: list[tuple[str, str, int]]
    chosen: tuple[str, ...]
    group: str
    chip: str
    languages: Mapping[str, str]


_PARAMETERS = {
    field.name
    for filter_class in (CaseFilter, PracticeFilter, ReadingFilter)
    for field in fields(filter_class)
}


_LABELS: dict[str, Mapping[str, Any]] = {
    "kind": {**forms.KIND_NAMES, **forms.READING_NAMES},
    "status": forms.STATUS_NAMES,
    "size": forms.SIZE_NAMES,
    "evidence": forms.EVIDENCE_NAMES,
    "tried": forms.OUTCOME_NAMES,
    "tried_size": forms.SIZE_NAMES,
}
_CHOICE_ORDERS: dict[str, tuple[str, ...]] = {
    "size": (*(size for size, _most in CITY_SIZES), LARGEST_SIZE),
    "evidence": EVIDENCE,
    "confirmed": ("yes", "no"),
    "tried": OUTCOMES,
    "tried_size": (*(size for size, _most in CITY_SIZES), LARGEST_SIZE),
}


def render_library(
    name: str,
    facets: list[ShownFacet],
    *,
    address: str = "",
    template: str = "",
    count_untried: Callable[[], int] = int,
    **context: Any,
) -> str:
    """Render the list `name` (cases, practices or readings) with its facets, and a chip to remove each chosen value.

    `address` and `template` are for a page that offers the list to choose from. `count_untried` counts the items that the
    filters leave without the one by what became of a trial; it is called only where no city tried any of them.
    """
    address = address or url_for(f"library.{name}")
    chips = [
        (
            text,
            _address_without(address, facet.name, value),
            facet.languages.get(value),
            f"{facet.chip}{_(': ')}",
        )
        for facet in facets
        for value, text, _count in facet.choices
        if value in facet.chosen
    ]
    return render_template(
        template or f"library/{name}.html",
        facets=_in_groups(facets),
        chips=chips,
        table=address_with_filters(f"library.{name}_table"),
        is_filterable=any(facet.choices for facet in facets),
        untried=_address_of_untried(address, facets, count_untried),
        **words_for_columns(),
        **context,
    )


def _in_groups(facets: Iterable[ShownFacet]) -> list[tuple[str, list[ShownFacet]]]:
    """The facets that have choices, under the headings of their groups."""
    shown = (facet for facet in facets if facet.choices)
    return [(group, list(alike)) for group, alike in groupby(shown, lambda facet: facet.group)]


def address_with_filters(endpoint: str) -> str:
    """The address at which everything that the list shows under its filters is saved as a file."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    filters = {key: args[key] for key in args if key in _PARAMETERS - {"order"}}
    return url_for(endpoint, **filters)


def chosen_values(filter_class: type[Any]) -> dict[str, tuple[str, ...]]:
    """The values of each facet that the address chooses, by the names of the fields of a filter."""
    names = [field.name for field in fields(filter_class) if field.name != "order"]
    return {name: _chosen_in_query(name) for name in names}


def _chosen_in_query(name: str) -> tuple[str, ...]:
    given = dict.fromkeys(tidy(value)[:100] for value in request.args.getlist(name))
    return tuple(value for value in given if value)[:MAX_CHOSEN]


def _address_of_untried(
    address: str, facets: Iterable[ShownFacet], count_untried: Callable[[], int]
) -> str:
    """If only what was tried is wanted, and no city tried any of these: the address of the list with its other filters.

    Nothing where the other filters alone leave nothing.
    """
    chosen = [facet for facet in facets if facet.name in TRIAL_FACETS and facet.chosen]
    if [facet.name for facet in chosen] != ["tried"]:
        return ""
    if any(count for _value, _text, count in chosen[0].choices) or not count_untried():
        return ""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    kept = {key: args[key] for key in args if key in _PARAMETERS and key != "tried"}
    return f"{address}?{urlencode(kept, doseq=True)}" if kept else address


def _address_without(address: str, facet: str, value: str) -> str:
    """The address of the same list without one of the filters."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    args[facet] = [other for other in args.get(facet, []) if other != value]
    query = urlencode({key: args[key] for key in args if key in _PARAMETERS}, doseq=True)
    return f"{address}?{query}" if query else address


def shown_facets(choices: Choices, wanted: Any) -> list[ShownFacet]:
    """The facets of a list in the order of the page, with titles, choices and the chosen values."""
    place = _("Places") if isinstance(wanted, CaseFilter) else _("Where it comes from")
    groups = dict.fromkeys(("country", "city", "size"), place)
    groups |= dict.fromkeys(TRIAL_FACETS, _("Tried elsewhere"))
    chips = dict.fromkeys(TRIAL_FACETS, _("Tried in")) | {"tried": _("Tried elsewhere")}
    return [
        ShownFacet(
            name,
            title,
            _labelled_choices(name, choices[name], getattr(wanted, name)),
            getattr(wanted, name),
            groups.get(name, ""),
            chips.get(name, title),
            {choice.value: choice.language for choice in choices[name] if choice.language},
        )
        for name, title in _facet_titles().items()
        if name in choices
    ]


def _facet_titles() -> dict[str, str]:
    """The titles of all facets, in the order in which a page shows those that it has."""
    return {
        "agenda": _("Agenda"),
        "theme": _("Theme"),
        "tried": _("What became of it"),
        "tried_size": _("Size of the city"),
        "tried_country": _("Country"),
        "tried_city": _("City"),
        "country": _("Country"),
        "city": _("City"),
        "size": _("Size of the city"),
        "kind": _("Kind"),
        "status": _("Status"),
        "evidence": _("Evidence"),
        "failed": _("What did not work"),
        "confirmed": _("Still true?"),
        "language": _("Language"),
        "year": _("Year"),
    }


def _labelled_choices(
    name: str, choices: Sequence[Choice], chosen: Iterable[str]
) -> list[tuple[str, str, int]]:
    """The choices with their labels, in the order of the page; a chosen value is included even if no item has it."""
    found = {choice.value: choice for choice in choices}
    missing = [Choice(value, value, 0) for value in chosen if value not in found]
    ordered = [*choices]
    if order := _CHOICE_ORDERS.get(name):
        ordered.sort(key=lambda choice: order.index(choice.value))
    elif name == "year":
        ordered.sort(key=lambda choice: choice.value, reverse=True)
    labels = _labels(name)
    return [
        (choice.value, str(labels.get(choice.value) or choice.label or choice.value), choice.count)
        for choice in [*ordered, *missing]
    ]


def _labels(name: str) -> Mapping[str, Any]:
    """The translated labels of the values of a facet; nothing for values that have labels of their own."""
    match name:
        case "country" | "tried_country":
            return country_names()
        case "failed":
            return {"yes": _("Says what did not work")}
        case "confirmed":
            return {"yes": _("The author says so"), "no": _("Nobody has confirmed it")}
        case "language":
            return dict(languages())
    return _LABELS.get(name, {})


def address_with_order(order: str) -> str:
    """The address of the list of practices in another order, with the same filters."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    args["order"] = order if order != "featured" else None
    return url_for("library.practices", **{key: args[key] for key in args if key in _PARAMETERS})
