"""Plans of cities laid out by ruler: the grid of chamfered blocks and the capital on its axis."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, pi, radians, sin
from random import Random

from forum.geometry import (
    Point,
    Shape,
    between,
    chamfer,
    inset,
    middle,
    polar,
)
from forum.shapes import (
    BUILT,
    HEIGHT,
    LINE,
    PARK,
    WIDTH,
    around,
    blocks,
    box,
    cross,
    disc,
    dots,
    line,
    part,
    plots,
    quarters,
    ring,
    seen,
    solid,
    wash,
)


def chamfered_blocks(rng: Random) -> str:
    """A grid of blocks with cut corners, gardens inside, crossed by a diagonal with trees."""
    angle = radians(rng.choice([-1, 1]) * rng.uniform(10, 24))
    along = polar((0, 0), angle + rng.choice([-1, 1]) * rng.uniform(0.6, 0.95), 1)
    across = (-along[1], along[0])
    plaza = (rng.uniform(170, 310), rng.uniform(110, 178))
    cells = _grid(angle, rng.uniform(43, 46), plaza)
    built = part((chamfer(inset(cell, 4.4), 8.5) for cell in cells), plaza, across, 22)
    built = plots(around(built, disc(plaza, 30)), 0, 90)
    green = [s for s in built if rng.random() < 0.1]
    loose = [s for s in built if s not in green and rng.random() < 0.34]
    full = [s for s in built if s not in green and s not in loose]
    return (
        solid(blocks(full, 8.6))
        + solid(p for s in loose for p in _wings(rng, s, 8.6))
        + solid(loose, ".14")
        + solid(green, PARK)
        + dots((p for s in green for p in _grove(rng, s)), 4)
        + _promenade(plaza, along, across)
        + solid([disc(plaza, 21, 20), disc(plaza, 11, 14)], PARK)
        + dots([plaza], 9, "1")
    )


def _grid(angle: float, pitch: float, at: Point) -> list[Shape]:
    """Squares that fill the frame, turned by an angle (radians)."""
    u = polar((0, 0), angle, pitch)
    v = (-u[1], u[0])
    out = []
    for i in range(-12, 13):
        for j in range(-12, 13):
            x, y = at[0] + i * u[0] + j * v[0], at[1] + i * u[1] + j * v[1]
            out.append(
                [
                    (x, y),
                    (x + u[0], y + u[1]),
                    (x + u[0] + v[0], y + u[1] + v[1]),
                    (x + v[0], y + v[1]),
                ]
            )
    return [cell for cell in out if seen(cell)]


def _wings(rng: Random, shape: Shape, depth: float) -> list[Shape]:
    """Buildings on some sides of a block only, the garden open to the street."""
    court = inset(shape, depth)
    if len(court) != len(shape) or len(shape) < 8:
        return blocks([shape], depth)
    first = rng.randrange(4) * 2
    runs = rng.choice([((0, 4), (4, 4)), ((0, 6),), ((0, 4),)])
    return [_run(shape, court, first + start, count) for start, count in runs]


def _run(outer: Shape, inner: Shape, start: int, count: int) -> Shape:
    """The building along some corners of a block, from the street to the court."""
    turn = [(start + i) % len(outer) for i in range(count)]
    return [outer[i] for i in turn] + [inner[i] for i in reversed(turn)]


def _grove(rng: Random, shape: Shape) -> list[Point]:
    """A tree towards each corner of a garden."""
    centre = middle(shape)
    return [between(centre, corner, rng.uniform(0.2, 0.75)) for corner in shape]


def _promenade(at: Point, along: Point, across: Point) -> str:
    """Two rows of trees on each side of a place."""
    out = ""
    for side in (-5.5, 5.5):
        for way in (1, -1):
            start = (at[0] + across[0] * side, at[1] + across[1] * side)
            points = [
                (start[0] + along[0] * t * way, start[1] + along[1] * t * way) for t in (29, 620)
            ]
            out += line(points, 3, LINE, "0 8.5")
    return out


def civic_axis(rng: Random) -> str:
    """A mall of trees between a palace and a column, avenues from a round place, strict blocks."""
    centre = (WIDTH / 2, HEIGHT / 2)
    radius, slope = rng.uniform(40, 48), radians(rng.uniform(27, 37))
    sides = rng.choice([24, 24, 8])
    city = _blocks_around(rng, centre, radius, rng.choice([1, 2, 2]))
    ways = [slope, -slope] + ([pi / 2] if rng.random() < 0.6 else [])
    for way in ways:
        city = part(city, centre, (-sin(way), cos(way)), 9)
    city = part(city, centre, (0, 1), 30)
    city = around(city, disc(centre, radius, sides, pi / sides))
    palace = box((40, centre[1]), (1, 0), 96, 84)
    city = plots(around(city, palace), 0, 50)
    green = _gardens(rng, city, centre)
    return (
        solid(blocks((s for s in city if s not in green), 4.8))
        + solid(green, PARK)
        + _palace(centre)
        + _mall(centre, radius)
        + _monument(rng, centre, radius)
    )


def _blocks_around(rng: Random, centre: Point, radius: float, rings: int) -> list[Shape]:
    """Rings of blocks around the place, and the grid that begins where they end."""
    count, depth = rng.choice([16, 20, 24]), 27
    out = plots(_strict_grid(rng, centre, radius + depth * rings + 5), 5)
    for i in range(rings):
        inner = radius + depth * i
        out += plots(ring(centre, inner, inner + depth, count * (i + 1), 0), 5)
    return out


def _strict_grid(rng: Random, centre: Point, free: float) -> list[Shape]:
    """Blocks in rows and columns of changing width around a free circle, alike on all four sides."""
    xs = _mirrored(rng, [0.0], 260, [26, 32, 38])
    ys = _mirrored(rng, [0.0, 15.0], 160, [26, 30, 36])
    out: list[Shape] = []
    for left, right in pairwise(xs):
        for top, bottom in pairwise(ys):
            cell = [(left, top), (right, top), (right, bottom), (left, bottom)]
            far = [hypot(x, y) for x, y in cell]
            out += quarters(cell) if min(far) < free < max(far) else [cell]
    moved = [[(x + centre[0], y + centre[1]) for x, y in cell] for cell in out]
    return around(moved, disc(centre, free, 32))


def _mirrored(rng: Random, steps: list[float], reach: float, widths: list[int]) -> list[float]:
    """Where streets lie on both sides of nought, at the same distances."""
    while steps[-1] < reach:
        steps.append(steps[-1] + rng.choice(widths))
    return [-step for step in reversed(steps[1:])] + steps


def _gardens(rng: Random, city: Sequence[Shape], centre: Point) -> list[Shape]:
    """Some of the blocks, and with each the ones that mirror it."""
    known: dict[tuple[int, int], bool] = {}
    out = []
    for shape in city:
        x, y = middle(shape)
        key = (round(abs(x - centre[0]) / 3), round(abs(y - centre[1]) / 3))
        if known.setdefault(key, rng.random() < 0.12):
            out.append(shape)
    return out


def _palace(centre: Point) -> str:
    """A palace with two wings and a risalit, open to the mall."""
    half = [(22, -34), (66, -34), (66, -24), (34, -24), (34, -8), (42, -8)]
    outline = half + [(x, -y) for x, y in reversed(half)]
    return wash([[(x, centre[1] + y) for x, y in outline]]) + dots([(56, centre[1])], 8)


def _mall(centre: Point, radius: float) -> str:
    """Rows of trees from the palace to the place and on to a column, two long pools between."""
    out = ""
    for side in (-10, 10):
        for start, end in ((90, centre[0] - radius - 5), (centre[0] + radius + 5, WIDTH + 4)):
            out += line([(start, centre[1] + side), (end, centre[1] + side)], 4, LINE, "0 8")
    far = centre[0] + radius
    pools = [box((far + t, centre[1]), (1, 0), 40, 7) for t in (34, 86)]
    return out + solid(pools, PARK) + dots([(WIDTH - 22, centre[1])], 9, "1")


def _monument(rng: Random, centre: Point, radius: float) -> str:
    """A domed, a cross-shaped or a twin building in the ring of trees on the place."""
    kind = rng.choice(["dome", "cross", "twins"])
    trees = line(
        [*disc(centre, radius - 9, 48), (centre[0] + radius - 9, centre[1])], 3.4, LINE, "0 7"
    )
    if kind == "dome":
        return (
            trees + solid([disc(centre, 19, 20), disc(centre, 12, 16)]) + dots([centre], 12, BUILT)
        )
    if kind == "cross":
        return trees + wash([cross(centre, (1, 0), (46, 14), (32, 22))])
    wings = [box((centre[0], centre[1] + t), (1, 0), 46, 9) for t in (-13, 13)]
    return trees + solid(wings) + solid([disc(centre, 7, 12)])
