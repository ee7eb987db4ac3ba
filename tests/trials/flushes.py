"""Trial 10: what is acknowledged is behind a flush to the disk: strace counts them."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess

from tests.trials.browser import Browser
from tests.trials.run import Trial
from tests.trials.site import PASSWORD

FLUSH = re.compile(r"\b(fsync|fdatasync)\(")


def count(trial: Trial) -> None:
    """One writer, one reply after the other: at least one flush for each, and not many more."""
    if trial.site.postgres:
        trial.result.notes.append("PostgreSQL flushes in its own process; `fsync` is on")
        return
    if shutil.which("strace") is None:
        trial.result.notes.append("left out: strace is not installed")
        return
    port, posts = trial.site.start(workers=1), trial.amount(200, 60)
    writer = Browser(port, trial.plan.tally)
    trial.result.expect(writer.sign_in(trial.site.people[0].email, PASSWORD), "cannot sign in")
    book = trial.site.folder / "strace.log"
    pids = [f"--attach={pid}" for pid in trial.site.server_processes(port)]
    words = ["strace", "-f", "-q", "-e", "trace=fsync,fdatasync", "-o", str(book), *pids]
    strace = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        _warm_up(writer, trial.site.topics[0])
        before = len(FLUSH.findall(book.read_text()))
        done = sum(
            _reply(writer, trial.site.topics[0], f"flush-{number}") for number in range(posts)
        )
        flushes = len(FLUSH.findall(book.read_text())) - before
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(timeout=10)
    trial.result.sent, trial.result.acknowledged = posts, done
    trial.result.notes.append(f"{flushes} flushes for {done} acknowledged replies")
    trial.result.expect(done == posts, f"only {done} replies of {posts} were acknowledged")
    trial.result.expect(flushes >= done, f"{flushes} flushes are fewer than {done} replies")


def _warm_up(writer: Browser, topic: int) -> None:
    for number in range(5):
        _reply(writer, topic, f"warm-{number}")


def _reply(writer: Browser, topic: int, key: str) -> bool:
    fields = {"submission_key": key, "source": f"sign{key} Text.", "language": "en"}
    return writer.send(f"/topics/{topic}/reply", **fields).is_done
