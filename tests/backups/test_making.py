"""Backups are complete, say what they hold, and replace nothing but backups."""

from __future__ import annotations

import os
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.markup import write
from forum.members.models import Member
from forum.members.queries import get_portrait, mark_data
from forum.permissions import VISITOR
from forum.pictures.models import PictureFile
from forum.upkeep.commands._shared import without_secrets
from tests.backups.conftest import FACE, MARK, PICTURE, manifest_of
from tests.forums import Forum, MakeForum


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
    assert without_secrets(make_url(address)) == shown


def test_a_place_that_is_not_there_is_said(source: Forum, tmp_path: Path) -> None:
    result = source.run("backup", tmp_path / "nowhere" / "forum.backup")
    words = (
        f"Error: There is no folder {tmp_path / 'nowhere'}. "
        "Make it first, and let the user that runs the forum write there.\n"
    )
    assert result.exit_code == 1 and result.output.endswith(words), result.output


def test_a_place_is_said_with_its_whole_path(
    source: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types `interurban backup x` does not know in which folder that looks."""
    monkeypatch.chdir(tmp_path)
    made = source.run("backup", "forum.backup")
    assert made.exit_code == 0 and f"{tmp_path}/forum.backup: " in made.output, made.output
    refused = source.run("backup", "nowhere/forum.backup")
    assert f"Error: There is no folder {tmp_path}/nowhere." in refused.output, refused.output


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


def test_a_backup_takes_the_place_of_no_file_of_the_forum(source: Forum, tmp_path: Path) -> None:
    """Whoever names the database as TARGET would have the backup instead of it, and a server that writes to nowhere."""
    link = tmp_path / "link"
    link.symlink_to(source.data)
    own = [source.data / "secret-key", link / "secret-key", source.data / "forum.sqlite-wal"]
    if source.url.startswith("sqlite"):
        own.append(Path(make_url(source.url).database or ""))
    before = [file.read_bytes() if file.exists() else None for file in own]
    for file in own:
        refused = source.run("backup", file)
        words = f"Error: {file} is a file of the forum itself. Name another one.\n"
        assert (refused.exit_code, refused.output) == (1, words)
    assert [file.read_bytes() if file.exists() else None for file in own] == before


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
