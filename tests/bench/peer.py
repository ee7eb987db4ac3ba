"""The forum beside a peer: FlaskBB on the same content, by the same server with the same settings, in the same run.

The peer has an environment of its own in the folder BENCH_FORUMS, which the first run installs from `peers/flaskbb.txt`, for
which it needs a package index. A figure is the median of the rounds' ratios.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.members.models import Member
from tests.bench.load import closed_loop, resident
from tests.bench.server import PLAIN_HEADERS, Forum, Writers, children, served

Row = tuple[str, str, str, bool]
PEERS = Path(__file__).parent / "peers"
ROUNDS, SECONDS = 3, 3
WRITERS, WRITING_SECONDS = 8, 6
PSYCOPG = (
    "postgresql+psycopg://",
    "postgresql+psycopg2://",
)  # ours, and the one that FlaskBB's time had


class NotInstallable(Exception):
    """The peer's environment cannot be made here; says why."""


class FlaskBB:
    """An environment with FlaskBB, and a database that holds what a forum of ours holds."""

    def __init__(self, environment: Path, data: Path, database_url: str | None) -> None:
        self.python = environment / "bin/python"
        url = (database_url or f"sqlite:///{data}/flaskbb.sqlite").replace(*PSYCOPG)
        self.settings = {"BENCH_PEER_DATABASE": url, "BENCH_PEER_DATA": str(data)}
        self.data = data

    def install(self) -> None:
        """Make the environment as the lock says, unless it is there; raises `NotInstallable`."""
        uv = [sys.executable, "-m", "uv", "--quiet"]
        lock = ["--require-hashes", "--no-deps", "-r", str(PEERS / "flaskbb.txt")]
        where = self.python.parents[1]
        for command in (
            [*uv, "venv", "--allow-existing", "--python", sys.executable, str(where)],
            [*uv, "pip", "install", "--python", str(self.python), *lock],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotInstallable(done.stderr.strip().splitlines()[-1])

    def fill(self, forum: Forum) -> dict[str, Any]:
        """Give it the content of a forum; the paths of its forums and topics, and what some members send."""
        file = self.data / "content.json"
        file.write_text(json.dumps(content_of(forum)))
        done = subprocess.run(
            [self.python, "-W", "ignore", PEERS / "flaskbb_forum.py", file],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **self.settings},
        )
        known: dict[str, Any] = json.loads(done.stdout)
        return known

    @contextmanager
    def served(self) -> Iterator[Any]:
        """A server of it, as `server.served`."""
        with served(
            self.settings, "flaskbb_forum:app", python=[str(self.python)], folder=PEERS
        ) as running:
            yield running


def content_of(forum: Forum) -> dict[str, Any]:
    """What visitors see of a forum's agendas and topics, oldest first, and its members, for a peer to be filled with."""
    seen_topic = (Topic.hidden_at.is_(None), Topic.deleted_at.is_(None), Topic.audience == "public")
    seen_post = (Post.hidden_at.is_(None), Post.deleted_at.is_(None))
    of_post = (Post.topic_id, Post.author_id, Post.source, Post.created_at)
    of_topic = (Topic.id, Topic.title, Topic.agenda_id)
    with forum.app.app_context():
        ask = db.session.execute
        members = ask(select(Member.id, Member.handle).order_by(Member.id)).all()
        agendas = ask(select(Agenda.id, Agenda.title).order_by(Agenda.id)).all()
        topics = ask(select(*of_topic).where(*seen_topic).order_by(Topic.id)).all()
        written = ask(select(*of_post).where(*seen_post).order_by(Post.id)).all()
        db.engine.dispose()
    number_of = {member.id: number for number, member in enumerate(members)}
    place_of = {agenda.id: number for number, agenda in enumerate(agendas)}
    posts: dict[int, list[dict[str, Any]]] = {}
    for topic, author, source, created in written:
        post = {"member": number_of[author], "source": source, "created": created.isoformat()}
        posts.setdefault(topic, []).append(post)
    return {
        "members": [member.handle for member in members],
        "agendas": [agenda.title for agenda in agendas],
        "topics": [
            {"title": topic.title, "agenda": place_of[topic.agenda_id], "posts": posts[topic.id]}
            for topic in topics
            if topic.id in posts
        ],
    }


