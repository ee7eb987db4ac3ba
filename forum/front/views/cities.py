"""Cities: all of them, the page of each, and watching one."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from forum import web
from forum.commitments.queries import commitments_of_city
from forum.front import queries
from forum.front.views._maps import mini_map
from forum.front.views._shared import MEMBERS_SHOWN, bp
from forum.library.queries import (
    cases_in_city,
    practices_by,
    practices_tried_by,
    practices_wanted_by,
)
from forum.members.models import City
from forum.members.queries import cities_with_members, get_city, members_of_city, number_in_city
from forum.notifications.models import CITY
from forum.notifications.queries import level_of
from forum.notifications.views import set_level
from forum.ratelimits import changing
from forum.web import me


@bp.get("/cities")
def cities() -> ResponseReturnValue:
    """The cities that members come from, by country: the map of the world as a list."""
    web.depends_on()
    known = cities_with_members(me())
    countries: dict[str, list[tuple[City, int]]] = {}
    for city, members in sorted(known, key=lambda pair: pair[0].place_in_lists):
        countries.setdefault(city.country_name, []).append((city, members))
    return render_template("front/cities.html", countries=countries, total=len(known))


@bp.get("/cities/<slug>")
def city(slug: str) -> ResponseReturnValue:
    """A city: its members, what they wrote, which practices they share and tried, cases that name it, similar cities."""
    reader = me()
    city = get_city(slug)
    shared, tried = (
        practices_by(reader, city_id=city.id),
        practices_tried_by(reader, city_id=city.id),
    )
    return render_template(
        "front/city.html",
        city=city,
        members=members_of_city(reader, city.id, MEMBERS_SHOWN),
        members_count=number_in_city(reader, city.id),
        written=queries.contributions_in_city(reader, city, web.number("page")),
        practices=shared,
        tried=tried,
        wanted=practices_wanted_by(reader, city_id=city.id),
        cases=cases_in_city(reader, city.id),
        commitments=commitments_of_city(reader, city.id),
        peers=queries.peers(reader, city, shared, tried),
        spot=mini_map(city),
        level=level_of(reader, CITY, city.id),
    )


@bp.post("/cities/<slug>/watch")
@changing
def watch_city(slug: str) -> ResponseReturnValue:
    """Watch or mute a city, or stop doing so."""
    return set_level(CITY, get_city(slug).id, url_for("front.city", slug=slug))
