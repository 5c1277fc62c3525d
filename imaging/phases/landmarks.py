"""Finding the aorta, the liver, the spleen, the portal system, the IVC and the kidneys by geometry.

No model is learned and none is downloaded. The spine is bright in every pass, the aorta is the
round tube in front of its left side, the liver is the largest soft organ of the right, and a vein is
what is brighter than the liver in the venous pass without having been as bright as the aorta in the
arterial one. What is not found is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.boxes import Box, box_around
from imaging.phases.common_grid import CommonGrid
from imaging.phases.disks import closed, dilated, eroded, within
from imaging.phases.tubes import Image, Mask, Tube, track_tube, tube_mask

#: Brighter than this in every pass: bone, or contrast that was drunk. [HU]
ALWAYS_BRIGHT_HU = 150.0
#: ... and changes by less than this between passes. [HU]
STEADY_HU = 35.0
#: Brighter than any blood vessel in a single pass. [HU]
SURELY_NOT_BLOOD_HU = 450.0
#: Window of the aorta's center relative to the middle of the vertebral bodies: left, posterior. [mm]
AORTA_LEFT_MM, AORTA_POSTERIOR_MM = (-14.0, 48.0), (-62.0, 4.0)
#: The same of the IVC, which leaves the spine forward toward the heart. [mm]
IVC_LEFT_MM, IVC_POSTERIOR_MM = (-62.0, -4.0), (-95.0, -8.0)
#: Least contrast between the tube and its surroundings in the pass that shows it best. [HU]
AORTA_LEAST_CONTRAST_HU, IVC_LEAST_CONTRAST_HU = 25.0, 8.0
#: Slices with more lung than this share of the body are above the portal vein.
MOST_LUNG = 0.06
#: Least volume of an organ and of a vein that is believed. [ml]
LIVER_LEAST_ML, SPLEEN_LEAST_ML, VEIN_LEAST_ML, KIDNEY_LEAST_ML = 60.0, 8.0, 0.8, 10.0
#: A vein stands out from the liver by this in the venous pass. [HU]
VEIN_ABOVE_LIVER_HU = 18.0
#: A vein has at most this share of the aorta's gain in the arterial pass.
VEIN_ARTERIAL_SHARE = 0.65
#: Where a Gaussian filter is cut off. [standard deviations]
_TRUNCATE = 4.0
#: Darker than this is not body. [HU]
AIR_HU = -300.0
#: Around the body: the reach of smoothing twice over, so that no border of the box is felt. [grid points]
_BEYOND = 10
#: The four neighbors of a point in its own slice.
_IN_PLANE = np.pad(ndimage.generate_binary_structure(2, 1)[None], ((1, 1), (0, 0), (0, 0)))


@dataclass(frozen=True, eq=False)
class Landmarks:
    """What was found on a common grid; None where it was not.

    Attributes
    ----------
    spine : (slices, 2) array or None
        Row and column of the vertebral bodies' middle. [grid points]
    aorta : Tube or None
    ivc : Tube or None
    liver, spleen, portal, kidneys : (slices, rows, columns) array of bool, or None
    """

    spine: NDArray[np.float64] | None = None
    aorta: Tube | None = None
    ivc: Tube | None = None
    liver: Mask | None = None
    spleen: Mask | None = None
    portal: Mask | None = None
    kidneys: Mask | None = None


def always_bright(grid: CommonGrid) -> Mask:
    """Voxels that are bright and equally so in every pass: bone, and contrast that was drunk.

    An aorta may be bright in an arterial and a portal venous pass, but never equally.
    """
    bright = np.zeros(grid.lowest_hu.shape, dtype=bool)
    box = _body_box(grid)
    smooth = [ndimage.gaussian_filter(image[box], (0.0, 0.8, 0.8)) for image in grid.hu.values()]
    lowest, highest = reduce(np.minimum, smooth), reduce(np.maximum, smooth)
    bright[box] = lowest > SURELY_NOT_BLOOD_HU
    if len(smooth) > 1:
        bright[box] |= (lowest > ALWAYS_BRIGHT_HU) & (highest - lowest < STEADY_HU)
    return bright


def _body_box(grid: CommonGrid) -> Box:
    """All that is not air in every pass, and so much around it that smoothing within needs no more."""
    return box_around(grid.lowest_hu > AIR_HU, _BEYOND) or (slice(0, 0),) * 3


def find_spine(grid: CommonGrid) -> NDArray[np.float64] | None:
    """Row and column (slices, 2) of the vertebral bodies' middle; None without a spine in view."""
    lowest = grid.lowest_hu
    body = lowest > AIR_HU
    if body.mean() < 0.02:
        return None
    rows, columns = np.nonzero(body.any(axis=0))
    middle, front, back = float(np.median(columns)), rows.min(), rows.max()
    row, column = np.mgrid[: lowest.shape[1], : lowest.shape[2]]
    depth = (row - front) / max(back - front, 1)
    near = (
        np.exp(-0.5 * ((column - middle) * grid.spacing_mm[2] / 35.0) ** 2) * (depth > 0.4) * (depth < 0.95)
    )
    bone = np.clip(lowest - 120.0, 0.0, 300.0)
    sigma = (2.0, 12.0 / grid.spacing_mm[1], 12.0 / grid.spacing_mm[2])
    smooth = _smooth_rows(bone, sigma, near.any(axis=1)) * near
    if smooth.max() < 8.0:
        return None
    flat = smooth.reshape(len(smooth), -1).argmax(axis=1)
    points = np.stack(np.unravel_index(flat, lowest.shape[1:]), axis=1).astype(np.float64)
    return np.asarray(ndimage.median_filter(points, size=(min(9, len(points)), 1), mode="nearest"))


