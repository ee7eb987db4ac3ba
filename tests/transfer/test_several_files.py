"""Several content files at once: the mistakes of all are told before one is loaded, and files may speak of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.db import db
from forum.errors import Refusal
from forum.members.queries import all_members
from forum.permissions import ANY_MEMBER
from forum.transfer import queries
from forum.transfer.actions import check_files
from forum.transfer.forms import read_agenda
from tests.everything import make_everything
from tests.transfer.conftest import GOOD, Elsewhere, Run, exported, line_of

# It names what only GOOD makes: the agenda, a theme, a case with its paragraphs and figures, a practice
MORE = """\
# More
- slug: green

## Practices

### Deeper pits
- slug: deeper-pits
- by: chitra-desai
- published on: 2026-10-03
- themes: trees
- adapted from: pits
- sentence: Dig deeper.

#### Challenge

Trees still died.

## Translations

### Une rue
- of: case a-street
- by: ben-okoth
- language: fr
- written on: 2026-10-20
- figure: Trees | trees | Arbres | arbres

Premier.

## Comments on case a-street

#### chitra-desai, 2026-10-04 09:00
- paragraph: 2

Which trees?
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    first.write_text(GOOD)
    second.write_text(MORE)
    return first, second


def test_a_file_may_name_what_a_file_before_it_makes(
    run: Run, people: Any, files: tuple[Path, Path]
) -> None:
    checked = run("import-agenda", "--check", *files)
    assert checked.exit_code == 0, checked.output
    assert checked.output.startswith("Nothing to mend. This would load the new agenda “Making")
    assert "\nThis would load more for the agenda “Making Cities Green”" in checked.output
    assert queries.agenda_by_slug("green") is None
    loaded = run("import-agenda", *files)
    assert loaded.exit_code == 0, loaded.output
    assert loaded.output == "Loaded “Making Cities Green”: /agendas/green\n" * 2
    assert queries.practices_by_slug(["deeper-pits"])


def test_no_file_may_name_what_a_file_after_it_makes(
    run: Run, people: Any, files: tuple[Path, Path]
) -> None:
    first, second = files
    done = run("import-agenda", second, first)
    assert done.exit_code == 1
    assert f"{second}:2: there is no agenda “green” to add to" in done.output
    assert f"{first}:" not in done.output and queries.agenda_by_slug("green") is None


def test_the_mistakes_of_all_files_are_told_and_none_is_loaded(
    run: Run, people: Any, files: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = files
    first.write_text(wrong := GOOD.replace("- palette: park", "- palette: green"))
    second.write_text(
        other := MORE.replace("- paragraph: 2", "- paragraph: 9").replace("by: ben", "by: bent")
    )
    third = tmp_path / "third.md"
    third.write_bytes(b"# A\n\n\xff\n")
    done = run("import-agenda", *files, third)
    told = done.output.splitlines()
    assert done.exit_code == 1 and len(told) == 5, done.output
    assert told[0].startswith(f"{first}:{line_of(wrong, '- palette')}: palette: write one of")
    assert told[1].startswith(f"{second}:{line_of(other, '- by: bent')}: no member has the handle")
    assert told[2] == f"{second}:{line_of(other, '- paragraph')}: the last paragraph is number 2"
    assert told[3:] == [
        f"{third}:3: this is not UTF-8",
        "Error: 4 things to mend; nothing was loaded.",
    ]
    assert queries.agenda_by_slug("green") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("slug: deeper-pits", "slug: pits", "there is a practice “pits” already"),
        ("from: pits", "from: holes", "there is no practice “holes”"),
        ("themes: trees", "themes: treess", "no theme is called “treess” (“trees” is)"),
        ("on case a-street", "on case another", "there is no case “another”"),
        ("figure: Trees | trees", "figure: Tries | trees", "“a-street” has no figure “Tries"),
        ("# More\n- slug: green", "# More\n- slug: greener", "there is no agenda “greener” to add"),
    ],
)
def test_what_no_file_before_makes_is_a_mistake(
    run: Run, people: Any, files: tuple[Path, Path], old: str, new: str, says: str
) -> None:
    assert old in MORE
    files[1].write_text(MORE.replace(old, new, 1))
    done = run("import-agenda", *files)
    assert done.exit_code == 1 and f"{files[1]}:" in done.output and says in done.output
    assert queries.agenda_by_slug("green") is None


def test_nothing_is_added_to_an_agenda_that_a_file_before_closes(
    run: Run, people: Any, files: tuple[Path, Path]
) -> None:
    files[0].write_text(GOOD.replace("- palette", "- archived: yes\n- palette", 1))
    done = run("import-agenda", *files)
    assert f"{files[1]}:2: the agenda “green” is archived" in done.output


def test_what_only_loading_finds_is_told_with_its_file_and_takes_all_files_back(
    run: Run, people: Any, files: tuple[Path, Path]
) -> None:
    topic = (
        "\n## Dialogue\n\n### Which trees live?\n- kind: question\n- by: chitra-desai\n"
        "- at: 2026-10-05 09:00\n- asked: ben-okoth | 2026-10-05 10:00 | passed on to chitra-desai\n\nSay.\n"
    )
    files[1].write_text(MORE + topic)
    for words in (["--check"], []):
        done = run("import-agenda", *words, *files)
        assert done.exit_code == 1 and f"{files[1]}:" in done.output, done.output
        assert "1 thing to mend; nothing was loaded." in done.output
        assert queries.agenda_by_slug("green") is None


def test_files_are_checked_for_moderators_only(people: Any) -> None:
    assert check_files(people.moderator, [("a", read_agenda(GOOD))]) == {}
    with pytest.raises(Refusal):
        check_files(ANY_MEMBER, [])  # type: ignore[arg-type]


@pytest.mark.thorough
def test_of_a_folder_the_mistakes_of_all_files_are_told_and_nothing_is_loaded(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    make_everything(people, agenda)
    exported(run, out := tmp_path / "out")
    kept = {file.name: file.read_text() for file in out.glob("*.md")}
    for name in ("people.md", "agenda-green.md", "dialogue-quieter.md"):
        (out / name).write_text(f"{kept[name]}\n#### Stray\n- odd: yes\n")
    (out / "expressions.md").write_text("# Glossaries\n")
    (out / "people.md").write_text(kept["people.md"].replace("- handle: ben", "- handles: ben", 1))
    with elsewhere() as make:
        forum = make()
        failed = forum.run("import", out)
        assert failed.exit_code == 1
        for name in ("people.md", "agenda-green.md", "dialogue-quieter.md", "expressions.md"):
            assert f"\n{name}:" in f"\n{failed.output}", failed.output
        assert "to mend; nothing was loaded." in failed.output
        with forum.app.app_context():
            assert [member.handle for member in all_members()] == ["zoe-setup"]
        for name, text in kept.items():
            (out / name).write_text(text)
        done = forum.run("import", out)
        assert done.exit_code == 0, done.output
        with forum.app.app_context():
            assert db.session.query(Agenda).count() == len(list(out.glob("agenda-*.md")))
