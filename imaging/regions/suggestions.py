"""Where a reader might put the reference regions: liver away from vessels and lesions, and the aorta.

Both look for even disks rather than organs; neither knows anatomy beyond that. Each result is
suggested and unverified, and None is an honest answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.geometry import VolumeGeometry
from imaging.regions.region import Provenance, RegionMask
from imaging.volume import Volume

#: Radius of the suggested liver disk; three slices of it exceed the recommended 200 mm2. [mm]
LIVER_RADIUS_MM = 8.0
#: Liver on CT in any phase. [HU]
LIVER_HU = (35.0, 160.0)
#: Distance kept from lesions and from the search's border. [mm]
LESION_MARGIN_MM = 10.0
#: How far from the lesion liver is sought: the same level, the same coil sensitivity. [mm]
LIVER_SEARCH_MM = 90.0
#: Spread that an even disk of liver may have beside its surroundings, relative to the median disk.
EVENNESS = 1.3
#: Inner radius of an adult abdominal aorta; wider is an aneurysm, or a vertebra. [mm]
AORTA_RADIUS_MM = (6.0, 15.0)
#: An enhanced aorta in the arterial phase. [HU]
AORTA_HU = 150.0


def suggest_reference_liver(
    volume: Volume, near_lps_mm: ArrayLike, avoid: Sequence[RegionMask] = ()
) -> RegionMask | None:
    """An even disk of tissue like liver on the lesion's level, away from vessels and lesions.

    Parameters
    ----------
    volume : Volume
        A portal venous CT or any phase; on MR the values around the lesion set the range.
    near_lps_mm : (left, posterior, superior)
        The lesion. [mm]
    avoid : sequence of RegionMask
        Lesions and vessels on this grid.

    Returns
    -------
    RegionMask or None
        Suggested and unverified; None where no even disk is found.
    """
    from scipy.ndimage import distance_transform_edt, uniform_filter

    grid = volume.geometry
    middle = grid.index(near_lps_mm)
    level = int(np.clip(round(float(middle[0])), 0, grid.shape[0] - 1))
    spacing = np.array(grid.spacing_mm[1:])
    plane = volume.voxels[level].astype(np.float64)
    usable = np.ones(plane.shape, dtype=bool) if volume.valid is None else volume.valid[level].copy()
    width = np.maximum(3, 2 * np.round(LIVER_RADIUS_MM / spacing).astype(int) + 1)
    mean = uniform_filter(plane, width)
    spread = np.sqrt(np.maximum(uniform_filter(plane**2, width) - mean**2, 0))
    low, high = _liver_range(volume, mean, middle)
    like = (mean >= low) & (mean <= high) & usable
    rows, columns = np.indices(plane.shape)
    away = np.hypot((rows - middle[1]) * spacing[0], (columns - middle[2]) * spacing[1])
    like &= (away <= LIVER_SEARCH_MM) & (_distance_to(avoid, level, plane.shape, spacing) > LESION_MARGIN_MM)
    if not like.any():
        return None
    typical = np.percentile(spread[like], 10)
    even = like & (spread <= typical * EVENNESS)
    depth = distance_transform_edt(even, sampling=spacing)
    if not even.any() or depth.max() < float(spacing.max()):
        return None
    row, column = np.unravel_index(int((depth - 0.02 * away).argmax()), depth.shape)
    return _disk(grid, level, (int(row), int(column)), LIVER_RADIUS_MM)


def _liver_range(
    volume: Volume, mean: NDArray[np.float64], middle: NDArray[np.float64]
) -> tuple[float, float]:
    if volume.unit == "HU":
        return LIVER_HU
    row, column = (
        int(np.clip(round(float(x)), 0, n - 1)) for x, n in zip(middle[1:], mean.shape, strict=True)
    )
    around = mean[max(0, row - 40) : row + 41, max(0, column - 40) : column + 41]
    return float(np.percentile(around, 40)), float(np.percentile(around, 90))


def _distance_to(
    masks: Sequence[RegionMask], level: int, shape: tuple[int, ...], spacing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance of each pixel from the masks, seen through all slices. [mm]"""
    from scipy.ndimage import distance_transform_edt

    free = np.ones(shape, dtype=bool)
    for mask in masks:
        free[mask.slices[1:]] &= ~mask.voxels.any(axis=0)
    if free.all():
        return np.full(shape, np.inf)
    return np.asarray(distance_transform_edt(free, sampling=spacing))


