"""Searches that also look for a word's names in other languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.glossary.actions import WordingText, remove_entry
from forum.glossary.models import Entry
from forum.glossary.queries import widened
from forum.glossary.queries.widening import MAX_NAMES
from forum.search.queries import Query
from tests.glossary.conftest import LAND_VALUE, Write
from tests.glossary.test_views import posted

LINE = re.compile(r"Also looked for: (.*?)\. <a", re.DOTALL)


@pytest.fixture
def texts(people: Any, agenda: Any) -> None:
    posted(people, agenda, "Where stormwater goes", "Into the park.")
    posted(people, agenda, "Les égouts", "Où vont les eaux pluviales ?", "fr")
    posted(people, agenda, "Parques", "Las aguas pluviales bajan.", "es")


def also(typed: str) -> list[str]:
    return [name.name for name in widened(Query(typed))[1]]


def titles(page: str) -> list[str]:
    plain = re.sub(r"</?mark>", "", page)
    return [title for title in ("Where stormwater goes", "Les égouts", "Parques") if title in plain]


def test_a_search_in_one_language_finds_texts_in_all(
    client: FlaskClient, texts: None, stormwater: Entry
) -> None:
    page = client.get("/search?q=stormwater").text
    assert titles(page) == ["Where stormwater goes", "Les égouts", "Parques"]
    assert "<mark>eaux pluviales</mark>" in page and "3 results" in page
    told = re.sub(r"<[^>]+>", "", LINE.findall(page)[0])
    assert told == "aguas pluviales (Spanish), eaux pluviales (French)"
    french = client.get("/search?q=eaux pluviales").text
    assert len(titles(french)) == 3 and "stormwater</bdi> (English)" in french


def test_the_page_of_the_name_is_shown(client: FlaskClient, texts: None, stormwater: Entry) -> None:
    for typed in ("stormwater", "Eaux Pluviales", "surface waters"):
        assert '<a href="/glossary/stormwater" dir="auto">stormwater</a>' in (
            client.get("/search", query_string={"q": typed}).text
        )
    assert "/glossary/stormwater" not in client.get("/search?q=park").text


def test_only_the_exact_words(client: FlaskClient, texts: None, stormwater: Entry) -> None:
    page = client.get("/search?q=stormwater&exact=1").text
    assert titles(page) == ["Where stormwater goes"] and "Only the exact words were" in page
    assert '<input type="hidden" name="exact" value="1">' in page
    assert "exact=1" in client.get("/search?q=stormwater").text
    assert titles(client.get('/search?q="stormwater"').text) == ["Where stormwater goes"]
    assert "Also looked for" not in client.get('/search?q="stormwater"').text


def test_facets_narrow_a_widened_search(
    client: FlaskClient, texts: None, stormwater: Entry
) -> None:
    page = client.get("/search?q=stormwater&language=fr").text
    assert titles(page) == ["Les égouts"] and "Also looked for" in page


def test_the_json_is_widened_too(client: FlaskClient, texts: None, stormwater: Entry) -> None:
    found = client.get("/api/v1/search?q=stormwater").json["items"]
    assert len(found) == 3
    assert len(client.get("/api/v1/search?q=stormwater&exact=1").json["items"]) == 1
    assert client.get("/api/v1/search?q=stormwater&exact=2").status_code == 422


def test_a_new_name_is_used_at_once_and_a_gone_one_no_longer(
    client: FlaskClient, people: Any, texts: None, write: Write
) -> None:
    assert len(titles(client.get("/search?q=stormwater").text)) == 1
    entry = write(*STORM)
    assert len(titles(client.get("/search?q=stormwater").text)) == 2
    remove_entry(people.moderator, entry.id)
    assert len(titles(client.get("/search?q=stormwater").text)) == 1


STORM = (WordingText("en", "stormwater", (), "Rain."), WordingText("fr", "eaux pluviales"))


def test_singular_and_plural_and_accents_are_the_same(write: Write) -> None:
    write(*LAND_VALUE)
    write(
        WordingText("en", "housing cooperative", (), "A house."), WordingText("es", "cooperativa")
    )
    assert also("Housing cooperatives") == ["cooperativa"]
    assert also("captation de la plus value fonciere") == ["land value capture", "LVC"]
    assert also("lvc") == ["captation de la plus-value foncière"]


def test_the_longest_run_wins(write: Write) -> None:
    write(*LAND_VALUE)
    write(WordingText("en", "land value", (), "What it is worth."), WordingText("de", "Bodenwert"))
    assert also("the land value capture act") == ["captation de la plus-value foncière"]
    assert also("our land value") == ["Bodenwert"]
    assert also("value land") == [] and also('"land value"') == []
    assert also('land "value capture"') == []


def test_homonyms_are_both_looked_for(write: Write) -> None:
    write(WordingText("en", "bank", (), "Where money is."), WordingText("fr", "banque"))
    write(WordingText("en", "Bank", (), "The side of a river."), WordingText("fr", "berge"))
    assert also("bank") == ["banque", "berge"]


def test_there_is_an_end_to_what_is_looked_for(write: Write) -> None:
    for number in range(5):
        others = tuple(f"mot{number} {n}bis" for n in range(8))
        write(
            WordingText("en", f"word{number}", (), "Said."),
            WordingText("fr", f"mot{number} foncier", others),
            WordingText("es", f"palabra{number} urbana", others[:3]),
        )
    query, names = widened(Query("word0 word1 word2 word3 word4"))
    assert len(query.instead) == 3 and len(names) == MAX_NAMES
    assert [name.name for name in names[:2]] == ["palabra0 urbana", "mot0 foncier"]
    assert len(widened(Query("word0"))[1]) == 10


@pytest.mark.parametrize("name", ["m", "de", "the", "of the", "É", "12"])
def test_small_words_widen_nothing(write: Write, name: str) -> None:
    write(WordingText("en", name, (), "Short."), WordingText("fr", "mot long"))
    assert also(f"{name} house") == [] == also(name)
    assert also("mot long") == []


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ('the "green" belt', "the green belt"),
        ("C* OR dam", "c or dam"),
        ("NEAR(x y)", "near x y"),
        ("مياه الأمطار", "مياه الامطار"),
        ("雨水", "雨水"),
        ("l'îlot de chaleur", "ilot l ilot de chaleur"),
        ("a" * 100, "a" * 100),
    ],
)
def test_odd_names_are_names_too(
    client: FlaskClient, texts: None, write: Write, name: str, typed: str
) -> None:
    write(WordingText("en", name, (), "Odd."), WordingText("fr", "eaux pluviales"))
    assert also(typed) == ["eaux pluviales"]
    assert "Les égouts" in client.get("/search", query_string={"q": "eaux pluviales"}).text
    assert client.get("/search", query_string={"q": typed}).status_code == 200


@pytest.mark.parametrize(
    "typed", ['stormwater "', '"""', "stormwater*", "NOT stormwater", "(", "  "]
)
def test_hostile_searches_are_no_error(
    client: FlaskClient, texts: None, stormwater: Entry, typed: str
) -> None:
    assert client.get("/search", query_string={"q": typed}).status_code == 200


def test_a_word_that_is_typed_twice_is_looked_up_once(write: Write) -> None:
    write(WordingText("en", "green roof", (), "Plants."), WordingText("fr", "toit planté"))
    write(WordingText("en", "roof", (), "The top."), WordingText("fr", "toiture"))
    assert also("roof: a green roof") == ["toit planté"] == also("green roof")
    assert also("roof green") == ["toiture"]
