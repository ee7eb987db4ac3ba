"""A name that was removed from a statement is not restored by a content file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from forum.agendas import actions, queries
from forum.agendas.actions import StatementText
from forum.agendas.models import Agenda, Statement
from forum.db import db
from forum.errors import Invalid
from forum.permissions import SYSTEM
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from tests.declarations.test_transfer import HEAD

WORDS = "We plant."
NAMED = f"## Statements\n### Ben  Okoth\n- position: Planner\n- member: ben-okoth\n\n{WORDS}\n"


def quoted(people: Any, agenda: Agenda) -> Statement:
    """Ben's statement, from which he has removed his name."""
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
    own = people.administrator.handle
    with pytest.raises(Invalid):  # linking oneself does not allow another name to return
        text = StatementText("Ben Okoth", "We plant trees.", handle=own)
        actions.write_statement(people.administrator, there.id, text, made.id)
    mine = StatementText(
        people.administrator.name, "We plant trees.", handle=people.administrator.handle
    )
    again = actions.write_statement(people.administrator, there.id, mine, made.id)
    assert again.refused_at is None


def test_a_file_from_before_names_nobody_who_has_taken_the_name_away_since(
    people: Any, agenda: Agenda
) -> None:
    quoted(people, agenda)
    _there, made = loaded(people, NAMED)
    assert (made.name, made.role_title, made.member_id) == ("A member", "", None)
    assert made.refused_at is not None


def again(people: Any, agenda: Agenda, section: str) -> list[Statement]:
    """Import a file that adds to the agenda; returns its statements."""
    head = f"# {agenda.title}\n- slug: {agenda.slug}\n\n"
    import_agenda(people.administrator, read_agenda(head + section))
    return list(queries.statements_of(agenda))


def test_the_same_file_brings_no_second_statement(people: Any) -> None:
    section = "## Statements\n### A member\n- position: Planner\n- unnamed: yes\n\nWe plant.\n"
    there, made = loaded(people, section)
    assert (made.role_title, bool(made.refused_at)) == ("Planner", True)
    for text in (section, NAMED, section.replace("A member", "Somebody")):
        found = again(people, there, text)
        assert found[0].id == made.id and found[0].name == "A member"
    assert [statement.name for statement in found] == ["A member", "Somebody"]


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_file_names_nobody_who_has_left_since(
    people: Any, agenda: Agenda, is_silent: bool
) -> None:
    quoted(people, agenda)
    actions.forget_member(SYSTEM, people.ben.id, "A former member", is_silent=is_silent)
    for section in (NAMED, NAMED.replace("- member: ben-okoth\n", "")):
        (made,) = again(people, agenda, section)
        assert (made.name, made.member_id) == ("A member", None)


def test_who_was_named_afterwards_is_named_in_files(
    app: Flask, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    made = quoted(people, agenda)
    text = StatementText("Ana Prado", WORDS, "Engineer", handle="ana-prado")
    actions.write_statement(people.host, agenda.id, text, made.id)
    db.session.expire_all()
    done = app.test_cli_runner().invoke(args=["export", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "agenda-quieter.md").read_text()
    section = "## Statements" + page.partition("## Statements")[2]
    assert "- member: ana-prado\n" in section and "unnamed" not in section
    _there, copy = loaded(people, section)
    assert (copy.name, copy.role_title, copy.member_id) == ("Ana Prado", "Engineer", people.ana.id)


def test_a_file_names_whoever_has_not_done_so(people: Any, agenda: Agenda) -> None:
    _there, made = loaded(people, NAMED)
    assert (made.name, made.member_id, made.refused_at) == ("Ben  Okoth", people.ben.id, None)
    assert actions.forget_member(SYSTEM, people.ben.id, "A former member", is_silent=False) is None
