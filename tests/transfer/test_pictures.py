"""Pictures and files in content files: how they are exported, and what is accepted as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Post
from forum.errors import Invalid
from forum.illustrations import USED
from forum.library.models import Case
from forum.markup import write
from forum.members.models import Member
from forum.permissions import SYSTEM, VISITOR
from forum.pictures import actions as pictures
from forum.pictures.models import Picture, PictureFile
from forum.pictures.queries import get_picture, portions_of
from forum.shrinking import take
from forum.transfer import queries
from forum.transfer.commands import _pictures
from forum.transfer.forms import compare_pictures, picture_name, pictures_listed
from tests.pictures.conftest import added, added_file
from tests.samples_of_files import CSV, PDF
from tests.samples_of_pictures import picture as some_bytes
from tests.transfer.conftest import GOOD

Run = Callable[..., Result]
NAME, OTHER = f"{'a' * 24}-40x30", f"{'b' * 24}-900x90"
SHOWING = GOOD.replace("Ask the parks.", f"Ask the parks.\n\n![A tree](/pictures/{NAME}.webp)")
SHOWING = SHOWING.replace("Second paragraph.", f"Second.\n\n![Trees](/pictures/{OTHER}.webp)")
PDF_NAME, CSV_NAME = f"{'a' * 24}-{len(PDF)}.pdf", f"{'b' * 24}-{len(CSV)}.csv"
LINKING = GOOD.replace("Ask the parks.", f"Ask the parks.\n\n[The kerb](/files/{PDF_NAME})")
LINKING = LINKING.replace("Second paragraph.", f"Second, [trees](/files/{CSV_NAME}).")
WITH_FILES = f"{LINKING}\n## Files\n### {PDF_NAME}\n- by: ben-okoth\n- saved as: Kerb/plan.pdf\n\n### {CSV_NAME}\n- by: mona-berg\n"
LISTED = f"{SHOWING}\n## Pictures\n### {NAME}\n- by: ben-okoth\n\n### {OTHER}\n- by: mona-berg\n"


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with pictures beside it."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / picture_name(NAME)).write_bytes(some_bytes("WEBP"))
    (tmp_path / picture_name(OTHER)).write_bytes(some_bytes("WEBP", (900, 90)))
    (tmp_path / "agenda.md").write_text(LISTED)
    return tmp_path / "agenda.md"


@pytest.fixture
def with_files(tmp_path: Path) -> Path:
    """A content file with files beside it."""
    (tmp_path / "files").mkdir()
    (tmp_path / picture_name(PDF_NAME)).write_bytes(PDF)
    (tmp_path / picture_name(CSV_NAME)).write_bytes(CSV)
    (tmp_path / "agenda.md").write_text(WITH_FILES)
    return tmp_path / "agenda.md"


def stored() -> dict[str, str]:
    """The owners of pictures, by the name of the picture."""
    found = select(Picture.name, Member.handle).join(Picture.member)
    return dict(db.session.execute(found).all())


def test_pictures_are_loaded_with_the_texts_that_show_them(
    run: Run, people: Any, file: Path
) -> None:
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.exit_code == 0, done.output
    assert stored() == {NAME: "ben-okoth", OTHER: "mona-berg"}
    for name in (NAME, OTHER):
        assert get_picture(VISITOR, name).used_at
    versions = db.session.scalars(select(PictureFile.version).order_by(PictureFile.version)).all()
    assert versions == ["small", "whole", "whole"]
    data = db.session.scalars(select(PictureFile.data)).all()
    assert (file.parent / picture_name(NAME)).read_bytes() in data, "no byte is changed"


def test_a_linked_picture_is_exported_and_comes_back(
    run: Run, people: Any, agenda: Agenda, file: Path, tmp_path: Path
) -> None:
    plan = added(people.ana)
    words = f"[the plan]({plan.address}{USED})"
    dialogue.open_topic(people.ana, agenda.id, NewTopic("experience", "Lanes", write(words)))
    assert run("export", tmp_path / "out").exit_code == 0
    assert f"{plan.name}.webp" in {
        picture.name for picture in (tmp_path / "out" / "pictures").iterdir()
    }
    assert words in (tmp_path / "out" / f"dialogue-{agenda.slug}.md").read_text()
    file.write_text(
        LISTED.replace("![A tree]", "[A tree]").replace(f"{NAME}.webp", f"{NAME}.webp{USED}")
    )
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.exit_code == 0, done.output
    assert get_picture(VISITOR, NAME).used_at


def test_a_check_counts_them_and_keeps_none(run: Run, people: Any, file: Path) -> None:
    done = run("import-agenda", "--check", file)
    assert done.exit_code == 0 and "  2 pictures\n" in done.output, done.output
    assert stored() == {}


def test_one_that_is_there_already_stays_whose_it_is(
    run: Run, people: Any, file: Path, agenda: Agenda
) -> None:
    made = take(NAME, some_bytes("WEBP"))
    assert made
    pictures.import_picture(SYSTEM, people.ana.id, made)
    assert run("import-agenda", file).exit_code == 0
    assert stored()[NAME] == "ana-prado"


@pytest.mark.parametrize(
    ("wrong", "where", "says"),
    [
        (SHOWING, "![A tree]", f"list the picture {NAME} below “## Pictures”"),
        (SHOWING, "![Trees]", f"list the picture {OTHER} below “## Pictures”"),
        (LISTED.replace("![A tree]", "[A tree]"), f"### {NAME}", "no text of this file shows"),
        (LISTED.replace("- by: ben-okoth\n\n### b", "\n### b"), f"### {NAME}", "needs the field “- by"),
        (LISTED.replace("- by: mona-berg", "- by: nobody"), "- by: nobody", "no member has the handle"),
        (LISTED.replace(f"### {NAME}", "### a tree"), "### a tree", "is no name of a picture"),
        (LISTED.replace(f"### {NAME}", "### ../../a"), "### ../../a", "is no name of a picture"),
        (f"{LISTED}\n### {NAME}\n- by: ana-prado\n", f"### {NAME}\n- by: ana", "is listed twice"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_list_is_told_with_its_line(
    run: Run, people: Any, file: Path, wrong: str, where: str, says: str
) -> None:
    file.write_text(wrong)
    line = 1 + wrong[: wrong.index(where)].count("\n")
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.exit_code == 1
    told = [said for said in done.output.splitlines() if said.startswith(f"{file}:{line}: ")]
    assert any(says in said for said in told), done.output
    assert stored() == {} and queries.agenda_by_slug("green") is None


NO_FILES: dict[str, Callable[[Path], object]] = {
    "is not there": Path.unlink,
    "is no WebP file as an export has it": lambda path: path.write_bytes(some_bytes("JPEG")),
    "of the size that its name says": lambda path: path.write_bytes(some_bytes("WEBP", (41, 30))),
    "is no WebP file": lambda path: path.write_bytes(b"<script>"),
}


@pytest.mark.parametrize(("says", "damage"), NO_FILES.items(), ids=NO_FILES)
def test_a_file_that_is_no_picture_is_told_with_all_other_mistakes(
    run: Run, people: Any, file: Path, says: str, damage: Callable[[Path], object]
) -> None:
    damage(file.parent / picture_name(NAME))
    wrong = LISTED.replace("- palette: park", "- palette: green")
    file.write_text(wrong)
    line = 1 + wrong[: wrong.index(f"### {NAME}")].count("\n")
    done = run("import-agenda", file)
    assert f"{file}:{line}: {picture_name(NAME)} is" in done.output and says in done.output
    assert "2 things to mend; nothing was loaded." in done.output
    assert stored() == {}


def test_a_file_that_is_far_too_large_is_not_read(
    run: Run, people: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pictures, "MAX_BYTES", 10)
    assert f"{picture_name(NAME)} is no WebP file" in run("import-agenda", file).output


def test_no_link_leads_to_another_file_of_this_machine(
    run: Run, people: Any, with_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = tmp_path_factory.mktemp("server") / "secret-key"
    own = with_files.parent / "own.csv"
    listed = with_files.parent / picture_name(CSV_NAME)
    for place in (key, own):
        place.write_bytes(CSV)
        listed.unlink()
        listed.symlink_to(place)
        done = run("import-agenda", with_files)
        assert (f"{picture_name(CSV_NAME)} is a link to a place outside" in done.output) == (
            place == key
        ), done.output
        assert (CSV_NAME in stored()) == (place == own)


# Folders


def test_a_folder_has_all_pictures_that_are_listed_and_no_others() -> None:
    listed = set(pictures_listed([*LISTED.splitlines(), f"### {'c' * 24}-1x1"]))
    assert listed == {NAME, OTHER, f"{'c' * 24}-1x1"}
    assert not set(pictures_listed(["## Dialogue", f"### {NAME}"]))
    assert [*pictures_listed(WITH_FILES.splitlines())] == [PDF_NAME, CSV_NAME]
    listed |= {PDF_NAME}
    files = [picture_name(name) for name in listed]
    compare_pictures(files, listed)
    for names, words in (
        (files[1:], f"Parts of the export are missing: {files[0]}."),
        ([*files, f"pictures/{'d' * 24}-1x1.webp"], f"No file says whose these are, take them out: pictures/{'d' * 24}"),
        ([*files, f"files/{CSV_NAME}"], f"No file says whose these are, take them out: files/{CSV_NAME}"),
        ([*files, "pictures/copy of a.webp"], "No export has files of these names, take them out: pictures/copy"),
        ([*files, "files/a.html"], "No export has files of these names, take them out: files/a.html"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            compare_pictures(names, listed)
        assert refused.value.message.startswith(words)


def test_a_folder_without_a_picture_is_refused_before_anything_is_loaded(
    run: Run, people: Any, file: Path
) -> None:
    (file.parent / "people.md").write_text("# Organisations\n\n# Members\n")
    file.rename(file.parent / "agenda-green.md")
    (file.parent / picture_name(OTHER)).unlink()
    done = run("import", file.parent)
    assert done.exit_code == 1 and queries.agenda_by_slug("green") is None
    assert f"Parts of the export are missing: {picture_name(OTHER)}." in done.output


# Exports


def test_an_export_says_whose_pictures_its_texts_show(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    shown, gone, begun = (added(people.ana) for _number in range(3))
    words = f"![A lane]({shown.address}) ![it]({gone.address})\n\n[it]({begun.address})"
    topic = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("experience", "Lanes", write(words))
    )
    dialogue.reply(people.ben, topic.id, write(f"> ![it]({shown.address})\n\nNice."))
    pictures.delete_picture(people.ana, gone.id)
    done = run("export", tmp_path / "out")
    assert done.exit_code == 0 and ", 1 picture into" in done.output, done.output
    found = (tmp_path / "out" / f"dialogue-{agenda.slug}.md").read_text()
    assert found.endswith(f"## Pictures\n\n### {shown.name}\n- by: ana-prado\n\n")
    assert f"![A lane]({shown.address})" in found and f"> ![it]({shown.address})" in found
    assert f"![it](http://localhost{gone.address})" in found
    assert f"[it](http://localhost{begun.address})" in found
    folder = tmp_path / "out" / "pictures"
    assert [path.name for path in folder.iterdir()] == [f"{shown.name}.webp"]
    assert (
        folder.stat().st_mode & 0o777,
        (folder / f"{shown.name}.webp").stat().st_mode & 0o777,
    ) == (0o700, 0o600)
    assert "in the folder `pictures`" in (tmp_path / "out" / "README.md").read_text()


def test_without_pictures_there_is_no_folder(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    dialogue.open_topic(people.ana, agenda.id, NewTopic("experience", "Lanes", write("Wide.")))
    assert run("export", tmp_path / "out").exit_code == 0
    assert not (tmp_path / "out" / "pictures").exists()
    assert "pictures" not in (tmp_path / "out" / "README.md").read_text()


def test_pictures_are_looked_up_for_many_texts_at_once(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, queries: Any
) -> None:
    numbers = []
    for times in (1, 9):
        for _number in range(times):
            shown = f"![A lane]({added(people.ana).address})"
            for _again in range(2):
                new = NewTopic("experience", "Lanes", write(shown))
                dialogue.open_topic(people.ana, agenda.id, new)
        with queries() as made:
            assert run("export", tmp_path / str(times)).exit_code == 0
        numbers.append(made.count)
    assert numbers[1] - numbers[0] == 9, "one for each picture, since it is large"


# Files


def test_files_are_loaded_with_the_texts_that_link_to_them(
    run: Run, people: Any, with_files: Path
) -> None:
    checked = run("import-agenda", "--check", with_files)
    assert "  2 files\n" in checked.output and stored() == {}
    done = run("import-agenda", with_files, "--by", "mona-berg")
    assert done.exit_code == 0, done.output
    assert stored() == {PDF_NAME: "ben-okoth", CSV_NAME: "mona-berg"}
    kept = {name: get_picture(VISITOR, name) for name in (PDF_NAME, CSV_NAME)}
    assert [picture.title for picture in kept.values()] == ["plan.pdf", "file.csv"]
    for name, data in ((PDF_NAME, PDF), (CSV_NAME, CSV)):
        assert b"".join(portions_of(kept[name].id, 0, len(data))) == data


@pytest.mark.parametrize(
    ("wrong", "where", "says"),
    [
        (LINKING, "[The kerb]", f"list the file {PDF_NAME} below “## Files”"),
        (WITH_FILES.replace("[The kerb]", "![The kerb]"), f"### {PDF_NAME}", "no text of this file shows the file"),
        (WITH_FILES.replace(f"### {PDF_NAME}", "### a.pdf"), "### a.pdf", "is no name of a file"),
        (WITH_FILES.replace(f"### {PDF_NAME}", "### ../../a.pdf"), "### ../../a.pdf", "is no name of a file"),
        (f"{WITH_FILES}\n### {CSV_NAME}\n- by: ana-prado\n", f"### {CSV_NAME}\n- by: ana", "the file {CSV_NAME} is listed twice"),
        (WITH_FILES.replace("- by: mona-berg", "- by: nobody"), "- by: nobody", "no member has the handle"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_list_of_files_is_told_with_its_line(
    run: Run, people: Any, with_files: Path, wrong: str, where: str, says: str
) -> None:
    test_a_mistake_in_the_list_is_told_with_its_line(
        run, people, with_files, wrong, where, says.replace("{CSV_NAME}", CSV_NAME)
    )


@pytest.mark.parametrize(
    ("pasted", "source"),
    [
        ("http://localhost{0}", "[Kerb/plan]({0})"),
        ("<HTTP://LOCALHOST{0}>", "[Kerb/plan]({0})"),
        ("[The kerb](http://localhost{0})", "[The kerb]({0})"),
        ("[The kerb](<http://localhost{0}>)", "[The kerb](<{0}>)"),
    ],
)
def test_a_text_uses_its_files_by_their_whole_addresses(
    run: Run, people: Any, with_files: Path, pasted: str, source: str
) -> None:
    address = f"/files/{PDF_NAME}"
    content = WITH_FILES.replace(f"[The kerb]({address})", pasted.format(address))
    content = content.replace(f"[trees](/files/{CSV_NAME})", f"http://localhost/files/{CSV_NAME}")
    with_files.write_text(content)
    done = run("import-agenda", with_files, "--by", "mona-berg")
    assert done.exit_code == 0, done.output
    reply = db.session.query(Post).filter(Post.source.contains(PDF_NAME)).one()
    assert reply.source.endswith(source.format(address)) and '<a class="file"' in reply.html
    case = db.session.query(Case).filter(Case.body.contains(CSV_NAME)).one()
    assert f"Second, [http://localhost/files/{CSV_NAME}](/files/{CSV_NAME})." in case.body
    assert all(get_picture(VISITOR, name).used_at for name in (PDF_NAME, CSV_NAME))


def test_a_picture_is_used_by_its_whole_address(run: Run, people: Any, file: Path) -> None:
    content = LISTED.replace("![A tree](", "![A tree](http://localhost")
    file.write_text(
        content.replace(f"![Trees](/pictures/{OTHER}", f"[Trees](http://localhost/pictures/{OTHER}")
    )
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.exit_code == 0, done.output
    assert db.session.query(Post).filter(Post.html.contains(f'<img src="/pictures/{NAME}')).one()
    case = db.session.query(Case).filter(Case.body.contains(OTHER)).one()
    assert f"[Trees](/pictures/{OTHER}.webp{USED})" in case.body


def test_the_address_of_what_is_not_listed_as_the_authors_stays_an_ordinary_link(
    run: Run, people: Any, with_files: Path
) -> None:
    """Of a file that the forum has, and of one that the content file lists as somebody else's."""
    unlisted = added_file(people.ben)
    words = f"http://localhost{unlisted.address} http://localhost/files/{CSV_NAME}"
    with_files.write_text(WITH_FILES.replace("[The kerb]", f"{words} [The kerb]"))
    done = run("import-agenda", with_files, "--by", "mona-berg")
    assert done.exit_code == 0, done.output
    reply = db.session.query(Post).filter(Post.source.contains(PDF_NAME)).one()
    assert words in reply.source and reply.html.count('<a class="file"') == 1
    assert not db.session.get(Picture, unlisted.id).used_at


