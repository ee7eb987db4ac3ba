"""The organisations of the federation, and their seats."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.errors import or_not_found
from forum.members.models import Member, Organisation
from forum.members.queries._shared import MAX_LISTED, distinct_values
from forum.members.queries.directory import member_counts
from forum.members.queries.people import visible_members
from forum.permissions import Person, require
from forum.plaintext import fold


def organisations() -> list[Organisation]:
    """All organisations by name, with their cities loaded."""
    found = select(Organisation).options(joinedload(Organisation.city))
    return list(
        db.session.scalars(found.order_by(Organisation.name, Organisation.id).limit(MAX_LISTED))
    )


def get_organisation(slug: str) -> Organisation:
    """One organisation by its slug, with city and representative loaded. Raises `NotFound`."""
    found = select(Organisation).where(Organisation.slug == slug)
    loaded = (joinedload(Organisation.city), joinedload(Organisation.representative))
    return or_not_found(
        db.session.scalar(found.options(*loaded)), _("There is no organisation of this name.")
    )


def organisation_to_curate(moderator: Person, slug: str) -> Organisation:
    """One organisation as by `get_organisation`, for those who may edit it; else `Forbidden`."""
    require(moderator.can.curate_all())
    return get_organisation(slug)


def organisations_to_curate(moderator: Person) -> list[Organisation]:
    """All organisations as by `organisations`, for those who may add one; else `Forbidden`."""
    require(moderator.can.curate_all())
    return organisations()


def organisation_fields(organisation: Organisation) -> dict[str, Any]:
    """The fields of an organisation that a version keeps, by name."""
    names = ("name", "kind", "city_id", "representative_id", "seats", "website", "about", "slug")
    return {name: getattr(organisation, name) for name in names}


def organisations_with_members(reader: Person) -> list[tuple[Organisation, int]]:
    """The organisations of visible members with their number, by name, with their cities loaded."""
    counted = member_counts(reader, Member.organisation_id)
    found = select(Organisation, counted.c.members).join(counted, counted.c.key == Organisation.id)
    ordered = found.options(joinedload(Organisation.city)).order_by(Organisation.name)
    return [
        (organisation, members)
        for organisation, members in db.session.execute(ordered.limit(MAX_LISTED))
    ]


def names_of_organisations(reader: Person) -> list[tuple[int, str, str]]:
    """The organisations of visible members, by name: (number, slug, name)."""
    values = distinct_values(Member.organisation_id, visible_members(reader))
    found = select(Organisation.id, Organisation.slug, Organisation.name)
    found = found.join(values, values.c.value == Organisation.id)
    rows = db.session.execute(found.order_by(Organisation.name, Organisation.id).limit(MAX_LISTED))
    return [(row[0], row[1], row[2]) for row in rows]


def lock_organisation(organisation_id: int | None) -> Organisation | None:
    """One organisation with its representative, or None; locked, so that an action counts its seats correctly.

    Members who belong to it can be changed meanwhile, because PostgreSQL may check then what their rows refer to.
    """
    found = select(Organisation).where(Organisation.id == organisation_id)
    held = found.with_for_update(of=Organisation, key_share=True)
    return db.session.scalar(held.options(joinedload(Organisation.representative)))


def seats_taken(organisation_id: int) -> int:
    """The number of members who hold a seat of an organisation, including those with a hidden profile."""
    found = select(func.count(Member.id)).where(Member.organisation_id == organisation_id)
    return db.session.scalar(found.where(Member.left_at.is_(None))) or 0


def organisation_ids_called(name: str, city_id: int | None) -> set[int]:
    """The ids of the organisations with this name in a city (None: without a city), compared as search does."""
    in_city = select(Organisation.id, Organisation.name).where(Organisation.city_id == city_id)
    return {row.id for row in db.session.execute(in_city) if fold(row.name) == fold(name)}


def taken_slugs(slugs: Collection[str]) -> set[str]:
    """Which of some slugs organisations have."""
    return set(db.session.scalars(select(Organisation.slug).where(Organisation.slug.in_(slugs))))
