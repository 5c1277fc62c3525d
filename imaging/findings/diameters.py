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

import math
from dataclasses import dataclass

import numpy as np

from imaging.errors import MeasurementError
from imaging.findings.outline import Estimator, Points
from imaging.findings.slice_axes import largest_short_axis, longest_slice
from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask

#: Slices with fewer pixels are noise of the outline and are not measured, unless there is nothing else.
FEWEST_PIXELS = 3
#: Another component of the long axis' slice is named if it is larger than this share of the largest.
SATELLITE_SHARE = 0.1
#: A long axis that lies less than this inside the region crosses a notch: a reader should look.
CONCAVE_BELOW = 0.95

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
    counts = np.count_nonzero(mask.voxels, axis=(1, 2))
    few = bool(counts.max() < FEWEST_PIXELS)
    usable = counts >= (1 if few else FEWEST_PIXELS)
    best = longest_slice(mask.voxels, usable, estimator, plane_mm)
    ends = _lps_mm(mask, best.index, np.concatenate([best.long_ends, best.short[1]]))
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
        long_ends_lps_mm=(ends[0], ends[1]),
        short_ends_lps_mm=(ends[2], ends[3]),
        area_mm2=best.pixels * abs(plane_mm[0, 0] * plane_mm[1, 1]),
        volume_ml=int(counts.sum()) * mask.geometry.voxel_volume_mm3 / 1000.0,
        chord_inside_fraction=inside,
        max_short_axis_mm=largest_short_axis(mask.voxels, usable, estimator, plane_mm)
        if every_slice
        else None,
        flags=tuple(name for name, raised in flags.items() if raised),
    )


def _plane_mm(geometry: VolumeGeometry) -> Points:
    """Takes (row, column) to millimeters in the slice plane, as a (2, 2) array; lengths are kept."""
    row, column = geometry.index_to_patient_mm[:3, 1:3].T
    pixel = math.hypot(*column.tolist())
    along = float(row @ column) / pixel
    across = math.hypot(*(row - column * (along / pixel)).tolist())
    return np.array([[across, along], [0.0, pixel]])


def _lps_mm(mask: RegionMask, index: int, points: Points) -> list[Point]:
    """Patient positions of points (n, 2) within a slice of the region's box. [mm]"""
    first, row, column = mask.offset
    places = [(index + first, r + row, c + column) for r, c in points.tolist()]
    positions = mask.geometry.patient_mm(places).tolist()
    return [(left, posterior, superior) for left, posterior, superior in positions]


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
