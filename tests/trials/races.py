"""Several people do deeds at random at the same few things, at once, in the threads of one process."""

from __future__ import annotations

import random
import threading
import time

from tests.trials import races_ground
from tests.trials.races_belonging import BELONGING
from tests.trials.races_curating import CURATING
from tests.trials.races_gathering import GATHERING
from tests.trials.races_order import ORDER
from tests.trials.races_racer import Course, Racer, note_commits
from tests.trials.races_verdict import judge
from tests.trials.races_writing import WRITING
from tests.trials.run import Trial

THREADS = 6
SECONDS, QUICK_SECONDS = 180, 40
DEEDS = WRITING | ORDER | GATHERING | BELONGING | CURATING


def race(trial: Trial) -> None:
    """Deeds meet at the same things: none is a deadlock or a mistake, and what is counted and hidden stays right."""
    app, postgres = trial.site.app, trial.site.postgres
    if postgres:
        # So that a deadlock is told as one, before a wait ends for being long
        postgres.ask(f"ALTER DATABASE \"{postgres.name}\" SET deadlock_timeout = '200ms'")
    with app.app_context():
        course = Course(races_ground.prepare())
    note_commits()
    until = time.monotonic() + trial.amount(SECONDS, QUICK_SECONDS)
    threads = [
        threading.Thread(target=_run, args=(trial, course, number, until), name=f"racer {number}")
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    judge(trial, course)


def _run(trial: Trial, course: Course, number: int, until: float) -> None:
    rng = random.Random(f"{trial.plan.seed} {number}")
    racer = Racer(course, rng)
    names, weights = list(DEEDS), [weight for weight, _deed in DEEDS.values()]
    while time.monotonic() < until:
        [name] = rng.choices(names, weights)
        with trial.site.app.test_request_context():
            racer.do(name, DEEDS[name][1])
