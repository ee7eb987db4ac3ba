"""Searches in which a typed word also finds its other names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.actions import Entry
from forum.search.queries import Instead, Query, find, mark, newest_naming
from forum.search.queries._words import parse_terms
from tests.datasets import dataset_fixture, load_dataset

DAY = datetime(2026, 5, 1, tzinfo=UTC)
TEXTS = {
    1: ("Stormwater in parks", "It soaks away.", "en"),
    2: ("Les eaux pluviales", "Elles s’infiltrent, dit la ville.", "fr"),
    3: ("Une eau pluviale", "Au singulier.", "fr"),
    4: ("Pluviales, les eaux ?", "Dans un autre ordre.", "fr"),
    5: ("雨水管理计划", "公园", "zh"),
    6: ("مياه الأمطار", "في المدينة", "ar"),
    7: ("Roofs", "The stormwater of roofs in parks.", "en"),
    8: ("Toits et parks", "Des eaux-pluviales encore.", "fr"),
    9: ("Parks", "Nothing else.", "en"),
}
WATER = Instead(("stormwater",), ("eaux pluviales", "雨水", "مياه الأمطار"))


@pytest.fixture
@dataset_fixture
def texts(app: Flask) -> Flask:
    load_dataset("texts in several languages", app, index_texts)
    return app


def index_texts() -> None:
    for item_id, (title, body, language) in TEXTS.items():
        at = DAY + timedelta(days=item_id)
        text = Entry("topic", item_id, f"/topics/{item_id}", title, body, at, language=language)
        actions.index(SYSTEM, text)


def ids(typed: str, *instead: Instead, **more: object) -> list[int]:
    found = find(VISITOR, Query(typed, instead=instead, **more))  # type: ignore[arg-type]
    return [hit.document.item_id for hit in found.page.items]


def test_other_names_are_found_and_the_words_themselves_come_first(texts: Flask) -> None:
    assert ids("stormwater") == [1, 7]
    found = ids("stormwater", WATER)
    assert found[:2] == [1, 7] and set(found) == {1, 2, 5, 6, 7, 8}


def test_a_name_of_several_words_stands_together(texts: Flask) -> None:
    assert 4 not in ids("stormwater", WATER)


def test_the_singular_of_a_name_is_found(texts: Flask) -> None:
    """Only for plural endings that search knows: -x is not one."""
    other = Instead(("stormwater",), ("eau pluviales",))
    assert set(ids("stormwater", other)) == {1, 3, 7}


def test_the_other_words_must_be_there_too(texts: Flask) -> None:
    assert ids("parks", WATER) == ids("parks")
    assert set(ids("stormwater parks", WATER)) == {1, 7, 8}
    assert set(ids("parks stormwater", WATER)) == {1, 7, 8}


def test_a_name_of_several_typed_words_is_replaced_as_a_whole(texts: Flask) -> None:
    both = Instead(("eaux", "pluviales"), ("stormwater",))
    assert set(ids("eaux pluviales", both)) == {1, 2, 4, 7, 8}
    assert set(ids("eaux pluviales parks", both)) == {1, 7, 8}


def test_words_in_quotes_are_left(texts: Flask) -> None:
    assert ids('"stormwater"', WATER) == [1, 7]


def test_facets_counts_and_marks_agree(texts: Flask) -> None:
    found = find(VISITOR, Query("stormwater", instead=(WATER,)))
    assert found.texts == 6 and found.languages == {"en": 2, "fr": 2, "zh": 1, "ar": 1}
    marked = {hit.document.item_id: f"{hit.title} {hit.snippet}" for hit in found.page.items}
    assert "<mark>eaux pluviales</mark>" in marked[2]
    assert "<mark>eaux-pluviales</mark>" in marked[8]
    assert "<mark>雨水</mark>管理计划" in marked[5] and "<mark>مياه الأمطار</mark>" in marked[6]
    narrowed = find(VISITOR, Query("stormwater", languages=("fr",), instead=(WATER,)))
    assert narrowed.texts == 2 and narrowed.languages["en"] == 2


def test_in_one_topic_the_same_is_found(texts: Flask) -> None:
    assert ids("stormwater", WATER, topic_id=2) == [2] and ids("stormwater", topic_id=2) == []


def test_newest_first_is_the_newest_of_all(texts: Flask) -> None:
    assert ids("stormwater", WATER, is_newest_first=True) == [8, 7, 6, 5, 2, 1]


ODD = [
    "",
    "*",
    '"',
    "a" * 300,
    "OR",
    "NOT x",
    "NEAR(a b)",
    "m",
    "x:y",
    "l'eau",
    "'",
    "\\",
    "-",
    "ß",
]


@pytest.mark.parametrize("name", ODD)
def test_no_name_is_an_error(texts: Flask, name: str) -> None:
    found = ids("stormwater", Instead(("stormwater",), (name, "eaux pluviales")))
    assert {1, 2, 7, 8} <= set(found)
    assert set(ids("stormwater", Instead(("stormwater",), (name,)))) >= {1, 7}


def test_the_newest_texts_of_some_names(texts: Flask) -> None:
    found = newest_naming(VISITOR, ["stormwater", "eaux pluviales"], 3)
    assert [document.item_id for document in found] == [8, 7, 2]
    assert newest_naming(VISITOR, ["*"], 3) == [] == newest_naming(VISITOR, [], 3)


def test_the_newest_texts_of_names_of_several_words_whichever_stands_first(texts: Flask) -> None:
    for names in (["eaux pluviales", "stormwater"], ["雨水管理", "eaux pluviales", "stormwater"]):
        found = newest_naming(VISITOR, names, 3)
        assert [document.item_id for document in found] == [8, 7, 5 if len(names) > 2 else 2]


def test_two_names_that_share_a_word_are_each_replaced_as_a_whole() -> None:
    roof = Instead(("green", "roof"), ("toit planté",))
    space = Instead(("green", "space"), ("espace vert",))
    terms = parse_terms("green roof green space", [roof, space])
    together = {
        tuple(term.words[0] for term in terms if term.others == names)
        for names in {term.others for term in terms}
    }
    assert together == {("green", "roof"), ("green", "space")}


def test_a_word_is_marked_where_a_name_that_begins_with_it_is_none() -> None:
    text = mark("Du compost urbainement dit", ["compost urbain", "compost"], False)
    assert text == "Du <mark>compost</mark> urbainement dit"
    assert "<mark>compost, urbain</mark>" in mark("compost, urbain.", ["compost urbain"])
