"""Accounts: joining, authenticating with links sent by e-mail, changing credentials and roles, and bylines in search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete

from forum import tokens
from forum.accounts.models import POSTS, PRACTICES, Renaming, Token
from forum.accounts.queries import (
    ADDRESS,
    JOIN,
    LIFETIMES,
    RESET,
    SIGN_IN,
    UNDO,
    RenamingState,
    renaming_in_state,
    undo_token_to,
    usable_token,
)
from forum.candidates import actions as candidates
from forum.candidates.actions import JoinDetails
from forum.candidates.models import Candidate
from forum.candidates.queries import is_for_moderators
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.errors import Invalid, NotFound, or_not_found
from forum.factors.actions import remove_factors_since
from forum.identities.actions import unlink_since
from forum.library import actions as library
from forum.mail.actions import drop_outdated, readdress, write_letter
from forum.mail.queries import letters_since
from forum.markup import PlainTexts
from forum.matches import combine, from_plain_text
from forum.members import actions as members
from forum.members.actions import Joining, Profile
from forum.members.models import Credentials, Member
from forum.members.queries import (
    administered_member,
    administrators,
    get_member,
    is_email_taken,
    lock_member,
    member_by_email,
    normalised_email,
)
from forum.notifications.actions import NoticeText, note_event, read_outdated
from forum.permissions import SYSTEM, Person, require
from forum.principals import MEMBER, administers, moderates
from forum.screening.actions import refuse_caught
from forum.screening.queries import Sending
from forum.sentences import sentence
from forum.versions import EVERYTHING

NO_DETAILS = JoinDetails()  # no invitation, no answers
# The kinds of letters that share one limit. A stranger who types somebody's address cannot use up the owner's limit.
LETTERS_FOR_STRANGERS = ("join", "known", "address")
LETTERS_FOR_OWNERS = ("sign_in", "reset", "unknown")
MAX_LETTERS, LETTER_WINDOW = 5, timedelta(hours=1)  # to one address
# For each purpose of a secret: the kind of its letter, and the path that its link begins with
LINKS = {
    JOIN: ("join", "/join/confirm"),
    SIGN_IN: ("sign_in", "/sign-in/letter"),
    RESET: ("reset", "/password"),
    ADDRESS: ("address", "/address"),
    UNDO: ("address_changed", "/address/undo"),
}
# The page to which the notice of a new role links
MODERATION, ADMINISTRATION = "/moderation", "/administration"
TOKEN_RETENTION = timedelta(days=1)  # after a token has expired


@dataclass(frozen=True)
class SecretLink:
    """The link of a letter: `path` and a secret that `tokens.secret` makes of `purpose` and `salt`."""

    path: str
    purpose: str
    salt: str


# Joining


@action
def ask_to_join(
    visitor: Person, joining: Joining, browser_key: str, details: JoinDetails = NO_DETAILS
) -> SecretLink | None:
    """Send a letter with which somebody joins, or, to the address of a member, one that says that the account exists.

    Both look the same to whoever asks. `browser_key` is a random text that the browser keeps. Returns the link, for a
    demo; None when nothing was sent, or a letter without a link.
    """
    require(visitor.can.join())
    touches()
    email = normalised_email(joining.email)
    members.check_name(SYSTEM, joining.name)
    if _has_enough_letters(email):
        return None
    if is_email_taken(email):
        candidates.check_may_join(visitor, joining, details)
        _tell_existing_member(visitor, email)
        return None
    candidate = candidates.keep(visitor, joining, browser_key, details)
    return _send_link(visitor, JOIN, email, candidate=candidate)


def _tell_existing_member(visitor: Person, email: str) -> None:
    """Tell a member that somebody wants to use their address. The address of a former member gets no letter."""
    if member := member_by_email(email):
        words = {"path": "/sign-in", "name": member.name}
        write_letter(visitor, "known", email, words, member_id=member.id)


@action
def join_proved(
    visitor: Person, joining: Joining, browser_key: str, details: JoinDetails
) -> Member | Candidate:
    """Join without a letter, because a trusted provider has verified the address.

    Returns the candidate when moderators are to decide. Raises `Invalid` when the address is taken.
    """
    require(visitor.can.join())
    if is_email_taken(joining.email):
        sentence = _(
            "There is an account with this address. Sign in first, then link it in your settings."
        )
        raise Invalid(sentence, "email")
    candidate = candidates.keep(visitor, joining, browser_key, details)
    return candidates.confirm(visitor, candidate) or candidate


@action
def confirm_joining(visitor: Person, secret: str) -> Member | Candidate:
    """Make the account of a letter's secret; returns the candidate when moderators are to decide. Raises `NotFound`."""
    require(visitor.can.join())
    candidate = or_not_found(_use_token(JOIN, secret).candidate)
    member = candidates.confirm(visitor, candidate)
    if member is not None:
        touches(EVERYTHING)
    return member or candidate


