"""Alembic is loaded only for migrations; the revisions are known without it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask

from forum import migrating
from forum.members.actions import found_federation
from forum.permissions import SYSTEM
from tests.forums import forums

TOP = Path(__file__).parent.parent


def test_the_revisions_are_those_that_alembic_finds() -> None:
    scripts = ScriptDirectory(str(migrating.FOLDER))
    assert migrating.revisions.__wrapped__() == (
        frozenset(scripts.get_heads()),
        frozenset(script.revision for script in scripts.walk_revisions()),
    )


def test_a_revision_that_joins_two_follows_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "versions"
    folder.mkdir()
    for name, follows in (("1", None), ("2a", "1"), ("2b", "1"), ("3", ("2a", "2b"))):
        said = f"revision = {name!r}\ndown_revision = {follows!r}\n"
        folder.joinpath(f"{name}.py").write_text(said)
    monkeypatch.setattr(migrating, "FOLDER", tmp_path)
    assert migrating.revisions.__wrapped__() == ({"3"}, {"1", "2a", "2b", "3"})


def test_the_commands_are_those_of_flask_migrate(migrated_app: Flask) -> None:
    runner = migrated_app.test_cli_runner()
    assert "Perform database migrations" in runner.invoke(args=["--help"]).output
    assert "upgrade" in runner.invoke(args=["db", "--help"]).output
    assert runner.invoke(args=["db", "heads"]).exit_code == 0
    assert runner.invoke(args=["db", "nonsense"]).exit_code == 2


def test_an_upgrade_says_what_it_did(tmp_path: Path) -> None:
    """Without the message, somebody who upgraded another database by mistake would not notice."""
    environment = {"FORUM_DATA": str(tmp_path), "FORUM_LOG": "off", "PATH": ""}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    (head,) = migrating.revisions()[0]
    for words in (
        f"The database is upgraded: from nothing to {head}.\n",
        f"The database is at {head} already. Nothing was done.\n",
    ):
        ended = subprocess.run(
            command,
            cwd=TOP,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert ended.stdout == words


@pytest.mark.parametrize("is_demo", [False, True])
def test_no_upgrade_of_a_demo_changes_a_real_forum(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, is_demo: bool
) -> None:
    """FORUM_DEMO=1 beside the address of a real forum is a mistake, of which its rows would be the price."""
    with forums(database_url, tmp_path_factory) as make:
        forum = make("any", is_demo=True)
        assert forum.run("db", "upgrade").exit_code == 0  # it is empty
        with forum.app.app_context():
            found_federation(SYSTEM, "Interurban", is_demo=is_demo)
        done = forum.run("db", "upgrade")
        assert ("Nothing was done" in done.output) is is_demo
        if not is_demo:
            assert done.exit_code == 1
            assert "This database is a real forum, and FORUM_DEMO=1 means the demo." in done.output
            forum.app.extensions["settings"] = replace(
                forum.app.extensions["settings"], is_demo=False
            )
            assert "Nothing was done" in forum.run("db", "upgrade").output


def test_no_page_loads_alembic_or_the_commands(tmp_path: Path) -> None:
    """The test requests a page in a separate process."""
    script = (
        "import sys; from wsgi import app; from forum.upkeep.queries import schema_problem\n"
        "with app.app_context(): assert 'empty' in schema_problem()\n"
        "assert app.test_client().get('/').status_code == 503\n"
        "others = {'alembic', 'flask_migrate', 'psycopg', 'segno', 'tarfile', 'forum.commands'}\n"
        "loaded = others & sys.modules.keys(), {name for name in sys.modules if '.commands' in name}\n"
        "assert loaded == (set(), set()), loaded"
    )
    environment = {"FORUM_DATA": str(tmp_path), "FORUM_LOG": "off", "PATH": ""}
    made = subprocess.run(
        [sys.executable, "-c", script],
        cwd=TOP,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr.decode()
