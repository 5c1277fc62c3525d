"""Numbers of each pass at the landmarks, in Hounsfield units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.phases.common_grid import CommonGrid
from imaging.phases.landmarks import (
    Image,
    Landmarks,
    Mask,
    Tube,
    find_aorta,
    find_ivc,
    find_kidneys,
    find_liver,
    find_portal_system,
    find_spine,
    find_spleen,
    tube_mask,
)

#: Share of the aorta's radius that is measured, away from wall and partial volume.
LUMEN_SHARE = 0.6
#: How far the aorta may have moved between two breath-holds. [grid points]
AORTA_MOVES = 2
#: Blood of one pass before contrast is one: the same in every vessel within this. [HU]
SAME_BLOOD_HU = 15.0
#: In the venous passes the vessels differ by at most this (D.3). [HU]
VENOUS_BLOOD_HU = 50.0


@dataclass(frozen=True, slots=True)
class PassNumbers:
    """What one pass measures; None where the landmark was not found. [HU]

    Attributes
    ----------
    aorta, liver, spleen, portal : float or None
        Medians of aorta, liver, spleen, and the veins of the portal system outside of the liver.
    mottling : float or None
        Robust SD of the smoothed spleen, which is streaked in the first minute only.
    mottled : bool
        Whether that is much compared with the other passes of the study.
    cortex_minus_medulla : float or None
        Outer minus inner part of the kidneys.
    pelvis : float or None
        Brightest part inside of the kidneys' outline; urine with contrast after about two minutes.
    """

    aorta: float | None = None
    liver: float | None = None
    spleen: float | None = None
    portal: float | None = None
    mottling: float | None = None
    mottled: bool = False
    cortex_minus_medulla: float | None = None
    pelvis: float | None = None

    def words(self) -> str:
        """The numbers as they are printed."""
        named = (
            ("aorta", self.aorta),
            ("portal system", self.portal),
            ("liver", self.liver),
            ("spleen", self.spleen),
        )
        parts = [f"{name} {value:.0f} HU" for name, value in named if value is not None]
        if self.mottling is not None:
            parts.append(f"spleen SD {self.mottling:.0f} HU")
        if self.cortex_minus_medulla is not None:
            parts.append(f"kidney cortex - medulla {self.cortex_minus_medulla:.0f} HU")
        if self.pelvis is not None:
            parts.append(f"brightest in kidney {self.pelvis:.0f} HU")
        return ", ".join(parts) or "no landmark found"


def measure_grid(grid: CommonGrid) -> tuple[dict[str, PassNumbers], Landmarks]:
    """Find the landmarks on a common grid and measure every pass at them."""
    spine = find_spine(grid)
    if spine is None:
        return {key: PassNumbers() for key in grid.hu}, Landmarks()
    aorta = find_aorta(grid, spine)
    liver = find_liver(grid, spine)
    marks = Landmarks(spine=spine, aorta=aorta, liver=liver)
    numbers = {key: PassNumbers(liver=_median(v, liver)) for key, v in grid.hu.items()}
    if aorta is None:
        return numbers, marks
    numbers = {key: replace(n, aorta=aorta_hu(grid.hu[key], aorta, grid)) for key, n in numbers.items()}
    if liver is not None:
        marks = _veins_and_organs(grid, marks, numbers)
    return {key: _measured(grid, marks, key, n) for key, n in numbers.items()}, marks


def aorta_hu(image: Image, tube: Tube, grid: CommonGrid) -> float:
    """Median over slices of the most even disk near the tracked center. [HU]"""
    values = []
    shape = image.shape
    for k in range(shape[0]):
        reach = int(np.ceil(LUMEN_SHARE * tube.radius_mm[k] / grid.spacing_mm[1]))
        row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        disk = np.hypot(row, column) * grid.spacing_mm[1] <= LUMEN_SHARE * tube.radius_mm[k]
        best: tuple[float, float] | None = None
        for i in range(-AORTA_MOVES, AORTA_MOVES + 1):
            for j in range(-AORTA_MOVES, AORTA_MOVES + 1):
                r, c = int(tube.rows[k]) + i, int(tube.columns[k]) + j
                part = image[k, r - reach : r + reach + 1, c - reach : c + reach + 1]
                if part.shape != disk.shape:
                    continue
                spread = float(part[disk].std()) + 0.5 * (abs(i) + abs(j))
                if best is None or spread < best[0]:
                    best = (spread, float(np.median(part[disk])))
        if best is not None:
            values.append(best[1])
    return float(np.median(values))


def _veins_and_organs(grid: CommonGrid, marks: Landmarks, numbers: Mapping[str, PassNumbers]) -> Landmarks:
    assert marks.spine is not None and marks.aorta is not None
    liver = {key: n.liver for key, n in numbers.items() if n.liver is not None}
    blood = {key: n.aorta for key, n in numbers.items() if n.aorta is not None}
    venous = max(liver, key=lambda key: liver[key])
    arterial = max(blood, key=lambda key: blood[key])
    ivc = find_ivc(grid, marks.spine, marks.aorta, venous)
    if ivc is not None and not _is_blood(
        grid, tube_mask(ivc, grid.hu[venous].shape, grid, LUMEN_SHARE), blood, venous
    ):
        ivc = None
    spine, aorta = marks.spine, marks.aorta
    marks = replace(marks, ivc=ivc)
    portal = find_portal_system(grid, marks, venous, arterial)
    if portal is not None and not _is_blood(grid, portal, blood, venous):
        portal = None
    spleen = find_spleen(grid, spine, aorta, venous)
    kidneys = find_kidneys(grid, spine, aorta, venous, spleen)
    return replace(marks, portal=portal, spleen=spleen, kidneys=kidneys)


def _is_blood(grid: CommonGrid, mask: Mask, blood: Mapping[str, float], venous: str) -> bool:
    """Whether what was found has the density of blood before contrast and in the venous pass."""
    if abs(float(np.median(grid.hu[venous][mask])) - blood[venous]) > VENOUS_BLOOD_HU:
        return False
    plain = [key for key, value in blood.items() if value < UNENHANCED_BLOOD_HU]
    return all(abs(float(np.median(grid.hu[key][mask])) - blood[key]) <= SAME_BLOOD_HU for key in plain)


#: Blood without contrast is darker than this (D.3). [HU]
UNENHANCED_BLOOD_HU = 70.0


def _median(image: Image, mask: Mask | None) -> float | None:
    return None if mask is None else float(np.median(image[mask]))


def _measured(grid: CommonGrid, marks: Landmarks, key: str, numbers: PassNumbers) -> PassNumbers:
    image = grid.hu[key]
    kidneys = _kidneys(image, marks.kidneys, grid)
    return replace(
        numbers,
        spleen=_median(image, marks.spleen),
        portal=_median(image, marks.portal),
        mottling=_mottling(image, marks.spleen),
        cortex_minus_medulla=kidneys[0],
        pelvis=kidneys[1],
    )


def _mottling(image: Image, spleen: Mask | None) -> float | None:
    if spleen is None:
        return None
    smooth = ndimage.gaussian_filter(image, (0, 1.2, 1.2))[spleen]
    return float(1.4826 * np.median(np.abs(smooth - np.median(smooth))))


def _kidneys(image: Image, kidneys: Mask | None, grid: CommonGrid) -> tuple[float | None, float | None]:
    """Outer minus inner part, and the brightest percent of the kidneys with what they enclose."""
    if kidneys is None:
        return None, None
    disk = np.hypot(*np.mgrid[-7:8, -7:8]) <= 7  # closes the sinus, which opens toward the spine
    whole = np.stack([ndimage.binary_closing(layer, disk) for layer in kidneys])
    depth = np.stack([ndimage.distance_transform_edt(layer, sampling=grid.spacing_mm[1:]) for layer in whole])
    outer, inner = whole & (depth <= 5), whole & (depth > 9)
    pelvis = float(np.percentile(image[whole & (depth > 4)], 98)) if (whole & (depth > 4)).any() else None
    if inner.sum() < 30:
        return None, pelvis
    return float(np.median(image[outer]) - np.median(image[inner])), pelvis


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
