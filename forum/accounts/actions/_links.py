"""Letters with a link that proves an address, and the secrets in these links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from forum import tokens
from forum.accounts.models import Token
from forum.accounts.queries import ADDRESS, JOIN, LIFETIMES, RESET, SIGN_IN, UNDO, usable_token
from forum.candidates.models import Candidate
from forum.candidates.queries import is_for_moderators
from forum.clock import now
from forum.db import db
from forum.deeds import touches
from forum.errors import NotFound
from forum.mail.actions import write_letter
from forum.mail.queries import letters_since
from forum.members.models import Member
from forum.members.queries import lock_member, member_by_email
from forum.permissions import SYSTEM, Person

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


@dataclass(frozen=True)
class SecretLink:
    """The link of a letter: `path` and a secret that `tokens.secret` makes of `purpose` and `salt`."""

    path: str
    purpose: str
    salt: str


def has_enough_letters(email: str, kinds: Sequence[str] = LETTERS_FOR_STRANGERS) -> bool:
    """Whether an address has been sent as many letters of these kinds as `LETTER_WINDOW` allows."""
    return letters_since(email, kinds, LETTER_WINDOW) >= MAX_LETTERS


def send_link(
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


def use_token(purpose: str, secret: str) -> Token:
    """Use up a secret; returns its token. Raises `NotFound` as `usable_token` does."""
    touches()
    token = usable_token(purpose, secret, for_update=True)
    token.used_at = now()
    return token


def use_member_token(purpose: str, secret: str) -> tuple[Token, Member]:
    """Use up a secret that was sent to a member; returns its token and the member. Raises `NotFound`.

    The member is locked before the token, as by whoever changes credentials and then voids tokens.
    """
    lock_member(usable_token(purpose, secret).member_id, may_write=True)
    token = use_token(purpose, secret)
    if token.member is None:
        raise NotFound()
    return token, token.member


def tell_owner(member: Member, what: str, detail: str = "") -> None:
    """Send the owner a letter that says which credentials were changed, or what is odd."""
    words = {"what": what, "detail": detail}
    write_letter(SYSTEM, "changed", member.email, words, member_id=member.id)


def tell_existing_member(visitor: Person, email: str) -> None:
    """Tell a member that somebody wants to use their address. The address of a former member gets no letter."""
    if member := member_by_email(email):
        words = {"path": "/sign-in", "name": member.name, **_state_of(member)}
        write_letter(visitor, "known", email, words, member_id=member.id)


def _state_of(member: Member) -> dict[str, str]:
    """Whether an account is suspended or closed and until when, for the letter to its owner; nothing if it is open."""
    if member.is_suspended:
        return {"state": "suspended", "day_at": str(member.suspended_until)}
    if member.is_leaving:
        return {"state": "closed", "path": "/settings/leave", "day_at": str(member.leaving_at)}
    return {}
