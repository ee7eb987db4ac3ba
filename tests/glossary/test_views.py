"""The pages of the glossary: index, entries, history, table, and the forms of moderators."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.agendas.actions import write_theme
from forum.dialogue import actions as dialogue
from forum.glossary import queries
from forum.glossary.actions import WordingText, remove_entry
from forum.glossary.models import Entry
from forum.markup import write as written
from tests.glossary.conftest import LAND_VALUE, STORMWATER, Write
from tests.meetings.planted import meeting_of

FORM = {
    "wordings-1-language": "en",
    "wordings-1-name": "Stormwater",
    "wordings-1-others": "runoff; surface water",
    "wordings-1-meaning": "Rain that runs off.",
    "wordings-2-language": "fr",
    "wordings-2-name": "eaux pluviales",
    "source": "ISO 6707",
}


@pytest.fixture
def in_several(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer the interface in English, French and Spanish."""
    more = replace(app.extensions["settings"], locales=("en", "es", "fr"))
    monkeypatch.setitem(app.extensions, "settings", more)


def posted(
    people: Any, agenda: Any, title: str, text: str, language: str = "en", **more: Any
) -> Any:
    new = dialogue.NewTopic("question", title, written(text, language), **more)
    return dialogue.open_topic(people.ana, agenda.id, new)


def test_the_index_lists_names_with_those_in_other_languages(
    client: FlaskClient, write: Write, stormwater: Entry
) -> None:
    write(*LAND_VALUE)
    page = client.get("/glossary").text
    assert "2 entries" in page and ">L</bdi>" in page and ">S</bdi>" in page
    assert '<a href="/glossary/stormwater" lang="en" dir="auto">stormwater</a>' in page
    assert '<bdi lang="fr">eaux pluviales</bdi>' in page and "Rain and melted snow" in page


def test_the_index_is_in_the_language_of_its_reader(
    client: FlaskClient, in_several: None, write: Write, stormwater: Entry
) -> None:
    write(*LAND_VALUE)
    page = client.get("/glossary", headers={"Accept-Language": "fr"}).text
    assert 'lang="fr" dir="auto">captation de la plus-value foncière</a>' in page
    assert page.index(">C</bdi>") < page.index(">E</bdi>")
    assert "Les eaux de pluie" in page and "Rain and melted" not in page


@pytest.mark.parametrize(
    "query",
    ["q=EAUX", "q=aguas", "q=Surface", "language=es", "theme=floods", "q=pluvial&language=fr"],
)
def test_an_entry_is_found_by_any_name_language_and_theme(
    client: FlaskClient, people: Any, write: Write, query: str
) -> None:
    theme = write_theme(people.moderator, "Floods")
    write(*STORMWATER, theme_ids=[theme.id])
    write(*LAND_VALUE)
    page = client.get(f"/glossary?{query}").text
    assert "1 entry" in page and "/glossary/stormwater" in page and "land-value" not in page


@pytest.mark.parametrize("typed", ["%", "_", '"', "*", "eau;", "OR", "\\", "x" * 300, "  "])
def test_odd_words_find_nothing_or_all_and_are_no_error(
    client: FlaskClient, stormwater: Entry, typed: str
) -> None:
    assert client.get("/glossary", query_string={"q": typed}).status_code == 200


def test_an_empty_glossary_says_so(client: FlaskClient, stormwater: Entry, people: Any) -> None:
    assert "No entry has all of these" in client.get("/glossary?q=nowhere").text
    remove_entry(people.moderator, stormwater.id)
    assert "There is no entry yet" in client.get("/glossary").text


def test_long_indexes_have_pages_and_letters_lead_to_them(
    client: FlaskClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.entries, "ENTRIES_PER_PAGE", 2)
    for name in ("Arcade", "Bund", "Canal", "Dam", "99 steps"):
        write(WordingText("en", name, (), "Something built."))
    page = client.get("/glossary").text
    assert "/glossary?page=3#letter-5" in page and "Page 1 of 3" in page and "Arcade" in page
    assert "Canal" not in page and "Canal" in client.get("/glossary?page=2").text
    assert client.get("/glossary?page=99").status_code == 200


def test_an_entry_shows_its_names_and_who_uses_them(
    client: FlaskClient, people: Any, agenda: Any, stormwater: Entry
) -> None:
    posted(people, agenda, "Les égouts", "Où vont les eaux pluviales ?", language="fr")
    posted(people, agenda, "Roofs", "The water of storms.", audience="public")
    posted(people, agenda, "Secret", "Our stormwater plan.", audience="members")
    page = client.get("/glossary/stormwater").text
    assert "Les égouts" in page and "Roofs" not in page and "Secret" not in page
    assert "surface water" in page and "Rain and melted snow" in page
    assert "Les eaux de pluie" in page and "https://example.org/water" in page
    data = json.loads(re.findall(r"ld\+json\">(.*?)</script>", page)[-1])
    assert data["@type"] == "DefinedTerm"
    assert {"@language": "es", "@value": "aguas pluviales"} in data["alternateName"]


def test_members_see_what_is_for_them(
    sign_in: Any, people: Any, agenda: Any, stormwater: Entry
) -> None:
    posted(people, agenda, "Secret", "Our stormwater plan.", audience="members")
    assert "Secret" in sign_in(people.ben).get("/glossary/stormwater").text


def test_a_meeting_that_uses_a_name_is_called_one_in_every_language(
    client: FlaskClient, people: Any, agenda: Any, in_several: None, stormwater: Entry
) -> None:
    meeting_of(people.host, agenda.id, "Where stormwater goes.")
    for locale, word in (("en", "Meeting"), ("fr", "Rencontre"), ("es", "Encuentro")):
        page = client.get("/glossary/stormwater", headers={"Accept-Language": locale}).text
        assert f"<span>{word}</span>" in page


