"""A small program keeps the server, its worker and the metrics running, and ends them together."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from forum import logformat, supervisor
from forum.supervisor import THREADS, WORKER_COMMAND, Plan, answers, server_command, supervise
from tests.ports import free_port

TOP = Path(__file__).parent.parent
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
pytestmark = pytest.mark.usefixtures("own_signals")


def test_when_a_command_ends_in_its_first_moments_the_others_end_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "STARTED_SECONDS", 60.0)  # Python starts late on a busy machine
    ends = [sys.executable, "-c", "raise SystemExit(3)"]
    begun = time.monotonic()
    assert supervise([SLEEP, ends]) == 3
    assert time.monotonic() - begun < 50, "the other command sleeps for 60 seconds"
    (said,) = [
        record.getMessage() for record in caplog.records if record.name == "forum.supervisor"
    ]
    assert said.endswith("ended with 3 in its first seconds, and all end with it")


def test_what_is_beside_a_server_starts_once_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STARTED_SECONDS", 60.0)  # Python starts late on a busy machine
    asked: list[bool] = []

    def is_ready() -> bool:
        asked.append((tmp_path / "beside").exists())
        return len(asked) == 3

    touch = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch(); raise SystemExit(3)"
    beside = [sys.executable, "-c", touch, str(tmp_path / "beside")]
    assert supervise([SLEEP, beside], is_ready) == 3
    assert asked == [False, False, False]
    monkeypatch.setattr(supervisor, "READY_SECONDS", 0.0)
    assert supervise([SLEEP, beside], lambda: False) == 3, "the others start without the server"


def test_where_the_server_is_is_told_once_when_it_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STARTED_SECONDS", 60.0)  # Python starts late on a busy machine
    ends = [sys.executable, "-c", "raise SystemExit(3)"]
    asked: list[str] = []

    def is_ready() -> bool:
        asked.append(capsys.readouterr().out)
        return len(asked) == 3

    tell = partial(supervisor._tell, "http://localhost:8000")
    assert supervise([SLEEP, ends], is_ready, tell) == 3
    assert asked == ["", "", ""]
    assert capsys.readouterr().out == "The forum is at http://localhost:8000 – Ctrl-C ends it.\n"


def test_of_a_server_that_ends_before_it_answers_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However long it took: a slow machine needs more than the first seconds to find that the forum cannot be loaded."""
    monkeypatch.setattr(supervisor, "STARTED_SECONDS", 0.0)
    told: list[bool] = []
    fails = [sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit(4)"]
    assert supervise([fails], lambda: False, lambda: told.append(True)) == 4
    assert not told and "before it answered" in caplog.text


def test_a_server_answers_when_it_says_anything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        unused_port = door.getsockname()[1]
    assert not supervisor.answers("127.0.0.1", unused_port)
    with socket.create_server(("127.0.0.1", unused_port)) as door:

        def hang_up() -> None:
            door.accept()[0].close()

        silent = threading.Thread(target=hang_up)
        silent.start()
        assert not supervisor.answers("127.0.0.1", unused_port)
        silent.join()

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(400)

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", unused_port), Refusing) as server:
        told = threading.Thread(target=server.handle_request)
        told.start()
        assert supervisor.answers("127.0.0.1", unused_port)
        told.join()


def test_ending_the_group_ends_all_of_it(tmp_path: Path) -> None:
    group = keep_running(tmp_path, "import time; time.sleep(60)")
    begun = [numbers_in(tmp_path / name, 1)[0] for name in ("one", "two")]
    group.terminate()
    assert group.wait(timeout=60) == 0
    wait_for_ends(begun)


def keep_running(folder: Path, script: str) -> subprocess.Popen[bytes]:
    """A process that keeps two commands running; each start of them leaves its process id as a file name in a folder."""
    leave = "import os, pathlib, sys; pathlib.Path(sys.argv[1], str(os.getpid())).touch(); "
    for name in ("one", "two"):
        folder.joinpath(name).mkdir()
    commands = [[sys.executable, "-c", leave + script, str(folder / n)] for n in ("one", "two")]
    quick = "supervisor.STARTED_SECONDS, supervisor.RESTART_SECONDS = 0.3, 0.3"
    keep = f"from forum import supervisor; {quick}; supervisor.supervise({commands!r})"
    return subprocess.Popen([sys.executable, "-c", keep], cwd=TOP, start_new_session=True)


def numbers_in(folder: Path, least: int) -> list[int]:
    """The ids of the processes that were started, in order; waits until there are at least so many."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if len(found := list(folder.iterdir())) >= least:
            return [int(p.name) for p in sorted(found, key=lambda path: path.stat().st_mtime_ns)]
        time.sleep(0.02)
    raise AssertionError(f"fewer than {least} in {folder}")


def is_alive(pid: int) -> bool:
    """Whether a process runs; on Linux only, elsewhere never."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_ends(pids: list[int]) -> None:
    """Wait until none of these processes runs any more."""
    until = time.monotonic() + 60
    while any(map(is_alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(is_alive, pids))


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
    assert group.wait(timeout=60) == 0
    assert not any(is_alive(pid) for pid in (other, *numbers_in(tmp_path / "one", 3)))


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel of Linux tells who has lost a parent"
)
def test_nothing_goes_on_when_all_above_it_is_killed(tmp_path: Path) -> None:
    group = keep_running(tmp_path, "import time; time.sleep(60)")
    left = [numbers_in(tmp_path / name, 1)[0] for name in ("one", "two")]
    group.kill()
    group.wait(timeout=60)
    wait_for_ends(left)


def test_renewing_ends_what_cannot_renew_itself_and_starts_it_again(tmp_path: Path) -> None:
    group = keep_running(tmp_path, "import time; time.sleep(60)")
    try:
        [first] = numbers_in(tmp_path / "one", 1)
        numbers_in(tmp_path / "two", 1)  # is begun after the first one is known to the group
        group.send_signal(signal.SIGHUP)
        assert numbers_in(tmp_path / "one", 2)[0] == first
        assert group.poll() is None
    finally:
        group.terminate()
    assert group.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("is_asked", "script", "level"),
    [
        (True, "begun(); time.sleep(60)", "INFO"),
        (True, "signal.signal(15, lambda *_: sys.exit(3)); begun(); signal.pause()", "ERROR"),
        (False, "begun(); time.sleep(0.8)", "ERROR"),
    ],
)
def test_an_end_that_was_asked_for_is_no_mistake(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_asked: bool,
    script: str,
    level: str,
) -> None:
    monkeypatch.setattr(supervisor, "STARTED_SECONDS", 0.0)
    monkeypatch.setattr(supervisor, "RESTART_SECONDS", 600.0)  # it stays ended while the test looks
    caplog.set_level("INFO")
    begin = "import pathlib, signal, sys, time; begun = pathlib.Path(sys.argv[1], 'begun').touch; "
    kept = supervisor.SupervisedCommand([sys.executable, "-c", begin + script, str(tmp_path)])
    try:
        until = time.monotonic() + 60
        while not (tmp_path / "begun").exists() and time.monotonic() < until:
            time.sleep(0.02)
        kept.look()
        if is_asked:
            kept.renew()
        kept.process.wait(timeout=60)
        kept.look()
        assert [record.levelname for record in caplog.records] == [level]
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
    """Idle browsers hold a connection each; the limit of open files limits how many connections a process takes."""
    done: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: files)
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: done.append(limits))
    server = server_command("127.0.0.1", 8000, 2)
    assert (server[server.index("--backpressure") + 1], done) == (connections, raised)


