"""Passwords: Argon2id hashes, verified in the same time whether or not the account exists; and easily guessed ones."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from forum.plaintext import fold

HASHER = PasswordHasher()  # argon2-cffi's defaults follow RFC 9106's second recommendation
# OWASP's minimum: enough for random codes, ten of which are hashed at once
CODE_HASHER = PasswordHasher(time_cost=5, memory_cost=7168, parallelism=1)

COMMON_FILE = Path(__file__).parent / "members/data/common-passwords.txt.gz"
MORE_FILE = Path(__file__).parent / "members/data/more-passwords.txt"
DIGITS = "0123456789"
MIN_DIFFERENT_SIGNS = 4  # in a password
MIN_RUN = 3  # characters that follow each other on a keyboard
# Sequences that are easy to type: the alphabet, and rows and columns of keyboards
LINES = (
    "abcdefghijklmnopqrstuvwxyz 01234567890 147 258 369 159 357 "
    "qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn "
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik 1qay2wsx3edc 1aqw2zsx3edc qazwsxedcrfvtgbyhnujmik "
    "1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 1a2z3e4r5t6y a1b2c3d4e5f6 1a2b3c4d5e6f "
    "йцукенгшщзхъ фывапролджэ ячсмитьбю"
)
ALONG = fold(f"{LINES} {LINES[::-1]}")
DAY, MONTH, YEAR = "(0[1-9]|[12][0-9]|3[01])", "(0[1-9]|1[0-2])", "(19|20)[0-9]{2}"
DATE = re.compile(f"{YEAR}{MONTH}{DAY}|{DAY}{MONTH}{YEAR}|{MONTH}{DAY}{YEAR}")


def hash_password(password: str) -> str:
    """Hash a password. It is slow on purpose: call it before a write transaction begins."""
    return HASHER.hash(password)


def hash_code(code: str) -> str:
    """Hash a random code of at least fifty bits; `verify_password` compares it."""
    return CODE_HASHER.hash(code)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Without a hash (no such account) it takes as long and returns False."""
    try:
        HASHER.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than the current ones, so that it should be replaced."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def _decoy() -> str:
    return HASHER.hash("nobody has this account")


# Easily guessed passwords


def is_guessed_first(password: str) -> bool:
    """Whether a password is a common one, possibly with digits around it, or made of few different signs, a date or keyboard runs."""
    core = letters_and_digits(password)
    typed = password.casefold()
    spellings = {typed, typed.strip(DIGITS), core, core.strip(DIGITS)}
    if len(set(password)) < MIN_DIFFERENT_SIGNS or any(map(_is_common, spellings)):
        return True
    is_pattern = DATE.fullmatch(core) or _is_repeated_word(core) or _is_run_of_keys(core)
    return bool(core and is_pattern)


def letters_and_digits(text: str) -> str:
    """The letters and digits of a text, without case and accents."""
    return "".join(c for c in fold(text) if c.isalnum())


def _is_common(spelling: str) -> bool:
    return f"\n{spelling}\n".encode("utf-8", "replace") in _common()


@cache
def _common() -> bytes:
    """The lines of both files: one text takes less memory than a set, and is searched in a tenth of a millisecond."""
    listed = gzip.decompress(COMMON_FILE.read_bytes()).decode() + MORE_FILE.read_text("utf-8")
    lines = listed.rstrip().split("\n")
    folded = [fold(line) for line in lines if not line.isascii()]
    return "\n".join(["", *lines, *folded, ""]).encode()


def _is_repeated_word(core: str) -> bool:
    """Whether it is one repeated word: a common one, or one shorter than half of a password."""
    size = (core + core).find(core, 1)
    return size < len(core) and (size < 6 or _is_common(core[:size].strip(DIGITS)))


def _is_run_of_keys(core: str) -> bool:
    """Whether it consists of one or a few sequences along keys or the alphabet, in either direction, such as qwer1234."""
    while core:
        size = len(core)
        while core[:size] not in ALONG and core[:size] != core[0] * size:
            size -= 1
        if size < MIN_RUN:
            return False
        core = core[size:]
    return True
