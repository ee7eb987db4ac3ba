"""The commands of the transfer room: what they load, print and refuse, and their exit codes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from forum.clock import at, now
from forum.columns import Base
from forum.db import db
from forum.dialogue.models import Topic
from forum.members.actions import Joining, found_federation, join, load_cities
from forum.members.commands import city_rows
from forum.members.models import Member
from forum.permissions import SYSTEM, VISITOR
from forum.transfer import queries
from forum.transfer.commands import demo as demo_command
from forum.transfer.commands._demo_steps import AGENDAS, DATA, END, content, weeks_later
from forum.transfer.forms import read_agenda
from forum.transfer.models import AgendaFile
from tests.forums import forums
from tests.transfer.conftest import GOOD

Run = Callable[..., Result]
TOP = Path(__file__).parents[2]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


def test_the_demo_wants_a_database_of_its_own(run: Run) -> None:
    done = run("demo")
    assert done.exit_code == 1
    assert "Set FORUM_DEMO=1" in done.output


def test_the_demo_does_not_go_into_a_real_forum(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(app.extensions["settings"], is_demo=True)
    monkeypatch.setitem(app.extensions, "settings", settings)
    found_federation(SYSTEM, "A real forum")
    before = queries.counts()
    done = run("demo")
    assert done.exit_code == 1
    assert "This database is a real forum." in done.output
    assert queries.counts() == before
    assert not (settings.data / "demo-people.txt").exists()


def test_make_run_never_touches_the_database_of_a_real_forum(tmp_path: Path) -> None:
    """With the address of one in the environment it upgraded that before it refused."""
    stub = tmp_path / "flask"
    stub.write_text('#!/bin/sh\necho "$FORUM_DATABASE_URL|$FORUM_DEMO"\n')
    stub.chmod(0o755)
    real = {**os.environ, "FORUM_DATABASE_URL": f"sqlite:///{tmp_path}/real.sqlite"}
    words = ["make", "--no-print-directory", "-f", "Makefile", "-f", "-", f"BIN={tmp_path}", "ask"]
    asked = subprocess.run(
        words,
        cwd=TOP,
        env=real,
        input="ask:\n\t@$(DEMO)\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == "|1\n", asked.stderr


def test_a_demo_that_was_interrupted_is_loaded_anew(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C during the first `make run`, the second one loads the demo."""
    whole, named = demo_command.demo_steps, (DATA / "people.md").read_text()
    cities = [row for row in city_rows() if row[1] in named]

    def some(stop: bool) -> Callable[..., list[Callable[[], object]]]:
        def steps(hashes: dict[str, str]) -> list[Callable[[], object]]:
            _all_cities, people, *_agendas, last = whole(hashes)
            return [lambda: load_cities(SYSTEM, cities), people, interrupt if stop else last]

        return steps

    def interrupt() -> None:
        raise KeyboardInterrupt

    with forums(database_url, tmp_path_factory) as make:
        demo = make("demo", has_tables=True, is_demo=True)
        for stop in (True, False):
            monkeypatch.setattr(demo_command, "demo_steps", some(stop))
            done = demo.run("demo")
            assert done.exit_code == (1 if stop else 0), done.output
        assert "Sign in with one of these" in done.output
        assert not (demo.data / "demo-begun").exists()
        with demo.app.app_context():
            assert queries.counts()["members"] == 40

        other = make("other", has_tables=True, is_demo=True)
        with other.app.app_context():
            join(VISITOR, Joining("Ana", "ana@example.org", "-"))
        refused = other.run("demo")
        assert refused.exit_code == 1 and "This database is not empty." in refused.output


