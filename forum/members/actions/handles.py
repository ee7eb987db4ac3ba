"""Handles of members, used in addresses and mentions."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.clock import now
from forum.confusables import skeleton
from forum.db import HANDLES, db, flush_unique, serialize
from forum.deeds import action
from forum.errors import Invalid
from forum.members import queries
from forum.members.actions._names import checked_handle, refuse_lookalike, refuse_numbered
from forum.members.actions._rows import existing_member
from forum.members.models import EarlierHandle, Member
from forum.permissions import Person, require


@action
def change_handle(member: Member, typed: str) -> None:
    """Give a member another handle. The former one still leads to the member, and nobody else gets it.

    A handle that is corrected soon after (`Person.corrects_handle`) is forgotten, and the thirty days count from the
    first change.
    """
    # For concurrent similar handles; before the row is locked, in the same order as when joining
    serialize(HANDLES)
    queries.lock_member(member.id, may_write=True)
    require(member.can.change_handle(member))
    handle = checked_handle(typed.strip().removeprefix("@").lower(), member.id)
    if handle == member.handle:
        raise Invalid(_("This is your handle already."), "handle")
    try:
        refuse_lookalike(handle.replace("-", " "), member)
    except Invalid as error:
        raise Invalid(error.message, "handle") from error
    refuse_numbered(handle, member)
    if not member.corrects_handle:
        _keep_earlier(member, member.handle)
        member.first_handle = member.first_handle or member.handle
        member.handle_changed_at = now()
    db.session.execute(delete(EarlierHandle).where(EarlierHandle.handle == handle))
    member.handle, member.handle_skeleton = handle, skeleton(handle)
    flush_unique(Invalid(_("This handle is taken. Choose another one."), "handle"))


@action
def keep_earlier_handles(system: Person, member_id: int, handles: Iterable[str]) -> None:
    """Let former handles lead to the member, for imports from another forum.

    Raises `Invalid` for one that belongs to somebody else.
    """
    require(system.can.administer())
    member = existing_member(member_id)
    for handle in handles:
        _keep_earlier(member, checked_handle(handle, member_id))


def _keep_earlier(member: Member, handle: str) -> None:
    earlier = {"handle": handle, "handle_skeleton": skeleton(handle), "replaced_at": now()}
    db.session.merge(EarlierHandle(member_id=member.id, **earlier))
