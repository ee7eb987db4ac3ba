"""Joining, once the address is proved."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.accounts.actions._links import (
    SecretLink,
    has_enough_letters,
    send_link,
    tell_existing_member,
    use_token,
)
from forum.accounts.queries import JOIN
from forum.candidates import actions as candidates
from forum.candidates.actions import JoinDetails
from forum.candidates.models import Candidate
from forum.deeds import action, touches
from forum.errors import Invalid, or_not_found
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import is_email_taken, normalised_email
from forum.permissions import SYSTEM, Person, require
from forum.versions import EVERYTHING

NO_DETAILS = JoinDetails()  # no invitation, no answers


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
    if has_enough_letters(email):
        return None
    if is_email_taken(email):
        candidates.check_may_join(visitor, joining, details)
        tell_existing_member(visitor, email)
        return None
    candidate = candidates.keep(visitor, joining, browser_key, details)
    return send_link(visitor, JOIN, email, candidate=candidate)


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
    candidate = or_not_found(use_token(JOIN, secret).candidate)
    member = candidates.confirm(visitor, candidate)
    if member is not None:
        touches(EVERYTHING)
    return member or candidate
