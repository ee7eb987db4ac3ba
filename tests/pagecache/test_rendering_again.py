"""A page that a write outdated is rendered once for all who ask, and never mixes two moments."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import pytest
from werkzeug.test import Client

from forum import pagecache
from forum.freshness import MAX_PREFETCHED, VersionCache
from forum.keptpages import DEPENDS_ON
from forum.pagecache import Key, PageCache, Rendering
from forum.versions import ANY_CHANGE, EVERYTHING
from tests.pagecache.conftest import Counting


def test_a_stampede_renders_once() -> None:
    made, begun, may_end = [], threading.Event(), threading.Event()

    def application(environ: Any, start_response: Any) -> list[bytes]:
        made.append(environ["PATH_INFO"])
        begun.set()
        may_end.wait(30)
        headers = [("Content-Length", "4"), ("Cache-Control", "no-cache"), ("ETag", '"1"')]
        start_response("200 OK", headers)
        return [b"page"]

    class Still:
        def stamp(self) -> int:
            return 1

        def changed_between(self, _before: int, _moment: int) -> None: ...

        def versions(self, _scopes: Iterable[str]) -> dict[str, int]:
            return {}

    cache, got = PageCache(application, VersionCache(Still()), 1), []
    readers = [threading.Thread(target=lambda: got.append(Client(cache).get("/").data))]
    readers[0].start()
    begun.wait(30)
    readers += [
        threading.Thread(target=lambda: got.append(Client(cache).get("/").data)) for _ in "12345"
    ]
    for reader in readers[1:]:
        reader.start()
    may_end.set()
    for reader in readers:
        reader.join(30)
    assert (made, got) == (["/"], [b"page"] * 6)


def page_of_some(body: Callable[[], bytes]) -> Callable[[Any, Any], list[bytes]]:
    """A page that depends on "some"."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        environ[DEPENDS_ON] = ("some",)
        made = body()
        headers = [("Content-Length", str(len(made))), ("Cache-Control", "no-cache")]
        start_response("200 OK", [*headers, ("ETag", '"1"')])
        return [made]

    return application


def test_who_has_waited_long_for_a_page_gets_one_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pagecache, "JOIN_SECONDS", 0.1)
    begun, may_end, made = threading.Event(), threading.Event(), list[int]()

    def body() -> bytes:
        made.append(len(made))
        if made == [0]:
            begun.set()
            may_end.wait(30)
        return b"page"

    cache, got = PageCache(page_of_some(body), VersionCache(Counting()), 1), list[bytes]()
    readers = [
        threading.Thread(target=lambda: got.append(Client(cache).get("/").data)) for _ in "12"
    ]
    readers[0].start()
    assert begun.wait(30)
    readers[1].start()
    readers[1].join(10)
    before = list(got)
    may_end.set()
    for reader in readers:
        reader.join(30)
    assert before == [b"page"] and (made, got) == ([0, 1], [b"page"] * 2)


