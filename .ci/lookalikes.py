"""Build forum/members/data/lookalikes.txt from the installed package confusable-homoglyphs.

The package holds Unicode's confusables.txt as pairs in both directions, and no way to a skeleton (UTS #39, 4).
In its pairs each prototype is the middle of a star, so that it can be found again.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

DATA = Path(__file__).parent.parent / "forum/members/data/lookalikes.txt"
HEAD = """# Signs that look like others, and what stands for them in a skeleton (Unicode Technical Standard #39).
# From confusables.txt as confusable-homoglyphs 3.3.1 carries it, made by .ci/lookalikes.py; compatible forms are left out.
# © Unicode, Inc. Unicode License V3: https://www.unicode.org/license.txt
"""


def main(package: Path) -> None:
    """Write the file."""
    pairs = json.loads((package / "confusables.json").read_text(encoding="utf-8"))
    near: dict[str, set[str]] = defaultdict(set)
    for sign, others in pairs.items():
        for other in others:
            near[sign].add(other["c"])
            near[other["c"]].add(sign)
    found = {s: p for star in stars(near) for s, p in prototypes(star, near).items()}
    kept = {s: p for s, p in found.items() if unicodedata.normalize("NFKD", s) == s}
    lines = (f"{sign}\t{prototype}" for sign, prototype in sorted(kept.items()))
    DATA.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def stars(near: dict[str, set[str]]) -> list[set[str]]:
    """The groups of signs that hang together."""
    left, groups = set(near), []
    while left:
        group, ahead = set(), [left.pop()]
        while ahead:
            sign = ahead.pop()
            group.add(sign)
            ahead += near[sign] - group
        groups.append(group)
        left -= group
    return groups


def prototypes(star: set[str], near: dict[str, set[str]]) -> dict[str, str]:
    """What stands for each sign of a group: its middle; of two, the longer one, else the one with the smaller number."""
    middle = min(star, key=lambda sign: (-len(near[sign]), len(sign) == 1, sign))
    return {sign: middle for sign in star if sign != middle and len(sign) == 1}


main(Path(sys.argv[1]))
