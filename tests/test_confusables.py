"""What looks alike has one skeleton, and what does not has not."""

from __future__ import annotations

import pytest

from forum.confusables import skeleton


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
