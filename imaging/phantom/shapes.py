"""Shapes in the patient, as signed distances.

A shape answers one question: how far is each voxel center from its surface, negative inside. [mm]
Only additions, products, divisions and square roots are used, so that every machine draws the same
voxels. Points are ``(left, posterior, superior)`` in millimeters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Array = NDArray[np.float64]
Point = tuple[float, float, float]

#: Keeps a distance finite at the center of a shape, where its gradient vanishes.
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Grid:
    """Voxel centers of a block of the volume, one broadcastable array per patient axis. [mm]

    Attributes
    ----------
    left, posterior, superior : arrays (1, 1, columns), (1, rows, 1), (slices, 1, 1)
    """

    left: Array
    posterior: Array
    superior: Array
    _kept: dict[object, Any] = field(default_factory=dict, repr=False)

    def keep(self, what: object, make: Callable[[], T]) -> T:
        """What ``make`` gives, made once for this grid."""
        if what not in self._kept:
            self._kept[what] = make()
        found: T = self._kept[what]
        return found

    def shifted(self, by_mm: Point) -> Grid:
        """The same voxels seen from tissue that moved ``by_mm``."""
        return Grid(self.left - by_mm[0], self.posterior - by_mm[1], self.superior - by_mm[2])

    def block(self, box: Box, margin_mm: float) -> tuple[tuple[slice, slice, slice], Grid]:
        """The part of the grid inside ``box`` widened by ``margin_mm``, and where it lies."""
        (l0, p0, s0), (l1, p1, s1) = box
        columns = _span(self.left.ravel(), l0 - margin_mm, l1 + margin_mm)
        rows = _span(self.posterior.ravel(), p0 - margin_mm, p1 + margin_mm)
        slices = _span(self.superior.ravel(), s0 - margin_mm, s1 + margin_mm)
        corners = (slices.start, slices.stop, rows.start, rows.stop, columns.start, columns.stop)
        return (slices, rows, columns), self.keep(corners, lambda: self._cut(slices, rows, columns))

    def _cut(self, slices: slice, rows: slice, columns: slice) -> Grid:
        return Grid(self.left[:, :, columns], self.posterior[:, rows, :], self.superior[slices, :, :])


def _span(centers: Array, low: float, high: float) -> slice:
    first, last = np.searchsorted(centers, [low, high])
    return slice(int(first), int(last))


#: Lower and upper corner. [mm]
Box = tuple[Point, Point]
#: A box that no shape leaves. [mm]
EVERYWHERE: Box = ((-1e4, -1e4, -1e4), (1e4, 1e4, 1e4))


@dataclass(frozen=True, eq=False)
class Shape:
    """A signed distance and the box that holds everything inside it.

    Attributes
    ----------
    distance_mm : Grid -> array
        Negative inside; exact to first order near the surface. [mm]
    box : lower and upper corner. [mm]
    """

    distance_mm: Callable[[Grid], Array] = field(repr=False)
    box: Box = EVERYWHERE

    def __and__(self, other: Shape) -> Shape:
        """Inside both; the box is this shape's."""
        return Shape(lambda g: np.maximum(self.distance_mm(g), other.distance_mm(g)), self.box)

    def without(self, other: Shape) -> Shape:
        """Inside this shape and outside of ``other``."""
        return Shape(lambda g: np.maximum(self.distance_mm(g), -other.distance_mm(g)), self.box)

    def kept(self) -> Shape:
        """The same shape, whose distance is computed once per grid: for shapes that several parts use."""
        return Shape(lambda g: g.keep(self, lambda: self.distance_mm(g)), self.box)

    def within(self, box: Box) -> Shape:
        """The same shape, drawn only inside ``box``."""
        return Shape(self.distance_mm, box)

    def grown(self, by_mm: float) -> Shape:
        """The shape with its surface moved outward (inward if negative)."""
        (l0, p0, s0), (l1, p1, s1) = self.box
        box = ((l0 - by_mm, p0 - by_mm, s0 - by_mm), (l1 + by_mm, p1 + by_mm, s1 + by_mm))
        return Shape(lambda g: self.distance_mm(g) - by_mm, box)


