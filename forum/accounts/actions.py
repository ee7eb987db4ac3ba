"""Joining, and proving who one is by what was sent to one's address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete

from forum import tokens
from forum.accounts.models import Token
from forum.accounts.queries import ADDRESS, HOURS, JOIN, RESET, SIGN_IN, UNDO, spendable
from forum.candidates import actions as candidates
from forum.candidates.actions import Coming
from forum.candidates.models import Candidate
from forum.db import EVERYTHING, action, db, now, touches
from forum.errors import Invalid, NotFound
from forum.factors.actions import remove_factors_since
from forum.identities.actions import unlink_since
from forum.mail.actions import readdress, write_letter
from forum.mail.queries import letters_since
from forum.matches import plainly, together
from forum.members import actions as members
from forum.members.actions import Joining, Profile
from forum.members.models import Member
from forum.members.queries import get_member, is_email_taken, member_by_email, normalised_email
from forum.permissions import SYSTEM, Person, require
from forum.screening.actions import refuse_caught

ALONE = Coming()  # without an invitation and with nothing answered
# Letters that are counted together: nobody's own letters stop because somebody else writes the address into a form.
OF_STRANGERS, OF_OWNERS = ("join", "known", "address"), ("sign_in", "reset", "unknown")
MOST_LETTERS, WITHIN = 5, timedelta(hours=1)  # to one address, whoever asks for them
KEPT_TOKENS = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """The way of a secret: by letter, and for the demo, which sends none, also by hand."""

    path: str
    purpose: str
    salt: str


# Joining


@action
def ask_to_join(
    visitor: Person, joining: Joining, browser_key: str, coming: Coming = ALONE
) -> Asked | None:
    """Send a letter that lets somebody join, or, to an address with an account, one that says so.

    Whoever asks is told the same in both cases. `browser_key` is a random text that the browser keeps.
    """
    require(visitor.can.join())
    touches()
    email = normalised_email(joining.email)
    members.check_name(SYSTEM, joining.name)
    if _has_had_enough(email):
        return None
    if is_email_taken(email):
        candidates.may_come(visitor, joining, coming)
        _tell_known(visitor, email)
        return None
    candidate = candidates.keep(visitor, joining, browser_key, coming)
    return _send(visitor, JOIN, "join", "/join/confirm", email, candidate=candidate)


def _tell_known(visitor: Person, email: str) -> None:
    """Somebody wants to join with the address of a member; of one who has left nobody is told anything."""
    if member := member_by_email(email):
        words = {"path": "/sign-in", "name": member.name}
        write_letter(visitor, "known", email, words, member_id=member.id)


@action
def join_proved(
    visitor: Person, joining: Joining, browser_key: str, coming: Coming
) -> Member | Candidate:
    """Join without a letter: a provider that we trust has said whose the address is."""
    require(visitor.can.join())
    if is_email_taken(joining.email):
        sentence = _(
            "There is an account with this address. Sign in first, then link it in your settings."
        )
        raise Invalid(sentence, "email")
    candidate = candidates.keep(visitor, joining, browser_key, coming)
    return candidates.confirm(visitor, candidate) or candidate


@action
def confirm_joining(visitor: Person, secret: str) -> Member | Candidate:
    """Make the account of whoever holds the secret of a letter; a candidate stays one when moderators are to decide."""
    require(visitor.can.join())
    candidate = _spend(JOIN, secret).candidate
    if candidate is None:
        raise NotFound()
    member = candidates.confirm(visitor, candidate)
    if member is not None:
        touches(EVERYTHING)
    return member or candidate


# By letter


@action
def ask_to_sign_in(visitor: Person, email: str) -> None:
    """Send a letter with which one signs in once; to an unknown address one that says that it is unknown."""
    touches()
    _ask(visitor, SIGN_IN, "sign_in", "/sign-in/letter", email)


@action
def ask_for_password(visitor: Person, email: str) -> None:
    """Send a letter with which a new password is chosen; to an unknown address one that says that it is unknown."""
    touches()
    _ask(visitor, RESET, "reset", "/password", email)


def _ask(visitor: Person, purpose: str, kind: str, path: str, email: str) -> None:
    email = normalised_email(email)
    if _has_had_enough(email, OF_OWNERS):
        return
    if member := member_by_email(email):
        _send(visitor, purpose, kind, path, email, member=member)
    else:
        write_letter(visitor, "unknown", email, {"path": "/join"})


@action
def spend_sign_in(_visitor: Person, secret: str) -> Member:
    """Spend the secret of a letter and say who holds it; raises `NotFound` for one that cannot be spent."""
    touches()
    _token, member = _spend_own(SIGN_IN, secret)
    require(member.can.sign_in())
    return member


@action
def reset_password(_visitor: Person, secret: str, password_hash: str) -> Member:
    """Spend the secret of a letter for a new password; ends every session. Hands back whose it is."""
    _token, member = _spend_own(RESET, secret)
    members.reset_password(member, password_hash)
    forget_tokens(member)
    _tell_changed(member, "password")
    return member


# Changing what one signs in with


@action
def change_password(member: Member, password_hash: str) -> None:
    """Choose a new password: every session ends, what was sent by mail is void, and the owner is told."""
    members.change_password(member, password_hash)
    forget_tokens(member)
    _tell_changed(member, "password")


@action
def edit_profile(member: Member, profile: Profile) -> None:
    """Replace what a member says about themselves.

    A member who may not write can still change the city and the languages, but none of the words. A text that a rule
    catches is refused, because there is no place where it could wait.
    """
    about = profile.about.source if profile.about else member.about
    said = (profile.name, profile.position, profile.helps_with, about)
    if said != (member.name, member.position, member.helps_with, member.about):
        require(member.can.write())
        lines = plainly(profile.name, profile.position, profile.helps_with).text
        refuse_caught(
            member, None, together(filter(None, (lines, profile.about))), "about", is_again=True
        )
    if not members.edit_profile(member, profile):
        touches()


@action
def ask_for_address(member: Member, email: str) -> None:
    """Send a letter to a new address; nothing changes before whoever reads it says so.

    To an address of somebody else goes a letter that says that it is taken: the page tells nobody.
    """
    require(member.can.edit_profile(member))
    touches()
    email = normalised_email(email)
    if email == member.email:
        raise Invalid(_("This is your address already."), "email")
    if _has_had_enough(email):
        raise Invalid(_("Several e-mails went to this address. Try again in an hour."), "email")
    if is_email_taken(email):
        _tell_known(member, email)
        return
    _send(member, ADDRESS, "address", "/address", email, member=member)


@action
def confirm_address(_person: Person, secret: str) -> Member:
    """Spend the secret of a letter for a new address. The old one is told, and can undo it for two weeks."""
    token, member = _spend_own(ADDRESS, secret)
    before = _move(member, token.address)
    _send(member, UNDO, "address_changed", "/address/undo", before, member=member)
    return member


@action
def give_address(system: Person, handle: str, email: str) -> Member:
    """Give a member an address: the person who runs the server has made sure whose it is. Ends every session.

    Whoever reads the old address, perhaps a thief, is told there and can take nothing back: the links that were sent
    there are worth nothing, those that undo earlier changes neither. Where no mail arrives nobody is told.
    """
    require(system.can.administer())
    member = get_member(system, handle)
    is_read = member.mail_paused_at is None
    before = _move(member, email)
    db.session.execute(delete(Token).where(Token.member_id == member.id))
    members.end_sessions(member)
    if is_read:
        write_letter(SYSTEM, "address_given", before, {"name": member.name, "path": "/contact"})
    return member


def _move(member: Member, email: str) -> str:
    """Give a member another address, with what waits, and make void what was sent; hands back the one before."""
    before = member.email
    members.change_address(SYSTEM, member.id, email)
    readdress(SYSTEM, member)
    forget_tokens(member)
    return before


@action
def undo_address(_person: Person, secret: str) -> Member:
    """Spend the secret sent to an old address: the address is the member's again, and every session ends.

    Somebody else may have changed the address and may know the password. So the password is void, and a letter lets the
    owner choose another. Later changes of the address are undone as well, so that none of them takes the account back.
    Ways to sign in that were set up since are removed, because the letters about them went to the other address. If the
    account was closed since, it is opened again, for the same reason.
    """
    token, member = _spend_own(UNDO, secret)
    later = delete(Token).where(Token.member_id == member.id, Token.id > token.id)
    db.session.execute(later.where(Token.purpose == UNDO))
    undone = _move(member, token.address)
    members.set_password(SYSTEM, member.handle, "")
    remove_factors_since(SYSTEM, member.id, token.created_at)
    unlink_since(SYSTEM, member.id, token.created_at)
    members.stay_since(SYSTEM, member, token.created_at)
    write_letter(SYSTEM, "address_undone", undone, {"name": member.name, "path": "/contact"})
    _send(member, RESET, "reset", "/password", token.address, member=member)
    return member


@action
def forget_tokens(member: Member) -> None:
    """Make every secret worthless that a member was sent: credentials have changed.

    What undoes a change of address stays, or whoever has changed it would void that first.
    """
    touches()
    theirs = delete(Token).where(Token.member_id == member.id, Token.purpose != UNDO)
    db.session.execute(theirs)


@action
def forget_old(system: Person) -> int:
    """Delete candidates who never confirmed, and tokens that are over; says how many."""
    require(system.can.administer())
    touches()
    gone = delete(Token).where(Token.expires_at < now() - KEPT_TOKENS).returning(Token.id)
    tokens = db.session.scalars(gone).all()
    return len(tokens) + candidates.forget_old(system)


@action
def forget_member(system: Person, member: Member) -> None:
    """Delete what a member who leaves has begun and not finished: every token, and whoever wants to join likewise."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Token).where(Token.member_id == member.id))
    candidates.forget_member(system, member)


