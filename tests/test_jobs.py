"""Jobs of the worker: retried when they fail, stopped on request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from forum import jobs
from forum.agendas import actions as agendas
from forum.app import create_app
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Busy
from forum.jobs import Worker
from forum.markup import write
from forum.members import actions as members
from forum.notifications.queries import unread_count
from forum.permissions import SYSTEM, VISITOR
from forum.ratelimits import limiter
from forum.settings import Settings

TOP = Path(__file__).parent.parent
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
pytestmark = pytest.mark.usefixtures("own_signals")


# The loop


def test_a_task_that_fails_is_tried_again_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    done: list[str] = []

    def fails() -> int:
        done.append("tried")
        raise OSError("the disk is full")

    def works() -> int:
        done.append("worked")
        return 1

    for order in ({"fails": fails, "works": works}, {"works": works, "fails": fails}):
        done.clear()
        worker = Worker(order)
        for _loop in range(3):
            assert worker.run_once() == jobs.BUSY_PAUSE_SECONDS
        clock[0] += jobs.FAILURE_PAUSE_SECONDS
        worker.run_once()
        assert (done.count("tried"), done.count("worked")) == (2, 4)
    assert caplog.text.count("task fails failed and will be tried again") == 4


def test_a_task_that_waits_for_others_to_write_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def waits() -> int:
        raise Busy

    assert Worker({"mail": waits}).run_once() == jobs.IDLE_SECONDS
    (said,) = caplog.records
    assert said.levelname == "WARNING"
    assert said.exc_info is None
    assert said.getMessage() == "task mail waits: another program is writing"


def test_a_worker_rests_when_there_is_nothing_to_do() -> None:
    amounts = iter([3, 0])
    worker = Worker({"some": lambda: next(amounts)})
    assert [worker.run_once(), worker.run_once()] == [jobs.BUSY_PAUSE_SECONDS, jobs.IDLE_SECONDS]


def test_a_task_rests_for_a_while_when_there_was_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, amounts = [100.0], iter([2, 0, 1, 0])
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    task = jobs.every(60, lambda: next(amounts))
    assert [task(), task(), task()] == [2, 0, 0]
    clock[0] += 61
    assert [task(), task(), task()] == [1, 0, 0]


def test_a_task_that_takes_long_leaves_half_of_the_time_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, takes, begun = [100.0], [5.0], []
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])

    def slow() -> int:
        begun.append(clock[0])
        clock[0] += takes[0]
        return 1

    task = jobs.sparing(slow)
    assert [task(), task()] == [1, 0]
    clock[0] += 4.9
    assert task() == 0
    clock[0] += 0.2
    takes[0] = 0.5
    assert [task(), task(), task()] == [1, 1, 1], "what is quick need not wait"
    assert begun == pytest.approx([100, 110.1, 110.6, 111.1])


def test_a_task_goes_on_while_there_is_something_to_do_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, left = [100.0], [3, 3, 1, 0, 9, 9, 9, 9, 9, 9]

    def pause(seconds: float) -> None:
        clock[0] += seconds

    def batch() -> int:
        clock[0] += 0.2
        return left.pop(0)

    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(jobs.time, "sleep", pause)
    task = jobs.persistent(1, batch)
    assert task() == 7, "until nothing is left"
    assert clock[0] == pytest.approx(100.8 + 3 * jobs.BUSY_PAUSE_SECONDS)
    assert task() == 45, "others are to have their turn"
    assert left == [9]


def test_a_task_that_fails_after_long_rests_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])

    def fails() -> int:
        clock[0] += 5
        raise OSError

    task = jobs.sparing(fails)
    with pytest.raises(OSError):
        task()
    assert task() == 0


def test_a_worker_whose_only_task_fails_does_not_hurry() -> None:
    def fails() -> int:
        raise ValueError

    assert Worker({"fails": fails}).run_once() == jobs.IDLE_SECONDS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_loop_after_the_task_that_is_under_way(number: int) -> None:
    done: list[str] = []

    def task() -> int:
        os.kill(os.getpid(), number)
        done.append("finished")
        return 1

    Worker({"task": task}).run_until_stopped()
    assert done == ["finished"]


def test_a_signal_ends_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "IDLE_SECONDS", 60.0)

    def nothing_to_do() -> int:
        # The loop handles signals now, and rests when the signal comes
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
        return 0

    begun = time.monotonic()
    Worker({"nothing": nothing_to_do}).run_until_stopped()
    assert time.monotonic() - begun < 50, "it rests for 60 seconds"


# The worker of the forum


@pytest.fixture
def own_forum(tmp_path: Path) -> Iterator[Flask]:
    """A forum with a database of its own, in a folder that another process can use."""
    made = create_app(
        Settings(
            data=tmp_path,
            database_url=f"sqlite:///{tmp_path}/forum.sqlite",
            url="http://localhost",
            trusted_hosts=("localhost",),
            secret_key="of the tests",
            limits=False,
        )
    )
    limiter.enabled = False
    with made.app_context():
        upgrade()
        yield made
        db.session.remove()
        db.engine.dispose()


def test_a_worker_makes_the_notices_and_stops_when_asked(own_forum: Flask, tmp_path: Path) -> None:
    ana = _somebody("Ana Prado")
    ben = _somebody("Ben Okoth")
    agenda = agendas.write_agenda(SYSTEM, agendas.AgendaText("Quieter", write("Text.")))
    new = dialogue.NewTopic("question", "Why so loud?", write("Text."))
    topic = dialogue.open_topic(ana, agenda.id, new)
    dialogue.reply(ben, topic.id, write("Ask the trams."))
    assert unread_count(ana) == 0
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    environment = {**os.environ, "FORUM_DATA": str(tmp_path), "FORUM_DEMO": "", "FORUM_LIMITS": "0"}
    environment.pop("FORUM_DATABASE_URL", None)
    worker = subprocess.Popen(command, cwd=TOP, env=environment, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while unread_count(ana) == 0 and time.monotonic() < until:
            time.sleep(0.1)
            db.session.rollback()
        assert unread_count(ana) == 1
    finally:
        worker.terminate()
    assert worker.wait(timeout=60) == 0


def _somebody(name: str) -> members.Member:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    return members.join(VISITOR, members.Joining(name, email, "no hash"))
