"""Texts without their signs: of Markdown in lists, cut to excerpts, folded for search, made into addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import product
from time import process_time
from typing import Any

import pytest

from forum import markup
from forum.confusables import skeleton
from forum.dialogue.models._shared import gist
from forum.matches import domain_of
from forum.moderation.queries import first_words
from forum.plaintext import (
    MAX_MARKS,
    _numbered,
    excerpt,
    first_free,
    fold,
    in_one_line,
    is_made_of,
    normalized,
    prose,
    slugify,
    tidy,
    typed_alike,
    without_markdown,
)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("A **bold** _word_ and `code`", "A bold word and code"),
        ("See [the plan](https://t.example/a_b 'A plan').", "See the plan."),
        ("![a lane](/pictures/x)", "a lane"),
        ("_All_ of __sector_a__, @ana_b and `x_`", "All of sector_a, @ana_b and x"),
        ("## Head\n- one\n  2) two\n* three", "Head\none\ntwo\nthree"),
        ("C# in 1.5 - not a list", "C# in 1.5 - not a list"),
        ("Paid\n---\n| by | for |\n|:---|---:|\n| us |", "Paid\n\n by  for \n\n us "),
    ],
)
def test_signs_go_and_words_stay(source: str, plain: str) -> None:
    assert without_markdown(source) == plain


def test_the_dialogue_and_the_queue_say_the_same_of_a_text() -> None:
    source = "> [@ben](/posts/1)\n\nWe **closed** it:\n- the [ring](https://t.example)"
    assert gist(source) == first_words(source) == "We closed it: the ring"


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "evil", ["](", "[", "\n", "#", " ", "* ", "\n \n", "1", "[a](", "-", "- |:"]
)
def test_hostile_texts_take_no_time(evil: str) -> None:
    begun = process_time()
    first_words(evil * (40_000 // len(evil)))
    assert process_time() - begun < 2


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "## What we did\n\nWe *asked* [all](https://x.example).\n\n### Then\nMore.",
            "We asked all. More.",
        ),
        ("> Quoted\nMine.\n\n| a | b |\n|---|---|\n\nYours.", "Mine. Yours."),
        ("Before.\n```\na,b\n```\nAfter.\n~~~ text\nc\n~~~", "Before. After."),
        ("Before.\n```\nnever closed", "Before."),
        ("#hashtag and 3 > 2", "#hashtag and 3 > 2"),
        ("```py\nonly code\n```", "only code"),
        ("| a | b |\n|--|:-:|\n| 1 | 2 |", "a b · 1 2"),
        ("## Only a heading", "Only a heading"),
        ("> Only a quote", "Only a quote"),
        ("", ""),
    ],
)
def test_prose_leaves_out_what_is_none(source: str, words: str) -> None:
    assert prose(source, 100) == words


def test_prose_ends_between_words() -> None:
    assert prose("One two three four. " * 50, 12) == "One two…"
    hostile = ("```\n" * 4_000, "> " * 9_000, "#" * 20_000, "~~~\n```\n" * 2_000)
    assert all(len(prose(text, 500)) <= 500 for text in hostile)


def test_the_ends_of_arabic_words_are_typed_in_few_ways() -> None:
    assert typed_alike("berlin") == ["berlin"]
    assert typed_alike("القاهره") == ["القاهره", "القاهرة"]
    assert len(typed_alike("مكه مكة على علي")) == 9
    assert typed_alike("هدية") == ["هدية", "هديه"], "only where a word ends"


def test_an_excerpt_is_cut_between_words() -> None:
    assert excerpt("  a  b ") == "a b"
    assert excerpt("one two, three", 10) == "one two…"
    assert excerpt("x" * 50, 10) == "x" * 9 + "…"
    assert len(excerpt("word " * 100)) <= 200


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("## What we did\n\nWe asked.\n\nThey answered.", "What we did · We asked. They answered."),
        ("Bring:\n\n- a map\n- a pen", "Bring: a map · a pen"),
        ("一つ。\n\n二つ", "一つ。 二つ"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a · b · 1 · 2"),
        ("one\ntwo", "one two"),
        ("\n\n", ""),
    ],
)
def test_in_one_line_its_parts_are_told_apart(source: str, line: str) -> None:
    assert in_one_line(markup.write(source).plain) == line


def test_an_excerpt_is_no_markup_and_cuts_no_entity_in_two() -> None:
    source = "&lt;img src=x onerror=alert(1)&gt; <script>alert(1)</script>"
    plain = markup.write(source).plain
    assert plain.startswith("<img src=x onerror=alert(1)>")
    for length in range(2, 60):
        short = excerpt(plain, length)
        assert type(short) is str  # no `Markup`, so templates escape it
        assert plain.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Émile", "emile"),
        ("Ｍｅｄｅｌｌｉｎ", "medellin"),
        ("Straße", "strasse"),
        ("København Łódź", "kobenhavn lodz"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("ﬁ", "fi"),
        ("a\x00b\ud800", "a b"),
    ],
)
def test_fold_makes_one_of_what_people_type_differently(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Making Cities Quieter!", "making-cities-quieter"),
        ("  Émile_&_Łódź  ", "emile-łódź".replace("łódź", "lodz")),
        ("東京 2020", "東京-2020"),
        ("हिन्दी में", "हिन्दी-में"),
        ("한국", "한국"),
        ("../../etc", "etc"),
        ("<script>", "script"),
        ("?!", "text"),
        ("Πώς μετράτε τους θανάτους ΑΠΟ", "πως-μετρατε-τους-θανατους-απο"),
        ("❤️ 👨‍👩‍👧", "text"),
        ("Parks ❤️", "parks"),
        ("\u202e\x00\ud800", "text"),
    ],
)
def test_a_slug_has_letters_and_digits_of_any_script(text: str, slug: str) -> None:
    assert slugify(text) == slug


def free(wish: str, used: Collection[str], most: int = 60) -> tuple[str, int]:
    """The first free name, and how many queries it took to find it."""
    asked: list[Sequence[str]] = []

    def taken(names: Sequence[str]) -> Collection[str]:
        asked.append(names)
        return set(names) & set(used)

    return first_free(wish, taken, most), len(asked)


def test_the_first_free_name_is_found_by_few_questions() -> None:
    numbered = ["trams", *(f"trams-{number}" for number in range(2, 3_000))]
    assert free("trams", ["tram", "trams-2"]) == ("trams", 1)
    assert free("trams", ["trams", "trams-2", "trams-4"]) == ("trams-3", 1)
    assert free("trams", numbered) == ("trams-3000", 4)


def test_a_number_finds_room_in_a_name() -> None:
    long = "a" * 37 + "-bc"
    assert free(long, [], most=40) == (long, 1)
    # The hyphen at the end is removed before the number is added
    assert free(long, [long], most=40) == ("a" * 37 + "-2", 1)
    used = [long, *(_numbered(long, number, 40) for number in range(2, 100))]
    name, _asked = free(long, used, most=40)
    assert name == "a" * 36 + "-100"
    assert is_made_of(name, long, 40) and is_made_of(long, long, 40)
    for other in (long[:-1], f"{long}-2", name[1:], "a" * 36 + "-1", "a" * 36 + "-0100"):
        assert not is_made_of(other, long, 40), other


def test_a_slug_is_short() -> None:
    assert len(slugify("a" * 500)) == 60
    assert not slugify("a" * 59 + " b").endswith("-")


def test_a_long_slug_ends_between_words() -> None:
    title = "How many networks is your city in, and who goes to the meetings, and why?"
    assert slugify(title) == "how-many-networks-is-your-city-in-and-who-goes-to-the"
    assert slugify("a" * 30 + " " + "b" * 29 + " c") == "a" * 30 + "-" + "b" * 29, "whole words fit"
    assert slugify("ab " + "c" * 90) == "ab-" + "c" * 57, "a word that is longer than most slugs"


def test_a_text_is_tidied() -> None:
    assert tidy("a\tb\x01\x08\x1b[2J\x7fc") == "a\tb[2Jc"
    assert tidy("\n\na\r\nb\rc\x00\ud800e\u0301\n") == "a\nb\nc\ufffd\u00e9"
    assert markup.write("a", "fi").language == "fi"


@pytest.mark.parametrize("between", ["", "\u200d", "\u034f"])
def test_marks_upon_a_letter_do_not_pile_up_over_other_lines(between: str) -> None:
    piled = "Z" + f"\u030b{between}" * 200 + " lift " + "\u0e01" + "\u0e47" * 50
    tidied = tidy(piled)
    assert (
        len(re.findall(r"[\u030b\u034f]", tidied)) == len(re.findall("\u0e47", tidied)) == MAX_MARKS
    )
    assert tidy(tidied) == tidied


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "evil", ["\u0301\u0316", "\uff9e\u0301", "\u0f73\u0301", "\U0001d165\u0301", "\u0301\u3164"]
)
def test_marks_in_disorder_take_no_time(evil: str) -> None:
    begun = process_time()
    tidy(evil * 100_000)
    for look_at in (fold, slugify, skeleton, domain_of):
        look_at(evil * 20_000)
    assert process_time() - begun < 4


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_marks_are_put_in_order_as_unicode_says(form: Any) -> None:
    letters = ["a", "\u00e9", "\uff76", "\uff9e", "\u0301", "\u0316", "\u0f73", "\ufdfa", "\u200b"]
    for first, second, third in product(letters, repeat=3):
        for text in (first + second + third, (first + second + third) * 5 + "a"):
            assert normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize(
    "spelled",
    [
        "\u05e9\u05c1\u05bc\u05b8\u0596\u05bd",  # Hebrew, with all that belongs to one letter
        "\u0f67\u0fb1\u0f71\u0f74\u0f83",  # Tibetan, written downwards
        "e\u0323\u0302\u0301",
        "\U0001f468\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468 1\ufe0f\u20e3",
        "\u2014" * 40,
        "\u200d" * 40,
    ],
)
def test_no_spelling_loses_a_mark(spelled: str) -> None:
    assert tidy(spelled) == unicodedata.normalize("NFC", spelled)
