"""How similar two cities are: what they have in common, with reasons that a reader can check, and their order. No tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from math import sqrt
from typing import NamedTuple

from forum.advice.queries import size_of
from forum.members.models import City
from forum.members.queries import HomeCity, language_names
from forum.plaintext import fold

MAX_PEERS = 6
MAX_TIES = 2  # practices that are named for one city
MAX_NAMED = 3  # themes that are named for one city
WRITTEN, HELPED = 2, 1  # points of a text on a theme, and of a member who helps with it
MAX_COUNTED = 3 * WRITTEN  # further points on a theme do not make a city more similar
# What is named for a city on a theme, the most useful first
QUESTION, PRACTICE, EXPERIENCE, CASE, HELPS = WORKS = (
    "question",
    "practice",
    "experience",
    "case",
    "helps",
)
# Connections by practices, from the strongest, and the points of each
TIES = {"adapted": 2.0, "source": 2.0, "tried": 1.5, "origin": 1.5, "tried too": 1.0}
MAX_TIE_POINTS = 3.0
# These only order cities that have something in common
ALIKE_POINTS = 0.2


class Link(NamedTuple):
    """A name in a reason, and the page that shows it.

    `title` is that of the page, if it differs from the name; `language` is that of the last of both.
    """

    name: str
    address: str
    language: str = ""
    title: str = ""


class Reason(NamedTuple):
    """One reason for a city: `kind` is one of `WORKS`, with a link for each theme, or of `TIES`, with one for the practice.

    `word` is the outcome for practices that were tried. For `size`, `number` is the class of `size_of`; for
    `language`, `word` is its own name.
    """

    kind: str
    links: tuple[Link, ...] = ()
    word: str = ""
    number: int = 0


class Work(NamedTuple):
    """Something that a city has on a theme, and the page that shows it."""

    theme_id: int
    city_id: int
    kind: str
    link: Link


class Tie(NamedTuple):
    """A practice that connects two cities: the other city, how, the practice, and its outcome there."""

    city_id: int
    kind: str
    practice: Link
    outcome: str = ""


@dataclass
class CityThemes:
    """What the city of a page has on themes: points (of `WRITTEN` and `HELPED`), names, slugs, and the languages it writes."""

    counted: Counter[int] = field(default_factory=Counter)
    names: dict[int, str] = field(default_factory=dict)
    slugs: dict[int, str] = field(default_factory=dict)
    languages: set[str] = field(default_factory=set)

    def keep_most(self, limit: int) -> None:
        """Keep the themes with the most points; among equals the first by name."""
        ordered = sorted(self.counted, key=lambda id: (-self.counted[id], fold(self.names[id]), id))
        for theme_id in ordered[limit:]:
            del self.counted[theme_id]


class Peer(NamedTuple):
    """A similar city, and the reasons, strongest first."""

    city: HomeCity
    reasons: tuple[Reason, ...]


Works = dict[int, list[Work]]


@dataclass
class _Other:
    """Another city: what it has on each theme with its points, a connection for each practice, and other similarities."""

    city: HomeCity
    works: Works
    points: dict[int, float]
    ties: list[Tie]
    alike: list[Reason]

    @property
    def order(self) -> tuple[float, str, int]:
        """A sort key: the most similar first, equals by name."""
        ties = min(MAX_TIE_POINTS, sum(TIES[tie.kind] for tie in self.ties))
        strength = sum(self.points.values()) + ties + len(self.alike) * ALIKE_POINTS
        return round(-strength, 6), fold(self.city.name), self.city.id


def likest(
    city: City,
    own: CityThemes,
    works: Iterable[Work],
    ties: Iterable[Tie],
    cities: Mapping[int, HomeCity],
) -> list[Peer]:
    """Up to `MAX_PEERS` of `cities` that have themes or practices in common with one, the likest first, others by name.

    A theme says the more the more both have on it and the fewer cities have it. Works and ties must be in an order in
    which the first is the one to name.
    """
    by_city, tied = _by_city(works, own), defaultdict[int, list[Tie]](list)
    for tie in ties:
        tied[tie.city_id].append(tie)
    cities_on = Counter(theme_id for themes_there in by_city.values() for theme_id in themes_there)
    unusual = own.languages - _usual_languages(by_city)
    others = []
    for other_id in {*by_city, *tied} & cities.keys() - {city.id}:
        other, known = cities[other_id], by_city.get(other_id, {})
        points = {
            theme_id: _points(own.counted[theme_id], known[theme_id], cities_on[theme_id])
            for theme_id in known
        }
        alike = _alike(city, other, unusual & _languages_of(known))
        others.append(_Other(other, known, points, _strongest(tied[other_id]), alike))
    best = nsmallest(MAX_PEERS, others, key=lambda other: other.order)
    return [Peer(other.city, tuple(_reasons(other, own))) for other in best]


def _by_city(works: Iterable[Work], own: CityThemes) -> dict[int, Works]:
    """What each city has, by theme, on the themes of one city."""
    found: dict[int, Works] = defaultdict(lambda: defaultdict(list))
    for work in works:
        if work.theme_id in own.counted:
            found[work.city_id][work.theme_id].append(work)
    return found


def _points(here: int, works: Iterable[Work], cities: int) -> float:
    there = sum(HELPED if work.kind == HELPS else WRITTEN for work in works)
    return sqrt(min(MAX_COUNTED, here) * min(MAX_COUNTED, there) / cities) / WRITTEN


def _usual_languages(by_city: Mapping[int, Works]) -> set[str]:
    """The languages that at least half of the cities write: they do not count as a similarity."""
    counted = Counter(code for works in by_city.values() for code in _languages_of(works))
    return {code for code, number in counted.items() if number * 2 >= len(by_city)}


def _languages_of(works: Works) -> set[str]:
    return {
        work.link.language
        for city_works in works.values()
        for work in city_works
        if work.kind not in (CASE, HELPS)
    }


def _alike(city: City, other: HomeCity, languages: Collection[str]) -> list[Reason]:
    same = [
        Reason("language", word=language_names().get(code, code)) for code in sorted(languages)[:1]
    ]
    size = size_of(city)
    is_known = city.population and other.population
    return [*([Reason("size", number=size)] if is_known and size == size_of(other) else []), *same]


def _strongest(ties: Iterable[Tie]) -> list[Tie]:
    """The connections by strength; of several through one practice only the first."""
    first: dict[str, Tie] = {}
    for tie in sorted(ties, key=lambda tie: -TIES[tie.kind]):
        first.setdefault(tie.practice.address, tie)
    return list(first.values())


def _reasons(other: _Other, own: CityThemes) -> Iterator[Reason]:
    """Practices in common, then themes, then other similarities. No two reasons link to the same page."""
    ties = other.ties[:MAX_TIES]
    for tie in ties:
        yield Reason(tie.kind, (tie.practice,), tie.outcome)
    shown = {tie.practice.address for tie in ties}
    named: dict[tuple[str, Link], list[str]] = {}
    for theme_id in sorted(other.works, key=lambda id: (-other.points[id], fold(own.names[id]))):
        left = [work for work in other.works[theme_id] if work.link.address not in shown]
        if left and sum(map(len, named.values())) < MAX_NAMED:
            best = min(left, key=lambda work: WORKS.index(work.kind))
            page = best.link._replace(name="")
            named.setdefault((best.kind, page), []).append(best.link.name)
    for wanted in WORKS:
        links = tuple(
            page._replace(name=", ".join(names))
            for (kind, page), names in named.items()
            if kind == wanted
        )
        if links:
            yield Reason(wanted, links)
    yield from other.alike
