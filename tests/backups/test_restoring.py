"""Restoring: into what, over what, and with which key."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from forum import moving
from forum.backups import put_back
from forum.copies import SqliteCopier
from forum.db import db
from forum.errors import Refusal
from forum.machine import Hold, is_held
from forum.mail.actions import write_test
from forum.members import actions as members
from forum.notifications.actions import NoticeText, make_notices, note_event
from forum.permissions import SYSTEM
from tests.backups.conftest import TOP, backup_of
from tests.forums import Forum, MakeForum


def changed(backup: Path, into: Path, **changes: Any) -> Path:
    """The same backup with another manifest."""
    with tarfile.open(backup) as tar, tarfile.open(into, "w") as out:
        for entry in tar:
            file: Any = tar.extractfile(entry)
            words = file.read()
            if entry.name == "manifest.json":
                words = json.dumps(json.loads(words) | changes).encode()
                entry.size = len(words)
            out.addfile(entry, io.BytesIO(words))
    return into


@pytest.fixture(scope="module")
def empty(made: MakeForum) -> Forum:
    """A forum with an empty database; checks that it is still empty after a refusal."""
    return made("empty")


def test_who_restores_learns_that_letters_are_sent_a_second_time(
    made: MakeForum, tmp_path: Path
) -> None:
    """Those that waited when the backup was made, a moment later were on their way."""
    forum = made("mailing", has_tables=True)
    with forum.app.app_context():
        members.found_federation(SYSTEM, "Interurban")
        joining = members.Joining("Ana Prado", "ana@example.org", "-")
        ana = members.add_member(SYSTEM, joining, "administrator")
    for number in (0, 1, 2):
        target, name = tmp_path / f"{number}.backup", f"mailed{number}"
        assert forum.run("backup", target).exit_code == 0
        restored = made(name).run("restore", target).output
        said = {
            0: "",
            1: "What was to be mailed then (1 letter or notice) is mailed when the worker starts: a second time",
            2: "What was to be mailed then (2 letters and notices) is mailed",
        }[number]
        assert said in restored and ("to be mailed" in restored) is (number > 0)
        with forum.app.app_context():
            if number == 0:
                write_test(ana)
            else:
                notice = NoticeText("reply", "/topics/1", "Trams", "Felt.")
                note_event(SYSTEM, notice, [ana.id])
                assert make_notices(SYSTEM)


def test_nothing_is_restored_over_a_forum(source: Forum, kept: Path) -> None:
    before = source.post_ids()
    result = source.run("restore", kept)
    assert result.exit_code == 1 and "already: put it aside first" in result.output
    assert "Nothing was restored." in result.output and source.post_ids() == before


def test_nothing_is_restored_while_a_worker_is_there(empty: Forum, kept: Path) -> None:
    """Its server writes on into the old file, wherever that was moved, and what is posted meanwhile would be lost.

    It may be busy for minutes, with a slow mail server. One that was killed a moment ago is no reason, whatever the clock says.
    """
    seen = empty.app.extensions["settings"].heartbeat_path
    lines = (
        "import sys, pathlib, forum.jobs",
        "seen = pathlib.Path(sys.argv[1])",
        "beat = forum.jobs.heartbeat(seen)",
        "beat(), seen.unlink(), beat(), print(flush=True), input()",  # somebody has cleaned up
    )
    command = [sys.executable, "-c", "\n".join(lines), str(seen)]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=TOP, **streams) as worker:
        assert worker.stdout and worker.stdout.readline()
        os.utime(seen, (0, 0))
        refused = empty.run("restore", kept)
        worker.kill()
    words = f"A forum runs with {empty.data}: its worker is at work. Stop it first. Nothing was restored."
    assert (refused.exit_code, refused.output) == (1, f"Error: {words}\n")
    seen.touch()
    assert not is_held(seen)


@pytest.mark.parametrize("is_cleaned_up", [False, True])
def test_nothing_is_restored_while_a_server_answers_here(
    made: MakeForum, kept: Path, is_cleaned_up: bool
) -> None:
    """Without a worker, or beside it; one that only had its commands executed is none, nor is one that has ended.

    Somebody may have deleted the file by which it is noticed.
    """
    empty = made("served")
    assert empty.run("db", "current").exit_code == 0
    settings = empty.app.extensions["settings"]
    assert not is_held(settings.serving_path)
    lines = (
        "import os, wsgi",
        "ask = wsgi.app.test_client().get",
        "ask('/healthz'), ask('/healthz'), print(flush=True), input()",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    at = {"FORUM_DATA": str(empty.data), "FORUM_DATABASE_URL": settings.database_url}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=TOP, env={**os.environ, **at}, **streams) as server:
        assert server.stdout and server.stdout.readline()
        if is_cleaned_up:
            settings.serving_path.unlink()
        refused = empty.run("restore", kept)
        server.kill()
    words = (
        f"A forum runs with {empty.data}: a server answers. Stop it first. Nothing was restored."
    )
    assert (refused.exit_code, refused.output) == (1, f"Error: {words}\n")
    assert empty.run("restore", kept).exit_code == 0


def test_a_demo_beside_the_forum_hinders_no_restore(made: MakeForum, kept: Path) -> None:
    empty = made("beside_a_demo")
    settings = empty.app.extensions["settings"]
    held = [Hold(path) for path in (settings.neighbour_serving_path, settings.data)]
    done = empty.run("restore", kept)
    del held
    assert done.exit_code == 0, done.output


@pytest.mark.postgresql_only
def test_nothing_is_restored_into_a_database_to_which_a_server_is_connected(
    made: MakeForum, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL servers of other machines are noticed, too."""
    monkeypatch.setattr(moving, "CLOSING_SECONDS", 0.1)
    empty = made("connected")
    url = empty.app.extensions["settings"].database_url
    elsewhere = create_engine(url, connect_args={"application_name": "interurban"})
    with elsewhere.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        refused = empty.run("restore", kept)
    elsewhere.dispose()
    assert refused.exit_code == 1 and "Nothing was restored." in refused.output
    assert "The database is in use: connected are" in refused.output
    assert "(interurban)" in refused.output
    assert empty.run("restore", kept).exit_code == 0


