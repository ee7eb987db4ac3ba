"""Pictures of members in exports: written beside the people file, loaded with it, and refused when they are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from forum.db import db
from forum.members import actions as members
from forum.members.actions import PORTRAIT_SIZE
from forum.members.models import Member, Portrait
from forum.permissions import SYSTEM, VISITOR
from forum.shrinking import shrink
from tests.forums import Forum, MakeForum, forums
from tests.samples_of_pictures import picture

NAME = f"{'a' * 24}-30x30"
FACE = picture("WEBP", (30, 30))
PEOPLE = f"# Members\n\n## Ana Prado\n- handle: ana\n- portrait: {NAME}\n"

NO_WEBP = "is no WebP file as an export has it"
NO_PORTRAITS = {
    "nothing": (None, PEOPLE, "is not there"),
    "words": (b"a face", PEOPLE, NO_WEBP),
    "another kind": (picture("JPEG", (30, 30)), PEOPLE, NO_WEBP),
    "no square": (picture("WEBP", (30, 20)), PEOPLE, NO_WEBP),
    "another size": (picture("WEBP", (40, 40)), PEOPLE, NO_WEBP),
    "named as no square": (FACE, PEOPLE.replace("30x30", "30x20"), "of a square picture"),
    "another place": (FACE, PEOPLE.replace(NAME, "../../key"), "of a square picture"),
    "named twice": (
        FACE,
        f"{PEOPLE}\n## Ben\n- handle: ben\n- portrait: {NAME}\n",
        "of “Ana Prado” already",
    ),
}


@pytest.fixture(scope="module")
def made(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeForum]:
    with forums(database_url, tmp_path_factory) as make:
        yield make


def founded(made: MakeForum, name: str) -> Forum:
    """A forum with an administrator, who has to load something."""
    forum = made(name, has_tables=True)
    with forum.app.app_context():
        members.found_federation(SYSTEM, "Ours")
        boss = members.join(VISITOR, members.Joining("Adam", "adam@example.org", "-"))
        members.appoint(SYSTEM, boss.handle, "administrator")
    return forum


@pytest.fixture(scope="module")
def empty(made: MakeForum) -> Forum:
    """A forum into which nothing is loaded."""
    return founded(made, "empty")


def join(name: str, **how: Any) -> Member:
    member = members.join(VISITOR, members.Joining(name, f"{name}@example.org", "-"))
    made = shrink(picture("JPEG", (500, 300)), PORTRAIT_SIZE, is_square=True)
    members.edit_profile(member, members.Profile(name, portrait=made))
    return member


def kept(forum: Forum) -> dict[str, bytes]:
    """The pictures of members, by handle."""
    with forum.app.app_context():
        shown = select(Member.handle, Portrait.data).where(Portrait.name == Member.portrait)
        return dict(db.session.execute(shown.join(Portrait)).all())  # type: ignore[arg-type]


def test_pictures_of_members_go_out_and_come_back_byte_for_byte(
    made: MakeForum, tmp_path: Path
) -> None:
    forum, other = founded(made, "first"), founded(made, "second")
    with forum.app.app_context():
        join("Ana"), join("Ben")
        members.hide_profile(SYSTEM, join("Chitra").id)
    told = forum.run("export", tmp_path / "out")
    assert told.exit_code == 0 and "2 portraits" in told.output, told.output
    files = sorted((tmp_path / "out" / "portraits").iterdir())
    assert len(files) == 2 and all(file.stat().st_mode & 0o77 == 0 for file in files)
    people = (tmp_path / "out" / "people.md").read_text()
    assert all(f"- portrait: {file.stem}\n" in people for file in files)
    assert "in the folder `portraits`" in (tmp_path / "out" / "README.md").read_text()
    before = kept(forum)
    assert other.run("import", tmp_path / "out").exit_code == 0
    assert kept(other) == {name: before[name] for name in ("ana", "ben")}
    assert sorted(file.read_bytes() for file in files) == sorted(kept(other).values())


@pytest.mark.parametrize("why", NO_PORTRAITS)
def test_what_is_no_picture_of_a_member_is_refused_with_its_line_and_nothing_is_loaded(
    empty: Forum, tmp_path: Path, why: str
) -> None:
    data, people, sentence = NO_PORTRAITS[why]
    (tmp_path / "portraits").mkdir()
    if data is not None:
        (tmp_path / "portraits" / f"{NAME}.webp").write_bytes(data)
    (tmp_path / "people.md").write_text(people)
    told = empty.run("import", tmp_path)
    assert told.exit_code == 1 and sentence in told.output and "people.md:" in told.output, (
        told.output
    )
    assert kept(empty) == {}


def test_a_link_to_a_file_elsewhere_is_not_followed(empty: Forum, tmp_path: Path) -> None:
    (tmp_path / "face.webp").write_bytes(picture("WEBP", (30, 30)))
    folder = tmp_path / "in"
    (folder / "portraits").mkdir(parents=True)
    (folder / "portraits" / f"{NAME}.webp").symlink_to(tmp_path / "face.webp")
    (folder / "people.md").write_text(PEOPLE)
    told = empty.run("import", folder)
    assert told.exit_code == 1 and "outside the folder" in told.output, told.output
