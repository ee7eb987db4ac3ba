"""Translations in files: what an export writes, and what an import loads again."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.errors import NotFound
from forum.library.actions import write_case
from forum.library.queries import get_case
from forum.parallels import actions, queries
from forum.parallels.models import FigureWords, Translation
from forum.permissions import MEMBERS, VISITOR
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from forum.transfer.models import FaultyFileError
from tests.declarations.test_transfer import HEAD
from tests.parallels.conftest import CASE, FIGURES, changed, in_french


def exported(app, tmp_path, *words: str) -> str:
    """What an export says of the practices, cases and translations of the agenda."""
    done = app.test_cli_runner().invoke(args=["export", *words, str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "agenda-quieter.md").read_text()
    return page.partition("## Translations")[2]


def test_what_is_exported_comes_back(app, people, practice, case, translation, tmp_path):
    actions.correct_translation(people.chitra, translation.id, in_french(title="Du feutre"))
    text = in_french(title="Liège", sentence="", parts={"body": "Ils ont pavé.\n\nCela dure."})
    actions.add_translation(people.chitra, "case", case.id, text)
    es = in_french(language="es", title="Secreto")
    hidden = actions.add_translation(people.ben, "practice", practice.id, es)
    actions.hide_translation(people.host, hidden.id, "No.")
    with at(now() + timedelta(seconds=1)):
        changed(people.ana, practice, sentence="A city lays thick felt.")
    exported(app, tmp_path)
    page = (tmp_path / "out" / "agenda-quieter.md").read_text()
    assert "Secreto" not in page
    section = "## Cases" + page.partition("## Cases")[2]
    for slug in ("felt", "cork"):
        section = section.replace(f"- slug: {slug}\n", f"- slug: {slug}-2\n")
        section = section.replace(f"practice {slug}\n", f"practice {slug}-2\n")
        section = section.replace(f"case {slug}\n", f"case {slug}-2\n")
    known = set(db.session.scalars(select(Translation.id)))
    import_agenda(people.administrator, read_agenda(HEAD + section))
    found = db.session.scalars(select(Translation).order_by(Translation.id)).all()
    first, second = (queries.translation_by_id(VISITOR, o.id) for o in found if o.id not in known)
    assert first.said == queries.translation_by_id(VISITOR, translation.id).said
    assert (first.translator_id, bool(first.edited_at)) == (people.ben.id, True)
    assert (first.writer_id, second.writer_id) == (people.chitra.id, people.chitra.id)
    assert queries.is_outdated(first) and not queries.is_outdated(second)
    assert second.said == {"title": "Liège", "sentence": "", "body": text.parts["body"]}
    assert second.address == "/cases/cork-2/in/fr"


def test_what_figures_are_called_comes_back(app, people, agenda, tmp_path):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    named = [FigureWords("Streets|lanes", "km", "Rues|voies"), FigureWords("Cities", "cities", "V")]
    text = in_french(sentence="", parts={}, figures=named)
    actions.add_translation(people.chitra, "case", case.id, text)
    exported(app, tmp_path)
    page = (tmp_path / "out" / "agenda-quieter.md").read_text()
    assert "- figure: Streets\\|lanes | km | Rues\\|voies" in page
    section = "## Cases" + page.partition("## Cases")[2].replace("cork", "oak")
    import_agenda(people.administrator, read_agenda(HEAD + section))
    loaded = get_case(VISITOR, "oak")
    found = queries.get_translation(VISITOR, loaded, "fr")
    assert found.figure_words == [FigureWords("Streets|lanes", "km", "Rues|voies")]
    assert queries.is_outdated(found) is False


def fault_of(people, figure: str, kind: str = "case cork", before: str = "") -> tuple[str, str]:
    """The line at which a translation with these words for a figure is refused, and why."""
    section = (
        f"## Translations\n### Liège\n- of: {kind}\n- language: fr\n- written on: 2026-01-05\n"
    )
    file = f"{HEAD}{before}{section}- figure: {figure}\n"
    with pytest.raises(FaultyFileError) as faulty:
        import_agenda(people.administrator, read_agenda(file))
    (fault,) = faulty.value.faults
    return file.splitlines()[fault.line - 1], fault.message


def test_what_figures_are_called_must_be_of_figures_that_are_there(people, agenda, practice):
    """A misspelt one would be left out without a word; the nearest is named, or else those that there are."""
    write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    assert fault_of(people, "Citys | cities | Villes") == (
        "- figure: Citys | cities | Villes",
        "“cork” has no figure “Citys | cities” (“Cities | cities” is one)",
    )
    assert fault_of(people, "Parks | ha | Parcs") == (
        "- figure: Parks | ha | Parcs",
        "“cork” has no figure “Parks | ha”; it has “Streets|lanes | km”, “Cities | cities”",
    )
    own = (
        "## Cases\n### Oak\n- slug: oak\n- kind: network\n- summary: Oak.\n"
        "- figure: Trees | 7 | | 2024 | Count\n\nText.\n\n"
    )
    assert fault_of(people, "Tree | | Arbres", "case oak", own) == (
        "- figure: Tree | | Arbres",
        "“oak” has no figure “Tree” (“Trees” is one)",
    )
    assert fault_of(people, "Cities | cities | Villes", "practice felt") == (
        "- figure: Cities | cities | Villes",
        "only cases have figures",
    )
    assert db.session.scalars(select(Translation)).all() == []


def test_what_a_translation_is_of_is_nearly_called_so(people, agenda, case):
    assert fault_of(people, "Cities | cities | V", "case crok") == (
        "- of: case crok",
        "there is no case “crok” (“cork” is one)",
    )


def test_what_figures_are_called_needs_label_and_unit(people, agenda):
    write_case(people.host, agenda.id, CASE)
    head = "## Translations\n### Liège\n- of: case cork\n- language: fr\n- written on: 2026-01-05\n"
    with pytest.raises(FaultyFileError, match=re.escape("label | unit")):
        import_agenda(people.administrator, read_agenda(f"{HEAD}{head}- figure: Streets\n"))


def test_a_file_for_everybody_holds_nothing_for_members(
    app, people, practice, translation, tmp_path
):
    changed(people.ana, practice, failure_audience=MEMBERS)
    section = exported(app, tmp_path)
    assert "Du feutre" in section and "La colle" not in section


def test_what_stays_with_members_is_in_no_file(app, people, practice, tmp_path):
    changed(people.ana, practice, audience=MEMBERS, sentence="Ask Ingrid.")
    made = actions.add_translation(people.ben, "practice", practice.id, in_french())
    changed(people.ana, practice)
    with pytest.raises(NotFound):
        queries.translation_by_id(VISITOR, made.id)
    assert "Du feutre" not in exported(app, tmp_path, "--readers", "members")
