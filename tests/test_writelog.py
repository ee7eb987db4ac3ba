"""The write log: every process learns of each commit before it is confirmed, also of a commit whose process was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum import writelog
from forum.writelog import WriteLog, hash_of

TOP = Path(__file__).parent.parent
# Another process that announces a commit, and then waits
ELSEWHERE = """
import sys, time
from pathlib import Path
from forum.writelog import open_log
with open_log(Path(sys.argv[1])).announce():
    print("begun", flush=True)
    sys.stdin.readline()
print("done", flush=True)
sys.stdin.readline()
"""

# Another process that commits as fast as it can
WITHOUT_REST = """
import sys
from pathlib import Path
from forum.writelog import open_log
log, number = open_log(Path(sys.argv[1])), 0
while True:
    with log.announce([f"topic {number}"]):
        number += 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "writing"


@pytest.fixture
def here(path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteLog:
    monkeypatch.setattr(writelog, "CLEAN_UP_SECONDS", 0)
    return WriteLog(path)


@pytest.fixture
def elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ELSEWHERE, str(path)]
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=TOP, **piped) as process:
        yield process
        process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_moment_stays_until_somebody_writes(here: WriteLog) -> None:
    before = here.stamp()
    assert before is not None and here.stamp() == before
    with here.announce():
        assert here.stamp() is None
    assert here.stamp() not in (None, before)


def test_a_commit_that_failed_may_have_been_one(here: WriteLog) -> None:
    before = here.stamp()
    here.wait_for_commits = lambda: False
    with pytest.raises(OSError, match="lost"), here.announce():
        raise OSError("the connection is lost")
    with here.announce():
        pass
    assert [here.stamp() for _look in range(3)] == [None] * 3, "it may still be under way"
    here.wait_for_commits = lambda: True
    assert here.stamp() is None  # this call removes the sign
    assert here.stamp() not in (None, before)


def test_who_only_writes_takes_the_signs_of_failed_commits_away(here: WriteLog) -> None:
    with pytest.raises(OSError, match="lost"), here.announce():
        raise OSError("the connection is lost")
    with here.announce():
        pass
    assert here.stamp() is not None


def test_all_who_are_about_to_commit_are_waited_for(here: WriteLog) -> None:
    with here.announce():
        with here.announce():
            pass
        assert here.stamp() is None
    assert here.stamp() is not None


def test_other_processes_see_it_at_once(here: WriteLog, elsewhere: subprocess.Popen[str]) -> None:
    before = here.stamp()
    assert heard(elsewhere) == "begun" and here.stamp() is None
    with here.announce():
        pass
    assert here.stamp() is None, "the other one is not done"
    go_on(elsewhere)
    assert heard(elsewhere) == "done" and here.stamp() not in (None, before)


def test_who_was_killed_is_taken_away_and_may_have_written(
    here: WriteLog, elsewhere: subprocess.Popen[str]
) -> None:
    before = here.stamp()
    assert heard(elsewhere) == "begun"
    assert [here.stamp() for _look in range(3)] == [None] * 3, "whoever lives is left alone"
    os.kill(elsewhere.pid, signal.SIGKILL)
    elsewhere.wait(60)
    here.wait_for_commits = lambda: False
    assert [here.stamp() for _look in range(3)] == [None] * 3, "the server may still be at it"
    here.wait_for_commits = lambda: True
    assert here.stamp() is None  # this call notices it
    assert here.stamp() not in (None, before)


def test_a_place_with_a_sign_is_nobodys_until_it_is_settled(
    here: WriteLog, elsewhere: subprocess.Popen[str]
) -> None:
    before = here.stamp()
    assert heard(elsewhere) == "begun"
    os.kill(elsewhere.pid, signal.SIGKILL)
    elsewhere.wait(60)
    with here.announce():
        pass
    assert here.stamp() is None and here.stamp() not in (None, before)
    assert here._slot == 1