def test_where_many_write_one_renders_for_all_who_came_after_the_same_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A write while a page is rendered: readers from before it get this page, and one of the later readers renders it again."""
    source, may_end = Counting(), [threading.Event(), threading.Event()]
    made, begun = list[bytes](), threading.Event()

    def body() -> bytes:
        made.append(b"%d" % source.rows["some"])
        here = len(made) - 1
        begun.set()
        may_end[here].wait(30)
        return made[here]

    cache = PageCache(page_of_some(body), VersionCache(source), 1)
    joined, got, readers = threading.Semaphore(0), list[bytes](), list[threading.Thread]()
    join = cache._join

    def noted(key: Key) -> tuple[Rendering, bool]:
        found = join(key)
        joined.release()
        return found

    monkeypatch.setattr(cache, "_join", noted)

    def come(number: int) -> None:
        some = [
            threading.Thread(target=lambda: got.append(Client(cache).get("/").data))
            for _ in range(number)
        ]
        readers.extend(some)
        for reader in some:
            reader.start()
        assert all(joined.acquire(timeout=30) for _ in some)

    come(4)
    assert begun.wait(30)
    source.write("some")
    come(3)
    for each, those in zip(may_end, (readers[:4], readers[4:]), strict=True):
        each.set()
        for reader in those:
            reader.join(30)
    assert (made, got) == ([b"1", b"2"], [b"1"] * 4 + [b"2"] * 3)


def test_a_page_that_was_begun_after_somebody_came_is_new_enough_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With constant writes, each waiting reader comes after another write; they must not render one after the other."""
    source, made, begun = Counting(), list[bytes](), threading.Event()

    def write_until(is_enough: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not is_enough() and time.monotonic() < until:
            time.sleep(0.001)
            source.write("some")

    def body() -> bytes:
        made.append(b"%d" % source.rows["some"])
        source.write("some")
        begun.set()
        # The first rendering waits until all readers have come, the next one until the others wait for it.
        write_until(lambda: len(came) == 3 if len(made) == 1 else len(joined) == 7)
        return made[-1]

    cache, came, joined = (
        PageCache(page_of_some(body), VersionCache(source), 1),
        list[int](),
        list[Key](),
    )
    look, join = cache._last_write, cache._join
    monkeypatch.setattr(cache, "_last_write", lambda: came.append(look()) or came[-1])
    monkeypatch.setattr(cache, "_join", lambda key: (join(key), joined.append(key))[0])
    readers = [threading.Thread(target=Client(cache).get, args=["/"]) for _ in range(4)]
    for reader in readers:
        reader.start()
        assert begun.wait(30)
    for reader in readers:
        reader.join(30)
    assert len(made) == 2 and cache.renderings == {}


def test_a_mistake_before_a_page_is_made_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("no room for the figures")

    cache = PageCache(page_of_some(lambda: b"page"), VersionCache(Counting()), 1)
    with monkeypatch.context() as patch:
        patch.setattr("forum.metrics.count_miss", fail)
        with pytest.raises(OSError, match="no room"):
            Client(cache).get("/")
    assert cache.renderings == {}
    assert Client(cache).get("/").data == b"page"


def test_what_is_written_elsewhere_meanwhile_leaves_a_page_as_true_as_it_was() -> None:
    """The former cached page says what it depends on; only that must not change while the page is rendered again."""
    source, made, elsewhere = Counting(), [], ["other"]

    def body() -> bytes:
        made.append(source.rows["some"])
        if elsewhere and len(made) > 1:
            source.write(elsewhere.pop())
        return b"%d" % made[-1]

    browser = Client(PageCache(page_of_some(body), VersionCache(source), 1))
    browser.get("/")
    source.write("some")
    assert [browser.get("/").data for _ in "123"] == [b"2"] * 3
    assert made == [1, 2]
    elsewhere.append("some")
    source.write("some")
    assert [browser.get("/").data for _ in "123"] == [b"3", b"4", b"4"]
    assert made == [1, 2, 3, 4]


def test_as_long_as_nobody_writes_numbers_are_asked_for_once() -> None:
    """Requests that are refused because of too many do not read versions, either."""
    source = Counting()
    browser = Client(PageCache(page_of_some(lambda: b"page"), VersionCache(source), 1))
    for number in range(20):
        browser.get(f"/{number}")
    assert source.asked == [[ANY_CHANGE], sorted([EVERYTHING, "some"])]
    source.write("other")
    assert browser.get("/1").data == b"page"
    assert len(source.asked) == 3


def test_after_a_write_numbers_that_were_asked_for_of_late_are_asked_for_together() -> None:
    source = Counting()
    source.rows |= {f"topic {number}": number for number in range(300)}
    known = VersionCache(source)
    for number in range(300):
        assert known.current([f"topic {number}"]) == {f"topic {number}": number}
    source.write("topic 290")
    source.asked.clear()
    assert known.current(["topic 299"]) == {"topic 299": 299}
    assert known.current(["topic 290", "topic 100"]) == {"topic 290": 291, "topic 100": 100}
    assert [len(scopes) for scopes in source.asked] == [MAX_PREFETCHED]
    assert known.current(["topic 99"]) == {"topic 99": 99}
    assert source.asked[1:] == [["topic 99"]], "only the latest are carried along"
    source.asked.clear()
    source.write("topic 1")
    # After a write before the answer, the answer is used but not cached
    source.before = {1: "topic 2"}
    assert known.current(["topic 99"]) == known.current(["topic 99"]) == {"topic 99": 99}
    assert len(source.asked[-1]) == MAX_PREFETCHED, "and nobody forgets what to carry along"


def test_what_a_write_leaves_alone_is_known_still_where_somebody_says_what_it_changed() -> None:
    source = Counting()
    source.told = {}
    known = VersionCache(source)
    assert known.current(["some", "other"]) == {"some": 1}
    assert known.current([ANY_CHANGE]) == {ANY_CHANGE: 1}
    assert len(source.asked) == 2
    source.write("more")
    assert known.current(["some", "other"]) == {"some": 1}
    assert len(source.asked) == 2, "nobody has to be asked"
    source.write("some")
    source.write("other")
    assert known.current(["more"]) == {"more": 2 - 1}
    assert known.current(["some", "other"]) == {"some": 2, "other": 1}
    assert known.current([ANY_CHANGE]) == {ANY_CHANGE: 4}
    assert source.asked[2:] == [["more"], ["other", "some"], [ANY_CHANGE]]
    source.before = {6: "some"}  # a write during the question
    source.write("some")
    assert known.current(["some"]) == {"some": 4}
    assert known.current(["some"]) == {"some": 4}
    source.told = None
    source.write("some")
    assert known.current(["some"]) == {"some": 5}, "where nobody says it, all is asked for again"


def test_numbers_of_two_moments_are_never_mixed() -> None:
    """A write happens after a page is rendered and before its versions are read."""
    source = Counting()
    source.before = {2: "some"}
    browser = Client(
        PageCache(page_of_some(lambda: b"%d" % source.rows["some"]), VersionCache(source), 1)
    )
    assert browser.get("/").data == b"1"
    assert source.rows["some"] == 2
    assert browser.get("/").data == b"2"


def test_without_a_database_the_application_says_so() -> None:
    class Away:
        error = psycopg.Error

        def stamp(self) -> None:
            """PostgreSQL on another machine has no stamp."""

        def versions(self, _scopes: Iterable[str]) -> dict[str, int]:
            raise psycopg.OperationalError("no connection")

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("503 Service Unavailable", [("Retry-After", "5")])
        return [b"a moment"]

    answer = Client(PageCache(application, VersionCache(Away()), 1)).get("/")
    assert (answer.status_code, answer.data) == (503, b"a moment")
