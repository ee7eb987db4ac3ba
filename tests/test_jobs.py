"""Work after the commit: tried again when it fails, stopped when asked, and done by a worker of its own."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade

from forum import jobs
from forum.agendas import actions as agendas
from forum.app import create_app
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Refusal
from forum.jobs import THREADS, WORKER_COMMAND, Worker, server_command, supervise
from forum.markup import write
from forum.members import actions as members
from forum.notifications.queries import unread_count
from forum.permissions import SYSTEM, VISITOR
from forum.ratelimits import limiter
from forum.settings import Settings

TOP = Path(__file__).parent.parent
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The signals of the tests' own process are as they were afterwards."""
    kept = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def in_a_moment(deed: Callable[[], object]) -> None:
    threading.Timer(0.3, deed).start()


# The loop


def test_a_task_that_fails_is_tried_again_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[str] = []

    def fails() -> int:
        done.append("tried")
        raise OSError("the disk is full")

    def works() -> int:
        done.append("worked")
        return 0

    worker = Worker({"fails": fails, "works": works})
    assert worker.run_once() == jobs.FAILURE_PAUSE_SECONDS
    worker.run_once()
    assert done == ["tried", "worked"] * 2
    assert "task fails failed and will be tried again" in caplog.text


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


def test_trouble_with_one_task_is_not_forgotten_for_the_work_of_another() -> None:
    def fails() -> int:
        raise ValueError

    assert Worker({"fails": fails, "busy": lambda: 1}).run_once() == jobs.BUSY_PAUSE_SECONDS
    assert Worker({"busy": lambda: 1, "fails": fails}).run_once() == jobs.FAILURE_PAUSE_SECONDS


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
    in_a_moment(lambda: os.kill(os.getpid(), signal.SIGTERM))
    begun = time.monotonic()
    Worker({"nothing": lambda: 0}).run_until_stopped()
    assert time.monotonic() - begun < 10


# A server and its worker


def test_when_a_command_ends_in_its_first_moments_the_others_end_with_it() -> None:
    ends = [sys.executable, "-c", "raise SystemExit(3)"]
    begun = time.monotonic()
    assert supervise([SLEEP, ends]) == 3
    assert time.monotonic() - begun < 20


def test_what_is_beside_a_server_starts_once_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def is_ready() -> bool:
        asked.append((tmp_path / "beside").exists())
        return len(asked) == 3

    touch = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch(); raise SystemExit(3)"
    beside = [sys.executable, "-c", touch, str(tmp_path / "beside")]
    assert supervise([SLEEP, beside], is_ready) == 3
    assert asked == [False, False, False]
    monkeypatch.setattr(jobs, "READY_SECONDS", 0.0)
    assert (
        supervise([SLEEP, beside], lambda: False) == 3
    )  # a server that never answers holds nothing up


def test_a_server_answers_when_it_says_anything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        unused_port = door.getsockname()[1]
    assert not jobs.answers("127.0.0.1", unused_port)
    with socket.create_server(("127.0.0.1", unused_port)) as door:

        def hang_up() -> None:
            door.accept()[0].close()

        silent = threading.Thread(target=hang_up)
        silent.start()
        assert not jobs.answers("127.0.0.1", unused_port)
        silent.join()

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(400)

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", unused_port), Refusing) as server:
        told = threading.Thread(target=server.handle_request)
        told.start()
        assert jobs.answers("127.0.0.1", unused_port)
        told.join()


def test_ending_the_group_ends_all_of_it(tmp_path: Path) -> None:
    begin = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    begun = [tmp_path / "one", tmp_path / "two"]
    commands = [[sys.executable, "-c", begin, str(path)] for path in begun]
    script = f"from forum.jobs import supervise; supervise({commands!r})"
    group = subprocess.Popen([sys.executable, "-c", script], cwd=TOP, start_new_session=True)
    until = time.monotonic() + 20
    while not all(path.exists() for path in begun) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)  # it listens for signals as soon as all have begun
    group.terminate()
    assert group.wait(timeout=20) == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(group.pid, 0)


def keep_running(folder: Path, script: str) -> subprocess.Popen[bytes]:
    """A process that keeps two commands running, each of which leaves its number in a folder."""
    leave = "import os, pathlib, sys; pathlib.Path(sys.argv[1], str(os.getpid())).touch(); "
    for name in ("one", "two"):
        folder.joinpath(name).mkdir()
    commands = [[sys.executable, "-c", leave + script, str(folder / n)] for n in ("one", "two")]
    quick = "jobs.STARTED_SECONDS, jobs.RESTART_SECONDS = 0.3, 0.3"
    keep = f"from forum import jobs; {quick}; jobs.supervise({commands!r})"
    return subprocess.Popen([sys.executable, "-c", keep], cwd=TOP, start_new_session=True)