# By letter


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
    if _has_enough_letters(email, LETTERS_FOR_OWNERS):
        return
    if member := member_by_email(email):
        _send_link(visitor, purpose, email, member=member)
    else:
        write_letter(visitor, "unknown", email, {"path": "/join"})


@action
def spend_sign_in(_visitor: Person, secret: str) -> Member:
    """Use up a letter's secret and return its member. Raises `NotFound` for a secret that cannot be used."""
    touches()
    _token, member = _use_member_token(SIGN_IN, secret)
    require(member.can.sign_in())
    return member


@action
def reset_password(_visitor: Person, secret: str, password_hash: str) -> Member:
    """Use up a letter's secret to set a new password, and return its member; ends every session."""
    _token, member = _use_member_token(RESET, secret)
    members.reset_password(member, password_hash)
    forget_tokens(member)
    _tell_owner(member, "password")
    return member


# Changing what one signs in with


@action
def change_password(member: Member, password_hash: str, verified: Credentials) -> None:
    """Set a new password: every session ends, links sent by letter become void, and the owner is told.

    `verified` is that of `members.change_password`, which raises `Conflict` alike.
    """
    members.change_password(member, password_hash, verified=verified)
    forget_tokens(member)
    _tell_owner(member, "password")


@action
def edit_profile(member: Member, profile: Profile) -> None:
    """Replace what a member says about themselves.

    A member who may not write can change city and languages but no text. A text that a screening rule catches is
    refused, because a profile has no queue to wait in.
    """
    about = profile.about.source if profile.about else member.about
    said = (profile.name, profile.position, profile.helps_with, about)
    if said != (member.name, member.position, member.helps_with, member.about):
        require(member.can.write())
        lines = from_plain_text(profile.name, profile.position, profile.helps_with).text
        written = combine(filter(None, (lines, profile.about)))
        refuse_caught(member, None, written, "about", Sending.EDITED)
    lock_member(member.id, may_write=True)
    before = member.name, member.city_id
    if not members.edit_profile(member, profile):
        touches()
    if (member.name, member.city_id) != before:
        _note_renaming(member)


def _note_renaming(member: Member) -> None:
    """Make the worker update all of the member's texts in search, from the beginning if it is already doing so."""
    row = db.session.get(Renaming, member.id, with_for_update=True)
    if row is None:
        row = Renaming(member_id=member.id)
        db.session.add(row)
    row.step, row.position = POSTS, 0


@action
def reindex_posts(
    system: Person, state: RenamingState, post_ids: Sequence[int], plain: PlainTexts
) -> None:
    """Update the author's byline in the search documents of these posts; with no posts left, go on to the practices.

    `state` is the renaming as the worker has read it. Nothing happens when it is no longer in that state (the member
    was renamed again), or when another worker has locked it.
    """
    require(system.can.administer())
    if renaming := renaming_in_state(state):
        dialogue.reindex(system, post_ids, plain)
        renaming.position = post_ids[-1] if post_ids else 0
        renaming.step = POSTS if post_ids else PRACTICES


