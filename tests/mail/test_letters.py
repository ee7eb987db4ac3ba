"""The layout of e-mails: their parts in HTML and in text, with long words and with scripts of either direction."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from forum.emails import direction, render

LEFTWARD = "كيف نجعل الشوارع أهدأ؟ (2026)"
JAPANESE = "騒音を減らすために、夜間の配送時間を見直しました。"
LONG = "A quiet street at night, and what the neighbours of a tram depot say about it after a year"
WORDS: dict[str, Any] = {
    "forum": "Interurban",
    "home": "https://forum.example/",
    "name": "Ana Prado",
    "recipient": "Ben Okoth",
    "link": "https://forum.example/members/ben-okoth",
    "language": "en",
}


def copy_of(said: str, kit: str) -> str:
    """The copy of a letter between members: a sentence, a quotation, a link."""
    return render("contact_copy", kit, {**WORDS, "said": said})[1]


def digest_of(title: str, kit: str, number: int = 1, further: int = 0) -> tuple[str, str]:
    """Subject and body of a digest of this many entries; one of them is shown, with a sentence."""
    entry = {"title": title, "address": "/topics/1", "text": ""}
    more = {"groups": [{"agenda": {"title": title}, "entries": [entry], "further": further}]}
    when = {
        "number": number,
        "every": "weekly",
        "hour": "07:00",
        "zone": "UTC",
        "stop": "https://x",
    }
    how = {"what": lambda _entry: LONG, "absolute": lambda path: f"https://forum.example{path}"}
    return render("digest", kit, {**WORDS, **more, **when, **how})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("Ana", "ltr"), (LEFTWARD, "rtl"), ("“שלום” Ana", "rtl"), (JAPANESE, "ltr"), ("12.", "ltr")],
)
def test_the_first_letter_gives_the_direction(text: str, wanted: str) -> None:
    assert direction(text) == wanted


@pytest.mark.usefixtures("app")
def test_a_quotation_keeps_its_paragraphs_and_lines_without_a_style_sheet() -> None:
    html = copy_of("One.\n\n\nTwo,\nand <three>.", "kit.html")
    quote = html.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert re.findall(r"<p[^>]*>(.*?)</p>", quote) == ["One.", "Two,<br>and &lt;three&gt;."]


@pytest.mark.usefixtures("app")
def test_code_and_lists_within_lists_keep_their_indentation() -> None:
    """A program that loses it is another program, and HTML leaves out spaces at the beginning of a line."""
    code = f"def vans(hour):\n    if hour < 9:\n\treturn\n{' ' * 90}# far"
    html = copy_of(f"{code}\n\n- one\n  - two\n\n> def f():\n>     pass\n>no space", "kit.html")
    quote = html.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert [said.replace("\u00a0", "_") for said in re.findall(r"<p[^>]*>(.*?)</p>", quote)] == [
        f"def vans(hour):<br>____if hour &lt; 9:<br>____return<br>{'_' * 16}# far",
        "- one<br>__- two",
        "def f():<br>____pass<br>no space",
    ]


@pytest.mark.usefixtures("app")
def test_each_paragraph_of_a_quotation_runs_its_own_way() -> None:
    html = copy_of(f"{LEFTWARD}\n\n{JAPANESE}", "kit.html")
    quote = html.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert re.findall(r'<p dir="(\w+)"', quote) == ["rtl", "ltr"]
    assert "border-right:" in quote and "border-left:" not in quote, "the line is where it begins"
    assert "border-left:" in copy_of(JAPANESE, "kit.html")


@pytest.mark.usefixtures("app")
def test_a_title_in_another_script_runs_its_own_way() -> None:
    _subject, html = digest_of(LEFTWARD, "kit.html")
    assert re.search(r'<h2 dir="rtl"', html) and re.search(r'<p dir="rtl"[^>]*><a', html)


def test_a_letter_says_its_language_where_mail_programs_keep_it(app: Flask) -> None:
    """Some mail programs remove `<html>` and `<body>`, and their attributes with them."""
    assert '<div class="page" lang="en" dir="ltr"' in copy_of("Good.", "kit.html")


@pytest.mark.usefixtures("app")
def test_a_button_can_be_read_without_the_style_sheet() -> None:
    html = render("sign_in", "kit.html", {**WORDS, "minutes": 15})[1]
    (style,) = re.findall(r'<a class="btn"[^>]* style="([^"]+)"', html)
    assert "background:#0b5875" in style and "color:#fff" in style


@pytest.mark.usefixtures("app")
def test_long_titles_and_lists_are_wrapped_in_text() -> None:
    _subject, text = digest_of(LONG, "kit.txt")
    assert max(map(len, text.splitlines())) <= 76
    assert "tram depot say\n  about it after a year" in text
    assert re.search(r"^={60,74}$", text, re.M)
    assert "You get this digest every Monday, at 07:00 (UTC)." in text


@pytest.mark.usefixtures("app")
def test_a_quotation_in_a_quotation_keeps_its_marks_where_its_lines_are_wrapped() -> None:
    words = "Felt under the rails makes the street quiet, and the neighbours sleep at last."
    text = copy_of(f"> {words}\n>\n> > {words}\n\n{words}\n- {words}", "kit.txt")
    quote = [line for line in text.splitlines() if line.startswith(">")]
    assert quote == [
        "> > Felt under the rails makes the street quiet, and the neighbours sleep",
        "> > at last.",
        "> >",
        "> > > Felt under the rails makes the street quiet, and the neighbours",
        "> > > sleep at last.",
        "> ",
        "> Felt under the rails makes the street quiet, and the neighbours sleep at",
        "> last.",
        "> - Felt under the rails makes the street quiet, and the neighbours sleep",
        "> at last.",
    ]


@pytest.mark.usefixtures("app")
def test_in_text_an_address_has_a_line_of_its_own() -> None:
    text = copy_of("Good.", "kit.txt")
    assert "Profile of Ben Okoth:\nhttps://forum.example/members/ben-okoth\n" in text


@pytest.mark.usefixtures("app")
def test_the_subject_of_a_digest_says_how_many_there_are_whatever_the_first_is_called() -> None:
    subject, _body = digest_of(LONG, "kit.txt", number=41)
    assert subject == "Interurban: A quiet street at night, and what the neighbours…, and 40 more"
    subject, body = digest_of("Trams", "kit.txt", number=12_001, further=12_000)
    assert subject.endswith("and 12,000 more") and "and 12,000 more on the site" in body
