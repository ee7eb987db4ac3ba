"""Looking at the page that is open: in a theme and a width, with axe, and keeping pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

SHOTS = os.environ.get("FORUM_SHOTS")  # a folder: keep a picture of every page there
DESK = ("light", 1280)
# Each theme and each width; all four of them where somebody wants to look at pictures.
VIEWS = [("dark", 390), *([("light", 390), ("dark", 1280)] if SHOTS else []), DESK]
# A third of axe's time went into parsing the colours of what lies below each word, and a page has few of them.
REMEMBER_COLOURS = """(() => {
  const known = new Map(), {prototype} = axe.commons.color.Color, {parseString} = prototype;
  prototype.parseString = function (words) {
    if (!known.has(words)) {
      const {r, g, b, alpha} = parseString.call(this, words);
      known.set(words, {r, g, b, alpha});
    }
    return Object.assign(this, known.get(words));
  };
})();"""
AXE_ALONE = Axe().axe_script
AXE = f"{AXE_ALONE};{REMEMBER_COLOURS}"
TWICE = """[...document.querySelectorAll("[id]")].map(part => part.id)
  .filter((id, place, ids) => ids.indexOf(id) !== place)"""
# The page is a fragment of frames that axe cannot judge by itself, and these are seen to by eye.
OPTIONS = {
    "rules": {"color-contrast-enhanced": {"enabled": False}},
    "resultTypes": ["violations"],  # a third of the time went into describing what is well
}


def faults_here(page: Any, path: str) -> list[str]:
    """What is wrong with the page that is open, in each theme and width."""
    page.evaluate(AXE)
    found = []
    for theme, width in VIEWS:
        look(page, theme, width)
        if SHOTS:
            name = path.strip("/").replace("/", "-").partition("?")[0]
            page.screenshot(path=Path(SHOTS, f"{name}-{width}-{theme}.png"), full_page=True)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        found += [f"{path} {theme} {width}: {wide} px wider"] if wide > 0 else []
        found += [f"{path} {theme} {width}: {fault}" for fault in axe_faults(page)]
    return found


def look(page: Any, theme: str, width: int) -> None:
    """Look at the page that is open in a theme and a width."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})


def axe_faults(page: Any) -> list[str]:
    """What axe, which the page has already, finds; and ids that two parts share, for which axe asks no longer."""
    twice = [f"id {name} stands twice" for name in page.evaluate(TWICE)]
    found = page.evaluate("options => axe.run(document, options).then(r => r.violations)", OPTIONS)
    return twice + [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]}"
        for violation in found
        for node in violation["nodes"][:3]
    ]


def look_narrow_and_wide(page: Any) -> None:
    """Axe finds nothing, and nothing is wider than a narrow window."""
    page.evaluate(AXE)
    for theme, width in (("dark", 320), ("light", 1280)):
        look(page, theme, width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert axe_faults(page) == []
