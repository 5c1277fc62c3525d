"""A region of interest: what it is, and where it lies in each phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from imaging.boxes import box_around
from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry


class RegionRole(StrEnum):
    """What a region outlines."""

    FILLING_DEFECT = "filling_defect"
    PRIMARY_TUMOR = "primary_tumor"
    TARGET_LESION = "target_lesion"
    NON_TARGET_LESION = "non_target_lesion"
    LYMPH_NODE = "lymph_node"
    REFERENCE_LIVER = "reference_liver"
    AORTA = "aorta"
    PORTAL_VEIN = "portal_vein"
    HEPATIC_VEIN = "hepatic_vein"
    IVC = "ivc"
    SPLEEN = "spleen"
    MUSCLE = "muscle"


class Vessel(StrEnum):
    """The vein that a filling defect lies in."""

    PORTAL_VEIN = "portal_vein"
    HEPATIC_VEIN = "hepatic_vein"
    INFERIOR_VENA_CAVA = "inferior_vena_cava"


class VesselLevel(StrEnum):
    """Extent by the Liver Cancer Study Group of Japan."""

    VP1 = "Vp1"
    VP2 = "Vp2"
    VP3 = "Vp3"
    VP4 = "Vp4"
    VV1 = "Vv1"
    VV2 = "Vv2"
    VV3 = "Vv3"


class Provenance(StrEnum):
    """How a mask came to be."""

    DRAWN = "drawn"
    PROPAGATED = "propagated"
    IMPORTED = "imported"
    SUGGESTED = "suggested"


@dataclass(frozen=True, eq=False)
class RegionMask:
    """Where a region lies on one acquisition's own grid.

    Only the box around the region is stored: a liver study has room for thousands of them.

    Attributes
    ----------
    offset : (slice, row, column)
        Index of the box's first voxel in the whole grid.
    voxels : (slices, rows, columns) array of bool
        The box. Read-only, tight around the True voxels.
    geometry : VolumeGeometry
        The whole grid.
    verified : bool
        Whether a reader looked at this mask on this phase and accepts it.
    residual_mm : float or None
        How far the anatomy under a propagated mask may still lie from where it should; None if nobody
        measured it. [mm]

    Raises
    ------
    RegionError
        ``EMPTY_REGION`` if no voxel is set.
    """

    offset: tuple[int, int, int]
    voxels: NDArray[np.bool_]
    geometry: VolumeGeometry
    provenance: Provenance = Provenance.DRAWN
    verified: bool = True
    residual_mm: float | None = None

    @classmethod
    def from_full(
        cls,
        mask: NDArray[np.bool_],
        geometry: VolumeGeometry,
        provenance: Provenance = Provenance.DRAWN,
        verified: bool = True,
    ) -> RegionMask:
        """Mask (slices, rows, columns) of bool, or of 0 and 1, over the whole grid, cut to its box.

        Raises
        ------
        RegionError
            ``NOT_A_MASK`` for other values: which of several labels, or what probability, counts as
            inside is the caller's to say. ``GRID_MISMATCH``, ``EMPTY_REGION``.
        """
        given = np.asarray(mask)
        mask = given.astype(bool, copy=False)
        if given.dtype != bool and not np.array_equal(given, mask):
            raise RegionError(
                "NOT_A_MASK",
                "values other than 0 and 1",
                expected="an array of bool, or of 0 and 1",
                advice="Choose what is inside first, as `labels == 3` or `probability > 0.5`.",
            )
        if mask.shape != geometry.shape:
            raise RegionError(
                "GRID_MISMATCH",
                f"mask of shape {mask.shape}",
                expected=f"the acquisition's shape {geometry.shape}",
            )
        return cls.from_box(mask, (0, 0, 0), geometry, provenance, verified)

    @classmethod
    def from_box(
        cls,
        box: NDArray[np.bool_],
        offset: tuple[int, int, int],
        geometry: VolumeGeometry,
        provenance: Provenance = Provenance.DRAWN,
        verified: bool = True,
    ) -> RegionMask:
        """Mask given on a part (slices, rows, columns) of the grid that begins at ``offset``, cut tight."""
        held = box_around(box)
        if held is None:
            raise RegionError("EMPTY_REGION", "the region has no voxels", expected="at least one")
        tight = box[held].copy()
        tight.setflags(write=False)
        i, j, k = (begin + span.start for begin, span in zip(offset, held, strict=True))
        return cls((i, j, k), tight, geometry, provenance, verified)

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index expression of the box in the whole grid."""
        i, j, k = (slice(o, o + n) for o, n in zip(self.offset, self.voxels.shape, strict=True))
        return i, j, k

    @property
    def count(self) -> int:
        """Number of voxels."""
        return int(self.voxels.sum())

    def full(self) -> NDArray[np.bool_]:
        """The mask over the whole grid, a new array."""
        mask = np.zeros(self.geometry.shape, dtype=bool)
        mask[self.slices] = self.voxels
        return mask

    def values(self, voxels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values (count,) of a volume's ``voxels`` (slices, rows, columns) inside the region."""
        return voxels[self.slices][self.voxels]

    def positions_mm(self) -> NDArray[np.float64]:
        """Patient positions (count, 3) of the voxel centers. [mm]"""
        return self.geometry.patient_mm(np.argwhere(self.voxels) + np.array(self.offset))


@dataclass(frozen=True, eq=False)
class Region:
    """One thing a reader outlined, on as many phases as they did.

    ``masks`` is keyed by ``Acquisition.key``. Role, vessel and level may be given by their names.

    Raises
    ------
    RegionError
        ``UNKNOWN_ROLE``, ``REGIONS_FORMAT`` for a word that names no role, vessel or level.
    """

    id: str
    role: RegionRole
    masks: Mapping[str, RegionMask] = field(default_factory=dict)
    vessel: Vessel | None = None
    level: VesselLevel | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for name, kind in (("role", RegionRole), ("vessel", Vessel), ("level", VesselLevel)):
            if (value := getattr(self, name)) is None and name != "role":
                continue
            if value not in set(kind):
                raise RegionError(
                    "UNKNOWN_ROLE" if name == "role" else "REGIONS_FORMAT",
                    f"{name} {value!r} of region {self.id!r}",
                    expected=f"one of {', '.join(kind)}",
                )
            object.__setattr__(self, name, kind(value))
