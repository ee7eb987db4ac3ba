"""Memory that is given back to the machine, and garbage that is collected apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from forum import machine
from forum.machine import TRIM_SECONDS, Trimmer, generation_due

TOP = Path(__file__).parent.parent
# Prints whether garbage is found that nobody collects but the thread, and whether Python collects by itself
PROGRAM = """
import gc, time, weakref
from forum.machine import collect_apart

class Row:
    pass

gc.set_threshold(500, 20, 20)
collect_apart()
row = Row()
row.own = row
ref = weakref.ref(row)
del row
kept = []
for _time in range(300):
    kept += [[] for _number in range(10)]
    if ref() is None:
        break
    time.sleep(0.05)
print(ref() is None, gc.isenabled())
"""


def test_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept_bytes = [1_000.0], []
    monkeypatch.setattr(machine.time, "monotonic", lambda: now[0])
    after_request = Trimmer(kept_bytes.append)
    for seconds in (0, TRIM_SECONDS - 1, 1, 1, TRIM_SECONDS - 2, 1):
        now[0] += seconds
        after_request(None)
    assert kept_bytes == [0, 0]


@pytest.mark.parametrize(
    ("counts", "due"),
    [
        ((0, 0, 0), None),
        ((10_000, 99, 99), None),
        ((10_001, 20, 20), 0),
        ((10_001, 21, 20), 1),
        ((10_001, 21, 21), 2),
        ((10_001, 0, 21), 2),
    ],
)
def test_the_oldest_generation_that_is_due_is_collected(
    counts: tuple[int, int, int], due: int | None
) -> None:
    assert generation_due(counts, (10_000, 20, 20)) == due


def test_garbage_is_collected_in_a_thread_of_its_own() -> None:
    assert _printed(PROGRAM) == "True False"


def test_before_python_3_12_a_server_never_collects_while_it_allocates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that were loaded at that moment broke the memory of the process."""
    monkeypatch.setenv("FORUM_DATA", str(tmp_path))
    named = "import gc, threading, wsgi; print(gc.isenabled(), 'collector' in str(threading.enumerate()))"
    is_newer = sys.version_info >= (3, 12)
    assert _printed(named) == f"{is_newer} {not is_newer}"


def _printed(program: str) -> str:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True, timeout=90)
    return done.stdout.strip()
