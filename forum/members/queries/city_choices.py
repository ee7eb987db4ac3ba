"""Choices of cities, while one types or afterwards: their order, names found, and how to tell equal ones apart."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from math import cos, radians
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from forum.db import db
from forum.members.models import City
from forum.members.queries.cities import cities_by_name, cities_by_prefix, folded_city
from forum.plaintext import fold, typed_alike

CITIES_FILE = Path(__file__).parent.parent / "data" / "cities.tsv.gz"
MORE_PEOPLE = 2  # how much larger a city must be to be better known
DEGREES = 5  # of latitude and longitude; a city farther away is not near


class CityChoice(NamedTuple):
    """A city to choose: `also` is the other name by which it was found, `near` a larger city if labels are equal.

    Both are empty otherwise.
    """

    city: City
    also: str
    near: str


def city_choices(typed: str) -> list[CityChoice]:
    """The cities to offer while somebody types: those whose own name begins like this first, then the biggest."""
    return _choices(typed, cities_by_prefix(typed))


def city_choices_by_name(typed: str) -> list[CityChoice]:
    """The cities with exactly the typed name, in the same order."""
    return _choices(typed, cities_by_name(typed))


def _choices(typed: str, cities: Sequence[City]) -> list[CityChoice]:
    name = folded_city(typed)
    near = _nearest_of_equal_ones(cities)
    return [CityChoice(city, _other_name(city, name), near.get(city.id, "")) for city in cities]


def _other_name(city: City, begun: str) -> str:
    """The first other name of a city that begins like this; empty when its own name does."""
    begins = tuple(typed_alike(begun))
    if fold(city.name).startswith(begins):
        return ""
    return next((name for name in _other_names(city.id) if fold(name).startswith(begins)), "")


def _other_names(city_id: int) -> list[str]:
    """The other names of a city in their original spelling; the database has them without accents."""
    lines = _lines()
    begin = lines.find(b"\n%d\t" % city_id)
    line = lines[begin + 1 : lines.find(b"\n", begin + 1)] if begin >= 0 else b""
    return line.decode().rpartition("\t")[2].split("|")


@cache
def _lines() -> bytes:
    """The whole list: five megabytes in memory, but unpacking it takes a tenth of a second."""
    return gzip.decompress(CITIES_FILE.read_bytes()) + b"\n"


def _nearest_of_equal_ones(cities: Iterable[City]) -> dict[int, str]:
    """For cities with the same name and country, by id: the name of the nearest much larger city, if one is near."""
    cities = list(cities)
    number = Counter((city.name, city.country) for city in cities)
    equal = [city for city in cities if number[city.name, city.country] > 1]
    return {city.id: near for city in equal if (near := _nearest_larger_city(city))}


def _nearest_larger_city(city: City) -> str | None:
    north = City.latitude - city.latitude
    east = (City.longitude - city.longitude) * cos(radians(city.latitude))
    found = select(City.name).where(
        City.country == city.country,
        City.population >= MORE_PEOPLE * city.population,
        City.latitude.between(city.latitude - DEGREES, city.latitude + DEGREES),
        City.longitude.between(city.longitude - DEGREES, city.longitude + DEGREES),
        City.name != city.name,
    )
    return db.session.scalar(found.order_by(north * north + east * east, City.id).limit(1))
