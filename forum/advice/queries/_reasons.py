"""Reasons to ask a member, as pages print them and rows store them; sizes of cities and distances between them."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Any, NamedTuple

from forum.advice.models import AdviceRequest
from forum.members.models import CITY_SIZES, City
from forum.members.queries import HomeCity


class Reason(NamedTuple):
    """One reason to ask a member. What `words` and `number` mean depends on the kind:

    `helps`, `position`: the matching words of the member's own text. `theme`: the themes. `answered`, `wrote`: the theme
    (empty for the agenda), and how often. `tried`, `city`: the title of what they, or others of their city, tried, with the
    `address` and the `title_language`. `near`: the city, and kilometres. `size`: the city, and its class by
    `CITY_SIZES`. `country`: the city. `language`: its name. `passed`: nothing.
    """

    kind: str
    words: str = ""
    number: int = 0
    address: str = ""
    title_language: str = ""


EARTH_DIAMETER_KM = 12_742


def stored_reason(reason: Reason) -> list[Any]:
    """A reason as `AdviceRequest.reasons` stores it: without the title of a topic, because the topic may be hidden later."""
    words = "" if reason.kind in ("tried", "city") else reason.words
    return [reason.kind, words, reason.number]


def reasons_of(asked: AdviceRequest) -> list[Reason]:
    """The reasons that are stored with a request."""
    return [Reason(*said) for said in asked.reasons]


def size_of(city: City | HomeCity) -> int:
    """The size class of a city, from 0: how many of the populations in `CITY_SIZES` it reaches."""
    return sum(city.population >= limit for _size, limit in CITY_SIZES)


def kilometres(city: City, other: City) -> int:
    """The great-circle distance of two cities in kilometres (haversine formula)."""
    here, there = radians(city.latitude), radians(other.latitude)
    across = sin(radians(other.longitude - city.longitude) / 2) ** 2
    arc = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * across
    return round(EARTH_DIAMETER_KM * asin(sqrt(min(1.0, arc))))