def test_an_entry_speaks_the_language_of_its_reader(
    client: FlaskClient, in_several: None, stormwater: Entry
) -> None:
    page = client.get("/glossary/stormwater", headers={"Accept-Language": "es"}).text
    assert '<h1 lang="es" dir="auto">aguas pluviales</h1>' in page
    # There is no Spanish meaning, so the English one is shown
    assert "Rain and melted snow" in page


def test_an_entry_that_is_gone_leads_on(
    client: FlaskClient, people: Any, write: Write, stormwater: Entry
) -> None:
    other = write(*LAND_VALUE)
    remove_entry(people.moderator, stormwater.id, other.id)
    answer = client.get("/glossary/stormwater")
    assert answer.status_code == 303 and answer.location == "/glossary/land-value-capture"
    remove_entry(people.moderator, other.id)
    assert client.get("/glossary/stormwater").location == "/glossary"
    assert client.get("/glossary/land-value-capture").location == "/glossary"
    assert client.get("/glossary/never").status_code == 404


def test_a_moderator_writes_an_entry(sign_in: Any, people: Any, client: FlaskClient) -> None:
    answer = sign_in(people.moderator).post("/glossary/new", data=FORM)
    assert answer.status_code == 303 and answer.location == "/glossary/stormwater"
    entry = queries.get_entry("stormwater")
    assert queries.by_language(entry.wordings)["en"].other_names == ["runoff", "surface water"]
    assert "ISO 6707" in client.get("/glossary/stormwater").text


def test_what_was_typed_is_given_back(sign_in: Any, people: Any) -> None:
    browser = sign_in(people.moderator)
    bad = {**FORM, "wordings-1-meaning": "", "source": "My <source>"}
    answer = browser.post("/glossary/new", data=bad)
    assert answer.status_code == 422 and "My &lt;source&gt;" in answer.text
    assert "Give a name and a meaning in at least one language." in answer.text
    assert 'value="runoff; surface water"' in answer.text
    twice = {**FORM, "wordings-2-language": "en"}
    assert "Each language can be there once." in browser.post("/glossary/new", data=twice).text
    more = browser.post("/glossary/new", data={**FORM, "add_row": "wordings"})
    assert more.status_code == 200 and 'id="wordings-3-name"' in more.text


def test_the_second_of_two_moderators_reads_both(
    sign_in: Any, people: Any, stormwater: Entry
) -> None:
    browser = sign_in(people.moderator)
    page = browser.get("/glossary/stormwater/edit").text
    seen = re.findall(r'name="seen"[^>]* value="([^"]+)"', page)[0]
    assert browser.post("/glossary/stormwater/edit", data={**FORM, "seen": seen}).status_code == 303
    late = {**FORM, "wordings-1-name": "Rainwater", "seen": seen}
    answer = browser.post("/glossary/stormwater/edit", data=late)
    assert answer.status_code == 409 and "What it says now:" in answer.text
    assert "English | Stormwater | runoff" in answer.text and 'value="Rainwater"' in answer.text
    again = re.findall(r'name="seen"[^>]* value="([^"]+)"', answer.text)[0]
    assert (
        browser.post("/glossary/stormwater/edit", data={**late, "seen": again}).status_code == 303
    )
    history = browser.get("/glossary/stormwater/history").text
    assert "Version 2" in history and people.moderator.name in history and "<ins>" in history


def test_a_version_is_put_back(sign_in: Any, people: Any, stormwater: Entry) -> None:
    browser = sign_in(people.moderator)
    browser.post("/glossary/stormwater/edit", data=FORM)
    page = browser.get("/glossary/stormwater/history").text
    version = re.findall(r"\?version=([0-9]+)", page)[0]
    assert "aguas pluviales" in browser.get(f"/glossary/stormwater/history?version={version}").text
    form = browser.get(f"/glossary/stormwater/edit?version={version}").text
    assert 'value="aguas pluviales"' in form and "Rain and melted snow" in form


def test_an_entry_is_taken_away_after_a_question(
    sign_in: Any, people: Any, write: Write, stormwater: Entry
) -> None:
    other = write(*LAND_VALUE)
    browser = sign_in(people.moderator)
    assert "Remove this entry?" in browser.get("/glossary/stormwater/remove").text
    answer = browser.post("/glossary/stormwater/remove", data={"into": other.id})
    assert answer.location == "/glossary/land-value-capture"
    assert browser.post("/glossary/stormwater/remove", data={"into": 0}).status_code == 404
    assert browser.post("/glossary/stormwater/edit", data=FORM).status_code == 404


def test_the_whole_glossary_is_a_table(client: FlaskClient, write: Write) -> None:
    write(WordingText("en", "=cmd", ("one;two",), 'A "quoted" meaning'))
    text = client.get("/glossary.csv").data.decode("utf-8-sig")
    assert "'=cmd" in text and '"A ""quoted"" meaning"' in text and "Meaning" in text


def test_pages_of_themes_list_their_entries(client: FlaskClient, people: Any, write: Write) -> None:
    theme = write_theme(people.moderator, "Floods")
    write(*STORMWATER, theme_ids=[theme.id])
    assert "/glossary/stormwater" in client.get("/topics?theme=floods").text
    assert "/glossary/stormwater" not in client.get("/topics").text


def test_the_index_costs_no_statement_for_each_entry(
    client: FlaskClient, write: Write, queries: Any
) -> None:
    counts = []
    for number in range(30):
        write(WordingText("en", f"Word {number}", (), "A word."))
        if number in (1, 29):
            client.get("/glossary")
            with queries() as made:
                client.get("/glossary?q=word")
            counts.append(made.count)
    assert counts[0] == counts[1] <= 12
