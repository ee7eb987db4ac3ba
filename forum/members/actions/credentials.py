"""What members sign in with: passwords, second factors and e-mail addresses."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import update

from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.members import queries
from forum.members.actions._rows import existing_member, existing_member_by_handle, update_held_at
from forum.members.actions.sessions import end_sessions
from forum.members.models import Credentials, Member
from forum.permissions import Person, require


@action
def rehash_password(member: Member, verified: Credentials, password_hash: str) -> None:
    """Store the same password with the current hash parameters; sessions stay.

    Nothing happens when it was changed since the caller verified it.
    """
    touches()
    same = update(Member).where(
        Member.id == member.id, Member.password_hash == verified.password_hash
    )
    db.session.execute(same.values(password_hash=password_hash))


@action
def change_password(
    member: Member,
    password_hash: str,
    except_token: str | None = None,
    *,
    verified: Credentials | None = None,
) -> None:
    """Set a member's new password and end all sessions except the one with a token.

    With `verified`, the credentials that the caller has checked, it raises `Conflict` when they have changed since.
    """
    require(member.can.edit_profile(member))
    if verified:
        queries.lock_credentials(member, verified)
    _store_password(member, password_hash, except_token)


@action
def reset_password(member: Member, password_hash: str) -> None:
    """Set the new password of a member authenticated by letter, even while the account is closed; ends all sessions."""
    require(member.can.sign_in())
    _store_password(member, password_hash)


@action
def set_password(administrator: Person, handle: str, password_hash: str) -> Member:
    """Set a new password for a member who has lost it, and return them; ends all sessions."""
    require(administrator.can.administer())
    member = existing_member_by_handle(handle)
    _store_password(member, password_hash)
    return member


def _store_password(member: Member, password_hash: str, except_token: str | None = None) -> None:
    queries.lock_member(member.id, may_write=True)  # so that no half session begins meanwhile
    member.password_hash, member.credentials_at = password_hash, now()
    end_sessions(member, except_token)


@action
def note_factor(member: Member, *, is_there: bool) -> None:
    """Record whether a member has a second factor; links that were sent by letter before become void."""
    touches()
    member.factor_at = (member.factor_at or now()) if is_there else None
    member.credentials_at = now()
    update_held_at(member)


@action
def require_factors(administrator: Member, *, is_required: bool) -> None:
    """Choose whether moderators, hosts and administrators need a second factor.

    Raises `Invalid` when the administrator, who would be locked out, has none.
    """
    require(administrator.can.administer())
    touches()
    federation = queries.federation_if_there()
    if federation is None or (is_required and not administrator.factor_at):
        raise Invalid(_("Set up a passkey or codes for yourself first, or you lock yourself out."))
    federation.factors_required_at = now() if is_required else None
    db.session.flush()  # a concurrent `appoint` waits for this row
    queries.lock_members(Member.factor_at.is_(None))
    without = update(Member).where(Member.factor_at.is_(None))
    db.session.execute(without.values(held_at=federation.factors_required_at))


@action
def change_address(system: Person, member_id: int, email: str) -> None:
    """Set a member's e-mail address, which the caller has verified. Raises `Conflict` when it is taken."""
    require(system.can.administer())
    touches()
    member = existing_member(member_id)
    taken = _("This address belongs to another account.")
    if queries.is_email_taken(email):
        raise Conflict(taken)
    member.email = queries.normalised_email(email)
    member.mail_paused_at, member.mail_paused_why = None, ""
    flush_unique(Conflict(taken))


@action
def pause_mail(system: Person, member_id: int, address: str, why: str) -> None:
    """Stop mail to an address that does not exist, until its member confirms it."""
    require(system.can.administer())
    touches()
    paused = update(Member).where(Member.id == member_id, Member.email == address)
    db.session.execute(paused.values(mail_paused_at=now(), mail_paused_why=why[:300]))


@action
def resume_mail(member: Member) -> None:
    """Resume mail, because the member confirms the address."""
    require(member.can.edit_profile(member))
    touches()
    member.mail_paused_at, member.mail_paused_why = None, ""
