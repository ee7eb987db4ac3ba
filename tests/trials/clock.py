"""Trial 8: the clock jumps, and the process that makes notices is killed half-way."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

from forum.supervisor import STARTED_SECONDS
from tests.trials import found
from tests.trials.browser import Browser
from tests.trials.run import Trial
from tests.trials.site import end as end_process

LIBRARIES = "libfaketime/libfaketimeMT.so.1", "faketime/libfaketimeMT.so.1"
HOUR, DAY = 3_600, 86_400
JUMPS = (0, -DAY, HOUR, 3 * DAY, -HOUR, 0)


def jumps(trial: Trial) -> None:
    """The clock of the server jumps back and forth while clients work; ten years on, sessions end, and do not for good."""
    library = _library()
    if library is None:
        trial.result.notes.append("left out: libfaketime is not installed (Debian: faketime)")
        return
    offset = trial.site.folder / "offset"
    offset.write_text("+0")
    trial.site.extra |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    port = trial.site.start()
    trial.plan.keeps_passwords = True
    with trial.at_work(10_000_000):
        for jump in JUMPS:
            trial.wait_for(trial.plan.done + trial.amount(150, 40))
            offset.write_text(f"{jump:+d}")
        trial.wait_for(trial.plan.done + trial.amount(150, 40))
        trial.plan.stopped.set()
    out = trial.plan.tally.statuses["400"]
    trial.result.expect(not out, f"{out} forms were refused as those of somebody signed out")
    _ten_years_on(trial, port, offset)
    trial.judge()


def _library() -> Path | None:
    if shutil.which("faketime") is None:
        return None
    places = [
        Path(top) for top in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
    ]
    known = [place / name for place in places for name in LIBRARIES]
    return next((path for path in known if path.exists()), None)


def _ten_years_on(trial: Trial, port: int, offset: Path) -> None:
    """Ten years on an old session is no longer one; when the clock is right again, it is."""
    browser = Browser(port, trial.plan.tally)
    trial.result.expect(
        browser.sign_in(trial.site.people[-3].email, trial.site.people[-3].password),
        "cannot sign in",
    )
    for seconds, status in ((10 * 365 * DAY, 303), (0, 200)):
        offset.write_text(f"{seconds:+d}")
        time.sleep(2.5)
        answer = browser.ask("/settings")
        words = f"with the clock {seconds / DAY / 365:.0f} years on, a session was answered {answer.status}"
        trial.result.expect(answer.status == status, words)


def worker_half_way(trial: Trial) -> None:
    """The worker is held until much waits for it, let go, and killed a moment later, again and again."""
    rng = random.Random(f"{trial.plan.seed} worker")
    port, kills = trial.site.start(), trial.amount(12, 4)
    # A command that ends in its first seconds ends the whole group
    time.sleep(STARTED_SECONDS + 1)
    with trial.at_work(10_000_000):
        for _time in range(kills):
            worker = _worker(trial, port)
            _hold(trial, worker)
            trial.wait_for(trial.plan.done + 40)
            end_process(worker, signal.SIGCONT)
            time.sleep(rng.uniform(0, 0.08))
            end_process(worker, signal.SIGKILL)
        trial.plan.stopped.set()
    waited = found.wait_for_notices(trial.site)
    trial.result.notes.append(f"{kills} kills; all notices were made {waited:.1f} s after the last")
    trial.judge()


def _hold(trial: Trial, worker: int) -> None:
    """Stop the worker at a moment without locks, because on SQLite nobody else could write."""
    for _try in range(20):
        end_process(worker, signal.SIGSTOP)
        begun, until = trial.plan.done, time.monotonic() + 5
        while time.monotonic() < until:
            if trial.plan.done > begun + 1:
                return
            time.sleep(0.05)
        end_process(worker, signal.SIGCONT)
        time.sleep(0.1)
    raise AssertionError("the worker held the lock each time it was stopped")


def _worker(trial: Trial, port: int) -> int:
    """Wait for the worker; returns its process id."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if worker := trial.site.worker_process(port):
            time.sleep(2)  # enough time to load the forum
            return worker
        time.sleep(0.05)
    raise AssertionError("no worker came back within 30 s")
