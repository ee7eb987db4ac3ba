"""For an export: members, organisations, and the names of cities."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import MemberTheme
from forum.db import db
from forum.members.models import (
    City,
    CityName,
    EarlierHandle,
    Mandate,
    Member,
    Organisation,
    Portrait,
)
from forum.members.queries import visible_members
from forum.permissions import Person
from forum.plaintext import fold
from forum.transfer.queries._shared import theme_names_by


def themes_of_members(member_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the themes that members can help with, by member id."""
    return theme_names_by(MemberTheme.member_id, MemberTheme, member_ids)


def handles_before(member_ids: Collection[int]) -> dict[int, list[str]]:
    """The handles that members had before the present one, sorted, by member id."""
    found: dict[int, list[str]] = {}
    query = select(EarlierHandle.member_id, EarlierHandle.handle).order_by(EarlierHandle.handle)
    for member_id, handle in db.session.execute(
        query.where(EarlierHandle.member_id.in_(member_ids))
    ):
        found.setdefault(member_id, []).append(handle)
    return found


def mandates_to_write(organisation_ids: Collection[int]) -> Mapping[int, Sequence[Mandate]]:
    """Who was named to write for organisations, by the id of each, with the members and who named them."""
    if not organisation_ids:
        return {}
    people = joinedload(Mandate.member), joinedload(Mandate.named_by)
    found: dict[int, list[Mandate]] = {}
    here = select(Mandate).where(Mandate.organisation_id.in_(organisation_ids))
    for mandate in db.session.scalars(here.options(*people).order_by(Mandate.id)):
        found.setdefault(mandate.organisation_id, []).append(mandate)
    return found


def organisations_to_write() -> Sequence[Organisation]:
    """All organisations with city and representative."""
    loads = joinedload(Organisation.city), joinedload(Organisation.representative)
    return db.session.scalars(select(Organisation).options(*loads).order_by(Organisation.id)).all()


def members_to_write(reader: Person, size: int) -> Iterator[Sequence[Member]]:
    """The members whose profiles a reader may see, by name, with what the profiles show, `size` at a time."""
    key = (Member.sort_key, Member.id)
    loads = joinedload(Member.city), joinedload(Member.organisation), selectinload(Member.languages)
    query = visible_members(reader).order_by(*key).limit(size).options(*loads)
    rows = db.session.scalars(query).all()
    while rows:
        yield rows
        following = query.where(tuple_(*key) > (rows[-1].sort_key, rows[-1].id))
        rows = db.session.scalars(following).all()


def portraits_to_write(member_ids: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the pictures that some members show of themselves."""
    found = select(Portrait.name, Portrait.data).where(Portrait.member_id.in_(member_ids))
    yield from ((row.name, row.data) for row in db.session.execute(found.order_by(Portrait.name)))


def city_labels(cities: Iterable[City]) -> dict[int, str]:
    """The labels of cities in a file, by id: `Surat, IN`, with the GeoNames id if that would mean another city."""
    wanted = {city.id: (" ".join(fold(city.name).split())[:200], city) for city in cities}
    names = {folded for folded, _city in wanted.values()}
    query = select(CityName.folded, City.country, City.id).join(City, City.id == CityName.city_id)
    query = query.where(CityName.folded.in_(names)).order_by(City.population, City.id.desc())
    meant = {(row[0], row[1]): row[2] for row in db.session.execute(query)} if names else {}
    return {
        city_id: f"{city.name}, {city.country}"
        + ("" if meant.get((folded, city.country)) == city_id else f", {city_id}")
        for city_id, (folded, city) in wanted.items()
    }
