"""People, cities and organisations, and things that others name with their addresses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """Something that has a page of its own: its name, the last part of its address, and the whole address."""

    name: str
    slug: str
    url: str


@dataclass(frozen=True)
class Author:
    """Who wrote something. Handle and address are null when the profile is not to be read."""

    name: str
    handle: str | None
    url: str | None


@dataclass(frozen=True)
class City:
    """A city, by its number, name and place (degrees, WGS 84) in GeoNames (CC BY 4.0); the country is a code of ISO 3166."""

    id: int
    name: str
    slug: str
    url: str
    country: str
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True)
class HomeCity(City):
    """A city from which members come, and how many."""

    members: int


@dataclass(frozen=True)
class Organisation:
    """An organisation of which people are members, and how many."""

    name: str
    slug: str
    url: str
    kind: str
    city: City | None
    website: str | None
    members: int
