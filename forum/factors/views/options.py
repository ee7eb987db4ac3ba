"""What the script passes to the browser to ask for a passkey, or to make one."""

from __future__ import annotations

import secrets

from flask import Response, abort, jsonify, session
from flask_babel import gettext as _

from forum import passkeys
from forum.errors import Conflict
from forum.factors import actions, queries
from forum.factors.queries import FOR_REGISTRATION, FOR_SECOND_FACTOR, FOR_SIGN_IN, PURPOSES
from forum.factors.views._shared import HANDLE_KEY, bp, browser_key, site
from forum.factors.views.verifying import current_half_session
from forum.members.models import Member
from forum.members.queries import account_of, my_profile
from forum.passkeys import Owner
from forum.permissions import VISITOR, Person
from forum.ratelimits import limiter
from forum.web import has_proved, me


@bp.post("/passkeys/options/<purpose>")
@limiter.limit("30/minute")
def options(purpose: str) -> Response:
    """The options in JSON that the script passes to the browser to ask for a passkey, or to make one."""
    if purpose not in PURPOSES:
        abort(404)
    person = _person_to_ask(purpose)
    challenge = actions.ask_for_passkey(person, purpose, browser_key())
    known = [passkey.known for passkey in queries.passkeys_of(person)] if person.id else []
    if purpose != FOR_REGISTRATION:
        asked = passkeys.authentication_options(
            site(), challenge, known, is_alone=purpose == FOR_SIGN_IN
        )
    else:
        member = my_profile(person)
        owner = Owner(_user_handle(member), member.email, member.name)
        asked = passkeys.registration_options(site(), challenge, owner, known)
    return jsonify(asked)


def _person_to_ask(purpose: str) -> Person:
    """The person whose passkey is asked for: anybody, the member of the half session, or the signed-in member."""
    if purpose == FOR_SIGN_IN:
        return VISITOR
    if purpose == FOR_SECOND_FACTOR:
        return current_half_session().member
    # Even if it is closed
    member = my_profile(me()) if purpose == FOR_REGISTRATION else account_of(me())
    if purpose == FOR_REGISTRATION and not has_proved():
        raise Conflict(_("Load the page again, and show first who you are."))
    return member


def _user_handle(member: Member) -> str:
    """The user handle of a member's passkeys; made here for the first one."""
    known = queries.passkeys_of(member)
    fresh = passkeys.base64url(secrets.token_bytes(32))
    return known[0].user_handle if known else str(session.setdefault(HANDLE_KEY, fresh))
