"""The forum's own pictures: a city plan for each agenda, places on the world map, bars of charts."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from html import escape
from math import radians
from pathlib import Path
from random import Random
from typing import NamedTuple

from forum.plans_by_ruler import chamfered_blocks, civic_axis
from forum.plans_by_water import delta, radial_harbour
from forum.plans_in_green import green_fingers, old_town
from forum.shapes import HEIGHT, WIDTH

_PLAN_FUNCTIONS: dict[str, Callable[[Random], str]] = {
    "radial-harbour": radial_harbour,
    "chamfered-blocks": chamfered_blocks,
    "delta": delta,
    "old-town": old_town,
    "green-fingers": green_fingers,
    "civic-axis": civic_axis,
}
PATTERNS = tuple(_PLAN_FUNCTIONS)
WORLD_VIEWBOX = "0 0 1020 450"

_PLAN_VIEWBOX = f"0 0 {WIDTH} {HEIGHT}"
_WORLD_SCALE, _WORLD_MIDDLE, _WORLD_EQUATOR = 184.5, 11.0, 262.0


def plans(items: Iterable[tuple[str, str]]) -> str:
    """An SVG document with one symbol for each (slug, pattern); a page uses `#slug` of it."""
    symbols = "\n".join(_symbol(slug, plan(slug, pattern)) for slug, pattern in items)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


@cache
def edition() -> str:
    """A version of the code that draws plans, so that browsers do not use their copy of an older drawing."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("plans_*.py")), here / "shapes.py", here / "geometry.py"]
    return sha256(b"".join(path.read_bytes() for path in [*files, Path(__file__)])).hexdigest()[:10]


@lru_cache(maxsize=256)
def plan(slug: str, pattern: str) -> str:
    """The content of a symbol of 480 by 288: a figure-ground plan, always the same for a slug.

    Everything is drawn in `currentColor`. An unknown pattern raises a KeyError.
    """
    rng = Random(sha256(f"{pattern}/{slug}".encode("utf-8", "replace")).digest())
    drawn = _PLAN_FUNCTIONS[pattern](rng)
    across, down = rng.choice([(1, 1), (-1, 1), (1, -1), (-1, -1)])
    move = f"matrix({across} 0 0 {down} {WIDTH if across < 0 else 0} {HEIGHT if down < 0 else 0})"
    return f'<g fill="currentColor" fill-rule="evenodd" transform="{move}">{drawn}</g>'


def dots(places: Iterable[tuple[float, float]]) -> str:
    """A path whose round line caps are dots at the places (latitude, longitude) on `static/world.svg`."""
    return "".join([_dot(*place) for place in places])


@lru_cache(4096)
def _dot(latitude: float, longitude: float) -> str:
    return "M{:g} {:g}h0".format(*project(latitude, longitude))


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Where a place lies on `static/world.svg`, in the units of WORLD_VIEWBOX.

    The Natural Earth projection (Patterson, Šavrič), cut in the Bering Strait, where no land is.
    """
    lam = radians((longitude - _WORLD_MIDDLE + 180) % 360 - 180)
    phi = radians(max(-90.0, min(90.0, latitude)))
    p2 = phi * phi
    p4 = p2 * p2
    x = lam * (0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4)))
    y = phi * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)))
    return round(510 + _WORLD_SCALE * x, 1), round(_WORLD_EQUATOR - _WORLD_SCALE * y, 1)


def arc(start: tuple[float, float], end: tuple[float, float]) -> str:
    """The path of a curve between two places on the map, bent to the north."""
    (x1, y1), (x2, y2) = start, end
    across, down = (x2 - x1, y2 - y1) if x2 >= x1 else (x1 - x2, y1 - y2)
    bend_x, bend_y = (x1 + x2) / 2 + 0.22 * down, (y1 + y2) / 2 - 0.22 * across
    return f"M{x1:g} {y1:g}Q{bend_x:.1f} {bend_y:.1f} {x2:g} {y2:g}"


def labels(places: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str] | None]:
    """The position and anchor of the name of each place; None where there is no room for it.

    A name is right, left, above or below its dot, where it covers neither a dot nor another name.
    """
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y, _name in places]
    found: list[tuple[float, float, str] | None] = []
    for x, y, name in places:
        spots = ((x + 9, y + 4, "start"), (x - 9, y + 4, "end"), (x, y - 10, "middle"))
        boxes = [(spot, _box(spot, name)) for spot in (*spots, (x, y + 18, "middle"))]
        free = next(
            (pair for pair in boxes if not any(_overlap(pair[1], box) for box in taken)), None
        )
        found.append(free[0] if free else None)
        taken += [free[1]] if free else []
    return found


class Bar(NamedTuple):
    """One bar of a chart, in units of its picture; x is its left edge, `middle` what stands below it."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Where its name goes."""
        return self.x + self.width / 2


def bars(counts: Sequence[int], width: float, height: float, top: float) -> list[Bar]:
    """Bars that stand side by side on a line `height` below `top`; the highest reaches `top`."""
    step, most = width / max(1, len(counts)), max([1, *counts])
    heights = [round(height * count / most, 1) for count in counts]
    return [
        Bar(
            round(step * (at + 0.14), 1), round(top + height - tall, 1), round(step * 0.72, 1), tall
        )
        for at, tall in enumerate(heights)
    ]


def _box(spot: tuple[float, float, str], name: str) -> tuple[float, float, float, float]:
    x, y, anchor = spot
    width = 7.4 * len(name)
    left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
    return left, y - 11, left + width, y + 4


def _overlap(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _symbol(slug: str, inside: str) -> str:
    box = f'viewBox="{_PLAN_VIEWBOX}" preserveAspectRatio="xMidYMid slice"'
    return f'<symbol id="{escape(slug)}" {box}>{inside}</symbol>'