@pytest.mark.parametrize("data", [PDF[:-1], b"<script>".ljust(len(PDF)), None])
def test_what_is_no_such_file_is_told_with_its_line(
    run: Run, people: Any, with_files: Path, data: bytes | None
) -> None:
    path = with_files.parent / picture_name(PDF_NAME)
    path.unlink()
    if data:
        path.write_bytes(data)
    line = 1 + WITH_FILES[: WITH_FILES.index(f"### {PDF_NAME}")].count("\n")
    done = run("import-agenda", with_files)
    says = "is no file as an export has it" if data else "is not there"
    assert f"{with_files}:{line}: {picture_name(PDF_NAME)} {says}" in done.output
    assert done.exit_code == 1 and stored() == {}


def test_an_export_has_the_files_to_which_its_texts_link(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    data = PDF + b" " * 600_000
    linked, hidden = added_file(people.ana, data, "Kerb plan.pdf"), added_file(people.ana)
    words = f"{linked.line('The kerb')} ![A lane]({added(people.ana).address})"
    topic = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("experience", "Lanes", write(words))
    )
    post = dialogue.reply(people.ana, topic.id, write(hidden.line("Not for all")))
    dialogue.reply(people.ben, topic.id, write(f"> {hidden.line('Quoted')}\n\nNice."))
    dialogue.hide(people.moderator, post.id, "Rule 2")
    done = run("export", tmp_path / "out")
    assert ", 1 picture, 1 file into" in done.output, done.output
    found = (tmp_path / "out" / f"dialogue-{agenda.slug}.md").read_text()
    assert found.endswith(
        f"\n## Files\n\n### {linked.name}\n- by: ana-prado\n- saved as: Kerb plan.pdf\n\n"
    )
    assert f"[The kerb]({linked.address})" in found
    assert f"> [Quoted](http://localhost{hidden.address})" in found
    folder = tmp_path / "out" / "files"
    assert [path.name for path in folder.iterdir()] == [linked.name]
    assert (folder / linked.name).read_bytes() == data
    assert "in the folder `files`" in (tmp_path / "out" / "README.md").read_text()