@action
def reindex_practices(system: Person, state: RenamingState, practice_ids: Sequence[int]) -> None:
    """Like `reindex_posts`, for practices; with none left, the renaming is done."""
    require(system.can.administer())
    renaming = renaming_in_state(state)
    if renaming is None:
        return
    if practice_ids:
        library.reindex_practices(system, practice_ids, PlainTexts())
        renaming.position = practice_ids[-1]
    else:
        db.session.delete(renaming)


@action
def change_handle(member: Member, typed: str) -> None:
    """Change a member's handle; one that a screening rule catches is refused, as in a profile."""
    written = from_plain_text(typed.replace("-", " "))
    refuse_caught(member, None, written, "handle", Sending.EDITED)
    members.change_handle(member, typed)


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
    if _has_enough_letters(email):
        raise Invalid(_("Several e-mails went to this address. Try again in an hour."), "email")
    if is_email_taken(email):
        _tell_existing_member(member, email)
        return
    _send_link(member, ADDRESS, email, member=member)


@action
def confirm_address(_person: Person, secret: str) -> Member:
    """Use up a letter's secret to change the address. The former address is told, and can undo the change for two weeks.

    A member who goes back to an address that could undo a change has thereby undone it. The address in between may be
    that of a thief: it is told, and can undo nothing.
    """
    token, member = _use_member_token(ADDRESS, secret)
    undone = undo_token_to(member, token.address)
    before = _change_address(member, token.address)
    if undone:
        _forget_undoing_after(undone)
        _write_to_former(member, "address_back", before)
    else:
        _send_link(member, UNDO, before, member=member)
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
    token, member = _use_member_token(UNDO, secret)
    _forget_undoing_after(token)
    undone = _change_address(member, token.address)
    members.set_password(SYSTEM, member.handle, "")
    remove_factors_since(SYSTEM, member.id, token.created_at)
    unlink_since(SYSTEM, member.id, token.created_at)
    members.stay_since(SYSTEM, member, token.created_at)
    _write_to_former(member, "address_undone", undone)
    _send_link(member, RESET, token.address, member=member)
    return member


def _write_to_former(member: Member, kind: str, address: str) -> None:
    """Send a letter to a former address, in the language of the member: somebody else may have opened the page."""
    words = {"name": member.name, "path": "/contact"}
    write_letter(SYSTEM, kind, address, words, locale=member.locale)


# Roles


@action
def add_member(administrator: Person, joining: Joining, role: str) -> Member:
    """Make an account for somebody else with `members.add_member`, and tell the same people of its role as `appoint` does."""
    member = members.add_member(administrator, joining, role)
    _tell_of_role(administrator, member, MEMBER)
    return member


@action
def appoint(administrator: Person, handle: str, role: str) -> Member:
    """Give a member a role with `members.appoint`, and tell them.

    All other administrators are told of a new one. So is the administrator who did it, because somebody else may be
    using that account.
    """
    before = administered_member(administrator, handle).role
    member = members.appoint(administrator, handle, role)
    _tell_of_role(administrator, member, before)
    return member


def _tell_of_role(doer: Person, member: Member, before: str) -> None:
    """Tell everybody concerned about a member's new role; nobody when it is the same as `before`."""
    if before != member.role:
        _tell_member(member, before)
        if administers(member.role):
            _tell_administrators(doer, member)


def _tell_member(member: Member, before: str) -> None:
    """Tell a member, by a notice and by a letter that cannot be switched off, which role they now have or have lost.

    Older notices and letters about their role are marked as read or dropped, so that only the present role is news.
    """
    profile = f"/members/{member.handle}"
    if administers(member.role):
        title, page = sentence("You are an administrator now"), ADMINISTRATION
    elif moderates(member.role):
        title, page = sentence("You are a moderator now"), MODERATION
    elif administers(before):
        title, page = sentence("You are no longer an administrator"), profile
    else:
        title, page = sentence("You are no longer a moderator"), profile
    words = {
        "name": member.name,
        "administers": administers(member.role),
        "moderates": moderates(member.role),
        "administered": administers(before),
        "has_factor": member.factor_at is not None,
    }
    drop_outdated(SYSTEM, "role", member.id)
    write_letter(SYSTEM, "role", member.email, words, member_id=member.id)
    read_outdated(SYSTEM, "role", [MODERATION, ADMINISTRATION, profile], [member.id])
    note_event(SYSTEM, NoticeText("role", page, title), [member.id])


