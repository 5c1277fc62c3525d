"""Whether two voxel grids are the same up to the order and direction of their axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry

#: NIfTI headers keep positions in single precision and some writers keep rotations as quaternions:
#: grids within this distance are the same. A tenth of the finest voxel of body imaging. [mm]
SAME_GRID_TOLERANCE_MM = 0.05

T = TypeVar("T", bound=np.generic)


def onto_grid(
    voxels: NDArray[T],
    geometry: VolumeGeometry,
    target: VolumeGeometry,
    tolerance_mm: float = SAME_GRID_TOLERANCE_MM,
) -> NDArray[T] | None:
    """The same voxels with axes permuted and flipped to the target's order; None on a different grid.

    Parameters
    ----------
    voxels : (n0, n1, n2) array
        On ``geometry``, axes in any order.
    geometry, target : VolumeGeometry
        Where the voxels lie, and the grid that is asked for.
    tolerance_mm : float
        Greatest distance between corners that are to be the same. [mm]

    Returns
    -------
    (slices, rows, columns) view, or None
    """
    turn = target.patient_to_index[:3, :3] @ geometry.index_to_patient_mm[:3, :3]
    axes = np.abs(turn).argmax(axis=1)
    if sorted(axes) != [0, 1, 2]:
        return None
    order = (int(axes[0]), int(axes[1]), int(axes[2]))
    if tuple(geometry.shape[a] for a in order) != target.shape:
        return None
    flips = tuple(slice(None, None, -1 if turn[row, axis] < 0 else 1) for row, axis in enumerate(order))
    if not _corners_agree(geometry, target, order, flips, tolerance_mm):
        return None
    return voxels.transpose(order)[flips]


def _corners_agree(
    geometry: VolumeGeometry,
    target: VolumeGeometry,
    order: tuple[int, int, int],
    flips: tuple[slice, ...],
    tolerance_mm: float,
) -> bool:
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    there = corners * (np.array(target.shape) - 1)
    here = np.empty_like(there)
    for row, axis in enumerate(order):
        last = target.shape[row] - 1
        here[:, axis] = there[:, row] if flips[row].step == 1 else last - there[:, row]
    away = target.patient_mm(there) - geometry.patient_mm(here)
    return bool(np.abs(away).max() <= tolerance_mm)


def grid_difference(geometry: VolumeGeometry, target: VolumeGeometry) -> str:
    """In what a grid differs from the one that was asked for, axes taken in the target's order.

    ``shifted by 1.4 mm`` says what went wrong; two shapes in two orders of axes do not.
    """
    turn = target.patient_to_index[:3, :3] @ geometry.index_to_patient_mm[:3, :3]
    order = np.abs(turn).argmax(axis=1)
    if sorted(order) != [0, 1, 2]:
        return "its axes lie obliquely to those of the images"
    shape = tuple(geometry.shape[axis] for axis in order)
    if shape != target.shape:
        return f"it has {_times(shape)} voxels where the images have {_times(target.shape)}"
    spacing = np.array(geometry.spacing_mm)[order]
    if np.abs((spacing - target.spacing_mm) * (np.array(shape) - 1)).max() > SAME_GRID_TOLERANCE_MM:
        return f"its voxels measure {_times(spacing)} mm, those of the images {_times(target.spacing_mm)} mm"
    middle = geometry.patient_mm((np.array(geometry.shape) - 1) / 2)
    away = middle - target.patient_mm((np.array(target.shape) - 1) / 2)
    said = "it is shifted by {:.3g} mm against the images (left {:.2f}, back {:.2f}, head {:.2f})".format(
        float(np.linalg.norm(away)), *away
    )
    axes = geometry.index_to_patient_mm[:3, :3][:, order] * np.sign(turn[[0, 1, 2], order])
    tilt = (axes - target.index_to_patient_mm[:3, :3]) * (np.array(shape) - 1)
    tilted = np.linalg.norm(tilt, axis=0).max() > SAME_GRID_TOLERANCE_MM
    return f"{said} and turned against them" if tilted else said


def _times(numbers: Iterable[float]) -> str:
    return " x ".join(f"{n:.4g}" for n in numbers)
