"""Invisible characters, and skeletons, which are equal for texts that look alike.

Skeletons are those of Unicode Technical Standard #39.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import chain
from pathlib import Path

from forum.plaintext import SURROGATES, normalized

DATA = Path(__file__).parent / "members/data/lookalikes.txt"
MAX_LENGTH = 200  # characters
# General categories (Unicode) of letters, of numbers, and of vowel signs that have a width of their own
VISIBLE_CATEGORIES = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Mc"}

# The first and the last code point of each range of Default_Ignorable_Code_Point (Unicode 17, DerivedCoreProperties)
IGNORABLE_RANGES = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
# Invisible characters that spelling needs: between words (Khmer, Thai), joiners (Persian, Indic scripts, emoji),
# marks of direction, variants of letters (Mongolian, Japanese names, emoji), flags of regions
NEEDED = {
    *(0x61C, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
    *(*range(0xFE00, 0xFE10), *range(0xE0020, 0xE0080), *range(0xE0100, 0xE01F0)),
}


@cache
def _invisible() -> dict[int, str | None]:
    """For `str.translate`: invisible characters are removed, and the blank Braille pattern becomes a space.

    It is made when it is first needed, because it takes half a megabyte.
    """
    points = (range(first, last + 1) for first, last in IGNORABLE_RANGES)
    return {**dict.fromkeys(chain.from_iterable(points)), 0x2800: " "}


@cache
def _needless() -> dict[int, str | None]:
    return {point: sign for point, sign in _invisible().items() if point not in NEEDED}


def without_invisible(text: str) -> str:
    """A text without invisible characters, also those that spelling needs."""
    return text.translate(_invisible())


def visible(text: str) -> str:
    """A text without invisible characters that no spelling needs; empty when nothing in it is visible."""
    if text.isascii():
        return text
    return text.translate(_needless()) if without_invisible(text).strip() else ""


def skeleton(text: str) -> str:
    """The skeleton of a text: what it looks like at a glance, without case, accents, spaces and invisible characters.

    Capital i, small L and 1 count as the same, as do 0 and O, rn and m, and letters of different scripts that look
    alike. It is used for comparing and never shown. Stored skeletons have to be recomputed when this function or its
    data change.
    """
    plain = normalized("NFKD", SURROGATES.sub("", text))
    plain = without_invisible(plain)
    seen = "".join(c for c in plain if unicodedata.category(c) in VISIBLE_CATEGORIES)
    # Twice, because capitals resemble other letters than small letters do: as they are, and then in lower case.
    small = seen.translate(_prototypes()).casefold().translate(_prototypes()).casefold()
    return small.replace("i", "l")[:MAX_LENGTH]


@cache
def _prototypes() -> dict[int, str]:
    lines = DATA.read_text(encoding="utf-8").split("\n")
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {ord(sign): prototype for sign, prototype in pairs}
