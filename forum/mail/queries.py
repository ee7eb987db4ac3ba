"""Letters that are due, and what became of others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from forum.db import db, now
from forum.mail.models import Delivery
from forum.members.models import Member
from forum.permissions import Person, require

SHOWN = 50


def due_deliveries(limit: int) -> Sequence[Delivery]:
    """Letters that may be sent now, the longest due first; those that another worker looks at are passed over."""
    due = select(Delivery).where(_waits(), Delivery.due_at <= now())
    some = due.order_by(Delivery.due_at, Delivery.id).limit(limit)
    return db.session.scalars(some.with_for_update(skip_locked=True)).all()


def deliveries_by_id(ids: Sequence[int]) -> Sequence[Delivery]:
    """Letters by number, with the members they are for."""
    found = select(Delivery).where(Delivery.id.in_(ids)).options(joinedload(Delivery.member))
    return db.session.scalars(found.order_by(Delivery.due_at, Delivery.id)).all()


def letters_since(address: str, kinds: Sequence[str], since: timedelta) -> int:
    """How many letters of some kinds were written to an address of late."""
    found = select(func.count(Delivery.id)).where(
        Delivery.address == address,
        Delivery.kind.in_(kinds),
        Delivery.created_at > now() - since,
    )
    return db.session.scalar(found) or 0


def waiting_letters(administrator: Person) -> tuple[int, datetime | None, str]:
    """How many letters wait, since when the oldest does, and what the mail server said last about one of them."""
    require(administrator.can.administer())
    number, oldest = db.session.execute(
        select(func.count(Delivery.id), func.min(Delivery.created_at)).where(_waits())
    ).one()
    said = select(Delivery.why).where(_waits(), Delivery.why != "")
    return number, oldest, db.session.scalar(said.order_by(Delivery.due_at.desc()).limit(1)) or ""


def letters_given_up(administrator: Person) -> Sequence[Delivery]:
    """The letters that no server took, newest first, at most fifty."""
    require(administrator.can.administer())
    lost = select(Delivery).where(Delivery.given_up_at.is_not(None))
    newest = lost.order_by(Delivery.given_up_at.desc(), Delivery.id.desc()).limit(SHOWN)
    return db.session.scalars(newest.options(joinedload(Delivery.member))).all()


def letters_sent(administrator: Person, since: timedelta) -> int:
    """How many letters were sent of late."""
    require(administrator.can.administer())
    found = select(func.count(Delivery.id)).where(Delivery.sent_at > now() - since)
    return db.session.scalar(found) or 0


def paused_members(administrator: Person) -> Sequence[Member]:
    """Members whose address takes no mail, those last found first, at most fifty."""
    require(administrator.can.administer())
    found = select(Member).where(Member.mail_paused_at.is_not(None), Member.left_at.is_(None))
    return db.session.scalars(
        found.order_by(Member.mail_paused_at.desc(), Member.id).limit(SHOWN)
    ).all()


def _waits() -> ColumnElement[bool]:
    return and_(
        Delivery.sent_at.is_(None), Delivery.given_up_at.is_(None), Delivery.dropped_at.is_(None)
    )
