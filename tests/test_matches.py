"""What rules can find in a text, and how it may be disguised."""

from __future__ import annotations

import time

import pytest

from forum.markup import write
from forum.matches import ScreenedText, combine, domain_of, folded, from_plain_text, replace_name


def said(source: str, title: str = "") -> ScreenedText:
    return ScreenedText(write(source), title)


@pytest.mark.parametrize(
    "source",
    [
        "See https://evil.example/buy.",
        "See https://www.evil.example.",
        "See [this](https://EVIL.example/).",
        "See [this](//evil.example).",
        "See evil.example, without a link.",
        "See <https://evil.example>.",
        "See https://good.example@evil.example/",
        "See [this](https://ev%69l.example/).",
        "See [this](https://evil&#46;example/).",
        "See https://evil\u3002example and \uff45vil\uff0eexample.",
        "Write to me@evil.example.",
        "![picture](https://cdn.evil.example/a.png)",
        "See https://evil.example:8080/",
        "See https://evil.example./",
        *(
            f"[here](http://ev{sign}il.example)"
            for sign in ("%C2%AD", "%E2%80%8B", "%EF%B8%8F", "%CD%8F")
        ),
        "[here](http://%E2%93%94vil.example)",
        "[here](http://evil%EF%BC%8Eexample)",
        "[here](http:ev%C2%ADil.example)",
        "See ev\u00adil.example.",
        "See \u24d4vil.example.",
        "See\u200bevil.example.",
        "Look:\n\n> See evil.example.",
        'See [this](/topics "evil.example").',
    ],
)
def test_a_domain_is_found_however_it_is_written(source: str) -> None:
    assert "evil.example" in said(source).hosts


@pytest.mark.parametrize(
    "source",
    ["https://notevil.example", "https://evil.example.org", "evil example", "https://evil-example"],
)
def test_a_domain_is_found_at_the_borders_of_labels_alone(source: str) -> None:
    assert "evil.example" not in said(source).hosts


def test_international_domains_are_one_in_both_spellings() -> None:
    domain = domain_of("https://xn--bcher-kva.example/x")
    assert domain == domain_of("BÜCHER.example") == "bücher.example"
    for source in (
        "https://xn--bcher-kva.example",
        "https://www.bücher.example",
        "Bu\u0308cher.example",
    ):
        assert domain in said(source).hosts, source
    assert "xn--99999999.example" in said("https://xn--99999999.example").hosts  # invalid IDNA


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("Evil.Example", "evil.example"),
        ("*.evil.example", "evil.example"),
        ("https://a@evil.example:80/b?c", "evil.example"),
        ("  evil.example. ", "evil.example"),
        ("zip", "zip"),
        ("http://ev\u00adil.ex\u200bample", "evil.example"),
        ("\u24d4vil\uff0eexample", "evil.example"),
        ("no domain", ""),
        ("", ""),
        ("..", ""),
    ],
)
def test_what_is_typed_as_a_domain(typed: str, domain: str) -> None:
    assert domain_of(typed) == domain


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("A CASINO here", "casino"),
        ("A cas\u200bino here", "casino"),
        ("A c\u20dda\u20dds\u20ddino here", "casino"),
        ("A c\u0489asino here", "casino"),
        ("A \u202eonisac\u202c here", "casino"),  # shown from right to left
        ("A \u202esehctaw paehC", "Cheap watches"),
        ("A cas\u00adino here", "casino"),
        *(
            (f"A cas{sign}ino here", "casino")
            for sign in "\u034f\u115f\u180e\u3164\ufe0f\uffa0\U000e0100"
        ),
        ("Cheap\u2800watches", "Cheap watches"),
        ("A cas\u200c\u200dino here", "casino"),
        ("Buy ❤ here", "Buy ❤\ufe0f here"),
        ("نامه\u200cها", "نامه\u200cها"),
        ("A **cas**ino here", "casino"),
        ("A c\u0430sin\u043e here", "casino"),  # two letters are Cyrillic
        ("A ｃａｓｉｎｏ here", "casino"),
        ("A Cásinö here", "casino"),
        ("[here](https://casino.example)", "casino"),
        ("Cheap\n\n  watches", "Cheap watches"),
        ("Cheap w\u0430tches", "Cheap watches"),
        ("Very ch\u0435ap w\u0430tches today", "cheap watches"),
        ("Der Große Preis", "grosse preis"),
        ("便宜的手表在这里", "手表"),
        ("ขายนาฬิกาถูก", "นาฬิกา"),
        ("C++ for all", "c++"),
        ("Казино здесь", "казино"),
        ("Look:\n\n> A **cas**ino here", "casino"),
        ("> > A casino\n\nYes.", "casino"),
        ("> Cheap\n>\n> - watches\n\nYes.", "cheap watches"),
        ("> ![A casino](https://a.example/b.png)", "casino"),
        ("> [Ana](/posts/7)\n>\n> A casino\n\nYes.", "casino"),
        ('See [this](/topics "casinos > a casino").', "a casino"),
        ("See [this][1].\n\n[1]: /topics 'A casino'", "casino"),
    ],
)
def test_a_word_is_found_however_it_is_written(source: str, word: str) -> None:
    assert said(source).contains(folded(word))


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("The casinos", "casino"),
        ("A minicasino", "casino"),
        ("Cheap and watches", "cheap watches"),
        ("A modern city", "modem"),  # the words look alike, but neither is a disguise
        ("Глаcc", "casino"),
    ],
)
def test_a_word_is_found_from_border_to_border(source: str, word: str) -> None:
    assert not said(source).contains(folded(word))


