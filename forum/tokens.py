"""Secrets that a letter carries: made from the forum's key and a salt, so that no row and no backup holds them."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

from flask import current_app

SHORT = 16  # letters and digits of a proof that is part of an e-mail address: 80 bits


def new_salt() -> str:
    """A salt for one secret; it may be kept beside what the secret is for."""
    return secrets.token_urlsafe(16)


def secret(purpose: str, salt: str) -> str:
    """The secret for a purpose: 43 signs that fit into an address.

    The forum's key, purpose and salt always give the same; nobody makes it without the key (HMAC, RFC 2104).
    """
    return base64.urlsafe_b64encode(_digest(purpose, salt)).decode().rstrip("=")


def seal(purpose: str, salt: str) -> str:
    """A short proof in small letters and digits, for addresses whose case is not kept (RFC 5321, 2.4)."""
    return base64.b32encode(_digest(purpose, salt)).decode().lower()[:SHORT]


def is_sealed(purpose: str, salt: str, said: str) -> bool:
    """Whether a short proof is the right one, in a time that tells nothing."""
    return hmac.compare_digest(seal(purpose, salt).encode(), said.lower().encode())


def kept_hash(proof: str) -> str:
    """What is kept of a secret, to know it again."""
    return sha256(proof.encode("utf-8", "replace")).hexdigest()


def _digest(purpose: str, salt: str) -> bytes:
    return hmac.digest(
        current_app.config["SECRET_KEY"].encode(), f"{purpose}\n{salt}".encode(), "sha256"
    )
