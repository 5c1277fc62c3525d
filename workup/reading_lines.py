"""Caliper lines while they are drawn: two perpendicular axes on one slice, ends that can be moved.

The first line on a slice is the long axis. The second is the short axis: only its part perpendicular to the
long axis counts, as a bidirectional tool draws it. A third begins anew. If the second turns out to be
the longer one, the two change names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.geometry import VolumeGeometry
from workup.case.case import Line
from workup.reading import Reading

#: A line shorter than this was a slip of the hand. [mm]
SHORTEST_LINE_MM = 1.0

Point = NDArray[np.float64]


def length_mm(line: Line) -> float:
    """Distance between the ends, in patient coordinates. [mm]

    Examples
    --------
    >>> length_mm(Line("L", "A", "long", ((0.0, 0.0, 5.0), (3.0, 4.0, 5.0))))
    5.0
    """
    a, b = (np.asarray(end) for end in line.ends_lps_mm)
    return float(np.linalg.norm(b - a))


def slice_of(line: Line, geometry: VolumeGeometry) -> int:
    """Index of the slice that a line was drawn on."""
    return int(np.rint(geometry.index(line.ends_lps_mm[0])[0]))


def lines_on(reading: Reading, key: str, region_id: str | None = None) -> tuple[Line, ...]:
    """Lines drawn on an acquisition, of one region or of all."""
    return tuple(
        line
        for line in reading.state.lines
        if line.acquisition_key == key and region_id in (None, line.region_id)
    )


@dataclass(frozen=True)
class Drawing:
    """A line in the making.

    Attributes
    ----------
    kept : tuple of Line
        The region's other lines, which stay.
    line : Line
        The one that is drawn; its second end follows the hand.
    """

    kept: tuple[Line, ...]
    line: Line

    @property
    def lines(self) -> tuple[Line, ...]:
        """What the region's lines will be, the longer one called long, whichever was moved."""
        both = (*self.kept, self.line)
        if len(both) != 2:
            return both
        short, long = sorted(both, key=lambda line: (length_mm(line), line.axis != "short"))
        return (replace(long, axis="long"), replace(short, axis="short"))


def begin(reading: Reading, region_id: str, key: str, at_mm: ArrayLike, reach_mm: float) -> Drawing:
    """Take hold of an end within reach, or begin a new line there.

    ``at_mm`` is a patient position (3,) on a slice of the acquisition ``key``; an end counts as held
    within ``reach_mm``. [mm]
    """
    at = np.asarray(at_mm, dtype=np.float64)
    geometry = reading.study[key].volume.geometry
    here = int(np.rint(geometry.index(at)[0]))
    mine = [line for line in lines_on(reading, key, region_id) if slice_of(line, geometry) == here]
    for line in mine:
        for fixed, end in (line.ends_lps_mm, line.ends_lps_mm[::-1]):
            if np.linalg.norm(np.asarray(end) - at) <= reach_mm:
                kept = tuple(other for other in mine if other is not line)
                return Drawing(kept, replace(line, ends_lps_mm=(fixed, end)))
    long_axis = [line for line in mine if line.axis == "long"]
    second = len(mine) == 1 and bool(long_axis)
    kept = tuple(long_axis) if second else ()
    return Drawing(kept, Line(region_id, key, "short" if second else "long", (_point(at), _point(at))))


def draw_to(drawing: Drawing, to_mm: ArrayLike, geometry: VolumeGeometry) -> Drawing:
    """The drawing with its moving end at a position; a short axis stays perpendicular. [mm]"""
    start, end = np.asarray(drawing.line.ends_lps_mm[0]), np.asarray(to_mm, dtype=np.float64)
    if drawing.line.axis == "short" and drawing.kept:
        end = start + _across(drawing.kept[0], end - start, geometry)
    return replace(drawing, line=replace(drawing.line, ends_lps_mm=(_point(start), _point(end))))


def _across(long_axis: Line, toward: Point, geometry: VolumeGeometry) -> Point:
    """Part of a vector that is perpendicular to a line within the slice."""
    a, b = (np.asarray(end) for end in long_axis.ends_lps_mm)
    row, column = geometry.index_to_patient_mm[:3, 1], geometry.index_to_patient_mm[:3, 2]
    normal = np.cross(row, column)
    across = np.cross(normal, b - a)
    size = np.linalg.norm(across)
    if size == 0:
        return toward
    unit = across / size
    return np.asarray(unit * float(toward @ unit))


def keep(reading: Reading, drawing: Drawing) -> bool:
    """Make the drawing the region's lines, as one step; False if it is too short to be meant.

    A long axis moved by its end takes the short axis along only if it is still perpendicular: it is
    dropped otherwise, since it measures nothing any more.
    """
    if length_mm(drawing.line) < SHORTEST_LINE_MM:
        return False
    lines = drawing.lines
    if len(lines) == 2 and not is_perpendicular(lines):
        lines = (replace(drawing.line, axis="long"),)
    reading.set_lines(drawing.line.region_id, lines, f"measure {drawing.line.region_id}")
    return True


#: Two axes are perpendicular within this. [degrees]
PERPENDICULAR_WITHIN_DEGREES = 5.0


def is_perpendicular(lines: Sequence[Line]) -> bool:
    """Whether two axes stand at 90 degrees, within 5."""
    (a, b), (c, d) = (tuple(map(np.asarray, line.ends_lps_mm)) for line in lines)
    one, other = b - a, d - c
    cosine = abs(float(one @ other)) / float(np.linalg.norm(one) * np.linalg.norm(other))
    return bool(cosine <= np.sin(np.radians(PERPENDICULAR_WITHIN_DEGREES)))


def _point(position: ArrayLike) -> tuple[float, float, float]:
    left, posterior, superior = (float(c) for c in np.asarray(position))
    return left, posterior, superior