def plan(**changes: object) -> Plan:
    return Plan(
        "127.0.0.1", 8000, "http://localhost:8000", 2, True, False, "", logformat.JSON
    )._replace(**changes)


def test_the_program_that_watches_loads_nothing_of_what_it_watches() -> None:
    listed = "import sys, forum.supervisor; print(*sys.modules)"
    command = [sys.executable, "-c", listed]
    loaded = subprocess.run(
        command, cwd=TOP, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    names = {name for name in loaded.split() if name.partition(".")[0] == "forum"}
    assert names == {"forum", "forum.supervisor", "forum.logformat"}
    assert not {"flask", "sqlalchemy", "jinja2", "granian"}.intersection(loaded.split())


@pytest.mark.parametrize(
    ("wanted", "last"),
    [
        (plan(), ["wsgi:app", "worker"]),
        (plan(has_worker=False), ["wsgi:app"]),
        (plan(has_metrics=True), ["wsgi:app", "worker", "metrics"]),
    ],
)
def test_what_a_plan_says_is_kept_running(
    wanted: Plan, last: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(supervisor, "supervise", lambda all_, *_asked: begun.extend(all_) or 7)
    monkeypatch.setattr(supervisor, "_log_to_standard_error", lambda _kind: None)
    assert supervisor.main([json.dumps(wanted)]) == 7
    assert [command[-1] for command in begun] == last


def test_it_takes_the_place_of_the_program_that_has_looked_whether_all_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Process id, folder and environment stay the same: systemd and a terminal see one process."""
    replaced: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, words: replaced.append(words))
    supervisor.become(plan(file="/srv/Ærø/forum.sqlite"))
    [words] = replaced
    assert words[:3] == [sys.executable, "-m", "forum.supervisor"]
    assert Plan(*json.loads(words[3])) == plan(file="/srv/Ærø/forum.sqlite")


def test_when_all_has_ended_the_file_alone_is_the_whole_forum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after SIGTERM, and when a killed process has left a write-ahead log beside the file."""
    file = tmp_path / "forum.sqlite"
    writer = f"""
import os, sqlite3
forum = sqlite3.connect({str(file)!r})
forum.execute("PRAGMA journal_mode = WAL")
forum.execute("CREATE TABLE post (text)")
forum.execute("INSERT INTO post VALUES ('Kept.')")
forum.commit()
os.kill(os.getpid(), 9)
"""

    def write_and_end(*_asked: object) -> int:
        subprocess.run([sys.executable, "-c", writer], check=False, timeout=60)
        assert Path(f"{file}-wal").stat().st_size > 0
        raise SystemExit(0)  # as SIGTERM does

    monkeypatch.setattr(supervisor, "supervise", write_and_end)
    monkeypatch.setattr(supervisor, "_log_to_standard_error", lambda _kind: None)
    with pytest.raises(SystemExit):
        supervisor.main([json.dumps(plan(file=str(file)))])
    (copied := tmp_path / "copy.sqlite").write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copied)) as copy:
        assert copy.execute("SELECT text FROM post").fetchall() == [("Kept.",)]


