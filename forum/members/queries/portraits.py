"""The pictures that members show of themselves."""

from __future__ import annotations

from typing import NamedTuple

from forum.db import db
from forum.errors import NotFound
from forum.members.models import Member, Portrait
from forum.members.queries.people import visible_members
from forum.permissions import Person


class SeenPortrait(NamedTuple):
    """The bytes of a member's picture, and whether everybody sees it."""

    data: bytes
    is_public: bool


def get_portrait(reader: Person, name: str) -> SeenPortrait:
    """The picture of that name, for those who see the profile of its member. Raises `NotFound` for all others."""
    found = visible_members(reader).join(Portrait, Portrait.member_id == Member.id)
    found = found.where(Portrait.name == name)
    row = db.session.execute(found.with_only_columns(Portrait.data, Member.hidden_at)).first()
    if row is None:
        raise NotFound()
    return SeenPortrait(row.data, row.hidden_at is None)