def _smooth_rows(image: Image, sigma: tuple[float, float, float], rows: NDArray[np.bool_]) -> Image:
    """What ``ndimage.gaussian_filter`` gives on the ``rows`` asked for, zero on the others.

    A row depends on those within the filter's reach alone: half of a body is not smoothed for nothing.
    """
    smooth = np.zeros_like(image)
    asked = np.flatnonzero(rows)
    if not len(asked):
        return smooth
    reach = int(_TRUNCATE * sigma[1] + 0.5)
    first, last = int(asked[0]), int(asked[-1]) + 1
    start = max(first - reach, 0)
    part = image[:, start : last + reach]
    part = ndimage.gaussian_filter1d(part, sigma[1], axis=1, truncate=_TRUNCATE)
    part = part[:, first - start : last - start]
    smooth[:, first:last] = ndimage.gaussian_filter(part, (sigma[0], 0.0, sigma[2]), truncate=_TRUNCATE)
    return smooth


def find_aorta(grid: CommonGrid, spine: NDArray[np.float64], bright: Mask) -> Tube | None:
    """Track the round tube in front of the left side of the spine through the slices."""
    return track_tube(
        list(grid.hu.values()),
        bright,
        spine,
        grid,
        (AORTA_LEFT_MM, AORTA_POSTERIOR_MM, AORTA_LEAST_CONTRAST_HU),
    )


def find_ivc(
    grid: CommonGrid, spine: NDArray[np.float64], aorta: Tube, venous: str, bright: Mask
) -> Tube | None:
    """Track the IVC in the venous pass, right of the spine."""
    bright = bright | tube_mask(aorta, bright.shape, grid, 1.3)
    return track_tube(
        [grid.hu[venous]], bright, spine, grid, (IVC_LEFT_MM, IVC_POSTERIOR_MM, IVC_LEAST_CONTRAST_HU)
    )


def _milliliters(mask: Mask, grid: CommonGrid) -> float:
    return float(mask.sum()) * float(np.prod(grid.spacing_mm)) / 1000.0


def _components(mask: Mask) -> Iterator[Mask]:
    """Connected parts, largest first, at most eight."""
    box = box_around(mask)
    if box is None:
        return
    labels, _ = ndimage.label(mask[box])
    sizes = np.bincount(labels.ravel())[1:]
    for i in np.argsort(sizes)[::-1][:8]:
        part = np.zeros_like(mask)
        part[box] = labels == 1 + int(i)
        yield part


def _opened(mask: Mask) -> Mask:
    """Without what is thinner than three points in any direction."""
    return within(mask, 1, ndimage.binary_opening)


@dataclass(frozen=True, eq=False)
class SoftTissue:
    """Where every pass is soft tissue, and the smoothed passes that tell.

    Attributes
    ----------
    mask : (slices, rows, columns) array of bool
    box : slices
        Part of the grid that holds the body.
    smooth : acquisition key -> array of the box's shape. [HU]
    """

    mask: Mask
    box: Box
    smooth: Mapping[str, Image]


