"""A backup that fails leaves the old one, and says why."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from forum.backups import make
from forum.copies import Contents, PostgresqlCopier, SqliteCopier, copier
from forum.engines import conninfo
from forum.errors import Refusal
from forum.upkeep.commands import copying
from tests.backups.conftest import TOP, backup_of, manifest_of, opened
from tests.forums import Forum, MakeForum


def test_nothing_is_no_backup(made: MakeForum, tmp_path: Path) -> None:
    """An empty backup would replace a useful one."""
    forum = made("nothing")
    target = tmp_path / "forum.backup"
    target.write_text("the old one")
    for command in (["db", "current"], ["db", "upgrade"]):
        forum.run(*command)
        refused = forum.run("backup", target)
        assert refused.exit_code == 1 and "The database is empty." in refused.output
        assert target.read_text() == "the old one"


def test_the_old_backup_is_kept_when_the_copy_is_not_what_it_should_be(
    source: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = source.app.extensions["settings"]
    kind = type(copier(settings.database_url, settings.pg_dump))
    target = tmp_path / "forum.backup"
    target.write_text("the old one")
    monkeypatch.setattr(kind, "examine", lambda _self, _copy: (Contents([], {"post": 1}), []))
    result = source.run("backup", target)
    assert result.exit_code == 1 and "The old backup is kept." in result.output
    assert target.read_text() == "the old one" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("free", "is_told"), [(1_000_000, True), (9_000_000_000, False)])
def test_too_little_room_is_told_when_a_backup_fails(
    source: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, is_told: bool
) -> None:
    """What the database says then does not tell how much would be enough."""
    if not source.url.startswith("sqlite"):
        return  # nobody knows how large a dump will be

    def fail(*_what: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SqliteCopier, "copy", fail)
    monkeypatch.setattr(copying, "disk_usage", lambda _path: SimpleNamespace(free=free))
    (tmp_path / "forum.backup").touch()
    said = source.run("backup", tmp_path / "forum.backup").output
    room = f"{tmp_path} has 1 MB of free room, and a backup needs about "
    assert (room in said) is is_told and said.endswith("The old backup is kept.\n")


INTERRUPTED = """
import os, resource, signal, sys
from pathlib import Path
from forum.backups import make
from forum.copies import SqliteCopier
database, target, how = sys.argv[1:]
if how == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
def note(done, total):
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
make(SqliteCopier(Path(database)), Path(database).parent, Path(target), "1", note, secret_key="key")
"""


@pytest.mark.parametrize("how", ["killed", "full"])
def test_an_interrupted_backup_leaves_the_old_one(database: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "backups").mkdir()
    target = tmp_path / "backups" / "forum.backup"
    target.write_text("the old one")
    words = [sys.executable, "-c", INTERRUPTED, str(database), str(target), how]
    ended = subprocess.run(words, cwd=TOP, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == (-signal.SIGKILL if how == "killed" else 1), ended.stderr
    assert target.read_text() == "the old one"
    left = [path.name for path in target.parent.iterdir() if path != target]
    assert left == ([".forum.backup.partial"] if how == "killed" else [])
    if how == "full":
        assert f"Refusal: {target.parent}/.forum.backup.partial/forum.sqlite: " in ended.stderr
    backup_of(database, target)  # the next backup removes the leftovers and replaces the old one
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert manifest_of(target)["counts"] == {"words": 1}


def test_a_second_backup_to_the_same_file_is_refused(database: Path, tmp_path: Path) -> None:
    def meanwhile(_done: int, _total: int) -> None:
        with pytest.raises(Refusal, match="under way"):
            backup_of(database, target)

    target = tmp_path / "forum.backup"
    make(SqliteCopier(database), tmp_path, target, "1", meanwhile, secret_key="key")
    assert target.exists()


def test_a_damaged_database_makes_no_backup(database: Path, tmp_path: Path) -> None:
    with opened(database) as connection:
        connection.execute("CREATE INDEX word ON words (word)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'word'")
    with pytest.raises(Refusal):
        backup_of(database, tmp_path / "forum.backup")
    assert not (tmp_path / "forum.backup").exists()


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"no /nowhere/pg_restore.*set FORUM_PG_DUMP"):
        PostgresqlCopier(make_url("postgresql://nobody"), "/nowhere/pg_dump").put_back(tmp_path)


@pytest.mark.parametrize(
    ("script", "said"),
    [("exit 3", "nothing, and ended with 3"), ("echo No. >&2; exit 1", "No.")],
)
def test_a_program_that_fails_is_quoted(tmp_path: Path, script: str, said: str) -> None:
    program = tmp_path / "pg_restore"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    failing = PostgresqlCopier(make_url("postgresql://nobody"), str(tmp_path / "pg_dump"))
    with pytest.raises(Refusal, match=rf"^pg_restore says: {said}$"):
        failing.put_back(tmp_path)


@pytest.mark.parametrize(
    "address",
    ["postgresql+psycopg://ana:a%20word@/forum", "postgresql://ana@/forum?password=a word"],
)
def test_no_list_of_processes_shows_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **how: ran.append((command, how["env"])))
    PostgresqlCopier(make_url(address), "/nowhere/pg_dump").put_back(tmp_path)
    ((command, environment),) = ran
    assert "a word" not in str(command) and "user=ana" in str(command)
    assert environment["PGPASSWORD"] == "a word"


def test_a_copy_is_tried_beside_the_real_database_however_that_is_named() -> None:
    for address in ("postgresql:///forum?host=/run", "postgresql:///?dbname=forum&host=/run"):
        real = PostgresqlCopier(make_url(address), "pg_dump")
        beside = conninfo_to_dict(conninfo(real._scratch().url))
        assert (real.name, beside["dbname"]) == ("forum", "forum_check_of_backup")
        assert beside["host"] == "/run"
