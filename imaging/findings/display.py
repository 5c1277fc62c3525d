"""Parts of a phase interpolated onto another grid, for eyes only.

Interpolation lowers noise and blurs edges, so what comes out is marked as resampled: no statistic and no
diameter is ever taken from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.errors import MeasurementError
from imaging.geometry import VolumeGeometry
from imaging.regions.placement import PointMap
from imaging.volume import Volume


def box_around(volume: Volume, center_lps_mm: ArrayLike, half_mm: float) -> Volume:
    """The voxels of a volume within ``half_mm`` of a point along each grid axis, untouched.

    Parameters
    ----------
    volume : Volume
        What is cut.
    center_lps_mm : (left, posterior, superior)
        Middle of the box. [mm]
    half_mm : float
        Half the side of the box. [mm]

    Raises
    ------
    MeasurementError
        ``OUTSIDE`` if no voxel lies in the box.
    """
    geometry = volume.geometry
    reach = half_mm / np.array(geometry.spacing_mm)
    middle = geometry.index(np.asarray(center_lps_mm, dtype=np.float64))
    low = np.maximum(np.ceil(middle - reach), 0).astype(int)
    high = np.minimum(np.floor(middle + reach) + 1, geometry.shape).astype(int)
    if (high <= low).any():
        raise MeasurementError("OUTSIDE", "the image does not reach the region")
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    matrix = geometry.index_to_patient_mm.copy()
    matrix[:3, 3] = geometry.patient_mm(low)
    valid = None if volume.valid is None else volume.valid[box]
    part = volume.voxels[box]
    return Volume(part, VolumeGeometry(part.shape, matrix), volume.unit, valid, volume.resampled)


def seen_on(volume: Volume, geometry: VolumeGeometry, to_volume_mm: PointMap | None = None) -> Volume:
    """A volume on another grid, linear; invalid where any voxel it would be made of is.

    Parameters
    ----------
    volume : Volume
        What is shown.
    geometry : VolumeGeometry
        Where it is shown.
    to_volume_mm : function, optional
        Takes positions (..., 3) on the grid to positions in the volume; none: the same position. [mm]

    Returns
    -------
    Volume, float32 and marked as resampled
    """
    from scipy.ndimage import map_coordinates

    positions = geometry.patient_mm(np.moveaxis(np.indices(geometry.shape), 0, -1))
    index = volume.geometry.index(positions if to_volume_mm is None else to_volume_mm(positions))
    within = (index >= 0) & (index <= np.array(volume.geometry.shape) - 1)
    inside = np.asarray(within.all(axis=-1))
    part, low = _part(volume, index, inside)
    place = np.moveaxis(index - low, -1, 0)
    values = map_coordinates(part.voxels.astype(np.float32), place, order=1, mode="nearest")
    if part.valid is not None:
        touched = map_coordinates((~part.valid).astype(np.float32), place, order=1, mode="nearest")
        inside &= touched == 0
    values.setflags(write=False)
    inside.setflags(write=False)
    return Volume(values, geometry, volume.unit, inside, resampled=True)


def _part(
    volume: Volume, index: NDArray[np.float64], inside: NDArray[np.bool_]
) -> tuple[Volume, NDArray[np.int_]]:
    """The voxels that the positions inside ask for, and the index at which they begin."""
    if not inside.any():
        return _cut(volume, np.zeros(3, dtype=int), np.ones(3, dtype=int))
    asked = index[inside]
    low = np.floor(asked.min(axis=0)).astype(int)
    high = np.minimum(np.floor(asked.max(axis=0)).astype(int) + 2, volume.geometry.shape)
    return _cut(volume, low, high)


def _cut(volume: Volume, low: NDArray[np.int_], high: NDArray[np.int_]) -> tuple[Volume, NDArray[np.int_]]:
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    valid = None if volume.valid is None else volume.valid[box]
    return Volume(volume.voxels[box], volume.geometry, volume.unit, valid), low
