"""Memory that is given back to the machine, and files that programs touch."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from forum import machine
from forum.machine import TRIM_SECONDS, Trimmer, is_being_touched


def test_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept_bytes = [1_000.0], []
    monkeypatch.setattr(machine.time, "monotonic", lambda: now[0])
    after_request = Trimmer(kept_bytes.append)
    for seconds in (0, TRIM_SECONDS - 1, 1, 1, TRIM_SECONDS - 2, 1):
        now[0] += seconds
        after_request(None)
    assert kept_bytes == [0, 0]


def test_a_file_that_nobody_touches_any_more_is_not_waited_for(tmp_path: Path) -> None:
    seen, began = tmp_path / "seen", time.monotonic()
    assert not is_being_touched(seen, 60)
    seen.touch()
    os.utime(seen, (began_at := time.time() - 61, began_at))
    assert not is_being_touched(seen, 60)
    assert time.monotonic() - began < 5
    seen.touch()
    assert not is_being_touched(seen, 0.2)