def test_a_backup_that_is_not_there_is_said(empty: Forum, tmp_path: Path) -> None:
    refused = empty.run("restore", tmp_path / "nothing")
    words = f"Error: {tmp_path}/nothing: No such file or directory. Nothing was restored.\n"
    assert (refused.exit_code, refused.output) == (1, words)


def test_what_is_no_whole_backup_is_refused(empty: Forum, kept: Path, tmp_path: Path) -> None:
    whole = kept.read_bytes()
    middle = len(whole) // 2
    # More than a block, because a single bit may be in the padding after a file, where it does no harm
    flipped = bytes(byte ^ 1 for byte in whole[middle : middle + 1024])
    for words, content in (
        ("not a backup, or it is damaged", b"something else"),
        ("damaged", whole[:middle]),
        ("damaged", whole[:middle] + flipped + whole[middle + len(flipped) :]),
    ):
        (tmp_path / "bad").write_bytes(content)
        result = empty.run("restore", tmp_path / "bad")
        assert result.exit_code == 1 and words in result.output, result.output
    assert not (empty.data / "secret-key").exists()


def test_a_key_that_the_command_itself_has_made_is_not_put_aside(
    made: MakeForum, kept: Path
) -> None:
    forum = made("new", has_new_key=True)
    (forum.data / "secret-key").write_text("of this moment")
    assert forum.run("restore", kept).exit_code == 0
    assert (forum.data / "secret-key").read_text() == "of the source"
    assert not list(forum.data.glob("secret-key.before-*"))


