"""The rows in the form of a case: its figures, links and places, added, removed, refused and read."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import set_hosts
from forum.db import db
from forum.history.queries import versions_of
from forum.library import queries as library
from forum.library.forms import MAX_ROWS
from forum.library.models import Case
from forum.permissions import SYSTEM, VISITOR
from tests.library.conftest import CASE, SignIn, World, errors, rows

NEW = "/agendas/floods-and-heat/cases/new"
EDIT = "/cases/the-delta-network/edit"
EMPTY = {name: said for name, said in CASE.items() if "-" not in name}


def typed(page: str, table: str) -> dict[str, str]:
    """The values in the fields of a table, by name, without the blank row for the script."""
    page = re.sub(r"<template>.*?</template>", "", page, flags=re.DOTALL)
    fields = re.findall(rf'<input[^>]* name="({table}-[^"]+)"[^>]* value="([^"]*)"', page)
    return {name: unescape(value) for name, value in fields}


def focused(page: str) -> list[str]:
    """The ids of elements with `autofocus`."""
    return re.findall(r'<(?:input|button) autofocus[^>]* id="([^"]+)"', page) + re.findall(
        r'<button[^>]* id="([^"]+)"[^>]* autofocus', page
    )


def figures_of(slug: str) -> list[tuple[str, str]]:
    return [(figure.label, figure.value) for figure in library.get_case(VISITOR, slug).figures]


def test_a_new_case_has_one_row_of_each(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.host).get(NEW).text
    for table, fields in (("places", 1), ("figures", 6), ("links", 2)):
        assert len(typed(page, table)) == fields
    assert 'aria-label="Figures, row 1"' in page and 'aria-label="Figures, row 2"' not in page


def test_a_button_gives_the_form_back_with_one_row_more(world: World, sign_in: SignIn) -> None:
    half = {**EMPTY, "name": "", **rows("figures", "Streets", "|41")}
    answer = sign_in(world.host).post(NEW, data={**half, "add_row": "figures"})
    assert answer.status_code == 200 and not errors(answer.text)
    page = answer.text
    assert focused(page) == ["figures-3-label"]
    shown = typed(page, "figures")
    assert shown["figures-1-label"] == "Streets" and shown["figures-2-value"] == "41"
    assert shown["figures-3-label"] == "" and len(shown) == 18
    assert "Another one." in page and "One thing to correct" not in page
    assert library.cases(VISITOR, library.CaseFilter()).total == 0


@pytest.mark.parametrize(
    ("removed", "left", "focus"),
    [
        ("figures-1", ["2", "3"], "figures-2-label"),
        ("figures-2", ["1", "3"], "figures-3-label"),
        ("figures-3", ["1", "2"], "figures-add"),
    ],
)
def test_a_button_gives_the_form_back_without_a_row(
    world: World, case: Case, sign_in: SignIn, removed: str, left: list[str], focus: str
) -> None:
    """The other rows keep their numbers, because the saved drafts of the browser refer to them."""
    before = figures_of(case.slug)
    form = {**EMPTY, **rows("figures", "A|1", "B|2", "C|3"), "remove_row": removed}
    answer = sign_in(world.host).post(EDIT, data=form)
    assert answer.status_code == 200 and focused(answer.text) == [focus]
    labels = {k: v for k, v in typed(answer.text, "figures").items() if k.endswith("-label")}
    assert labels == {f"figures-{number}-label": "ABC"[int(number) - 1] for number in left}
    assert 'aria-label="Figures, row 2"' in answer.text
    assert 'aria-label="Figures, row 3"' not in answer.text
    assert figures_of(case.slug) == before


def test_there_is_always_a_row_to_type_in(world: World, sign_in: SignIn) -> None:
    form = {**EMPTY, **rows("links", "Plan | https://t.example")}
    page = sign_in(world.host).post(NEW, data={**form, "remove_row": "links-1"}).text
    assert typed(page, "links") == {"links-1-label": "", "links-1-address": ""}
    assert focused(page) == ["links-1-label"]


def test_no_more_rows_are_added_than_are_accepted(world: World, sign_in: SignIn) -> None:
    host = sign_in(world.host)
    form = {**EMPTY, **rows("places", *["Tampere"] * (MAX_ROWS - 1))}
    for _ in range(2):
        page = host.post(NEW, data={**form, "add_row": "places"}).text
        shown = typed(page, "places")
        assert len(shown) == MAX_ROWS and focused(page) == ["places-40-city"]
        (button,) = re.findall(r'<button[^>]* id="places-add"[^>]*>', page)
        assert " disabled" in button
        form |= shown


@pytest.mark.parametrize(
    ("button", "named"),
    [
        ("add_row", "castles"),
        ("add_row", ""),
        ("add_row", "figures-1"),
        ("remove_row", "figures"),
        ("remove_row", "figures-9"),
        ("remove_row", "figures-²"),
        ("remove_row", "name"),
    ],
)
def test_a_button_that_names_nothing_changes_nothing(
    world: World, sign_in: SignIn, button: str, named: str
) -> None:
    answer = sign_in(world.host).post(NEW, data={**CASE, button: named})
    assert answer.status_code == 200 and not focused(answer.text)
    assert typed(answer.text, "figures")["figures-2-value"] == "3"


def test_rows_count_in_the_order_of_their_numbers_and_empty_ones_are_left_out(
    world: World, sign_in: SignIn
) -> None:
    form = {
        "figures-12-label": "Third",
        "figures-12-value": "3",
        "figures-2-value": "1",
        "figures-2-label": "First",
        "figures-7-unit": " \u200b ",
        "figures-9-value": "2",
        "figures-9-label": "Second",
        "links-3-kind": "report",
    }
    assert sign_in(world.host).post(NEW, data={**EMPTY, **form}).status_code == 303
    assert figures_of("quiet-streets") == [("First", "1"), ("Second", "2"), ("Third", "3")]
    assert not library.get_case(VISITOR, "quiet-streets").links


def test_what_is_no_field_of_a_row_is_not_read(world: World, sign_in: SignIn) -> None:
    numbers = ("0", "01", "-1", "²", "٤", "x", "", "10000", "9" * 5_000)
    form: dict[str, Any] = {f"figures-{number}-label": "Odd" for number in numbers}
    form |= {"figures-3-castle": "Odd", "figures-3": "Odd", "figures-3-label-label": "Odd"}
    form |= {"figures-4-label": ["Streets", "Twice"], "figures-4-value": ["4\x001", "2", "3"]}
    answer = sign_in(world.host).post(NEW, data={**EMPTY, **form})
    assert answer.status_code == 303, re.findall('<a href="#.*', answer.text)
    assert figures_of("quiet-streets") == [("Streets", "41")]


def test_a_part_that_was_not_sent_is_not_that_of_the_case(
    world: World, case: Case, sign_in: SignIn
) -> None:
    host = sign_in(world.host)
    assert len(figures_of(case.slug)) > 0
    answer = host.post(EDIT, data={**EMPTY, "figures-1-label": "Streets"})
    assert answer.status_code == 422 and errors(answer.text) == ["figures-1-value"]
    answer = host.post(EDIT, data={**EMPTY, "figures-1-label": "Streets", "figures-1-value": "4"})
    assert answer.status_code == 303
    (figure,) = library.get_case(VISITOR, case.slug).figures
    assert (figure.unit, figure.source, figure.address) == ("", "", "")


def test_too_many_rows_are_given_back_whole(world: World, sign_in: SignIn) -> None:
    form = {**EMPTY, **rows("figures", *[f"Number {n} | {n}" for n in range(150)])}
    answer = sign_in(world.host).post(NEW, data=form)
    assert answer.status_code == 422 and "Figures: Write at most 40 rows." in answer.text
    assert typed(answer.text, "figures")["figures-150-label"] == "Number 149"


def test_lines_with_bars_are_rows(world: World, case: Case, sign_in: SignIn) -> None:
    """Pages that were opened before the update send this format, and versions are stored in it."""
    host = sign_in(world.host)
    lines = {
        "figures": "Streets | 41 | streets\r\n\r\nCost|3 | | | C40 | example.org",
        "links": "A | B | https://t.example | report\nC | t.example |",
        "places": "Tampere, FI\nCopenhagen",
    }
    assert host.post(EDIT, data={**EMPTY, **lines}).status_code == 303
    found = library.get_case(VISITOR, case.slug)
    assert figures_of(case.slug) == [("Streets", "41"), ("Cost", "3")]
    assert found.figures[1].address == "https://example.org"
    assert [(link.label, link.kind) for link in found.links] == [
        ("A | B", "report"),
        ("C", "site"),
    ]
    assert {city.name for city in found.places} == {"Tampere", "Copenhagen"}
    answer = host.post(EDIT, data={**EMPTY, "figures": "a|1\n" * 10_000})
    (group,) = re.findall(r'<fieldset [^>]*id="figures"[^>]*>', answer.text)
    assert answer.status_code == 422 and "figures-error" in group and 'tabindex="-1"' in group
    answer = host.post(EDIT, data={**EMPTY, "figures": "Streets", "links": ""})
    assert answer.status_code == 422 and errors(answer.text) == ["figures-1-value"]


def test_a_version_keeps_bars_within_its_rows(world: World, case: Case, sign_in: SignIn) -> None:
    host, history = sign_in(world.host), EDIT.replace("/edit", "/history")
    odd = {"label": "Streets | lanes", "value": "41", "source": "Report | page 4\\", "unit": "km |"}
    figure = {f"figures-1-{name}": said for name, said in odd.items()}
    link = {"links-1-label": "A | B", "links-1-address": "https://t.example/a|b"}
    for value in ("41", "42"):
        form = {**EMPTY, **figure, **link, "figures-1-value": value, "links-1-kind": "report"}
        assert host.post(EDIT, data=form).status_code == 303
    versions = re.findall(r'href="[^"]*/edit\?version=(\d+)"', host.get(history).text)
    form = host.get(f"{EDIT}?version={versions[0]}").text
    shown = typed(form, "figures") | typed(form, "links")
    assert {name: said for name, said in shown.items() if said} == figure | link
    assert '<option selected value="report">' in form
    whole = unescape(host.get(f"{history}?version={versions[0]}").text)
    assert "Streets | lanes | 41 | km | |  | Report | page 4" in whole
    assert "A | B | https://t.example/a|b | report" in whole
    assert "\\|" not in whole + unescape(host.get(history).text)


def test_a_version_from_before_bars_were_escaped_is_read_as_it_was(
    world: World, case: Case, sign_in: SignIn
) -> None:
    host = sign_in(world.host)
    for value in ("41", "42"):
        form = {**EMPTY, **rows("figures", "Streets"), "figures-1-value": value}
        assert host.post(EDIT, data={**form, "figures-1-label": "A | B"}).status_code == 303
    version = versions_of("case", case.id)[0]
    old = {"figures": version.fields["figures"].replace("\\|", "|")}
    version.fields = {**version.fields, **old}
    db.session.commit()
    form = host.get(f"{EDIT}?version={version.id}").text
    assert typed(form, "figures")["figures-1-label"] == "A | B"
    assert typed(form, "figures")["figures-1-value"] == "41"
    (change, *_earlier) = library.case_edits(library.get_case(VISITOR, case.slug))
    ((name, pieces),) = change.differences
    assert name == "figures" and "\\" not in str(pieces)


def test_who_sends_no_rows_at_all_changes_none(world: World, case: Case, sign_in: SignIn) -> None:
    before = figures_of(case.slug)
    assert sign_in(world.host).post(EDIT, data=EMPTY).status_code == 303
    assert figures_of(case.slug) == before


def test_rows_that_somebody_else_has_changed_are_shown_as_lines(
    world: World, case: Case, sign_in: SignIn
) -> None:
    host, moderator = sign_in(world.host), sign_in(world.moderator)
    (seen,) = re.findall(r'name="seen"[^>]* value="([^"]*)"', host.get(EDIT).text)
    form = {**CASE, "seen": seen}
    assert moderator.post(EDIT, data=form).status_code == 303
    answer = host.post(EDIT, data={**form, **rows("figures", "Lanes | 7"), "name": "Lanes"})
    assert answer.status_code == 409
    said = unescape(answer.text)
    assert "What it says now: Figures" in said and "What it says now: Links" not in said
    row = "Streets | 41 | streets | 2025 | Count of the city | https://t.example/streets"
    assert f"\n{row}</textarea>" in said, "the rows that are the same are left out"
    assert typed(answer.text, "figures")["figures-1-label"] == "Lanes"


def test_rows_are_given_back_to_somebody_who_may_not_save_them(
    world: World, case: Case, sign_in: SignIn
) -> None:
    host = sign_in(world.host)
    set_hosts(SYSTEM, world.agenda.id, [])
    answer = host.post(EDIT, data=CASE)
    assert answer.status_code == 403
    page = unescape(answer.text)
    figures = page.partition(">Figures</label>")[2].partition("</textarea>")[0]
    assert figures.count("\n") == 2 and "Streets | 41 | streets | 2025" in figures
    assert "Cost | 3" in figures
    assert ">Links</label>" in page and "Tampere, FI\nCopenhagen" in page


def test_rows_go_along_when_a_form_is_given_back_to_be_sent_again(
    world: World, sign_in: SignIn, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = sign_in(world.host).post(NEW, data={**CASE, "csrf_token": "old"})
    assert answer.status_code == 400
    form = answer.text.partition(f'action="{NEW}"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
    cells = {name: said for name, said in CASE.items() if "-" in name}
    assert {name: said for name, said in hidden.items() if "-" in name} == cells
    assert ">Figures</label>" in form and 'name="figures"' not in form


def test_however_many_rows_are_sent_a_page_shows_a_few(world: World, sign_in: SignIn) -> None:
    many = {f"figures-{number}-value": "1" for number in range(1, 900)}
    for button in ({}, {"preview": "1"}, {"add_row": "figures"}):
        page = sign_in(world.host).post(NEW, data={**EMPTY, **many, **button}).text
        assert len(typed(page, "figures")) == 6 * 4 * MAX_ROWS
    answer = sign_in(world.host).post(NEW, data={**EMPTY, **many})
    assert answer.status_code == 422
    assert f"Write at most {MAX_ROWS} rows." in answer.text
