"""Finding the aorta, the liver, the spleen, the portal system, the IVC and the kidneys by geometry.

No model is learned and none is downloaded. The spine is bright in every pass, the aorta is the
round tube in front of its left side, the liver is the largest soft organ of the right, and a vein is
what is brighter than the liver in the venous pass without having been as bright as the aorta in the
arterial one. What is not found is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.phases.common_grid import CommonGrid
from imaging.phases.disks import closed, dilated
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


def always_bright(hu: Mapping[str, Image]) -> Mask:
    """Voxels that are bright and equally so in every pass: bone, and contrast that was drunk.

    An aorta may be bright in an arterial and a portal venous pass, but never equally.
    """
    smooth = [ndimage.gaussian_filter(image, (0.0, 0.8, 0.8)) for image in hu.values()]
    lowest, highest = np.minimum.reduce(smooth), np.maximum.reduce(smooth)
    if len(smooth) == 1:
        return np.asarray(lowest > SURELY_NOT_BLOOD_HU)
    steady = (lowest > ALWAYS_BRIGHT_HU) & (highest - lowest < STEADY_HU)
    return np.asarray(steady | (lowest > SURELY_NOT_BLOOD_HU))


def find_spine(grid: CommonGrid) -> NDArray[np.float64] | None:
    """Row and column (slices, 2) of the vertebral bodies' middle; None without a spine in view."""
    mean = np.minimum.reduce(list(grid.hu.values()))
    body = mean > -300
    if body.mean() < 0.02:
        return None
    rows, columns = np.nonzero(body.any(axis=0))
    middle, front, back = float(np.median(columns)), rows.min(), rows.max()
    bone = np.clip(mean - 120.0, 0.0, 300.0)
    smooth = ndimage.gaussian_filter(bone, (2.0, 12.0 / grid.spacing_mm[1], 12.0 / grid.spacing_mm[2]))
    row, column = np.mgrid[: mean.shape[1], : mean.shape[2]]
    depth = (row - front) / max(back - front, 1)
    near = (
        np.exp(-0.5 * ((column - middle) * grid.spacing_mm[2] / 35.0) ** 2) * (depth > 0.4) * (depth < 0.95)
    )
    smooth = smooth * near
    if smooth.max() < 8.0:
        return None
    flat = smooth.reshape(len(smooth), -1).argmax(axis=1)
    points = np.stack(np.unravel_index(flat, mean.shape[1:]), axis=1).astype(np.float64)
    return np.asarray(ndimage.median_filter(points, size=(min(9, len(points)), 1), mode="nearest"))


def find_aorta(grid: CommonGrid, spine: NDArray[np.float64], bright: Mask) -> Tube | None:
    """Track the round tube in front of the left side of the spine through the slices."""
    smooth = [ndimage.gaussian_filter(np.clip(v, -150, 400), (0.6, 0.7, 0.7)) for v in grid.hu.values()]
    best = np.maximum.reduce(smooth)
    return track_tube(best, bright, spine, grid, (AORTA_LEFT_MM, AORTA_POSTERIOR_MM, AORTA_LEAST_CONTRAST_HU))


def find_ivc(
    grid: CommonGrid, spine: NDArray[np.float64], aorta: Tube, venous: str, bright: Mask
) -> Tube | None:
    """Track the IVC in the venous pass, right of the spine."""
    image = ndimage.gaussian_filter(np.clip(grid.hu[venous], -150, 400), (0.6, 0.7, 0.7))
    bright = bright | tube_mask(aorta, image.shape, grid, 1.3)
    return track_tube(image, bright, spine, grid, (IVC_LEFT_MM, IVC_POSTERIOR_MM, IVC_LEAST_CONTRAST_HU))


def _milliliters(mask: Mask, grid: CommonGrid) -> float:
    return float(mask.sum()) * float(np.prod(grid.spacing_mm)) / 1000.0


def _eroded(mask: Mask, grid: CommonGrid, by_mm: float) -> Mask:
    """Points deeper inside than ``by_mm``, measured within the slice (slices may be few and thick)."""
    depth = [ndimage.distance_transform_edt(layer, sampling=grid.spacing_mm[1:]) for layer in mask]
    return np.asarray(np.stack(depth) > by_mm)


def _components(mask: Mask) -> list[Mask]:
    """Connected parts, largest first, at most eight."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:] if count else np.array([])
    return [np.asarray(labels == 1 + int(i)) for i in np.argsort(sizes)[::-1][:8]]


@dataclass(frozen=True, eq=False)
class SoftTissue:
    """Where every pass is soft tissue, and the smoothed passes that tell.

    Attributes
    ----------
    mask : (slices, rows, columns) array of bool
    smooth : one (slices, rows, columns) array per pass. [HU]
    """

    mask: Mask
    smooth: tuple[Image, ...]


def find_soft_tissue(grid: CommonGrid, bright: Mask) -> SoftTissue:
    """What is neither air, fat nor bone in any pass."""
    smooth = [ndimage.gaussian_filter(v, (0.5, 1.2, 1.2)) for v in grid.hu.values()]
    mean = np.mean(smooth, axis=0)
    lowest = np.minimum.reduce(smooth)
    mask = (mean > 15) & (mean < 230) & (lowest > -10) & ~bright
    return SoftTissue(np.asarray(mask), tuple(smooth))


def find_liver(grid: CommonGrid, spine: NDArray[np.float64], tissue: SoftTissue) -> Mask | None:
    """The core of the liver: the largest even soft part whose middle lies right of the spine."""
    soft = tissue.mask
    column = np.arange(soft.shape[2])[None, None, :]
    right = (spine[:, 1][:, None, None] - column) * grid.spacing_mm[2]
    for part in _components(_eroded(soft, grid, 6.0) & (right > -60)):
        if float(right[0, 0][np.nonzero(part)[2]].mean()) < 15 or _milliliters(part, grid) < LIVER_LEAST_ML:
            continue
        core = part & (right > 15)
        for image in tissue.smooth:
            core &= np.abs(image - np.median(image[part & (right > 15)])) <= 35
        core = ndimage.binary_opening(core, iterations=1)
        parts = _components(core)
        if parts and _milliliters(parts[0], grid) >= LIVER_LEAST_ML / 2:
            return parts[0]
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
    for part in _components(_eroded(soft & side, grid, 4.0)):
        far = float(np.broadcast_to(left, part.shape)[part].mean())
        value = float(np.median(venous[part]))
        kidney = value > blood + 8
        if far > 75 and not kidney and value > 60 and _milliliters(part, grid) >= SPLEEN_LEAST_ML:
            even = ndimage.gaussian_filter(venous, (0.5, 1.2, 1.2))
            core = _components(ndimage.binary_opening(part & (np.abs(even - value) <= 20)))
            return core[0] if core and _milliliters(core[0], grid) >= SPLEEN_LEAST_ML / 2 else None
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
    mask = ndimage.binary_opening(mask, np.ones((1, 3, 3), dtype=bool))
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
    shares = []
    for layer in image:
        body = ndimage.binary_fill_holes(ndimage.binary_opening(layer > -300, iterations=2))
        air = ndimage.binary_opening(body & (layer < -600), iterations=2)
        shares.append(float(air.sum()) / max(float(body.sum()), 1.0))
    return np.array(shares)


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
        mask &= ~ndimage.binary_dilation(spleen, iterations=4)
    parts = [p for p in _components(_eroded(mask, grid, 2.5)) if _milliliters(p, grid) >= KIDNEY_LEAST_ML]
    return ndimage.binary_closing(np.logical_or.reduce(parts), iterations=2) if parts else None
