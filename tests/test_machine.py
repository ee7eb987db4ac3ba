"""Memory that is given back to the machine."""

from __future__ import annotations

import pytest

from forum import machine
from forum.machine import TRIM_SECONDS, Trimmer


def test_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept_bytes = [1_000.0], []
    monkeypatch.setattr(machine.time, "monotonic", lambda: now[0])
    after_request = Trimmer(kept_bytes.append)
    for seconds in (0, TRIM_SECONDS - 1, 1, 1, TRIM_SECONDS - 2, 1):
        now[0] += seconds
        after_request(None)
    assert kept_bytes == [0, 0]
