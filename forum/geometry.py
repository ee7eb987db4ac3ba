"""Plane geometry for the plans: convex shapes cut and set in, written as short SVG paths."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import cos, hypot, sin

Point = tuple[float, float]
Shape = list[Point]


def keep(shape: Shape, at: Point, normal: Point) -> Shape:
    """The part of a convex shape that lies on the side of the line to which the normal points."""
    out: Shape = []
    for a, b in edges(shape):
        da, db = _side(a, at, normal), _side(b, at, normal)
        if da >= 0:
            out.append(a)
        if (da < 0) != (db < 0):
            out.append(between(a, b, da / (da - db)))
    return out


def split(shape: Shape, at: Point, normal: Point, gap: float) -> list[Shape]:
    """The shape in two parts along a line, separated by a street `gap` wide; an empty half is left out."""
    x, y = normal
    half = gap / 2
    sides = ((x, y), (-x, -y))
    cut = [keep(shape, (at[0] + nx * half, at[1] + ny * half), (nx, ny)) for nx, ny in sides]
    return [part for part in cut if len(part) > 2]


def inset(shape: Shape, by: float) -> Shape:
    """The convex shape with every edge moved inwards; empty when nothing is left."""
    out = shape
    turn = 1 if area(shape) > 0 else -1
    for a, b in edges(shape):
        nx, ny = normal_of(a, b)
        out = keep(out, (a[0] + nx * by * turn, a[1] + ny * by * turn), (nx * turn, ny * turn))
    return out if len(out) > 2 else []


def chamfer(shape: Shape, by: float) -> Shape:
    """The shape with each corner cut off, `by` from the corner along both edges."""
    out: Shape = []
    for a, b in edges(shape):
        share = min(0.45, by / (distance(a, b) or 1))
        out += [between(a, b, share), between(a, b, 1 - share)]
    return out


def clip(shape: Shape, left: float, top: float, right: float, bottom: float) -> Shape:
    """The part of a convex shape inside an axis-aligned rectangle."""
    for at, normal in (
        ((left, top), (1, 0)),
        ((left, top), (0, 1)),
        ((right, bottom), (-1, 0)),
        ((right, bottom), (0, -1)),
    ):
        shape = keep(shape, at, normal)
    return shape


def polar(middle: Point, angle: float, radius: float) -> Point:
    """The point at an angle (radians) and a distance from another."""
    return middle[0] + radius * cos(angle), middle[1] + radius * sin(angle)


def between(a: Point, b: Point, share: float) -> Point:
    """The point at a share (0 to 1) of the way from a to b."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def distance(a: Point, b: Point) -> float:
    """How far a is from b."""
    return hypot(b[0] - a[0], b[1] - a[1])


def normal_of(a: Point, b: Point) -> Point:
    """The unit vector perpendicular to the way from a to b."""
    length = distance(a, b) or 1
    return (a[1] - b[1]) / length, (b[0] - a[0]) / length


def edges(shape: Shape) -> Iterable[tuple[Point, Point]]:
    """Each corner with the next one, the last with the first."""
    return zip(shape, shape[1:] + shape[:1], strict=True)


def area(shape: Shape) -> float:
    """The area, negative when the corners run anticlockwise on the screen."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(shape)) / 2


def middle(shape: Shape) -> Point:
    """The mean of the corners."""
    return sum(x for x, _ in shape) / len(shape), sum(y for _, y in shape) / len(shape)


def nearest(point: Point, line: Sequence[Point]) -> tuple[Point, Point, float]:
    """The nearest place on a polyline, the unit vector perpendicular to it there, and the distance."""
    best = (line[0], (0.0, 1.0), distance(point, line[0]))
    for a, b in pairwise(line):
        foot = _foot(point, a, b)
        if distance(point, foot) < best[2]:
            best = (foot, normal_of(a, b), distance(point, foot))
    return best


def within(point: Point, loop: Sequence[Point]) -> bool:
    """Whether a closed line runs around the point."""
    x, y = point
    crossed = False
    for a, b in pairwise(loop):
        if (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]):
            crossed = not crossed
    return crossed


def curve(a: Point, b: Point, c: Point, d: Point, steps: int = 16) -> list[Point]:
    """A cubic Bézier curve as a polyline."""
    out = []
    for step in range(steps + 1):
        t = step / steps
        ab, bc, cd = between(a, b, t), between(b, c, t), between(c, d, t)
        out.append(between(between(ab, bc, t), between(bc, cd, t), t))
    return out


def evenly(line: Sequence[Point], step: float) -> list[Point]:
    """Points on a polyline at equal distances along it."""
    out, left = [line[0]], step
    for a, b in pairwise(line):
        length, at = distance(a, b), left
        while at <= length:
            out.append(between(a, b, at / length))
            at += step
        left = at - length
    return out


def path(shapes: Iterable[Shape]) -> str:
    """Closed shapes as one path of whole numbers, each written relative to the one before."""
    out, last = "", (0, 0)
    for shape in shapes:
        corners = _rounded_corners(shape)
        if len(corners) > 2:
            out += _steps(last, corners) + "z"
            last = corners[0]
    return out


def trail(points: Sequence[Point]) -> str:
    """An open polyline as a path of whole numbers."""
    return _steps((0, 0), [(round(x), round(y)) for x, y in points])


def specks(points: Iterable[Point]) -> str:
    """A path of zero length at each point: a round line cap makes it a dot."""
    out, last = "", (0, 0)
    for x, y in points:
        here = (round(x), round(y))
        out += _steps(last, [here]) + "h0"
        last = here
    return out


def _side(point: Point, at: Point, normal: Point) -> float:
    return (point[0] - at[0]) * normal[0] + (point[1] - at[1]) * normal[1]


def _foot(point: Point, a: Point, b: Point) -> Point:
    dx, dy = b[0] - a[0], b[1] - a[1]
    share = _side(point, a, (dx, dy)) / ((dx * dx + dy * dy) or 1)
    return between(a, b, max(0.0, min(1.0, share)))


def _rounded_corners(shape: Shape) -> list[tuple[int, int]]:
    corners: list[tuple[int, int]] = []
    for x, y in shape:
        here = (round(x), round(y))
        if here not in (corners[-1:] + corners[:1]):
            corners.append(here)
    return corners


def _steps(start: tuple[int, int], points: Sequence[tuple[int, int]]) -> str:
    """A move and lines; a path that begins with a small m takes its first point as absolute."""
    out = "m"
    for x, y in points:
        for step in (x - start[0], y - start[1]):
            out += f"{step}" if step < 0 or out == "m" else f" {step}"
        start = (x, y)
    return out
