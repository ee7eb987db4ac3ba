"""Translations for programs: what visitors may read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from forum.clock import at, now
from forum.library.actions import write_case
from forum.parallels import actions
from forum.parallels.models import FigureWords
from forum.permissions import MEMBERS
from tests.parallels.conftest import CASE, FIGURES, changed, in_french


def read(client, path):
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_practice_lists_its_translations_and_each_can_be_read(
    client, people, practice, translation
):
    (told,) = read(client, "/practices/felt")["translations"]
    assert told["language"] == "fr" and told["url"].endswith("/practices/felt/in/fr")
    whole = client.get(told["api_url"]).json
    assert (whole["title"], whole["outdated_since"]) == ("Du feutre sous les rails", None)
    languages = {part["name"]: part["language"] for part in whole["parts"]}
    assert languages == {"challenge": "fr", "failure": "fr", "lessons": "en"}
    with at(now() + timedelta(days=1)):
        changed(people.ana, practice, failure_audience=MEMBERS, sentence="Thick felt.")
    whole = read(client, "/practices/felt/in/fr")
    assert whole["outdated_since"] and "gelé" not in str(whole)
    actions.hide_translation(people.host, translation.id, "No.")
    assert read(client, "/practices/felt")["translations"] == []
    assert client.get("/api/v1/practices/felt/in/fr").status_code == 404


def test_it_says_what_figures_are_called(client, people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    text = in_french(parts={}, figures=[FigureWords("Cities", "cities", "Villes")])
    actions.add_translation(people.ben, "case", case.id, text)
    assert read(client, "/cases/cork/in/fr")["figures"] == [
        {"original_label": "Cities", "original_unit": "cities", "label": "Villes", "unit": ""}
    ]


def test_a_case_lists_its_translations(client, people, case):
    text = in_french(title="Liège", sentence="", parts={"body": "Du liège."})
    actions.add_translation(people.ben, "case", case.id, text)
    assert read(client, "/cases/cork/in/fr")["figures"] == []
    (translation,) = read(client, "/cases/cork")["translations"]
    whole = client.get(translation["api_url"]).json
    assert (whole["sentence"], whole["parts"][0]["name"]) == (None, "body")
