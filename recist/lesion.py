"""A lesion as the criteria see it: what it is, where it lies, how long it was measured to be.

Plain numbers only. What is not known is None, and None is never read as "normal" or "no".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from numbers import Real
from typing import TypeVar

from recist.errors import LengthError, LesionError

E = TypeVar("E", bound=StrEnum)


class LesionKind(StrEnum):
    """What a lesion is, as far as RECIST 1.1 asks."""

    SOLID = "solid"
    NODE = "node"
    BONE_SOFT_TISSUE = "bone_soft_tissue"  # lytic or mixed, with a soft-tissue part on CT or MR
    BONE_BLASTIC = "bone_blastic"  # blastic, or no soft-tissue part that can be measured
    CYSTIC = "cystic"  # a cystic metastasis
    SIMPLE_CYST = "simple_cyst"
    THROMBUS = "thrombus"  # tumor in a vein
    INFILTRATIVE = "infiltrative"  # no border that two readers would draw alike
    ASCITES = "ascites"
    EFFUSION = "effusion"  # pleural or pericardial
    LEPTOMENINGEAL = "leptomeningeal"
    LYMPHANGITIC = "lymphangitic"  # of skin or lung
    INFLAMMATORY_BREAST = "inflammatory_breast"
    PALPABLE_MASS = "palpable_mass"  # known by palpation only


class Modality(StrEnum):
    """How a lesion was seen."""

    CT = "CT"
    MR = "MR"
    CT_OR_MR = "CT_OR_MR"  # a volume whose modality is not recorded; the size limits are the same
    CALIPERS = "calipers"
    CHEST_X_RAY = "chest_x_ray"
    ULTRASOUND = "ultrasound"
    PLAIN_FILM = "plain_film"
    BONE_SCAN = "bone_scan"
    PET = "PET"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredLesion:
    """One lesion at one time point.

    Attributes
    ----------
    id : str
        Name of the lesion; the same at every time point.
    kind : LesionKind or None
    organ : str or None
        Where it lies, in words ("liver segment VII", "left lung", "porta hepatis").
    modality : Modality or None
    long_axis_mm, short_axis_mm : float or None
        Longest diameter in the slice plane, and the longest chord perpendicular to it. [mm]
    interval_mm : (low, high) or None
        What the pixel grid leaves open about the diameter the verdict rests on. [mm]
    largest_short_axis_mm : float or None
        Largest short axis of any slice of a node, where it was looked for. [mm]
    slice_thickness_mm, spacing_mm : float or None
        Thickness of a slice, and distance between the centers of neighboring slices along their
        normal (the largest one within the lesion). [mm]
    plane_degrees_from_axial : float or None
        Angle between the slice normal and the patient's long axis. [degrees]
    plane_acquired : bool or None
        Whether the scanner acquired this plane (False: it is a reformat).
    voxel_anisotropy : float or None
        Largest voxel edge divided by the smallest.
    margins_measurable : bool or None
        Whether the reader finds borders that can be measured reproducibly.
    whole_lesion : bool or None
        False if only the enhancing ("viable") part was measured, as mRECIST does.
    truncated : bool
        The lesion runs out of the volume, so that the diameter is a lower bound.
    previously_treated : bool or None
        In an area of earlier irradiation or other locoregional therapy.
    progressed : bool or None
        Whether a treated lesion has since progressed by RECIST 1.1 (see ``recist.progression``).
    contiguous_thrombus : bool or None
        Whether tumor grows out of the lesion into a vein.

    Raises
    ------
    LesionError
        ``KIND_UNKNOWN``, ``MODALITY_UNKNOWN`` for a word that names none; one that does is taken as it.
    LengthError
        ``NOT_A_LENGTH`` for a length that is no number of millimeters, at least 0.
    """

    id: str
    kind: LesionKind | None = None
    organ: str | None = None
    modality: Modality | None = None
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    interval_mm: tuple[float, float] | None = None
    largest_short_axis_mm: float | None = None
    slice_thickness_mm: float | None = None
    spacing_mm: float | None = None
    plane_degrees_from_axial: float | None = None
    plane_acquired: bool | None = None
    voxel_anisotropy: float | None = None
    margins_measurable: bool | None = None
    whole_lesion: bool | None = None
    truncated: bool = False
    previously_treated: bool | None = None
    progressed: bool | None = None
    contiguous_thrombus: bool | None = None

    def __post_init__(self) -> None:
        # "node" compared with LesionKind.NODE by `is` would be a solid lesion, measurable from 10 mm on
        object.__setattr__(self, "kind", _member(LesionKind, self.kind, "kind"))
        object.__setattr__(self, "modality", _member(Modality, self.modality, "modality"))
        for name in _LENGTHS:
            value = getattr(self, name)
            if value is not None and not _is_length(value):
                expected = "a number of millimeters, at least 0"
                raise LengthError("NOT_A_LENGTH", f"{name} {value!r}", expected=expected)

    @property
    def diameter_mm(self) -> float | None:
        """The diameter RECIST counts: short axis of a node, long axis of anything else. [mm]"""
        return self.short_axis_mm if self.kind is LesionKind.NODE else self.long_axis_mm


_LENGTHS = ("long_axis_mm", "short_axis_mm", "largest_short_axis_mm", "slice_thickness_mm", "spacing_mm")


def _is_length(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf


def _member(kinds: type[E], value: str | None, what: str) -> E | None:
    if value is None:
        return None
    if value not in set(kinds):
        expected = f"one of {', '.join(kinds)}"
        raise LesionError(f"{what.upper()}_UNKNOWN", f"{what} {value!r}", expected=expected)
    return kinds(value)
