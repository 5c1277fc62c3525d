"""Make a tilted, sheared or unevenly spaced stack regular by interpolation, on explicit request.

The result is marked: it is good enough to look at and to place a region in, but no diameter is
measured on voxels that no scanner made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.stack import Plane, measure
from imaging.geometry import VolumeGeometry

Mask = NDArray[np.bool_]


def resampled(
    voxels: NDArray[np.float32],
    valid: Mask | None,
    positions_mm: NDArray[np.float64],
    plane: Plane,
    grid: VolumeGeometry,
) -> tuple[NDArray[np.float32], Mask]:
    """Voxels of an irregular stack on a regular grid whose slices follow the plane's normal.

    Each output slice is the linear blend of its two neighbors, each moved in its plane to where it
    truly lies. A voxel is valid only where everything it was made from is.

    Parameters
    ----------
    voxels : (n, rows, columns) array of float32
        Slices in order along the normal.
    valid : (n, rows, columns) array of bool, or None
        False where a voxel is padding.
    positions_mm : (n, 3) array
        True ImagePositionPatient of each slice. [mm]
    plane : Plane
        Directions of rows, columns and slices.
    grid : VolumeGeometry
        Where values are wanted; same rows, columns and pixel spacing, first slice at positions_mm[0].
    """
    shape = measure(positions_mm, plane.normal)
    whole = np.ones(voxels.shape, bool) if valid is None else valid
    out = np.empty(grid.shape, np.float32)
    good = np.empty(grid.shape, bool)
    for index in range(grid.shape[0]):
        wanted = index * grid.spacing_mm[0]
        below = int(np.clip(np.searchsorted(shape.along_mm, wanted, "right") - 1, 0, len(voxels) - 2))
        gap = shape.along_mm[below + 1] - shape.along_mm[below]
        weight = float(np.clip((wanted - shape.along_mm[below]) / gap, 0.0, 1.0))
        parts = [_moved(voxels[i], whole[i], shape.sideways_mm[i], plane, grid) for i in (below, below + 1)]
        out[index] = parts[0][0] * np.float32(1 - weight) + parts[1][0] * np.float32(weight)
        good[index] = (parts[0][1] | (weight == 1.0)) & (parts[1][1] | (weight == 0.0))
    return out, good


def _moved(
    values: NDArray[np.float32],
    valid: Mask,
    sideways_mm: NDArray[np.float64],
    plane: Plane,
    grid: VolumeGeometry,
) -> tuple[NDArray[np.float32], Mask]:
    """One slice as seen from the grid's rows and columns."""
    shift = float(sideways_mm @ plane.along_column), float(sideways_mm @ plane.along_row)
    if max(map(abs, shift)) < 1e-6:
        return values, valid
    import SimpleITK as sitk  # noqa: N813

    def seen(array: NDArray[Any]) -> NDArray[np.float32]:
        image = sitk.GetImageFromArray(array.astype(np.float32))
        image.SetSpacing((grid.spacing_mm[2], grid.spacing_mm[1]))
        reference = sitk.Image(image)
        image.SetOrigin((shift[1], shift[0]))
        moved = sitk.Resample(image, reference, sitk.Transform(2, sitk.sitkIdentity), sitk.sitkLinear, 0.0)
        return np.asarray(sitk.GetArrayFromImage(moved), np.float32)

    inside = np.ones(values.shape, bool)
    for axis, moved in enumerate(shift):
        # SimpleITK repeats the border voxel for half a pixel; nothing was measured there.
        index = np.arange(values.shape[axis]) - moved / grid.spacing_mm[1 + axis]
        within = (index >= -1e-6) & (index <= values.shape[axis] - 1 + 1e-6)
        inside &= within[:, None] if axis == 0 else within[None, :]
    return seen(values), inside & (seen(valid) > 0.999)


def regular_slices(positions_mm: NDArray[np.float64], plane: Plane) -> tuple[int, float]:
    """How many slices a regular grid over these positions has, and their spacing. [mm]"""
    along = measure(positions_mm, plane.normal).along_mm
    spacing = float(np.median(np.diff(along)))
    count = int(np.floor(along[-1] / spacing + 1e-6)) + 1
    return count, spacing
