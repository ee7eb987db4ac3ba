"""Known devices: browsers in which the owner of an account has signed in before, which have rate limits of their own."""

from __future__ import annotations

import secrets
from hashlib import sha256

from flask import Response, after_this_request, flash, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from forum import web
from forum.accounts import actions
from forum.members import queries
from forum.members.forms import one_line
from forum.members.models import Member
from forum.plaintext import tidy
from forum.ratelimits import counted, forget_count, within_limit
from forum.sentences import Sentence

DEVICE_COOKIE = "device"
DEVICE_COOKIE_SECONDS = 365 * 24 * 3600  # a year
MAX_ACCOUNTS = 5  # of which one browser is a known device
REFUSALS = "100/day"  # how far refused passwords of an account are counted
MANY_REFUSALS = 5  # so many are odd
REFUSED = "refused passwords"
TOLD = "3/day"  # letters about browsers that are new to an account


def rate_limit_key(kind: str, email: str) -> str:
    """The key of the rate limit for the account of an e-mail address; each known device of its owner has a key of its own.

    So guesses from other browsers do not lock the owner out (ASVS 5.0, 6.1.1).
    """
    account = _email_hash(email)
    device = _marks().get(account)
    return f"{kind}:{account}:{device}" if device else f"{kind}:{account}"


def is_known_device(email: str) -> bool:
    """Whether the owner of the account has signed in with this browser before."""
    return _email_hash(email) in _marks()


def remember_device(email: str) -> None:
    """Mark this browser as a known device of the account, by a signed cookie, for a year from now on.

    It stays one of the accounts that were signed in to here before: several people may use a computer, or one several accounts.
    """
    account, others = _email_hash(email), _marks()
    mark = others.pop(account, "") or secrets.token_urlsafe(9)
    marks = dict([*[*others.items()][-(MAX_ACCOUNTS - 1) :], (account, mark)])

    @after_this_request
    def remember(response: Response) -> Response:
        value = _device_serializer().dumps(marks)
        is_https, name = web.settings().is_https, web.cookie_name(DEVICE_COOKIE)
        response.set_cookie(
            name,
            value,
            max_age=DEVICE_COOKIE_SECONDS,
            secure=is_https,
            httponly=True,
            samesite="Lax",
        )
        return response


def count_refusal(email: str) -> None:
    """Count a refused password for the account of an address, unless it was typed in a known device of its owner.

    Whether there is such an account makes no difference.
    """
    if not is_known_device(email):
        within_limit(REFUSALS, REFUSED, _email_hash(email))


def welcome_device(member: Member, how: str, device: Sentence) -> None:
    """Remember the browser in which a member has just signed in, and tell the owner what is odd about it (ASVS 5.0, 6.3.5).

    If the browser is new to the account, a notice says so, and at most three times a day a letter; passwords that were refused
    before in other browsers are told of in both, or on the page of a known device. `how` is as in `Session.how`: a link that came by
    e-mail has told the owner already. `device` is what the browser is called.
    """
    account = _email_hash(member.email)
    is_guessed = counted(REFUSALS, REFUSED, account) >= MANY_REFUSALS
    if is_guessed:
        forget_count(REFUSALS, REFUSED, account)
    was_known = is_known_device(member.email)
    remember_device(member.email)
    if was_known and is_guessed:
        flash(
            _(
                "Wrong passwords were given for your account in other browsers. Nobody came in with them."
            ),
            "message",
        )
    elif is_guessed or not (was_known or how.startswith("letter")):
        is_mailed = within_limit(TOLD, "told of a new browser", account) or is_guessed
        actions.tell_of_new_browser(member, device, is_guessed=is_guessed, is_mailed=is_mailed)


def _device_serializer() -> URLSafeSerializer:
    signing = {"digest_method": sha256}
    return URLSafeSerializer(web.settings().secret_key, salt="device", signer_kwargs=signing)


def _marks() -> dict[str, str]:
    """The accounts of which the cookie of this browser says that it is a known device, each with a number of its own; the latest last."""
    try:
        said = _device_serializer().loads(request.cookies.get(web.cookie_name(DEVICE_COOKIE), ""))
    except BadSignature:
        return {}
    return said if isinstance(said, dict) else dict([said])  # cookies of before have one pair


def _email_hash(email: str) -> str:
    """The hash by which rate limits and cookies name the account of an e-mail address, typed as the form takes it."""
    return sha256(queries.normalised_email(one_line(tidy(email))).encode()).hexdigest()
