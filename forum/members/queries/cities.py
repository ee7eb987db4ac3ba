"""The cities of the world, and those that members come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, union

from forum.db import db, execute_core
from forum.errors import or_not_found
from forum.members.models import City, CityLabel, CityName, Member
from forum.members.queries._shared import MAX_LISTED, distinct_values
from forum.members.queries.directory import member_counts
from forum.members.queries.names import begins_with, city_ids_by_prefix
from forum.members.queries.people import visible_with_own
from forum.permissions import Person
from forum.plaintext import fold, typed_alike, typed_name
from forum.reach import sees_hidden
from forum.reachcache import cached_statement
from forum.versions import cached

COMMA = re.compile("[,;\u060c\u3001]")  # between a city and its country
ALSO_CALLED = (("AE", "uae"), ("GB", "uk"), ("US", "usa"))  # countries, besides their names
MAX_SORTED = 100  # of the biggest matching cities, of which a few are shown
MAX_OFFERED = 8  # of them, where somebody chooses one


def get_city(slug: str) -> City:
    """One city by its slug. Raises `NotFound`."""
    found = db.session.scalar(select(City).where(City.slug == slug))
    return or_not_found(found, _("There is no city of this name."))


def city_if_there(city_id: int | None) -> City | None:
    """The city with this id; None if there is no id, or no such city."""
    return db.session.get(City, city_id) if city_id else None


def cities_by_prefix(typed: str) -> list[City]:
    """The cities with a name, in any script, that starts with the typed text.

    First those whose own name does, then those found by another name, the biggest first. A country may follow after a
    comma, as its name or its code of two letters; a name of a country that is not known (in another language, or not
    finished yet) leaves nobody without a choice.
    """
    name, country = _name_and_country(typed)
    if not name:
        return []
    begins = or_(*map(begins_with, typed_alike(name)))
    return _own_names_first(_largest_cities(begins, country or None, MAX_SORTED), name)[
        :MAX_OFFERED
    ]


def cities_by_name(typed: str, limit: int = MAX_OFFERED) -> list[City]:
    """The cities with exactly the typed name, ignoring case and accents, in the same order."""
    name, country = _name_and_country(typed)
    if not name:
        return []
    found = _largest_cities(_is_called(name), country, MAX_SORTED)
    return _own_names_first(found, name)[:limit]


def _own_names_first(cities: Sequence[City], begun: str) -> list[City]:
    """These cities, those whose own name begins like this first."""
    return sorted(cities, key=lambda city: not fold(city.name).startswith(begun))


def folded_city(typed: str) -> str:
    """The folded name of a city as in `CityName.folded`, without a country after a comma."""
    return _name_and_country(typed)[0]


def city_by_name(name: str, country: str | None = None) -> City | None:
    """The biggest city with a name, within a country when its code of two letters is given; None when there is none."""
    called = _largest_cities(_is_called(typed_name(name)[:200]), [country] if country else None, 1)
    return called[0] if called else None


def _is_called(name: str) -> ColumnElement[bool]:
    # A few names end with a full stop, which `typed_name` leaves out
    return CityName.folded.in_([*typed_alike(name), f"{name}."])


def _name_and_country(typed: str) -> tuple[str, list[str] | None]:
    name, *rest = COMMA.split(typed_name(typed[:200]), maxsplit=1)
    country = typed_name(rest[0]) if rest else ""
    return typed_name(name)[:200], _country_codes(country) if country else None


def country_names() -> Mapping[str, str]:
    """The names of the countries in the language of the page, by their codes."""
    return cast(Mapping[str, str], (get_locale() or Locale("en")).territories)


def _country_codes(folded: str) -> list[str]:
    """The countries with a folded name, in English or the language of the page, or code."""
    named = {*_country_names("en"), *_country_names(str(get_locale() or "en"))}
    return [code for code, name in named if folded in (code.casefold(), name)]


def _with_countries(typed: str) -> Iterator[tuple[str, list[str]]]:
    """How a typed text may be read as a city and its country: the folded city, empty if there is none, and the codes.

    Without a comma between them, only the name of a country counts: its code may be a word, such as "in".
    """
    if COMMA.search(typed_name(typed[:200])):
        city, codes = _name_and_country(typed)
        yield city, codes or []
        return
    words = typed_name(typed[:200]).split()
    for number in range(len(words)):
        country = " ".join(words[number:])
        if len(country) > 2 and (found := _country_codes(country)):
            yield " ".join(words[:number]), found


@cache
def _country_names(locale: str) -> list[tuple[str, str]]:
    names = Locale.parse(locale).territories.items()
    return [*((code, fold(str(name))) for code, name in names), *ALSO_CALLED]


def _largest_cities(
    is_named: ColumnElement[bool], countries: Sequence[str] | None, limit: int
) -> list[City]:
    """The biggest cities with a matching name, within these countries (codes) if any are given."""
    found = select(City).where(City.id.in_(select(CityName.city_id).where(is_named)))
    if countries is not None:
        found = found.where(City.country.in_([code.upper() for code in countries]))
    return list(db.session.scalars(found.order_by(City.population.desc(), City.id).limit(limit)))


def cities_count() -> int:
    """The number of cities that are loaded."""
    return db.session.scalar(select(func.count(City.id))) or 0


def city_slugs(city_ids: Iterable[int]) -> dict[int, str]:
    """The slugs of those of these cities that are loaded, by their numbers."""
    known = select(City.id, City.slug).where(City.id.in_(list(city_ids)))
    return {row.id: row.slug for row in db.session.execute(known)}


def taken_city_slugs(slugs: Iterable[str]) -> set[str]:
    """Those of these slugs that cities have."""
    return set(db.session.scalars(select(City.slug).where(City.slug.in_(list(slugs)))))


def cities_with_members(reader: Person) -> list[tuple[City, int]]:
    """The cities of visible members with their number; most members first, then by name."""
    counted = member_counts(reader, Member.city_id)
    found = select(City, counted.c.members).join(counted, counted.c.key == City.id)
    ordered = found.order_by(counted.c.members.desc(), City.name, City.id).limit(MAX_LISTED)
    return [(city, members) for city, members in db.session.execute(ordered)]


class _HomeCity(NamedTuple):
    id: int
    slug: str
    name: str
    country: str
    latitude: float
    longitude: float
    population: int


class HomeCity(_HomeCity, CityLabel):
    """The columns of a city that maps and choices need: loading hundreds of whole rows took three times as long."""


def home_cities(reader: Person) -> tuple[HomeCity, ...]:
    """The cities of visible members, by name; cached in the process."""
    own_id = reader.id if reader.hidden_at else 0  # hidden members still see their own city

    def read() -> tuple[HomeCity, ...]:
        rows = execute_core(_home_cities(reader), {"own_id": own_id}).all()
        return tuple(map(HomeCity._make, rows))

    return cached(("home cities", sees_hidden(reader, None), own_id), read)


def home_cities_by_prefix(reader: Person, typed: str, limit: int = 5) -> list[HomeCity]:
    """Up to `limit` of the `home_cities` with a name, in any script, that starts with the typed text; by name.

    Its country may follow, with or without a comma. A country alone finds its cities.
    """
    if found := home_cities_by_prefixes(reader, [typed], limit):
        return found
    for name, codes in _with_countries(typed):
        named = home_cities_by_prefixes(reader, [name], MAX_LISTED) if name else home_cities(reader)
        if within := [city for city in named if city.country in codes]:
            return within[:limit]
    return []


def home_cities_by_prefixes(reader: Person, typed: Sequence[str], limit: int) -> list[HomeCity]:
    """Up to `limit` of the `home_cities` with a name, in any script, that starts with any of the typed texts; by name."""
    known = {city.id: city for city in home_cities(reader)}
    named = [
        city_ids_by_prefix(typed_name(prefix)[:200]).where(CityName.city_id.in_(known))
        for prefix in typed
    ]
    found = set(db.session.scalars(union(*named) if named[1:] else named[0]))
    return [city for city_id, city in known.items() if city_id in found][:limit]


@cached_statement
def _home_cities(reader: Person) -> Select[Any]:
    values = distinct_values(Member.city_id, visible_with_own(reader, bindparam("own_id")))
    columns = [getattr(City, name) for name in _HomeCity._fields]
    found = select(*columns).join(values, values.c.value == City.id)
    return found.order_by(City.name, City.id).limit(MAX_LISTED)
