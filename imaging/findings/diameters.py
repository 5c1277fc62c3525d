"""Long and short axis of a region, from its mask or from a reader's lines, on the grid of acquisition.

The long axis is the longest straight distance across the outline within any one slice; the short axis
is the longest single chord perpendicular to it in the same slice, which is what a reader's
bidirectional tool draws (it is neither the smallest Feret diameter nor the caliper width).

A mask does not say where within its border pixels the border runs. Four conventions are in use:

=========  ===========================================================================================
``g0.7``   default: outline of the mask after smoothing by 0.7 pixels; nearly unbiased for round shapes
``mid``    half-way between inside and outside pixel centers (pyradiomics, IBSI)
``center``  through the outermost pixel centers: always too short
``corner``  around the outermost pixels: always too long
=========  ===========================================================================================

Whatever the estimator, the interval [center, corner] says what the grid leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imaging.errors import MeasurementError
from imaging.findings.outline import (
    Estimator,
    Points,
    border_hull,
    border_reach,
    center_hull,
    contour_hull,
    contour_pieces,
    farthest_pair,
    largest_component,
    longest_chord,
    padded,
    pixel_edges,
    row_extents,
    share_inside,
    smoothed,
)
from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask

#: Slices with fewer pixels are noise of the outline and are not measured, unless there is nothing else.
FEWEST_PIXELS = 3
#: Another component of the long axis' slice is named if it is larger than this share of the largest.
SATELLITE_SHARE = 0.1
#: A long axis that lies less than this inside the region crosses a notch: a reader should look.
CONCAVE_BELOW = 0.95
#: Directions in which slices are compared to find those that can hold the long axis.
_DIRECTIONS = 16
#: Rounding noise allowed when g0.7 is held against [center, corner]. [mm]
_NOISE_MM = 1e-6
#: The centers' outline is where the unsmoothed mask all but reaches 1.
_CENTER_LEVEL = 1.0 - 1e-9

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diameters:
    """What was measured of one region, and where.

    Attributes
    ----------
    long_axis_mm, short_axis_mm : float
        Unrounded. [mm]
    interval_mm : (center, corner)
        Long axis of the same slice through pixel centers and around pixel corners. [mm]
    estimator : str
        The one that gave the long axis: ``mid`` where ``g0.7`` fell back.
    slice : int
        Index of the slice that holds both axes.
    long_ends_lps_mm, short_ends_lps_mm : two points each
        In patient coordinates. [mm]
    area_mm2 : float
        Of the measured component in that slice, holes filled. [mm2]
    volume_ml : float
        Of all voxels of the region. [mL]
    chord_inside_fraction : float
        Share of the long axis that lies within the region.
    max_short_axis_mm : float or None
        Largest short axis of any slice, where it was asked for. [mm]
    flags : tuple of str
        ``thin_structure``, ``few_pixels``, ``satellite_component``, ``separate_parts``, ``truncated``,
        ``concave``.
    """

    long_axis_mm: float
    short_axis_mm: float
    interval_mm: tuple[float, float]
    estimator: str
    slice: int
    long_ends_lps_mm: tuple[Point, Point]
    short_ends_lps_mm: tuple[Point, Point]
    area_mm2: float
    volume_ml: float
    chord_inside_fraction: float
    max_short_axis_mm: float | None = None
    flags: tuple[str, ...] = ()


def measure_mask(mask: RegionMask, *, estimator: Estimator = "g0.7", every_slice: bool = False) -> Diameters:
    """Long and short axis of a region on the grid it was drawn on.

    Parameters
    ----------
    mask : RegionMask
        On the acquisition's own grid: never on a resampled one.
    estimator : {"g0.7", "mid", "center", "corner"}
        How the border is read from the pixels.
    every_slice : bool
        Look for the largest short axis of any slice as well (for lymph nodes).

    Raises
    ------
    MeasurementError
        ``UNKNOWN_ESTIMATOR``.

    References
    ----------
    RECIST 1.1 appendix II (E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247).
    """
    if estimator not in ("g0.7", "mid", "center", "corner"):
        raise MeasurementError(
            "UNKNOWN_ESTIMATOR", f"estimator {estimator!r}", expected="g0.7, mid, center or corner"
        )
    plane_mm = _plane_mm(mask.geometry)
    counts = mask.voxels.reshape(len(mask.voxels), -1).sum(axis=1)
    few = bool(counts.max() < FEWEST_PIXELS)
    usable = counts >= (1 if few else FEWEST_PIXELS)
    best = _longest(mask, estimator, plane_mm, usable)
    long_ends, short_ends = best.long_ends, best.short[1]
    offset = np.array(mask.offset)

    def lps(ends: Points) -> tuple[Point, Point]:
        index = np.column_stack([np.full(2, best.index), ends]) + offset
        one, other = mask.geometry.patient_mm(index).tolist()
        return (one[0], one[1], one[2]), (other[0], other[1], other[2])

    inside = best.share_inside
    flags = {
        "thin_structure": best.thin,
        "few_pixels": few,
        "satellite_component": any(n > SATELLITE_SHARE * best.pixels for n in best.others),
        "separate_parts": bool((counts == 0).any()),
        "truncated": _touches_edge(mask),
        "concave": inside < CONCAVE_BELOW,
    }
    return Diameters(
        long_axis_mm=best.length,
        short_axis_mm=best.short[0],
        interval_mm=best.interval,
        estimator=best.estimator,
        slice=best.index + mask.offset[0],
        long_ends_lps_mm=lps(long_ends),
        short_ends_lps_mm=lps(short_ends),
        area_mm2=best.pixels * mask.geometry.pixel_area_mm2,
        volume_ml=mask.count * mask.geometry.voxel_volume_mm3 / 1000.0,
        chord_inside_fraction=inside,
        max_short_axis_mm=_largest_short_axis(mask, estimator, plane_mm, usable) if every_slice else None,
        flags=tuple(name for name, raised in flags.items() if raised),
    )


class _Slice:
    """One slice under measurement; what is dear is computed when first asked for."""

    def __init__(self, index: int, mask: NDArray[np.bool_], estimator: str, plane_mm: Points) -> None:
        self.index = index
        self.plane_mm = plane_mm
        self._mask = mask
        self._asked = estimator

    @cached_property
    def _all_centers(self) -> Points:
        return center_hull(self._mask)

    @cached_property
    def bound(self) -> float:
        """Length that the long axis does not exceed, from all parts of the slice. [mm]

        Smoothing never pushes an outline beyond the edge mid-points (``outline.border_reach``).
        """
        border = "mid" if self._asked == "g0.7" else self._asked
        return farthest_pair(border_hull(self._all_centers, border), self.plane_mm)[0]

    @cached_property
    def _parts(self) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
        return largest_component(self._mask, self.plane_mm)

    @property
    def component(self) -> NDArray[np.bool_]:
        """The part that is measured, holes filled."""
        return self._parts[0]

    @property
    def others(self) -> tuple[int, ...]:
        """Pixel counts of the other parts."""
        return self._parts[1]

    @property
    def pixels(self) -> int:
        """Pixel count of the part that is measured."""
        return int(np.count_nonzero(self.component))

    @cached_property
    def _centers(self) -> Points:
        return center_hull(self.component) if self.others else self._all_centers

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Long axis through pixel centers and around pixel corners. [mm]"""
        low, _ = farthest_pair(self._centers, self.plane_mm)
        high, _ = farthest_pair(border_hull(self._centers, "corner"), self.plane_mm)
        return low, high

    @cached_property
    def _smooth(self) -> NDArray[np.float64]:
        return smoothed(self.component)

    @cached_property
    def _long(self) -> tuple[float, Points, str]:
        if self._asked != "g0.7":
            return *farthest_pair(border_hull(self._centers, self._asked), self.plane_mm), self._asked
        outline = contour_hull(self._smooth)
        if len(outline):
            length, ends = farthest_pair(outline, self.plane_mm)
            low, high = self.interval
            if low - _NOISE_MM <= length <= high + _NOISE_MM:
                return length, ends, "g0.7"
        return *farthest_pair(border_hull(self._centers, "mid"), self.plane_mm), "mid"

    @property
    def length(self) -> float:
        """Long axis. [mm]"""
        return self._long[0]

    @property
    def long_ends(self) -> Points:
        """Ends (2, 2) of the long axis, as indices."""
        return self._long[1]

    @property
    def estimator(self) -> str:
        """The estimator that gave the long axis."""
        return self._long[2]

    @property
    def thin(self) -> bool:
        """Whether g0.7 had to fall back."""
        return self._asked == "g0.7" and self.estimator == "mid"

    @cached_property
    def short(self) -> tuple[float, Points]:
        """Short axis and its ends (2, 2), as indices. [mm]"""
        if self.length == 0:
            return 0.0, self.long_ends
        if self.estimator == "corner":
            pieces = pixel_edges(self.component)
        elif self.estimator == "center":
            pieces = contour_pieces(padded(self.component), _CENTER_LEVEL)
        else:
            pieces = contour_pieces(self._smooth if self.estimator == "g0.7" else padded(self.component))
        return longest_chord(pieces, self.long_ends, self.plane_mm)

    @property
    def share_inside(self) -> float:
        """Share of the long axis within the component."""
        field = self._smooth if self.estimator == "g0.7" else padded(self.component)
        return share_inside(field, self.long_ends, self.plane_mm)


