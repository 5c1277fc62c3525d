"""Numbers of each pass at the landmarks, in Hounsfield units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.boxes import box_around
from imaging.phases.common_grid import CommonGrid
from imaging.phases.disks import closed, eroded
from imaging.phases.landmarks import (
    Landmarks,
    SoftTissue,
    always_bright,
    find_aorta,
    find_ivc,
    find_kidneys,
    find_liver,
    find_portal_system,
    find_soft_tissue,
    find_spine,
    find_spleen,
)
from imaging.phases.pass_numbers import UNENHANCED_BLOOD_HU, PassNumbers
from imaging.phases.tubes import Image, Mask, Tube, tube_mask

#: Share of the aorta's radius that is measured, away from wall and partial volume.
LUMEN_SHARE = 0.6
#: How far the aorta may have moved between two breath-holds. [grid points]
AORTA_MOVES = 2
#: Blood of one pass before contrast is one: the same in every vessel within this. [HU]
SAME_BLOOD_HU = 15.0
#: What the IVC is brighter than the liver by in the venous pass, or it is a piece of liver. [HU]
IVC_ABOVE_LIVER_HU = 10.0
#: Blood on CT, with or without contrast; outside of this the tube was not the aorta. [HU]
BLOOD_HU = (15.0, 900.0)
#: The renal sinus opens toward the spine by up to twice this. [mm]
SINUS_REACH_MM = 18.0
#: How much urine must be bright. [ml]
PELVIS_ML = 0.4
#: Fewest points of a part that is measured.
LEAST_POINTS = 30
#: In the venous passes the vessels differ by at most this (D.3). [HU]
VENOUS_BLOOD_HU = 50.0


def measure_grid(grid: CommonGrid) -> tuple[dict[str, PassNumbers], Landmarks]:
    """Find the landmarks on a common grid and measure every pass at them."""
    spine = find_spine(grid)
    if spine is None:
        return {key: PassNumbers() for key in grid.hu}, Landmarks()
    bright = always_bright(grid)
    aorta = find_aorta(grid, spine, bright)
    tissue = find_soft_tissue(grid, bright)
    liver = find_liver(grid, spine, tissue)
    marks = Landmarks(spine=spine, aorta=aorta, liver=liver)
    numbers = {key: PassNumbers(liver=_median(v, liver)) for key, v in grid.hu.items()}
    if aorta is None:
        return numbers, marks
    blood = {key: aorta_hu(image, aorta, grid) for key, image in grid.hu.items()}
    if not all(BLOOD_HU[0] <= value <= BLOOD_HU[1] for value in blood.values()):
        return numbers, replace(marks, aorta=None)
    numbers = {key: replace(n, aorta=blood[key]) for key, n in numbers.items()}
    if liver is not None:
        marks = _veins_and_organs(grid, marks, numbers, bright, tissue)
        if marks.spleen is not None and marks.spleen.sum() > liver.sum():
            # situs inversus, or a position typed wrongly: the "liver" is the spleen, nothing is sure
            return {key: PassNumbers() for key in grid.hu}, Landmarks(spine=spine)
    kidneys = None if marks.kidneys is None else _kidney_parts(marks.kidneys, grid)
    return {key: _measured(grid, marks, key, n, kidneys) for key, n in numbers.items()}, marks


def aorta_hu(image: Image, tube: Tube, grid: CommonGrid) -> float:
    """Median over slices of the most even disk near the tracked center; NaN if none is within view. [HU]"""
    values = []
    for layer, row, column, radius_mm in zip(image, tube.rows, tube.columns, tube.radius_mm, strict=True):
        disk = _disk(LUMEN_SHARE * float(radius_mm), grid.spacing_mm[1])
        centers = _MOVES + np.array((row, column))
        reach = int(np.ceil(LUMEN_SHARE * float(radius_mm) / grid.spacing_mm[1]))
        inside = (centers >= reach).all(axis=1) & (centers < np.array(layer.shape) - reach).all(axis=1)
        if not inside.any():
            continue
        at = centers[inside, None] + disk
        lumens = layer[at[..., 0], at[..., 1]]
        spread = lumens.std(axis=1) + 0.5 * np.abs(_MOVES[inside]).sum(axis=1)
        values.append(float(np.median(lumens[spread.argmin()])))
    return float(np.median(values)) if values else math.nan


#: Where the middle of the aorta may lie in one pass, from where it lies in all. [grid points]
_MOVES = np.stack(
    np.meshgrid(*[np.arange(-AORTA_MOVES, AORTA_MOVES + 1)] * 2, indexing="ij"), axis=-1
).reshape(-1, 2)


def _disk(radius_mm: float, spacing_mm: float) -> NDArray[np.int_]:
    """Rows and columns (points, 2) within a radius of the middle. [grid points]"""
    reach = int(np.ceil(radius_mm / spacing_mm))
    points = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    return np.asarray(points[np.hypot(*points.T) * spacing_mm <= radius_mm])


def _veins_and_organs(
    grid: CommonGrid,
    marks: Landmarks,
    numbers: Mapping[str, PassNumbers],
    bright: Mask,
    tissue: SoftTissue,
) -> Landmarks:
    assert marks.spine is not None and marks.aorta is not None
    liver = {key: n.liver for key, n in numbers.items() if n.liver is not None}
    blood = {key: n.aorta for key, n in numbers.items() if n.aorta is not None}
    venous = max(liver, key=lambda key: liver[key])
    arterial = max(blood, key=lambda key: blood[key])
    ivc = find_ivc(grid, marks.spine, marks.aorta, venous, bright)
    if ivc is not None:
        lumen = tube_mask(ivc, grid.hu[venous].shape, grid, LUMEN_SHARE)
        above_liver = float(np.median(grid.hu[venous][lumen])) - liver[venous] >= IVC_ABOVE_LIVER_HU
        ivc = ivc if above_liver and _is_blood(grid, lumen, blood, venous) else None
    spine, aorta = marks.spine, marks.aorta
    marks = replace(marks, ivc=ivc)
    portal = find_portal_system(grid, marks, venous, arterial, bright)
    if portal is not None and not _is_blood(grid, portal, blood, venous):
        portal = None
    spleen = find_spleen(grid, spine, aorta, venous, tissue)
    kidneys = find_kidneys(grid, spine, aorta, venous, bright, spleen)
    return replace(marks, portal=portal, spleen=spleen, kidneys=kidneys)


def _is_blood(grid: CommonGrid, mask: Mask, blood: Mapping[str, float], venous: str) -> bool:
    """Whether what was found has the density of blood before contrast and in the venous pass."""
    if abs(float(np.median(grid.hu[venous][mask])) - blood[venous]) > VENOUS_BLOOD_HU:
        return False
    plain = [key for key, value in blood.items() if value < UNENHANCED_BLOOD_HU]
    return all(abs(float(np.median(grid.hu[key][mask])) - blood[key]) <= SAME_BLOOD_HU for key in plain)


def _median(image: Image, mask: Mask | None) -> float | None:
    return None if mask is None else float(np.median(image[mask]))


def _measured(
    grid: CommonGrid, marks: Landmarks, key: str, numbers: PassNumbers, kidneys: _KidneyParts | None
) -> PassNumbers:
    image = grid.hu[key]
    return replace(
        numbers,
        spleen=_median(image, marks.spleen),
        portal=_median(image, marks.portal),
        mottling=_mottling(image, marks.spleen),
        cortex_minus_medulla=None if kidneys is None else _cortex_minus_medulla(image, kidneys),
        urine_above_kidney=None if kidneys is None else _urine(image, kidneys, grid),
    )


#: Points farther than this from the spleen do not enter its smoothing.
MOTTLING_REACH = 5


def _mottling(image: Image, spleen: Mask | None) -> float | None:
    if spleen is None:
        return None
    box = box_around(spleen, MOTTLING_REACH)
    if box is None:
        return None
    smooth = ndimage.gaussian_filter(image[box], (0, 1.2, 1.2))[spleen[box]]
    return float(1.4826 * np.median(np.abs(smooth - np.median(smooth))))


@dataclass(frozen=True, eq=False)
class _KidneyParts:
    outer: Mask
    inner: Mask
    enclosed: Mask


def _kidney_parts(kidneys: Mask, grid: CommonGrid) -> _KidneyParts:
    """Outer and inner part of the kidneys, and all they enclose: the sinus opens toward the spine."""
    whole = closed(kidneys, round(SINUS_REACH_MM / grid.spacing_mm[1]), 1)
    shell, core, enclosed = (eroded(whole, deep_mm, grid.spacing_mm[1]) for deep_mm in (4.0, 8.0, 3.0))
    return _KidneyParts(kidneys & ~shell, kidneys & core, enclosed)


def _cortex_minus_medulla(image: Image, parts: _KidneyParts) -> float | None:
    if parts.outer.sum() < LEAST_POINTS or parts.inner.sum() < LEAST_POINTS:
        return None
    return float(np.median(image[parts.outer]) - np.median(image[parts.inner]))


def _urine(image: Image, parts: _KidneyParts, grid: CommonGrid) -> float | None:
    """How much the brightest piece of what the kidneys enclose exceeds the kidneys themselves. [HU]"""
    count = max(4, round(1000 * PELVIS_ML / float(np.prod(grid.spacing_mm))))
    enclosed = np.sort(image[parts.enclosed])[-count:]
    if len(enclosed) < count or not parts.outer.any():
        return None
    return float(np.median(enclosed) - np.median(image[parts.outer]))


def measure_masks(voxels: NDArray[np.generic], masks: Mapping[str, NDArray[np.bool_]]) -> PassNumbers:
    """Numbers of one pass from organ masks that came from elsewhere (names as TotalSegmentator's).

    Parameters
    ----------
    voxels : (slices, rows, columns) array
        The pass. [HU]
    masks : organ name -> (slices, rows, columns) array of bool
        On the same grid.
    """

    def median(*names: str) -> float | None:
        found = [masks[name] for name in names if name in masks and masks[name].any()]
        if not found:
            return None
        mask = np.logical_or.reduce(found)
        core = ndimage.binary_erosion(mask, np.ones((1, 3, 3), dtype=bool))
        return float(np.median(voxels[core if core.any() else mask]))

    return PassNumbers(
        aorta=median("aorta"),
        liver=median("liver"),
        spleen=median("spleen"),
        portal=median("portal_vein_and_splenic_vein", "portal_vein"),
    )
