"""Escaping in content files: every text comes back letter for letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.plaintext import BAR, SEMICOLON, join_parts, split_parts, tidy
from forum.transfer.actions._quotes import link_quotes
from forum.transfer.forms import number_quotes, parse
from forum.transfer.forms._escaping import write_lines
from forum.transfer.forms._values import figure, list_of, tried

ODD_TEXTS = [
    "- slug: green\n- by: ana-prado\n\nA list that looks like fields.",
    "- Name : value\n- kind: question",
    "-A: b",
    "# One\n\n## Two\n### Three\n#### Four\n##### Five\n###### Six\n####### Seven",
    "#\n##\n# \n#  x\n####\tTab\n#### ",
    "\\# One\n\\\\# Two\n\\- a: b\n\\> #1\n\\",
    "```\n# code\n##### more\n\\# kept\n```\n\n## After",
    "~~~\n```\n# nested\n~~~",
    "A fence without an end\n\n```python\n# comment\n#### x",
    "  ```\n   # indented\n  ```",
    "\\```\n\\~~~\n\\  ```",
    "Hard break  \nand a tab\t\nend",
    "    indented code at the top\n\nThen words.",
    " \n \nblank lines with spaces\n \n\t",
    "> #1\n> said\n\n> #12  \n\\> #3\n\\\\> #4\n> # 5",
    "## Dialogue\n### A topic\n#### ana, 2026-01-01 10:00\n- answer: yes",
    "مرحبا بالعالم\n\n\u200f- الحقل: قيمة\n\n## عنوان",
    "e\u0301 and \u2028 a line \x85 or \x0c page\u3000",
    "@ana-prado, see [this](https://example.org \"a | b; c\") | x ; y",
    "\ufeffmark in front",
    "---\n===\n* * *\n| a | b |\n|---|---|\n| 1 | 2 |",
]  # fmt: skip
SIGNS = "\n\n\n###\\\\- :;|>`~ \tab1é٣١\u3000\x0c"
some_text = st.text(st.sampled_from(SIGNS) | st.characters(exclude_categories=["Cs"]), max_size=80)


def reread(text: str) -> tuple[str, str]:
    """A text after writing it to a file and reading it, below fields and without them; and the rest of the file."""
    file = f"# Top\n\n### One\n- by: ana\n\n{write_lines(text)}\n\n### Two\n\n{write_lines(text)}\n"
    one, two = parse(file).children[0].children
    assert not one.children and not two.children
    assert one.text == two.text == two.whole_text and one.fields == [("by", "ana", 4)]
    return one.text, two.whole_text


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_an_odd_text_comes_back_letter_for_letter(text: str) -> None:
    assert reread(text) == (tidy(text), tidy(text))


@given(some_text)
def test_every_text_comes_back(text: str) -> None:
    stored = tidy(text)
    expected = stored if stored.strip() else ""
    # Blank lines alone are no text
    if expected:
        assert reread(stored) == (expected, expected)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_what_looks_like_a_quoted_number_in_a_reply_stays_what_it_is(text: str) -> None:
    assert link_quotes(number_quotes(tidy(text), {}, "http://x"), []) == tidy(text)


@given(st.lists(st.text("ab|;\\ -", max_size=8), min_size=1, max_size=5))
def test_the_parts_of_a_value_come_back(parts: list[str]) -> None:
    plain = [" ".join(part.split()) for part in parts]
    assert split_parts(BAR, join_parts(parts, "|")) == plain
    assert split_parts(SEMICOLON, join_parts(parts, ";")) == plain


def test_bars_and_semicolons_may_stand_in_values() -> None:
    assert list_of(r"land \; water; parks") == ["land ; water", "parks"]
    assert tried(r"ana | kept | it \| works | fr") == ["ana", "kept", "it | works", "fr"]
    assert tried(r"ana | kept | it \| works") == ["ana", "kept", "it | works", ""]
    assert figure(r"a\|b | 2 | | 2025 | us")[0] == "a|b"
