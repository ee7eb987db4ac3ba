"""Texts that look alike have the same skeleton (Unicode Technical Standard #39), whatever letters they are made of."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from forum.markup import SURROGATES

DATA = Path(__file__).parent / "members/data/lookalikes.txt"
LONGEST = 200
# Letters, numbers, and the vowels of some scripts that have a width of their own
KEPT = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Mc"}


def skeleton(text: str) -> str:
    """What a text looks like at a glance: without case, accents, gaps and signs that nobody sees.

    Capital i, small L and 1 are one, as are 0 and O, rn and m, and letters of other scripts with those they resemble.
    It is compared and never shown. Kept skeletons have to be made anew when this function or its data change.
    """
    plain = unicodedata.normalize("NFKD", SURROGATES.sub("", text))
    seen = "".join(c for c in plain if unicodedata.category(c) in KEPT)
    # Once as they stand, because capitals resemble other letters than small ones do, and once more when all are small.
    small = seen.translate(_prototypes()).casefold().translate(_prototypes()).casefold()
    return small.replace("i", "l")[:LONGEST]


@cache
def _prototypes() -> dict[int, str]:
    lines = DATA.read_text(encoding="utf-8").split("\n")
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {ord(sign): prototype for sign, prototype in pairs}
