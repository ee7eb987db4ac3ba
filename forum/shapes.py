"""What a figure-ground plan is made of: blocks, streets and coasts, drawn as filled paths and dots."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import cos, pi, sin
from random import Random

from forum.geometry import (
    Point,
    Shape,
    area,
    between,
    clip,
    distance,
    edges,
    inset,
    keep,
    middle,
    nearest,
    normal_of,
    path,
    polar,
    specks,
    split,
    trail,
)

WIDTH, HEIGHT = 480, 288
FRAME = (-6, -6, WIDTH + 6, HEIGHT + 6)
MIN_EDGE = 5  # of a court, in the units of the frame

BUILT, LINE, PARK, WATER = ".84", ".6", ".3", ".17"


def solid(shapes: Iterable[Shape], opacity: str = BUILT) -> str:
    """Filled shapes; one that lies inside another is a hole in it."""
    return f'<path opacity="{opacity}" d="{path(clip(s, *FRAME) for s in shapes)}"/>'


def wash(shapes: Iterable[Shape], opacity: str = BUILT) -> str:
    """Filled shapes, as `solid` makes them, that turn inwards somewhere and so cannot be cut to the frame."""
    return f'<path opacity="{opacity}" d="{path(shapes)}"/>'


def dots(points: Iterable[Point], size: float, opacity: str = LINE) -> str:
    """Round dots: trees, boats, stations."""
    shown = (p for p in points if -4 < p[0] < WIDTH + 4 and -4 < p[1] < HEIGHT + 4)
    return _stroke(specks(shown), size, opacity)


def line(points: Sequence[Point], width: float, opacity: str = LINE, dash: str = "") -> str:
    """An open line; a dash such as `0 6` makes it a row of dots."""
    return _stroke(trail(points), width, opacity, dash)


def blocks(shapes: Iterable[Shape], depth: float, least: float = 26) -> list[Shape]:
    """Buildings around a court: the outlines, and the courts where one has room."""
    out: list[Shape] = []
    for shape in shapes:
        court = plain(inset(shape, depth))
        out += [shape, court] if len(court) > 2 and abs(area(court)) > least else [shape]
    return out


def plots(shapes: Iterable[Shape], street: float, least: float = 40) -> list[Shape]:
    """The shapes drawn back from the middle of the street, without those too small to build on."""
    back = (inset(shape, street / 2) for shape in shapes)
    return [shape for shape in back if shape and abs(area(shape)) > least and inset(shape, 1.6)]


def part(shapes: Iterable[Shape], at: Point, normal: Point, gap: float) -> list[Shape]:
    """All the shapes parted by one straight street."""
    return [piece for shape in shapes for piece in split(shape, at, normal, gap)]


def banks(shapes: Iterable[Shape], river: Sequence[Point], width: float) -> list[Shape]:
    """The shapes cut back from both sides of a river or a crooked street."""
    out = []
    for shape in shapes:
        foot, normal, far = nearest(middle(shape), river)
        out += split(shape, foot, normal, width) if far < width / 2 + 24 else [shape]
    return out


def avenue(shapes: Iterable[Shape], centre: Point, angle: float, width: float) -> list[Shape]:
    """The shapes parted by a street that leads from a centre in one direction."""
    along = (cos(angle), sin(angle))
    out = []
    for shape in shapes:
        x, y = middle(shape)
        ahead = (x - centre[0]) * along[0] + (y - centre[1]) * along[1] > 0
        out += split(shape, centre, (-along[1], along[0]), width) if ahead else [shape]
    return out


def around(shapes: Iterable[Shape], hole: Shape) -> list[Shape]:
    """The shapes cut back to the edge of a convex place that is kept free."""
    out = []
    for shape in shapes:
        at, away, far = max((_beyond(shape, a, b) for a, b in edges(hole)), key=lambda cut: cut[2])
        rest = keep(shape, at, away) if far > 0 else []
        if len(rest) > 2:
            out.append(rest)
    return out


def ashore(shapes: Iterable[Shape], coast: Sequence[Point]) -> list[Shape]:
    """The shapes cut back to a quay along a coast that runs from top to bottom, the land left."""
    cut = (_behind(shape, coast) for shape in shapes)
    return [shape for shape in cut if len(shape) > 2]


def _behind(shape: Shape, coast: Sequence[Point]) -> Shape:
    for a, b in pairwise(coast):
        ys = [y for _, y in shape]
        if shape and a[1] - 3 < max(ys) and b[1] + 3 > min(ys) and max(shape)[0] > a[0] - 40:
            nx, ny = normal_of(a, b)
            shape = keep(shape, (a[0] + nx * 5, a[1] + ny * 5), (nx, ny))
    return shape


def offshore(coast: Sequence[Point], by: float) -> Shape:
    """The sea from a distance off the coast to the right edge: a line of equal depth."""
    far = rounded([(x + by + by / 5 * sin(y / 19), y) for x, y in coast]) if by else list(coast)
    return [*far, (WIDTH + 6, HEIGHT + 60), (WIDTH + 6, -60)]


def halves(shape: Shape) -> list[Shape]:
    """A shape of four corners cut into two strips side by side."""
    a, b, c, d = shape
    cuts = [(between(a, b, part), between(d, c, part)) for part in (0, 0.5, 1)]
    return [[p, q, r, t] for (p, t), (q, r) in pairwise(cuts)]


def quarters(shape: Shape) -> list[Shape]:
    """A shape of four corners as two by two."""
    return [q for half in halves(shape) for q in halves(half[1:] + half[:1])]


def disc(centre: Point, radius: float, corners: int = 24, turn: float = 0) -> Shape:
    """A circle as a shape of many corners."""
    return [polar(centre, turn + 2 * pi * i / corners, radius) for i in range(corners)]


def box(centre: Point, across: Point, length: float, width: float) -> Shape:
    """An oblong around a centre; `across` is the unit vector along its length."""
    (x, y), (ux, uy) = centre, (across[0] * length / 2, across[1] * length / 2)
    vx, vy = -across[1] * width / 2, across[0] * width / 2
    return [
        (x + ux + vx, y + uy + vy),
        (x - ux + vx, y - uy + vy),
        (x - ux - vx, y - uy - vy),
        (x + ux - vx, y + uy - vy),
    ]


def cross(centre: Point, along: Point, long: Point, wide: Point) -> Shape:
    """Two oblongs laid over each other: (length, width) along a unit vector, and across it."""
    (a, b), (d, c) = (long[0] / 2, long[1] / 2), (wide[0] / 2, wide[1] / 2)
    corner = [(a, b), (c, b), (c, d), (-c, d), (-c, b), (-a, b)]
    (x, y), (ux, uy) = centre, along
    half = [(x + ux * p - uy * q, y + uy * p + ux * q) for p, q in corner]
    return half + [(2 * x - p, 2 * y - q) for p, q in half]


def ring(centre: Point, inner: float, outer: float, count: int, turn: float) -> list[Shape]:
    """A ring cut into blocks."""
    out = []
    for i in range(count):
        a, b = turn + 2 * pi * i / count, turn + 2 * pi * (i + 1) / count
        out.append(
            [
                polar(centre, a, inner),
                polar(centre, a, outer),
                polar(centre, b, outer),
                polar(centre, b, inner),
            ]
        )
    return out


def scatter(rng: Random, apart: float, tries: int, fits: Callable[[Point], bool]) -> list[Point]:
    """Points strewn over the plan where they fit, none nearer to another than `apart`."""
    out: list[Point] = []
    for _ in range(tries):
        point = (rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT))
        if fits(point) and all(distance(point, other) > apart for other in out):
            out.append(point)
    return out


def seen(shape: Shape) -> bool:
    """Whether any of the shape may show inside the frame."""
    return len(clip(shape, *FRAME)) > 2


def rounded(points: list[Point]) -> list[Point]:
    """A polyline with its corners cut twice, so that it looks drawn by hand."""
    for _ in range(2):
        cut = [between(a, b, t) for a, b in pairwise(points) for t in (0.25, 0.75)]
        points = [points[0], *cut, points[-1]]
    return points


def plain(shape: Shape) -> Shape:
    """The shape with its shortest edges drawn together into one corner."""
    while len(shape) > 4:
        at = min(range(len(shape)), key=lambda i: distance(shape[i - 1], shape[i]))
        if distance(shape[at - 1], shape[at]) > MIN_EDGE:
            break
        corner = between(shape[at - 1], shape[at], 0.5)
        shape = [
            corner if i == at else p for i, p in enumerate(shape) if i != (at - 1) % len(shape)
        ]
    return shape


def _beyond(shape: Shape, a: Point, b: Point) -> tuple[Point, Point, float]:
    """How far a shape lies outside one edge of a place that runs with the clock."""
    x, y = normal_of(b, a)
    at = middle(shape)
    return a, (x, y), (at[0] - a[0]) * x + (at[1] - a[1]) * y


def _stroke(d: str, width: float, opacity: str, dash: str = "") -> str:
    gaps = f' stroke-dasharray="{dash}"' if dash else ""
    look = f'stroke="currentColor" stroke-width="{width:g}" stroke-linecap="round"{gaps}'
    return f'<path fill="none" opacity="{opacity}" {look} d="{d}"/>'
