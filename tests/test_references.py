"""References for literature managers: their tags, and that no text can break out of its line."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.references import BOOK, Author, Reference, authors_in, ris


def lines_of(*references: Reference) -> list[str]:
    """The lines of a file; checks the ends of lines."""
    text = ris(references).decode()
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    *lines, after = text.split("\r\n")
    assert after == ""
    return lines


def of_book(title: str = "A title", **more: object) -> Reference:
    return Reference(kind=BOOK, title=title, **more)  # type: ignore[arg-type]


def test_each_fact_has_its_tag_and_what_is_not_known_has_none() -> None:
    whole = of_book(
        authors=(Author("Jacobs, Jane"), Author("UN-Habitat", is_body=True)),
        published_on=date(2026, 7, 2),
        year=2026,
        site="A forum",
        publisher="A press",
        address="https://example.org/a?b=c#d",
        language="pt_BR",
        abstract="What it says.",
        note="Why to read it.",
        keywords=("floods", "trees"),
    )
    assert lines_of(whole, of_book()) == [
        "TY  - BOOK",
        "AU  - Jacobs, Jane",
        "AU  - UN-Habitat,",
        "TI  - A title",
        "T2  - A forum",
        "PB  - A press",
        "PY  - 2026",
        "DA  - 2026/07/02",
        "LA  - pt_BR",
        "UR  - https://example.org/a?b=c#d",
        "AB  - What it says.",
        "N1  - Why to read it.",
        "KW  - floods",
        "KW  - trees",
        "ER  - ",
        "TY  - BOOK",
        "TI  - A title",
        "ER  - ",
    ]


def test_no_references_are_an_empty_file() -> None:
    assert ris([]) == b""


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Katz, Bruce; Bradley, Jennifer", ["Katz, Bruce", "Bradley, Jennifer"]),
        ("C40 Cities; Arup", ["C40 Cities,", "Arup,"]),
        ("Ministry of Housing", ["Ministry of Housing,"]),
        (" ; Davis ,John;; ", ["Davis, John"]),
        ("王، 伟；东京都", ["王, 伟", "东京都,"]),
        ("Orwell,", ["Orwell,"]),
        (";,;", []),
        ("", []),
    ],
)
def test_people_and_bodies_stay_who_they_are(line: str, authors: list[str]) -> None:
    """Programs split names without a comma before the last word: "Ministry of" would become a first name."""
    lines = lines_of(of_book(authors=authors_in(line)))
    assert [line[6:] for line in lines if line.startswith("AU")] == authors


def test_a_body_with_a_comma_in_its_name_is_no_person() -> None:
    lines = lines_of(of_book(authors=(Author("Housing, Land and Water", is_body=True),)))
    assert lines[1] == "AU  - Housing Land and Water,"


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00\n\x00"]
)
def test_no_text_makes_a_line_of_its_own(end: str) -> None:
    forged = f"A{end}ER  - {end}TY  - BOOK{end}UR  - https://evil.example"
    written = of_book(
        forged,
        authors=authors_in(forged),
        site=forged,
        abstract=forged,
        note=forged,
        keywords=(forged,),
        language=forged,
        address=f"https://a.example{end}",
    )
    lines = lines_of(written)
    assert [line[:2] for line in lines] == ["TY", "AU", "TI", "T2", "LA", "AB", "N1", "KW", "ER"]
    (line,) = lines[2].splitlines()
    assert line.replace(" ", "") == "TI-AER-TY-BOOKUR-https://evil.example"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "/a", "ftp://a", "data:,a", "https://a b", "https://a\t"]
)
def test_only_addresses_of_the_web_are_written_as_such(address: str) -> None:
    assert not [line for line in lines_of(of_book(address=address)) if line.startswith("UR")]


def test_scripts_and_long_titles_come_through() -> None:
    for title in ("תחבורה עירונית", "مدن عائمة: ماء\u200cها", "東京の水 🚋", "x" * 300):
        assert f"TI  - {title}" in lines_of(of_book(title))


@given(st.text(), st.text())
def test_whatever_is_typed_stays_on_the_line_of_its_tag(title: str, line: str) -> None:
    written = of_book(title, authors=authors_in(line), note=line, address=line, abstract=title)
    lines = lines_of(written)
    assert all(line.splitlines() == [line] for line in lines)
    assert (lines[0], lines[-1]) == ("TY  - BOOK", "ER  - ")
    assert all(line[2:6] == "  - " and line[6:].strip() for line in lines[1:-1])