def _plane_mm(geometry: VolumeGeometry) -> Points:
    """Takes (row, column) to millimeters in the slice plane, as a (2, 2) array; lengths are kept."""
    row, column = geometry.index_to_patient_mm[:3, 1], geometry.index_to_patient_mm[:3, 2]
    along = column / np.linalg.norm(column)
    across = row - (row @ along) * along
    across /= np.linalg.norm(across)
    return np.array([[row @ across, row @ along], [0.0, column @ along]])


def _longest(mask: RegionMask, estimator: str, plane_mm: Points, usable: NDArray[np.bool_]) -> _Slice:
    """The slice with the longest long axis; of equals the first.

    Slices are visited from the largest upper bound down, until no bound can beat what was found.
    """
    bounds = np.where(usable, _upper_bounds_mm(mask.voxels, estimator, plane_mm), -1.0)
    order = np.argsort(-bounds, kind="stable")
    best = _Slice(int(order[0]), mask.voxels[order[0]], estimator, plane_mm)
    for index in order[1:]:
        if bounds[index] < best.length:
            break
        candidate = _Slice(int(index), mask.voxels[index], estimator, plane_mm)
        if candidate.bound < best.length:
            continue
        if (candidate.length, -candidate.index) > (best.length, -best.index):
            best = candidate
    return best


