"""Texts that a row holds locked: whoever reads the database or a backup without the forum's key cannot read them."""

from __future__ import annotations

import base64
from typing import Any

from flask import current_app

from forum.lazy import library

FERNET, HKDF = "cryptography.fernet", "cryptography.hazmat.primitives.kdf.hkdf"
HASHES = "cryptography.hazmat.primitives.hashes"


class Unreadable(Exception):
    """A text was locked with another key: FORUM_SECRET_KEY has changed since."""


def lock(purpose: str, text: str) -> str:
    """A text locked for one purpose (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return str(_fernet(purpose).encrypt(text.encode()).decode())


def unlock(purpose: str, locked: str) -> str:
    """The text that was locked for a purpose; raises `Unreadable` when another key locked it."""
    try:
        return str(_fernet(purpose).decrypt(locked.encode()).decode())
    except library(FERNET).InvalidToken as error:
        raise Unreadable() from error


def _fernet(purpose: str) -> Any:
    """A key of its own for each purpose, from the forum's key (HKDF, RFC 5869)."""
    key = current_app.config["SECRET_KEY"].encode()
    kind = library(HASHES).SHA256()
    made = library(HKDF).HKDF(algorithm=kind, length=32, salt=None, info=purpose.encode())
    return library(FERNET).Fernet(base64.urlsafe_b64encode(made.derive(key)))
