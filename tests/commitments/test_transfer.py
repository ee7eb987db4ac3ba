"""Commitments in files: an export holds what visitors read, and an import brings it back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from forum.commitments import actions, queries
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration
from forum.errors import Forbidden
from forum.library.actions import CaseText, hide_case, write_case
from forum.permissions import VISITOR
from forum.transfer.actions import import_agenda, import_origins
from forum.transfer.forms import read_agenda
from forum.transfer.models import NOTHING_ELSEWHERE, FaultyFileError, Originals
from tests.commitments.conftest import in_days, published
from tests.declarations.conftest import frozen
from tests.declarations.test_transfer import HEAD


def exported(app, tmp_path) -> str:
    done = app.test_cli_runner().invoke(args=["export", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "agenda-quieter.md").read_text()
    return "## Commitments" + page.partition("## Commitments")[2]


def loaded(people, section: str, elsewhere=NOTHING_ELSEWHERE) -> list[Commitment]:
    known = set(db.session.scalars(select(Commitment.id)))
    import_agenda(people.administrator, read_agenda(HEAD + section), elsewhere=elsewhere)
    found = db.session.scalars(select(Commitment).order_by(Commitment.id)).all()
    return [commitment for commitment in found if commitment.id not in known]


def test_what_is_exported_comes_back(app, people, agenda, bodies, tmp_path):
    declaration = frozen(people, agenda)
    odd = "- slug: no field\n\n### No heading\n\nSee | and \\."
    made = published(people.ana, agenda, bodies.city, source=odd, declaration_id=declaration.id)
    one, two = queries.milestones_of(made)
    actions.move_milestone(people.ana, made.id, one.id, in_days(50), "Rain | snow; \\ ice.\nMore.")
    actions.reach_milestone(people.ana, made.id, two.id, "- a list")
    actions.follow_commitment(people.chitra, made.id)
    ended = published(people.ana, agenda, bodies.city, title="Moss")
    actions.end_commitment(people.ana, ended.id, "It died.")
    hidden = published(people.chitra, agenda, bodies.institute, title="A secret")
    actions.hide_commitment(people.host, hidden.id, "No.")
    section = exported(app, tmp_path)
    assert "A secret" not in section
    first, second = loaded(people, section)
    assert (first.source, first.title, first.last_day) == (odd, made.title, made.last_day)
    assert (first.author_id, first.organisation_id) == (people.ana.id, bodies.city.id)
    assert (first.declaration_id, first.peers_count) == (declaration.id, 1)
    assert first.next_on == in_days(50) and first.published_at.date() == made.published_at.date()
    again = queries.milestones_of(first)
    assert [(milestone.day, milestone.words) for milestone in again] == [
        (in_days(50), "A kilometre is done"),
        (in_days(60), "Two kilometres are"),
    ]
    (move,) = again[0].moves
    assert (move.earlier, move.reason) == (in_days(30), "Rain | snow; \\ ice. More.")
    assert again[1].reached_at and again[1].reached_words == "- a list"
    assert (second.state, second.ended_reason) == ("ended", "It died.")
    assert queries.get_commitment(VISITOR, first.id).address != made.address


def test_what_it_comes_from_may_be_loaded_later(people, agenda, bodies):
    section = (
        "## Commitments\n### Felt\n- organisation: institute-of-trams\n"
        "- published on: 2026-01-05\n- last day: 2027-01-05\n- milestone: 2026-09-15 | A mile\n"
        "- declaration: Quiet nights\n- copies: case hush\n\nText.\n"
    )
    elsewhere = Originals(frozenset(["/cases/hush"]), frozenset(["Quiet nights"]))
    (made,) = loaded(people, section, elsewhere)
    assert (made.declaration_id, made.case_id) == (None, None)
    declaration = frozen(people, agenda)
    hush = CaseText("Hush", "project", "Quiet.", "One.", slug="hush")
    case = write_case(people.moderator, agenda.id, hush)
    import_origins(people.administrator, read_agenda(HEAD + section))
    db.session.refresh(made)
    assert (made.declaration_id, made.case_id) == (declaration.id, case.id)
    with pytest.raises(Forbidden):
        import_origins(people.ben, read_agenda(HEAD + section))


def faults(people, fields: str) -> list[str]:
    section = (
        "## Commitments\n### Felt\n- organisation: institute-of-trams\n- published on: 2026-01-05\n"
        f"- last day: 2027-01-05\n{fields}\n\nText.\n"
    )
    try:
        loaded(people, section)
    except FaultyFileError as error:
        return [fault.message for fault in error.faults]
    return []


def test_what_cannot_be_is_refused_with_its_line(people, agenda, bodies):
    step = "- milestone: 2026-06-01 | A kilometre"
    wrong = faults(people, step.replace("A kilometre", "A kilometre | soon | 2026-01-06"))
    assert any("reached" in fault for fault in wrong)
    moved = "- moved: 2 | 2026-05-01 | 2026-04-01 | Rain."
    assert "there is no milestone number 2" in faults(people, f"{step}\n{moved}")
    both = "- kept on: 2026-07-01\n- given up on: 2026-07-02"
    assert "it is kept or given up, not both" in faults(people, f"{step}\n{both}")
    assert "at most 12 milestones" in faults(people, "\n".join([step] * 13))


def test_what_it_comes_from_must_be_there(people, agenda, bodies):
    """A misspelt origin would be left out without a word; the nearest that there is, is named."""
    step, declaration = "- milestone: 2026-06-01 | A kilometre", frozen(people, agenda)
    hush = CaseText("Hush", "project", "Quiet.", "One.", slug="hush-hush")
    case = write_case(people.moderator, agenda.id, hush)
    wrong = f"{step}\n- copies: case hush-hsuh\n- declaration: Quite nights"
    assert faults(people, wrong) == [
        "there is no case “hush-hsuh” (“hush-hush” is one)",
        "no declaration has the title “Quite nights” (“Quiet nights” is one)",
    ]
    assert faults(people, f"{step}\n- copies: practice not-here\n- declaration: Nowhere") == [
        "there is no practice “not-here”",
        "no declaration has the title “Nowhere”",
    ]
    assert db.session.scalars(select(Commitment)).all() == []
    assert faults(people, f"{step}\n- copies: case hush-hush\n- declaration: Quiet nights") == []
    made = db.session.scalars(select(Commitment)).one()
    assert (made.case_id, made.declaration_id) == (case.id, declaration.id)
    assert made.author_id is None


def test_what_is_hidden_is_not_left_out_without_a_word(people, agenda, bodies):
    step = "- milestone: 2026-06-01 | A kilometre"
    case = write_case(
        people.moderator, agenda.id, CaseText("Hush", "project", "Quiet.", "One.", slug="hush")
    )
    hide_case(people.administrator, case.id, "No.")
    assert faults(people, f"{step}\n- copies: case hush") == ["this is hidden in the forum"]


def test_it_follows_a_declaration_of_its_file_that_was_opened_later(people, agenda, bodies):
    section = (
        "## Declarations\n### Loud days\n- by: ana-prado\n- opened on: 2026-02-01\n\nText.\n\n"
        "## Commitments\n### Felt\n- organisation: institute-of-trams\n"
        "- published on: 2026-01-05\n- last day: 2027-01-05\n- milestone: 2026-09-15 | A mile\n"
        "- declaration: Loud days\n\nText.\n"
    )
    (made,) = loaded(people, section)
    assert made.declaration_id == db.session.scalars(select(Declaration.id)).one()
