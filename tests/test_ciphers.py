"""Encrypted texts: one key for each purpose, unreadable with another."""

from __future__ import annotations

import pytest
from flask import Flask

from forum.ciphers import Unreadable, lock, unlock


@pytest.mark.sqlite_only  # needs no database
def test_a_text_is_read_again_with_the_key_and_purpose_it_was_locked_for(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = lock("secrets", "Ünlock me")
    assert "nlock" not in locked and lock("secrets", "Ünlock me") != locked
    assert unlock("secrets", locked) == "Ünlock me"
    for purpose, text in (("others", locked), ("secrets", locked[:-4]), ("secrets", "")):
        with pytest.raises(Unreadable):
            unlock(purpose, text)
    monkeypatch.setitem(app.config, "SECRET_KEY", "another one")
    with pytest.raises(Unreadable):
        unlock("secrets", locked)
