"""The application refuses a database of another version."""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
from collections.abc import Iterator
from getpass import getuser
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest
from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.routing import Map, Rule

from forum import supervisor
from forum.agendas import actions as agendas
from forum.app import create_app
from forum.configuring import LateRule
from forum.db import db, running_deed
from forum.markup import write
from forum.members import actions as members
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from forum.settings import Settings
from tests.forums import Forum, MakeForum, forums
from tests.ports import free_port

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def made(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeForum]:
    """Forums over empty databases of the kind that the test runs on: `made("name")`."""
    with forums(database_url, tmp_path_factory) as make:
        yield make


LOCK = text("SELECT pg_advisory_xact_lock(1096114000)")  # see `migrations/env.py`
OLDER = "The database is of an older version of the forum. Run `flask db upgrade` first."
NEWER = "The database is of a newer version of the forum. Install that version"
EMPTY = (
    "The database is empty. For a new forum run `flask setup`. "
    "If there is one already, FORUM_DATA or FORUM_DATABASE_URL is not what it is where that runs."
)


def set_version(version: str) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    db.session.commit()


@pytest.mark.sqlite_only  # the sentence is the same on PostgreSQL
def test_who_runs_a_demo_without_a_database_is_not_led_to_a_real_forum(made: MakeForum) -> None:
    words = "The database is empty. Run `flask db upgrade` and `flask demo` first."
    assert_refused(made("no-demo", is_demo=True), words)


def assert_refused(forum: Forum, words: str) -> None:
    """Check that every command and every route refuses, except those that report the state."""
    for command in (["check"], ["members", "list"], ["serve"], ["worker"], ["reindex"]):
        refused = forum.run(*command)
        assert refused.exit_code == 1 and words in refused.output, (command, refused.output)
    browser = forum.app.test_client()
    for path in ("/", "/topics", "/sign-in", "/feeds/all.atom", "/"):
        answer = browser.get(path)
        assert answer.status_code == 503 and answer.headers["Retry-After"], path
        assert "being upgraded" in answer.text
    assert browser.get("/healthz").status_code == 200
    assert "schema" in browser.get("/readyz").text


def test_a_database_of_another_version_is_refused_until_it_is_ours(made: MakeForum) -> None:
    forum = made("versions")
    assert_refused(forum, EMPTY)
    with forum.app.app_context():
        upgrade(revision="0003")
        db.session.execute(text("INSERT INTO theme (slug, name) VALUES ('noise', 'Noise')"))
        db.session.commit()
    assert_refused(forum, OLDER)
    with forum.app.app_context():
        set_version("9999")
    assert_refused(forum, NEWER)
    for command in (
        ["db", "upgrade"],
        ["db", "current"],
        ["setup"],
        ["fill", "--topics", "9", "--posts", "99"],
    ):
        refused = forum.run(*command)
        assert refused.exit_code == 1 and NEWER in refused.stderr, (command, refused.output)
        assert refused.stderr.count("\n") == 1, refused.stderr
    saved = forum.run("backup", forum.data / "backup")  # a backup is possible
    assert saved.exit_code == 0, saved.output
    with forum.app.app_context():
        set_version("0003")
        upgrade()
    assert forum.app.test_client().get("/topics").status_code == 200  # without a restart
    assert forum.run("check").exit_code == 0