def test_a_demo_that_is_being_loaded_is_left_alone(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second `make run` emptied the database below the first one, which was still loading."""
    second: list[Result] = []

    def one_member(hashes: dict[str, str]) -> list[Callable[[], object]]:
        joining = Joining("Ana", "ana@example.org", hashes[""])
        start_again = lambda: second or second.append(demo.run("demo"))  # noqa: E731
        last = lambda: found_federation(SYSTEM, "Demo", is_demo=True)  # noqa: E731
        return [lambda: join(VISITOR, joining), start_again, last]

    monkeypatch.setattr(demo_command, "demo_steps", one_member)
    with forums(database_url, tmp_path_factory) as make:
        demo = make("demo", has_tables=True, is_demo=True)
        first = demo.run("demo")
        assert second[0].exit_code == 1 and "under way" in second[0].output, second[0].output
        assert first.exit_code == 0, first.output
        with demo.app.app_context():
            assert queries.counts()["members"] == 1
        assert demo.run("demo").output == first.output.partition("\n")[2]
        assert (demo.data / "demo-people.txt").stat().st_mode & 0o777 == 0o600
        assert [path for path in demo.data.iterdir() if path.name.startswith(".demo")] == []


@pytest.mark.parametrize("days", [0, 6, 7, 100, 900])
def test_the_demo_ends_within_the_last_week(days: int) -> None:
    """All its moments move by whole weeks, but not the days of figures, and those on which somebody has looked at a link."""
    today = END + timedelta(days=days)
    with at(today):
        later = weeks_later()
        files = [_files(name, later) for name in AGENDAS]
    assert later == timedelta(days=days // 7 * 7)
    for (page, talk), (old_page, old_talk) in zip(
        files, [_files(name) for name in AGENDAS], strict=True
    ):
        assert not page.faults and not talk.faults
        assert moments(talk) == [moment + later for moment in moments(old_talk)]
        facts = [(case["checked_on"], case["figure"]) for case in page.cases]
        assert facts == [(case["checked_on"], case["figure"]) for case in old_page.cases]
        assert any(figures for _checked_on, figures in facts)
    last = max(max(moments(talk)) for _page, talk in files)
    assert today - timedelta(days=8) < last <= today


def test_the_demo_does_not_move_into_the_past() -> None:
    with at(END - timedelta(days=30)):
        assert weeks_later() == timedelta(0)


def _files(name: str, later: timedelta = timedelta(0)) -> list[AgendaFile]:
    """The page of an agenda and its dialogue."""
    return [read_agenda(content(f"{part}-{name}.md", later)) for part in ("agenda", "dialogue")]


def moments(file: AgendaFile) -> list[datetime]:
    return [values["at"] for values in file.texts]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "agenda.md"


def test_an_agenda_is_loaded_from_a_file(run: Run, people: Any, file: Path) -> None:
    file.write_text(GOOD)
    done = run("import-agenda", file, "--by", "mona-berg")
    assert (done.exit_code, done.output) == (
        0,
        "Loaded “Making Cities Green”: /agendas/green\n",
    )
    assert queries.agenda_by_slug("green")


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("- palette: park", "- palette: green", "- palette", "write one of"),
        ("by: ben-okoth", "by: nobody", "- by: nobody", "no member has the handle “nobody”"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    run: Run, people: Any, file: Path, old: str, new: str, where: str, says: str
) -> None:
    wrong = GOOD.replace(old, new, 1)
    file.write_text(wrong)
    line = 1 + wrong[: wrong.index(where)].count("\n")
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.exit_code == 1
    assert f"{file}:{line}: " in done.output and says in done.output
    assert "1 thing to mend; nothing was loaded." in done.output
    assert queries.agenda_by_slug("green") is None


def test_all_mistakes_are_told_at_once(run: Run, people: Any, file: Path) -> None:
    wrong = GOOD.replace("park", "green").replace("- year: 1961", "- year: x")
    file.write_text(wrong.replace("Nairobi, KE", "Atlantis, XX"))
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.output.count(f"{file}:") == 3
    assert "3 things to mend" in done.output


@pytest.mark.parametrize(
    ("by", "content", "says"),
    [
        ("nobody", GOOD.encode(), "No member has the handle “nobody”."),
        ("ana-prado", GOOD.encode(), "This is for moderators. Nothing was loaded."),
        ("mona-berg", b"# A\xff\n", "1 thing to mend; nothing was loaded."),
        ("mona-berg", b"# A\n\n\xff\n", "agenda.md:3: this is not UTF-8"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_sentence(
    run: Run, people: Any, file: Path, by: str, content: bytes, says: str
) -> None:
    file.write_bytes(content)
    done = run("import-agenda", file, "--by", by)
    assert (done.exit_code, queries.agenda_by_slug("green")) == (1, None)
    assert says in done.output


def test_a_mistake_quotes_no_commands_for_a_terminal_and_no_long_texts(
    run: Run, people: Any, tmp_path: Path
) -> None:
    file = tmp_path / "green.md"
    file.write_text(f"{GOOD}\n## \x9b31m red\u202e\n\n## {'long ' * 20_000}\n")
    done = run("import-agenda", file)
    assert done.exit_code == 1 and "“\ufffd31m red\ufffd” is none of: Findings" in done.output
    assert "\x9b" not in done.output and "long long" in done.output
    assert len(done.output) < 5_000


@pytest.mark.parametrize("content", ["", "\ufeff", "a", "#", "# ", "a\n\n## Statements\n"])
def test_a_file_without_an_agenda_is_one_thing_to_mend(
    run: Run, people: Any, file: Path, content: str
) -> None:
    file.write_text(content)
    done = run("import-agenda", file, "--check")
    assert done.output.splitlines() == [
        f"{file}:1: the file begins with “# Title of the agenda”",
        "Error: 1 thing to mend; nothing was loaded.",
    ]


def test_a_check_says_what_would_be_loaded_and_loads_nothing(
    run: Run, people: Any, file: Path
) -> None:
    file.write_text(GOOD)
    before = {table: rows_of(table) for table in Base.metadata.sorted_tables}
    done = run("import-agenda", "--check", file)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "Nothing to mend. This would load the new agenda “Making Cities Green”, /agendas/green:",
        *("  1 statement", "  1 case", "  1 practice", "  1 reading"),
        *("  1 topic", "  1 reply", "  1 comment"),
        "Nothing was loaded.",
    ]
    assert {table: rows_of(table) for table in before} == before
    assert run("import-agenda", file).exit_code == 0
    more = "# More\n- slug: green\n\n## Readings\n\n### A book\n- authors: Ana\n- year: 1999\n"
    file.write_text(more)
    done = run("import-agenda", "--check", file)
    assert "This would load more for the agenda “Making Cities Green”" in done.output
    assert done.output.splitlines()[1:] == ["  1 reading", "Nothing was loaded."]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("- palette: park", "- palette: green", "write one of"),
        ("- asked: adam-de-wit", "- asked: ana-of-nowhere", "no member has the handle"),
        # This fault is found only by the action itself
        ("passed on to mona-berg", "passed on to chitra-desai", "This is your own handle."),
    ],
)
def test_a_check_finds_what_the_loading_finds(
    run: Run, people: Any, file: Path, old: str, new: str, says: str
) -> None:
    file.write_text(GOOD.replace(old, new, 1))
    checked, loaded = (run("import-agenda", *words, file) for words in (["--check"], []))
    assert (checked.exit_code, checked.output) == (1, loaded.output)
    assert says in checked.output and queries.agenda_by_slug("green") is None


def rows_of(table: Any) -> list[Any]:
    return sorted(map(str, db.session.execute(select(table)).all()))


def test_without_a_name_an_administrator_answers_for_the_content(
    run: Run, people: Any, file: Path
) -> None:
    file.write_text(GOOD)
    done = run("import-agenda", file)
    assert (done.exit_code, done.output[:6]) == (0, "Loaded")
    case = db.session.scalars(select(Topic).where(Topic.kind == "case")).first()
    assert case is not None and case.author_id == people.administrator.id


def test_before_the_setup_there_is_nobody_to_answer_for_the_content(run: Run, file: Path) -> None:
    file.write_text(GOOD)
    done = run("import-agenda", file)
    assert done.exit_code == 1 and "Run `flask setup` first." in done.output


def test_nobody_answers_for_the_content_who_may_not_act(run: Run, people: Any, file: Path) -> None:
    file.write_text(GOOD)
    silenced = update(Member).where(Member.id == people.administrator.id)
    db.session.execute(silenced.values(silenced_until=now() + timedelta(days=1)))
    done = run("import-agenda", file)
    assert done.exit_code == 1 and "No administrator may act now." in done.output


def test_a_file_that_is_not_there_is_said(run: Run, people: Any, file: Path) -> None:
    assert run("import-agenda", file, "--by", "mona-berg").exit_code == 2


def test_of_an_empty_forum_nothing_is_written(run: Run, tmp_path: Path) -> None:
    assert f"Wrote nothing into {tmp_path / 'all'}." in run("export", tmp_path / "all").output
    assert "UTC: nothing." in (tmp_path / "all" / "README.md").read_text()
