"""Searches for what is alike, for titles with all of the words, and for texts with some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.queries import KINDS, Instead, Query, find_alike, find_partly, find_titled
from forum.search.queries.alike import MAX_ALIKE_HITS
from tests.search.conftest import entry, ids


def alike(title: str, kinds: tuple[str, ...] = ("topic", "case"), limit: int = 5) -> list[int]:
    return [found.item_id for found in find_alike(VISITOR, title, Query("", kinds=kinds), limit)]


@pytest.fixture
def flats(app: Flask) -> None:
    for item_id, title, body in (
        (101, "Where do tenants live during a renovation?", "We move them."),
        (102, "Renovation with the tenants inside", "Empty kitchens."),
        (103, "A bridge of wood", "The tenants of the boats asked about the renovation."),
        (104, "Trees in the street", "They were planted with the tenants."),
        (105, "東京の雨水貯留施設", "下水道"),
    ):
        actions.index(SYSTEM, entry(item_id, title, body))


@pytest.mark.usefixtures("flats")
def test_what_shares_more_words_with_a_title_is_more_alike() -> None:
    assert alike("Must tenants move out for the renovation?") == [
        101,
        102,
    ]  # 101 contains "We move them"
    assert alike("RENOVATIONS, and who asks a tenant?") == [102, 101]
    assert alike("Must tenants move out for the renovation?", limit=1) == [101]
    assert alike("東京の雨水") == [105]


@pytest.mark.usefixtures("flats")
@pytest.mark.parametrize(
    "title", ["", "  ", "Of it", '"', "AND OR NOT", "Paint on walls of concrete", "\0", "a" * 5_000]
)
def test_where_nothing_is_alike_nothing_is_found(title: str) -> None:
    assert alike(title) == []


def test_the_same_title_is_found_however_many_have_its_words(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Street trees and parking", ""))
    for number in range(2, 2 * MAX_ALIKE_HITS):
        title = "Parking for all" if number % 2 else "Trees along a street"
        actions.index(SYSTEM, entry(number, title, ""))
    assert alike("Street trees and parking")[0] == 1


@pytest.mark.usefixtures("flats")
def test_only_the_kinds_that_are_asked_for_and_only_what_the_reader_may_see_is_alike() -> None:
    title = "Tenants and their renovation"
    actions.index(SYSTEM, replace(entry(106, title, "."), kind="post"))
    actions.index(SYSTEM, replace(entry(107, title, "."), kind="case"))
    actions.index(SYSTEM, entry(108, title, ".", audience="members"))
    actions.index(SYSTEM, entry(109, title, "."))
    actions.hide(SYSTEM, "topic", 109)
    assert alike(title)[0] == 107 and not {106, 108, 109}.intersection(alike(title))
    assert 107 not in alike(title, kinds=("topic",))


# Titles with all of the words


def by_title(typed: str, reader: Any = VISITOR, limit: int = 5, **more: Any) -> list[int]:
    among = Query("", **{"kinds": ("topic",), **more})
    return [found.item_id for found in find_titled(reader, typed, among, limit, "public")]


def test_a_title_is_found_however_many_newer_ones_have_its_words(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Parking on the streets", "Kerbs."))
    actions.index(SYSTEM, entry(2, "Parking", "Kerbs."))
    for number in range(3, 2 * MAX_ALIKE_HITS):
        title = "Of kerbs" if number % 2 else "More about parking, of a long street"
        actions.index(SYSTEM, entry(number, title, "Parking on the street."))
    newest = 2 * MAX_ALIKE_HITS - 2
    assert by_title("parking") == [2, 1, newest, newest - 2, newest - 4]
    assert by_title("PÁRKING, streets")[:2] == [1, newest]
    assert by_title("street parking", limit=1) == [1]
    assert by_title('"Parking')[0] == 2
    assert by_title("On a Street: the parking")[0] == 1  # no title has "a" and "the" too
    assert by_title("parking kerbs") == []  # in no title are both


@pytest.mark.usefixtures("flats")
def test_only_titles_of_the_kinds_agendas_and_audience_that_the_reader_sees_are_found(
    people: Any,
) -> None:
    title = "Tenants and their renovation"
    actions.index(SYSTEM, replace(entry(106, title, "."), kind="case"))
    actions.index(SYSTEM, replace(entry(1, title, "."), kind="post", parent=("topic", 101)))
    actions.index(SYSTEM, entry(107, title, ".", audience="members"))
    actions.index(SYSTEM, entry(108, title, "."))
    actions.index(SYSTEM, entry(109, title, "."))
    actions.hide(SYSTEM, "topic", 109)
    assert by_title("tenants renovation") == by_title("tenants renovation", people.moderator)
    assert by_title("tenants renovation") == [108, 102, 101]
    assert by_title("tenants renovation", kinds=("case",)) == [106]
    assert by_title("tenants renovation", agenda_ids=(7,)) == []
    assert by_title("東京の雨水") == [105]


@pytest.mark.usefixtures("library", "flats")
@pytest.mark.parametrize("title", ["", " ", '"', "AND OR NOT", "of it", "%", "\0", "x" * 5_000])
def test_words_that_no_title_has_find_none(title: str) -> None:
    assert by_title(title) == []


# Texts with some of the words


def partly(typed: str, reader: Any = VISITOR, limit: int = 5, **more: Any) -> list[tuple[str, int]]:
    hits = find_partly(reader, Query(typed, **more), limit)
    return [(hit.document.kind, hit.document.item_id) for hit in hits]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_by_some_of_the_words(app: Flask, kind: str) -> None:
    parent = ("topic", 1) if kind == "post" else None
    actions.index(SYSTEM, entry(1, "Of other things", "."))
    words = "A long text before it. " * 20 + "There <b>tenants</b> stayed."
    actions.index(SYSTEM, replace(entry(7, "Boats", words), kind=kind, parent=parent))
    assert ids("tenants", kinds=(kind,)) == {7}
    (hit,) = find_partly(VISITOR, Query("tenants harbours"), 5)
    assert (hit.document.kind, hit.document.item_id) == (kind, 7)
    assert "&lt;b&gt;<mark>tenants</mark>" in hit.snippet and hit.snippet.startswith("… ")


def test_short_words_are_not_marked_in_what_has_some_of_the_words(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Of other things", "."))
    actions.index(SYSTEM, entry(7, "Boats", f"In the yard. {'They lie there. ' * 30}A tenant."))
    (hit,) = find_partly(VISITOR, Query("tenants in the harbours"), 5)
    assert "<mark>tenant</mark>" in hit.snippet and hit.snippet.count("<mark>") == 1


def test_of_each_page_one_text_is_found_by_some_words(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Tenants", "Where they live."))
    for number in range(2, 2 * MAX_ALIKE_HITS):
        reply = replace(entry(number, "Tenants", "Boats."), kind="post", parent=("topic", 1))
        actions.index(SYSTEM, reply)
    actions.index(SYSTEM, replace(entry(1, "A book", "Of a tenant."), kind="reading"))
    # The topic itself, because its replies have the word only in the title of the topic
    assert partly("tenants harbours") == [("topic", 1)]
    assert partly("boats harbours") == [("post", 2 * MAX_ALIKE_HITS - 1)]
    assert partly("book tenants harbours") == [("reading", 1)]


def test_what_is_kept_from_a_reader_is_not_found_by_some_words(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Tenants", ".", audience="members"))
    actions.index(SYSTEM, entry(2, "Tenants", "."))
    actions.index(SYSTEM, replace(entry(3, "T", "Tenants."), kind="post", parent=("topic", 2)))
    assert partly("tenants harbours") == [("topic", 2)]
    actions.hide(SYSTEM, "topic", 2)
    assert partly("tenants harbours") == []
    actions.restore(SYSTEM, "topic", 2)
    ignored = find_partly(VISITOR, Query("tenants harbours"), 5, set)
    assert ignored == []


@pytest.mark.usefixtures("flats")
@pytest.mark.parametrize(
    "typed",
    ["", "  ", "Of it", '"', "AND OR NOT", '"tenants renovation', "NEAR(a b)", "\0", "é" * 900],
)
def test_no_words_break_what_looks_for_some_of_them(typed: str) -> None:
    assert len(partly(typed)) <= 3


def test_some_words_are_also_found_by_their_names_in_other_languages(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Eaux pluviales", "."))
    instead = (Instead(("stormwater",), ("eaux pluviales",)),)
    (hit,) = find_partly(VISITOR, Query("stormwater harbours", instead=instead), 5)
    assert hit.title == "<mark>Eaux pluviales</mark>"


def test_one_statement_looks_for_all_of_the_words(app: Flask, queries: Any) -> None:
    actions.index(SYSTEM, entry(1, "Tenants and renovation", "."))
    with queries() as made:
        assert partly("tenants renovation harbours lighthouses boats bridges") == [("topic", 1)]
    assert made.count == 2