def test_who_looks_after_others_lets_go_of_no_place_that_its_own_process_takes_meanwhile(
    here: WriteLog, elsewhere: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, is_taken = threading.Event(), threading.Event(), here._lock_slot

    def write() -> None:
        with here.announce(["topic 7"]):
            begun.set()
            assert may_end.wait(60)

    writer = threading.Thread(target=write)

    def probe(place: int) -> bool:
        if not writer.ident:
            writer.start()
            # Long enough to take the place, if nothing made it wait for the one who looks
            begun.wait(0.3)
        return is_taken(place)

    assert heard(elsewhere) == "begun"
    monkeypatch.setattr(here, "_lock_slot", probe)
    assert here.stamp() is None and writer.ident
    try:
        assert begun.wait(60)
        if not (child := os.fork()):
            os._exit(0 if WriteLog._lock_slot(here, here._slot) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1, "another may have it, too"
    finally:
        may_end.set()
        writer.join()


def test_more_processes_than_places_are_refused(here: WriteLog) -> None:
    here._log[: writelog.SLOTS] = b"\1" * writelog.SLOTS
    with pytest.raises(OSError, match="256"), here.announce():
        pass


def test_a_count_is_never_seen_half_written(here: WriteLog) -> None:
    with here.announce():
        pass
    seen: set[int] = set()
    is_over = threading.Event()

    def look() -> None:
        while True:
            seen.add(writelog.COUNT.unpack_from(here._log, writelog.SLOTS)[0])
            if is_over.is_set():
                return

    reader = threading.Thread(target=look)
    reader.start()
    for _commit in range(20_000):
        here._count_up(0)
    is_over.set()
    reader.join()
    assert seen and 0 not in seen


def changed_between(here: WriteLog, before: bytes | None) -> set[int] | frozenset[int] | None:
    stamp = here.stamp()
    assert before is not None and stamp is not None
    return here.changed_between(before, stamp)


def marks(*names: str) -> set[int]:
    return {hash_of(name) for name in names}


def test_whoever_looks_learns_what_was_changed(here: WriteLog, path: Path) -> None:
    before, other = here.stamp(), WriteLog(path)
    assert changed_between(other, before) == set()
    with here.announce(["topic 7", "anything"]):
        pass
    between = other.stamp()
    with here.announce(["topic 8"]):
        pass
    assert changed_between(other, before) == marks("topic 7", "topic 8", "anything")
    assert changed_between(other, between) == marks("topic 8")
    with here.announce():  # a commit without scopes may change anything
        pass
    assert changed_between(other, before) is None and changed_between(other, between) is None
    after = other.stamp()
    with here.announce([f"topic {number}" for number in range(writelog.HASHES_PER_NOTE)]):
        pass
    assert len(changed_between(other, after) or ()) == writelog.HASHES_PER_NOTE
    with here.announce([f"topic {number}" for number in range(writelog.HASHES_PER_NOTE + 1)]):
        pass
    assert changed_between(other, after) is None
    stamp = other.stamp()
    assert stamp and after and other.changed_between(stamp, after) is None, "nobody looks back"


def test_of_two_processes_all_is_told(here: WriteLog, path: Path) -> None:
    before = here.stamp()
    with here.announce(["one"]):
        pass
    if not (child := os.fork()):
        with here.announce(["two"]):
            pass
        os._exit(0)
    os.waitpid(child, 0)
    assert changed_between(WriteLog(path), before) == marks("one", "two")


def test_what_was_noted_too_long_ago_is_not_known(here: WriteLog) -> None:
    before = here.stamp()
    for number in range(writelog.NOTES_PER_SLOT - 1):
        with here.announce([f"topic {number}"]):
            pass
    assert len(changed_between(here, before) or ()) == writelog.NOTES_PER_SLOT - 1
    with here.announce(["topic 0"]):
        pass
    assert changed_between(here, before) is None


def test_a_commit_that_failed_may_have_changed_anything(here: WriteLog) -> None:
    before = here.stamp()
    with pytest.raises(OSError, match="lost"), here.announce(["topic 7"]):
        raise OSError("the connection is lost")
    here.stamp()  # this call removes the sign
    assert changed_between(here, before) is None


def test_who_counts_without_a_note_may_have_changed_anything(here: WriteLog) -> None:
    """Processes of an older version, which write no notes, may run at the same time during an upgrade."""
    with here.announce(["topic 7"]):
        pass
    before = here.stamp()
    here._log[writelog.SLOTS : writelog.SLOTS + writelog.COUNT.size] = writelog.COUNT.pack(2)
    assert changed_between(here, before) is None


def test_what_is_told_was_noted_by_then(path: Path) -> None:
    """However fast another process writes, each counted commit is among the reported ones, or the answer is unknown."""
    looker, told, before = WriteLog(path), 0, bytes(writelog.NOTES_START - writelog.SLOTS)
    with subprocess.Popen([sys.executable, "-c", WITHOUT_REST, str(path)], cwd=TOP) as writer:
        try:
            while told < 500:
                assert writer.poll() is None
                if (stamp := looker.stamp()) is None or stamp == before:
                    continue
                first, last = (writelog.COUNT.unpack_from(state)[0] for state in (before, stamp))
                if (found := looker.changed_between(before, stamp)) is not None:
                    told += 1
                    assert found == marks(*(f"topic {number}" for number in range(first, last)))
                before = stamp
        finally:
            writer.kill()


def test_names_have_marks_of_their_own() -> None:
    names = [f"{kind} {number}" for kind in ("topic", "member") for number in range(1_024)]
    assert len(marks(*names)) == len(names)
    assert not {writelog.NO_HASH, writelog.ANY_HASH} & marks(*names)


def test_a_forked_process_has_a_place_of_its_own(here: WriteLog) -> None:
    with here.announce():
        child = os.fork()
        if not child:
            with here.announce():
                pass
            os._exit(0 if here.stamp() is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert here.stamp() is None
    assert here.stamp() is not None


def test_threads_lose_no_sign(here: WriteLog) -> None:
    def write() -> None:
        for _commit in range(200):
            with here.announce():
                pass

    threads = [threading.Thread(target=write) for _thread in range(8)]
    before = sum(here.stamp() or b"")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stamp = here.stamp()
    assert stamp is not None and before == 0
    assert sum(writelog.COUNT.unpack_from(stamp, at)[0] for at in range(0, len(stamp), 8)) == 1_600


def test_a_process_opens_a_file_once(path: Path) -> None:
    assert writelog.open_log(path) is writelog.open_log(Path(str(path)))
