"""Markdown texts as plain text, as lists of the dialogue and of the queue show them."""

from __future__ import annotations

from time import process_time

import pytest

from forum.dialogue.models._shared import gist
from forum.moderation.queries import first_words
from forum.plaintext import prose, typed_alike, without_markdown


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("A **bold** _word_ and `code`", "A bold word and code"),
        ("See [the plan](https://t.example/a_b 'A plan').", "See the plan."),
        ("![a lane](/pictures/x)", "a lane"),
        ("_All_ of __sector_a__, @ana_b and `x_`", "All of sector_a, @ana_b and x"),
        ("## Head\n- one\n  2) two\n* three", "Head\none\ntwo\nthree"),
        ("C# in 1.5 - not a list", "C# in 1.5 - not a list"),
    ],
)
def test_signs_go_and_words_stay(source: str, plain: str) -> None:
    assert without_markdown(source) == plain


def test_the_dialogue_and_the_queue_say_the_same_of_a_text() -> None:
    source = "> [@ben](/posts/1)\n\nWe **closed** it:\n- the [ring](https://t.example)"
    assert gist(source) == first_words(source) == "We closed it: the ring"


@pytest.mark.parametrize("evil", ["](", "[", "\n", "#", " ", "* ", "\n \n", "1", "[a]("])
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
