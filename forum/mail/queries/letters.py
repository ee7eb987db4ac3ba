"""Letters that are due, that wait, and that were given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.mail.models import TO_MEMBERS, Delivery
from forum.members.models import Member
from forum.permissions import Person, require

MAX_SHOWN = 50
MAX_COMPARED = 500  # due letters of which those are sent first for which somebody is waiting


def due_deliveries(limit: int) -> Sequence[Delivery]:
    """Up to `limit` of the `MAX_COMPARED` longest due letters, locked for update; those that others have locked are skipped.

    Letters for which somebody is waiting come before those that tell members of what happened (`TO_MEMBERS`).
    """
    is_due = (is_waiting(), Delivery.due_at <= now())
    oldest = select(Delivery.id).where(*is_due).order_by(Delivery.due_at, Delivery.id)
    compared = Delivery.id.in_(oldest.limit(MAX_COMPARED))
    in_order = (Delivery.kind.in_(TO_MEMBERS), Delivery.due_at, Delivery.id)
    due = select(Delivery).where(compared, *is_due).order_by(*in_order).limit(limit)
    return db.session.scalars(due.with_for_update(skip_locked=True)).all()


def due_count(most: int) -> int:
    """How many letters are due now, counted up to `most`."""
    due = select(Delivery.id).where(is_waiting(), Delivery.due_at <= now()).limit(most)
    return db.session.scalar(select(func.count()).select_from(due.subquery())) or 0


def deliveries_by_id(ids: Sequence[int]) -> Sequence[Delivery]:
    """Letters by id, with their members, the longest due first."""
    found = select(Delivery).where(Delivery.id.in_(ids)).options(joinedload(Delivery.member))
    return db.session.scalars(found.order_by(Delivery.due_at, Delivery.id)).all()


def letters_since(address: str, kinds: Sequence[str], since: timedelta) -> int:
    """How many letters of these kinds were written to an address within the last `since`."""
    found = select(func.count(Delivery.id)).where(
        Delivery.address == address,
        Delivery.kind.in_(kinds),
        Delivery.created_at > now() - since,
    )
    return db.session.scalar(found) or 0


def collecting_letter(address: str) -> Delivery | None:
    """The letter to an address that collects outcomes of reports for a later day, locked for update; None for none.

    On its day it stops collecting, even if it is due later: it is being sent, or was tried.
    """
    about = (Delivery.address == address, Delivery.kind == "outcomes", Delivery.created_at > now())
    last = select(Delivery).where(*about, is_waiting()).order_by(Delivery.due_at.desc())
    locked = last.order_by(Delivery.id.desc()).limit(1).with_for_update()
    return db.session.scalars(locked.execution_options(populate_existing=True)).first()


def waiting_letters(administrator: Person) -> tuple[int, datetime | None, str]:
    """How many letters wait, since when the oldest does, and the last error of the mail server about one of them.

    Letters that collect outcomes for a later day do not count.
    """
    require(administrator.can.administer())
    is_counted = (is_waiting(), Delivery.created_at <= now())
    number, oldest = db.session.execute(
        select(func.count(Delivery.id), func.min(Delivery.created_at)).where(*is_counted)
    ).one()
    errors = select(Delivery.why).where(is_waiting(), Delivery.why != "")
    latest = errors.order_by(Delivery.due_at.desc()).limit(1)
    return number, oldest, db.session.scalar(latest) or ""


def letters_given_up(administrator: Person) -> Sequence[Delivery]:
    """The letters that were given up, newest first; at most `MAX_SHOWN`."""
    require(administrator.can.administer())
    lost = select(Delivery).where(Delivery.given_up_at.is_not(None))
    newest = lost.order_by(Delivery.given_up_at.desc(), Delivery.id.desc()).limit(MAX_SHOWN)
    return db.session.scalars(newest.options(joinedload(Delivery.member))).all()


def letters_sent(administrator: Person, since: timedelta) -> int:
    """The number of letters that were sent within the last `since`."""
    require(administrator.can.administer())
    found = select(func.count(Delivery.id)).where(Delivery.sent_at > now() - since)
    return db.session.scalar(found) or 0


def paused_members(administrator: Person) -> Sequence[Member]:
    """Members whose mail is paused because the address failed, newest first; at most `MAX_SHOWN`."""
    require(administrator.can.administer())
    newest = select(Member).where(*_is_paused()).order_by(Member.mail_paused_at.desc(), Member.id)
    return db.session.scalars(newest.limit(MAX_SHOWN)).all()


def paused_members_count(administrator: Person) -> int:
    """The number of members whose mail is paused because the address failed."""
    require(administrator.can.administer())
    return db.session.scalar(select(func.count(Member.id)).where(*_is_paused())) or 0


def _is_paused() -> tuple[ColumnElement[bool], ...]:
    return Member.mail_paused_at.is_not(None), Member.left_at.is_(None)


def is_waiting() -> ColumnElement[bool]:
    """SQL condition: the letter is still to be sent."""
    return and_(
        Delivery.sent_at.is_(None), Delivery.given_up_at.is_(None), Delivery.dropped_at.is_(None)
    )


def is_told(member: Member, kind: str, path: str) -> bool:
    """Whether a letter of a kind has told a member of what is at a path."""
    about = (Delivery.member_id == member.id, Delivery.kind == kind)
    told = select(Delivery.id).where(*about, Delivery.words["path"].as_string() == path)
    return bool(db.session.scalar(select(told.exists())))


def letters_given_up_count(administrator: Person) -> int:
    """The number of letters that were given up."""
    require(administrator.can.administer())
    lost = select(func.count(Delivery.id)).where(Delivery.given_up_at.is_not(None))
    return db.session.scalar(lost) or 0


def addressee(member_id: int) -> Member | None:
    """The member to whom a letter was sent; None when they have left."""
    return db.session.scalar(select(Member).where(Member.id == member_id, Member.left_at.is_(None)))
