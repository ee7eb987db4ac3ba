"""Trial 6: the server is renewed, and ended, under load; a request that it has read is answered."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter

from tests.trials import found, ledger
from tests.trials.ledger import UNKNOWN
from tests.trials.run import Trial


def renew(trial: Trial) -> None:
    """SIGHUP under load: server processes are changed one by one. Clients that get no answer do not ask again."""
    renewals = trial.amount(4, 2)
    port = trial.site.start()
    trial.plan.gives_up = 1.0
    with trial.at_work(10_000_000):
        for _time in range(renewals):
            trial.wait_for(trial.plan.done + 60)
            before = set(trial.site.server_processes(port))
            trial.site.running[port].send_signal(signal.SIGHUP)
            _wait_for_new(trial, port, before)
        trial.wait_for(trial.plan.done + 60)
        trial.plan.stopped.set()
    _judge_answers(trial, f"{renewals} renewals")


def _wait_for_new(trial: Trial, port: int, before: set[int]) -> None:
    """Wait until other processes answer than before."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        now = set(trial.site.server_processes(port))
        if len(now) == 2 and not now & before:
            return
        time.sleep(0.2)
    trial.result.faults.append("after 40 s not all server processes were new")


def end(trial: Trial) -> None:
    """SIGTERM under load, and a new start: what was read is answered, what was not is refused at the door."""
    ends = trial.amount(6, 2)
    port = trial.site.start()
    trial.plan.gives_up = 1.0
    slowest = 0.0
    with trial.at_work(10_000_000):
        for _time in range(ends):
            trial.wait_for(trial.plan.done + 60)
            begun = time.monotonic()
            trial.site.running[port].terminate()
            try:
                code = trial.site.running[port].wait(timeout=30)
                trial.result.expect(code == 0, f"the server ended with {code}")
            except subprocess.TimeoutExpired:
                trial.result.faults.append("the server did not end within 30 s")
                trial.site.kill_everything(port)
            slowest = max(slowest, time.monotonic() - begun)
            trial.site.start_on(port)
        trial.wait_for(trial.plan.done + 60)
        trial.plan.stopped.set()
    _judge_answers(trial, f"{ends} ends, the slowest took {slowest:.1f} s")


def _judge_answers(trial: Trial, words: str) -> None:
    """No action that was done may have been given up by its client, because then a response was lost."""
    trial.judge()
    deeds = ledger.read(trial.plan.folder)
    saved = {(post.author, post.key) for post in found.posts_of(trial.site)}
    silent = [deed for deed in deeds if deed.outcome == UNKNOWN]
    lost = [deed for deed in silent if (deed.client, deed.key) in saved]
    kinds = Counter(trial.plan.tally.losses)
    trial.result.expect(not lost, f"{len(lost)} requests were done, and their answers lost")
    trial.result.notes.append(
        f"{words}; {sum(kinds.values())} requests without an answer, {len(lost)} of them done:"
        f" {', '.join(f'{kind} {count}' for kind, count in kinds.most_common())}"
    )


def end_one_of_two(trial: Trial) -> None:
    """Two servers over one database, ended and started in turn: there is always one that answers."""
    ports = [trial.site.start(workers=1), trial.site.start(workers=1)]
    with trial.at_work(10_000_000) as probe:
        for turn in range(trial.amount(4, 2)):
            trial.wait_for(trial.plan.done + 50)
            probe.port = ports[(turn + 1) % 2]
            port = ports[turn % 2]
            os.kill(trial.site.running[port].pid, signal.SIGTERM)
            trial.site.running[port].wait(timeout=30)
            trial.site.start_on(port, workers=1)
        trial.plan.stopped.set()
    trial.judge()