def _has_had_enough(email: str, kinds: Sequence[str] = OF_STRANGERS) -> bool:
    """Whether so many letters went to an address of late that one more would only annoy its owner."""
    return letters_since(email, kinds, WITHIN) >= MOST_LETTERS


def _send(
    doer: Person,
    purpose: str,
    kind: str,
    path: str,
    address: str,
    *,
    member: Member | None = None,
    candidate: Candidate | None = None,
    more: Mapping[str, Any] | None = None,
) -> Asked:
    if member and purpose != UNDO:  # the newest letter is the one that is good
        earlier = delete(Token).where(Token.member_id == member.id, Token.purpose == purpose)
        db.session.execute(earlier)
    salt, hours = tokens.new_salt(), HOURS[purpose]
    secret = tokens.secret(purpose, salt)
    token = Token(purpose=purpose, token_hash=tokens.kept_hash(secret), address=address)
    token.member_id = member.id if member else None
    token.candidate_id = candidate.id if candidate else None
    token.created_at, token.expires_at = now(), now() + timedelta(hours=hours)
    db.session.add(token)
    name = member.name if member else candidate.name if candidate else ""
    words = {"path": path, "purpose": purpose, "salt": salt, "hours": hours, "name": name}
    write_letter(
        doer, kind, address, words | dict(more or {}), member_id=member.id if member else None
    )
    return Asked(path, purpose, salt)


def _spend(purpose: str, secret: str) -> Token:
    touches()
    token = spendable(purpose, secret, is_to_spend=True)
    token.used_at = now()
    return token


def _spend_own(purpose: str, secret: str) -> tuple[Token, Member]:
    """Spend a secret that was sent to a member, and say whose it is."""
    token = _spend(purpose, secret)
    if token.member is None:
        raise NotFound()
    return token, token.member


def _tell_changed(member: Member, what: str) -> None:
    write_letter(SYSTEM, "changed", member.email, {"what": what}, member_id=member.id)
