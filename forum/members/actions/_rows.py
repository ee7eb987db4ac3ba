"""Looking up rows before they are changed, and values that must be consistent within a row."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.clock import now
from forum.db import db
from forum.errors import Invalid, NotFound, or_not_found
from forum.members import queries
from forum.members.models import City, Member, Organisation


def existing_member(member_id: int) -> Member:
    """A member who has not left, read afresh. Raises `NotFound`."""
    member = db.session.get(Member, member_id, populate_existing=True)
    if member is None or member.left_at:
        raise NotFound(_("There is no such member."))
    return member


def existing_member_by_handle(handle: str) -> Member:
    """A member by handle. Raises `NotFound`."""
    found = queries.members_by_handle([handle])
    if not found:
        raise NotFound(_("There is no member with this handle."))
    return found[0]


def existing_organisation(organisation_id: int) -> Organisation:
    """An organisation, locked. Raises `NotFound`."""
    organisation = db.session.get(
        Organisation, organisation_id, populate_existing=True, with_for_update=True
    )
    return or_not_found(organisation, _("There is no such organisation."))


def checked_id(
    table: type[Organisation] | type[City], row_id: int | None, field: str
) -> int | None:
    """The id of an existing row, or None; else `Invalid` for a form field."""
    if row_id is not None and db.session.get(table, row_id) is None:
        raise Invalid(_("Choose one from the list."), field)
    return row_id


def update_held_at(member: Member) -> None:
    """Suspend the rights over others of a member without a required second factor, or restore them."""
    is_free = member.factor_at or not queries.are_factors_required()
    member.held_at = None if is_free else member.held_at or now()
