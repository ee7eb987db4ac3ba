"""Passwords: Argon2id hashes, checked in the same time whether or not the account exists."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()  # argon2-cffi's defaults follow RFC 9106's second recommendation
# OWASP's minimum: enough for random codes, of which ten are hashed at once
CODE_HASHER = PasswordHasher(time_cost=5, memory_cost=7168, parallelism=1)


def hash_password(password: str) -> str:
    """Hash a password. Slow on purpose: call it before a write transaction begins."""
    return HASHER.hash(password)


def hash_code(code: str) -> str:
    """Hash a random code of at least fifty bits; `verify_password` compares it."""
    return CODE_HASHER.hash(code)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Without a hash (no such account) it takes as long and returns false."""
    try:
        HASHER.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's, so that it should be made anew."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def _decoy() -> str:
    return HASHER.hash("nobody has this account")
