"""Who speaks for an organisation."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.declarations.queries._reach import MAX_HERE
from forum.members.models import Member, Organisation
from forum.members.queries import is_voice_now
from forum.permissions import Person


def own_organisations(reader: Person) -> list[Organisation]:
    """The organisations to which a member belongs, or which the member represents, by name; none for visitors."""
    if not reader.is_member:
        return []
    is_mine = or_(
        Organisation.id == reader.organisation_id, Organisation.representative_id == reader.id
    )
    query = select(Organisation).where(is_mine).options(joinedload(Organisation.city))
    return list(db.session.scalars(query.order_by(Organisation.name).limit(MAX_HERE)))


def speaker_ids(organisation_ids: Collection[int]) -> list[int]:
    """The ids of the members who speak for one of these organisations, as `can.speak_for` says of each."""
    query = select(Member.id).join(Organisation, speaks_for()).where(Member.left_at.is_(None))
    return sorted(set(db.session.scalars(query.where(Organisation.id.in_(organisation_ids)))))


def speaks_for() -> ColumnElement[bool]:
    """SQL condition of `Member` and `Organisation`: the one speaks for the other, as `can.speak_for` says."""
    is_voice = and_(
        Organisation.names_voices, Member.organisation_id == Organisation.id, is_voice_now()
    )
    return or_(Organisation.representative_id == Member.id, is_voice)
