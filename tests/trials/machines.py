"""Trial 10: many machines, set up with the files of docs/scale; every part is killed once in the middle of work."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from threading import Thread

from forum.app import create_app
from forum.settings import from_environment
from tests.trials import across, deaths
from tests.trials.across import Doors
from tests.trials.papers import ScaleFiles, program
from tests.trials.parts import Database, Nginx, Server, Valkey
from tests.trials.run import Trial
from tests.trials.site import TOP

COMPARED = "It has been restored once and compared."
EMPTY = "The database is empty. For a new forum run `flask setup`."


def many_machines(trial: Trial) -> None:
    """From one machine with SQLite to PostgreSQL, Valkey, two servers and nginx; what they share; what dies."""
    if trial.site.postgres:
        trial.result.notes.append("it begins with SQLite, and brings a PostgreSQL of its own")
        return
    if not program("nginx", "/usr/sbin"):
        trial.result.notes.append("left out: nginx is not here (Debian: apt-get install nginx)")
        return
    files = ScaleFiles(trial.site.folder)
    with ExitStack() as parts:
        database, counters = Database(files), Valkey(files)
        parts.callback(database.stop)
        parts.callback(counters.stop)
        servers = [Server(files, machine, FORUM_LIMITS="0") for machine in (11, 12)]
        _migrate_once(trial, database, servers)
        _move(trial, database)
        _back_up(trial, database, servers[0])
        for server in servers:
            parts.callback(server.stop)
            server.begin()
        front = Nginx(files)
        parts.callback(front.stop)
        trial.site.ports.append(files.plain_port)
        _hold(trial, Doors(trial, files, servers), front, database, counters)


def _hold(trial: Trial, doors: Doors, front: Nginx, database: Database, counters: Valkey) -> None:
    notes = trial.result.notes
    for server in doors.servers:
        server.wait()
    notes.append(across.no_stickiness(doors, front))
    notes.append(across.sessions(doors))
    notes.append(across.hidings(doors, trial.amount(6, 2)))
    notes.append(across.cache_of_nginx(doors, front))
    trial.site.people = [*trial.site.people[:3], trial.site.people[-1]]  # two servers start at once
    with trial.at_work(10_000_000, deaths.BACK):
        trial.wait_for(deaths.DEEDS)
        deaths.of_a_server(trial, doors, front)
        deaths.of_nginx(trial, front)
        deaths.of_the_database(trial, doors, database)
        deaths.rolling(trial, doors, front, trial.amount(2, 1))
        trial.plan.stopped.set()
    trial.judge()
    for server in doors.servers:
        server.stop()
        server.begin(FORUM_LIMITS="1")
    for server in doors.servers:
        server.wait()
    notes.append(across.limits(doors))
    deaths.of_the_counters(trial, doors, counters)


def _migrate_once(trial: Trial, database: Database, servers: list[Server]) -> None:
    """Over an empty database nothing starts; of two who upgrade it at once one does it and the other waits."""
    place = {"FORUM_DATABASE_URL": database.url.replace("/interurban?", "/second?")}
    refused = servers[1].flask("serve", **place)
    is_told = refused.returncode == 1 and EMPTY in refused.stderr
    trial.result.expect(is_told, f"over an empty database `serve` says: {refused.stderr}")
    ended: list[subprocess.CompletedProcess[str]] = []
    both = [
        Thread(target=lambda s=s: ended.append(s.flask("db", "upgrade", **place))) for s in servers
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    for done in ended:
        words = f"of two `flask db upgrade` at once one says: {done.stderr[-300:]}"
        trial.result.expect(done.returncode == 0, words)
    checked = servers[1].flask("check", **place)
    trial.result.expect("Nothing is wrong." in checked.stdout, f"afterwards: {checked.stdout}")
    trial.result.notes.append(
        "two `flask db upgrade` at one moment: both end well, over one schema"
    )


def _move(trial: Trial, database: Database) -> None:
    """Move what SQLite holds to PostgreSQL, and let the trial look for it there from now on."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "move-database", database.url]
    env = trial.site.environment()
    moved = subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, check=False)
    trial.result.expect(moved.returncode == 0, f"move-database: {moved.stderr[-300:]}")
    said = next(line for line in moved.stdout.splitlines() if "compared" in line)
    trial.result.notes.append(f"PostgreSQL {database.version()}: {said}")
    trial.site.extra |= {"FORUM_DATABASE_URL": database.url, "FORUM_ONE_MACHINE": ""}
    trial.site.database = "postgresql"
    trial.site.app = create_app(from_environment(trial.site.environment()))


def _back_up(trial: Trial, database: Database, server: Server) -> None:
    """What docs/scale gives the role is enough for a backup, which is restored once in a database of its own."""
    file, pg_dump = trial.site.folder / "forum.backup", database.programs / "pg_dump"
    made = server.flask("backup", str(file), FORUM_PG_DUMP=str(pg_dump))
    trial.result.expect(made.returncode == 0, f"backup: {made.stderr[-300:]}")
    trial.result.expect(COMPARED in made.stdout, f"backup: {made.stdout}")
    trial.result.notes.append(f"a backup with the role of database.sql. {COMPARED}")
