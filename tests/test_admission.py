"""The admission gate: bodies are read before a request takes a place, few requests run at once, and too many are refused fast."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from forum import admission
from forum.admission import (
    AT_ONCE,
    LARGE_ANSWERS,
    LARGE_SENDERS,
    MAX_BUFFERED_BYTES,
    MAX_WAITING,
    MAX_WAITING_FILES,
    MAX_WAITING_LARGE,
    SENDERS,
    AdmissionGate,
    FairSemaphore,
    asking_network,
    network_of,
)
from forum.app import create_app
from forum.responses import security_headers
from forum.supervisor import THREADS


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
        self.go.wait(30)
        with self.lock:
            self.inside.remove(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Length", "4")])
        return [b"page"]


@pytest.fixture(autouse=True)
def patient_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests wait long for their turn, so that none is refused because the machine is busy."""
    for name in ("READERS_WAIT", "WRITERS_WAIT", "LARGE_WAIT"):
        monkeypatch.setattr(admission, name, 60.0)


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.go.set()


def ask_together(
    application: Any, paths: list[str], answers: list[int], address: str = "127.0.0.1"
) -> list[threading.Thread]:
    def ask(path: str) -> None:
        came_from = {"REMOTE_ADDR": address}
        answers.append(Client(application).get(path, environ_base=came_from).status_code)

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    return threads


def wait_until(is_so: Any) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_few_are_worked_on_at_once_and_the_others_wait(slow: Slow) -> None:
    answers: list[int] = []
    threads = ask_together(AdmissionGate(slow, 100, at_once=2), list("/a/b/c/d/e"[1::2]), answers)
    wait_until(lambda: len(slow.inside) == 2)
    slow.go.set()
    for thread in threads:
        thread.join(30)
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
    threads[0].join(30)
    assert Client(closed).get("/b").status_code == 200


def test_when_too_many_wait_the_next_is_told_at_once(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_WAITING", 1)
    closed = AdmissionGate(slow, 100, at_once=1)
    answers: list[int] = []
    threads = ask_together(closed, ["/a", "/b"], answers)
    wait_until(lambda: closed._places._free == 0)  # both requests have a place
    begun = time.monotonic()
    assert Client(closed).get("/c").status_code == 503
    assert time.monotonic() - begun < admission.READERS_WAIT / 2
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200, 200]