def find_soft_tissue(grid: CommonGrid, bright: Mask) -> SoftTissue:
    """What is neither air, fat nor bone in any pass."""
    box = _body_box(grid)
    smooth = {key: ndimage.gaussian_filter(v[box], (0.5, 1.2, 1.2)) for key, v in grid.hu.items()}
    mean = reduce(np.add, smooth.values()) / np.float32(len(smooth))
    lowest = reduce(np.minimum, smooth.values())
    mask = np.zeros_like(bright)
    mask[box] = (mean > 15) & (mean < 230) & (lowest > -10) & ~bright[box]
    return SoftTissue(mask, box, smooth)


def find_liver(grid: CommonGrid, spine: NDArray[np.float64], tissue: SoftTissue) -> Mask | None:
    """The core of the liver: the largest even soft part whose middle lies right of the spine."""
    soft = tissue.mask
    column = np.arange(soft.shape[2])[None, None, :]
    right = (spine[:, 1][:, None, None] - column) * grid.spacing_mm[2]
    for part in _components(eroded(soft, 6.0, grid.spacing_mm[1]) & (right > -60)):
        middle = float(np.broadcast_to(right, part.shape)[part].mean())
        if middle < 15 or _milliliters(part, grid) < LIVER_LEAST_ML:
            continue
        core = part & (right > 15)
        inside = core[tissue.box]
        even = [np.abs(image - np.median(image[inside])) <= 35 for image in tissue.smooth.values()]
        core[tissue.box] &= np.logical_and.reduce(even)
        largest = next(_components(_opened(core)), None)
        if largest is not None and _milliliters(largest, grid) >= LIVER_LEAST_ML / 2:
            return largest
    return None


def find_spleen(
    grid: CommonGrid, spine: NDArray[np.float64], aorta: Tube, brightest: str, tissue: SoftTissue
) -> Mask | None:
    """The soft organ far left and behind, which takes up contrast without becoming as bright as a kidney.

    Parameters
    ----------
    grid : CommonGrid
        The passes.
    spine : (slices, 2) array
        Row and column of the vertebral bodies' middle.
    aorta : Tube
        As found.
    brightest : str
        Key of the pass with the brightest liver.
    tissue : SoftTissue
        As found.
    """
    soft = tissue.mask
    row = np.arange(soft.shape[1])[None, :, None]
    column = np.arange(soft.shape[2])[None, None, :]
    left = (column - spine[:, 1][:, None, None]) * grid.spacing_mm[2]
    behind = (row - aorta.rows[:, None, None]) * grid.spacing_mm[1]
    side = (left > 45) & (behind > -70)
    venous = grid.hu[brightest]
    blood = float(np.median(venous[tube_mask(aorta, soft.shape, grid, 0.6)]))
    for part in _components(eroded(soft & side, 4.0, grid.spacing_mm[1])):
        far = float(np.broadcast_to(left, part.shape)[part].mean())
        value = float(np.median(venous[part]))
        kidney = value > blood + 8
        if far > 75 and not kidney and value > 60 and _milliliters(part, grid) >= SPLEEN_LEAST_ML:
            part[tissue.box] &= np.abs(tissue.smooth[brightest] - value) <= 20
            core = next(_components(_opened(part)), None)
            believed = core is not None and _milliliters(core, grid) >= SPLEEN_LEAST_ML / 2
            return core if believed else None
    return None


