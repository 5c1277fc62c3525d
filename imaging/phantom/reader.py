"""Regions as a careful reader draws them, and what that reader would say.

A filling defect is sampled well inside its wall, reference tissue away from vessels, a lesion as a
whole with its capsule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.boxes import box_around
from imaging.phantom.phantom import Phantom
from imaging.phantom.shapes import Point

#: How far inside the clot its region stays: at least one voxel and 1.5 mm from wall, lumen and tumor. [mm]
CLOT_MARGIN_MM = 2.1
#: How far tissue regions stay from anything else. [mm]
TISSUE_MARGIN_MM = 3.0
#: The same in pixels, for coarse grids: the outermost pixels hold part of what lies beside them.
_MARGIN_PIXELS = 1.1
#: Radius of the circles in reference liver and spleen, and half the height they span. [mm]
CIRCLE_RADIUS_MM, CIRCLE_HALF_HEIGHT_MM = 9.0, 8.0

#: Middles of the circles, in the unenhanced breath-hold. [mm]
_LIVER_CIRCLES: tuple[Point, ...] = ((-86, 52, 12), (-44, -52, 14), (-60, 34, 12))
_SPLEEN_CIRCLES: tuple[Point, ...] = ((108, 44, 12),)
_MUSCLE_CIRCLES: tuple[Point, ...] = ((-34, 97, 10), (34, 97, 10))
_AORTA_HEIGHT_MM, _AORTA_HALF_HEIGHT_MM = 12.0, 13.0


@dataclass(frozen=True, slots=True)
class DrawnRegion:
    """One entry of ``regions.json``."""

    id: str
    role: str
    label: int
    vessel: str | None = None
    level: str | None = None

    def entry(self) -> dict[str, Any]:
        """As JSON."""
        vessel = {} if self.vessel is None else {"vessel": self.vessel, "level": self.level}
        return {"id": self.id, "role": self.role, **vessel, "label": self.label}


def drawn_regions(phantom: Phantom) -> tuple[DrawnRegion, ...]:
    """What the reader outlines, in the order of the labels."""
    spec = phantom.spec
    found = [
        DrawnRegion(spec.primary.id, "primary_tumor", 2),
        DrawnRegion("liver", "reference_liver", 3),
        DrawnRegion("aorta", "aorta", 4),
        DrawnRegion("portal_vein", "portal_vein", 5),
        DrawnRegion("spleen", "spleen", 6),
        DrawnRegion("muscle", "muscle", 7),
    ]
    if spec.thrombus != "none":
        found.insert(0, DrawnRegion("defect1", "filling_defect", 1, "portal_vein", "Vp4"))
    further = (DrawnRegion(x.id, x.role, 8 + i) for i, x in enumerate(spec.further_lesions))
    return (*found, *further)


def drawn_labels(phantom: Phantom, key: str) -> NDArray[np.uint8]:
    """Label map (slices, rows, columns) of the reader's regions on one acquisition."""
    outline: Mapping[str, Callable[[], NDArray[np.bool_]]] = {
        "defect1": lambda: _inside(phantom, key, CLOT_MARGIN_MM, "thrombus"),
        "liver": lambda: _circles(phantom, key, _LIVER_CIRCLES, "liver"),
        "spleen": lambda: _circles(phantom, key, _SPLEEN_CIRCLES, "spleen"),
        "muscle": lambda: _circles(phantom, key, _MUSCLE_CIRCLES, "muscle", moves=False),
        "aorta": lambda: _aorta(phantom, key),
        "portal_vein": lambda: _patent_portal(phantom, key),
    }
    labels = np.zeros(phantom.spec.shape, np.uint8)
    for region in drawn_regions(phantom):
        known = outline.get(region.id)
        labels[known() if known else phantom.lesion_mask(key, region.id)] = region.label
    return labels


def _inside(
    phantom: Phantom,
    key: str,
    margin_mm: float,
    *names: str,
    among: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Voxels more than ``margin_mm`` and more than one pixel inside the named parts, within the slices.

    Only voxels of ``among`` are looked at where it is given.
    """
    pixel_mm = phantom.spec.spacing_mm[2]
    margin_mm = max(margin_mm, _MARGIN_PIXELS * pixel_mm)
    mask = phantom.mask(key, *names)
    found = np.zeros(mask.shape, dtype=bool)
    box = box_around(mask if among is None else among & mask, int(margin_mm / pixel_mm) + 2)
    if box is None:
        return found
    depth = ndimage.distance_transform_edt(mask[box], sampling=(1e6, *phantom.spec.spacing_mm[1:]))
    found[box] = depth > margin_mm
    return found if among is None else found & among


def _breathing(phantom: Phantom, key: str) -> Point:
    keys = [acquisition.key for acquisition in phantom.acquisitions]
    return phantom.spec.scans[keys.index(key)].breathing_mm


def _centers(phantom: Phantom) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    grid = phantom.grid
    return grid.left, grid.posterior, grid.superior


def _circles(
    phantom: Phantom, key: str, middles: tuple[Point, ...], name: str, *, moves: bool = True
) -> NDArray[np.bool_]:
    left, posterior, superior = _centers(phantom)
    shift = _breathing(phantom, key) if moves else (0.0, 0.0, 0.0)
    found = np.zeros(phantom.spec.shape, dtype=bool)
    for middle in middles:
        x, y, z = (m + s for m, s in zip(middle, shift, strict=True))
        disc = (left - x) ** 2 + (posterior - y) ** 2 <= CIRCLE_RADIUS_MM**2
        found |= disc & (np.abs(superior - z) <= CIRCLE_HALF_HEIGHT_MM)
    return _inside(phantom, key, TISSUE_MARGIN_MM, name, among=found)


def _aorta(phantom: Phantom, key: str) -> NDArray[np.bool_]:
    _, _, superior = _centers(phantom)
    near = np.abs(superior - _AORTA_HEIGHT_MM) <= _AORTA_HALF_HEIGHT_MM
    among = np.broadcast_to(near, phantom.spec.shape)
    return _inside(phantom, key, TISSUE_MARGIN_MM, "aorta", among=among)


def _patent_portal(phantom: Phantom, key: str) -> NDArray[np.bool_]:
    """Where blood still flows: trunk, confluence and the veins that feed it."""
    veins = ("portal_vein", "splenic_vein", "superior_mesenteric_vein")
    left, _, superior = _centers(phantom)
    central = (np.abs(left + 10) <= 30) & (np.abs(superior + 25) <= 30)
    among = np.broadcast_to(central, phantom.spec.shape)
    return _inside(phantom, key, CLOT_MARGIN_MM, *veins, among=among)


def reading(phantom: Phantom) -> dict[str, Any]:
    """What a reader who sees rightly says of the study, as ``reading.json``."""
    has = "yes" if phantom.spec.thrombus == "tumor" else "no"
    defect = {
        "filling_defect": "yes",
        "adjacent_to_primary": "yes",
        "arterial_enhancement": has,
        "washout_portal": has,
        "washout_delayed": has,
    }
    lesions = (phantom.spec.primary, *phantom.spec.further_lesions)
    said = {"malignant": "yes", "margins_measurable": "yes", "locoregional_treated": "no"}
    return {
        "schema_version": "1.0",
        "reader": "Reader One",
        "phase_labels": {},
        "defects": {} if phantom.spec.thrombus == "none" else {"defect1": defect},
        "lesions": {x.id: {**said, "kind": "node" if x.role == "lymph_node" else "solid"} for x in lesions},
        "lines": [],
        "complete": True,
    }
