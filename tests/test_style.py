"""The colours of the style sheet: text, lines and borders have enough contrast on every background, light and dark."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

STYLE = Path("static/style.css").read_text()
WASHES = ("water", "rose", "teal", "sand", "park", "heather")
GROUNDS = ("paper", "sunk", "raised", *WASHES)
WORDS = ("ink", "ink2", "ink3", "link", "linkh", "seen", "line", "stop")
MIN_OF_WORDS, MIN_OF_LINES = 4.5, 3  # WCAG 1.4.3, 1.4.11

Colour = tuple[float, float, float]


def colours(theme: int) -> dict[str, Colour]:
    """The tokens of a theme: 0 for light, 1 for dark."""
    pairs = re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", STYLE)
    return {name: colour((light, dark)[theme]) for name, light, dark in pairs}


def colour(written: str) -> Colour:
    digits = written.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(of: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(over: Colour, under: Colour, part: float) -> Colour:
    red, green, blue = (
        part * upper + (1 - part) * lower for upper, lower in zip(over, under, strict=True)
    )
    return red, green, blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_can_be_read_on_every_ground(theme: int) -> None:
    known = colours(theme)
    pairs = [*product(WORDS, GROUNDS), *((f"{wash}I", wash) for wash in WASHES)]
    pairs += [("on", "link"), ("on", "linkh"), ("on", "stop"), ("on", "line"), ("stop", "stopW")]
    faint = {pair: contrast(known[pair[0]], known[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < MIN_OF_WORDS} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_borders_and_the_lines_below_links_can_be_seen_on_every_ground(theme: int) -> None:
    known = colours(theme)
    part = int(re.findall(r"\na \{[^}]*currentColor (\d+)%", STYLE)[0]) / 100
    faint = {("edge", ground): contrast(known["edge"], known[ground]) for ground in GROUNDS}
    for words, ground in product(("link", "ink2", "ink3"), GROUNDS):
        line = mixed(known[words], known[ground], part)
        faint[f"line below {words}", ground] = contrast(line, known[ground])
    assert {pair: ratio for pair, ratio in faint.items() if ratio < MIN_OF_LINES} == {}
