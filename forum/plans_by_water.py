"""Plans of cities at the water: the round harbour town and the river that parts before the sea."""

from collections.abc import Sequence
from itertools import pairwise
from math import pi, sin
from random import Random

from forum.geometry import (
    Point,
    Shape,
    between,
    curve,
    distance,
    middle,
    normal_of,
)
from forum.shapes import (
    HEIGHT,
    LINE,
    PARK,
    WATER,
    WIDTH,
    ashore,
    avenue,
    banks,
    blocks,
    box,
    disc,
    dots,
    halves,
    line,
    offshore,
    plots,
    quarters,
    ring,
    rounded,
    seen,
    solid,
    wash,
)


def radial_harbour(rng: Random) -> str:
    """Rings and avenues around a round square, a bay with piers, ferries going out."""
    centre = (rng.uniform(150, 182), rng.uniform(124, 164))
    coast = _coast(rng, centre)
    count, rays = rng.choice([(10, 5), (12, 6), (15, 5), (12, 4)])
    turn = pi / rays
    city = ashore(_rings(rng, centre, count, turn), coast)
    for i in range(rays):
        city = avenue(city, centre, turn + 2 * pi * i / rays, 8)
    core = [s for s in plots(city, 0) if distance(middle(s), centre) < 48]
    rest = [s for s in plots(city, 0) if s not in core]
    green = [s for s in rest if rng.random() < 0.06]
    harbour = (centre[0] + 96, centre[1])
    return (
        wash([offshore(coast, 0)], WATER)
        + wash([offshore(coast, 16)], ".08")
        + wash([offshore(coast, 46)], ".07")
        + solid(blocks((s for s in rest if s not in green), 4.6))
        + solid(core)
        + solid(green, PARK)
        + solid(_piers(rng, coast))
        + dots([centre], 13, "1")
        + line(disc(centre, 17), 1.6, LINE, "0 5.3")
        + _ferries(rng, harbour)
    )


def _rings(rng: Random, centre: Point, count: int, turn: float) -> list[Shape]:
    """Blocks in rings, twice as many from where they would grow too wide."""
    out: list[Shape] = []
    radius = 29.0
    for index in range(16):
        depth = rng.uniform(20, 24) + min(index, 4)
        if 2 * pi * (radius + depth) / count > 52:
            count *= 2
        shift = pi / count if index > 1 and rng.random() < 0.4 else 0
        out += plots(ring(centre, radius, radius + depth, count, turn + shift), 5)
        radius += depth + (5 if index in (1, 4) else 0)
    return [cell for cell in out if seen(cell)]


def _coast(rng: Random, centre: Point) -> list[Point]:
    """The shore from top to bottom: a round basin between two capes, the open coast beyond."""
    bay = centre[0] + rng.uniform(80, 90)
    right = [(13, 2), (26, 9), (37, 22), (44, 42), (50, 66), (60, 74), (72, 66), (98, 74)]
    right += [(130, 64), (158, 78), (200, 84)]
    out = [(bay, centre[1])]
    for down, away in right:
        wave = rng.uniform(-7, 7) if down > 64 else 0
        out.append((bay + away + wave, centre[1] + down + wave / 2))
        wave = rng.uniform(-7, 7) if down > 64 else 0
        out.insert(0, (bay + away + wave, centre[1] - down - wave / 2))
    return out


def _piers(rng: Random, coast: Sequence[Point]) -> list[Shape]:
    """Short piers in the basin, longer ones on the open coast."""
    out = []
    for a, b in pairwise(coast):
        if distance(a, b) > 11 and rng.random() < 0.8:
            nx, ny = normal_of(a, b)
            long = rng.uniform(8, 13) if distance(a, b) < 24 else rng.uniform(13, 20)
            at = between(a, b, rng.uniform(0.4, 0.6))
            out.append(box((at[0] - nx * long / 2, at[1] - ny * long / 2), (nx, ny), long, 4))
    return out


def _ferries(rng: Random, start: Point) -> str:
    """Courses that leave the basin together and part at sea, a boat on each."""
    out, boats = "", []
    mouth = (start[0] + 70, start[1])
    for i in range(5):
        end = (WIDTH + 10, start[1] + (i - 2) * rng.uniform(50, 70))
        course = curve(start, mouth, (mouth[0] + 20, mouth[1] + (i - 2) * 12), end, 9)
        out += line(course, 1.7, ".9", "0 5.2")
        boats.append(course[rng.choice([5, 6, 7])])
    return out + dots(boats, 6.4, "1")


