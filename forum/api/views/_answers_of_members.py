"""Members, cities and organisations as the API answers them, and what others name by its address."""

from __future__ import annotations

from collections.abc import Iterable

from forum.agendas.models import Agenda, Theme
from forum.api import models
from forum.api.views._addresses import address
from forum.members.models import City, Member, Organisation


def author(member: Member) -> models.Author | None:
    """The author of something, as in bylines; None for somebody who has left."""
    if member.left_at:
        return None
    if not member.has_page:
        return models.Author(member.name, None, None)
    return models.Author(member.name, member.handle, address("front.profile", handle=member.handle))


def agenda_reference(found: Agenda) -> models.Reference:
    """An agenda as others refer to it."""
    return models.Reference(found.title, found.slug, address("front.agenda", slug=found.slug))


def organisation_reference(found: Organisation | None) -> models.Reference | None:
    """The organisation for which something was written."""
    if found is None:
        return None
    return models.Reference(found.name, found.slug, address("front.organisation", slug=found.slug))


def themes(found: Iterable[Theme]) -> list[models.Reference]:
    """Themes, without those that are no longer in use."""
    return [theme(listed) for listed in found if listed.removed_at is None]


def theme(found: Theme) -> models.Reference:
    """A theme."""
    return models.Reference(found.name, found.slug, address("dialogue.index", theme=found.slug))


def city(found: City) -> models.City:
    """A city."""
    return models.City(
        id=found.id,
        name=found.name,
        slug=found.slug,
        url=address("front.city", slug=found.slug),
        country=found.country,
        latitude=found.latitude,
        longitude=found.longitude,
        population=found.population,
    )


def home_city(found: City, members: int) -> models.HomeCity:
    """A city from which so many members come."""
    return models.HomeCity(**vars(city(found)), members=members)


def organisation(found: Organisation, members: int) -> models.Organisation:
    """An organisation, of which so many are members."""
    return models.Organisation(
        name=found.name,
        slug=found.slug,
        url=address("front.organisation", slug=found.slug),
        kind=found.kind,
        city=city(found.city) if found.city else None,
        website=found.website or None,
        members=members,
    )
