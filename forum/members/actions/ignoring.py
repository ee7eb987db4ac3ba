"""Ignoring other members."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members import queries
from forum.members.models import Ignore, Member
from forum.permissions import Person, require

MAX_IGNORED = 500


@action
def ignore(member: Member, other_id: int) -> None:
    """Hide everything by another member from a member, except decisions of moderators. The other is not told."""
    touches()
    queries.lock_member(member.id, may_write=True)
    other = queries.member_by_id(member, other_id)
    require(member.can.ignore(other))
    if other.id in member.ignored:
        return
    if len(member.ignored) >= MAX_IGNORED:
        raise Invalid(_("You ignore as many members as you may. Stop ignoring one of them first."))
    db.session.add(Ignore(member_id=member.id, ignored_id=other.id, since=now()))
    member.ignored = sorted({*member.ignored, other.id})


@action
def end_ignoring(member: Member, other_id: int) -> None:
    """Show everything by another member again; no effect when the other is not ignored."""
    touches()
    queries.lock_member(member.id, may_write=True)
    is_it = (Ignore.member_id == member.id, Ignore.ignored_id == other_id)
    db.session.execute(delete(Ignore).where(*is_it))
    member.ignored = [member_id for member_id in member.ignored if member_id != other_id]


@action
def repair_ignored_ids(system: Person, member_ids: Iterable[int]) -> None:
    """Set `Member.ignored` of some members to what the rows of `Ignore` say."""
    require(system.can.administer())
    touches()
    for member_id in sorted(member_ids):
        queries.lock_member(member_id, may_write=True)
        db.session.get_one(Member, member_id).ignored = queries.ignored_ids(member_id)
