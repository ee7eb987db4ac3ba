"""The versions of the terms of use, and who has agreed to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.members.models import Federation
from forum.permissions import Person, require
from forum.terms.models import Consent, Terms


def in_force() -> Terms | None:
    """The terms that are in force; None when there are none."""
    begun = select(Terms).where(Terms.valid_from <= now())
    return db.session.scalar(begun.order_by(Terms.number.desc()).limit(1))


def upcoming() -> Terms | None:
    """The version that comes into force on a later day; None when there is none."""
    ahead = select(Terms).where(Terms.valid_from > now())
    return db.session.scalar(ahead.order_by(Terms.number.desc()).limit(1))


def has_terms() -> bool:
    """Whether there are terms of use, in force or not yet."""
    return bool(db.session.scalar(select(select(Terms.number).exists())))


def end_of(number: int) -> datetime | None:
    """From when on a later version is in force; None when there is none."""
    return db.session.scalar(select(func.min(Terms.valid_from)).where(Terms.number > number))


def terms_of(number: int) -> Terms:
    """One version, in force or not. Raises `NotFound`."""
    return or_not_found(db.session.get(Terms, number))


def all_terms() -> Sequence[Terms]:
    """Every version, the latest first."""
    return db.session.scalars(select(Terms).order_by(Terms.number.desc())).all()


def terms_to_write(administrator: Person) -> Sequence[Terms]:
    """Every version, the latest first, for administrators; else `Forbidden`."""
    require(administrator.can.administer())
    return all_terms()


def terms_to_change(administrator: Person) -> Terms | None:
    """The latest version, for an action; None when there is none.

    Locks the federation's row, so that two actions that write terms wait for each other even before the first version.
    """
    require(administrator.can.administer())
    db.session.execute(select(Federation.id).limit(1).with_for_update())
    return db.session.scalar(select(Terms).order_by(Terms.number.desc()).limit(1))


def terms_fields(terms: Terms | None) -> dict[str, Any]:
    """The fields of a version by name; empty when there is none."""
    if terms is None:
        return {}
    names = ("number", "source", "language", "change", "needs_consent")
    said = {name: getattr(terms, name) for name in names}
    return said | {"valid_from": terms.valid_from.date().isoformat()}


def terms_to_agree(member: Person) -> Terms | None:
    """The terms that are in force, for somebody who may agree to them; else `Forbidden`."""
    require(member.can.agree())
    return in_force()


def consents_count() -> dict[int, int]:
    """The number of members who have agreed, by version."""
    counted = select(Consent.number, func.count()).group_by(Consent.number)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def last_number() -> int:
    """The number of the latest version; 0 when there is none."""
    return db.session.scalar(select(func.max(Terms.number))) or 0


def due_after(number: int) -> datetime | None:
    """From when a member who agreed to a version must have agreed to a later one; None when there is none."""
    later = select(func.min(Terms.valid_from)).where(Terms.needs_consent, Terms.number > number)
    return db.session.scalar(later)


def consent_of(member: Person, number: int) -> Consent | None:
    """A member's consent to a version; None when there is none."""
    return db.session.get(Consent, (member.id, number), populate_existing=True)
