"""What the tests of backups share."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.backups import make
from forum.copies import SqliteCopier
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members import actions as members
from forum.permissions import SYSTEM, VISITOR
from forum.pictures import actions as pictures
from forum.shrinking import Shrunk
from tests.forums import Forum, MakeForum, forums

PICTURE = bytes(range(256))
MARK = Shrunk(f"{8:024x}-256x64", PICTURE[::-1], b"")
FACE = Shrunk(f"{9:024x}-256x256", PICTURE[1:], b"")
TOP = Path(__file__).parents[2]


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


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A SQLite database without a forum."""
    path = tmp_path / "data.sqlite"
    with opened(path) as connection:
        connection.execute("CREATE TABLE words (word TEXT)")
        connection.execute("INSERT INTO words VALUES (?)", ["x" * 1_000_000])
    return path


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
