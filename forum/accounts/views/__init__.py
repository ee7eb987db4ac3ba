"""Joining, signing in and out, letters that prove an address, and the settings of an account."""

from __future__ import annotations

from forum.accounts.views import again, letters, roles, settings  # imported for their routes
from forum.accounts.views._sessions import load_user, renew_proof
from forum.accounts.views._shared import bp
from forum.accounts.views.joining import PROVIDER_ACCOUNT_KEY, show_waiting
from forum.accounts.views.signing_in import answer_suspended, sign_in_from_provider

__all__ = [
    "PROVIDER_ACCOUNT_KEY",
    "again",
    "answer_suspended",
    "bp",
    "letters",
    "load_user",
    "renew_proof",
    "roles",
    "settings",
    "show_waiting",
    "sign_in_from_provider",
]
