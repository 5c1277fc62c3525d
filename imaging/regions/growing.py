"""Suggestions for the reader: a region from one click, from scribbles, or between drawn slices.

Everything here returns masks marked *suggested* and unverified. All of it works inside a bounded box
around the click, so that it answers while the reader waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.region import Provenance, RegionMask
from imaging.volume import Volume

#: How far from the click a region may reach. [mm]
REACH_MM = 40.0
#: The box never holds more voxels along an axis than this, whatever the spacing.
MAXIMUM_BOX = 96
#: Tissue statistics are taken from the ball around the click. [mm]
SEED_RADIUS_MM = 3.0
#: Voxels within this Mahalanobis distance of the seed belong to it (about 99 % for one phase).
MAHALANOBIS = 2.6
#: The spread of a few seed voxels is never trusted below this. [HU or, for MR, percent of the mean]
MINIMUM_SPREAD = 8.0
#: Growth that passes a neck thinner than this has leaked. [mm]
NECK_MM = 3.0
#: A region that fills more of the box's border than this has leaked out of it.
LEAK_SHARE = 0.02


@dataclass(frozen=True, eq=False)
class Grown:
    """A suggestion and whether it is to be trusted.

    Attributes
    ----------
    mask : RegionMask
        Suggested and unverified.
    leaked : bool
        Whether growth reached the border of the box: the reader must look.
    radius_mm : float
        Of the ball of equal volume. [mm]
    """

    mask: RegionMask
    leaked: bool
    radius_mm: float


def grow_from_click(
    volumes: Sequence[Volume],
    seed_lps_mm: ArrayLike,
    *,
    reach_mm: float = REACH_MM,
    tightness: float = MAHALANOBIS,
    target: int = 0,
) -> Grown:
    """Grow a region of one tissue from one click, looking at all phases together.

    Parameters
    ----------
    volumes : sequence of Volume
        One to several phases. Phases on other grids are looked up at the same patient position, so only
        give those that are aligned.
    seed_lps_mm : (left, posterior, superior)
        The click. [mm]
    reach_mm : float
        Furthest distance from the click. [mm]
    tightness : float
        Larger takes more. Mahalanobis distance.
    target : int
        Which volume's grid the mask lies on.

    Returns
    -------
    Grown

    Raises
    ------
    RegionError
        ``OUTSIDE`` if the click lies outside of the volume or on padding.
    """
    grid = volumes[target].geometry
    seed = np.rint(grid.index(seed_lps_mm)).astype(int)
    if (seed < 0).any() or (seed >= grid.shape).any():
        raise RegionError("OUTSIDE", "the click lies outside of the volume", expected="a point on the image")
    box = _box(seed, grid, reach_mm)
    features, valid = _features(volumes, grid, box, target)
    here = seed - np.array([s.start for s in box])
    if not valid[tuple(here)]:
        raise RegionError("OUTSIDE", "the click lies on padding", expected="a point of the patient")
    spacing = np.array(grid.spacing_mm)
    similar = _similar(features, here, spacing, tightness) & valid
    region = _connected_core(similar, here, spacing)
    offset = (int(box[0].start), int(box[1].start), int(box[2].start))
    mask = RegionMask.from_box(region, offset, grid, Provenance.SUGGESTED, verified=False)
    radius_mm = float((mask.count * grid.voxel_volume_mm3 * 0.75 / np.pi) ** (1 / 3))
    return Grown(mask, _touches_border(region, box, grid.shape), radius_mm)


def _box(seed: NDArray[np.int_], grid: VolumeGeometry, reach_mm: float) -> tuple[slice, slice, slice]:
    half = np.minimum(np.ceil(reach_mm / np.array(grid.spacing_mm)).astype(int), MAXIMUM_BOX // 2)
    low, high = np.maximum(seed - half, 0), np.minimum(seed + half + 1, grid.shape)
    a, b, c = (slice(int(x), int(y)) for x, y in zip(low, high, strict=True))
    return a, b, c


def _features(
    volumes: Sequence[Volume], grid: VolumeGeometry, box: tuple[slice, slice, slice], target: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Smoothed values (phases, ...) in the box, and where all of them are valid."""
    from scipy.ndimage import gaussian_filter

    parts = []
    valid = np.ones(tuple(s.stop - s.start for s in box), dtype=bool)
    sigma = np.minimum(1.0, 1.5 / np.array(grid.spacing_mm))
    for number, volume in enumerate(volumes):
        same = number == target or volume.geometry.same_grid(grid)
        values, inside = _cut(volume, box) if same else _looked_up(volume, grid, box)
        valid &= inside
        scale = 1.0 if volume.unit == "HU" else 100.0 / (float(np.mean(np.abs(values))) or 1.0)
        parts.append(np.asarray(gaussian_filter(values * scale, sigma), dtype=np.float32))
    return np.stack(parts), valid


