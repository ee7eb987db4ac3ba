"""Backups: complete, verified, old ones survive failures, and nothing is overwritten."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, make_url, select, text

from forum import moving
from forum.agendas import actions as agendas
from forum.backups import make, put_back
from forum.copies import Contents, PostgresqlCopier, SqliteCopier, copier
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.engines import conninfo
from forum.errors import Refusal
from forum.machine import Hold, is_held
from forum.mail.actions import write_test
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_portrait, mark_data
from forum.notifications.actions import NoticeText, make_notices, note_event
from forum.permissions import SYSTEM, VISITOR
from forum.pictures import actions as pictures
from forum.pictures.models import PictureFile
from forum.shrinking import Shrunk
from forum.upkeep.commands.copying import _without_secrets
from tests.forums import Forum, MakeForum, forums

PICTURE = bytes(range(256))
MARK = Shrunk(f"{8:024x}-256x64", PICTURE[::-1], b"")
FACE = Shrunk(f"{9:024x}-256x256", PICTURE[1:], b"")
TOP = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def made(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeForum]:
    """Forums over empty databases of the kind that the test runs on: `made("name")`."""
    with forums(database_url, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="module")
def source(made: MakeForum) -> Forum:
    """A forum with a mark of its own, two members, one of whom shows a picture, a topic, a picture and a secret key."""
    forum = made("source", has_tables=True, secret_key="of the source")
    (forum.data / "secret-key").write_text("of the source")
    with forum.app.app_context():
        ana, ben = (members.join(VISITOR, _joining(name)) for name in ("Ana", "Ben"))
        agenda = agendas.write_agenda(SYSTEM, agendas.AgendaText("Quieter", write("Text.")))
        new = dialogue.NewTopic("question", "Why so loud?", write("Trams squeal."))
        topic = dialogue.open_topic(ana, agenda.id, new)
        dialogue.reply(ben, topic.id, write("Ask the trams."))
        pictures.import_picture(SYSTEM, ben.id, Shrunk(f"{7:024x}-900x1", PICTURE, b"small"))
        members.found_federation(SYSTEM, "Ours")
        members.use_mark(SYSTEM, MARK)
        members.edit_profile(ben, members.Profile("Ben", portrait=FACE))
    return forum


def _joining(name: str) -> members.Joining:
    return members.Joining(name, f"{name.lower()}@example.org", "no hash")


@pytest.fixture(scope="module")
def kept(source: Forum, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the source, which has replaced an older one."""
    target = tmp_path_factory.mktemp("kept") / "forum.backup"
    target.write_text("the old one")
    result = source.run("backup", target)
    assert result.exit_code == 0, result.output
    assert "It has been restored once and compared." in result.output
    return target


def manifest_of(backup: Path) -> Any:
    with tarfile.open(backup) as tar:
        file = tar.extractfile("manifest.json")
        assert file
        return json.load(file)


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


# Complete backups


def test_every_reply_that_was_saved_before_is_in_a_backup_made_while_others_write(
    source: Forum, made: MakeForum, tmp_path: Path
) -> None:
    saved: list[int] = []
    is_over = threading.Event()

    def go_on_writing() -> None:
        with source.app.app_context():
            topic_id = db.session.scalars(select(Topic.id)).one()
            ben = db.session.scalars(select(Member).filter_by(handle="ben")).one()
            while not is_over.is_set():
                saved.append(dialogue.reply(ben, topic_id, write("One more.")).id)

    writer = threading.Thread(target=go_on_writing)
    writer.start()
    while len(saved) < 5:
        assert writer.is_alive()
        is_over.wait(0.01)
    before = list(saved)
    made_one = source.run("backup", tmp_path / "forum.backup")
    is_over.set()
    writer.join()
    assert made_one.exit_code == 0, made_one.output
    assert len(saved) > len(before)  # members could post during the backup
    other = made("restored", has_tables=True)  # restoring accepts empty tables
    (other.data / "secret-key").write_text("of another forum")
    restored = other.run("restore", tmp_path / "forum.backup")
    assert restored.exit_code == 0, restored.output
    assert other.has_statistics, "PostgreSQL does not plan for empty tables"
    assert set(before) <= set(other.post_ids()) <= set(source.post_ids())
    assert other.run("check").exit_code == 0
    assert (other.data / "secret-key").read_text() == "of the source"
    assert (other.data / "secret-key").stat().st_mode & 0o777 == 0o600
    (aside,) = other.data.glob("secret-key.before-*")
    assert aside.read_text() == "of another forum"
    with other.app.app_context():  # the restored forum works
        assert set(db.session.scalars(select(PictureFile.data))) == {PICTURE, b"small"}
        assert mark_data(MARK.name) == MARK.whole
        assert get_portrait(VISITOR, FACE.name).data == FACE.whole
        ben = db.session.scalars(select(Member).filter_by(handle="ben")).one()
        dialogue.reply(ben, db.session.scalars(select(Topic.id)).one(), write("After."))


