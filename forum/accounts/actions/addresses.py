"""Changing the e-mail address, with a way back for whoever reads the former one."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.accounts.actions._links import (
    has_enough_letters,
    send_link,
    tell_existing_member,
    use_member_token,
)
from forum.accounts.actions.forgetting import forget_tokens
from forum.accounts.models import Token
from forum.accounts.queries import ADDRESS, RESET, UNDO, undo_token_to
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.factors.actions import forget_half_sessions, remove_factors_since
from forum.identities.actions import unlink_since
from forum.mail.actions import readdress, write_letter
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import (
    get_member,
    is_email_taken,
    lock_rule_of_factors,
    normalised_email,
)
from forum.permissions import SYSTEM, Person, require


@action
def ask_for_address(member: Member, email: str) -> None:
    """Send a letter to a new address; nothing changes before it is confirmed there.

    When somebody else has the address, its owner is told; the page does not reveal it.
    """
    require(member.can.edit_profile(member))
    touches()
    email = normalised_email(email)
    if email == member.email:
        raise Invalid(_("This is your address already."), "email")
    if has_enough_letters(email):
        raise Invalid(_("Several e-mails went to this address. Try again in an hour."), "email")
    if is_email_taken(email):
        tell_existing_member(member, email)
        return
    send_link(member, ADDRESS, email, member=member)


@action
def confirm_address(_person: Person, secret: str) -> Member:
    """Use up a letter's secret to change the address. The former address is told, and can undo the change for two weeks.

    A member who goes back to an address that could undo a change has thereby undone it. The address in between may be
    that of a thief: it is told, and can undo nothing.
    """
    token, member = use_member_token(ADDRESS, secret)
    undone = undo_token_to(member, token.address)
    before = _change_address(member, token.address)
    if undone:
        _forget_undoing_after(undone)
        _write_to_former(member, "address_back", before)
    else:
        send_link(member, UNDO, before, member=member)
    return member


def _forget_undoing_after(token: Token) -> None:
    """Void the links that undo changes of a member's address made after the one that `token` undoes."""
    later = delete(Token).where(Token.member_id == token.member_id, Token.id > token.id)
    db.session.execute(later.where(Token.purpose == UNDO))


@action
def give_address(system: Person, handle: str, email: str) -> Member:
    """Set a member's address, whose ownership the operator has verified. Ends every session.

    The former address, which a thief may read, is told but can undo nothing: all links sent there become void,
    including those that undo earlier changes. An address whose mail is paused is not told. Raises `Invalid` for the
    address that the member has.
    """
    require(system.can.administer())
    member = get_member(system, handle)
    if normalised_email(email) == member.email:
        raise Invalid(_("This is the address of this member already."), "email")
    is_read = member.mail_paused_at is None
    before = _change_address(member, email)
    db.session.execute(delete(Token).where(Token.member_id == member.id))
    members.end_sessions(member)
    if is_read:
        _write_to_former(member, "address_given", before)
    return member


def _change_address(member: Member, email: str) -> str:
    """Change a member's address and that of waiting letters, and void earlier links; returns the former address."""
    before = member.email
    members.change_address(SYSTEM, member.id, email)
    readdress(SYSTEM, member)
    forget_tokens(member)
    return before


@action
def undo_address(_person: Person, secret: str) -> Member:
    """Use up the secret sent to a former address: the address is the member's again, and every session ends.

    Somebody else may have changed the address and may know the password. So the password becomes void, and a letter
    lets the owner choose another. Later changes of the address are undone too, so that none of them takes the account
    back. Factors and provider accounts added since are removed, because the letters about them went to the other
    address. An account that was closed since is opened again, for the same reason.
    """
    lock_rule_of_factors()  # before the member, as it is asked for once factors are removed
    token, member = use_member_token(UNDO, secret)
    _forget_undoing_after(token)
    undone = _change_address(member, token.address)
    members.set_password(SYSTEM, member.handle, "")
    remove_factors_since(SYSTEM, member.id, token.created_at)
    # After the factors, as whoever verifies one locks it before their half session
    forget_half_sessions(member)
    unlink_since(SYSTEM, member.id, token.created_at)
    members.stay_since(SYSTEM, member, token.created_at)
    _write_to_former(member, "address_undone", undone)
    send_link(member, RESET, token.address, member=member)
    return member


def _write_to_former(member: Member, kind: str, address: str) -> None:
    """Send a letter to a former address, in the language of the member: somebody else may have opened the page."""
    words = {"name": member.name, "path": "/contact"}
    write_letter(SYSTEM, kind, address, words, locale=member.locale)
