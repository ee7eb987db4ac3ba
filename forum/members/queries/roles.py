"""Who moderates and who administers the forum."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select

from forum.clock import now
from forum.db import db
from forum.members.models import Member
from forum.members.queries._shared import MAX_LISTED
from forum.members.queries.directory import administered_member, first_members
from forum.members.queries.federation import lock_rule_of_factors
from forum.permissions import Person, require
from forum.principals import administers, moderates
from forum.reach import may_decide


def moderator_ids() -> list[int]:
    """The ids of all who can moderate the whole forum now."""
    found = select(Member.id).where(moderates(Member.role), may_decide(Member, now()))
    return list(db.session.scalars(found.order_by(Member.id).limit(MAX_LISTED)))


def administrator_ids() -> list[int]:
    """The ids of all who can administer the forum now."""
    found = select(Member.id).where(*_can_administer_now())
    return list(db.session.scalars(found.order_by(Member.id).limit(MAX_LISTED)))


def first_administrator() -> Member | None:
    """The member who joined first of those who can administer the forum now."""
    found = select(Member).where(*_can_administer_now())
    return db.session.scalar(found.order_by(Member.joined_at, Member.id).limit(1))


def administrators() -> list[Member]:
    """All who have the role of administrators, by name, also those who cannot use it now."""
    known = select(Member).where(administers(Member.role), Member.left_at.is_(None))
    return first_members(known, MAX_LISTED)


def administrators_count() -> int:
    """The number of members who can administer the forum now."""
    return db.session.scalar(select(func.count(Member.id)).where(*_can_administer_now())) or 0


def has_other_administrator(member_id: int) -> bool:
    """Whether anybody but this member can administer the forum now.

    For an action that removes an administrator: the rows stay locked, so that two such actions cannot both succeed.
    So does that of the member, in the order of ids as wherever several members are locked. What they write themselves
    does not wait.
    """
    found = select(Member.id, and_(*_can_administer_now()))
    found = found.where(or_(Member.id == member_id, and_(*_can_administer_now())))
    held = db.session.execute(found.order_by(Member.id).with_for_update(key_share=True)).all()
    return any(administers_now for known_id, administers_now in held if known_id != member_id)


def member_to_appoint(administrator: Person, handle: str) -> Member:
    """One member, locked as by an action that gives roles, so that the role is the one which it replaces; for administrators."""
    member_id = administered_member(administrator, handle).id
    lock_rule_of_factors()
    # Which locks the rows of all concerned, in the order of their ids
    has_other_administrator(member_id)
    return administered_member(administrator, handle)


def _can_administer_now() -> tuple[ColumnElement[bool], ...]:
    return administers(Member.role), may_decide(Member, now())


def office_holders_without_factor(administrator: Person) -> list[Member]:
    """Moderators, hosts and administrators without a second factor, by name; for administrators."""
    require(administrator.can.administer())
    is_host = cast(Member.hosted, Text) != "[]"
    without = select(Member).where(
        Member.factor_at.is_(None), Member.left_at.is_(None), or_(moderates(Member.role), is_host)
    )
    return first_members(without, MAX_LISTED)
