"""Every part dies once while people are at work: what the others answer meanwhile, and how soon all is well again."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.trials.across import PER_MINUTE, Doors, attempts, lines_of
from tests.trials.papers import until
from tests.trials.parts import Database, Nginx, Valkey
from tests.trials.run import Trial

TRUSTED_AGAIN = 3.0  # seconds after which nginx asks a failed server again, see nginx.conf
BACK = 10.0  # seconds within which everything works again
DEEDS = 30  # actions that are acknowledged before and after each kill
FAILED = ("no answer", "502", "503", "504", "500")


@contextmanager
def counted(trial: Trial, what: str) -> Iterator[Counter[str]]:
    """The answers to all clients during the trial, for the notes of the result."""
    tally, before = trial.plan.tally, Counter(trial.plan.tally.statuses)
    done, found = trial.plan.done, Counter[str]()
    yield found
    found.update(tally.statuses - before)
    failed = ", ".join(f"{found[name]} × {name}" for name in FAILED if found[name]) or "none failed"
    trial.result.notes.append(
        f"{what}: {trial.plan.done - done} deeds acknowledged, {found.total()} answers, {failed}"
    )


def of_a_server(trial: Trial, doors: Doors, front: Nginx) -> None:
    """kill -9 of one server with its worker: the other answers everything that was not under way."""
    victim, other = doors.servers
    begun = len(lines_of(front))
    with counted(trial, "one server killed"):
        victim.kill()
        trial.wait_for(trial.plan.done + DEEDS)
        trial.result.expect(other.is_ready(), "the other server is not ready")
    cut = [line for line in lines_of(front)[begun:] if line[3].endswith("502")]
    # Each client has one request under way at most, and so has the reader who looks for outages
    most = len(trial.site.people) + 1
    trial.result.expect(
        len(cut) <= most, f"{len(cut)} requests were cut, of {most} under way at most"
    )
    seconds = victim.start()
    trial.result.notes[-1] += f"; {len(cut)} requests were cut; started again in {seconds:.1f} s"
    trial.wait_for(trial.plan.done + DEEDS)


def of_nginx(trial: Trial, front: Nginx) -> None:
    """kill -9 of nginx: nobody gets in until it is started again, which is at once."""
    with counted(trial, "nginx killed"):
        front.kill()
        time.sleep(1)
        begun = time.monotonic()
        front.start()
        trial.wait_for(trial.plan.done + 1)
    seconds = time.monotonic() - begun
    trial.result.notes[-1] += f"; a deed was done {seconds:.1f} s after its start"
    trial.result.expect(seconds < BACK, f"nginx was back after {seconds:.1f} s")
    trial.wait_for(trial.plan.done + DEEDS)


def of_the_database(trial: Trial, doors: Doors, database: Database) -> None:
    """kill -9 of PostgreSQL: 503 with Retry-After at every door, and all by itself once it is there again."""
    with counted(trial, "PostgreSQL killed"):
        database.kill()
        for number in range(len(doors.servers)):
            _says_that_it_is_away(doors, number)
        time.sleep(1)
        begun = time.monotonic()
        database.start()
        ready = [until(server.is_ready, "readiness") for server in doors.servers]
        trial.wait_for(trial.plan.done + 1)
    seconds = time.monotonic() - begun
    trial.result.notes[-1] += (
        f"; ready after {max(ready):.1f} s, a deed done {seconds:.1f} s after its start"
    )
    trial.result.expect(seconds < BACK, f"with PostgreSQL the forum was back after {seconds:.1f} s")
    trial.wait_for(trial.plan.done + DEEDS)


def _says_that_it_is_away(doors: Doors, number: int) -> None:
    visitor = doors.at(number)
    for path in ("/", "/topics", f"/topics/{doors.trial.site.topics[0]}"):
        answer = visitor.again(path)
        is_told = answer.status == 503 and answer.retry_after
        doors.expect(is_told, f"without PostgreSQL {path} was answered {answer.status}")
    doors.expect(
        visitor.again("/healthz").status == 200, "without PostgreSQL it does not say it is alive"
    )
    words = doors.servers[number].says("/readyz")
    doors.expect("database: does not answer" in words, f"/readyz says: {words}")


def rolling(trial: Trial, doors: Doors, front: Nginx, rounds: int) -> None:
    """The servers are restarted one after the other, as docs/operating.md says: nobody notices anything."""
    begun = len(lines_of(front))
    with counted(trial, f"both servers restarted in turn, {rounds} ×") as found:
        for server in [*doors.servers] * rounds:
            server.stop()
            server.start()
            time.sleep(TRUSTED_AGAIN)
            trial.wait_for(trial.plan.done + DEEDS // 3)
    failed = sum(found[name] for name in FAILED)
    trial.result.expect(not failed, f"a rolling restart failed {failed} requests")
    passed_on = sum("," in line[2] for line in lines_of(front)[begun:])
    trial.result.notes[-1] += f"; nginx passed {passed_on} requests on to the other"


def of_the_counters(trial: Trial, doors: Doors, counters: Valkey) -> None:
    """kill -9 of Valkey, and a Valkey that hangs: all goes on, each process counts for itself, later together again."""
    processes = sum(int(server.settings["WORKERS"]) for server in doors.servers)
    counters.kill()
    passed = attempts(doors, "203", processes * PER_MINUTE + 1, until_refused=True)
    most = processes * PER_MINUTE
    is_counted = PER_MINUTE <= passed <= most
    trial.result.expect(is_counted, f"without Valkey {passed} attempts passed, of {most} at most")
    counters.start()
    seconds = _together_again(doors, 204)
    trial.result.notes.append(
        f"Valkey killed: {passed} attempts passed before one was refused, by {processes} processes;"
        f" counted together again {seconds:.1f} s after its start"
    )
    assert counters.process
    os.kill(counters.process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    attempts(doors, "230", 4)
    hung = time.monotonic() - begun
    os.kill(counters.process.pid, signal.SIGCONT)
    trial.result.expect(hung < BACK, f"with a Valkey that hangs four attempts took {hung:.1f} s")
    trial.result.notes.append(f"Valkey hung: four attempts took {hung:.1f} s")


def _together_again(doors: Doors, source: int) -> float:
    """Wait until the servers count together; each process finds out by itself."""
    begun = time.monotonic()
    while attempts(doors, str(source), PER_MINUTE + 3) != PER_MINUTE:
        source += 1
        if time.monotonic() - begun > 40:
            doors.expect(False, "40 s after Valkey's start the servers do not count together")
            break
        time.sleep(1)
    return time.monotonic() - begun
