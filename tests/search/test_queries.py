"""Search: all scripts, odd input, facets, and the same results on both databases."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import text as sql

from forum.db import db
from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.queries import (
    ANY_TIME,
    Period,
    Query,
    _matching,
    find,
    find_partly,
    finding,
    inflections,
    looked_for,
    mark,
    searchable,
    words_of,
)
from forum.search.queries._matching import Match
from forum.search.queries._words import MAX_WORD_LENGTH, Term
from tests.search.conftest import DAY, TEXTS, entry, found_by, ids

FOUND: list[tuple[str, set[int]]] = [
    ("inundacion", {1}),
    ("INUNDACIÓN medellin", {1}),
    ("facade", {2}),
    ("FAÇADE", {2}),
    ("lodz", {2}),
    ("kobenhavn", {2}),
    ("strasse", {5}),
    ("uberflutung", {5}),
    ("überflut", {5}),
    ("雨水", {3}),
    ("東京", {3}),
    ("京東", set()),
    ("東都", set()),
    ("نيروبي", {4}),
    ("ادارة", {4}),
    ("عمان", set()),  # in the text it is joined with "and" into one word, وعمان
    ("वाढ़", set()),
    ("बाढ़", {7}),
    ("सूरत", {7}),
    ("सर", set()),
    ("наводнение", {8}),
    ("НАВОДН", {8}),
    ("αθηνα", {9}),
    ("ΠΛΗΜΜΥΡΕΣ", {9}),
    ("น้ำท่วม", {10}),
    ("홍수", {11}),
    ("C++", {6}),
    ("foo-bar", {6}),
    ("e-mail", {6}),
    ("flood", {6, 12}),
    ("flooding pumps", {12}),
    ("flood -models", {12}),
    ("flood -model", {12}),  # in the singular, too
    ('flood -"model"', {6, 12}),
    ('flood -"FOO bar"', {12}),
    ('flood -"bar foo"', {6, 12}),
    ("-pump -FOO-bar flood", set()),
    ("flood -mod", {6, 12}),  # a beginning leaves nothing out
    ("flood - models", {6}),
    ('"flood -models"', {6}),
    ('"a flood" -"models a"', {12}),
    ('"flood models" -logic', set()),
    ("雨水 -下水道", set()),
    ("雨水 -水下", {3}),
    ("нападение -вода", set()),
    ("наводнение -вода", set()),
    ("-flood", {6, 12}),  # nothing else is looked for
    ('-"" flood', {6, 12}),
    ("flood -2", {6}),
    ("fl", set()),
    ("nowhere", set()),
]


@pytest.mark.parametrize(("typed", "expected"), FOUND)
def test_the_same_is_found_on_both_databases(
    library: Flask, typed: str, expected: set[int]
) -> None:
    assert ids(typed) == expected


def test_in_one_topic_the_same_is_found_as_by_the_index(library: Flask) -> None:
    """A search in one topic reads the texts without the index, and must give the same results."""
    actions.index(SYSTEM, entry(90, "Topic", "Its opening."))
    actions.index(SYSTEM, entry(91, "Another", "Another one."))
    for item_id, texts in TEXTS.items():
        for number, topic_id in enumerate((90, 91)):
            post = entry(item_id + 100 * number, "Topic", "\n".join(texts), language="en")
            actions.index(SYSTEM, replace(post, kind="post", parent=("topic", topic_id)))
    more = ['"a flood"', '"models a foo"', '"flood a"', '"下水道"', "pum", "paz topic"]
    for typed in [*(typed for typed, _expected in FOUND), *more, *ODD_TYPED]:
        everywhere = {item_id for item_id in ids(typed, kinds=("post",)) if item_id < 100}
        assert ids(typed, kinds=("post",), topic_id=90) == everywhere, typed
    assert ids("flood", topic_id=90) == {6, 12} and ids("opening", topic_id=90) == {90}
    assert ids("flood", topic_id=90, languages=("fr",)) == ids("flood", topic_id=92) == set()
    found = find(VISITOR, Query("flood", topic_id=90))
    assert found.page.total == 2 and found.kinds == {"post": 2}  # each post is a hit of its own


def test_in_one_topic_nothing_is_found_that_the_reader_cannot_see(app: Flask) -> None:
    for topic_id, audience in ((1, "public"), (2, "members")):
        actions.index(SYSTEM, entry(topic_id, "Rain", "Rain.", audience=audience))
        post = entry(topic_id, "Rain", "It rained.", audience=audience)
        actions.index(SYSTEM, replace(post, kind="post", parent=("topic", topic_id)))
    assert len(found_by(Query("rain", topic_id=1))) == 2
    assert found_by(Query("rain", topic_id=2)) == []
    actions.hide(SYSTEM, "post", 1)
    assert [document.kind for document in found_by(Query("rain", topic_id=1))] == ["topic"]
    actions.hide(SYSTEM, "topic", 1)
    assert found_by(Query("rain", topic_id=1)) == []


ODD = [
    "",
    " ",
    '"',
    '""',
    "'",
    "AND",
    "OR NOT",
    "NEAR(a b)",
    "a AND",
    "*",
    "^flood",
    "title:flood",
    "{a b}",
    "flood*",
    "a:* | b",
    "!flood",
    "& | <->",
    "\\",
    "%",
    "_",
    "-1",
    "(((((",
    "\x00",
    "flood\x00wave",
    "\ud800",
    "\u202e\u200f\ufeff",
    "ﷺ" * 200,
    "ﬃ" * 500,
    "㌀" * 500,
    "é" * 10_000,
    "x" * 10_000,
    "雨" * 10_000,
    "a " * 5_000,
    "🚲🌧",
    "𞤀𞤁",
    "1e999 0x10 -0",
    "٣ ३ ３ ½ Ⅷ ²",
    "'; DROP TABLE document; --",
]
ODD_UNWANTED = [
    "a -",
    "a -- -b --c",
    'a -"',
    'a -"b',
    "a -b" + " -b" * 300,
    "a " + " ".join(f"-b{number}" for number in range(100)),
    "a -" + "雨" * 400,
    "a -🚲 -\ud800 -\x00b -NOT -(",
]
ODD_TYPED = [*ODD, *ODD_UNWANTED]


@pytest.mark.parametrize("typed", ODD_TYPED, ids=range(len(ODD_TYPED)))
def test_anything_typed_gives_an_answer(library: Flask, typed: str) -> None:
    assert find(VISITOR, Query(typed)).page.number == 1
    assert find(VISITOR, Query(typed, kinds=("topic",), agenda_ids=(3,), languages=("en",)), 10**9)


@pytest.mark.parametrize("typed", ODD, ids=range(len(ODD)))
def test_anything_written_can_be_indexed_and_its_words_found(library: Flask, typed: str) -> None:
    plain = typed.replace("\x00", "").encode("utf-8", "ignore").decode()
    actions.index(SYSTEM, entry(99, plain, f"{plain} beacon"))
    assert 99 in ids("beacon")
    if words_of(plain):
        assert 99 in ids(plain)


def test_facets_are_counted_and_narrow_the_answer(app: Flask) -> None:
    for number in range(5):
        actions.index(SYSTEM, entry(number + 1, "Rain", "", agenda_id=1, language="en"))
    actions.index(SYSTEM, replace(entry(1, "Rain", "", agenda_id=2, language="fr"), kind="case"))
    found = find(VISITOR, Query("rain"))
    assert (found.kinds, found.agendas) == ({"topic": 5, "case": 1}, {1: 5, 2: 1})
    narrowed = find(VISITOR, Query("rain", kinds=("case",)))
    assert narrowed.page.total == 1
    assert narrowed.kinds == {"topic": 5, "case": 1}
    assert narrowed.agendas == {2: 1}
    assert find(VISITOR, Query("rain", agenda_ids=(1,), languages=("fr",))).page.total == 0


def test_a_rare_kind_is_found_behind_a_thousand_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MAX_COUNTED", 3)
    actions.index(SYSTEM, replace(entry(1, "Rain", ""), kind="case"))
    for number in range(5):
        actions.index(SYSTEM, entry(number + 2, "Rain", ""))
    assert find(VISITOR, Query("rain")).is_capped
    rare = find(VISITOR, Query("rain", kinds=("case",)))
    assert (rare.page.total, rare.is_capped, len(rare.page.items)) == (1, False, 1)


NARROWED: list[tuple[str, dict[str, Any]]] = [
    ("flood", {"languages": ("en",)}),
    ("flood models", {}),
    ("flood", {"kinds": ("topic", "case")}),
    ("flood models", {"languages": ("en", "fr"), "kinds": ("topic",)}),
    ('"flood models"', {}),
    ("wat", {"languages": ("ru",)}),
    ("nowhere flood", {}),
]


@pytest.mark.parametrize(("typed", "facets"), NARROWED)
def test_where_the_index_is_asked_first_the_answer_is_the_same(
    library: Flask, monkeypatch: pytest.MonkeyPatch, typed: str, facets: dict[str, Any]
) -> None:
    """Word frequencies decide only how PostgreSQL searches; they do not change the results."""
    actions.index(SYSTEM, entry(40, "Flood", "A flood in words.", language="en"))
    actions.index(SYSTEM, entry(41, "Flood", "Models of a flood.", language="fr"))
    monkeypatch.setattr(_matching, "_word_frequencies", lambda *_which: {})
    found = ids(typed, **facets)
    monkeypatch.setattr(
        _matching, "_word_frequencies", lambda *_which: {"flood": 0.8, "=len": 0.01}
    )
    assert ids(typed, **facets) == found
    assert bool(found) == (typed not in ("nowhere flood", "wat"))


def test_words_are_as_common_as_postgresql_has_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A common word with a rare facet is looked up in the index first; two common words, a single one and a beginning are not."""
    for number in range(60, 100):
        language = "fr" if number == 99 else "en"
        actions.index(SYSTEM, entry(number, f"Street {number}", "The street.", language=language))
    # SQLite walks through its index from the newest text, and needs no frequencies
    if db.engine.dialect.name == "sqlite":
        monkeypatch.delattr(_matching, "_word_frequencies")
        assert ids("street", languages=("fr",)) == {99}
        return
    _matching._word_frequencies.cache_clear()
    monkeypatch.setattr(_matching, "SELECTIVE_SHARE", 0.1)
    the, street = Term(("the",)), Term(("street",))
    assert not _matching._is_selective(Match([the, street]))  # there are no statistics yet
    _matching._word_frequencies.cache_clear()
    db.session.execute(sql("ANALYZE document"))
    try:
        assert _matching._is_selective(Match([the], facets=[["=lfr"]]))
        assert not _matching._is_selective(Match([the, street]))
        assert not _matching._is_selective(Match([the], facets=[["=len"]]))
        assert not _matching._is_selective(Match([the]))
        assert not _matching._is_selective(Match([the, Term(("str",), is_prefix=True)]))
        assert _matching._is_selective(Match([the, Term(("rapid",))]))
    finally:
        _matching._word_frequencies.cache_clear()


