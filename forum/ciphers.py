"""Texts that a row holds locked: whoever reads the database or a backup without the forum's key cannot read them."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class Unreadable(Exception):
    """A text was locked with another key: FORUM_SECRET_KEY has changed since."""


def lock(purpose: str, text: str) -> str:
    """A text locked for one purpose (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def unlock(purpose: str, locked: str) -> str:
    """The text that was locked for a purpose; raises `Unreadable` when another key locked it."""
    try:
        return _fernet(purpose).decrypt(locked.encode()).decode()
    except InvalidToken as error:
        raise Unreadable() from error


def _fernet(purpose: str) -> Fernet:
    """A key of its own for each purpose, from the forum's key (HKDF, RFC 5869)."""
    key = current_app.config["SECRET_KEY"].encode()
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)
    return Fernet(base64.urlsafe_b64encode(made))