@pytest.mark.parametrize("folder", ["/pictures/", "/portraits/"])
def test_pictures_that_wait_take_no_place_of_a_page(
    slow: Slow, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setattr(admission, "MAX_WAITING", 1)
    monkeypatch.setattr(admission, "MAX_WAITING_FILES", 3)
    closed = AdmissionGate(slow, 100, at_once=1)
    answers: list[int] = []
    threads = ask_together(closed, [f"{folder}a.webp"] * 3, answers)
    wait_until(lambda: closed._file_places._free == 0)
    assert Client(closed).get(f"{folder}d.webp").status_code == 503
    threads += ask_together(closed, ["/topics"], answers)
    wait_until(lambda: closed._places._free == 1)
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 4
    assert Client(closed).get(f"{folder}e.webp").status_code == 200, "places come back"


# Whose turn it is


HERS, HIS = "203.0.113.1", "198.51.100.7"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::1", "::1"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_network_is_an_address_or_the_front_half_of_one(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_no_share(address: str) -> None:
    assert asking_network({"REMOTE_ADDR": address}) == ""


def test_one_network_leaves_places_to_others(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_WAITING", 3)
    closed = AdmissionGate(slow, 100, at_once=1)
    answers: list[int] = []
    threads = ask_together(closed, ["/a", "/b"], answers, HERS)
    wait_until(lambda: closed._places._free == 2)
    refused = Client(closed).get("/c", environ_base={"REMOTE_ADDR": HERS})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
    threads += ask_together(closed, ["/d"], answers, HIS)
    wait_until(lambda: closed._places._free == 1)
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 3
    again = [Client(closed).get("/e", environ_base={"REMOTE_ADDR": HERS}) for _time in range(5)]
    assert [answer.status_code for answer in again] == [200] * 5, "places come back"
    assert not closed._places._taken


def test_a_proxy_that_the_forum_does_not_know_of_has_all_places(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All requests come from the address of the proxy."""
    monkeypatch.setattr(admission, "MAX_WAITING", 3)
    closed = AdmissionGate(slow, 100, at_once=1)
    answers: list[int] = []
    threads = ask_together(closed, ["/a", "/b", "/c", "/d"], answers)
    wait_until(lambda: closed._places._free == 0)
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 4


def test_networks_that_wait_are_admitted_in_turn() -> None:
    turns, order, threads = FairSemaphore(1), [], []
    assert turns.acquire(0)

    def wait(whose: str) -> None:
        assert turns.acquire(30, whose)
        order.append(whose)
        turns.release()

    for number, whose in enumerate((HERS, HERS, HERS, HIS, HERS, HIS)):
        threads.append(threading.Thread(target=wait, args=(whose,)))
        threads[-1].start()
        wait_until(lambda n=number: sum(map(len, turns._waiting.values())) == n + 1)
    assert not turns.acquire(0.01, "192.0.2.1"), "who gives up leaves no queue behind"
    assert [*turns._waiting] == [HERS, HIS]
    turns.release()
    for thread in threads:
        thread.join(30)
    assert order == [HERS, HIS, HERS, HIS, HERS, HERS]
    assert turns.acquire(0)


class Trickle:
    """Forms that are sent slowly: `begun` counts those that have begun, and none ends before `may_end` is set."""

    def __init__(self) -> None:
        self.may_end, self.begun = threading.Event(), threading.Semaphore(0)

    def form(self, length: int = 3) -> dict[str, Any]:
        """Arguments for the client that sends such a form, with its length."""
        trickle = self

        class Body(BytesIO):
            def read(self, *_size: Any) -> bytes:
                trickle.begun.release()
                trickle.may_end.wait(30)
                return b"a=b"

        return {"input_stream": Body(), "environ_overrides": {"CONTENT_LENGTH": str(length)}}


def test_senders_of_one_network_leave_room_to_others(slow: Slow) -> None:
    slow.go.set()
    trickle = Trickle()
    closed = AdmissionGate(slow, 100, senders=4)

    def send(address: str, **form: Any) -> int:
        came_from = {"REMOTE_ADDR": address}
        return int(Client(closed).post("/slow", environ_base=came_from, **form).status_code)

    threads = [threading.Thread(target=lambda: send(HERS, **trickle.form())) for _one in range(2)]
    for thread in threads:
        thread.start()
        assert trickle.begun.acquire(timeout=30)
    assert (send(HERS, data={"a": "b"}), send(HIS, data={"a": "b"})) == (503, 200)
    trickle.may_end.set()
    for thread in threads:
        thread.join(30)
    assert send(HERS, data={"a": "b"}) == 200


def test_the_address_is_the_one_that_the_proxies_say(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def full(_gate: AdmissionGate, _held: Any, _path: str, _is_reading: bool, whose: str) -> bool:
        asked.append(whose)
        return False

    monkeypatch.setattr(AdmissionGate, "_admit", full)
    for proxies in (0, 1):
        behind = create_app(replace(app.extensions["settings"], data=tmp_path, proxies=proxies))
        came = {"X-Forwarded-For": f"{HIS}, {HERS}"}
        answer = behind.test_client().get("/search?q=a", headers=came)
        assert answer.status_code == 503
    assert asked == ["", HERS]


@pytest.mark.parametrize("url", ["http://localhost", "https://localhost"])
def test_who_is_asked_to_come_again_gets_the_headers_of_every_page(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    forum = create_app(replace(app.extensions["settings"], data=tmp_path, url=url))
    page = forum.test_client().get("/healthz")
    monkeypatch.setattr(AdmissionGate, "_admit", lambda *_request: False)
    refused = forum.test_client().get("/search")
    assert refused.status_code == 503
    wanted = security_headers(url.startswith("https"))
    assert ("Strict-Transport-Security" in wanted) == url.startswith("https")
    for name, value in wanted.items():
        assert refused.headers[name] == page.headers[name] == value


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
        thread.join(30)
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
        thread.join(30)
    assert answers == [200, 200]


def test_a_body_that_trickles_holds_no_turn(slow: Slow) -> None:
    slow.go.set()
    trickle = Trickle()
    closed = AdmissionGate(slow, 100, at_once=1)
    sending = Client(closed)
    thread = threading.Thread(target=lambda: sending.post("/slow", **trickle.form()))
    thread.start()
    assert Client(closed).get("/a").status_code == 200
    trickle.may_end.set()
    thread.join(30)


def test_however_many_send_slowly_others_are_served(slow: Slow) -> None:
    slow.go.set()
    trickle = Trickle()
    closed = AdmissionGate(slow, 100, senders=2)

    def send() -> int:
        return int(Client(closed).post("/slow", **trickle.form()).status_code)

    threads = [threading.Thread(target=send) for _one in range(2)]
    for thread in threads:
        thread.start()
        assert trickle.begun.acquire(timeout=30)
    refused = Client(closed).post("/slow", data={"a": "b"})
    assert refused.status_code == 503 and refused.headers["Retry-After"]
    assert "your text is still in the form" in refused.text
    assert Client(closed).get("/a").status_code == 200
    trickle.may_end.set()
    for thread in threads:
        thread.join(30)
    assert Client(closed).post("/slow", data={"a": "b"}).status_code == 200


LARGE = {"/pictures": 300}


@pytest.mark.parametrize(
    ("path", "length", "got"),
    [("/pictures", 250, 250), ("/pictures", 301, 0), ("/else", 250, 0), ("/pictures/", 250, 0)],
)
def test_one_address_takes_larger_bodies(path: str, length: int, got: int) -> None:
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(length)}
    sent = BytesIO(b"x" * 400)
    closed = AdmissionGate(lambda _environ, _start: [], 100, large=LARGE)
    with ExitStack() as held:
        assert closed._read_body(environ | {"wsgi.input": sent}, held)
    assert sent.tell() == got


def test_large_bodies_leave_room_to_all_others(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    slow.go.set()
    monkeypatch.setattr(admission, "LARGE_SENDERS", 2)
    trickle = Trickle()
    closed = AdmissionGate(slow, 100, large={"/pictures": 10_000})
    came_from = {"REMOTE_ADDR": HERS}
    form = {"data": b"y" * 200, "environ_base": came_from}
    thread = threading.Thread(
        target=lambda: Client(closed).post("/pictures", environ_base=came_from, **trickle.form(200))
    )
    thread.start()
    assert trickle.begun.acquire(timeout=30)
    assert Client(closed).post("/pictures", **form).status_code == 503
    assert Client(closed).post("/pictures", **form | {"environ_base": {}}).status_code == 200
    small = Client(closed).post("/topics", data={"a": "b"}, environ_base=came_from)
    assert small.status_code == 200
    trickle.may_end.set()
    thread.join(30)
    assert Client(closed).post("/pictures", **form).status_code == 200


def post_together(
    application: Any, answers: list[int], *, length: int = 5, number: int = 1, address: str = ""
) -> list[threading.Thread]:
    def post() -> None:
        came_from = {"REMOTE_ADDR": address} if address else {}
        made = Client(application).post("/pictures", data=b"y" * length, environ_base=came_from)
        answers.append(made.status_code)

    threads = [threading.Thread(target=post) for _one in range(number)]
    for thread in threads:
        thread.start()
    return threads


def test_one_file_is_worked_on_at_once_and_writers_go_on(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other requests would be refused soon; files wait longer
    monkeypatch.setattr(admission, "WRITERS_WAIT", 0.05)
    closed = AdmissionGate(slow, 100, large=LARGE)
    answers: list[int] = []
    threads = post_together(closed, answers, number=3)
    wait_until(lambda: closed._large_places._free == MAX_WAITING_LARGE - 3)
    written: list[int] = []
    writer = threading.Thread(
        target=lambda: written.append(Client(closed).post("/reply", data=b"y").status_code)
    )
    writer.start()
    wait_until(lambda: sorted(slow.inside) == ["/pictures", "/reply"])
    time.sleep(0.1)
    slow.go.set()
    for thread in [*threads, writer]:
        thread.join(30)
    assert (written, answers, slow.most) == ([200], [200] * 3, 2)


def test_so_many_files_wait_and_no_more(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_WAITING_LARGE", 4)
    closed = AdmissionGate(slow, 100, large=LARGE)
    answers: list[int] = []
    threads = post_together(closed, answers, number=2, address=HERS)
    wait_until(lambda: closed._large_places._free == 2)
    refused: list[int] = []
    post_together(closed, refused, address=HERS)[0].join(30)
    assert refused == [503]
    threads += post_together(closed, answers, address=HIS)
    wait_until(lambda: closed._large_places._free == 1)
    assert closed._places._free == AT_ONCE + MAX_WAITING  # files have taken no place of pages
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 3


def test_a_large_file_counts_until_it_is_answered(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LARGE_SENDERS", 2)
    closed = AdmissionGate(slow, 100, large=LARGE)
    answers: list[int] = []
    threads = post_together(closed, answers, length=200, number=2)
    wait_until(lambda: closed._large_places._free == MAX_WAITING_LARGE - 2)
    refused: list[int] = []
    post_together(closed, refused, length=200)[0].join(30)
    assert refused == [503]
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 2
    assert closed._large_senders._free == 2 and closed._large_places._free == MAX_WAITING_LARGE


def test_a_full_disk_is_told_and_keeps_no_place(
    slow: Slow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(BytesIO):
        def write(self, _data: Any) -> int:
            raise OSError(ENOSPC, "No space left on device")

    slow.go.set()
    monkeypatch.setattr(admission, "TemporaryFile", Full)
    closed = AdmissionGate(slow, 100, {"X-Of-Every-Page": "1"}, large=LARGE)
    refused = Client(closed).post("/pictures", data=b"y" * 200)
    assert refused.status_code == 507 and "no room for this file" in refused.text
    assert refused.headers["X-Of-Every-Page"] == "1" and refused.headers["Retry-After"]
    assert "could not be written to disk" in caplog.text
    assert closed._large_senders._free == LARGE_SENDERS
    assert Client(closed).post("/pictures", data=b"y").status_code == 200


def test_the_server_has_more_threads_than_may_send_slowly() -> None:
    waiting = AT_ONCE + MAX_WAITING + MAX_WAITING_FILES + MAX_WAITING_LARGE
    assert SENDERS + LARGE_SENDERS + LARGE_ANSWERS + waiting <= THREADS


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


def long_answer(environ: Any, start_response: Any) -> Any:
    """An application: responses of unknown length at most paths, at others very long, empty and failing ones."""
    path, parts = environ["PATH_INFO"], iter([b"a", b"b"])
    status, length = ("304 NOT MODIFIED", "") if path == "/same" else ("200 OK", "")
    if path in ("/great", "/short"):
        length = "2" if path == "/short" else str(MAX_BUFFERED_BYTES + 1)
    start_response(status, [("Content-Length", length)] if length else [])
    if path == "/bad":
        raise ValueError
    if path == "/cut":
        return (part if part == b"a" else part.decode().encode("a charset") for part in parts)
    return () if path == "/same" else parts


def from_network(number: int) -> dict[str, str]:
    return {"REMOTE_ADDR": f"203.0.113.{number}"}


@pytest.mark.parametrize("path", ["/", "/great"])
def test_so_many_long_answers_are_sent_and_no_more(path: str) -> None:
    closed = AdmissionGate(long_answer, 100)
    share = LARGE_ANSWERS // 2
    browser = Client(closed)

    def ask(number: int) -> Any:
        return browser.get(path, environ_base=from_network(number), buffered=False)

    sent = [ask(1) for _time in range(share)]
    more = ask(1)
    assert (more.status_code, more.headers["Retry-After"]) == (503, "3")
    assert "try again in a few seconds" in more.text and "Nothing was saved" not in more.text
    sent += [ask(number) for number in range(2, LARGE_ANSWERS - share + 2)]
    assert [answer.status_code for answer in sent] == [200] * LARGE_ANSWERS
    assert ask(9).status_code == 503
    assert browser.get("/short", environ_base=from_network(1)).data == b"ab"
    assert browser.get("/same", environ_base=from_network(1)).status_code == 304
    assert browser.head(path, environ_base=from_network(1)).status_code == 200
    for answer in sent:
        answer.close()
    assert closed._large_answers._free == LARGE_ANSWERS
    read = ask(9)
    assert b"".join(read.response) == b"ab" and closed._large_answers._free == LARGE_ANSWERS
    read.close()
    assert closed._large_answers._free == LARGE_ANSWERS
    ask(9)  # without reading or closing the response
    gc.collect(1)  # which finds what is young, and does not take seconds
    assert closed._large_answers._free == LARGE_ANSWERS


def test_a_long_answer_that_fails_or_that_nobody_reads_on_gives_its_place_back() -> None:
    closed = AdmissionGate(long_answer, 100)
    with pytest.raises(ValueError):
        Client(closed).get("/bad")
    assert closed._large_answers._free == LARGE_ANSWERS
    for path in ("/", "/cut"):
        parts = closed({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda *_: None)
        assert next(iter(parts)) == b"a"
        assert closed._large_answers._free == LARGE_ANSWERS - 1
        if path == "/cut":
            with pytest.raises(LookupError):
                next(iter(parts))
        parts.close()  # type: ignore[attr-defined]  # as a server does in both cases
        assert closed._large_answers._free == LARGE_ANSWERS


def test_whoever_has_a_long_answer_refused_leaves_nothing_open() -> None:
    ended: list[str] = []

    class Parts(list[bytes]):
        def close(self) -> None:
            ended.append("closed")

    def application(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return Parts([b"a"])

    closed = AdmissionGate(application, 100)
    while closed._large_answers.acquire(""):
        pass
    assert Client(closed).get("/").status_code == 503 and ended == ["closed"]


def test_a_turn_that_comes_as_one_gives_up_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = FairSemaphore(1)
    assert turns.acquire(0)

    def released_too_late(_event: threading.Event, _seconds: float) -> bool:
        turns.release()
        return False

    monkeypatch.setattr(threading.Event, "wait", released_too_late)
    assert turns.acquire(0.01)
    monkeypatch.undo()
    assert not turns.acquire(0)
    turns.release()
    assert turns.acquire(0)


def test_turns_go_in_the_order_in_which_people_came() -> None:
    turns, order, waiting = FairSemaphore(1), [], []
    assert turns.acquire(0)

    def wait(number: int) -> None:
        assert turns.acquire(30)
        order.append(number)
        turns.release()

    for number in range(8):
        waiting.append(threading.Thread(target=wait, args=(number,)))
        waiting[-1].start()
        wait_until(lambda number=number: len(turns._waiting[""]) == number + 1)
    assert not turns.acquire(0.01), "somebody who does not wait is not let in before them"
    assert len(turns._waiting[""]) == 8
    turns.release()
    for thread in waiting:
        thread.join(30)
    assert order == list(range(8))
    assert turns.acquire(0)
