"""Setting up second factors, verifying them, and removing them."""

from __future__ import annotations

from forum.factors.actions._shared import CIPHER_PURPOSE
from forum.factors.actions.challenges import ask_for_passkey, spend_challenge
from forum.factors.actions.codes import (
    begin_codes,
    confirm_codes,
    remove_codes,
    renew_recovery_codes,
    replace_codes,
)
from forum.factors.actions.half_sessions import (
    begin_half_session,
    forget_half_sessions,
    warn_owner,
)
from forum.factors.actions.passkeys import add_passkey, remove_passkey, rename_passkey
from forum.factors.actions.removing import (
    forget_member,
    forget_old,
    remove_factors,
    remove_factors_since,
)
from forum.factors.actions.verifying import (
    sign_in_with_passkey,
    verify_code,
    verify_passkey,
    verify_recovery_code,
)

__all__ = [
    "CIPHER_PURPOSE",
    "add_passkey",
    "ask_for_passkey",
    "begin_codes",
    "begin_half_session",
    "confirm_codes",
    "forget_half_sessions",
    "forget_member",
    "forget_old",
    "remove_codes",
    "remove_factors",
    "remove_factors_since",
    "remove_passkey",
    "rename_passkey",
    "renew_recovery_codes",
    "replace_codes",
    "sign_in_with_passkey",
    "spend_challenge",
    "verify_code",
    "verify_passkey",
    "verify_recovery_code",
    "warn_owner",
]