def delta(rng: Random) -> str:
    """A river that parts in arms before the sea, towns on its banks, fields between."""
    arms, widths = _arms(rng)
    shore = _shore(rng)
    towns = [arms[0][5], arms[0][12], arms[1][8], arms[3][8]]
    land = _land(rng)
    near = [c for c in land if min(distance(middle(c), t) for t in towns) < rng.gauss(66, 9)]
    squares = plots((q for c in near for q in quarters(c)), 4.4)
    strips = plots((q for c in land if c not in near for q in _strips(rng, c)), 3.4)
    town, fields = (_drained(shapes, arms, widths, shore) for shapes in (squares, strips))
    water = "".join(line(arm, w, "1") for arm, w in zip(arms, widths, strict=True))
    return (
        f'<g opacity=".36">{water}{wash([offshore(shore, 0)], "1")}</g>'
        + wash([offshore(shore, 18)], ".1")
        + wash([offshore(shore, 40)], ".1")
        + solid(blocks(town, 4.4))
        + solid(fields, ".2")
        + solid(_bridges(arms, widths))
        + dots(_reeds(rng, shore), 3)
    )


def _drained(
    shapes: list[Shape], arms: list[list[Point]], widths: list[float], shore: list[Point]
) -> list[Shape]:
    """The shapes cut back to the banks of the river and to the shore."""
    for arm, width in zip(arms, widths, strict=True):
        shapes = banks(shapes, arm, width + 8)
    return plots(ashore(shapes, shore), 0, 46)


def _strips(rng: Random, shape: Shape) -> list[Shape]:
    """A parcel as fields that lie this way or the other."""
    if rng.random() < 0.5:
        return halves(shape)
    return halves(shape[1:] + shape[:1])


def _arms(rng: Random) -> tuple[list[list[Point]], list[float]]:
    """The river and its arms as polylines, with their widths."""
    top, fork = rng.uniform(90, 170), (rng.uniform(150, 190), rng.uniform(130, 160))
    trunk = curve((-20, top), (60, top + rng.uniform(-10, 50)), (fork[0] - 60, fork[1] - 10), fork)
    ends = [rng.uniform(34, 60), rng.uniform(120, 150), rng.uniform(222, 250)]
    arms = [trunk]
    for end, lift in zip(ends, (-1, 0, 1), strict=True):
        bend = (fork[0] + 55, fork[1] + 8 + lift * 26)
        arms.append(curve(fork, bend, (330, end + rng.uniform(-26, 26)), (470, end)))
    second = arms[rng.choice([1, 3])]
    start, end = second[7], rng.choice([88.0, 186.0])
    arms.append(curve(start, second[9], (360, end), (470, end)))
    return arms, [27, 17, 12, 19, 9]


def _shore(rng: Random) -> list[Point]:
    """The coast of the delta from top to bottom."""
    points = [(rng.uniform(405, 440), y) for y in range(-24, HEIGHT + 48, 24)]
    return rounded([(float(x), float(y)) for x, y in points])


def _land(rng: Random) -> list[Shape]:
    """Wide parcels in a grid that is bent like the land it lies on."""
    lean, wave, shift = rng.uniform(-0.25, 0.25), rng.uniform(8, 16), rng.uniform(0, 6)

    def at(i: int, j: int) -> Point:
        x, y = i * 50.0 - 80, j * 43.0 - 60 + shift * 6
        return x + lean * (y - 140), y + wave * sin(x / 95 + shift) - 0.06 * (x - 240)

    rows, columns = range(-1, 11), range(14)
    cells = (
        [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)] for j in rows for i in columns
    )
    return [cell for cell in cells if seen(cell)]


def _bridges(arms: Sequence[Sequence[Point]], widths: Sequence[float]) -> list[Shape]:
    """Bridges where no other arm is near."""
    out = []
    for arm, width in zip(arms, widths, strict=True):
        for step in (4, 9):
            others = [p for other in arms if other is not arm for p in other]
            if min(distance(arm[step], p) for p in others) > 20:
                out.append(box(arm[step], normal_of(arm[step], arm[step + 1]), width + 9, 3.2))
    return out


def _reeds(rng: Random, shore: Sequence[Point]) -> list[Point]:
    """Dots in the shallow water along the shore."""
    return [(x + rng.uniform(6, 16), y + rng.uniform(-4, 4)) for x, y in shore[::2]]
