"""Cities in forms: found by name, suggested, chosen among several of the same name."""

from __future__ import annotations

from typing import Any, Protocol

from flask import Response, jsonify, make_response
from flask_babel import format_decimal
from flask_babel import gettext as _
from wtforms import RadioField, StringField

from forum import web
from forum.errors import Invalid
from forum.members import queries
from forum.members.queries import CityChoice
from forum.members.views._shared import bp


class HasCity(Protocol):
    """A form with a field for a city, and one to choose among several cities of the same name."""

    city: StringField
    city_id: RadioField


def choose_city(form: HasCity) -> None:
    """A check of `webforms.process`: set `city_id` to the number of the city that was typed, or to None for no city.

    Raises `Invalid` when no city has the name, or when several do; then `city_id` offers them.
    """
    wished, form.city_id.data = form.city_id.data, None
    if not form.city.data:
        return
    called = queries.city_choices_by_name(form.city.data)
    found = called or queries.city_choices(form.city.data)
    if not found:
        raise Invalid(
            _(
                "No city of this name is known. Try another spelling. For a small place, name the nearest city. The people who run the forum can add small places."
            ),
            "city",
        )
    meant = called if len(called) == 1 else [choice for choice in found if choice.city.id == wished]
    if meant:
        form.city_id.data = meant[0].city.id
        return
    form.city_id.choices = [(choice.city.id, _city_label(choice)) for choice in found]
    if len(found) == 1:
        raise Invalid(_("Is it this city? Choose it."), "city_id")
    raise Invalid(_("Several cities fit. Choose the one you mean."), "city_id")


def _city_label(found: CityChoice) -> str:
    city, people = found.city, format_decimal(found.city.population)
    label = city.label
    if found.also:
        names = {"name": city.name, "also": found.also, "country": city.country_name}
        label = _("%(name)s (%(also)s), %(country)s", **names)
    if found.near:
        return _(
            "%(city)s, near %(near)s (%(people)s people)",
            city=label,
            near=found.near,
            people=people,
        )
    return _("%(city)s (%(people)s people)", city=label, people=people)


@bp.get("/cities/suggest")
def cities_suggest() -> Response:
    """Cities with a name, in any script, that starts with `q`; for the script beside a field."""
    found = queries.city_choices(web.text("q"))
    return make_response(jsonify([_as_suggestion(choice) for choice in found]))


def _as_suggestion(found: CityChoice) -> dict[str, Any]:
    """A city to choose: `label` is what goes into the field, `name` and `about` are what the list says."""
    city = found.city
    near = _("near %(city)s", city=found.near) if found.near else ""
    people = _("%(people)s people", people=format_decimal(city.population))
    about = filter(None, (city.country_name, near, people))
    name = f"{city.name} ({found.also})" if found.also else city.name
    return {"id": city.id, "label": city.label, "name": name, "about": ", ".join(about)}
