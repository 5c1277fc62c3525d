"""Voxel indices and millimeters in the patient.

Arrays are ``[slice, row, column]``. Positions are DICOM patient coordinates: ``(left, posterior,
superior)`` grow toward the patient's left, back and head (LPS), in millimeters. Nobody writes x, y, z.
This module and ``viewer/layers.py`` are the only places that convert between conventions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.errors import GeometryError

#: Two grids are the same if no corner is further apart than this. [mm]
SAME_GRID_TOLERANCE_MM = 0.01

#: DICOM's axes (left, posterior, superior) to those of NIfTI (right, anterior, superior), and back.
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Up to this angle between its normal and the patient's long axis a stack is read as axial. [degrees]
OBLIQUE_AXIAL_MAX_DEGREES = 30.0


@dataclass(frozen=True, eq=False)
class VolumeGeometry:
    """Size, spacing, orientation and position of a regular voxel grid.

    Attributes
    ----------
    shape : (slices, rows, columns)
        Number of voxels along each array axis.
    index_to_patient_mm : (4, 4) array
        Takes ``(slice, row, column, 1)`` to ``(left, posterior, superior, 1)`` of the voxel center. [mm]

    Raises
    ------
    GeometryError
        ``BAD_GEOMETRY`` if the matrix is not 4 x 4 and finite, or two axes coincide.

    Examples
    --------
    >>> axes = [[0, 0, 0.7, -180], [0, 0.7, 0, -180], [2.5, 0, 0, -100], [0, 0, 0, 1]]
    >>> ct = VolumeGeometry((40, 512, 512), axes)
    >>> ct.spacing_mm
    (2.5, 0.7, 0.7)
    >>> ct.patient_mm([1, 0, 0]).tolist()
    [-180.0, -180.0, -97.5]
    """

    shape: tuple[int, int, int]
    index_to_patient_mm: NDArray[np.float64]

    def __post_init__(self) -> None:
        matrix = np.array(self.index_to_patient_mm, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise GeometryError(
                "BAD_GEOMETRY",
                f"index_to_patient_mm has shape {matrix.shape}",
                expected="a finite 4 x 4 matrix",
            )
        with np.errstate(over="ignore"):
            volume = abs(float(np.linalg.det(matrix[:3, :3])))
            lengths = np.linalg.norm(matrix[:3, :3], axis=0)
        if lengths.min() <= 0 or not 1e-6 * math.prod(lengths.tolist()) <= volume < math.inf:
            raise GeometryError(
                "BAD_GEOMETRY",
                f"axis lengths {lengths.tolist()} mm span no volume",
                expected="three distinct axes",
            )
        matrix.setflags(write=False)
        object.__setattr__(self, "index_to_patient_mm", matrix)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighboring voxel centers along (slice, row, column). [mm]

        The row entry is the distance between rows (PixelSpacing's first value).
        """
        slice_, row, column = np.linalg.norm(self.index_to_patient_mm[:3, :3], axis=0)
        return float(slice_), float(row), float(column)

    @cached_property
    def patient_to_index(self) -> NDArray[np.float64]:
        """Inverse of ``index_to_patient_mm``, a read-only (4, 4) array."""
        inverse = np.asarray(np.linalg.inv(self.index_to_patient_mm), dtype=np.float64)
        inverse.setflags(write=False)
        return inverse

    @property
    def slice_normal(self) -> NDArray[np.float64]:
        """Unit vector (3,) along which the slices follow each other, in LPS."""
        along = self.index_to_patient_mm[:3, 0]
        return np.asarray(along / np.linalg.norm(along))

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel. [mm3]"""
        return abs(float(np.linalg.det(self.index_to_patient_mm[:3, :3])))

    @property
    def pixel_area_mm2(self) -> float:
        """Area of one pixel within a slice. [mm2]"""
        row, column = self.index_to_patient_mm[:3, 1], self.index_to_patient_mm[:3, 2]
        return float(np.linalg.norm(np.cross(row, column)))

    @property
    def degrees_from_axial(self) -> float:
        """Angle between the slice plane's normal and the patient's long axis, 0 to 90. [degrees]"""
        plane = np.cross(self.index_to_patient_mm[:3, 2], self.index_to_patient_mm[:3, 1])
        cosine = abs(float(plane[2] / np.linalg.norm(plane)))
        return float(np.degrees(np.arccos(min(1.0, cosine))))

    def patient_mm(self, index: ArrayLike) -> NDArray[np.float64]:
        """Patient positions (..., 3) of voxel indices (..., 3). [mm]"""
        index = np.asarray(index, dtype=np.float64)
        return index @ self.index_to_patient_mm[:3, :3].T + self.index_to_patient_mm[:3, 3]

    def index(self, patient_mm: ArrayLike) -> NDArray[np.float64]:
        """Continuous voxel indices (..., 3) of patient positions (..., 3) [mm]."""
        position = np.asarray(patient_mm, dtype=np.float64)
        return position @ self.patient_to_index[:3, :3].T + self.patient_to_index[:3, 3]

    @property
    def corners_mm(self) -> NDArray[np.float64]:
        """Patient positions (8, 3) of the eight corner voxels' centers. [mm]"""
        last = np.array(self.shape) - 1
        picks = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        return self.patient_mm(picks * last)

    def same_grid(self, other: VolumeGeometry, tolerance_mm: float = SAME_GRID_TOLERANCE_MM) -> bool:
        """Whether both grids have the same voxels at the same places."""
        if self.shape != other.shape:
            return False
        return bool(np.abs(self.corners_mm - other.corners_mm).max() <= tolerance_mm)

    def __repr__(self) -> str:
        spacing = " x ".join(f"{s:.3g}" for s in self.spacing_mm)
        return f"VolumeGeometry({self.shape}, {spacing} mm, {self.degrees_from_axial:.1f} degrees from axial)"