def test_the_signs_of_facets_are_not_found_by_typing_them(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Rain", "", agenda_id=7, language="pt-BR"))
    actions.index(SYSTEM, entry(2, "Rain", "", agenda_id=77, language="pt"))
    assert not {1, 2} & (ids("=ktopic") | ids("ktopic") | ids("rain lpt") | ids("=a7"))
    assert ids("rain", languages=("pt-BR",)) == ids("rain", agenda_ids=(7,)) == {1}
    assert ids("rain", languages=("pt", "pt-BR"), agenda_ids=(7, 77)) == {1, 2}


def test_a_moved_topic_is_found_under_its_new_agenda(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Rain", "", agenda_id=1))
    actions.index(
        SYSTEM, replace(entry(5, "Rain", "It rains. Rain!"), kind="post", parent=("topic", 1))
    )
    actions.move(SYSTEM, "topic", 1, 2)
    assert (ids("rain", agenda_ids=(1,)), ids("rain", agenda_ids=(2,))) == (set(), {1, 5})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ('"bike lane"', {1}),
        ('"Bike LANE" paint', {1}),
        ('"bike lane" pai', {1}),
        ('"lane bike"', {2}),
        ("bike lane", {1, 2, 3}),
        ('"bike', {1, 2, 3}),
        ('"bik"', set()),
        ("bik", {1, 2, 3}),
        ('"bike lane', {1}),
        ('"bike-lane"', {1}),
        ('lane "bik"', set()),
        ('lane "bik",', set()),
        ('bike "lan" bike', set()),
        ('"bike lane" .', {1}),
        ('"parking gate"', set()),
        ('"雨水貯留"', {4}),
        ('"水貯"', {4}),
        ('"下水道と公園"', {4}),
        ('"水" "公園"', {4}),
        ('"公園 下水道"', set()),
    ],
)
def test_words_in_quotes_stand_together(app: Flask, typed: str, expected: set[int]) -> None:
    texts = ("A bike lane of paint", "In the lane bike parking", "The lane for a bike")
    for number, text in enumerate((*texts, "雨水貯留。下水道と公園")):
        actions.index(SYSTEM, entry(number + 1, "", text))
    actions.index(SYSTEM, entry(9, "Parking", "Gate"))
    assert ids(typed) == expected


