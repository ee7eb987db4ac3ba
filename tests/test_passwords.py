"""Passwords are hashed with Argon2id, and checked in the same way when there is no account."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from forum import passwords


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hashes that take no time, and a list of those that a password was held against."""
    held: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            held.append(str(hash))
            return bool(super().verify(hash, password))

    monkeypatch.setattr(passwords, "HASHER", Counting(1, 8, 1))
    passwords._decoy.cache_clear()
    return held


def test_a_hash_fits_its_password_alone() -> None:
    made = passwords.hash_password("seven quiet trams")
    assert made.startswith("$argon2id$") and made != passwords.hash_password("seven quiet trams")
    assert passwords.verify_password(made, "seven quiet trams")
    for other in ("seven quiet tram", "Seven quiet trams", "seven quiet trams ", "", "x" * 10_000):
        assert not passwords.verify_password(made, other)


def test_without_an_account_as_much_is_done(calls: list[str]) -> None:
    assert not passwords.verify_password(None, "seven quiet trams")
    assert not passwords.verify_password(None, "nobody has this account")
    assert len(calls) == 2 and calls[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")


def test_what_is_no_hash_fits_nothing() -> None:
    assert not passwords.verify_password("no hash", "no hash")
    assert not passwords.verify_password("", "nobody has this account")


def test_an_older_way_of_hashing_is_known() -> None:
    assert not passwords.is_outdated(passwords.hash_password("a"))
    assert passwords.is_outdated(PasswordHasher(2, 8, 1).hash("a"))


def test_the_way_of_today_is_strong_enough() -> None:
    strong = PasswordHasher()
    assert strong.memory_cost >= 19_456 and strong.time_cost >= 2


def test_a_random_code_is_hashed_more_lightly_and_compared_alike() -> None:
    kept = passwords.hash_code("4kxqp7m2hwd9")
    assert kept.startswith("$argon2id$") and kept != passwords.hash_code("4kxqp7m2hwd9")
    assert passwords.verify_password(kept, "4kxqp7m2hwd9")
    assert not passwords.verify_password(kept, "4kxqp7m2hwd8")