def test_no_file_is_made_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forum may have been moved to PostgreSQL meanwhile, which has no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "supervise", lambda *_asked: 0)
    monkeypatch.setattr(supervisor, "_log_to_standard_error", lambda _kind: None)
    for file in ("", str(tmp_path / "forum.sqlite")):
        assert supervisor.main([json.dumps(plan(file=file))]) == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (logformat.JSON, ['"level":"info","message":"Begun."', '"level":"error","message":"Ended."']),
        (logformat.PLAIN, [" info Begun. logger=forum.supervisor ", " error Ended. "]),
        (logformat.OFF, [" error Ended. "]),
    ],
)  # fmt: skip
def test_what_it_logs_looks_like_the_log_of_the_forum(kind: str, lines: list[str]) -> None:
    said = f"from forum import supervisor as s; s._log_to_standard_error({kind!r}); s.log.info('Begun.'); s.log.error('Ended.')"
    command = [sys.executable, "-c", said]
    told = subprocess.run(
        command, cwd=TOP, capture_output=True, text=True, check=True, timeout=60
    ).stderr
    assert len(told.splitlines()) == len(lines)
    assert all(line in said for line, said in zip(lines, told.splitlines(), strict=True))


@pytest.mark.thorough
def test_a_server_that_loads_slowly_is_renewed_without_a_gap(tmp_path: Path) -> None:
    """Each old process ended after 3.5 seconds, loaded or not: on a busy machine connections were refused."""
    slow = "import time\n\ntime.sleep(3.8)\n\ndef app(_asked, answer):\n    answer('200 OK', [])\n    return [b'']\n"
    (tmp_path / "wsgi.py").write_text(slow)
    port = free_port()
    server = subprocess.Popen(server_command("127.0.0.1", port, 1), cwd=tmp_path)
    try:
        _wait_until(lambda: answers("127.0.0.1", port), 30)
        before = _children(server.pid)
        server.send_signal(signal.SIGHUP)
        until = time.monotonic() + 30
        while before & _children(server.pid) and time.monotonic() < until:
            assert answers("127.0.0.1", port)
            time.sleep(0.05)
        assert answers("127.0.0.1", port) and not before & _children(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def _wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_server_comes_back_when_a_worker_of_it_dies() -> None:
    server = server_command("127.0.0.1", 8000, 2)
    assert "--respawn-failed-workers" in server and server[-1] == "wsgi:app"
    assert WORKER_COMMAND[-1] == "worker"