def test_a_backup_says_what_it_holds_and_is_nobody_elses(kept: Path) -> None:
    manifest = manifest_of(kept)
    assert manifest["counts"]["member"] == 2 and manifest["counts"]["topic"] == 1
    assert manifest["counts"]["picture"] == 1 and manifest["counts"]["picture_file"] == 2
    assert manifest["schema"] and len(manifest["files"]) == 2
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_a_backup_says_which_database_it_is_of(source: Forum, tmp_path: Path) -> None:
    said = source.run("backup", tmp_path / "forum.backup").output
    url = make_url(source.url)
    assert url.render_as_string() in said
    assert url.get_backend_name() in said and not (url.password and url.password in said)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:////srv/forum.sqlite", "sqlite:////srv/forum.sqlite"),
        ("postgresql://ana:secret@db/forum?connect_timeout=3", "postgresql://ana:***@db/forum?connect_timeout=3"),
        ("postgresql:///forum?password=secret&host=/run", "postgresql:///forum?host=%2Frun"),
    ],
)  # fmt: skip
def test_the_place_of_a_database_is_said_without_its_password(address: str, shown: str) -> None:
    assert _without_secrets(make_url(address)) == shown


# Failures


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


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A SQLite database without a forum."""
    path = tmp_path / "data.sqlite"
    with opened(path) as connection:
        connection.execute("CREATE TABLE words (word TEXT)")
        connection.execute("INSERT INTO words VALUES (?)", ["x" * 1_000_000])
    return path


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


def backup_of(database: Path, target: Path) -> None:
    make(
        SqliteCopier(database),
        database.parent,
        target,
        "1",
        lambda _done, _total: None,
        secret_key="key",
    )


def opened(path: Path) -> Any:
    return closing(sqlite3.connect(path, isolation_level=None))


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


def test_a_place_that_is_not_there_is_said(source: Forum, tmp_path: Path) -> None:
    result = source.run("backup", tmp_path / "nowhere" / "forum.backup")
    words = f"Error: {tmp_path / 'nowhere'}: No such file or directory.\n"
    assert result.exit_code == 1 and result.output.endswith(words), result.output


def test_a_place_is_said_with_its_whole_path(
    source: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types `interurban backup x` does not know in which folder that looks."""
    monkeypatch.chdir(tmp_path)
    made = source.run("backup", "forum.backup")
    assert made.exit_code == 0 and f"{tmp_path}/forum.backup: " in made.output, made.output
    refused = source.run("backup", "nowhere/forum.backup")
    assert f"Error: {tmp_path}/nowhere: No such file" in refused.output, refused.output


# Restoring


@pytest.fixture(scope="module")
def empty(made: MakeForum) -> Forum:
    """A forum with an empty database; checks that it is still empty after a refusal."""
    return made("empty")


def test_a_backup_is_made_where_nothing_can_be_noted_beside_it(
    source: Forum, tmp_path: Path
) -> None:
    noted = source.app.extensions["settings"].backed_up_path
    noted.unlink(missing_ok=True)
    noted.symlink_to("/proc/nothing")
    made = source.run("backup", tmp_path / "forum.backup")
    noted.unlink()
    assert made.exit_code == 0 and "compared" in made.output


def test_a_backup_without_a_name_is_refused(source: Forum) -> None:
    refused = source.run("backup", "")
    assert (refused.exit_code, refused.output) == (1, "Error: TARGET is the name of a file.\n")


def test_a_backup_takes_the_place_of_a_file_and_of_nothing_else(
    source: Forum, tmp_path: Path
) -> None:
    """Once, root replaced `/dev/full` by a backup."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused = source.run("backup", pipe)
    words = f"Error: {pipe} is no file that a backup could take the place of.\n"
    assert (refused.exit_code, refused.output) == (1, words)
    assert pipe.is_fifo()


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


def test_a_key_that_is_not_in_use_is_in_no_backup(
    source: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key may come from the environment now; restoring an old file would sign everybody out."""
    in_use = replace(source.app.extensions["settings"], secret_key="of the environment")
    monkeypatch.setitem(source.app.extensions, "settings", in_use)
    result = source.run("backup", tmp_path / "forum.backup")
    assert result.exit_code == 0 and "FORUM_SECRET_KEY is not in it" in result.output
    with tarfile.open(tmp_path / "forum.backup") as archive:
        assert "secret-key" not in archive.getnames()


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
