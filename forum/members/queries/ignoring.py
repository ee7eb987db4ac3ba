"""Who ignores whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import contains_eager

from forum.db import db
from forum.members.models import Ignore, Member
from forum.members.queries.people import get_member
from forum.permissions import Person, require


def ignored_by(member: Person) -> Sequence[Ignore]:
    """The members whom a member ignores, by name. Raises `Forbidden` for visitors."""
    require(member.can.take_data())
    query = select(Ignore).where(Ignore.member_id == member.id).join(Ignore.ignored)
    people = contains_eager(Ignore.ignored)
    return db.session.scalars(query.options(people).order_by(Member.sort_key, Member.id)).all()


def ignored_member(member: Person, handle: str) -> Member:
    """A member whom another one ignores, even with a hidden profile; anybody else as by `get_member`."""
    theirs = (row.ignored for row in ignored_by(member) if row.ignored.handle == handle)
    return next(theirs, None) or get_member(member, handle)


def ignored_ids(member_id: int) -> list[int]:
    """The ids of the members whom a member ignores, in ascending order."""
    query = select(Ignore.ignored_id).where(Ignore.member_id == member_id)
    return sorted(db.session.scalars(query))


def members_ignoring(member_id: int) -> Sequence[Member]:
    """The members who ignore a member, locked; for the action that ends it, not for any reader."""
    query = select(Member).join(Ignore, Ignore.member_id == Member.id)
    held = query.order_by(Member.id).with_for_update(of=Member, key_share=True)
    return db.session.scalars(held.where(Ignore.ignored_id == member_id)).all()


def ignores(member_id: Any, other_id: int) -> ColumnElement[bool]:
    """SQL condition: a member ignores another one."""
    return exists().where(Ignore.member_id == member_id, Ignore.ignored_id == other_id)