def ellipsoid(center: Point, radii: Point, turn_degrees: float = 0.0) -> Shape:
    """Ellipsoid whose first two axes are turned in the axial plane, from left toward posterior."""
    cos, sin = float(np.cos(np.radians(turn_degrees))), float(np.sin(np.radians(turn_degrees)))

    def distance(g: Grid) -> Array:
        x, y, z = g.left - center[0], g.posterior - center[1], g.superior - center[2]
        u, v, w = (cos * x + sin * y) / radii[0], (cos * y - sin * x) / radii[1], z / radii[2]
        uu, vv, ww = u * u, v * v, w * w
        steep = 2 * np.sqrt(uu / radii[0] ** 2 + vv / radii[1] ** 2 + ww / radii[2] ** 2) + _TINY
        return np.asarray((uu + vv + ww - 1) / steep)

    reach = (
        float(np.hypot(radii[0] * cos, radii[1] * sin)),
        float(np.hypot(radii[0] * sin, radii[1] * cos)),
        radii[2],
    )
    low = (center[0] - reach[0], center[1] - reach[1], center[2] - reach[2])
    high = (center[0] + reach[0], center[1] + reach[1], center[2] + reach[2])
    return Shape(distance, (low, high))


def trunk(center: tuple[float, float], half_widths: tuple[float, float], squareness: float) -> Shape:
    """Upright cylinder between an ellipse (squareness 0) and a box (1), narrowing toward the head."""
    share = squareness * squareness

    def distance(g: Grid) -> Array:
        narrowing = 1 - 0.0005 * g.superior - 3e-6 * g.superior * g.superior
        a, b = half_widths[0] * narrowing, half_widths[1] * (1 + 0.3 * (narrowing - 1))
        u, v = (g.left - center[0]) / a, (g.posterior - center[1]) / b
        uu, vv = u * u, v * v
        steep = (
            2 * np.sqrt(uu * (1 - share * vv) ** 2 / (a * a) + vv * (1 - share * uu) ** 2 / (b * b)) + _TINY
        )
        inside = uu + vv - share * uu * vv - 1
        return np.asarray(np.where((uu > 2) | (vv > 2), 1e3, inside / steep))

    return Shape(distance)


def cone(start: Point, end: Point, start_radius_mm: float, end_radius_mm: float) -> Shape:
    """Straight piece of a vessel with round ends and a radius that changes along it."""
    a, b = np.array(start), np.array(end)
    along = b - a
    length2 = float(along @ along)

    def distance(g: Grid) -> Array:
        x, y, z = g.left - a[0], g.posterior - a[1], g.superior - a[2]
        t = np.clip((x * along[0] + y * along[1] + z * along[2]) / length2, 0, 1)
        dx, dy, dz = x - t * along[0], y - t * along[1], z - t * along[2]
        radius = start_radius_mm + t * (end_radius_mm - start_radius_mm)
        return np.asarray(np.sqrt(dx * dx + dy * dy + dz * dz) - radius)

    r = max(start_radius_mm, end_radius_mm)
    low, high = np.minimum(a, b) - r, np.maximum(a, b) + r
    return Shape(distance, ((low[0], low[1], low[2]), (high[0], high[1], high[2])))


def tube(points: Sequence[tuple[float, float, float, float]], pieces: int = 3) -> tuple[Shape, ...]:
    """A bent vessel through points (left, posterior, superior, radius), as short straight pieces.

    Between the points it follows a Catmull-Rom curve. A tuple, so that each piece is drawn in its own box.
    """
    knots = np.array(points, dtype=np.float64)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    path = [knots[0]]
    for before, here, there, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for t in np.arange(1, pieces + 1) / pieces:
            linear, square, cubic = (
                there - before,
                2 * before - 5 * here + 4 * there - after,
                3 * here - 3 * there,
            )
            path.append(here + 0.5 * t * (linear + t * (square + t * (cubic + after - before))))
    return tuple(_piece(a, b) for a, b in itertools.pairwise(path))


def _piece(a: Array, b: Array) -> Shape:
    return cone((a[0], a[1], a[2]), (b[0], b[1], b[2]), max(a[3], 0.3), max(b[3], 0.3))


def union(shapes: Sequence[Shape], blend_mm: float = 0.0) -> Shape:
    """Inside any of the shapes, with the creases between them rounded over ``blend_mm``."""
    low = np.min([s.box[0] for s in shapes], axis=0) - blend_mm
    high = np.max([s.box[1] for s in shapes], axis=0) + blend_mm

    def distance(g: Grid) -> Array:
        total = shapes[0].distance_mm(g)
        for shape in shapes[1:]:
            other = shape.distance_mm(g)
            if blend_mm > 0:
                near = np.maximum(blend_mm - np.abs(total - other), 0) / blend_mm
                total = np.minimum(total, other) - near * near * blend_mm / 4
            else:
                total = np.minimum(total, other)
        return total

    return Shape(distance, ((low[0], low[1], low[2]), (high[0], high[1], high[2])))
