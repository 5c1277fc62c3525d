"""All passes of a study on one coarse grid, so that a place can be followed through the phases.

The grid is for looking, not for measuring lesions: voxels are block averages, which also
suppresses noise. Its axes are the patient's: superior, posterior, left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from imaging.geometry import OBLIQUE_AXIAL_MAX_DEGREES
from imaging.volume import Acquisition

#: In-plane distance of grid points: a portal vein is still six voxels wide. [mm]
IN_PLANE_MM = 2.0
#: Distance of slices, and how many slices are looked at. [mm]
BETWEEN_SLICES_MM, MOST_SLICES = 3.0, 48
#: Passes that overlap less than this show different parts of the body: left, posterior, superior. [mm]
LEAST_OVERLAP_MM = np.array([120.0, 120.0, 15.0])
#: A grid whose axes leave those of a series by less than this over its whole length runs along them. [voxels]
ASTRAY = 0.01


@dataclass(frozen=True, eq=False)
class CommonGrid:
    """Passes of one patient position on one grid.

    Attributes
    ----------
    hu : acquisition key -> (slices, rows, columns) array of float32. [HU]
    superior_mm, posterior_mm, left_mm : 1-D arrays
        Patient coordinates (LPS) of slices, rows and columns, all rising. [mm]
    """

    hu: Mapping[str, NDArray[np.float32]]
    superior_mm: NDArray[np.float64]
    posterior_mm: NDArray[np.float64]
    left_mm: NDArray[np.float64]

    @cached_property
    def lowest_hu(self) -> NDArray[np.float32]:
        """The lowest value of any pass: (slices, rows, columns). [HU]"""
        return reduce(np.minimum, self.hu.values())

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of slices, rows and columns. [mm]"""
        between = float(np.diff(self.superior_mm).mean()) if len(self.superior_mm) > 1 else BETWEEN_SLICES_MM
        return between, IN_PLANE_MM, IN_PLANE_MM


def common_grids(acquisitions: Sequence[Acquisition]) -> list[CommonGrid]:
    """Group passes that share a frame of reference and overlap, each group on its own grid.

    Only near-axial CT stacks of at least two slices and of a torso's width take part.
    """
    usable = [a for a in acquisitions if a.volume.unit == "HU" and _is_stack(a)]
    by_frame: dict[str, list[Acquisition]] = {}
    for acquisition in usable:
        by_frame.setdefault(acquisition.header.frame_of_reference_uid or acquisition.key, []).append(
            acquisition
        )
    return [_on_grid(group) for same in by_frame.values() for group in _overlapping(same)]


def _is_stack(acquisition: Acquisition) -> bool:
    geometry = acquisition.volume.geometry
    low, high = _extent(acquisition)
    wide = bool((high - low >= LEAST_OVERLAP_MM)[:2].all())
    return wide and geometry.shape[0] >= 2 and geometry.degrees_from_axial <= OBLIQUE_AXIAL_MAX_DEGREES


def _extent(acquisition: Acquisition) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    corners = acquisition.volume.geometry.corners_mm
    return corners.min(axis=0), corners.max(axis=0)


Box = tuple[NDArray[np.float64], NDArray[np.float64]]


def _overlapping(acquisitions: Sequence[Acquisition]) -> list[list[Acquisition]]:
    """Groups whose common extent suffices in every direction, shortest stack first."""
    groups: list[tuple[list[Acquisition], Box]] = []
    for acquisition in sorted(acquisitions, key=lambda a: float(np.subtract(*_extent(a)[::-1])[2])):
        low, high = _extent(acquisition)
        for i, (members, (first, last)) in enumerate(groups):
            common = np.maximum(low, first), np.minimum(high, last)
            if (common[1] - common[0] >= LEAST_OVERLAP_MM).all():
                groups[i] = ([*members, acquisition], common)
                break
        else:
            groups.append(([acquisition], (low, high)))
    return [members for members, _ in groups]


