"""Who has tried a case, or wants to: in an export, and loaded again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.clock import month_end
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Mark
from forum.library import actions as library
from forum.library.models import Case
from forum.members import actions as members
from forum.members.actions import found_federation
from forum.permissions import SYSTEM
from tests.everything import case_text
from tests.transfer.conftest import try_case

pytestmark = pytest.mark.thorough


@pytest.fixture
def case(people: Any, agenda: Agenda) -> Case:
    found_federation(SYSTEM, "Interurban")
    case = library.write_case(people.moderator, agenda.id, case_text(name="A street", body="Text."))
    try_case(people, case.topic_id)
    return case


def exported(app: Flask, folder: Path, *words: str) -> list[str]:
    """The lines of an export about members who have tried the case, or want to."""
    done = app.test_cli_runner().invoke(args=["export", str(folder), *words])
    assert done.exit_code == 0, done.output
    section = (folder / "agenda-quieter.md").read_text().partition("### A street\n")[2]
    return [line for line in section.split("\n") if line.startswith(("- tried", "- wants"))]


ANA, BEN = (
    "- tried: ana-prado | adapted | Louder \\| at first. | fr",
    "- tried: ben-okoth | stopped",
)


@pytest.mark.parametrize("readers", ["visitors", "members"])
@pytest.mark.usefixtures("case")
def test_an_export_tells_it_as_the_page_does(app: Flask, tmp_path: Path, readers: str) -> None:
    chitra = f"- wants: chitra-desai | {month_end(3):%Y-%m}"
    assert exported(app, tmp_path / "out", "--readers", readers) == [ANA, BEN, chitra]


@pytest.mark.usefixtures("case")
def test_what_readers_do_not_see_is_in_none(app: Flask, people: Any, tmp_path: Path) -> None:
    note = db.session.scalars(select(Mark.id).where(Mark.member_id == people.ana.id)).one()
    dialogue.hide_note(people.moderator, note, "It is rude.")
    for member in (people.ben, people.chitra):
        members.hide_profile(people.moderator, member.id)
    assert exported(app, tmp_path / "out") == ["- tried: ana-prado | adapted"]


def test_a_hidden_case_is_in_no_export(app: Flask, people: Any, case: Case, tmp_path: Path) -> None:
    library.hide_case(people.moderator, case.id)
    assert exported(app, tmp_path / "out") == []