def find_portal_system(
    grid: CommonGrid, marks: Landmarks, venous: str, arterial: str | None, bright: Mask
) -> Mask | None:
    """Blood of the portal, superior mesenteric and splenic veins outside of the liver.

    Parameters
    ----------
    grid : CommonGrid
        The passes.
    marks : Landmarks
        With spine, aorta and liver; the IVC is left out where it is known.
    venous, arterial : str
        Keys of the pass with the brightest liver and of the one with the brightest aorta (None if there
        is none); a thrombosed portal vein does not light up in the first, and so is not taken.
    bright : (slices, rows, columns) array of bool
        As ``always_bright`` gives it.
    """
    if marks.aorta is None or marks.liver is None or marks.spine is None:
        return None
    # (all of a liver counts, not only its even core: a bright tumor in it is no vein)
    image = ndimage.gaussian_filter(grid.hu[venous], (0.4, 0.8, 0.8))
    shape, aorta = image.shape, marks.aorta
    blood = float(np.median(image[tube_mask(aorta, shape, grid, 0.6)]))
    above = float(np.median(image[marks.liver])) + VEIN_ABOVE_LIVER_HU
    mask = (image >= above) & (image <= blood + 40) & ~bright & ~tube_mask(aorta, shape, grid, 1.4)
    if marks.ivc is not None:
        mask &= ~tube_mask(marks.ivc, shape, grid, 1.4)
    if arterial is not None and arterial != venous:
        first = ndimage.gaussian_filter(grid.hu[arterial], (0.4, 0.8, 0.8))
        peak = float(np.median(first[tube_mask(aorta, shape, grid, 0.6)]))
        mask &= first <= 42 + VEIN_ARTERIAL_SHARE * (peak - 42)
    mask &= (
        _portal_window(grid, marks.spine, aorta, marks.liver)
        & (_lung_share(image) <= MOST_LUNG)[:, None, None]
    )
    mask = within(mask, 1, lambda part: ndimage.binary_opening(part, np.ones((1, 3, 3), dtype=bool)))
    parts = [p for p in _components(mask) if _milliliters(p, grid) >= VEIN_LEAST_ML]
    return np.logical_or.reduce(parts) if parts else None


def _portal_window(grid: CommonGrid, spine: NDArray[np.float64], aorta: Tube, liver: Mask) -> Mask:
    """In front of the great vessels, near the midline, and not surrounded by liver."""
    row = np.arange(liver.shape[1])[None, :, None]
    column = np.arange(liver.shape[2])[None, None, :]
    left = (column - spine[:, 1][:, None, None]) * grid.spacing_mm[2]
    front = (aorta.rows[:, None, None] - row) * grid.spacing_mm[1]
    hull = closed(liver, 14.0, grid.spacing_mm[1]) | dilated(liver, 5.0, grid.spacing_mm[1])
    return np.asarray((left > -75) & (left < 45) & (front > 12) & (front < 85) & ~hull)


def _lung_share(image: Image) -> NDArray[np.float64]:
    """Air within the outline of the body, as a share of it, by slice."""
    body = _without_holes(ndimage.binary_opening(image > AIR_HU, _IN_PLANE, iterations=2))
    air = within(body & (image < -600), 2, lambda part: ndimage.binary_opening(part, _IN_PLANE, iterations=2))
    return np.asarray(air.sum(axis=(1, 2)) / np.maximum(body.sum(axis=(1, 2)), 1))


def _without_holes(mask: Mask) -> Mask:
    """Each slice with what its mask encloses: all that no way leads to from the border."""
    outside, count = ndimage.label(~mask, _IN_PLANE)
    open_to_border = np.zeros(count + 1, dtype=bool)
    for edge in (outside[:, 0], outside[:, -1], outside[:, :, 0], outside[:, :, -1]):
        open_to_border[edge.ravel()] = True
    open_to_border[0] = False
    return np.asarray(~open_to_border[outside])


def find_kidneys(
    grid: CommonGrid,
    spine: NDArray[np.float64],
    aorta: Tube,
    venous: str,
    bright: Mask,
    spleen: Mask | None,
) -> Mask | None:
    """Both kidneys: beside the spine and as bright as the blood in the venous pass."""
    image = ndimage.gaussian_filter(grid.hu[venous], (0.5, 1.0, 1.0))
    blood = float(np.median(image[tube_mask(aorta, image.shape, grid, 0.6)]))
    row = np.arange(image.shape[1])[None, :, None]
    column = np.arange(image.shape[2])[None, None, :]
    aside = np.abs(column - spine[:, 1][:, None, None]) * grid.spacing_mm[2]
    front = (spine[:, 0][:, None, None] - row) * grid.spacing_mm[1]
    mask = (image > blood - 20) & (aside > 28) & (aside < 100) & (front > -35) & (front < 50)
    mask &= ~bright
    if spleen is not None:
        mask &= ~within(spleen, 4, lambda part: ndimage.binary_dilation(part, iterations=4))
    parts = [
        p
        for p in _components(eroded(mask, 2.5, grid.spacing_mm[1]))
        if _milliliters(p, grid) >= KIDNEY_LEAST_ML
    ]
    if not parts:
        return None
    return within(np.logical_or.reduce(parts), 2, lambda part: ndimage.binary_closing(part, iterations=2))