def _disk(grid: VolumeGeometry, level: int, at: tuple[int, int], radius_mm: float) -> RegionMask:
    """A disk on the slice and its neighbors."""
    mask = np.zeros(grid.shape, dtype=bool)
    rows, columns = np.indices(grid.shape[1:])
    spacing = grid.spacing_mm[1:]
    disk = np.hypot((rows - at[0]) * spacing[0], (columns - at[1]) * spacing[1]) <= radius_mm
    mask[max(0, level - 1) : level + 2] = disk
    return RegionMask.from_full(mask, grid, Provenance.SUGGESTED, verified=False)


def suggest_aorta(volume: Volume, level_mm: float | None = None) -> RegionMask | None:
    """The aorta on an arterial CT: the most even bright disk that stands alone.

    Parameters
    ----------
    volume : Volume
        CT in an arterial phase.
    level_mm : float, optional
        Height in the patient; the middle of the volume without it. [mm]

    Returns
    -------
    RegionMask or None
        A disk inside of it, suggested and unverified; None on MR, or if nothing is round,
        bright and of the right size.
    """
    from scipy.ndimage import distance_transform_edt, uniform_filter

    if volume.unit != "HU":
        return None
    grid = volume.geometry
    level = grid.shape[0] // 2 if level_mm is None else _level(grid, level_mm)
    plane = volume.voxels[level].astype(np.float64)
    spacing = np.array(grid.spacing_mm[1:])
    width = np.maximum(3, 2 * np.round(AORTA_RADIUS_MM[0] / 2 / spacing).astype(int) + 1)
    mean = uniform_filter(plane, width)
    bright = (mean >= AORTA_HU) & (_below_skin(plane, spacing) >= _DEEP_MM)
    depth = distance_transform_edt(bright, sampling=spacing)
    spread = np.sqrt(np.maximum(uniform_filter(plane**2, width) - mean**2, 0)) / np.maximum(mean, 1.0)
    best: tuple[float, tuple[int, int], float] | None = None
    for row, column in np.argwhere((depth >= AORTA_RADIUS_MM[0] * 0.6) & (depth == _largest(depth))):
        radius = float(depth[row, column])
        uneven = float(spread[row, column])
        if radius > AORTA_RADIUS_MM[1] or (best is not None and uneven >= best[0]):
            continue
        if _dark_around(bright, (row, column), radius, spacing) >= _ALONE:
            best = (uneven, (int(row), int(column)), radius)
    return None if best is None else _disk(grid, level, best[1], max(_SMALLEST_DISK_MM, 0.7 * best[2]))


#: Share of the ring around the aorta that must be dark; a vertebra or a rib goes on somewhere.
_ALONE = 0.6
#: Least depth of the aorta below the skin; ribs lie within 40 mm of it in adults. [mm]
_DEEP_MM = 45.0
#: Whatever is above this belongs to the body, not to air. [HU]
_BODY_HU = -200.0
#: Smaller disks hold too few voxels. [mm]
_SMALLEST_DISK_MM = 3.0


def _below_skin(plane: NDArray[np.float64], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each pixel from the outside of the body. [mm]"""
    from scipy.ndimage import binary_fill_holes, distance_transform_edt

    body = np.pad(binary_fill_holes(plane > _BODY_HU), 1)
    return np.asarray(distance_transform_edt(body, sampling=spacing)[1:-1, 1:-1])


def _largest(depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest value among each pixel's neighbors."""
    from scipy.ndimage import maximum_filter

    return np.asarray(maximum_filter(depth, 7))


def _dark_around(
    bright: NDArray[np.bool_], at: tuple[int, int], radius_mm: float, spacing: NDArray[np.float64]
) -> float:
    """Share of the ring outside of a disk that is not bright."""
    rows, columns = np.indices(bright.shape)
    away = np.hypot((rows - at[0]) * spacing[0], (columns - at[1]) * spacing[1])
    ring = (away > radius_mm + 3.0) & (away <= radius_mm + 8.0)
    return float(1 - bright[ring].mean())


def _level(grid: VolumeGeometry, height_mm: float) -> int:
    heights = grid.patient_mm([[i, 0, 0] for i in range(grid.shape[0])])[:, 2]
    return int(np.abs(heights - height_mm).argmin())
