"""The city plans are well-formed, small and deterministic, and the map puts places where they are."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from forum.drawings import PATTERNS, WORLD_VIEWBOX, arc, labels, plan, plans, project

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).resolve().parent.parent
SLUGS = ("globally-connected", "affordable", "climate-resilient", "a", "", "öffentlich")


def test_there_are_six_patterns() -> None:
    assert PATTERNS == (
        "radial-harbour",
        "chamfered-blocks",
        "delta",
        "old-town",
        "green-fingers",
        "civic-axis",
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_plan_is_the_same_each_time_and_differs_by_slug(pattern: str) -> None:
    first, again, other = (plan.__wrapped__(slug, pattern) for slug in ("a", "a", "b"))
    assert first == again != other


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_plan_is_small_and_says_no_colour_of_its_own(pattern: str) -> None:
    for slug in SLUGS:
        drawn = plan(slug, pattern)
        assert 5_000 < len(drawn) < 9.5 * 1024
        assert "style" not in drawn
        assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) == {"currentColor", "none"}
        assert not re.search(r'd="[^"]*(\.|nan|e)', drawn), "paths are whole numbers"


def test_a_pattern_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        plan("affordable", "spiral")


def test_a_document_has_a_symbol_for_each_agenda() -> None:
    document = ElementTree.fromstring(plans((f"agenda-{p}", p) for p in PATTERNS))
    symbols = document.findall(f"{SVG}symbol")
    assert [symbol.get("id") for symbol in symbols] == [f"agenda-{p}" for p in PATTERNS]
    assert {symbol.get("viewBox") for symbol in symbols} == {"0 0 480 288"}
    assert all(len(symbol.findall(f".//{SVG}path")) > 3 for symbol in symbols)


def test_a_hostile_slug_stays_an_attribute() -> None:
    slug = "\"><script>alert('1')</script>&\ud800"
    document = ElementTree.fromstring(plans([(slug, "delta")]).encode("utf-8", "replace"))
    assert document.find(f".//{SVG}script") is None
    assert len(document) == 1
    assert document[0].get("id") == slug.replace("\ud800", "?")


def test_no_agenda_is_an_empty_document() -> None:
    assert len(ElementTree.fromstring(plans([]))) == 0


def test_places_keep_their_order_on_the_map() -> None:
    eastward = [project(20, longitude)[0] for longitude in range(-168, 190, 2)]
    northward = [project(latitude, 20)[1] for latitude in range(-88, 90, 2)]
    assert eastward == sorted(set(eastward))
    assert northward == sorted(set(northward), reverse=True)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(-55, -68), (71, 25), (-13.8, -171.8), (66, -169.8), (-41, 175)]
)
def test_every_city_lies_within_the_map(latitude: float, longitude: float) -> None:
    _, _, width, height = map(float, WORLD_VIEWBOX.split())
    x, y = project(latitude, longitude)
    assert 0 < x < width
    assert 0 < y < height


def test_the_coastlines_fit_the_projection() -> None:
    symbol = ElementTree.parse(ROOT / "static" / "world.svg").getroot()[0]
    assert (symbol.get("id"), symbol.get("viewBox")) == ("land", WORLD_VIEWBOX)
    for place in ((55.2, 23.9), (0.3, 32.6), (-15.8, -47.9), (39.1, -94.6), (-25, 133), (65, -152)):
        assert _is_land(symbol[0].get("d", ""), *project(*place)), place
    for sea in ((0, -30), (-30, 80), (40, -40), (-40, -100), (35, 18)):
        assert not _is_land(symbol[0].get("d", ""), *project(*sea)), sea


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = ElementTree.parse(ROOT / "static" / "icons.svg").getroot()
    there = {symbol.get("id") for symbol in sprite}
    pages = [page.read_text("utf-8") for page in (ROOT / "templates").rglob("*.html")]
    named = {name for page in pages for name in re.findall(r'\bicon\(["\']([a-z0-9-]+)', page)}
    assert {f"i-{name}" for name in named} <= there


def test_every_icon_of_the_sprite_is_named_somewhere() -> None:
    sprite = ElementTree.parse(ROOT / "static" / "icons.svg").getroot()
    names = {symbol.get("id", "").removeprefix("i-") for symbol in sprite}
    words = {
        word
        for folder, kind in (("templates", "*.html"), ("forum", "*.py"), ("static", "*.js"))
        for file in (ROOT / folder).rglob(kind)
        for word in re.findall(r'["\']([a-z0-9-]+)["\']', file.read_text("utf-8"))
    }
    assert not names - words


def _is_land(d: str, x: float, y: float) -> bool:
    """Whether a point is on land: a ray to the east crosses the coast an odd number of times."""
    inside = False
    for ring in d.split("z")[:-1]:
        numbers = [int(n) for n in re.findall(r"-?\d+", ring)]
        corners = [(numbers[0], numbers[1])]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            corners.append((corners[-1][0] + dx, corners[-1][1] + dy))
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                inside = not inside
    return inside


def test_labels_hide_neither_dots_nor_one_another() -> None:
    places = [(100.0, 100.0, "Tampere"), (104.0, 103.0, "Turku"), (400.0, 200.0, "Nairobi")]
    found = labels(places)
    assert found[2] == (409.0, 204.0, "start")
    assert found[0] is not None
    assert found[0][2] != "start"  # the dot of Turku is there
    crowd = [(100.0 + x, 100.0 + y, "City") for x in range(0, 40, 8) for y in range(0, 40, 8)]
    assert None in labels(crowd)


def test_a_curve_bends_to_the_north_in_either_direction() -> None:
    assert arc((0, 100), (100, 100)) == "M0 100Q50.0 78.0 100 100"
    assert arc((100, 100), (0, 100)) == "M100 100Q50.0 78.0 0 100"
