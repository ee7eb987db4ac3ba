"""Signing in, or choosing another password, with a link that came by letter."""

from __future__ import annotations

from forum.accounts.actions._links import (
    LETTERS_FOR_OWNERS,
    has_enough_letters,
    send_link,
    tell_owner,
    use_member_token,
)
from forum.accounts.actions.forgetting import forget_tokens
from forum.accounts.queries import RESET, SIGN_IN
from forum.candidates.queries import latest_candidate, way_to_join
from forum.deeds import action, touches
from forum.factors.actions import forget_half_sessions
from forum.mail.actions import write_letter
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import member_by_email, normalised_email
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import SYSTEM, Person, require
from forum.sentences import Sentence, sentence


@action
def ask_to_sign_in(visitor: Person, email: str) -> None:
    """Send a link that signs in once; to an unknown address a letter that says so."""
    touches()
    _send_link_or_say_unknown(visitor, SIGN_IN, email)


@action
def ask_for_password(visitor: Person, email: str) -> None:
    """Send a link to choose a new password; to an unknown address a letter that says so."""
    touches()
    _send_link_or_say_unknown(visitor, RESET, email)


def _send_link_or_say_unknown(visitor: Person, purpose: str, email: str) -> None:
    email = normalised_email(email)
    if has_enough_letters(email, LETTERS_FOR_OWNERS):
        return
    if member := member_by_email(email):
        send_link(visitor, purpose, email, member=member)
    else:
        write_letter(visitor, "unknown", email, _why_unknown(email))


def _why_unknown(email: str) -> dict[str, str]:
    """The words of a letter to an address without an account: whether somebody has asked to join with it."""
    candidate = latest_candidate(email)
    if candidate is None or candidate.refused_at:
        return {"path": "/join"}
    return {"state": "waits" if candidate.waits else "unconfirmed", **way_to_join(candidate)}


@action
def spend_sign_in(_visitor: Person, secret: str) -> Member:
    """Use up a letter's secret and return its member. Raises `NotFound` for a secret that cannot be used."""
    touches()
    _token, member = use_member_token(SIGN_IN, secret)
    require(member.can.sign_in())
    return member


@action
def tell_of_new_browser(
    member: Member, device: Sentence, *, is_guessed: bool, is_mailed: bool = True
) -> None:
    """Tell the owner of a browser that is new to the account, by a notice and by a letter that cannot be switched off.

    `device` is what the browser is called; `is_guessed` says that many passwords had been refused before, `is_mailed`
    whether there is a letter, too.
    """
    touches()
    if is_mailed:
        tell_owner(member, "guessed" if is_guessed else "new browser", device.in_english)
    title = (
        sentence("Somebody signed in after many wrong passwords")
        if is_guessed
        else sentence("Somebody signed in in a new browser")
    )
    notice = NoticeText("security", "/settings/sessions", title, before=[device])
    note_event(SYSTEM, notice, [member.id])


@action
def reset_password(_visitor: Person, secret: str, password_hash: str) -> Member:
    """Use up a letter's secret to set a new password, and return its member; ends every session."""
    _token, member = use_member_token(RESET, secret)
    members.reset_password(member, password_hash)
    forget_half_sessions(member)
    forget_tokens(member)
    tell_owner(member, "password")
    return member


@action
def set_password(administrator: Person, handle: str, password_hash: str) -> None:
    """Set a new password for a member who has lost it; ends every session, and what was begun with the former one."""
    member = members.set_password(administrator, handle, password_hash)
    forget_half_sessions(member)
    forget_tokens(member)