def test_the_word_of_a_rule_that_an_earlier_version_stored_is_found() -> None:
    assert said("Buy ❤\ufe0f here").contains("buy ❤\ufe0f here")


def test_rules_look_into_the_title_too() -> None:
    assert said("Text.", "Best casino of evil.example").contains("casino")
    assert "evil.example" in said("Text.", "Best casino of evil.example").hosts


def test_links_that_lead_away() -> None:
    for source in (
        *("https://a.example", "[a](//a.example)", "![a](http://a.example/b.png)"),
        *(
            "[a](http:a.example)",
            "<http:a.example>",
            "[a](HTTP:/a.example)",
            "[a](https:a.example)",
        ),
    ):
        assert said(source).has_outside_links, source
    for source in (
        "[a](/topics/7)",
        "a.example",
        "[a](mailto:a@a.example)",
        "[a](b:c)",
        "`https://a.example`",
    ):
        assert not said(source).has_outside_links, source


def test_the_same_text_has_the_same_key() -> None:
    long = "Buy our watches, they are the best watches that there are in the world of watches."
    assert said(long).fingerprint == said(f"  **{long.upper()}**\n").fingerprint != ""
    assert said(f"{long} Really.").fingerprint != said(long).fingerprint
    assert said("Thank you!").fingerprint == ""


def test_a_text_in_a_quote_has_a_key_and_a_quoted_post_has_none() -> None:
    lines = [f"> The {number}th line of a long advertisement." for number in range(9)]
    quoted = "\n".join(lines)
    assert said(quoted).fingerprint == said(f"{quoted}\n").fingerprint != ""
    assert said(f"> [Ana](/posts/7)\n>\n{quoted}\n\nThank you!").fingerprint == ""


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "source",
    [
        "a." * 9_999,
        "a.b " * 5_000,
        "c\u0430 " * 6_000,
        "ü" * 19_999,
        "a" * 19_999,
        "a-" * 9_999,
        "https://a.a " * 1_600,
        "\ufdfa." * 9_999,
        "> " + '"<' * 2_400 + '[a](/b "c")' * 150,
        "> a\n\n" * 500,
    ],
)
def test_texts_that_are_made_to_hurt_take_no_time(source: str) -> None:
    text = said(source)
    begun = time.process_time()
    assert (
        not text.contains("casino")
        and "evil.example" not in text.hosts
        and text.fingerprint is not None
    )
    assert time.process_time() - begun < 1


def test_several_texts_are_looked_at_as_one() -> None:
    found = combine([write("A [link](https://a.example)."), write("Of *casinos*.")], "A title")
    assert found.contains("a title") and found.contains("casinos") and "a.example" in found.hosts
    assert found.has_outside_links and not combine([write("a")]).has_outside_links


@pytest.mark.parametrize(
    "typed",
    [
        "See https://evil.example/a?b",
        "See WWW.evil.example",
        "[a]: https://evil.example",
        "(http://evil.example)",
    ],
)
def test_a_text_without_markdown_is_read_as_it_stands(typed: str) -> None:
    assert (
        "evil.example" in from_plain_text(typed).hosts and from_plain_text(typed).has_outside_links
    )
    assert not from_plain_text('"><b>evil.example').has_outside_links
    assert from_plain_text("A line", "of a casino").contains("line of a casino")


@pytest.mark.usefixtures("no_collection")
def test_a_long_text_without_markdown_takes_no_time() -> None:
    begun = time.process_time()
    assert not from_plain_text("http://a." * 600, "www." * 900).contains("casino")
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("Ben wrote of Benchmarks, Big Ben’s too.", "Ben", "X wrote of Benchmarks, Big X’s too."),
        ("Ben", "Ben", "X"),
        ("BenBen, Ben_1, ben, übBen", "Ben", "BenBen, Ben_1, ben, übBen"),
        ("*Ben Okoth*, Ben Okothson", "Ben Okoth", "*X*, Ben Okothson"),
        ("Mr. (Ben) a+b", "(Ben)", "Mr. X a+b"),
        ("山田さんとBenさん", "山田", "XさんとBenさん"),
        ("山田さんとBenさん", "Ben", "山田さんとXさん"),
        ("राम ने रामा से", "राम", "X ने रामा से"),
        ("Anything", "", "Anything"),
    ],
)
def test_a_name_is_taken_out_as_a_whole(text: str, name: str, said: str) -> None:
    assert replace_name(text, name, "X") == said