def test_what_goes_during_the_search_is_left_out(
    library: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = finding._ranked

    def ranked_meanwhile(*args: Any) -> Any:
        found = ranked(*args)
        actions.unindex(SYSTEM, "topic", 12)
        return found

    monkeypatch.setattr(finding, "_ranked", ranked_meanwhile)
    assert ids("flood") == {6}


def test_the_texts_that_are_found_are_never_in_memory_together(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_matching, "ROWS_AT_ONCE", 10)
    length, number = 20_000, 300
    for item_id in range(number):
        actions.index(SYSTEM, entry(item_id + 1, f"Flood {item_id}", "water " * (length // 6)))
    find(VISITOR, Query("flood"))
    tracemalloc.start()
    try:
        assert find(VISITOR, Query("flood")).texts == number
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < number * length / 2


def first_snippet(typed: str) -> str:
    found = {hit.document.item_id: hit for hit in find(VISITOR, Query(typed)).page.items}
    return str(found[4].snippet)


def test_the_last_word_is_a_beginning_where_few_texts_hold_it_whole(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, word in enumerate(("flood", "flood", "flooding")):
        actions.index(SYSTEM, entry(number + 1, "", word))
    actions.index(SYSTEM, entry(4, "", "flood flooding"))
    assert ids("flood") == {1, 2, 3, 4}
    assert first_snippet("flood") == "<mark>flood</mark> <mark>flooding</mark>"
    assert first_snippet('"flood"') == "<mark>flood</mark> flooding"
    monkeypatch.setattr(_matching, "MAX_RANKED", 3)
    assert ids("flood") == {1, 2, 4}
    assert first_snippet("flood") == "<mark>flood</mark> flooding"


def test_words_in_the_title_come_first(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Pumps", "A siren. " + "Other words about it. " * 30))
    actions.index(SYSTEM, entry(2, "The siren", "Nothing else."))
    actions.index(SYSTEM, entry(3, "Boats", "A siren. " + "Other words about it. " * 30))
    hits = find(VISITOR, Query("siren")).page.items
    assert hits[0].document.item_id == 2


def test_a_topic_comes_before_its_replies(app: Flask) -> None:
    reply = replace(entry(8, "The siren", "A siren, a siren."), kind="post", parent=("topic", 7))
    actions.index(SYSTEM, entry(7, "The siren", "It failed. " * 30))
    actions.index(SYSTEM, reply)
    assert [document.kind for document in found_by(Query("siren"))] == ["topic", "post"]


def test_a_topic_is_one_hit_with_its_other_texts_below(app: Flask) -> None:
    actions.index(SYSTEM, entry(7, "The siren", "It failed."))
    for number in range(1, 7):
        words = "A siren, and then another siren." if number == 4 else "Of a siren."
        reply = replace(entry(number, "The siren", words), kind="post", parent=("topic", 7))
        actions.index(SYSTEM, replace(reply, address=f"/posts/{number}"))
    actions.index(SYSTEM, entry(8, "Bells", "No siren."))
    found = find(VISITOR, Query("siren"))
    assert (found.page.total, found.texts, found.kinds) == (2, 8, {"topic": 2, "post": 6})
    first, second = found.page.items
    assert [document.address for document in (first.document, *first.others)] == [
        "/topics/7",
        "/posts/4",
        "/posts/6",
        "/posts/5",
    ]
    assert (first.more, second.document.address, second.others) == (3, "/topics/8", [])
    assert (first.topic_id, second.topic_id) == (7, None)
    newest = find(VISITOR, Query("siren", is_newest_first=True))
    assert [hit.document.address for hit in newest.page.items] == ["/topics/8", "/posts/6"]
    apart = find(VISITOR, Query("siren", is_newest_first=True, kinds=("post",)))
    assert [hit.document.address for hit in apart.page.items] == [
        f"/posts/{n}" for n in range(6, 0, -1)
    ]


def test_a_case_and_its_comments_are_one_hit(app: Flask) -> None:
    """The topic of a case has a document without words, which is the parent of the comments."""
    actions.index(SYSTEM, replace(entry(7, "", ""), address="/cases/sirens"))
    case = replace(entry(1, "Sirens", "A network."), kind="case", address="/cases/sirens")
    actions.index(SYSTEM, case)
    for number in (1, 2):
        reply = replace(entry(number, "Sirens", "Of a siren."), kind="post", parent=("topic", 7))
        actions.index(SYSTEM, replace(reply, address=f"/posts/{number}"))
    (hit,) = find(VISITOR, Query("sirens")).page.items
    assert (hit.document.kind, [document.address for document in hit.others]) == (
        "case",
        ["/posts/2", "/posts/1"],
    )


def test_more_comments_on_a_case_are_as_many_as_a_search_among_them_finds(app: Flask) -> None:
    actions.index(SYSTEM, replace(entry(7, "", ""), address="/cases/sirens"))
    case = replace(entry(1, "Sirens", "A network."), kind="case", address="/cases/sirens")
    actions.index(SYSTEM, case)
    for number in range(1, 7):
        reply = replace(entry(number, "Sirens", "Of a siren."), kind="post", parent=("topic", 7))
        actions.index(SYSTEM, replace(reply, address=f"/posts/{number}"))
    for is_newest_first in (False, True):
        query = Query("sirens", is_newest_first=is_newest_first)
        (hit,) = find(VISITOR, query).page.items
        named = [hit.document, *hit.others]
        comments = find(VISITOR, replace(query, topic_id=hit.topic_id)).texts
        assert [document.kind for document in named].count("case") == 1
        assert sum(document.kind == "post" for document in named) + hit.more == comments == 6


def test_what_is_ignored_gives_way_to_the_others_of_its_page(app: Flask) -> None:
    actions.index(SYSTEM, entry(7, "The siren", "It failed."))
    for number in range(1, 7):
        reply = replace(entry(number, "The siren", "Siren."), kind="post", parent=("topic", 7))
        actions.index(SYSTEM, reply)

    def shown(*ignored: int) -> tuple[list[tuple[str, int]], int]:
        hushed = {("topic", 7), *(("post", number) for number in ignored)}
        (hit,) = find(VISITOR, Query("siren"), ignored=lambda _things: hushed).page.items
        return [
            (document.kind, document.item_id) for document in (hit.document, *hit.others)
        ], hit.more

    assert shown(6) == ([("post", number) for number in (5, 4, 3, 2)], 1)
    assert shown(1, 2, 3, 4, 5, 6) == ([("topic", 7)], 0)


def test_pages_count_topics(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PAGE_SIZE", 2)
    for topic in (1, 2, 3):
        actions.index(SYSTEM, entry(topic, "Rain", ""))
        reply = replace(entry(topic, "Rain", "Rain."), kind="post", parent=("topic", topic))
        actions.index(SYSTEM, reply)
    pages = [find(VISITOR, Query("rain"), number).page for number in (1, 2, 9)]
    assert [(page.number, page.pages, len(page.items)) for page in pages] == [
        (1, 2, 2),
        (2, 2, 1),
        (2, 2, 1),
    ]


def test_results_are_paged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PAGE_SIZE", 2)
    for number in range(5):
        actions.index(SYSTEM, entry(number + 1, "Rain", ""))
    seen = [
        hit.document.item_id
        for page in (1, 2, 3)
        for hit in find(VISITOR, Query("rain"), page).page.items
    ]
    assert sorted(seen) == [1, 2, 3, 4, 5]
    assert find(VISITOR, Query("rain"), 99).page.number == 3


def test_the_number_of_queries_does_not_grow(library: Flask, queries: Callable[[], Any]) -> None:
    with queries() as few:
        find(VISITOR, Query("inundacion"))
    for number in range(60):
        actions.index(SYSTEM, entry(number + 100, "Inundación", "agua"))
    with queries() as many:
        find(VISITOR, Query("inundacion"))
    assert few.count == many.count <= 5


@pytest.mark.parametrize(
    ("plain", "typed", "expected"),
    [
        ("A Flood of floods", "flood", "A <mark>Flood</mark> of <mark>floods</mark>"),
        ("Medellín, medellin", "MEDELLIN", "<mark>Medellín</mark>, <mark>medellin</mark>"),
        ("cafe\u0301s", "café", "<mark>cafe\u0301s</mark>"),
        ("東京の雨水", "雨水", "東京の<mark>雨水</mark>"),
        ("Straße", "strasse", "<mark>Straße</mark>"),
        ("a <b> & flood", "flood b", "a &lt;<mark>b</mark>&gt; &amp; <mark>flood</mark>"),
        (
            "<script>alert(1)</script>",
            "alert",
            "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt;",
        ),
        ("ﬂood", "flo", "<mark>ﬂood</mark>"),
        ("सूरत और सूरतगढ़", "सूरत नदी", "<mark>सूरत</mark> और सूरतगढ़"),
        ("nothing", "", "nothing"),
    ],
)
def test_the_words_are_marked_and_everything_is_escaped(
    plain: str, typed: str, expected: str
) -> None:
    marked = mark(plain, words_of(typed))
    assert isinstance(marked, Markup)
    assert marked == expected


def test_the_snippet_is_the_piece_around_the_words(library: Flask) -> None:
    body = "Before. " * 100 + "The siren failed. " + "After. " * 100
    actions.index(SYSTEM, entry(50, "Night", body))
    snippet = str(find(VISITOR, Query("siren")).page.items[0].snippet)
    assert snippet.startswith("… ")
    assert "<mark>siren</mark> failed" in snippet
    assert snippet.endswith("…")
    assert len(snippet) < 300


@pytest.mark.parametrize(
    "before",
    [
        "電停から五百メートル以内で補助を出しています。" * 20,
        "第1章 " + "電停から五百メートル以内。" * 40,
    ],
)
def test_a_snippet_without_spaces_shows_the_words_that_were_found(app: Flask, before: str) -> None:
    after = "公園に水をためました。" * 40
    actions.index(SYSTEM, entry(50, "", f"{before}雨水{after} 終わり"))
    snippet = str(find(VISITOR, Query("雨水")).page.items[0].snippet)
    assert "<mark>雨水</mark>公園" in snippet and snippet.startswith("… ") and snippet.endswith("…")
    assert 200 < len(snippet) < 300


def test_a_snippet_cut_in_a_run_of_letters_does_not_begin_with_a_mark(app: Flask) -> None:
    actions.index(SYSTEM, entry(50, "", "ที่" * 101 + "น้ำท่วม"))
    snippet = str(find(VISITOR, Query("น้ำท่วม")).page.items[0].snippet)
    assert snippet.startswith("… ท") and "<mark>" in snippet


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("تجربة القاهرة", "تجربه القاهره"),
        ("مستشفى البلدي", "مستشفي البلدى"),
        ("أحمد إلى آسيا", "احمد الي اسيا"),
        ("كتـــاب", "كتاب"),
        ("شهرداری کرج", "شهرداري كرج"),
        ("٤٥ محطة", "45 محطة"),
        ("۴۵ ایستگاه", "45 ايستگاه"),
        ("बाढ़ १२", "बाढ़ 12"),
    ],
)
def test_letters_that_are_typed_for_each_other_find_each_other(
    app: Flask, written: str, typed: str
) -> None:
    for item_id, words in enumerate((written, typed)):
        actions.index(SYSTEM, entry(item_id, "", f"{words} …"))
    for words in (written, typed, f'"{written}"', f'"{typed}"'):
        found = find(VISITOR, Query(words)).page.items
        assert [str(hit.snippet).count("<mark>") for hit in found] == [len(typed.split())] * 2


def test_a_line_that_stretches_words_finds_nothing_by_itself(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "", "كتـــاب ـــ"))
    assert not ids("ـــ") and not ids('"ـ"') and ids("كتاب ـ") == set()


def test_the_index_holds_words_only() -> None:
    assert searchable("https://example.org/a_b?c=1, O’Neil – 3.5 %") == (
        "https example org a b c 1 o neil 3 5"
    )
    assert searchable("x" * 500) == "x" * 100


def test_a_text_of_common_signs_has_the_words_that_it_has_beside_others() -> None:
    typed = "".join(f"A{chr(number)}b " for number in range(128)) + "x" * (MAX_WORD_LENGTH + 1)
    assert searchable(f"{typed} ж") == f"{searchable(typed)} ж"


def test_a_reply_counts_by_what_it_says_itself(app: Flask) -> None:
    def post(item_id: int, body: str, title: str = "Flood in the flood plain") -> None:
        actions.index(SYSTEM, replace(entry(item_id, title, body), kind="post"))

    actions.index(SYSTEM, entry(20, "Flood in the flood plain", "How high did it stand?"))
    post(21, "We thank you all.")
    post(22, "The flood stood two metres high.")
    post(23, "So it is here.")
    post(24, "Here is a flood of letters, and " + "very " * 80 + "long it is.", "Something else")
    found = [hit.document.item_id for hit in find(VISITOR, Query("flood")).page.items]
    assert found == [20, 22, 24], "none that is found by the title of its topic alone"
    assert ids("plain metres") == {22}, "one of the words may be of that title"
    newest = find(VISITOR, Query("flood", is_newest_first=True))
    assert [hit.document.item_id for hit in newest.page.items] == [24, 22, 20]
    assert newest.kinds == find(VISITOR, Query("flood", kinds=("post",))).kinds


@pytest.mark.parametrize("topic_id", [None, 1])
def test_what_has_the_word_itself_is_found_behind_many_replies_to_a_title(
    app: Flask, monkeypatch: pytest.MonkeyPatch, topic_id: int | None
) -> None:
    """Thousands of replies match by the title of their topic; the text with the word itself is older."""
    monkeypatch.setattr(finding, "MAX_RANKED", 3)
    actions.index(SYSTEM, entry(1, "Cycle lanes", "A text."))
    for number, body in enumerate(["Of lanes.", *["Thank you."] * 9]):
        post = replace(entry(number, "Cycle lanes", body), kind="post", parent=("topic", 1))
        actions.index(SYSTEM, post)
    for typed in ("lanes", "cycle lanes", '"cycle lanes"'):
        found = find(VISITOR, Query(typed, topic_id=topic_id))
        kinds = {
            document.kind for hit in found.page.items for document in (hit.document, *hit.others)
        }
        assert kinds == ({"topic"} if typed[0] == '"' else {"topic", "post"}), typed
        assert not found.is_capped and sum(found.kinds.values()) == found.texts == len(kinds)
    monkeypatch.setattr(finding, "MAX_PORTIONS", 2)  # too few portions to read that far
    found = find(VISITOR, Query("lanes", topic_id=topic_id))
    assert found.is_capped and found.texts == 3 and found.page.items


@pytest.mark.parametrize(
    ("typed", "also"),
    [
        ("floods", {"flood"}),
        ("flooding", {"flood", "floods"}),
        ("housing", {"house"}),
        ("planning", {"plan"}),
        ("cities", {"city"}),
        ("boxes", {"box"}),
        ("glasses", {"glass"}),
        ("days", {"day"}),
        ("policy", {"policies"}),
        ("church", {"churches"}),
        ("street", {"streets"}),
    ],
)
def test_a_word_has_its_plural_or_singular(typed: str, also: set[str]) -> None:
    assert also <= set(inflections(typed))


@pytest.mark.parametrize(
    "typed",
    ["glass", "status", "basis", "bus", "string", "news", "economics", "東京", "наводнения", "3s"],
)
def test_other_words_stay_as_they_are(typed: str) -> None:
    assert not {"glas", "statu", "basi", "bu", "str"} & set(inflections(typed))
    assert typed in {"string"} or inflections(typed) == ()


def test_unwanted_words_leave_out_what_has_them_on_every_page_of_results(app: Flask) -> None:
    """Also among texts that have only some of the words, among new ones, in the counts, and by the title of the topic."""
    for number, title in enumerate(("Trams in Graz", "Trams in Lyon"), 1):
        actions.index(SYSTEM, entry(number, title, "Quiet rails.", language="fr"))
        post = entry(number, title, "Rails that are not loud.", language="en")
        actions.index(SYSTEM, replace(post, kind="post", parent=("topic", number)))
    query = Query("rails -Graz", languages=("en",))
    found = find(VISITOR, query)
    assert found.page.total == 1 and found.languages == {"en": 1, "fr": 1}
    assert ids("rails -lyons tram") == ids("rails tram -Lyon") == {1}
    (newer,) = finding.newer_hits(VISITOR, query, 0, 10**9)
    assert [hit.item_id for hit in newer] == [2]
    partly = find_partly(VISITOR, Query("rails nowhere -Graz"), 5)
    assert [hit.document.item_id for hit in partly] == [2]
    (hit,) = found.page.items
    assert hit.snippet == Markup("<mark>Rails</mark> that are not loud.")
    assert looked_for("trams -Graz -Lyon") == looked_for("Trams  -lyon -graz")
    assert looked_for("trams -Graz") != looked_for("trams Graz") != looked_for("trams")


@pytest.mark.parametrize("typed", ['"quiet rails"', "rails -loud"])
@pytest.mark.parametrize("is_dated", [False, True])
def test_a_search_says_from_when_texts_were_not_read_for_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, typed: str, is_dated: bool
) -> None:
    """PostgreSQL reads the newest texts with the words to know which have them together, or are without others."""
    days = [DAY + timedelta(days=number) for number in range(6)]
    for number, day in enumerate(days, 1):
        body = "Quiet rails." if number in (1, 5) else "Rails that are quiet, and loud."
        actions.index(SYSTEM, replace(entry(number, "", body), written_at=day))
    period = Period(last=days[4].date()) if is_dated else ANY_TIME
    whole = find(VISITOR, Query(typed, period=period))
    assert [hit.document.item_id for hit in whole.page.items] == [5, 1]
    assert whole.unread_before is None and not whole.is_capped
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 3)
    found = find(VISITOR, Query(typed, period=period))
    if db.engine.dialect.name == "sqlite":
        assert found == whole, "its index knows"
        return
    assert [hit.document.item_id for hit in found.page.items] == [5]
    assert found.unread_before == days[2 if is_dated else 3] and found.is_capped
    assert found.kinds == {"topic": 1}
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 1)  # a text that is no hit, unless it is one
    found = find(VISITOR, Query(typed, period=period))
    assert [hit.document.item_id for hit in found.page.items] == ([5] if is_dated else [])
    assert found.unread_before == days[4 if is_dated else 5]
    older = Query(typed, period=Period(last=days[1].date()))
    assert [hit.document.item_id for hit in find(VISITOR, older).page.items] == []
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 2)
    found = find(VISITOR, older)
    assert [hit.document.item_id for hit in found.page.items] == [1]
    assert found.unread_before == days[0], "it does not know that there is none before"


def test_plural_and_singular_find_each_other_and_are_marked(app: Flask) -> None:
    actions.index(SYSTEM, entry(1, "Street trees", "A policy for the city."))
    actions.index(SYSTEM, entry(2, "A tree in the streets", "Policies of cities."))
    for typed in ("trees streets", "street tree", "policies cities", "city policy", "tree -x"):
        assert ids(typed) == {1, 2}, typed
    assert ids('"street trees"') == {1}
    assert ids('"trees" street') == {1}
    (hit,) = find(VISITOR, Query("streets policy")).page.items[:1]
    marked = {str(hit.title) for hit in find(VISITOR, Query("streets")).page.items}
    assert marked == {"<mark>Street</mark> trees", "A tree in the <mark>streets</mark>"}
    assert "<mark>" in hit.snippet
