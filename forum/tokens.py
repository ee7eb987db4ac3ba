"""Tokens in letters: derived from the forum's secret key and a salt, so that neither the database nor backups contain them."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

from flask import current_app

SHORT = 16  # characters of a seal, which is part of an e-mail address: 80 bits


def new_salt() -> str:
    """A random salt for one secret; it may be stored."""
    return secrets.token_urlsafe(16)


def secret(purpose: str, salt: str) -> str:
    """The secret for a purpose and a salt: 43 characters that are safe in a URL.

    It is always the same for the same purpose and salt, and cannot be made without the secret key (HMAC, RFC 2104).
    """
    return base64.urlsafe_b64encode(_digest(purpose, salt)).decode().rstrip("=")


def is_secret(purpose: str, salt: str, said: str) -> bool:
    """Whether `said` is the secret for a purpose and a salt, compared in constant time."""
    return hmac.compare_digest(secret(purpose, salt).encode(), said.encode())


def seal(purpose: str, salt: str) -> str:
    """A short secret in lower case letters and digits, for e-mail addresses, whose case may be lost (RFC 5321, 2.4)."""
    return base64.b32encode(_digest(purpose, salt)).decode().lower()[:SHORT]


def is_sealed(purpose: str, salt: str, said: str) -> bool:
    """Whether `said` is the seal for a purpose and a salt, compared in constant time."""
    return hmac.compare_digest(seal(purpose, salt).encode(), said.lower().encode())


def kept_hash(proof: str) -> str:
    """The hash by which a secret is stored."""
    return sha256(proof.encode("utf-8", "replace")).hexdigest()


def _digest(purpose: str, salt: str) -> bytes:
    return hmac.digest(
        current_app.config["SECRET_KEY"].encode(), f"{purpose}\n{salt}".encode(), "sha256"
    )