def _on_grid(group: Sequence[Acquisition]) -> CommonGrid:
    low = np.max([_extent(a)[0] for a in group], axis=0)
    high = np.min([_extent(a)[1] for a in group], axis=0)
    thickest = max(a.volume.geometry.spacing_mm[0] for a in group)
    between = max(BETWEEN_SLICES_MM, thickest, (high[2] - low[2]) / MOST_SLICES)
    superior = np.arange(low[2], high[2] + 1e-6, between)
    posterior = np.arange(low[1], high[1], IN_PLANE_MM)
    left = np.arange(low[0], high[0], IN_PLANE_MM)
    hu = {a.key: _resampled(a, superior, posterior, left, between) for a in group}
    return CommonGrid(hu, superior, posterior, left)


def _resampled(
    acquisition: Acquisition,
    superior: NDArray[np.float64],
    posterior: NDArray[np.float64],
    left: NDArray[np.float64],
    between: float,
) -> NDArray[np.float32]:
    geometry = acquisition.volume.geometry
    blocks = np.maximum(
        np.round(np.array([between, IN_PLANE_MM, IN_PLANE_MM]) / geometry.spacing_mm), 1
    ).astype(int)
    coarse = _block_means(acquisition.volume.voxels, blocks)
    step = np.diag([superior[1] - superior[0] if len(superior) > 1 else 1.0, IN_PLANE_MM, IN_PLANE_MM])
    to_index = geometry.patient_to_index[:3, :3] @ _REVERSE @ step / blocks[:, None]
    origin = geometry.index([left[0], posterior[0], superior[0]])
    offset = (origin - (blocks - 1) / 2) / blocks
    return _interpolated(coarse, to_index, offset, (len(superior), len(posterior), len(left)))


def _interpolated(
    coarse: NDArray[np.float32],
    to_index: NDArray[np.float64],
    offset: NDArray[np.float64],
    shape: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Values (slices, rows, columns) of a grid whose points lie at ``to_index @ point + offset``: linear.

    Where its axes run along those of ``coarse``, as for most series, one axis after the other.
    """
    along = np.diag(to_index)
    if (np.abs(to_index - np.diag(along)) @ shape < ASTRAY).all():
        for axis, points in enumerate(shape):
            coarse = _along(coarse, axis, along[axis] * np.arange(points) + offset[axis])
        return coarse
    out = affine_transform(coarse, to_index, offset, shape, np.float32, order=1, mode="nearest")
    return np.asarray(out, dtype=np.float32)


def _along(values: NDArray[np.float32], axis: int, at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values at places along one axis, linear between neighbors, the border's beyond it."""
    last = values.shape[axis] - 1
    at = np.clip(at, 0, last)
    low = at.astype(np.intp)
    share = (at - low).astype(np.float32).reshape([-1 if axis == i else 1 for i in range(3)])
    one, other = values.take(low, axis), values.take(np.minimum(low + 1, last), axis)
    other -= one
    other *= share
    other += one
    return np.asarray(other, dtype=np.float32)


#: (superior, posterior, left) to (left, posterior, superior).
_REVERSE = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def _block_means(
    voxels: NDArray[np.int16] | NDArray[np.float32], blocks: NDArray[np.int_]
) -> NDArray[np.float32]:
    """Means over blocks of voxels; what does not fill a last block is dropped.

    One layer of blocks at a time, so that everything stays in the processor's cache; whole numbers are
    summed as such.
    """
    slices, rows, columns = (int(n) for n in blocks)
    deep, high, wide = (n // int(b) for n, b in zip(voxels.shape, blocks, strict=True))
    total = np.int32 if voxels.dtype.kind in "iu" else np.float32
    out = np.empty((deep, high, wide), dtype=np.float32)
    for k in range(deep):
        part = voxels[k * slices : (k + 1) * slices, : high * rows, : wide * columns]
        through = part[0].astype(total)
        for layer in part[1:]:
            through += layer
        down = sum(through[j::rows] for j in range(rows))
        out[k] = sum(down[:, i::columns] for i in range(columns))
    return np.asarray(out / np.float32(slices * rows * columns), dtype=np.float32)
