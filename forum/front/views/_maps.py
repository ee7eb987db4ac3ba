"""Maps: the world with its exchanges, for the home page, and a small one around a city."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from forum import drawings
from forum.front import queries
from forum.members.models import City
from forum.members.queries import HomeCity
from forum.web import me

WORLD_WIDTH, WORLD_HEIGHT = 1020, 450  # of static/world.svg
MINI_MAP_WIDTH, MINI_MAP_HEIGHT = 230, 130


class MapHub(NamedTuple):
    """A city on the map that takes part in an exchange, and the position and alignment of its name, if there is room."""

    city: HomeCity
    place: tuple[float, float]
    label: tuple[float, float, str] | None


class WorldMap(NamedTuple):
    """The map of the home page: dots for cities (one SVG path), hubs with names, curves for exchanges."""

    dots: str
    hubs: tuple[MapHub, ...]
    arcs: tuple[str, ...]


def world_map(cities: tuple[HomeCity, ...], until: datetime | None) -> WorldMap:
    """The map of these cities, with the exchanges between them in the time before a moment; without exchanges for None."""
    by_id = {city.id: city for city in cities}
    found = queries.exchanges(me(), until, by_id) if until else []
    return _drawn_world_map(cities, tuple(found))


@lru_cache(8)
def _drawn_world_map(cities: tuple[HomeCity, ...], found: tuple[queries.Exchange, ...]) -> WorldMap:
    named = {city.id: city for pair in found for city in (pair.city, pair.partner)}
    where = {key: drawings.project(city.latitude, city.longitude) for key, city in named.items()}
    labels = drawings.labels([(*where[city.id], city.name) for city in named.values()])
    hubs = (
        MapHub(city, where[city.id], label)
        for city, label in zip(named.values(), labels, strict=True)
    )
    arcs = (drawings.arc(where[pair.city.id], where[pair.partner.id]) for pair in found)
    others = (city for city in cities if city.id not in named)
    dots = drawings.dots((city.latitude, city.longitude) for city in others)
    return WorldMap(dots, tuple(hubs), tuple(arcs))


class MiniMap(NamedTuple):
    """A small map around a city: the SVG view box, and the position of its dot."""

    viewbox: str
    place: tuple[float, float]


def mini_map(city: City | None) -> MiniMap | None:
    """The map around a city, which is in its middle, except near the edges of the world."""
    if city is None:
        return None
    x, y = drawings.project(city.latitude, city.longitude)
    left = min(max(0.0, x - MINI_MAP_WIDTH / 2), WORLD_WIDTH - MINI_MAP_WIDTH)
    top = min(max(0.0, y - MINI_MAP_HEIGHT / 2), WORLD_HEIGHT - MINI_MAP_HEIGHT)
    return MiniMap(f"{left:g} {top:g} {MINI_MAP_WIDTH} {MINI_MAP_HEIGHT}", (x, y))
