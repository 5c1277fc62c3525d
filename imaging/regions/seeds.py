"""Regions given as cylinders in the patient, evaluated on every acquisition's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole
from imaging.volume import Acquisition, Study

#: Names used in seed files that are not roles themselves.
ROLE_OF_NAME = {
    "lesion": RegionRole.PRIMARY_TUMOR,
    "tumor": RegionRole.PRIMARY_TUMOR,
    "thrombus": RegionRole.FILLING_DEFECT,
    "defect": RegionRole.FILLING_DEFECT,
    "liver": RegionRole.REFERENCE_LIVER,
}


@dataclass(frozen=True, slots=True)
class Cylinder:
    """An upright cylinder around a point of the patient.

    Attributes
    ----------
    center_lps_mm : (left, posterior, superior)
        [mm]
    radius_mm, half_height_mm : float
        In the patient's axial plane, and along the patient's long axis. [mm]
    """

    name: str
    center_lps_mm: tuple[float, float, float]
    radius_mm: float
    half_height_mm: float
    role: RegionRole | None = None

    def region_role(self) -> RegionRole:
        """The stated role, or the one its name means.

        Raises
        ------
        RegionError
            ``UNKNOWN_ROLE`` if neither is known.
        """
        if self.role is not None:
            return self.role
        name = self.name.lower()
        if name in ROLE_OF_NAME:
            return ROLE_OF_NAME[name]
        if name in set(RegionRole):
            return RegionRole(name)
        raise RegionError(
            "UNKNOWN_ROLE",
            f"a seed called {self.name!r} without a role",
            expected=f"one of {', '.join(RegionRole)}",
            advice='Add "role" to the seed.',
        )


def cylinder_mask(
    cylinder: Cylinder,
    geometry: VolumeGeometry,
    provenance: Provenance = Provenance.DRAWN,
    verified: bool = True,
) -> RegionMask | None:
    """Voxels whose centers lie in the cylinder; None where the grid has none of them."""
    center = np.array(cylinder.center_lps_mm)
    reach = np.array([cylinder.radius_mm, cylinder.radius_mm, cylinder.half_height_mm])
    corners = center + reach * (np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T)
    index = geometry.index(corners)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, geometry.shape)
    if (high <= low).any():
        return None
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    away = geometry.patient_mm(grid) - center
    inside = (np.hypot(away[..., 0], away[..., 1]) <= cylinder.radius_mm) & (
        np.abs(away[..., 2]) <= cylinder.half_height_mm
    )
    if not inside.any():
        return None
    offset = (int(low[0]), int(low[1]), int(low[2]))
    return RegionMask.from_box(inside, offset, geometry, provenance, verified)


def seed_regions(cylinders: list[Cylinder], study: Study, placed_on: Acquisition) -> tuple[Region, ...]:
    """One region per cylinder, on every acquisition at the same patient position.

    On ``placed_on`` the mask counts as drawn; elsewhere as propagated and unverified, since the phases
    are separate breath-holds. Acquisitions in another frame of reference get none.
    """
    frame = placed_on.header.frame_of_reference_uid
    regions = []
    for number, cylinder in enumerate(cylinders, 1):
        masks = {}
        for acquisition in study:
            own = acquisition.key == placed_on.key
            if not own and (frame is None or acquisition.header.frame_of_reference_uid != frame):
                continue
            mask = cylinder_mask(
                cylinder,
                acquisition.volume.geometry,
                Provenance.DRAWN if own else Provenance.PROPAGATED,
                verified=own,
            )
            if mask is not None:
                masks[acquisition.key] = mask
        regions.append(Region(cylinder.name or f"region-{number}", cylinder.region_role(), masks))
    return tuple(regions)
