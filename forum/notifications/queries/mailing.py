"""Notices that wait to be mailed, at once or in a digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Select, func, literal, or_, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.notifications.models import AT_ONCE, DIGEST, HELD_KINDS, Notice
from forum.notifications.queries._shared import is_from_hidden

MAX_IN_DIGEST = 200


def notices_to_mail(limit: int, before: datetime, decided_before: datetime) -> Sequence[Notice]:
    """The notices to be mailed at once that were made before a moment, in their order, with their actors.

    If there are more than `limit`, half of them are the oldest and half the newest, so that what concerns one member
    does not wait until all members are told of something. Those about decisions, and about their consequences
    (`HELD_KINDS`), must be older than `decided_before`. They are locked for update; those locked by other workers are
    skipped.
    """
    query = _to_mail(AT_ONCE, decided_before).where(Notice.created_at < before)
    query = query.with_for_update(of=Notice, skip_locked=True)
    half = limit - limit // 2
    oldest = db.session.scalars(query.limit(half)).all()
    if len(oldest) < half:
        return oldest
    others = query.where(Notice.id > oldest[-1].id).order_by(None).order_by(Notice.id.desc())
    return [*oldest, *reversed(db.session.scalars(others.limit(limit // 2)).all())]


def notices_for_digest(member_id: int, decided_before: datetime) -> Sequence[Notice]:
    """The notices of a member's next digest, the oldest `MAX_IN_DIGEST`, with their actors; otherwise as `notices_to_mail`."""
    waiting = _to_mail(DIGEST, decided_before).where(Notice.member_id == member_id)
    query = waiting.limit(MAX_IN_DIGEST)
    return db.session.scalars(query.with_for_update(of=Notice, skip_locked=True)).all()


def digests_waiting(
    after_id: int, limit: int, decided_before: datetime
) -> Sequence[Row[int, datetime]]:
    """(`member_id`, `oldest`) of the next members, by id, with notices for their digest, and since when."""
    waiting = _to_mail(DIGEST, decided_before).where(Notice.member_id > after_id).order_by(None)
    by_member = waiting.with_only_columns(
        Notice.member_id, func.min(Notice.created_at).label("oldest"), maintain_column_froms=True
    )
    page = by_member.group_by(Notice.member_id).order_by(Notice.member_id).limit(limit)
    return db.session.execute(page).all()


def notices_to_mail_count() -> int:
    """How many unread notices are still to be mailed, at once or in a digest."""
    is_waiting = Notice.mailed_at.is_(None), Notice.read_at.is_(None), Notice.hidden_at.is_(None)
    counted = select(func.count(Notice.id)).where(Notice.way.in_((AT_ONCE, DIGEST)), *is_waiting)
    return db.session.scalar(counted) or 0


def _to_mail(way: str, decided_before: datetime) -> Select[Notice]:
    is_settled = or_(Notice.kind.not_in(HELD_KINDS), Notice.created_at < decided_before)
    waiting = select(Notice).where(
        Notice.way
        == literal(
            way, literal_execute=True
        ),  # no parameter, so that the partial index can be used
        Notice.mailed_at.is_(None),
        Notice.read_at.is_(None),
        Notice.hidden_at.is_(None),
        ~is_from_hidden(),
        is_settled,
    )
    return waiting.order_by(Notice.id).options(joinedload(Notice.actor))
