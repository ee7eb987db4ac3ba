"""The gate: bodies come in whole before a turn, a few work at once, and too many are told so quickly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import Client

from forum import admission
from forum.admission import AT_ONCE, MAX_WAITING, SENDERS, AdmissionGate, FairSemaphore
from forum.jobs import THREADS


class Slow:
    """An application in which requests stay until they are let go."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.most = 0
        self.go = threading.Event()
        self.lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        with self.lock:
            self.inside.append(environ["PATH_INFO"])
            self.most = max(self.most, len(self.inside))
        self.go.wait(5)
        with self.lock:
            self.inside.remove(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Length", "4")])
        return [b"page"]


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.go.set()


def ask_together(application: Any, paths: list[str], answers: list[int]) -> list[threading.Thread]:
    def ask(path: str) -> None:
        answers.append(Client(application).get(path).status_code)

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    return threads


def wait_until(is_so: Any) -> None:
    until = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_few_are_worked_on_at_once_and_the_others_wait(slow: Slow) -> None:
    answers: list[int] = []
    threads = ask_together(AdmissionGate(slow, 100, at_once=2), list("/a/b/c/d/e"[1::2]), answers)
    wait_until(lambda: len(slow.inside) == 2)
    slow.go.set()
    for thread in threads:
        thread.join(5)
    assert (slow.most, answers) == (2, [200] * 5)


def test_who_waits_too_long_is_asked_to_come_again(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "READERS_WAIT", 0.05)
    monkeypatch.setattr(admission, "WRITERS_WAIT", 0.05)
    closed = AdmissionGate(slow, 100, at_once=1)
    threads = ask_together(closed, ["/a"], [])
    wait_until(lambda: slow.inside)
    answer = Client(closed).get("/b")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "your text is still in the form" in Client(closed).post("/b", data={"a": "b"}).text
    slow.go.set()
    threads[0].join(5)
    assert Client(closed).get("/b").status_code == 200


def test_when_too_many_wait_the_next_is_told_at_once(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_WAITING", 1)
    closed = AdmissionGate(slow, 100, at_once=1)
    answers: list[int] = []
    threads = ask_together(closed, ["/a", "/b"], answers)
    wait_until(lambda: closed._places._value == 0)  # type: ignore[attr-defined]  # both have a place
    begun = time.monotonic()
    assert Client(closed).get("/c").status_code == 503
    assert time.monotonic() - begun < admission.READERS_WAIT / 2
    slow.go.set()
    for thread in threads:
        thread.join(5)
    assert answers == [200, 200]


def test_writers_leave_turns_to_readers(slow: Slow) -> None:
    def write() -> None:
        written.append(Client(closed).post("/write").status_code)

    read: list[int] = []
    written: list[int] = []
    closed = AdmissionGate(slow, 100, at_once=2)
    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    wait_until(lambda: slow.inside)
    readers = ask_together(closed, ["/read"], read)
    wait_until(lambda: len(slow.inside) == 2)
    assert sorted(slow.inside) == ["/read", "/write"]
    slow.go.set()
    for thread in [*writers, *readers]:
        thread.join(5)
    assert (read, written) == ([200], [200] * 3)


def test_health_needs_no_turn(slow: Slow) -> None:
    closed = AdmissionGate(slow, 100, at_once=1)
    answers: list[int] = []
    threads = ask_together(closed, ["/a"], answers)
    wait_until(lambda: slow.inside == ["/a"])
    threads += ask_together(closed, ["/healthz"], answers)
    wait_until(lambda: slow.inside == ["/a", "/healthz"])
    slow.go.set()
    for thread in threads:
        thread.join(5)
    assert answers == [200, 200]


def test_a_body_that_trickles_holds_no_turn(slow: Slow) -> None:
    slow.go.set()
    may_end = threading.Event()

    class Trickle(BytesIO):
        def read(self, *_size: Any) -> bytes:
            may_end.wait(5)
            return b"a=b"

    closed = AdmissionGate(slow, 100, at_once=1)
    sending = Client(closed)
    form = {"input_stream": Trickle(), "content_length": 3}
    thread = threading.Thread(target=lambda: sending.post("/slow", **form))
    thread.start()
    assert Client(closed).get("/a").status_code == 200
    may_end.set()
    thread.join(5)


def test_however_many_send_slowly_others_are_served(slow: Slow) -> None:
    slow.go.set()
    may_end, begun = threading.Event(), threading.Semaphore(0)

    class Trickle(BytesIO):
        def read(self, *_size: Any) -> bytes:
            begun.release()
            may_end.wait(5)
            return b"a=b"

    closed = AdmissionGate(slow, 100, senders=2)

    def send() -> int:
        form = {"input_stream": Trickle(), "content_length": 3}
        return int(Client(closed).post("/slow", **form).status_code)

    threads = [threading.Thread(target=send) for _one in range(2)]
    for thread in threads:
        thread.start()
        assert begun.acquire(timeout=5)
    refused = Client(closed).post("/slow", data={"a": "b"})
    assert refused.status_code == 503 and refused.headers["Retry-After"]
    assert "your text is still in the form" in refused.text
    assert Client(closed).get("/a").status_code == 200
    may_end.set()
    for thread in threads:
        thread.join(5)
    assert Client(closed).post("/slow", data={"a": "b"}).status_code == 200


def test_the_server_has_more_threads_than_may_send_slowly() -> None:
    assert THREADS >= SENDERS + AT_ONCE + MAX_WAITING


@pytest.mark.parametrize(("length", "got"), [("5", b"abcde"), ("", b"abcdefghijk"), ("11", b"")])
def test_a_body_comes_whole_or_one_byte_too_long(length: str, got: bytes) -> None:
    found: list[bytes] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        found.append(environ["wsgi.input"].read() if length != "11" else b"")
        start_response("200 OK", [("Content-Length", "0")])
        return []

    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": length}
    sent = BytesIO(b"abcdefghijklmnop")
    list(AdmissionGate(application, 10)(environ | {"wsgi.input": sent}, lambda *_: None))
    assert found == [got]
    assert sent.tell() == len(got)


def test_turns_come_back_when_the_application_fails_and_streams_hold_none() -> None:
    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        if environ["PATH_INFO"] == "/bad":
            raise ValueError
        start_response("200 OK", [])
        return iter([b"a", b"b"])

    closed = AdmissionGate(application, 100, at_once=1)
    for _time in range(3):
        with pytest.raises(ValueError):
            Client(closed).get("/bad")
    streams = [Client(closed).get("/stream", buffered=False) for _time in range(3)]
    assert [stream.data for stream in streams] == [b"ab"] * 3


def test_turns_go_in_the_order_in_which_people_came() -> None:
    turns, order, waiting = FairSemaphore(1), [], []
    assert turns.acquire(0)

    def wait(number: int) -> None:
        assert turns.acquire(5)
        order.append(number)
        turns.release()

    for number in range(8):
        waiting.append(threading.Thread(target=wait, args=(number,)))
        waiting[-1].start()
        wait_until(lambda number=number: len(turns._waiting) == number + 1)
    assert not turns.acquire(0.01), "somebody who does not wait is not let in before them"
    assert len(turns._waiting) == 8
    turns.release()
    for thread in waiting:
        thread.join(5)
    assert order == list(range(8))
    assert turns.acquire(0)
