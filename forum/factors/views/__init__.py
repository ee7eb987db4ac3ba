"""The views of second factors: passkeys, authenticator codes, recovery codes, and whether they are required."""

from __future__ import annotations

from forum.factors.views import codes, options, own, requiring
from forum.factors.views._shared import HALF_SESSION_KEY, bp, browser_key
from forum.factors.views.codes import unconfirmed_secret
from forum.factors.views.verifying import current_half_session, owner_of_passkey, verify_factor

__all__ = [
    "HALF_SESSION_KEY",
    "bp",
    "browser_key",
    "codes",
    "current_half_session",
    "options",
    "own",
    "owner_of_passkey",
    "requiring",
    "unconfirmed_secret",
    "verify_factor",
]