class PeerWriters(Writers):
    """Members of FlaskBB who reply through its form."""

    SAVED = 302

    def __init__(self, known: dict[str, Any], url: str) -> None:
        self.host, self.port = url.removeprefix("http://").split(":")
        self.topics = known["topics"]
        self.cookies = [member["cookie"] for member in known["members"]]
        self.tokens = [member["token"] for member in known["members"]]
        self.statuses = []

    def post(self, connection: HTTPConnection, number: int, words: str) -> int:
        """Post one reply; the status of the answer, 302 if it was saved."""
        fields = {"content": f"{words} {time.time_ns()}", "csrf_token": self.tokens[number]}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        path = f"{self.topics[number]}/post/new"
        connection.request(
            "POST", path, urlencode(fields), {"Cookie": self.cookies[number], **kind}
        )
        answer = connection.getresponse()
        answer.read()
        is_elsewhere = answer.status == self.SAVED and "/post/" not in answer.getheader(
            "Location", ""
        )
        return 403 if is_elsewhere else answer.status  # it led to the page for signing in


def rows(forum: Forum, folder: Path, environment: Path, database_url: str | None) -> Iterator[Row]:
    """Pages and replies of the forum, as multiples of FlaskBB's; one row that says why where that cannot be installed."""
    peer = FlaskBB(environment, folder, database_url)
    try:
        peer.install()
    except NotInstallable as error:
        yield f"FlaskBB cannot be installed here: {error}", "–", "", True
        return
    known = peer.fill(forum)
    with served(forum.environment) as ours, peer.served() as theirs:
        yield from _page_rows(_pages(forum, known, ours[0], theirs[0]))
        for name, running in (("", ours), ("FlaskBB: ", theirs)):
            used = max(map(resident, children(running[1].pid)))
            yield f"{name}a worker after that, MB (for the record)", f"{used:.0f}", "", True
            yield (
                f"{name}start to the first answer, s (for the record)",
                f"{running[2]:.2f}",
                "",
                True,
            )
        yield from _reply_rows(Writers(forum, ours[0], WRITERS), PeerWriters(known, theirs[0]))


Asked = tuple[str, dict[str, str], list[str]]  # address, headers, paths to ask for in turn


def _pages(
    forum: Forum, known: dict[str, Any], url: str, peer: str
) -> dict[str, tuple[Asked, Asked]]:
    paths, topics = forum.addresses(), known["topics"]
    topic = paths["topic"][0]
    mine = {"Cookie": forum.cookie(), **PLAIN_HEADERS}
    theirs = {"Cookie": known["members"][0]["cookie"], **PLAIN_HEADERS}
    return {
        "front page": ((url + "/", PLAIN_HEADERS, []), (peer + "/", PLAIN_HEADERS, [])),
        "list of topics": (
            (url + "/topics", PLAIN_HEADERS, []),
            (peer + known["forums"][0], PLAIN_HEADERS, []),
        ),
        "one topic": ((url + topic, PLAIN_HEADERS, []), (peer + topics[0], PLAIN_HEADERS, [])),
        "topics in turn, never asked for before": (
            (url + topic, PLAIN_HEADERS, paths["all topics"]),
            (peer + topics[0], PLAIN_HEADERS, topics),
        ),
        "topics in turn, for a member": (
            (url + topic, mine, paths["all topics"]),
            (peer + topics[0], theirs, topics),
        ),
    }


def _page_rows(pages: dict[str, tuple[Asked, Asked]]) -> Iterator[Row]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
    for _round in range(ROUNDS):
        for name, both in pages.items():
            ours, theirs = (_rate(asked) for asked in both)
            found[name].append((ours, theirs))
    for name, pairs in found.items():
        yield from _compared(name, "a second", pairs)


def _rate(asked: Asked) -> float:
    address, headers, paths = asked
    return closed_loop(
        address, SECONDS, headers, is_new=bool(paths), paths=paths, may_be_refused=True
    )


def _reply_rows(ours: Writers, theirs: Writers) -> Iterator[Row]:
    pairs = [
        (ours.post_with_all(WRITING_SECONDS), theirs.post_with_all(WRITING_SECONDS))
        for _round in range(ROUNDS)
    ]
    yield from _compared(f"replies of {WRITERS} writers", "saved a second", pairs)
    for name, writers in (("", ours), ("FlaskBB: ", theirs)):
        refused = len(writers.statuses) - writers.statuses.count(writers.SAVED)
        yield f"{name}replies refused (for the record)", str(refused), "", True


def _compared(name: str, what: str, pairs: list[tuple[float, float]]) -> Iterator[Row]:
    ours, theirs = (statistics.median(some) for some in zip(*pairs, strict=True))
    yield f"{name}, {what} (for the record)", f"{ours:,.0f}", "", True
    yield f"FlaskBB: {name}, {what} (for the record)", f"{theirs:,.1f}", "", True
    share = statistics.median(mine / max(other, 0.1) for mine, other in pairs)
    yield f"{name}, of FlaskBB's", f"{share:,.1f}", "above 1", share > 1