def test_nothing_goes_down_over_rows_without_a_word(made: MakeForum) -> None:
    forum = made("down")
    forum.run("db", "upgrade")
    assert forum.run("db", "downgrade").exit_code == 0  # an empty database may be downgraded
    forum.run("db", "upgrade")
    with forum.app.app_context():
        members.join(VISITOR, members.Joining("Ana Prado", "ana@example.org", "no hash"))
        db.session.remove()
    for words in ([], ["base"]):
        refused = forum.run("db", "downgrade", *words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("Error: The database holds rows, in ")
        assert "Make a backup, then say --lose-data." in refused.stderr
    assert "ana" in forum.run("members", "list").output
    assert forum.run("db", "downgrade", "base", "--lose-data").exit_code == 0
    assert_refused(forum, EMPTY)


COMMANDS = [
    ["check"],
    ["serve"],
    ["worker"],
    ["members", "list"],
    ["reindex"],
    ["rerender"],
    ["demo"],
    ["setup"],
    ["db", "upgrade"],
    ["db", "current"],
    ["backup", "forum.backup"],
    ["export", "folder"],
]


def every_command(group: click.Group, *above: str) -> Iterator[tuple[list[str], click.Command]]:
    """All commands of a group and its groups, with the words that call them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield [*above, name], command
        if isinstance(command, click.Group):
            yield from every_command(command, *above, name)


def test_every_command_explains_itself_over_an_empty_database(made: MakeForum) -> None:
    forum = made("explained")
    for words, command in every_command(forum.app.cli):
        told = forum.run(*words, "--help")
        assert told.exit_code == 0 and told.output.startswith("Usage: "), (words, told.output)
        options = [param for param in command.params if isinstance(param, click.Option)]
        assert all(option.help for option in options), words
    for words in (["members", "list"], ["cities", "load"]):
        refused = forum.run(*words)
        assert (refused.exit_code, refused.stderr) == (1, f"Error: {EMPTY}\n"), words


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_is_away_ends_every_command_with_a_sentence(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd").write_text("This is no database.")
    server = "postgresql://ana:secret@127.0.0.1:1/forum"
    for url in (server, f"{server}?connect_timeout=abc", f"sqlite:///{tmp_path}/odd"):
        settings = Settings(tmp_path, url, "http://localhost", ("localhost",), "key", is_demo=True)
        ended = create_app(settings).test_cli_runner().invoke(args=command)
        assert isinstance(ended.exception, SystemExit) and ended.exit_code == 1, ended.exception
        assert ended.stderr.startswith("Error: ") and ended.stderr.count("\n") == 1, ended.stderr
        assert "secret" not in ended.output
        shown = url.replace("secret", "***")
        assert f" FORUM_DATABASE_URL is {shown}." in ended.stderr


def test_a_mistake_of_ours_is_no_sentence(made: MakeForum) -> None:
    forum = made("mistaken")
    forum.run("db", "upgrade")
    with forum.app.app_context():
        db.session.execute(text("ALTER TABLE member RENAME COLUMN handle TO other"))
        db.session.commit()
    with pytest.raises(DBAPIError):
        forum.run("members", "list")


FULL = errno.ENOSPC, "No space left on device"
SHUT = errno.EACCES, "Permission denied"
NO_ROOM = sqlite3.OperationalError("disk I/O error")
NO_ROOM.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"


@pytest.mark.sqlite_only  # needs no database
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(*FULL, "/srv/some-file"), "/srv/some-file: No space left on device."),
        (OSError(*FULL), "No space left on device."),  # as when a file is written
        (
            OSError(*SHUT, "/root/some-file"),
            f"/root/some-file: Permission denied. This command runs as the user {getuser()}.",
        ),
        (
            OperationalError("select 1", None, NO_ROOM),
            "The database cannot be used: disk I/O error. Is the disk full? FORUM_DATA is {data}.",
        ),
    ],
    ids=["full", "full somewhere", "shut", "full for the database"],
)
def test_a_file_or_disk_that_fails_ends_a_command_with_a_sentence(
    made: MakeForum, monkeypatch: Any, error: Exception, words: str
) -> None:
    forum = made("full")
    forum.run("db", "upgrade")

    def fail() -> Any:
        raise error

    monkeypatch.setattr("forum.upkeep.queries.checks", fail)
    ended = forum.run("check")
    assert (ended.exit_code, ended.output) == (1, f"Error: {words.format(data=forum.data)}\n")


@pytest.mark.sqlite_only  # needs no database
def test_another_mistake_of_the_system_is_no_sentence(made: MakeForum, monkeypatch: Any) -> None:
    forum = made("full")
    forum.run("db", "upgrade")
    monkeypatch.setattr("forum.upkeep.queries.checks", lambda: os.close(-1))
    with pytest.raises(OSError, match="Bad file descriptor"):
        forum.run("check")


@pytest.mark.sqlite_only  # needs no database
def test_serve_starts_nothing_where_it_cannot_listen(made: MakeForum, monkeypatch: Any) -> None:
    forum = made("taken")
    forum.run("db", "upgrade")
    monkeypatch.setattr("forum.listening.PORT_RELEASE_SECONDS", 0.0)
    monkeypatch.setattr("forum.supervisor.become", lambda *_: pytest.fail("started"))
    monkeypatch.setenv("FORUM_DATA", str(forum.data))
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        for place in (["--port", port], ["--port", 99999], ["--host", "9.9.9.9"]):
            ended = forum.run("serve", *place)
            assert ended.exit_code == 1 and ended.output.count("\n") == 1, ended.output
        monkeypatch.setenv("FORUM_METRICS", f"127.0.0.1:{port}")
        for command in (["serve", "--port", free_port()], ["metrics"]):
            ended = forum.run(*command)
            words = f"Error: Another program listens at 127.0.0.1:{port} already.\n"
            assert (ended.exit_code, ended.output) == (1, words)


@pytest.mark.sqlite_only  # needs no database
def test_serve_refuses_figures_at_the_port_of_the_server(
    made: MakeForum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ports are free until the server starts; the metrics process would then be restarted for ever."""
    forum = made("figures")
    forum.run("db", "upgrade")
    monkeypatch.setattr("forum.supervisor.become", lambda *_: pytest.fail("started"))
    monkeypatch.setenv("FORUM_DATA", str(forum.data))
    monkeypatch.setenv("FORUM_METRICS", f"localhost:{(port := free_port())}")
    for host in ("127.0.0.1", "0.0.0.0"):  # the address is only checked
        ended = forum.run("serve", "--host", host, "--port", port)
        words = "where the server itself listens: give one of them another port."
        assert ended.output == f"Error: FORUM_METRICS is localhost:{port}, {words}\n"
        assert ended.exit_code == 1


@pytest.mark.sqlite_only  # only SQLite has a file of the forum
def test_serve_starts_nothing_over_a_file_that_it_may_only_read(
    made: MakeForum, monkeypatch: Any
) -> None:
    forum = made("readable")
    forum.run("db", "upgrade")
    monkeypatch.setattr("forum.supervisor.become", lambda *_: pytest.fail("started"))
    monkeypatch.setenv("FORUM_DATA", str(forum.data))

    @event.listens_for(Engine, "connect")
    def only_read(connection: Any, _record: Any) -> None:
        # Tests may run as root, who can write every file
        connection.execute("PRAGMA query_only = ON")

    try:
        with forum.app.app_context():
            db.engine.dispose()
        ended = forum.run("serve", "--port", free_port())
    finally:
        event.remove(Engine, "connect", only_read)
    words = f"Error: {forum.data}/forum.sqlite can only be read. "
    assert ended.exit_code == 1 and ended.output.startswith(words) and ended.output.count("\n") == 1


@pytest.mark.sqlite_only  # needs no database
def test_where_one_listens_is_said_as_a_browser_takes_it(made: MakeForum, monkeypatch: Any) -> None:
    forum = made("said")
    forum.run("db", "upgrade")
    monkeypatch.setattr("forum.listening.listen_address", lambda host, _port: host)
    plans: list[supervisor.Plan] = []
    monkeypatch.setattr("forum.supervisor.become", plans.append)
    monkeypatch.setattr("forum.metrics.HTTPServer.serve_forever", lambda _server: None)
    monkeypatch.setenv("FORUM_DATA", str(forum.data))
    for host, shown in (("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")):
        said = forum.run("serve", "--host", host, "--port", 8001).output
        assert not said, "the server does not answer yet"
        assert plans.pop().address == f"http://{shown}:8001"
    monkeypatch.setenv("FORUM_METRICS", str(port := free_port()))
    said = forum.run("metrics").output
    assert said == f"Figures for Prometheus are at http://127.0.0.1:{port}/metrics\n"


def test_what_serve_has_found_out_is_what_is_kept_running(
    made: MakeForum, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forum = made("planned")
    forum.run("db", "upgrade")
    plans: list[supervisor.Plan] = []
    monkeypatch.setattr("forum.supervisor.become", plans.append)
    monkeypatch.setenv("FORUM_DATA", str(forum.data))
    monkeypatch.setenv("FORUM_LOG", "plain")
    port = free_port()
    # On some machines `localhost` is the address of IPv6 first
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    with monkeypatch.context() as patch:
        patch.setattr("forum.listening.socket.getaddrinfo", lambda *_words, **_kinds: here)
        assert forum.run("serve", "--host", "localhost", "--port", port).exit_code == 0
    monkeypatch.setenv("FORUM_METRICS", f"127.0.0.1:{free_port()}")
    assert forum.run("serve", "--port", port, "--workers", 3, "--no-worker").exit_code == 0
    file = f"{forum.data}/forum.sqlite" if database_url.startswith("sqlite") else ""
    assert plans == [
        supervisor.Plan(
            "127.0.0.1", port, f"http://localhost:{port}", 2, True, False, file, "plain"
        ),
        supervisor.Plan(
            "127.0.0.1", port, f"http://127.0.0.1:{port}", 3, False, True, file, "plain"
        ),
    ]


def test_of_two_who_upgrade_at_once_one_waits(
    made: MakeForum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits longer than actions wait for a lock, and then finds nothing left to do."""
    monkeypatch.setattr("forum.engines.BUSY_TIMEOUT_MS", 100)
    forum = made("twice")
    engine = create_engine(forum.url)
    with engine.connect().execution_options(is_writing=True) as first:
        first.execute(LOCK if engine.dialect.name == "postgresql" else text("SELECT 1"))
        second = Thread(target=forum.run, args=("db", "upgrade"))
        second.start()
        second.join(0.6)
        assert second.is_alive()
        assert "alembic_version" not in inspect(engine).get_table_names()
    engine.dispose()
    second.join(120)
    assert forum.run("check").exit_code == 0


@pytest.mark.postgresql_only  # on SQLite, pages have transactions as well
def test_pages_read_without_transactions_and_every_deed_has_one(made: MakeForum) -> None:
    """Outside of actions, a request reads with autocommit, and writes, locks and sets nothing."""
    forum = made("apart")
    forum.run("db", "upgrade")
    with forum.app.app_context():
        known = hash_password("four unrelated plain words")
        members.join(VISITOR, members.Joining("Ana Prado", "ana@example.org", known))
        engine = db.engine
        agendas.write_agenda(SYSTEM, agendas.AgendaText("Water", write("Text.")))
    seen: list[tuple[bool, bool, str]] = []  # in an action?, in autocommit?, the statement

    def note(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        is_deed = statement.startswith("SET LOCAL") or running_deed(db.session()) is not None
        driver: Any = connection.connection.driver_connection
        seen.append((is_deed, driver.autocommit, statement))

    event.listen(engine, "before_cursor_execute", note)
    browser = forum.app.test_client()
    forum.app.config["WTF_CSRF_ENABLED"] = False
    who = {"email": "ana@example.org", "password": "four unrelated plain words"}
    assert browser.post("/sign-in", data=who).status_code == 303
    for path in ("/", "/topics", "/members", "/settings", "/settings/factors", "/notices"):
        assert browser.get(path).status_code == 200, path
    said = {"title": "Kerbs", "source": "Too high.", "kind": "experience", "audience": "public"}
    assert browser.post("/agendas/water/topics/new", data=said).status_code == 303
    assert browser.get("/topics/1-kerbs").status_code == 200
    assert [said for said in seen if said[0] == said[1]] == []
    of_pages = [words for is_deed, _is_apart, words in seen if not is_deed]
    assert not [words for words in of_pages if not words.startswith(("SELECT", "WITH"))]
    assert not [words for words in of_pages if " FOR " in words.rpartition("FROM")[2]]
    assert len(of_pages) < len(seen), "there were deeds"


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("/topics", {}),
        ("/topics", {"page": 2, "kind": "question"}),
        ("/topics/<int:id>-<slug>", {"id": 7, "slug": "a curb & a kerb"}),
        ("/topics/<int:id>", {"id": 7, "self": "x", "rule": "y"}),
        ("/topics/<int:id>", {"id": "no number"}),
    ],
)
def test_addresses_are_built_as_ever_but_not_before_one_is_asked_for(
    rule: str, values: dict[str, Any]
) -> None:
    """Also from the cache, and with and without a query string."""
    late, ordinary = (Map([kind(rule, endpoint="x")]) for kind in (LateRule, Rule))
    assert not compiled_builders(late)
    for _time in range(2):
        for append_unknown in (True, False):
            assert built(late, values, append_unknown) == built(ordinary, values, append_unknown)
    assert compiled_builders(late) == 2


def compiled_builders(rules: Map) -> int:
    (rule,) = rules.iter_rules()
    return sum(part.__name__.startswith("<builder") for part in (rule._build, rule._build_unknown))


def built(rules: Map, values: dict[str, Any], append_unknown: bool) -> Any:
    """The address that a map of routes builds, or the class of its error."""
    try:
        return rules.bind("localhost").build("x", values, append_unknown=append_unknown)
    except Exception as error:
        return type(error)
