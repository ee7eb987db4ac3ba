"""Skeletons of texts (Unicode Technical Standard #39): texts that look alike have the same one."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from forum.markup import SURROGATES

DATA = Path(__file__).parent / "members/data/lookalikes.txt"
MAX_LENGTH = 200  # characters
# General categories (Unicode) of letters, of numbers, and of vowel signs that have a width of their own
VISIBLE_CATEGORIES = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Mc"}


def skeleton(text: str) -> str:
    """The skeleton of a text: what it looks like at a glance, without case, accents, spaces and invisible characters.

    Capital i, small L and 1 count as the same, as do 0 and O, rn and m, and letters of different scripts that look alike.
    It is compared and never shown. Stored skeletons have to be made anew when this function or its data change.
    """
    plain = unicodedata.normalize("NFKD", SURROGATES.sub("", text))
    seen = "".join(c for c in plain if unicodedata.category(c) in VISIBLE_CATEGORIES)
    # Twice, because capitals resemble other letters than small ones do: as they are, and again in lower case.
    small = seen.translate(_prototypes()).casefold().translate(_prototypes()).casefold()
    return small.replace("i", "l")[:MAX_LENGTH]


@cache
def _prototypes() -> dict[int, str]:
    lines = DATA.read_text(encoding="utf-8").split("\n")
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {ord(sign): prototype for sign, prototype in pairs}
