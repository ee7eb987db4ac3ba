"""Known devices: browsers in which the owner of an account has signed in before, which have rate limits of their own."""

from __future__ import annotations

import secrets
from hashlib import sha256

from flask import Response, after_this_request, request
from itsdangerous import BadSignature, URLSafeSerializer

from forum import web
from forum.members import queries
from forum.plaintext import tidy

DEVICE_COOKIE = "device"
DEVICE_COOKIE_SECONDS = 365 * 24 * 3600  # a year


def rate_limit_key(kind: str, email: str) -> str:
    """The key of the rate limit for the account of an e-mail address; each known device of its owner has a key of its own.

    So guesses from other browsers do not lock the owner out (ASVS 5.0, 6.1.1).
    """
    account, device = _email_hash(email), _device_cookie()
    return f"{kind}:{account}:{device}" if _is_device_of(device, account) else f"{kind}:{account}"


def remember_device(email: str) -> None:
    """Mark this browser as a known device of the account, by a signed cookie."""
    account = _email_hash(email)
    if _is_device_of(_device_cookie(), account):
        return

    @after_this_request
    def remember(response: Response) -> Response:
        value = _device_serializer().dumps([account, secrets.token_urlsafe(9)])
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


def _device_serializer() -> URLSafeSerializer:
    signing = {"digest_method": sha256}
    return URLSafeSerializer(web.settings().secret_key, salt="device", signer_kwargs=signing)


def _device_cookie() -> str:
    return request.cookies.get(web.cookie_name(DEVICE_COOKIE), "")


def _is_device_of(device: str, account: str) -> bool:
    """Whether a device cookie says that the owner of an account has signed in with this browser."""
    try:
        return bool(_device_serializer().loads(device)[0] == account)
    except (BadSignature, TypeError, IndexError):
        return False


def _email_hash(email: str) -> str:
    """The hash by which rate limits and cookies name the account of an e-mail address."""
    return sha256(queries.normalised_email(tidy(email)).encode()).hexdigest()
