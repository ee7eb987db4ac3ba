"""Cities, loaded from a file and updated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from sqlalchemy import delete, insert, update

from forum.columns import Base
from forum.db import db
from forum.deeds import action
from forum.members import queries
from forum.members.actions._names import slug_from
from forum.members.models import City, CityName
from forum.permissions import Person, require
from forum.plaintext import SIGNS_AROUND_WORDS, fold

# GeoNames number, name, country code, latitude, longitude, population, names in all scripts
CityRow = tuple[int, str, str, float, float, int, list[str]]
BATCH_SIZE = 2_000  # rows of one statement


@action
def load_cities(
    administrator: Person,
    rows: Iterable[CityRow],
    progress: Callable[[int], None] = lambda _number: None,
) -> int:
    """Load cities with their names, and update those with a known id; returns how many were loaded.

    The slug of a city never changes: the biggest city of a name has the name alone, the others add their country.
    `progress` is called after each batch with the number of cities in it.
    """
    require(administrator.can.administer())
    loaded = 0
    for batch in _batches(sorted(rows, key=lambda row: -row[5]), BATCH_SIZE):
        _load(batch)
        loaded += len(batch)
        progress(len(batch))
    return loaded


def _batches(rows: Iterable[CityRow], size: int) -> Iterator[list[CityRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def _load(rows: list[CityRow]) -> None:
    known = queries.city_slugs(row[0] for row in rows)
    old = [row[0] for row in rows if row[0] in known]
    if old:
        db.session.execute(delete(CityName).where(CityName.city_id.in_(old)))
        db.session.execute(
            update(City), [_city(row, known[row[0]]) for row in rows if row[0] in known]
        )
    wishes = {row[0]: _slugs_wished(row) for row in rows if row[0] not in known}
    taken = queries.taken_city_slugs(chain.from_iterable(wishes.values()))
    new = [_city(row, _city_slug(wishes[row[0]], taken)) for row in rows if row[0] in wishes]
    if new:
        db.session.execute(insert(City), new)
    names = [{"city_id": row[0], "folded": name} for row in rows for name in _names(row)]
    # Into the table, because inserting 280,000 names with the mapped class takes three times as long.
    db.session.execute(insert(Base.metadata.tables[CityName.__tablename__]), names)


def _city(row: CityRow, slug: str) -> dict[str, object]:
    fields = ("id", "name", "country", "latitude", "longitude", "population")
    return {**dict(zip(fields, row[:6], strict=True)), "slug": slug}


def _slugs_wished(row: CityRow) -> tuple[str, ...]:
    name = slug_from(row[1])[:60] or "city"
    return name, f"{name}-{row[2].lower()}", f"{name}-{row[2].lower()}-{row[0]}"


def _city_slug(wishes: Iterable[str], taken: set[str]) -> str:
    slug = next(wish for wish in wishes if wish not in taken)
    taken.add(slug)
    return slug


def _names(row: CityRow) -> list[str]:
    """The folded names of a city, those that begin with a sign without it, too: people type Amran for ‘Amrān."""
    folded = [" ".join(fold(name).split())[:200] for name in (row[1], *row[6])]
    plain = [name.lstrip(SIGNS_AROUND_WORDS) for name in folded]
    return [name for name in dict.fromkeys((*folded, *plain)) if name]
