"""Making accounts."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from forum.clock import now
from forum.confusables import skeleton
from forum.db import HANDLES, db, flush_unique, serialize
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members import queries
from forum.members.actions._names import (
    MAX_HANDLE_LENGTH,
    checked_handle,
    clean_name,
    handle_for,
    refuse_lookalike,
    refuse_office,
    refused_handles,
)
from forum.members.actions._profile import Joining, describe, refuse_without_seat, set_languages
from forum.members.actions._rows import checked_id
from forum.members.actions.roles import appoint
from forum.members.models import Member, Organisation
from forum.permissions import SYSTEM, Person, require
from forum.plaintext import first_free
from forum.principals import MEMBER


@action
def check_name(_doer: Person, typed: str, position: str = "", *, is_official: bool = False) -> str:
    """A name as it would be stored.

    Raises `Invalid` for one that is not allowed or imitates a moderator, and for a position that pretends to be an
    office; members who get an office (`is_official`) may be called so.
    """
    touches()
    if not is_official:
        refuse_lookalike(typed)
        refuse_office(position)
    return clean_name(typed)


@action
def require_seat(_doer: Person, organisation_id: int | None) -> None:
    """Raise `Invalid` when an organisation has no free seat."""
    touches()
    known = checked_id(Organisation, organisation_id, "organisation")
    if known is not None:
        refuse_without_seat(queries.lock_organisation(known))


@action
def add_member(administrator: Person, joining: Joining, role: str) -> Member:
    """Make an account for somebody else, with a role."""
    require(administrator.can.administer())
    member = join(SYSTEM, replace(joining, is_official=role != MEMBER))
    return appoint(administrator, member.handle, role)


@action
def join(visitor: Person, joining: Joining) -> Member:
    """Make an account. Raises `Invalid` when the address or the requested handle is taken."""
    require(visitor.can.join())
    member = _new_member(joining)
    db.session.add(member)
    flush_unique(Invalid(_("Somebody joined at the same moment. Send the form once more.")))
    set_languages(member, joining.languages or (joining.language,))
    db.session.flush()
    return member


def _new_member(joining: Joining) -> Member:
    serialize(HANDLES)  # for concurrent requests with one address, or with similar handles
    if queries.is_email_taken(joining.email):
        raise Invalid(_("There is an account with this address. Sign in instead."), "email")
    if not joining.is_official:
        refuse_lookalike(joining.name)
        refuse_office(joining.position)
    handle = _new_handle(joining)
    member = Member(
        handle=handle,
        handle_skeleton=skeleton(handle),
        email=queries.normalised_email(joining.email),
        password_hash=joining.password_hash,
        role=MEMBER,
        joined_at=now(),
        locale=joining.locale,
        invited_by_id=joining.invited_by_id,
        terms_due_at=queries.terms_from(),
    )
    describe(member, joining)
    return member


def _new_handle(joining: Joining) -> str:
    if joining.handle is None:
        return first_free(handle_for(joining.name), refused_handles, MAX_HANDLE_LENGTH)
    return checked_handle(joining.handle)
