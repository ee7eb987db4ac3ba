"""Making and editing organisations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.members import queries
from forum.members.actions._names import HANDLE_PATTERN, slug_from
from forum.members.actions._rows import checked_id, existing_member, existing_organisation
from forum.members.models import City, Organisation
from forum.permissions import Person, require
from forum.plaintext import MAX_SLUG, first_free, single_line

ORGANISATION_KINDS = ("city", "institute", "company", "association", "partner")
RESERVED_SLUGS = {"new"}  # paths of other pages under /organisations/


@dataclass(frozen=True)
class OrganisationText:
    """The fields of an organisation. Without a slug a new one gets it from the name.

    A slug is given by imports, which identify organisations by it, because several may have the same name in one
    city.
    """

    name: str
    kind: str
    city_id: int | None = None
    representative_id: int | None = None
    seats: int | None = None
    website: str = ""
    about: str = ""
    slug: str | None = None


@action
def write_organisation(
    moderator: Person,
    text: OrganisationText,
    organisation_id: int | None = None,
    *,
    seen: str | None = None,
) -> Organisation:
    """Make an organisation, or edit one and keep its former fields as a version.

    `seen` is the `fingerprint` of the fields when the form was opened: `Conflict` when they have changed since.
    Raises `Invalid` for the name of another organisation in the same city.
    """
    require(moderator.can.curate_all())
    if text.kind not in ORGANISATION_KINDS:
        raise Invalid(_("Choose one from the list."), "kind")
    if not single_line(text.name):
        raise Invalid(_("Write the name of the organisation."), "name")
    if organisation_id is None:
        _refuse_name_of_another(text)
        return _apply(_new_organisation(text), text)
    organisation = existing_organisation(organisation_id)
    before = queries.organisation_fields(organisation)
    if (text.name, text.city_id) != (organisation.name, organisation.city_id):
        _refuse_name_of_another(text, organisation.id)
    if queries.organisation_fields(_apply(organisation, text)) != before:
        refuse_unseen(seen, before)
        keep_version(moderator, "organisation", organisation.id, before)
    return organisation


def _refuse_name_of_another(text: OrganisationText, organisation_id: int | None = None) -> None:
    """Refuse two organisations with one name, which would be confusing and cannot be merged; also catches a form sent twice."""
    others = queries.organisation_ids_called(single_line(text.name), text.city_id)
    if text.slug is None and others - {organisation_id}:
        told_apart = _(
            "There is an organisation of this name already. If this is another one, tell them apart by name or city."
        )
        raise Invalid(told_apart, "name")


def _new_organisation(text: OrganisationText) -> Organisation:
    wish = text.slug or slug_from(text.name)[:MAX_SLUG].strip("-") or "organisation"
    if not HANDLE_PATTERN.fullmatch(wish):
        raise Invalid(_("Choose an address of letters a to z, digits and hyphens."), "slug")
    return Organisation(slug=first_free(wish, _taken_slugs), created_at=now())


def _taken_slugs(slugs: Sequence[str]) -> set[str]:
    return queries.taken_slugs(slugs) | RESERVED_SLUGS


def _apply(organisation: Organisation, text: OrganisationText) -> Organisation:
    if text.representative_id is not None:
        existing_member(text.representative_id)
    organisation.name, organisation.kind = single_line(text.name)[:200], text.kind
    organisation.city_id = checked_id(City, text.city_id, "city")
    organisation.representative_id, organisation.seats = text.representative_id, text.seats
    organisation.website, organisation.about = text.website.strip(), text.about.strip()
    db.session.add(organisation)
    at_once = _(
        "Somebody made an organisation of this name at the same moment. Send the form once more."
    )
    flush_unique(Invalid(at_once, "name"))
    return organisation