def _tell_administrators(doer: Person, member: Member) -> None:
    """Tell all other administrators, by a letter and a notice, that the member is now one, and who gave the role.

    Neither stores a name, so that no name remains of a member who has left: names are looked up when the letter is
    sent.
    """
    others = [administrator for administrator in administrators() if administrator.id != member.id]
    for administrator in others:
        words = {"who_id": member.id, "by_id": doer.id}
        write_letter(
            SYSTEM, "administrator_made", administrator.email, words, member_id=administrator.id
        )
    page = "/administration/members?group=administrators"
    notice = NoticeText("role", page, sentence("There is a new administrator"))
    note_event(SYSTEM, notice, [administrator.id for administrator in others])


@action
def forget_tokens(member: Member) -> None:
    """Void every link that was sent to a member, because credentials have changed.

    Links that undo a change of address stay valid; otherwise a thief who changed the address could void them first.
    """
    touches()
    db.session.execute(delete(Token).where(Token.member_id == member.id, Token.purpose != UNDO))


@action
def forget_old(system: Person) -> int:
    """Delete expired tokens, and the candidates that `candidates.forget_old` deletes; returns the number of rows."""
    require(system.can.administer())
    touches()
    expired = delete(Token).where(Token.expires_at < now() - TOKEN_RETENTION)
    deleted = db.session.scalars(expired.returning(Token.id)).all()
    return len(deleted) + candidates.forget_old(system)


@action
def forget_member(system: Person, member: Member) -> None:
    """Delete the tokens of a member who leaves, and candidates with the same address."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Token).where(Token.member_id == member.id))
    candidates.forget_member(system, member)


def _has_enough_letters(email: str, kinds: Sequence[str] = LETTERS_FOR_STRANGERS) -> bool:
    """Whether an address has been sent as many letters of these kinds as `LETTER_WINDOW` allows."""
    return letters_since(email, kinds, LETTER_WINDOW) >= MAX_LETTERS


def _send_link(
    doer: Person,
    purpose: str,
    address: str,
    *,
    member: Member | None = None,
    candidate: Candidate | None = None,
) -> SecretLink:
    """Store a token and send its link by letter."""
    if member and purpose != UNDO:  # only the newest letter is valid
        earlier = delete(Token).where(Token.member_id == member.id, Token.purpose == purpose)
        db.session.execute(earlier)
    salt, lifetime = tokens.new_salt(), LIFETIMES[purpose]
    token = Token(
        purpose=purpose,
        token_hash=tokens.kept_hash(tokens.secret(purpose, salt)),
        member_id=member.id if member else None,
        candidate_id=candidate.id if candidate else None,
        address=address,
        created_at=now(),
        expires_at=now() + lifetime,
    )
    db.session.add(token)
    kind, path = LINKS[purpose]
    name = member.name if member else candidate.name if candidate else ""
    minutes = int(lifetime.total_seconds()) // 60
    words = {"path": path, "purpose": purpose, "salt": salt, "minutes": minutes, "name": name}
    if candidate:
        words["is_asked"] = is_for_moderators(candidate)
    write_letter(doer, kind, address, words, member_id=token.member_id)
    return SecretLink(path, purpose, salt)


def _use_token(purpose: str, secret: str) -> Token:
    touches()
    token = usable_token(purpose, secret, for_update=True)
    token.used_at = now()
    return token


def _use_member_token(purpose: str, secret: str) -> tuple[Token, Member]:
    """Use up a secret that was sent to a member; returns its token and the member. Raises `NotFound`."""
    token = _use_token(purpose, secret)
    if token.member is None:
        raise NotFound()
    return token, token.member


def _tell_owner(member: Member, what: str) -> None:
    """Send the owner a letter that says which credentials were changed."""
    write_letter(SYSTEM, "changed", member.email, {"what": what}, member_id=member.id)
