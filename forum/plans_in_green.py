"""Plans of cities with the country close by: the walled old town and the city of green fingers."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import cos, pi, radians, sin
from random import Random

from forum.geometry import (
    Point,
    Shape,
    between,
    curve,
    distance,
    edges,
    evenly,
    inset,
    keep,
    middle,
    nearest,
    normal_of,
    polar,
    within,
)
from forum.shapes import (
    BUILT,
    HEIGHT,
    WATER,
    WIDTH,
    around,
    banks,
    blocks,
    box,
    cross,
    disc,
    dots,
    line,
    plots,
    ring,
    scatter,
    seen,
    solid,
    wash,
)


def old_town(rng: Random) -> str:
    """Crooked blocks around a market inside a wall, gardens and a road outside."""
    centre = (rng.uniform(205, 275), rng.uniform(136, 152))
    wall = _wall(rng, centre)
    streets = _streets(rng, centre)
    market = disc(centre, rng.uniform(40, 46), rng.choice([4, 5]), rng.uniform(0, pi))
    cells = _cells(_sites(rng, wall, [p for street in streets for p in street]))
    for street in streets:
        cells = banks(cells, street, 8)
    cells = around(plots(banks(cells, wall, 11), 4.6), market)
    cells = plots(cells, 0, 30)
    inner = [s for s in cells if within(middle(s), wall)]
    moat = _wider(wall, centre, 10)
    outer = plots(banks([s for s in cells if s not in inner], moat, 14), 0, 60)
    suburb = [s for s in outer if min(nearest(middle(s), way)[2] for way in streets) < 24]
    fields = [s for s in outer if s not in suburb]
    orchards = [s for s in fields if rng.random() < 0.4]
    gates = [p for p in wall if min(nearest(p, way)[2] for way in streets) < 9]
    walls = _pieces(wall, gates)
    return (
        line(moat, 7, WATER)
        + solid(blocks(inner, 5.4, 34))
        + solid(blocks(suburb, 5.4, 34))
        + solid((s for s in fields if s not in orchards), ".18")
        + dots((p for s in orchards for p in _orchard(s)), 3.6)
        + "".join(line(piece, 3.6, BUILT) for piece in walls)
        + dots([p for piece in walls for p in [*piece[::4], piece[-1]]], 8, BUILT)
        + _market(rng, centre, market)
    )


def _wall(rng: Random, centre: Point) -> list[Point]:
    """A closed line around the town, bulging a little here and there."""
    wide, high, shift = rng.uniform(180, 208), rng.uniform(112, 132), rng.uniform(0, 6)
    out = []
    for i in range(49):
        turn = 2 * pi * i / 48
        swell = 1 + 0.05 * sin(3 * turn + shift) + 0.03 * sin(5 * turn)
        out.append((centre[0] + wide * swell * cos(turn), centre[1] + high * swell * sin(turn)))
    return out


def _streets(rng: Random, centre: Point) -> list[list[Point]]:
    """The road through the town, and one that joins it at the market."""
    tilt = rng.uniform(-0.35, 0.35)
    out = []
    for angle in (
        tilt,
        tilt + pi + rng.uniform(-0.3, 0.3),
        rng.choice([1, -1]) * rng.uniform(1.2, 1.7),
    ):
        end = polar(centre, angle, 420)
        bend, turn = polar(centre, angle + rng.uniform(-0.5, 0.5), 100), polar(centre, angle, 210)
        out.append(curve(centre, bend, turn, end, 14))
    return out


def _sites(rng: Random, wall: list[Point], ways: list[Point]) -> list[Point]:
    """Middles of blocks, close together inside the wall, wide apart outside."""
    out: list[Point] = []
    for _ in range(2600):
        point = (rng.uniform(-12, WIDTH + 12), rng.uniform(-12, HEIGHT + 12))
        close = within(point, wall) or any(distance(point, p) < 30 for p in ways)
        apart = 21.5 if close else 38
        if all(distance(point, other) > apart for other in out):
            out.append(point)
    return out


def _cells(sites: Sequence[Point]) -> list[Shape]:
    """The part of the frame nearest to each site (a Voronoi diagram)."""
    out = []
    for site in sites:
        shape: Shape = [
            (-30, -30),
            (WIDTH + 30, -30),
            (WIDTH + 30, HEIGHT + 30),
            (-30, HEIGHT + 30),
        ]
        for other in sites:
            if other != site and distance(site, other) < 90:
                away = (site[0] - other[0], site[1] - other[1])
                shape = keep(shape, between(site, other, 0.5), away)
        out.append(shape)
    return out


def _wider(loop: Sequence[Point], centre: Point, by: float) -> list[Point]:
    """A closed line drawn somewhat farther out."""
    return [between(centre, p, 1 + by / distance(centre, p)) for p in loop]


def _pieces(wall: list[Point], gates: list[Point]) -> list[list[Point]]:
    """The wall between its gates."""
    out: list[list[Point]] = [[]]
    for point in wall:
        if point in gates:
            out.append([])
        else:
            out[-1].append(point)
    return [piece for piece in out if len(piece) > 1]


def _orchard(shape: Shape) -> list[Point]:
    """Trees in rows on a field."""
    field = inset(shape, 3)
    xs, ys = [x for x, _ in field], [y for _, y in field]
    if not field:
        return []
    grid = (
        (x, y)
        for x in range(int(min(xs)), int(max(xs)), 9)
        for y in range(int(min(ys)), int(max(ys)), 9)
    )
    return [point for point in grid if within(point, [*field, field[0]])]


def _market(rng: Random, centre: Point, market: Shape) -> str:
    """A hall with a court, a church and a few trees."""
    angle = rng.uniform(0, pi)
    u = polar((0, 0), angle, 1)
    hall = box(polar(centre, angle + pi / 2, 13), u, 30, 14)
    church = cross(polar(centre, angle - pi / 2, 12), u, (28, 8), (18, 7))
    trees = [
        between(centre, between(a, b, t), 0.86) for a, b in edges(market) for t in (0.3, 0.5, 0.7)
    ]
    return solid(blocks([hall], 4, 10)) + wash([church]) + dots(trees, 3)


def green_fingers(rng: Random) -> str:
    """A round old city with fingers of building along the railways, woods and a lake between them."""
    palm, radius = (rng.uniform(62, 88), rng.uniform(132, 156)), 74.0
    rails = _rails(rng, palm, radius)
    city = _palm(rng, palm, radius, rails)
    houses = _apart(_finger(rng, rail) for rail in rails)
    lake = _lake(rails, rng.choice([1, len(rails) - 3]))
    stops = [stop for rail in rails for stop in rail]

    def is_wood(p: Point) -> bool:
        in_town = distance(p, palm) < radius + 11 or any(distance(p, stop) < 31 for stop in stops)
        return not in_town and not within(p, lake)

    return (
        solid(blocks(city, 5.2, 50))
        + dots([palm], 9, "1")
        + solid(houses)
        + dots((p for rail in rails for p in rail[3::6]), 5.4, "1")
        + wash([lake], ".24")
        + dots(scatter(rng, 9.5, 1500, is_wood), 4.4, ".5")
    )


def _rails(rng: Random, palm: Point, radius: float) -> list[list[Point]]:
    """Railways from the old city to the edges of the frame, in steps of one house."""
    count = rng.choice([5, 5, 6])
    spread = rng.uniform(64, 74)
    out = []
    for i in range(count):
        angle = radians(-spread + 2 * spread * i / (count - 1) + rng.uniform(-4, 4))
        start, turn = polar(palm, angle, radius + 9), angle * rng.uniform(0.6, 0.95)
        bend = polar(palm, angle, radius + 60)
        far = polar(bend, turn, 330)
        out.append(evenly(curve(start, bend, between(bend, far, 0.3), far, 32), 15))
    return out


def _palm(rng: Random, palm: Point, radius: float, rails: Sequence[Sequence[Point]]) -> list[Shape]:
    """The old city in three rings, the outer two cut by the streets to the stations."""
    count = rng.choice([8, 9, 10])
    core, *outer = (
        plots(ring(palm, inner * radius, outer * radius, count * times, pi / count), 4)
        for inner, outer, times in ((0.2, 0.46, 1), (0.46, 0.72, 2), (0.72, 1, 2))
    )
    city = [shape for shapes in outer for shape in shapes]
    for rail in rails:
        city = banks(city, [between(palm, rail[0], 0.44), rail[0]], 6)
    return core + plots(city, 0)


def _finger(rng: Random, rail: Sequence[Point]) -> list[Shape]:
    """Two or four rows of houses along a railway, a square at each station."""
    out: list[Shape] = []
    for step, (a, b) in enumerate(pairwise(rail)):
        rows = [(4.0, 15.0), (-15.0, -4.0)] if step % 6 != 3 else []
        rows += [(15.0, 26.0), (-26.0, -15.0)] if step > 2 else []
        if seen([a, b, a]) and (step % 6 or rng.random() < 0.5):
            out += [
                house for near, far in rows for house in plots([_beside(a, b, near, far)], 2.2, 20)
            ]
    return out


def _beside(a: Point, b: Point, near: float, far: float) -> Shape:
    """A strip along the way from a to b, between two distances from it."""
    x, y = normal_of(a, b)
    return [(p[0] + x * t, p[1] + y * t) for p, t in ((a, near), (b, near), (b, far), (a, far))]


def _apart(fingers: Iterable[list[Shape]]) -> list[Shape]:
    """The houses of all fingers without those that would stand on an earlier one."""
    out: list[Shape] = []
    for finger in fingers:
        out += [h for h in finger if all(distance(middle(h), middle(o)) > 16 for o in out)]
    return out


def _lake(rails: Sequence[Sequence[Point]], left: int) -> Shape:
    """A long lake between two fingers."""
    a, b = rails[left][10], rails[left + 1][10]
    size, along = max(8.0, min(24.0, distance(a, b) / 2 - 34)), normal_of(a, b)
    out = []
    for i in range(25):
        turn = 2 * pi * i / 24
        long, wide = 2.6 * size * cos(turn), size * sin(turn) * (1 + 0.25 * cos(turn * 3))
        x, y = between(a, b, 0.5)
        out.append((x + along[0] * long - along[1] * wide, y + along[1] * long + along[0] * wide))
    return out
