"""A mask at the same patient position on another acquisition's grid.

The mask moves, never the image: each voxel center of the new grid asks which voxel of the old grid it
lies in. That is exact bookkeeping, not registration: the phases are separate breath-holds, so the
result is unverified until a reader has looked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry
from imaging.regions.region import Provenance, Region, RegionMask
from imaging.volume import Acquisition, Study

#: Takes patient positions (..., 3) of the new image to those of the old one. [mm]
PointMap = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def place_mask(
    mask: RegionMask,
    geometry: VolumeGeometry,
    to_old_mm: PointMap | None = None,
    residual_mm: float | None = None,
) -> RegionMask | None:
    """The mask on another grid, nearest neighbor, propagated and unverified.

    Parameters
    ----------
    mask : RegionMask
        On its own grid.
    geometry : VolumeGeometry
        The new grid.
    to_old_mm : function, optional
        Takes positions (..., 3) on the new image to positions on the old one; none: the same position.
        [mm]
    residual_mm : float, optional
        Measured error of that function, kept with the mask. [mm]

    Returns
    -------
    RegionMask or None
        None where the new grid does not reach the region.
    """
    index = np.argwhere(np.ones((2, 2, 2), dtype=bool)) * (np.array(mask.voxels.shape) + 1) - 1.0
    corners = mask.geometry.patient_mm(index + np.array(mask.offset))
    if to_old_mm is not None:  # the map goes the other way: widen by how far it carries the corners
        reach = float(np.linalg.norm(to_old_mm(corners) - corners, axis=1).max()) + 1.0
        corners = np.concatenate([corners - reach, corners + reach])
        corners = np.array(np.meshgrid(*zip(corners.min(0), corners.max(0), strict=True))).reshape(3, -1).T
    there = geometry.index(corners)
    low = np.maximum(np.floor(there.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(there.max(axis=0)).astype(int) + 1, geometry.shape)
    if (high <= low).any():
        return None
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    positions = geometry.patient_mm(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))
    inside = contains(mask, positions if to_old_mm is None else to_old_mm(positions))
    if not inside.any():
        return None
    offset = (int(low[0]), int(low[1]), int(low[2]))
    placed = RegionMask.from_box(inside, offset, geometry, Provenance.PROPAGATED, verified=False)
    return replace(placed, residual_mm=residual_mm)


def contains(mask: RegionMask, positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether positions (..., 3) [mm] lie in voxels of the mask."""
    index = np.floor(mask.geometry.index(positions) + 0.5).astype(int) - np.array(mask.offset)
    within = ((index >= 0) & (index < np.array(mask.voxels.shape))).all(axis=-1)
    inside = np.zeros(positions.shape[:-1], dtype=bool)
    i, j, k = index[within].T
    inside[within] = mask.voxels[i, j, k]
    return inside


def carry_over(region: Region, drawn_on: Acquisition, study: Study) -> Region:
    """The region with masks, propagated and unverified, on every acquisition that has none.

    Only within the frame of reference of ``drawn_on``: patient positions mean nothing across frames.
    """
    if drawn_on.key not in region.masks:
        return region
    frame = drawn_on.header.frame_of_reference_uid
    masks = dict(region.masks)
    for acquisition in study:
        if acquisition.key in masks or frame is None or acquisition.header.frame_of_reference_uid != frame:
            continue
        source = region.masks[drawn_on.key]
        mask = place_mask(source, acquisition.volume.geometry)
        if mask is not None:
            masks[acquisition.key] = mask
    return replace(region, masks=masks)
