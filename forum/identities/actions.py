"""Linking members with their accounts at an OpenID provider, and unlinking them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.factors.queries import passkeys_of
from forum.identities.models import Identity
from forum.identities.queries import identities_of, is_known, my_identity
from forum.mail.actions import write_letter
from forum.members.actions import end_sessions
from forum.members.models import Member
from forum.members.queries import lock_member
from forum.permissions import SYSTEM, Person, require

MAX_LABEL = 200  # characters


@action
def link(member: Member, issuer: str, subject: str, label: str = "") -> Identity:
    """Let a member sign in with an account at the provider, and tell them. Raises `Conflict` when it is linked already."""
    touches()
    require(member.can.edit_profile(member))
    identity = _add_identity(member, issuer, subject, label)
    _tell_owner(member)
    return identity


@action
def link_at_joining(member: Member, issuer: str, subject: str, label: str = "") -> None:
    """Link the account with which somebody has just joined, unless it was linked meanwhile; tell them."""
    touches()
    if not is_known(issuer, subject):
        _add_identity(member, issuer, subject, label)
        _tell_owner(member)


def _add_identity(member: Member, issuer: str, subject: str, label: str) -> Identity:
    taken = _("This account is linked with a member already.")
    if is_known(issuer, subject):
        raise Conflict(taken)
    identity = Identity(
        issuer=issuer,
        subject=subject,
        label=label[:MAX_LABEL],
        member_id=member.id,
        created_at=now(),
    )
    db.session.add(identity)
    flush_unique(Conflict(taken))  # in case another window does the same at this moment
    return identity


@action
def unlink(member: Member, identity_id: int, token: str) -> None:
    """Unlink an account at the provider and end all other sessions; `token` is that of this one.

    Raises `Invalid` for the only way to sign in.
    """
    touches()
    lock_member(member.id)
    require(member.can.edit_profile(member))
    identity = my_identity(member, identity_id)
    has_another = member.password_hash or len(identities_of(member)) > 1 or passkeys_of(member)
    if not has_another:
        sentence = _("This is your only way to sign in. Choose a password or add a passkey first.")
        raise Invalid(sentence)
    db.session.delete(identity)
    end_sessions(member, token)
    _tell_owner(member)


def _tell_owner(member: Member) -> None:
    write_letter(SYSTEM, "changed", member.email, {"what": "identity"}, member_id=member.id)


@action
def unlink_since(system: Person, member_id: int, moment: datetime) -> None:
    """Unlink accounts that were linked since a moment, when somebody else may have had access."""
    require(system.can.administer())
    touches()
    since = Identity.member_id == member_id, Identity.created_at >= moment
    db.session.execute(delete(Identity).where(*since))


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the identities of a member who has left."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Identity).where(Identity.member_id == member_id))