def _upper_bounds_mm(voxels: NDArray[np.bool_], estimator: str, plane_mm: Points) -> NDArray[np.float64]:
    """For each slice a length (slices,) that the long axis does not exceed. [mm]

    A shape whose extent is at most w in each of k evenly spread directions has no distance above
    w / cos(90 degrees / k).
    """
    first, last, filled = row_extents(voxels)
    left, right = np.where(filled, first, np.inf), np.where(filled, last, -np.inf)
    rows = np.arange(voxels.shape[1])
    angles = (np.arange(_DIRECTIONS) + 0.5) * np.pi / _DIRECTIONS
    widest = np.zeros(len(voxels))
    for direction in np.stack([np.cos(angles), np.sin(angles)], axis=1):
        row, column = plane_mm @ direction
        column = np.copysign(max(abs(column), 1e-9), column)
        low, high = (left, right) if column > 0 else (right, left)
        extent = (high * column + rows * row).max(axis=1) - (low * column + rows * row).min(axis=1)
        np.maximum(widest, extent + border_reach(estimator, row, column), out=widest)
    return np.asarray(widest / np.cos(np.pi / (2 * _DIRECTIONS)) + _NOISE_MM)


def _largest_short_axis(
    mask: RegionMask, estimator: str, plane_mm: Points, usable: NDArray[np.bool_]
) -> float:
    slices = np.flatnonzero(usable)
    return max(_Slice(int(i), mask.voxels[i], estimator, plane_mm).short[0] for i in slices)


def _touches_edge(mask: RegionMask) -> bool:
    """Whether the region reaches the border of its volume (of a single slice: of that slice)."""
    ends = zip(mask.offset, mask.voxels.shape, mask.geometry.shape, strict=True)
    return any(n > 1 and (start == 0 or start + size == n) for start, size, n in ends)


# --- a reader's lines ------------------------------------------------------------------------------

