"""A small forum made by deeds, its real server in processes of its own, and its database."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from forum.agendas import actions as agendas
from forum.app import create_app
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from forum.settings import from_environment
from tests.ports import free_port
from tests.trials.clients import Person
from tests.trials.postgres import Postgres

TOP = Path(__file__).parents[2]
PASSWORD = "a word for the trials of the forum"
MEMBERS, MODERATORS, TOPICS, OLD_POSTS = 10, 2, 8, 12
AGENDA = "quieter"


class Site:
    """One forum in a folder: `build` it, `start` and `stop` its server, `kill` processes of it."""

    def __init__(self, folder: Path, database: str, server: Postgres | None = None) -> None:
        self.folder, self.database, self.postgres = folder, database, server
        self.data = folder / "data"
        self.people: list[Person] = []
        self.topics: list[int] = []
        self.ports: list[int] = []
        self.mounted = False
        self.extra: dict[str, str] = {}
        self.running: dict[int, subprocess.Popen[bytes]] = {}
        self.app: Flask = create_app(from_environment(self.environment()))

    def environment(self, **more: str) -> dict[str, str]:
        """The settings of this forum, on top of those of this process."""
        own = {"FORUM_DATA": str(self.data), "FORUM_LIMITS": "0", "FORUM_DEMO": ""}
        own |= {"FORUM_LOG": "off", "FORUM_SLOW_MS": "20000"}
        if self.postgres:
            own |= {"FORUM_DATABASE_URL": self.postgres.url, "FORUM_ONE_MACHINE": "1"}
        kept = {name: value for name, value in os.environ.items() if "FORUM_" not in name}
        return kept | own | self.extra | more

    # Making it

    def build(self) -> Site:
        """Fill it: people, an agenda, topics, and older posts that leave a version when they are edited."""
        with self.app.app_context():
            upgrade()
            members.found_federation(SYSTEM, "Trials")
            hashed = hash_password(PASSWORD)
            everybody = [self._person(number, hashed) for number in range(MEMBERS + MODERATORS)]
            text = agendas.AgendaText("Making Cities Quieter", write("Text."), slug=AGENDA)
            agenda = agendas.write_agenda(SYSTEM, text)
            with at(now() - timedelta(hours=2)):
                for number in range(TOPICS):
                    self._topic(everybody[number], agenda.id, number)
                for place, member in enumerate(everybody):
                    self._old_posts(place, member)
        self._leave_database()
        return self

    def copy(self, folder: Path, megabytes: int = 0) -> Site:
        """The same forum once more, in another folder (and database), not running.

        With `megabytes` its data lies in a small file system of its own, where one can be mounted.
        """
        is_mounted = bool(megabytes) and mount(folder / "data", megabytes)
        shutil.copytree(self.data, folder / "data", dirs_exist_ok=True)
        if self.postgres:
            self.postgres.new_database(folder.name, self.postgres.name)
        other = Site(folder, self.database, self.postgres)
        other.mounted = is_mounted
        other.people, other.topics = deepcopy(self.people), list(self.topics)
        return other

    def _person(self, number: int, hashed: str) -> Member:
        is_moderator = number >= MEMBERS
        name = f"{'Mona' if is_moderator else 'Member'} {number}"  # no office in a name
        email = f"person{number}@example.org"
        member = members.join(VISITOR, members.Joining(name, email, hashed))
        if is_moderator:
            members.appoint(SYSTEM, member.handle, "moderator")
        self.people.append(Person(member.handle, email, PASSWORD, is_moderator=is_moderator))
        return member

    def _topic(self, author: Member, agenda_id: int, number: int) -> None:
        text = f"signtopic{number} What we have seen."
        new = dialogue.NewTopic("experience", f"Street number {number}", write(text))
        self.topics.append(dialogue.open_topic(author, agenda_id, new, f"topic-{number}").id)

    def _old_posts(self, place: int, member: Member) -> None:
        for number in range(OLD_POSTS):
            key = f"old-{member.handle}-{number}"
            topic = self.topics[(place + number) % TOPICS]
            post = dialogue.reply(member, topic, write(f"sign{key.replace('-', '')} Text."), key)
            self.people[place].old.append((post.id, key))

    def _leave_database(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    # Running it

    def start(self, workers: int = 2, **settings: str) -> int:
        """Start the server on a port of its own, wait until it is ready, and say which port it is."""
        port = free_port()
        self.start_on(port, workers, **settings)
        self.ports.append(port)
        return port

    def start_on(self, port: int, workers: int = 2, **settings: str) -> float:
        """Start the server on this port; says after how many seconds it was ready."""
        begun = time.monotonic()
        url = {"FORUM_URL": f"http://127.0.0.1:{port}"}
        serve = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--port", str(port)]
        self.running[port] = subprocess.Popen(
            [*serve, "--workers", str(workers)],
            cwd=TOP,
            env=self.environment(**url, **settings),
            stdout=(self.folder / f"server-{port}.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_until_ready(port)
        return time.monotonic() - begun

    def stop(self) -> None:
        """End every server as an administrator does, by force where that does not help."""
        for process in self.running.values():
            process.terminate()
        for port, process in self.running.items():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill_everything(port)
        self.running.clear()
        self._leave_database()
        if self.mounted:
            # Lazily: on PostgreSQL this process itself holds a file there open, for ever (`writelog`)
            subprocess.run(["umount", "--lazy", str(self.data)], check=True)
            self.mounted = False

    def server_processes(self, port: int) -> list[int]:
        """The processes that answer requests (not the one above them)."""
        whole = commands_below(self.running[port].pid)
        servers = [pid for pid, words in whole.items() if "granian" in words]
        return [pid for pid in servers if parent_of(pid) in servers]

    def master(self, port: int) -> int:
        """The process above those that answer requests."""
        whole = commands_below(self.running[port].pid)
        return next(pid for pid, words in whole.items() if "granian" in words)

    def everybody(self) -> set[int]:
        """All processes of this machine that are not dead."""
        pids = {int(path.name) for path in Path("/proc").glob("[0-9]*")}
        return {pid for pid in pids if _command(pid)}

    def worker_process(self, port: int) -> int | None:
        """The process that makes notices."""
        whole = commands_below(self.running[port].pid)
        return next((pid for pid, words in whole.items() if words.endswith("worker")), None)

    def kill_everything(self, port: int) -> None:
        """kill -9 for the whole tree."""
        process = self.running[port]
        for pid in [process.pid, *commands_below(process.pid)]:
            end(pid, signal.SIGKILL)
        process.wait()

    def log(self) -> str:
        """What the servers said."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("server-*.log")))


def mount(folder: Path, megabytes: int) -> bool:
    """Mount a small file system in memory; whether that is possible here."""
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def wait_until_ready(port: int, seconds: float = 60) -> None:
    """Wait until the server says that it can serve."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/topics", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise AssertionError(f"the server on port {port} is not ready after {seconds:.0f} s")


def end(pid: int, number: int) -> bool:
    """Send a signal; whether there was a process to send it to."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def parent_of(pid: int) -> int:
    """The parent of a process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def commands_below(pid: int) -> dict[int, str]:
    """The processes that a process has begun, and those that they have, with their command lines."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        children.setdefault(parent_of(int(path.name)), []).append(int(path.name))
    below, waiting = {}, [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            below[child] = _command(child)
            waiting.append(child)
    return below


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\x00", " ").strip()
    except OSError:
        return ""
