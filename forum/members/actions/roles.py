"""Roles, and the restrictions that moderators put on members."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _

from forum.clock import now
from forum.deeds import action
from forum.errors import Invalid
from forum.members import queries
from forum.members.actions._rows import existing_member, existing_member_by_handle, update_held_at
from forum.members.actions.sessions import end_sessions
from forum.members.models import Member
from forum.permissions import Person, require
from forum.principals import ROLES, administers


@action
def appoint(administrator: Person, handle: str, role: str) -> Member:
    """Give a member a role. Raises `Invalid` for the last administrator."""
    require(administrator.can.administer())
    queries.lock_rule_of_factors()
    member_id = existing_member_by_handle(handle).id
    if role not in ROLES:
        raise Invalid(_("Choose one from the list."), "role")
    is_without_others = not queries.has_other_administrator(member_id)
    member = existing_member(member_id)  # locked by now, and perhaps gone
    if is_without_others and administers(member.role) and not administers(role):
        raise Invalid(
            _("Somebody has to run the forum. Appoint another administrator first."), "role"
        )
    member.role = role
    update_held_at(member)
    return member


@action
def note_hosting(moderator: Person, member_id: int, agenda_ids: Iterable[int]) -> None:
    """Record which agendas a member hosts; called by the agendas room, which locks the member first."""
    require(moderator.can.curate_all())
    member = existing_member(member_id)
    member.hosted = sorted(set(agenda_ids))
    update_held_at(member)


@action
def suspend(moderator: Person, member_id: int, until: datetime) -> None:
    """Suspend an account until a moment, and end its sessions."""
    member = _member_to_shut_out(moderator, member_id, until)
    member.suspended_until = until
    end_sessions(member)


@action
def unsuspend(moderator: Person, member_id: int) -> None:
    """End the suspension of an account."""
    member = existing_member(member_id)
    require(moderator.can.suspend(member))
    member.suspended_until = None


@action
def silence(moderator: Person, member_id: int, until: datetime) -> None:
    """Withdraw a member's right to write until a moment; they can still read."""
    _member_to_shut_out(moderator, member_id, until).silenced_until = until


@action
def unsilence(moderator: Person, member_id: int) -> None:
    """Let a member write again."""
    member = existing_member(member_id)
    require(moderator.can.suspend(member))
    member.silenced_until = None


@action
def suspend_reports(moderator: Person, member_id: int, until: datetime) -> None:
    """Take no reports from a member until a moment; what they reported before is still decided."""
    queries.lock_member(member_id)
    member = existing_member(member_id)
    require(moderator.can.suspend(member))
    if until <= now():
        raise Invalid(_("Choose a moment in the future."), "until")
    member.reports_suspended_until = until


@action
def resume_reports(moderator: Person, member_id: int) -> None:
    """Take reports from a member again."""
    member = existing_member(member_id)
    require(moderator.can.suspend(member))
    member.reports_suspended_until = None


def _member_to_shut_out(moderator: Person, member_id: int, until: datetime) -> Member:
    queries.lock_right_to_write(member_id)
    queries.lock_member(member_id, may_write=True)
    member = existing_member(member_id)
    require(moderator.can.suspend(member))
    if until <= now():
        raise Invalid(_("Choose a moment in the future."), "until")
    return member
