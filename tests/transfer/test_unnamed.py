"""A name that was taken away from a statement does not come back by a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from forum.agendas import actions, queries
from forum.agendas.actions import StatementText
from forum.agendas.models import Agenda, Statement
from forum.errors import Invalid
from forum.permissions import SYSTEM
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from tests.declarations.test_transfer import HEAD

WORDS = "We plant."
NAMED = f"## Statements\n### Ben  Okoth\n- position: Planner\n- member: ben-okoth\n\n{WORDS}\n"


def quoted(people: Any, agenda: Agenda) -> Statement:
    """Ben's statement, from which he has taken his name away."""
    text = StatementText("Ben Okoth", WORDS, "Planner", handle="ben-okoth")
    made = actions.write_statement(people.host, agenda.id, text)
    return actions.take_name_away(people.ben, agenda.id, made.id)


def loaded(people: Any, section: str) -> tuple[Agenda, Statement]:
    agenda = import_agenda(people.administrator, read_agenda(HEAD + section))
    (made,) = queries.statements_of(agenda)
    return agenda, made


def test_a_file_says_that_it_was_taken_away_and_not_whose(
    app: Flask, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    quoted(people, agenda)
    done = app.test_cli_runner().invoke(args=["export", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "agenda-quieter.md").read_text()
    section = "## Statements" + page.partition("## Statements")[2]
    assert "### A member\n" in section and "- unnamed: yes\n" in section
    assert "okoth" not in section.lower()
    there, made = loaded(people, section)
    assert (made.name, made.member_id, bool(made.refused_at)) == ("A member", None, True)
    for text, field in (
        (StatementText("Ben Okoth", WORDS), "name"),
        (StatementText("Anybody", WORDS), "name"),
        (StatementText("A member", WORDS, handle=people.ana.handle), "handle"),
    ):
        with pytest.raises(Invalid, match="has taken the name away") as refused:
            actions.write_statement(people.administrator, there.id, text, made.id)
        assert refused.value.field == field
    changed = StatementText("A member", "We plant trees.")
    actions.write_statement(people.administrator, there.id, changed, made.id)
    mine = StatementText("Root", "We plant trees.", handle=people.administrator.handle)
    again = actions.write_statement(people.administrator, there.id, mine, made.id)
    assert again.refused_at is None


def test_a_file_from_before_names_nobody_who_has_taken_the_name_away_since(
    people: Any, agenda: Agenda
) -> None:
    quoted(people, agenda)
    _there, made = loaded(people, NAMED)
    assert (made.name, made.role_title, made.member_id) == ("A member", "", None)
    assert made.refused_at is not None


def test_a_file_names_whoever_has_not_done_so(people: Any, agenda: Agenda) -> None:
    _there, made = loaded(people, NAMED)
    assert (made.name, made.member_id, made.refused_at) == ("Ben  Okoth", people.ben.id, None)
    assert actions.forget_member(SYSTEM, people.ben.id, "A former member", is_silent=False) is None
