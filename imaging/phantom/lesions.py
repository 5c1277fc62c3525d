"""Tumors: the primary, and whatever else a study should show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.phantom.part import Part
from imaging.phantom.shapes import Point, ellipsoid

#: Thickness of the primary tumor's capsule, which belongs to the lesion that is measured. [mm]
CAPSULE_MM = 2.4


@dataclass(frozen=True, slots=True)
class Lesion:
    """An ellipsoid with one axis along the body.

    Attributes
    ----------
    id : str
    role : str
        Region role: ``primary_tumor``, ``target_lesion``, ``lymph_node``.
    center_mm : (left, posterior, superior). [mm]
    diameters_mm : (long axis, short axis, height)
        True axes in the axial plane through the center, and the height along the body. [mm]
    turn_degrees : float
        From left toward posterior. [degrees]
    """

    id: str
    role: str
    center_mm: Point
    diameters_mm: Point
    turn_degrees: float = 0.0

    @property
    def radii_mm(self) -> Point:
        """Half the diameters. [mm]"""
        long, short, height = self.diameters_mm
        return long / 2, short / 2, height / 2

    def axes_at(self, offset_mm: float) -> tuple[float, float]:
        """True long and short axis in an axial plane ``offset_mm`` above the center. [mm]"""
        share = 1 - (offset_mm / self.radii_mm[2]) ** 2
        shrink = float(np.sqrt(max(0.0, share)))
        return self.diameters_mm[0] * shrink, self.diameters_mm[1] * shrink


#: The primary tumor: in the right lobe, with its medial edge around the right portal vein.
PRIMARY = Lesion("hcc1", "primary_tumor", (-101.0, 0.0, 10.0), (54.0, 43.0, 48.0), 62.0)

#: Lesions that a spec may add.
SATELLITE = Lesion("satellite1", "target_lesion", (-70.0, 40.0, 36.0), (14.0, 12.0, 15.0), 20.0)
SMALL = Lesion("small1", "target_lesion", (-36.0, -52.0, 30.0), (8.4, 7.6, 8.0), 0.0)
NODE = Lesion("node1", "lymph_node", (-8.0, 30.0, -8.0), (26.0, 17.0, 24.0), 30.0)


def primary(lesion: Lesion = PRIMARY) -> tuple[Part, ...]:
    """Tumor with capsule and a small necrosis."""
    whole = ellipsoid(lesion.center_mm, lesion.radii_mm, lesion.turn_degrees)
    left, posterior, superior = lesion.center_mm
    a, b, c = lesion.radii_mm
    core = ellipsoid(
        (left - 0.1 * a, posterior + 0.3 * b, superior + 0.1 * c), (0.26 * a, 0.2 * b, 0.3 * c), 30
    )
    return (
        Part(f"{lesion.id}_capsule", "capsule", whole),
        Part(lesion.id, "hcc", whole.grown(-CAPSULE_MM), texture="mosaic"),
        Part(f"{lesion.id}_necrosis", "necrosis", core),
    )


def further(lesion: Lesion) -> tuple[Part, ...]:
    """A lesion without a capsule."""
    tissue = "lymph_node" if lesion.role == "lymph_node" else "hcc"
    return (Part(lesion.id, tissue, ellipsoid(lesion.center_mm, lesion.radii_mm, lesion.turn_degrees)),)