@pytest.mark.sqlite_only  # the key does not depend on the database
def test_whoever_restores_learns_that_the_forum_has_another_key(
    source: Forum, made: MakeForum, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another key members are signed out, and their codes are refused; the administrator should learn it first."""
    after = (
        " With another one everybody is signed out, and authenticator apps have to be set up again."
    )
    for given, words in (
        ("of the environment", "FORUM_SECRET_KEY is not the key that was in the backup"),
        ("of the source", ""),
    ):
        forum = made(given.replace(" ", "-"), secret_key=given, has_given_key=True)
        restored = forum.run("restore", kept)
        assert restored.exit_code == 0
        assert words in restored.output and (after in restored.output) == bool(words)
    in_use = replace(source.app.extensions["settings"], secret_key="of the environment")
    monkeypatch.setitem(source.app.extensions, "settings", in_use)
    source.run("backup", keyless := tmp_path / "keyless.backup")
    restored = made("keyless", has_new_key=True).run("restore", keyless)
    assert "The secret key is not in the backup: FORUM_SECRET_KEY has to be" in restored.output
    assert after in restored.output


def test_a_restore_that_fails_leaves_the_key_as_it_was(
    empty: Forum, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty.data / "secret-key").write_text("mine")
    before = {path.name for path in empty.data.iterdir()}
    for kind in ("SqliteCopier", "PostgresqlCopier"):
        monkeypatch.setattr(f"forum.copies.{kind}.put_back", _in_use)
    result = empty.run("restore", kept)
    assert result.exit_code == 1 and "in use" in result.output, result.output
    assert (empty.data / "secret-key").read_text() == "mine"
    assert {path.name for path in empty.data.iterdir()} == before
    (empty.data / "secret-key").unlink()


RESTORED = """
import os, signal, sys
from pathlib import Path
from forum.backups import put_back
from forum.copies import SqliteCopier
database, data, source, when = sys.argv[1:]
put = SqliteCopier.put_back
def killed(self, copy):
    if when == "after":
        put(self, copy)
    os.kill(os.getpid(), signal.SIGKILL)
SqliteCopier.put_back = killed
put_back(SqliteCopier(Path(database)), Path(data), Path(source), frozenset())
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_restore_that_is_killed_has_the_key_of_its_rows(
    database: Path, tmp_path: Path, when: str
) -> None:
    (tmp_path / "secret-key").write_text("key")
    backup, data = tmp_path / "forum.backup", tmp_path / "data"
    backup_of(database, backup)
    data.mkdir()
    (data / "secret-key").write_text("of another forum")
    words = [sys.executable, "-c", RESTORED, str(data / "forum.sqlite"), str(data), str(backup)]
    ended = subprocess.run(
        [*words, when], cwd=TOP, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    copier = SqliteCopier(data / "forum.sqlite")
    if when == "before":
        put_back(copier, data, backup, frozenset())
    assert copier.contents().counts == {"words": 1}
    assert (data / "secret-key").read_text() == "key"
    (aside,) = data.glob("secret-key.*")
    assert aside.read_text() == "of another forum"


def _in_use(*_anything: Any) -> None:
    raise Refusal("The database is in use.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": ["9999"]}, "made by a newer version"),
        ({"format": 2}, "made by a newer version"),
        ({"format": 2, "version": "9.0", "new": 1}, "a newer version of the forum (9.0)."),
        ({"database": "other"}, "This is a backup of other"),
        ({"counts": {"post": 1}}, "does not hold what its manifest says"),
        ({"files": {"../../evil": ""}}, "is damaged"),
        ({"files": {}}, "is damaged"),
    ],
    ids=str,
)
def test_a_backup_of_another_kind_is_refused(
    empty: Forum, kept: Path, tmp_path: Path, changes: Any, words: str
) -> None:
    result = empty.run("restore", changed(kept, tmp_path / "other", **changes))
    assert result.exit_code == 1 and words in result.output, result.output
    assert not (empty.data / "secret-key").exists()


def test_an_older_backup_says_that_an_upgrade_is_next(
    source: Forum, made: MakeForum, kept: Path, tmp_path: Path
) -> None:
    older = made("older")
    with older.app.app_context():
        upgrade(revision="0002")
        db.session.execute(text("INSERT INTO theme (slug, name) VALUES ('noise', 'Noise')"))
        db.session.commit()
    assert older.run("backup", tmp_path / "old").exit_code == 0
    other = made("newer")
    result = other.run("restore", tmp_path / "old")
    assert result.exit_code == 0 and "Run `flask db upgrade` next." in result.output
    with other.app.app_context():
        upgrade()
        assert db.session.scalar(text("SELECT name FROM theme")) == "Noise"
