"""The tests that a change is likely to break, as `make affected` chooses them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from grimp import ImportGraph, build_graph

TOP = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def program() -> ModuleType:
    found = importlib.util.spec_from_file_location("affected", TOP / ".ci" / "affected.py")
    assert found and found.loader
    loaded = importlib.util.module_from_spec(found)
    found.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return build_graph("forum", cache_dir=None)


ALWAYS = {"tests/test_house.py", "tests/test_permissions.py", "tests/test_docs.py"}


@pytest.mark.parametrize(
    "changed, chosen",
    [
        ([], set()),
        (["README.md", "static/style.css"], set()),
        (["templates/moderation/decide.html"], {"tests/moderation"}),
        (["templates/layout.html"], set()),
        (["migrations/versions/0001_first.py"], {"tests/migrations"}),
        (["forum/translations/fr/LC_MESSAGES/messages.po"], {"tests/test_locales.py"}),
        (["tests/dialogue/test_slow.py"], {"tests/dialogue/test_slow.py"}),
        (["tests/dialogue/conftest.py"], {"tests/dialogue"}),
        (["tests/dialogue/test_that_is_gone.py"], set()),
    ],
)
def test_a_file_stands_for_the_tests_of_its_room(
    program: ModuleType, graph: ImportGraph, changed: list[str], chosen: set[str]
) -> None:
    assert program.affected(changed, graph) == ALWAYS | chosen


def test_a_module_stands_for_its_users_too(program: ModuleType, graph: ImportGraph) -> None:
    chosen = program.affected(["forum/library/queries/__init__.py"], graph)
    assert {"tests/library", "tests/front", "tests/parallels"} <= chosen
    assert "tests/webhooks" not in chosen  # which knows nothing of the library
    (own,) = program.affected(["forum/library/queries/practices.py"], graph) - ALWAYS
    assert own == "tests/library"


def test_a_tool_has_a_file_of_tests_or_a_folder(program: ModuleType, graph: ImportGraph) -> None:
    assert "tests/test_emails.py" in program.affected(["forum/emails.py"], graph)
    assert "tests/pagecache" in program.affected(["forum/pagecache.py"], graph)


def test_what_helps_tests_stands_for_those_that_use_it(
    program: ModuleType, graph: ImportGraph
) -> None:
    chosen = program.affected(["tests/world.py"], graph)
    assert {"tests/test_links.py", "tests/pictures/test_removed.py"} <= chosen


@pytest.mark.parametrize("changed", ["tests/conftest.py", "pyproject.toml"])
def test_what_all_tests_need_stands_for_all(
    program: ModuleType, graph: ImportGraph, changed: str
) -> None:
    assert program.affected(["forum/emails.py", changed], graph) == {"tests"}


MERGE_BASE = ("merge-base", "HEAD", "main")
UNTRACKED = ("ls-files", "--others", "--exclude-standard")


@pytest.mark.parametrize(
    "told, changed",
    [
        # A branch: what it has beside main, committed or not
        (
            {MERGE_BASE: ["abc"], ("diff", "--name-only", "abc"): ["a.py"], UNTRACKED: ["b.py"]},
            ["a.py", "b.py"],
        ),
        # Main itself, with nothing that is not committed: the last commit
        ({MERGE_BASE: ["abc"], ("diff", "--name-only", "HEAD~1"): ["c.py"]}, ["c.py"]),
        # A clone without a branch of this name
        ({("diff", "--name-only", "HEAD"): ["d.py"]}, ["d.py"]),
    ],
)
def test_what_is_changed_is_what_main_does_not_have(
    program: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[tuple[str, ...], list[str]],
    changed: list[str],
) -> None:
    monkeypatch.setattr(program, "_git", lambda *words: told.get(words, []))
    assert program.changed_files() == changed


def test_git_is_asked(program: ModuleType) -> None:
    assert program._git("rev-parse", "--is-inside-work-tree") in (["true"], [])
    assert program._git("merge-base", "HEAD", "no-such-branch") == []
