"""Names that look alike have the same skeleton, and others do not."""

from __future__ import annotations

import pytest

from forum.confusables import IGNORABLE_RANGES, skeleton, visible, without_invisible


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mona Berg", "Моnа Вerg"),  # Cyrillic М, о, а, В
        ("Mona Berg", "ΜΟΝΑ ΒΕRG"),  # Greek capitals
        ("Mona Berg", "rnona berg"),
        ("Mona Berg", "𝓜𝓸𝓷𝓪 𝓑𝓮𝓻𝓰"),
        ("Mona Berg", "Ｍｏｎａ　Ｂｅｒｇ"),
        ("Mona Berg", "Móna Bérg"),
        ("admin", "аdm1n"),
        ("admin", "ADMlN"),
        ("admin", "ad-min"),
        ("Ilse", "llse"),
        ("Paul", "PauI"),
        ("root", "r00t"),
        *(
            ("Mona Berg", f"Mona{sign}Berg{sign}")
            for sign in "\u3164\u115f\u1160\uffa0\u034f\u2800"
        ),
    ],
)
def test_what_looks_alike_is_one(one: str, other: str) -> None:
    assert one != other and skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", "Anna"),
        ("Ирина", "Irina"),
        ("東京", "京都"),
        ("नाम", "नमि"),
        ("Mona Berg", "Mona Borg"),
        ("ana-2", "ana-3"),
    ],
)
def test_what_does_not_look_alike_stays_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize("odd", ["", "\ud800", "\x00", "💥", "\u202e", "x" * 5_000, "ﷺ" * 300])
def test_odd_texts_have_a_skeleton_that_fits_its_column(odd: str) -> None:
    assert len(skeleton(odd)) <= 200


def test_a_skeleton_of_a_skeleton_is_the_same() -> None:
    for text in ("Моnа Вerg", "ADMlN", "Þór Æsir", "田中 宏", "Ирина", "½ rn m"):
        assert skeleton(skeleton(text)) == skeleton(text)


def test_what_nobody_sees_is_taken_out_and_what_spelling_needs_stays() -> None:
    assert visible("\u3164Mo\u00adna\u2800Be\u202erg\uffa0\u2066") == "Mona Berg"
    for whole in (
        "می\u200cخواهم",  # Persian
        "क्\u200dष",  # Hindi
        "👩\u200d🔧 ❤\ufe0f 🏴\U000e0067\U000e0062\U000e007f",
        "葛\U000e0100飾",
        "ᠠ\u180b",  # Mongolian
        "C++\u200f",
        "ភាសា\u200bខ្មែរ",  # Khmer
        "Mona Berg",
    ):
        assert visible(whole) == whole
    for nothing in ("\u200d", "\ufe0f\u200b", " \u3164 \u115f\u1160", "\u2800"):
        assert visible(nothing) == ""


def test_every_invisible_format_character_is_known() -> None:
    points = [point for first, last in IGNORABLE_RANGES for point in range(first, last + 1)]
    assert len(points) == 4_174  # as Unicode counts them
    text = "".join(map(chr, points))
    assert without_invisible(f"o{text}n\u2800e") == "on e"
