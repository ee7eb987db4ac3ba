"""The cost of notifying 100,000 watchers of a new topic: for the author, the worker, and others who write meanwhile.

A worker as in a server makes the notices, while somebody goes on posting on an agenda that nobody watches.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, insert, select, update

from forum.agendas import actions as agendas
from forum.app import create_app
from forum.clock import now
from forum.columns import Base
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM, VISITOR
from forum.settings import Settings

Row = tuple[str, str, str, bool]
TOP = Path(__file__).parents[2]
WATCHERS = 100_000
ROUNDS = 40
MAX_SECONDS = 60.0
MAX_MB = 40.0
MAX_RATIO = 1.25
MAX_WAIT = 0.5
ROWS_PER_STATEMENT = 10_000


def rows(folder: Path, database: str | None, watchers: int = WATCHERS) -> Iterator[Row]:
    """Posting where many watch against where nobody does; how long the notices take, and what memory."""
    app = _forum(folder, database)
    with app.app_context():
        ana, watched, unwatched = _people_and_agendas(watchers)
        times: dict[int, list[float]] = {watched: [], unwatched: []}
        for number in range(ROUNDS):
            for agenda_id, found in times.items():
                found.append(_post(ana, agenda_id, number))
        ratio = statistics.median(times[watched]) / statistics.median(times[unwatched])
        said = f"posting where {watchers:,} watch, against where nobody does"
        yield said, f"{ratio:.2f}", f"<= {MAX_RATIO}", ratio <= MAX_RATIO
        _forget_events()
        _post(ana, watched, ROUNDS)
        yield from _notice_rows(folder, database, ana, unwatched, watchers)


def _forum(folder: Path, database: str | None) -> Flask:
    settings = Settings(
        data=folder,
        database_url=database or f"sqlite:///{folder}/forum.sqlite",
        url="http://localhost",
        trusted_hosts=("localhost",),
        secret_key="of the bench",
        limits=False,
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
    return app


def _people_and_agendas(watchers: int) -> tuple[Member, int, int]:
    ana = members.join(VISITOR, members.Joining("Ana Prado", "ana@example.org", "no hash"))
    texts = (agendas.AgendaText(name, write("Text.")) for name in ("Watched", "Alone"))
    watched, unwatched = (agendas.write_agenda(SYSTEM, text).id for text in texts)
    ids = range(ana.id + 1, ana.id + 1 + watchers)
    person = {"password_hash": "", "hosted": [], "joined_at": now()}
    _insert(
        "member",
        [
            {**person, "id": key, "handle": f"m{key}", "name": f"M {key}", "email": f"{key}@m"}
            for key in ids
        ],
    )
    watch = {"subject": "agenda", "subject_id": watched, "level": "watching", "created_at": now()}
    _insert("watch", [{**watch, "member_id": key} for key in ids])
    return ana, watched, unwatched


def _insert(table: str, found: list[dict[str, Any]]) -> None:
    for start in range(0, len(found), ROWS_PER_STATEMENT):
        db.session.execute(
            insert(Base.metadata.tables[table]), found[start : start + ROWS_PER_STATEMENT]
        )
    db.session.commit()


def _post(ana: Member, agenda_id: int, number: int) -> float:
    """Open a topic; returns the seconds it took."""
    new = dialogue.NewTopic("experience", f"Topic number {number}", write("We did it."))
    begun = time.perf_counter()
    dialogue.open_topic(ana, agenda_id, new)
    return time.perf_counter() - begun


def _forget_events() -> None:
    db.session.execute(update(Event).values(done_at=now()))
    db.session.commit()


def _notice_rows(
    folder: Path, database: str | None, ana: Member, unwatched: int, watchers: int
) -> Iterator[Row]:
    environment = {**os.environ, "FORUM_DATA": str(folder), "FORUM_DEMO": "", "FORUM_LIMITS": "0"}
    environment.pop("FORUM_DATABASE_URL", None)
    if database:
        environment["FORUM_DATABASE_URL"] = database
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    worker = subprocess.Popen(command, cwd=TOP, env=environment, start_new_session=True)
    try:
        _wait_until_the_worker_begins()
        begun, at_first, waits = time.perf_counter(), _memory(worker.pid), []
        number = ROUNDS
        while _has_events_left() and time.perf_counter() - begun < 4 * MAX_SECONDS:
            waits.append(_post(ana, unwatched, number := number + 1))
            time.sleep(0.1)
        seconds, more = time.perf_counter() - begun, _memory(worker.pid) - at_first
    finally:
        worker.terminate()
        worker.wait(timeout=20)
    told = db.session.scalar(select(func.count()).select_from(Notice)) or 0
    yield "of whom are told", f"{told:,}", f"{watchers:,}", told == watchers
    is_soon = seconds <= MAX_SECONDS
    yield "until all are told", f"{seconds:.1f} s", f"<= {MAX_SECONDS:.0f} s", is_soon
    yield (
        "memory of the worker meanwhile",
        f"+{more:.1f} MB",
        f"<= {MAX_MB:.0f} MB",
        more < MAX_MB,
    )
    longest = max(waits)
    said = f"{statistics.median(waits) * 1e3:.0f}/{longest * 1e3:.0f} ms"
    yield "posting meanwhile, median and longest", said, f"<= {MAX_WAIT} s", longest < MAX_WAIT


def _wait_until_the_worker_begins() -> None:
    """Wait until the worker has made its first notice."""
    while db.session.scalar(select(Notice.id).limit(1)) is None:
        db.session.commit()
        time.sleep(0.02)
    db.session.commit()


def _has_events_left() -> bool:
    left = db.session.scalar(select(Event.id).where(Event.done_at.is_(None)).limit(1))
    db.session.commit()
    return left is not None


def _memory(pid: int) -> float:
    """The peak memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
