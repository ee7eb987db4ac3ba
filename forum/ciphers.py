"""Encryption of single column values: without the forum's secret key they cannot be read from the database or a backup."""

from __future__ import annotations

import base64
from typing import Any

from flask import current_app

from forum.lazy import library

FERNET, HKDF = "cryptography.fernet", "cryptography.hazmat.primitives.kdf.hkdf"
HASHES = "cryptography.hazmat.primitives.hashes"


class Unreadable(Exception):
    """A text was encrypted with another key: FORUM_SECRET_KEY has changed since."""


def lock(purpose: str, text: str) -> str:
    """Encrypt a text for one purpose (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return str(_fernet(purpose).encrypt(text.encode()).decode())


def unlock(purpose: str, locked: str) -> str:
    """Decrypt a text of a purpose; raises `Unreadable` if it was encrypted with another key."""
    try:
        return str(_fernet(purpose).decrypt(locked.encode()).decode())
    except library(FERNET).InvalidToken as error:
        raise Unreadable() from error


def _fernet(purpose: str) -> Any:
    """The cipher of a purpose, whose key is derived from the forum's secret key (HKDF, RFC 5869)."""
    key = current_app.config["SECRET_KEY"].encode()
    kind = library(HASHES).SHA256()
    made = library(HKDF).HKDF(algorithm=kind, length=32, salt=None, info=purpose.encode())
    return library(FERNET).Fernet(base64.urlsafe_b64encode(made.derive(key)))
