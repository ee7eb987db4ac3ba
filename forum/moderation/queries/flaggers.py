"""Who is a trusted flagger: one member, all of them for everybody, and with those of before for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.moderation.models import TrustedFlagger
from forum.permissions import Person, require

MAX_FLAGGERS = 1_000  # coordinators have named a few dozen in all of Europe


def is_trusted_flagger(member_id: int) -> bool:
    """Whether a member is a trusted flagger today."""
    return db.session.scalar(_of(member_id).where(_holds()).limit(1)) is not None


def is_named_flagger(member_id: int) -> bool:
    """Whether a member is a trusted flagger, or will be from a later day on."""
    return db.session.scalar(_of(member_id).where(*_is_named()).limit(1)) is not None


def _of(member_id: int) -> Select[int]:
    return select(TrustedFlagger.id).where(TrustedFlagger.member_id == member_id)


def _holds() -> ColumnElement[bool]:
    """SQL condition: it holds today."""
    return and_(TrustedFlagger.since <= now().date(), *_is_named())


def _is_named() -> Sequence[ColumnElement[bool]]:
    """SQL conditions: as `TrustedFlagger.is_named_on` says of a row, today."""
    until = TrustedFlagger.until
    return TrustedFlagger.ended_at.is_(None), or_(until.is_(None), until >= now().date())


def trusted_flaggers() -> Sequence[TrustedFlagger]:
    """The trusted flaggers of today, by the names of the bodies, for everybody: without their members."""
    found = select(TrustedFlagger).where(_holds())
    by_name = found.order_by(TrustedFlagger.name, TrustedFlagger.id)
    return db.session.scalars(by_name.limit(MAX_FLAGGERS)).all()


def named_flaggers(administrator: Person) -> Sequence[TrustedFlagger]:
    """All that were ever named, the latest first, with their members; for administrators."""
    require(administrator.can.administer())
    found = select(TrustedFlagger).options(joinedload(TrustedFlagger.member))
    latest = found.order_by(TrustedFlagger.id.desc())
    return db.session.scalars(latest.limit(MAX_FLAGGERS)).all()


def flagger_to_end(administrator: Person, flagger_id: int) -> TrustedFlagger:
    """One, for an administrator who ends it; locked."""
    require(administrator.can.administer())
    query = select(TrustedFlagger).where(TrustedFlagger.id == flagger_id)
    return or_not_found(db.session.scalar(query.with_for_update()))
