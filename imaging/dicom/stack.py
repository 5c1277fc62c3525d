"""Do slices form one regular stack, and where is it?

Positions decide, nothing else: not the file names, not the instance numbers, not
SpacingBetweenSlices. Slices run along the stack's normal in the direction whose largest component is
positive, so that the first slice of an axial stack is the most inferior one (of a coronal stack the
most anterior, of a sagittal one the most rightward).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.failures import refusal
from imaging.geometry import VolumeGeometry

#: A gap may differ from the mean spacing by this much, or by 1 % of it. [mm]
#: Scanners round positions; dcm2niix issue 216 is a false alarm from rounding.
GAP_TOLERANCE_MM = 0.01
GAP_TOLERANCE_FRACTION = 0.01
#: No slice may lie further from its place on the regular grid than this. [voxels]
#: 0.8 % jitter passes the gap test and still drifts 0.4 mm by slice 20.
DRIFT_TOLERANCE_VOXELS = 0.1
#: Sideways displacement of a slice against the stack's axis. [mm]
SIDEWAYS_TOLERANCE_MM = 0.02
#: Two images closer than this along the normal share one place. [mm]
SAME_PLACE_MM = 0.005
#: Direction cosines may be off by this much; scanners round decimal strings.
COSINE_TOLERANCE = 1e-3
#: Gaps within this of a whole multiple of the spacing are missing slices, not odd spacing. [fraction]
MULTIPLE_TOLERANCE = 0.05


@dataclass(frozen=True, eq=False)
class Plane:
    """What all slices of a stack share.

    Attributes
    ----------
    along_row, along_column : (3,) arrays
        Unit directions of increasing column and row index, LPS.
    normal : (3,) array
        Unit direction in which slices are ordered.
    """

    along_row: NDArray[np.float64]
    along_column: NDArray[np.float64]
    normal: NDArray[np.float64]


def plane(orientation: NDArray[np.float64], tolerance: float = COSINE_TOLERANCE) -> Plane:
    """The plane of an ImageOrientationPatient (6,).

    Raises
    ------
    DicomError
        ``BAD_ORIENTATION`` if the directions are not perpendicular unit vectors.
    """
    along_row, along_column = orientation[:3], orientation[3:]
    lengths = float(np.linalg.norm(along_row)), float(np.linalg.norm(along_column))
    skew = abs(float(along_row @ along_column))
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), skew) > tolerance:
        raise refusal("BAD_ORIENTATION", f"lengths {lengths[0]:.4f} and {lengths[1]:.4f}, product {skew:.4f}")
    along_row, along_column = along_row / lengths[0], along_column / lengths[1]
    normal = np.cross(along_row, along_column)
    normal = normal / np.linalg.norm(normal)
    if normal[np.argmax(np.abs(normal).round(6))] < 0:
        normal = -normal
    return Plane(along_row, along_column, normal)


@dataclass(frozen=True, eq=False)
class StackShape:
    """Measured regularity of a stack of distinct places, in order along the normal.

    Attributes
    ----------
    along_mm : (n,) array
        Place along the normal, from the first slice. [mm]
    sideways_mm : (n, 3) array
        Displacement in the plane, from the first slice. [mm]
    spacing_mm : float
        Mean spacing; nan for a single slice. [mm]
    """

    along_mm: NDArray[np.float64]
    sideways_mm: NDArray[np.float64]
    spacing_mm: float


def measure(positions_mm: NDArray[np.float64], normal: NDArray[np.float64]) -> StackShape:
    """Measure slice positions (n, 3) that are already in order along the normal."""
    offset = positions_mm - positions_mm[0]
    along = offset @ normal
    sideways = offset - along[:, None] * normal
    spacing = float(along[-1] / (len(along) - 1)) if len(along) > 1 else float("nan")
    return StackShape(along, sideways, spacing)


def check_regular(shape: StackShape, files: list[str]) -> None:
    """Accept a regular stack only.

    Raises
    ------
    DicomError
        ``SERIES_GAP``, ``VARIABLE_SPACING``, ``GANTRY_TILT`` or ``MIXED_GEOMETRY``.
    """
    if len(shape.along_mm) < 2:
        return
    tilt = _tilt_degrees(shape)
    tilted = f"; also tilted by {tilt:.1f} degrees" if tilt is not None and tilt > 0.1 else ""
    _check_gaps(shape, files, tilted)
    if np.abs(shape.sideways_mm).max() <= SIDEWAYS_TOLERANCE_MM:
        return
    shift = float(np.linalg.norm(shape.sideways_mm, axis=1).max())
    if tilt is None:
        raise refusal("MIXED_GEOMETRY", f"slices are shifted sideways by up to {shift:.2f} mm", files=files)
    found = f"{tilt:.2f} degrees, {shift:.2f} mm over the stack"
    raise refusal("GANTRY_TILT", found, files=files, tilt_degrees=round(tilt, 3))


def _check_gaps(shape: StackShape, files: list[str], also: str) -> None:
    gaps = np.diff(shape.along_mm)
    spacing = float(np.median(gaps))
    tolerance = max(GAP_TOLERANCE_MM, GAP_TOLERANCE_FRACTION * spacing)
    drift = np.abs(shape.along_mm - np.arange(len(shape.along_mm)) * shape.spacing_mm).max()
    if (
        np.abs(gaps - shape.spacing_mm).max() <= tolerance
        and drift <= DRIFT_TOLERANCE_VOXELS * shape.spacing_mm
    ):
        return
    facts: dict[str, Any] = {"files": files, "gaps_mm": sorted({round(float(g), 3) for g in gaps})[:20]}
    smallest = float(gaps.min())
    multiples = gaps / smallest
    whole = np.abs(multiples - multiples.round()).max() <= MULTIPLE_TOLERANCE
    if whole and multiples.round().max() >= 2:
        missing = int((multiples.round() - 1).sum())
        first = float(shape.along_mm[int(np.argmax(gaps))])
        found = (
            f"{missing} missing at spacing {smallest:.3g} mm, the first {first:.4g} mm into the stack{also}"
        )
        raise refusal("SERIES_GAP", found, missing=missing, **facts)
    found = f"gaps from {smallest:.3f} to {gaps.max():.3f} mm, drift {drift:.3f} mm{also}"
    raise refusal("VARIABLE_SPACING", found, **facts)


def _tilt_degrees(shape: StackShape) -> float | None:
    """Angle of a steady sideways shift, None where the shift is not steady. [degrees]"""
    per_mm = shape.sideways_mm[-1] / shape.along_mm[-1]
    residual = shape.sideways_mm - shape.along_mm[:, None] * per_mm
    if np.abs(residual).max() > max(
        SIDEWAYS_TOLERANCE_MM, 0.05 * float(np.linalg.norm(shape.sideways_mm[-1]))
    ):
        return None
    return float(np.degrees(np.arctan(np.linalg.norm(per_mm))))


def grid(
    matrix: tuple[int, int],
    plane_: Plane,
    spacing_mm: tuple[float, float],
    first_mm: NDArray[np.float64],
    step_mm: NDArray[np.float64],
    slices: int,
) -> VolumeGeometry:
    """The voxel grid of a regular stack.

    Parameters
    ----------
    matrix : (rows, columns)
        Size of a slice.
    plane_ : Plane
        Directions of rows, columns and slices.
    spacing_mm : (between rows, between columns)
        PixelSpacing. [mm]
    first_mm : (3,) array
        ImagePositionPatient of the first slice. [mm]
    step_mm : (3,) array
        From one slice to the next. [mm]
    slices : int
        How many.
    """
    affine = np.eye(4)
    affine[:3, 0] = step_mm
    affine[:3, 1] = plane_.along_column * spacing_mm[0]
    affine[:3, 2] = plane_.along_row * spacing_mm[1]
    affine[:3, 3] = first_mm
    return VolumeGeometry((slices, *matrix), affine)
