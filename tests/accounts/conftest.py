"""Hashes that take no time, for tests that hash often."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from forum import passwords


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(2, 8, 1))
    passwords._decoy.cache_clear()
    yield
    passwords._decoy.cache_clear()
