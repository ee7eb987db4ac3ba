"""Trials 3 to 5: the database is locked, its disk is full, its server restarts, its connections end or are used up."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from tests.trials.browser import Browser, NoAnswer, Tally
from tests.trials.postgres import Postgres
from tests.trials.run import Trial
from tests.trials.site import PASSWORD

PROMPT = 6.5  # seconds after which a writer has been told to come again
HOLD = """import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
c.execute("BEGIN IMMEDIATE"); print("held", flush=True); sys.stdin.readline(); c.execute("ROLLBACK")"""
TEXT = "A long story about a street, which nobody wants to type a second time."


def lock(trial: Trial) -> None:
    """Somebody else holds the write lock: readers go on, writers are told so, and afterwards all is well."""
    seconds = trial.amount(30, 12)
    trial.site.start()
    with trial.at_work(trial.amount(900, 300)) as probe:
        trial.wait_for(trial.amount(300, 100))
        _writer(trial)
        with _held(trial):
            until, before = time.monotonic() + seconds, trial.plan.done
            probe.waits.clear()
            _text_comes_back(trial)
            time.sleep(max(0, until - time.monotonic()))
            waits, done = probe.percentile(0.95), trial.plan.done - before
        begun = time.monotonic()
        trial.wait_for(trial.plan.done + 20)
        resumed = time.monotonic() - begun
        trial.wait()
    slow = trial.plan.tally.slowest("POST", 503)
    trial.result.notes.append(
        f"locked for {seconds} s: readers' p95 {waits * 1000:.0f} ms, a writer was told after {slow:.1f} s"
        f" at most, {done} deeds went through, 20 more within {resumed:.1f} s afterwards"
    )
    trial.result.expect(waits < 1, f"readers waited: p95 {waits:.1f} s")
    trial.result.expect(slow < PROMPT, f"a writer waited {slow:.1f} s to be told to come again")
    trial.result.expect(resumed < 10, f"20 deeds took {resumed:.1f} s afterwards")
    trial.judge()


@contextmanager
def _held(trial: Trial) -> Iterator[None]:
    if trial.site.postgres:
        with psycopg.connect(trial.site.postgres.uri) as connection:
            connection.execute("LOCK TABLE post, mark, session IN EXCLUSIVE MODE")
            yield
        return
    path = str(trial.site.data / "forum.sqlite")
    holder = [sys.executable, "-c", HOLD, path]
    pipe = subprocess.PIPE
    with subprocess.Popen(holder, stdin=pipe, stdout=pipe) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        yield
        process.stdin.close()


def _text_comes_back(trial: Trial) -> None:
    """A writer whose text cannot be saved gets it back with the 503."""
    browser = _writer(trial)
    try:
        answer = browser.send(
            f"/topics/{trial.site.topics[0]}/reply", source=TEXT, language="en", submission_key="x1"
        )
    except NoAnswer as error:
        trial.result.faults.append(f"no answer to a reply: {error}")
        return
    trial.result.expect(answer.status == 503, f"a reply that cannot be saved: {answer.status}")
    is_kept = TEXT in answer.text or "your text is still in the form" in answer.text
    trial.result.expect(is_kept, "the text did not come back")


_signed_in: dict[int, Browser] = {}


def _writer(trial: Trial) -> Browser:
    """A member who was signed in before the fault came."""
    port = trial.site.ports[0]
    if port not in _signed_in:
        browser = Browser(port, Tally())
        assert browser.sign_in(trial.site.people[0].email, PASSWORD)
        _signed_in[port] = browser
    return _signed_in[port]


def full_disk(trial: Trial) -> None:
    """The disk is full: reading works, writers get 503 and their text back; with room again all goes on."""
    if trial.site.postgres:
        trial.result.notes.append("PostgreSQL stops by itself when its disk is full; not tried")
        return
    if not trial.site.mounted:
        trial.result.notes.append("left out: no small file system can be mounted here")
        return
    trial.site.start()
    filler = trial.site.data / "filler"
    with trial.at_work(trial.amount(900, 300)) as probe:
        trial.wait_for(trial.amount(300, 100))
        _writer(trial)
        _fill(filler)
        time.sleep(2)
        probe.waits.clear()
        before = trial.plan.done
        _text_comes_back(trial)
        for path in ("/", "/topics", f"/topics/{trial.site.topics[0]}-street-number-0", "/notices"):
            page = _writer(trial).ask(path)
            words = f"with a full disk, a member's {path} answered {page.status}"
            trial.result.expect(page.status == 200, words)
        time.sleep(trial.amount(15, 4))
        waits, done = probe.percentile(0.95), trial.plan.done - before
        filler.unlink()
        begun = time.monotonic()
        trial.wait_for(trial.plan.done + 20)
        resumed = time.monotonic() - begun
        trial.wait()
    trial.result.notes.append(
        f"full for {trial.amount(15, 4) + 2} s: readers' p95 {waits * 1000:.0f} ms, {done} deeds went through,"
        f" 20 more within {resumed:.1f} s after there was room"
    )
    trial.result.expect(resumed < 10, f"20 deeds took {resumed:.1f} s afterwards")
    trial.judge()


def _fill(path: Path) -> None:
    """Take the last byte of a disk."""
    size = 65_536
    with path.open("wb", buffering=0) as file:
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 16


def restart_database(trial: Trial) -> None:
    """PostgreSQL restarts in the middle of commits: `fast`, and `immediate` as after a crash."""
    postgres = _server(trial)
    if postgres is None:
        return
    wanted = trial.amount(1_500, 400)
    trial.site.start()
    with trial.at_work(wanted):
        for number, mode in enumerate(("fast", "immediate") * trial.amount(3, 1), 1):
            trial.wait_for(number * wanted // (trial.amount(6, 2) + 1))
            postgres.stop(mode)
            postgres.start()
        trial.wait()
    trial.judge()


def end_connections(trial: Trial) -> None:
    """Connections are ended in a loop, also in the middle of commits; then others use all of them up."""
    postgres = _server(trial)
    if postgres is None:
        return
    trial.site.start()
    with trial.at_work(trial.amount(1_200, 400)):
        trial.wait_for(trial.amount(200, 60))
        until = time.monotonic() + trial.amount(15, 5)
        while time.monotonic() < until:
            postgres.ask(ENDED)
            time.sleep(0.3)
        trial.wait_for(trial.plan.done + 30)
        with _used_up(postgres):
            postgres.ask_held(ENDED)
            time.sleep(5)
        begun = time.monotonic()
        trial.wait_for(trial.plan.done + 20)
        healed = time.monotonic() - begun
        trial.wait()
    trial.result.notes.append(
        f"20 deeds within {healed:.1f} s after connections were to be had again"
    )
    trial.result.expect(healed < 5, f"the pool took {healed:.1f} s to heal")
    trial.judge()


ENDED = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'trial'"""


@contextmanager
def _used_up(postgres: Postgres) -> Iterator[None]:
    """Hold every connection that the server gives."""
    with ExitStack() as held:
        postgres.held = held.enter_context(psycopg.connect(postgres.uri_of_trial, autocommit=True))
        while True:
            try:
                held.enter_context(psycopg.connect(postgres.uri_of_trial, autocommit=True))
            except psycopg.OperationalError:
                break
        yield


def _server(trial: Trial) -> Postgres | None:
    if trial.site.postgres is None:
        trial.result.notes.append("SQLite has no server")
    return trial.site.postgres
