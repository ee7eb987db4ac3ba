"""Throughput of the server for cached, uncached and signed-in pages, compared with a bare callable and an empty view.

The forum and its ceilings run one after the other on the same machine, by the same server with the same settings, in
rounds; a figure is the median of the rounds' ratios, so that it holds on a busy machine too.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask

from forum.app import create_app
from forum.db import db
from forum.dialogue.models import Topic
from forum.members import actions as members
from forum.members.models import Member
from forum.settings import from_environment
from forum.supervisor import PYTHON, server_command
from tests.bench.load import MIX, OpenLoop, closed_loop, free_port, resident, run_in_threads

TOP = Path(__file__).parents[2]
ROUNDS, SECONDS = 5, 3
POSTS = 40_000  # so that more topics are asked for in turn than a process remembers
Row = tuple[str, str, str, bool]
SERVER_HEADERS = {"connection", "date", "server"}  # headers that the server itself adds
PLAIN_HEADERS = {"Accept-Encoding": "identity"}


class Forum:
    """A filled forum in a folder, paths of its pages, and cookies of its members."""

    def __init__(self, data: Path, database_url: str | None = None) -> None:
        self.data = data
        self.environment = {"FORUM_DATA": str(data), "FORUM_LIMITS": "0", "FORUM_LOG": "off"}
        if database_url:
            self.environment |= {"FORUM_DATABASE_URL": database_url, "FORUM_ONE_MACHINE": "1"}

    @property
    def app(self) -> Flask:
        """The application over the forum's database, without a page cache, for what is asked for without the server."""
        return create_app(from_environment(self.environment | {"FORUM_PAGE_CACHE_MB": "0"}))

    def fill(self, posts: int = POSTS, of_a_topic: int = 20) -> None:
        """Fill the forum with so many posts, unless it is filled already."""
        fill = [sys.executable, "-m", "flask", "--app", "wsgi", "fill"]
        numbers = ["--topics", str(posts // of_a_topic), "--posts", str(posts)]
        subprocess.run(
            [*fill, *numbers],
            check=True,
            cwd=TOP,
            env={**os.environ, **self.environment},
            capture_output=True,
        )

    @cache  # noqa: B019  # a forum lives as long as the bench; what is written meanwhile makes topics longer
    def addresses(self) -> dict[str, list[str]]:
        """Paths by kind of page: topics of about twenty posts, agendas, profiles, lists."""
        app = self.app
        with app.app_context():
            shown = (
                Topic.hidden_at.is_(None),
                Topic.deleted_at.is_(None),
                Topic.audience == "public",
            )
            some = db.session.query(Topic).filter(*shown, Topic.posts_count.between(18, 22)).all()
            full = db.session.query(Topic).filter(*shown, Topic.posts_count >= 12).all()
            people = db.session.query(Member).filter(Member.hidden_at.is_(None)).limit(50).all()
            paths = {
                "topic": [quote(topic.address) for topic in some[:200]],
                "all topics": [quote(topic.address) for topic in full],
                "profile": [f"/members/{person.handle}" for person in people],
            }
            agendas = db.session.execute(db.text("SELECT slug FROM agenda ORDER BY id")).all()
            db.engine.dispose()
        paths |= {"agenda": [f"/agendas/{row[0]}" for row in agendas], "home": ["/"]}
        paths |= {"list": ["/topics", "/practices", "/members"], "feed": ["/feeds/all.atom"]}
        return paths | {"search": [f"/search?q={word}" for word in ("street", "parking", "water")]}

    def cookie(self, number: int = 1) -> str:
        """The Cookie header of a signed-in member who hosts no agenda."""
        app = self.app
        with app.app_context():
            there = (Member.left_at.is_(None), Member.role == "member")
            who = db.session.query(Member).filter(*there).order_by(Member.id).limit(number + 100)
            person = [member for member in who if not member.hosted][number]
            token = members.sign_in(person, "bench")
            client = app.test_client()
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = token, True
            # A page with forms puts their token there
            client.get("/topics/1", follow_redirects=True)
            db.engine.dispose()
        session_cookie = client.get_cookie("session")
        assert session_cookie  # the page has sent it
        return f"session={session_cookie.value}"


@contextmanager
def served(
    environment: dict[str, str],
    target: str = "",
    workers: int = 2,
    *,
    python: Sequence[str] = PYTHON,
    folder: Path = TOP,
) -> Iterator[Any]:
    """A server of the forum (or of another WSGI `target`) on a port of its own: yields address, process and seconds to start.

    The target is looked for in a folder, and may need another Python than this one.
    """
    port = free_port()
    command = server_command("127.0.0.1", port, workers)
    command = [*python, *command[len(PYTHON) : -1], target or command[-1]]
    url = f"http://127.0.0.1:{port}"
    # An error that is no refusal is looked into by reading it
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment, "FORUM_URL": url},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    begun = time.monotonic()
    try:
        while True:
            try:
                urllib.request.urlopen(url + "/", timeout=2).read()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() - begun > 60:
                    raise RuntimeError(f"no server at {url}") from None
                time.sleep(0.02)
        yield url, process, time.monotonic() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def throughput(forum: Forum) -> Iterator[Row]:
    """Hot, cold and signed-in pages, as shares of the ceilings."""
    paths, cookie = forum.addresses(), forum.cookie()
    topic, agenda = paths["topic"][0], paths["agenda"][0]
    with served(forum.environment) as (url, _process, _seconds):
        answer = urllib.request.urlopen(url + topic)
        own = [pair for pair in answer.getheaders() if pair[0].lower() not in SERVER_HEADERS]
        same = {"headers": own, "body": answer.read().decode()}
    with tempfile.NamedTemporaryFile("w") as file:
        json.dump(same, file)
        file.flush()
        bytes_of = {"BENCH_ANSWER": file.name}
        with (
            served(bytes_of, "tests.bench.ceiling:bare") as (bare, *_b),
            served({}, "tests.bench.ceiling:empty") as (empty, *_e),
            served(forum.environment) as (url, *_f),
        ):
            signed_in = {"Cookie": cookie, **PLAIN_HEADERS}
            asked: dict[str, tuple[str, dict[str, str], Sequence[str]]] = {
                "bare": (bare + "/", PLAIN_HEADERS, ()),
                "empty": (empty + "/", PLAIN_HEADERS, ()),
                "hot home": (url + "/", PLAIN_HEADERS, ()),
                "hot agenda": (url + agenda, PLAIN_HEADERS, ()),
                "hot topic": (url + topic, PLAIN_HEADERS, ()),
                "cold topic": (url + topic, PLAIN_HEADERS, paths["all topics"]),
                "cold page of a topic that is read": (url + topic, PLAIN_HEADERS, [topic]),
                "signed in": (url + topic, signed_in, ()),
            }
            found: dict[str, list[float]] = {name: [] for name in asked}
            warm_up(url, [topic, agenda, "/"])
            for _round in range(ROUNDS):
                for name, (address, headers, new) in asked.items():
                    rate = closed_loop(address, SECONDS, headers, is_new=bool(new), paths=new)
                    found[name].append(rate)
    yield from _share_rows(found)


def warm_up(url: str, paths: Sequence[str]) -> None:
    """Send requests until every worker process has answered some."""
    for number in range(40):
        for path in paths:
            urllib.request.urlopen(f"{url}{path}?warm={number}").read()


def _share_rows(found: dict[str, list[float]]) -> Iterator[Row]:
    for name in ("bare", "empty"):
        yield (
            f"{name}, requests/s (for the record)",
            f"{statistics.median(found[name]):,.0f}",
            "",
            True,
        )
    for name, ceiling, bound in (
        ("hot home", "bare", 0.75),
        ("hot agenda", "bare", 0.75),
        ("hot topic", "bare", 0.75),
        ("hot topic", "empty", 2.0),
        ("cold topic", "empty", 0.045),
        ("cold page of a topic that is read", "empty", 0.045),
        ("signed in", "empty", 0.035),
    ):
        ratios = [
            speed / ceiling_speed
            for speed, ceiling_speed in zip(found[name], found[ceiling], strict=True)
        ]
        share = statistics.median(ratios)
        yield f"{name}, of {ceiling}", f"{share:.3f}", f"at least {bound}", share >= bound


def memory_and_start(forum: Forum) -> Iterator[Row]:
    """Memory of a worker idle and after load, and the time to the first answer."""
    paths = forum.addresses()
    with served(forum.environment) as (url, process, seconds):
        yield "start to the first answer, s", f"{seconds:.2f}", "under 2", seconds < 2
        workers = children(process.pid)
        idle = max(map(resident, workers))
        yield "a worker idle, MB", f"{idle:.0f}", "under 120", idle < 120
        for _round in range(3):
            for path in (*paths["topic"][:5], "/", *paths["list"], *paths["search"]):
                closed_loop(url + path, 1, PLAIN_HEADERS, is_new=True, may_be_refused=True)
            used = max(map(resident, workers))
            yield "a worker under load, MB", f"{used:.0f}", "under 180", used < 180


def children(pid: int) -> list[int]:
    """The ids of the child processes of a process; its own id if it has none."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found] or [pid]


# Writing


class Writers:
    """Members who post through the form, as a browser does."""

    SAVED = 303  # the status of an answer to what was saved

    def __init__(self, forum: Forum, url: str, number: int) -> None:
        self.host, self.port = url.removeprefix("http://").split(":")
        self.topics = forum.addresses()["topic"]
        self.cookies = [forum.cookie(n) for n in range(1, number + 1)]
        self.forms = [self._form(n) for n in range(number)]
        self.statuses: list[int] = []

    def _form(self, number: int) -> dict[str, str]:
        connection = HTTPConnection(self.host, int(self.port))
        topic = self.topics[number % len(self.topics)]
        connection.request("GET", topic, headers={"Cookie": self.cookies[number]})
        answer = connection.getresponse()
        page = answer.read().decode()
        # The token belongs to the session as the cookie holds it from now on.
        if cookie := answer.getheader("Set-Cookie"):
            self.cookies[number] = cookie.partition(";")[0]
        return {"csrf_token": re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page)[0]}

    def post(self, connection: HTTPConnection, number: int, words: str) -> int:
        """Post one reply; returns the status of the answer."""
        topic = self.topics[number % len(self.topics)]
        path = re.sub(r"(/topics/\d+).*", r"\1/reply", topic)
        key = f"{number}-{time.time_ns()}"  # within the text, or it is the same again
        fields = {"source": f"{words} {key}", "language": "en", "submission_key": key}
        body = urlencode(self.forms[number] | fields)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, body, {"Cookie": self.cookies[number], **kind})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def post_with_all(self, seconds: float) -> float:
        """Post with all members at once, each as fast as answers come; returns the posts saved per second."""
        until, done = time.monotonic() + seconds, []

        def work(number: int) -> None:
            connection = HTTPConnection(self.host, int(self.port))
            while time.monotonic() < until:
                status = self.post(connection, number, f"Written at {time.time_ns()}. " * 12)
                done.append(status)

        run_in_threads([partial(work, number) for number in range(len(self.cookies))])
        self.statuses += done
        return done.count(self.SAVED) / seconds


def writing(forum: Forum) -> Iterator[Row]:
    """Eight writers through the form, with every answer behind a flush and without any; and readers meanwhile."""
    rates: dict[str, list[float]] = {"FULL": [], "OFF": []}
    refused = 0
    for _round in range(3):
        for level, found in rates.items():
            with served(
                forum.environment | {"BENCH_SYNCHRONOUS": level}, "tests.bench.synchronous:app"
            ) as (url, *_s):
                writers = Writers(forum, url, 8)
                found.append(writers.post_with_all(6))
                refused += sum(status != 303 for status in writers.statuses)
    share = statistics.median(a / b for a, b in zip(rates["FULL"], rates["OFF"], strict=True))
    yield "posts/s, 8 writers (for the record)", f"{statistics.median(rates['FULL']):.0f}", "", True
    yield "posting with every flush, of none", f"{share:.2f}", "at least 0.7", share >= 0.7
    yield "posts refused", str(refused), "0", refused == 0
    yield from _flushes(forum)


def _flushes(forum: Forum) -> Iterator[Row]:
    if shutil.which("strace") is None or "FORUM_DATABASE_URL" in forum.environment:
        return  # PostgreSQL flushes by itself
    with (
        served(forum.environment, workers=1) as (url, process, _s),
        tempfile.NamedTemporaryFile("r") as out,
    ):
        workers = [str(pid) for pid in children(process.pid)]
        pids = [part for pid in workers for part in ("-p", pid)]
        writers = Writers(forum, url, 4)
        watch = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", out.name, *pids]
        tracer = subprocess.Popen(watch, stderr=subprocess.DEVNULL)
        time.sleep(1)
        writers.post_with_all(4)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(timeout=10)
        flushes = sum(("sync(" in line) for line in out.read().splitlines())
        saved = writers.statuses.count(303)
        yield (
            "flushes to the disk for a post",
            f"{flushes / saved:.2f}",
            "at least 1",
            flushes >= saved,
        )


def reading_while_writing(forum: Forum) -> Iterator[Row]:
    """Readers in an open loop, alone and while twenty posts a second arrive: here, or at another forum of this machine."""
    with ExitStack() as stack:
        others = [*_copied_forum(forum, stack)]
        figures: dict[str, list[tuple[float, float]]] = {}
        arrived: list[float] = []
        statuses: set[str] = set()
        for number in range(3):
            with served(forum.environment) as (url, *_s):
                # What is asked for the first time is rendered either way
                _read_pages(forum, url, number)
                alone = _read_pages(forum, url, number)
                for other in (forum, *others):
                    with _posting_in_background(forum, url, other) as (where, posted):
                        before = posted.value
                        seen = _read_pages(forum, url, number)
                        arrived.append((posted.value - before) / READING_SECONDS)
                    both = [
                        seen.percentile(share) / alone.percentile(share) for share in (0.5, 0.95)
                    ]
                    figures.setdefault(where, []).append((both[0], both[1]))
                    statuses |= set(seen.statuses)
    for where, found in figures.items():
        middle, most = (statistics.median(some) for some in zip(*found, strict=True))
        is_here = where == "here"
        what = "" if is_here else f", {where} (for the record)"
        bound = ("at most 1.10", middle <= 1.1) if is_here else ("", True)
        yield f"reading while 20 posts/s arrive{what}, median", f"{middle:.2f}", *bound
        yield f"the same{what}, 95th percentile (for the record)", f"{most:.2f}", "", True
    least = min(arrived)
    yield "posts that arrived a second, at least", f"{least:.1f}", "at least 16", least >= 16
    bad = [status for status in statuses if status not in ("200", "301", "303", "304")]
    yield "answers that are errors", ", ".join(bad) or "none", "none", not bad


READERS, POSTED = 150, 20  # requests and posts a second
READING_SECONDS = 10
WRITERS = 8


def _copied_forum(forum: Forum, stack: ExitStack) -> Iterator[Forum]:
    """Another forum like it, where that is a folder to copy: what posts to it slow down, they do so by work alone."""
    if "FORUM_DATABASE_URL" not in forum.environment:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()), "copy")
        shutil.copytree(forum.data, folder)
        yield Forum(folder)


def _read_pages(forum: Forum, url: str, seed: int) -> Any:
    paths = forum.addresses()
    host, port = url.removeprefix("http://").split(":")

    def ask(connection: HTTPConnection, kind: str) -> int:
        choices = paths[kind]
        path = choices[int(time.monotonic() * 1_000_000) % len(choices)]
        connection.request("GET", path, headers={"Accept-Encoding": "br"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    reads = {kind: share for kind, share in MIX.items() if kind != "write"}
    return OpenLoop(host, int(port), ask).run(READERS, READING_SECONDS, reads, seed)


@contextmanager
def _posting_in_background(forum: Forum, url: str, other: Forum) -> Iterator[tuple[str, Any]]:
    """Let posts arrive here or at another forum, from a process of their own, which holds up nobody who measures.

    Yields where that is, and a counter of what was saved.
    """
    with ExitStack() as stack:
        if other is not forum:
            url, *_s = stack.enter_context(served(other.environment))
        writers = Writers(other, url, WRITERS)
        apart = multiprocessing.get_context("spawn")
        stop, posted = apart.Event(), apart.Value("i", 0)
        process = apart.Process(target=_post_until, args=(writers, stop, posted))
        process.start()
        stack.callback(process.join)
        stack.callback(stop.set)
        time.sleep(2)  # the process begins
        yield "here" if other is forum else "at another forum of this machine", posted


def _post_until(writers: Writers, stop: Any, posted: Any) -> None:
    def write(number: int) -> None:
        connection = HTTPConnection(writers.host, int(writers.port))
        while not stop.wait(WRITERS / POSTED):
            status = writers.post(connection, number, "ChangedFields, somebody writes. " * 12)
            with posted.get_lock():
                posted.value += status == 303

    run_in_threads([partial(write, number) for number in range(WRITERS)])


def all_rows(forum: Forum) -> Sequence[Iterator[Row]]:
    """Every table of this file, in order."""
    return (
        throughput(forum),
        memory_and_start(forum),
        writing(forum),
        reading_while_writing(forum),
    )
