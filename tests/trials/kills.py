"""Trials 1 and 2: processes of the server, all of it, and the database's server are killed in the middle of work."""

from __future__ import annotations

import random
import signal
import time

from forum.supervisor import STARTED_SECONDS
from tests.trials.run import Trial
from tests.trials.site import end


def kill_workers(trial: Trial) -> None:
    """kill -9 of a process that answers requests or makes notices, again and again, during many deeds."""
    wanted, kills = trial.amount(10_000, 1_000), trial.amount(50, 8)
    rng = random.Random(f"{trial.plan.seed} kills")
    port = trial.site.start()
    with trial.at_work(wanted):
        for number in range(1, kills + 1):
            trial.wait_for(number * wanted // (kills + 1))
            time.sleep(rng.uniform(0, 0.3))
            _kill_one(trial, port, rng)
        trial.wait()
    trial.result.notes.append(f"{kills} kills")
    trial.judge()


def _kill_one(trial: Trial, port: int, rng: random.Random) -> None:
    """Kill one process: sometimes the worker, otherwise one that answers requests."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        answering = trial.site.server_processes(port)
        worker = trial.site.worker_process(port)
        victim = worker if rng.random() < 0.2 else rng.choice(answering or [0])
        if victim and end(victim, signal.SIGKILL):
            return
        time.sleep(0.05)
    trial.result.faults.append("for 20 s there was no process to kill")


def kill_everything(trial: Trial) -> None:
    """kill -9 of the whole tree, and a new start, by hand as a service manager does it."""
    wanted, kills = trial.amount(1_500, 400), trial.amount(6, 2)
    port = trial.site.start()
    slowest = 0.0
    with trial.at_work(wanted):
        for number in range(1, kills + 1):
            trial.wait_for(number * wanted // (kills + 1))
            trial.site.kill_everything(port)
            slowest = max(slowest, trial.site.start_on(port))
        trial.wait()
    trial.result.notes.append(f"{kills} kills of everything, ready again after {slowest:.1f} s")
    trial.judge()


def kill_server_above(trial: Trial) -> None:
    """kill -9 of the process above those that answer: it comes back, and nobody is left behind."""
    wanted = trial.amount(600, 300)
    port = trial.site.start()
    # A command that ends in its first seconds ends the whole group
    time.sleep(STARTED_SECONDS + 1)
    with trial.at_work(wanted):
        trial.wait_for(wanted // 3)
        before = trial.site.server_processes(port)
        end(trial.site.master(port), signal.SIGKILL)
        trial.wait_for(2 * wanted // 3)
        time.sleep(2)
        left = set(before) & trial.site.everybody()
        trial.result.expect(
            not left, f"{len(left)} processes of the killed server go on without it"
        )
        trial.wait()
    trial.judge()


def kill_database(trial: Trial) -> None:
    """kill -9 of PostgreSQL with all its processes, and a new start of it alone."""
    postgres = trial.site.postgres
    if postgres is None:
        trial.result.notes.append("SQLite has no server to kill")
        return
    wanted, kills = trial.amount(1_500, 400), trial.amount(6, 2)
    trial.site.start()
    with trial.at_work(wanted):
        for number in range(1, kills + 1):
            trial.wait_for(number * wanted // (kills + 1))
            postgres.kill()
            postgres.start()
        trial.wait()
    trial.result.notes.append(f"{kills} kills of PostgreSQL")
    trial.judge()