def _cut(volume: Volume, box: tuple[slice, slice, slice]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    values = volume.voxels[box].astype(np.float32)
    inside = np.ones(values.shape, dtype=bool)
    if volume.valid is not None:
        inside &= volume.valid[box]
    return np.asarray(values, dtype=np.float32), inside


def _looked_up(
    volume: Volume, grid: VolumeGeometry, box: tuple[slice, slice, slice]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Nearest voxels of another grid at the box's positions."""
    index = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij"), axis=-1)
    there = np.rint(volume.geometry.index(grid.patient_mm(index))).astype(int)
    inside = ((there >= 0) & (there < np.array(volume.geometry.shape))).all(axis=-1)
    there = np.clip(there, 0, np.array(volume.geometry.shape) - 1)
    i, j, k = np.moveaxis(there, -1, 0)
    if volume.valid is not None:
        inside &= volume.valid[i, j, k]
    return np.asarray(volume.voxels[i, j, k], dtype=np.float32), np.asarray(inside, dtype=bool)


def _similar(
    features: NDArray[np.float32], here: NDArray[np.int_], spacing: NDArray[np.float64], tightness: float
) -> NDArray[np.bool_]:
    """Voxels whose values in all phases are like those around the click."""
    shape = features.shape[1:]
    away = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1) - here
    radius = max(SEED_RADIUS_MM, float(spacing[1:].max()) * 1.5)
    ball = np.square(away * spacing).sum(axis=-1) <= radius**2
    seeds = features[:, ball]
    middle = np.median(seeds, axis=1)
    spread = np.maximum(1.4826 * np.median(np.abs(seeds - middle[:, None]), axis=1), MINIMUM_SPREAD)
    distance = np.square((features - middle[:, None, None, None]) / spread[:, None, None, None]).sum(axis=0)
    return np.asarray(distance <= tightness**2 * len(features))


def _connected_core(
    similar: NDArray[np.bool_], here: NDArray[np.int_], spacing: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """What hangs together with the click after thin necks are cut, grown back and with holes filled."""
    from scipy.ndimage import binary_dilation, binary_fill_holes, distance_transform_edt, label

    similar = similar.copy()
    similar[tuple(here)] = True
    depth = distance_transform_edt(np.pad(similar, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    core, _ = label(depth > NECK_MM / 2)
    tag = core[tuple(here)]
    if tag == 0:  # the click itself is in something thin: keep all that hangs together
        parts, _ = label(similar)
        region = parts == parts[tuple(here)]
    else:
        kept = core == tag
        steps = max(1, int(np.ceil(NECK_MM / 2 / float(spacing[1:].min()))))
        region = binary_dilation(kept, iterations=steps, mask=similar)
    return np.stack([binary_fill_holes(plane) for plane in region])


def _touches_border(region: NDArray[np.bool_], box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whether the region runs into sides of the box that are not sides of the image."""
    for axis, (part, size) in enumerate(zip(box, shape, strict=True)):
        first, last = np.take(region, 0, axis), np.take(region, -1, axis)
        if part.start > 0 and first.mean() > LEAK_SHARE:
            return True
        if part.stop < size and last.mean() > LEAK_SHARE:
            return True
    return False


def split_by_scribbles(
    volume: Volume, inside: RegionMask, outside: RegionMask, *, margin_mm: float = 10.0
) -> RegionMask:
    """Region that scribbles inside and outside of it tell apart: a watershed on the gradient.

    Parameters
    ----------
    volume : Volume
        The image the scribbles lie on.
    inside, outside : RegionMask
        What surely belongs to the region and what surely does not.
    margin_mm : float
        Tissue around the scribbles that takes part. [mm]

    Returns
    -------
    RegionMask
        Suggested and unverified.
    """
    from scipy.ndimage import gaussian_gradient_magnitude
    from skimage.segmentation import watershed

    spacing = np.array(volume.geometry.spacing_mm)
    margin = np.ceil(margin_mm / spacing).astype(int)
    starts = np.minimum(inside.offset, outside.offset) - margin
    stops = [np.array(m.offset) + m.voxels.shape for m in (inside, outside)]
    low = np.maximum(starts, 0)
    high = np.minimum(np.maximum(*stops) + margin, volume.geometry.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    markers = np.zeros(tuple(high - low), dtype=np.int32)
    for tag, scribble in ((2, outside), (1, inside)):
        at = tuple(
            slice(s.start - int(a), s.stop - int(a)) for s, a in zip(scribble.slices, low, strict=True)
        )
        markers[at][scribble.voxels] = tag
    relief = gaussian_gradient_magnitude(
        volume.voxels[box].astype(np.float32), np.minimum(1.0, 1.5 / spacing)
    )
    valid = None if volume.valid is None else volume.valid[box]
    parts = watershed(relief, markers, mask=valid)
    offset = (int(low[0]), int(low[1]), int(low[2]))
    return RegionMask.from_box(parts == 1, offset, volume.geometry, Provenance.SUGGESTED, verified=False)


def interpolate_slices(mask: RegionMask) -> RegionMask:
    """Fill the slices between drawn ones by blending their signed distances.

    Drawn slices stay as they are. The result is suggested and unverified.
    """
    from scipy.ndimage import distance_transform_edt

    drawn = np.flatnonzero(mask.voxels.any(axis=(1, 2)))
    spacing = mask.geometry.spacing_mm[1:]

    def signed(index: int) -> NDArray[np.float64]:
        plane = np.pad(mask.voxels[index], 1)
        inward = distance_transform_edt(plane, sampling=spacing)
        return np.asarray((inward - distance_transform_edt(~plane, sampling=spacing))[1:-1, 1:-1])

    box = mask.voxels.copy()
    for below, above in pairwise(drawn):
        one, other = (signed(int(below)), signed(int(above))) if above - below > 1 else (None, None)
        for index in range(below + 1, above):
            share = (index - below) / (above - below)
            if one is not None and other is not None:
                box[index] = (1 - share) * one + share * other > 0
    return RegionMask.from_box(box, mask.offset, mask.geometry, Provenance.SUGGESTED, verified=False)
