"""Signs of writing: who looks knows of each commit before it is answered, also of one whose process was killed."""

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
from forum.writelog import Signs, mark_of

TOP = Path(__file__).parent.parent
# Another process that is about to commit, says so, and then waits
ELSEWHERE = """
import sys, time
from pathlib import Path
from forum.writelog import signs_in
with signs_in(Path(sys.argv[1])).announced():
    print("begun", flush=True)
    sys.stdin.readline()
print("done", flush=True)
sys.stdin.readline()
"""

# Another process that commits as fast as it can
WITHOUT_REST = """
import sys
from pathlib import Path
from forum.writelog import signs_in
signs, number = signs_in(Path(sys.argv[1])), 0
while True:
    with signs.announced([f"topic {number}"]):
        number += 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "writing"


@pytest.fixture
def here(path: Path, monkeypatch: pytest.MonkeyPatch) -> Signs:
    monkeypatch.setattr(writelog, "LOOK_AFTER_SECONDS", 0)
    return Signs(path)


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


def test_the_moment_stays_until_somebody_writes(here: Signs) -> None:
    before = here.moment()
    assert before is not None and here.moment() == before
    with here.announced():
        assert here.moment() is None
    assert here.moment() not in (None, before)


def test_a_commit_that_failed_may_have_been_one(here: Signs) -> None:
    before = here.moment()
    here.settle = lambda: False
    with pytest.raises(OSError, match="lost"), here.announced():
        raise OSError("the connection is lost")
    with here.announced():
        pass
    assert [here.moment() for _look in range(3)] == [None] * 3, "it may still be under way"
    here.settle = lambda: True
    assert here.moment() is None  # this look takes the sign away
    assert here.moment() not in (None, before)


def test_who_only_writes_takes_the_signs_of_failed_commits_away(here: Signs) -> None:
    with pytest.raises(OSError, match="lost"), here.announced():
        raise OSError("the connection is lost")
    with here.announced():
        pass
    assert here.moment() is not None


def test_all_who_are_about_to_commit_are_waited_for(here: Signs) -> None:
    with here.announced():
        with here.announced():
            pass
        assert here.moment() is None
    assert here.moment() is not None


def test_other_processes_see_it_at_once(here: Signs, elsewhere: subprocess.Popen[str]) -> None:
    before = here.moment()
    assert heard(elsewhere) == "begun" and here.moment() is None
    with here.announced():
        pass
    assert here.moment() is None, "the other one is not done"
    go_on(elsewhere)
    assert heard(elsewhere) == "done" and here.moment() not in (None, before)


def test_who_was_killed_is_taken_away_and_may_have_written(
    here: Signs, elsewhere: subprocess.Popen[str]
) -> None:
    before = here.moment()
    assert heard(elsewhere) == "begun"
    assert [here.moment() for _look in range(3)] == [None] * 3, "whoever lives is left alone"
    os.kill(elsewhere.pid, signal.SIGKILL)
    elsewhere.wait()
    here.settle = lambda: False
    assert [here.moment() for _look in range(3)] == [None] * 3, "the server may still be at it"
    here.settle = lambda: True
    assert here.moment() is None  # this look finds it out
    assert here.moment() not in (None, before)


def test_a_place_with_a_sign_is_nobodys_until_it_is_settled(
    here: Signs, elsewhere: subprocess.Popen[str]
) -> None:
    before = here.moment()
    assert heard(elsewhere) == "begun"
    os.kill(elsewhere.pid, signal.SIGKILL)
    elsewhere.wait()
    with here.announced():
        pass
    assert here.moment() is None and here.moment() not in (None, before)
    assert here._place == 1


def test_who_looks_after_others_lets_go_of_no_place_that_its_own_process_takes_meanwhile(
    here: Signs, elsewhere: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, is_taken = threading.Event(), threading.Event(), here._is_taken

    def write() -> None:
        with here.announced(["topic 7"]):
            begun.set()
            assert may_end.wait(20)

    writer = threading.Thread(target=write)

    def probe(place: int) -> bool:
        if not writer.ident:
            writer.start()
            begun.wait(0.3)  # it waits for whoever looks
        return is_taken(place)

    assert heard(elsewhere) == "begun"
    monkeypatch.setattr(here, "_is_taken", probe)
    assert here.moment() is None and writer.ident
    try:
        assert begun.wait(20)
        if not (child := os.fork()):
            os._exit(0 if Signs._is_taken(here, here._place) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1, "another may have it, too"
    finally:
        may_end.set()
        writer.join()


def test_more_processes_than_places_are_refused(here: Signs) -> None:
    here._signs[: writelog.PLACES] = b"\1" * writelog.PLACES
    with pytest.raises(OSError, match="256"), here.announced():
        pass


def test_a_count_is_never_seen_half_written(here: Signs) -> None:
    with here.announced():
        pass
    seen: set[int] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            seen.add(writelog.COUNT.unpack_from(here._signs, writelog.PLACES)[0])

    reader = threading.Thread(target=look)
    reader.start()
    for _commit in range(20_000):
        here._count_up(0)
    is_over.set()
    reader.join()
    assert 0 not in seen


def changed(here: Signs, before: bytes | None) -> set[int] | frozenset[int] | None:
    moment = here.moment()
    assert before is not None and moment is not None
    return here.changed(before, moment)


def marks(*names: str) -> set[int]:
    return {mark_of(name) for name in names}


def test_whoever_looks_learns_what_was_changed(here: Signs, path: Path) -> None:
    before, other = here.moment(), Signs(path)
    assert changed(other, before) == set()
    with here.announced(["topic 7", "anything"]):
        pass
    between = other.moment()
    with here.announced(["topic 8"]):
        pass
    assert changed(other, before) == marks("topic 7", "topic 8", "anything")
    assert changed(other, between) == marks("topic 8")
    with here.announced():  # who does not say what it is may change anything
        pass
    assert changed(other, before) is None and changed(other, between) is None
    after = other.moment()
    with here.announced([f"topic {number}" for number in range(writelog.MARKS)]):
        pass
    assert len(changed(other, after) or ()) == writelog.MARKS
    with here.announced([f"topic {number}" for number in range(writelog.MARKS + 1)]):
        pass
    assert changed(other, after) is None
    moment = other.moment()
    assert moment and after and other.changed(moment, after) is None, "nobody looks back"


def test_of_two_processes_all_is_told(here: Signs, path: Path) -> None:
    before = here.moment()
    with here.announced(["one"]):
        pass
    if not (child := os.fork()):
        with here.announced(["two"]):
            pass
        os._exit(0)
    os.waitpid(child, 0)
    assert changed(Signs(path), before) == marks("one", "two")


def test_what_was_noted_too_long_ago_is_not_known(here: Signs) -> None:
    before = here.moment()
    for number in range(writelog.NOTES - 1):
        with here.announced([f"topic {number}"]):
            pass
    assert len(changed(here, before) or ()) == writelog.NOTES - 1
    with here.announced(["topic 0"]):
        pass
    assert changed(here, before) is None


def test_a_commit_that_failed_may_have_changed_anything(here: Signs) -> None:
    before = here.moment()
    with pytest.raises(OSError, match="lost"), here.announced(["topic 7"]):
        raise OSError("the connection is lost")
    here.moment()  # this look takes the sign away
    assert changed(here, before) is None


def test_who_counts_without_a_note_may_have_changed_anything(here: Signs) -> None:
    """Code of before there were notes, which runs beside ours until it is told to end."""
    with here.announced(["topic 7"]):
        pass
    before = here.moment()
    here._signs[writelog.PLACES : writelog.PLACES + writelog.COUNT.size] = writelog.COUNT.pack(2)
    assert changed(here, before) is None


def test_what_is_told_was_noted_by_then(path: Path) -> None:
    """However fast another process writes: each commit that was counted is among those told, or nobody says what it was."""
    looker, told, before = Signs(path), 0, bytes(writelog.COUNTS - writelog.PLACES)
    with subprocess.Popen([sys.executable, "-c", WITHOUT_REST, str(path)], cwd=TOP) as writer:
        try:
            while told < 500:
                assert writer.poll() is None
                if (moment := looker.moment()) is None or moment == before:
                    continue
                first, last = (writelog.COUNT.unpack_from(one)[0] for one in (before, moment))
                if (found := looker.changed(before, moment)) is not None:
                    told += 1
                    assert found == marks(*(f"topic {number}" for number in range(first, last)))
                before = moment
        finally:
            writer.kill()


def test_names_have_marks_of_their_own() -> None:
    names = [f"{kind} {number}" for kind in ("topic", "member") for number in range(1_024)]
    assert len(marks(*names)) == len(names)
    assert not {writelog.NOTHING, writelog.ALL} & marks(*names)


def test_a_forked_process_has_a_place_of_its_own(here: Signs) -> None:
    with here.announced():
        child = os.fork()
        if not child:
            with here.announced():
                pass
            os._exit(0 if here.moment() is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert here.moment() is None
    assert here.moment() is not None


def test_threads_lose_no_sign(here: Signs) -> None:
    def write() -> None:
        for _commit in range(200):
            with here.announced():
                pass

    threads = [threading.Thread(target=write) for _thread in range(8)]
    before = sum(here.moment() or b"")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moment = here.moment()
    assert moment is not None and before == 0
    assert (
        sum(writelog.COUNT.unpack_from(moment, at)[0] for at in range(0, len(moment), 8)) == 1_600
    )


def test_a_process_opens_a_file_once(path: Path) -> None:
    assert writelog.signs_in(path) is writelog.signs_in(Path(str(path)))