def numbers_in(folder: Path, least: int) -> list[int]:
    """The numbers of the processes that were begun, in the order of their beginning, once so many were."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if len(found := list(folder.iterdir())) >= least:
            return [int(p.name) for p in sorted(found, key=lambda path: path.stat().st_mtime_ns)]
        time.sleep(0.02)
    raise AssertionError(f"fewer than {least} in {folder}")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_command_that_dies_is_started_again_and_the_others_go_on(tmp_path: Path) -> None:
    group = keep_running(tmp_path, "import time; time.sleep(60)")
    try:
        [first], [other] = numbers_in(tmp_path / "one", 1), numbers_in(tmp_path / "two", 1)
        time.sleep(0.6)  # it has lived long enough to be started again
        os.kill(first, signal.SIGKILL)
        second = numbers_in(tmp_path / "one", 2)[-1]
        os.kill(second, signal.SIGKILL)
        numbers_in(tmp_path / "one", 3)
        assert is_alive(other)
    finally:
        group.terminate()
    assert group.wait(timeout=20) == 0
    assert not any(is_alive(pid) for pid in (other, *numbers_in(tmp_path / "one", 3)))


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel of Linux tells who has lost a parent"
)
def test_nothing_goes_on_when_all_above_it_is_killed(tmp_path: Path) -> None:
    group = keep_running(tmp_path, "import time; time.sleep(60)")
    left = [numbers_in(tmp_path / name, 1)[0] for name in ("one", "two")]
    group.kill()
    group.wait()
    until = time.monotonic() + 10
    while any(map(is_alive, left)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(is_alive, left))


def test_renewing_ends_what_cannot_renew_itself_and_starts_it_again(tmp_path: Path) -> None:
    group = keep_running(tmp_path, "import time; time.sleep(60)")
    try:
        [first] = numbers_in(tmp_path / "one", 1)
        time.sleep(0.3)
        group.send_signal(signal.SIGHUP)
        assert numbers_in(tmp_path / "one", 2)[0] == first
        assert group.poll() is None
    finally:
        group.terminate()
    assert group.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("is_asked", "script", "level"),
    [
        (True, "import time; time.sleep(60)", "INFO"),
        (True, "import signal, sys; signal.signal(15, lambda *_: sys.exit(3)); signal.pause()", "ERROR"),
        (False, "import time; time.sleep(0.8)", "ERROR"),
    ],
)  # fmt: skip
def test_an_end_that_was_asked_for_is_no_mistake(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_asked: bool,
    script: str,
    level: str,
) -> None:
    monkeypatch.setattr(jobs, "STARTED_SECONDS", 0.0)
    caplog.set_level("INFO")
    kept = jobs.SupervisedCommand([sys.executable, "-c", script])
    try:
        time.sleep(0.4)
        kept.look()
        if is_asked:
            kept.renew()
        kept.process.wait(timeout=10)
        kept.look()
        assert [one.levelname for one in caplog.records] == [level]
    finally:
        kept.kill()


@pytest.mark.parametrize(
    ("files", "raised", "connections"),
    [
        ((1024, 20_000), [(1200, 20_000)], "1000"),
        ((20_000, 20_000), [], "1000"),
        ((256, 700), [(700, 700)], "500"),
        ((256, 256), [], str(THREADS)),
    ],
)
def test_browsers_that_rest_leave_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
    files: tuple[int, int],
    raised: list[tuple[int, int]],
    connections: str,
) -> None:
    """Each of them holds a connection; a process holds as many as the files that it may open leave room for."""
    done: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: files)
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: done.append(limits))
    server = server_command("127.0.0.1", 8000, 2)
    assert (server[server.index("--backpressure") + 1], done) == (connections, raised)


def test_where_a_server_can_listen_is_known_before_it_begins(monkeypatch: Any) -> None:
    """Also where the other one would share its port, as granian does."""
    monkeypatch.setattr(jobs, "PORT_RELEASE_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            assert why_not(host, port) == f"Another program listens at {host}:{port} already."
    assert jobs.listen_address("localhost", port) == "127.0.0.1"
    assert "from 1 to 65535" in why_not("127.0.0.1", 0) == why_not("0.0.0.0", 0)
    assert "There is no port 70000" in why_not("127.0.0.1", 70_000)
    assert f"Nobody can listen at 9.9.9.9:{port}: " in why_not("9.9.9.9", port)
    assert f"Nobody can listen at [2001:db8::9]:{port}: " in why_not("2001:db8::9", port)

    def asked(*_words: Any, **_kinds: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("forum.jobs.socket.getaddrinfo", asked)
    told = why_not("nohost.invalid", port)
    assert told == f"Nobody can listen at nohost.invalid:{port}: Name or service not known."


def why_not(host: str, port: int) -> str:
    with pytest.raises(Refusal) as refused:
        jobs.listen_address(host, port)
    return refused.value.message


def test_a_server_that_was_killed_has_a_moment_to_let_go_of_its_port() -> None:
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    closing = threading.Timer(0.3, other.close)
    closing.start()
    assert jobs.listen_address("127.0.0.1", port) == "127.0.0.1"
    closing.join()


def test_the_server_comes_back_when_a_worker_of_it_dies() -> None:
    server = server_command("127.0.0.1", 8000, 2)
    assert "--respawn-failed-workers" in server and server[-1] == "wsgi:app"
    assert WORKER_COMMAND[-1] == "worker"


# The worker of the forum


@pytest.fixture
def own_forum(tmp_path: Path) -> Iterator[Flask]:
    """A forum with a database of its own, in a folder that a process may be pointed to."""
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
        until = time.monotonic() + 30
        while unread_count(ana) == 0 and time.monotonic() < until:
            time.sleep(0.1)
            db.session.rollback()
        assert unread_count(ana) == 1
    finally:
        worker.terminate()
    assert worker.wait(timeout=20) == 0


def _somebody(name: str) -> members.Member:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    return members.join(VISITOR, members.Joining(name, email, "no hash"))