#: Both ends of a line may differ by this much along the slice normal (rounding of coordinates). [slices]
SAME_SLICE_TOLERANCE = 0.05
#: A bidirectional measurement's lines are this close to a right angle. [degrees]
RIGHT_ANGLE_TOLERANCE_DEGREES = 5.0


@dataclass(frozen=True, slots=True)
class LineLength:
    """A line's length and the slice it lies on. [mm]"""

    length_mm: float
    slice: int
    ends_lps_mm: tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Bidirectional:
    """Two crossing lines: the longer is the long axis, the other the short axis."""

    long: LineLength
    short: LineLength
    angle_degrees: float


def measure_line(ends_lps_mm: tuple[Point, Point], geometry: VolumeGeometry) -> LineLength:
    """Length of a line between two points in patient coordinates, drawn on one slice.

    Parameters
    ----------
    ends_lps_mm : two (left, posterior, superior) points
        Ends of the line. [mm]
    geometry : VolumeGeometry
        Grid of the acquisition it was drawn on.

    Raises
    ------
    MeasurementError
        ``LINE_ACROSS_SLICES`` if its ends lie on different slices; ``LINE_OUTSIDE_VOLUME`` if an end
        lies outside of the volume.

    Examples
    --------
    >>> axes = [[0, 0, 0.7, 0], [0, 0.8, 0, 0], [5, 0, 0, 0], [0, 0, 0, 1]]
    >>> ct = VolumeGeometry((10, 64, 64), axes)
    >>> line = measure_line(((7.0, 8.0, 15.0), (10.5, 17.6, 15.0)), ct)
    >>> round(line.length_mm, 3), line.slice
    (10.218, 3)
    """
    ends = np.asarray(ends_lps_mm, dtype=np.float64)
    index = geometry.index(ends)
    limits = np.array(geometry.shape) - 0.5
    if not np.isfinite(index).all() or (index < -0.5).any() or (index > limits).any():
        raise MeasurementError(
            "LINE_OUTSIDE_VOLUME",
            "an end of the line lies outside of the volume",
            expected=f"points within {geometry!r}",
            advice="Draw the line on the acquisition it is measured on.",
        )
    apart = abs(float(index[0, 0] - index[1, 0]))
    if apart > SAME_SLICE_TOLERANCE:
        raise MeasurementError(
            "LINE_ACROSS_SLICES",
            f"the ends of the line lie {apart:.2f} slices apart",
            expected="both ends on one slice",
            advice="Draw the line within one slice of the acquisition.",
            details={"slices_apart": apart},
        )
    one, other = ends.tolist()
    return LineLength(
        length_mm=float(np.linalg.norm(ends[1] - ends[0])),
        slice=int(np.rint(index[:, 0].mean())),
        ends_lps_mm=((one[0], one[1], one[2]), (other[0], other[1], other[2])),
    )


def measure_bidirectional(
    one: tuple[Point, Point], other: tuple[Point, Point], geometry: VolumeGeometry
) -> Bidirectional:
    """Long and short axis from two lines on one slice, at right angles within 5 degrees.

    Raises
    ------
    MeasurementError
        As :func:`measure_line`; ``LINES_ON_TWO_SLICES``; ``NOT_PERPENDICULAR``; ``LINE_WITHOUT_LENGTH``.
    """
    lines = sorted((measure_line(one, geometry), measure_line(other, geometry)), key=lambda x: -x.length_mm)
    long, short = lines
    if long.slice != short.slice:
        raise MeasurementError(
            "LINES_ON_TWO_SLICES",
            f"the lines lie on slices {long.slice} and {short.slice}",
            expected="long and short axis on one slice",
        )
    if short.length_mm == 0:
        raise MeasurementError("LINE_WITHOUT_LENGTH", "a line has no length", expected="two distinct ends")
    along, across = (np.subtract(*line.ends_lps_mm) / line.length_mm for line in lines)
    angle = float(np.degrees(np.arccos(min(1.0, abs(float(along @ across))))))
    if 90.0 - angle > RIGHT_ANGLE_TOLERANCE_DEGREES:
        raise MeasurementError(
            "NOT_PERPENDICULAR",
            f"the lines meet at {angle:.1f} degrees",
            expected="90 degrees, within 5",
            advice="Draw the short axis at a right angle to the long axis.",
            details={"angle_degrees": angle},
        )
    return Bidirectional(long=long, short=short, angle_degrees=angle)
