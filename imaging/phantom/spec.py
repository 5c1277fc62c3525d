"""What a phantom study should show, and the studies that tests and the sample are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from imaging.phantom.contrast import DELAYED_S, HEPATOBILIARY_S, LATE_ARTERIAL_S, PORTAL_VENOUS_S
from imaging.phantom.lesions import PRIMARY, Lesion
from imaging.phantom.shapes import Point
from imaging.phases.phase import Phase

Thrombus = Literal["tumor", "bland", "none"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over the patient.

    Attributes
    ----------
    phase : Phase
        What it truly shows.
    time_s : float or None
        Seconds from the start of injection to the passage of the liver's middle; None: before it. [s]
    description : str
        SeriesDescription as a technologist would have it.
    breathing_mm : (left, posterior, superior)
        Where this breath-hold left the organs. [mm]
    """

    phase: Phase
    time_s: float | None
    description: str
    breathing_mm: Point = (0.0, 0.0, 0.0)


UNENHANCED = Scan(Phase.UNENHANCED, None, "Abdomen non-con 5.0")
LATE_ARTERIAL = Scan(Phase.LATE_ARTERIAL, LATE_ARTERIAL_S, "LIVER ART 35s 5.0", (0.6, -0.8, 2.4))
PORTAL_VENOUS = Scan(Phase.PORTAL_VENOUS, PORTAL_VENOUS_S, "PORTAL VENOUS 70s 5.0", (-0.5, 0.7, -1.8))
DELAYED = Scan(Phase.DELAYED, DELAYED_S, "DELAYED 3min 5.0", (0.4, -0.4, 3.2))
EARLY_ARTERIAL = Scan(Phase.EARLY_ARTERIAL, 20.0, "LIVER ART 20s 5.0", (0.6, -0.8, 2.4))

DYNAMIC_CT = (UNENHANCED, LATE_ARTERIAL, PORTAL_VENOUS, DELAYED)
DYNAMIC_GADOXETATE_MR = (
    replace(UNENHANCED, description="t1_vibe_fs_tra_bh PRE"),
    replace(LATE_ARTERIAL, description="t1_vibe_fs_tra_bh ART 35s"),
    replace(PORTAL_VENOUS, description="t1_vibe_fs_tra_bh PORTAL 70s"),
    Scan(Phase.TRANSITIONAL, DELAYED_S, "t1_vibe_fs_tra_bh TRANS 3min", (0.4, -0.4, 2.1)),
    Scan(Phase.HEPATOBILIARY, HEPATOBILIARY_S, "t1_vibe_fs_tra_bh HBP 20min", (-0.3, 0.2, -1.2)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomSpec:
    """Everything that determines a phantom study; equal specs give equal bytes.

    Attributes
    ----------
    seed : int
        Of the noise.
    modality : "CT" or "MR"
        MR is a fat-suppressed T1 dynamic with gadoxetate, in arbitrary units.
    shape : (slices, rows, columns)
    spacing_mm : (slices, rows, columns). [mm]
    thickness_mm : float
        SliceThickness. [mm]
    scans : tuple of Scan, in the order of their acquisition.
    noise_sd : float
        Of one voxel. [HU, or arbitrary units]
    noise_grain_mm : float
        Size of the noise's grains: larger is coarser. [mm]
    dose, cardiac_output : float
        Gain of every enhancement, and speed of the bolus, relative to the reference patient.
    thrombus : "tumor", "bland" or "none"
    thrombosed_main_portal : bool
        Whether the clot fills the main trunk down to the confluence.
    primary : Lesion
        The hepatocellular carcinoma.
    further_lesions : tuple of Lesion
    """

    seed: int = 20250620
    modality: Literal["CT", "MR"] = "CT"
    shape: tuple[int, int, int] = (32, 256, 256)
    spacing_mm: tuple[float, float, float] = (5.0, 1.4, 1.4)
    thickness_mm: float = 5.0
    scans: tuple[Scan, ...] = DYNAMIC_CT
    noise_sd: float = 12.0
    noise_grain_mm: float = 4.4
    dose: float = 1.0
    cardiac_output: float = 1.0
    thrombus: Thrombus = "tumor"
    thrombosed_main_portal: bool = False
    primary: Lesion = PRIMARY
    further_lesions: tuple[Lesion, ...] = ()

    def small(self) -> PhantomSpec:
        """The same patient on a coarse grid, for tests that make many."""
        return replace(self, shape=(24, 128, 128), spacing_mm=(6.5, 2.8, 2.8), thickness_mm=6.5)


#: The study in ``sample_dicom`` and its twins, by what is different about them.
TWINS: Mapping[str, PhantomSpec] = {
    "plain": PhantomSpec(),
    "bland": PhantomSpec(thrombus="bland"),
    "no_thrombus": PhantomSpec(thrombus="none"),
    "no_unenhanced": PhantomSpec(scans=(LATE_ARTERIAL, PORTAL_VENOUS, DELAYED)),
    "early_arterial": PhantomSpec(scans=(UNENHANCED, EARLY_ARTERIAL, PORTAL_VENOUS, DELAYED)),
    "gadoxetate_mr": PhantomSpec(
        modality="MR",
        shape=(40, 256, 256),
        spacing_mm=(4.0, 1.4, 1.4),
        thickness_mm=4.0,
        scans=DYNAMIC_GADOXETATE_MR,
        noise_sd=14.0,
    ),
}
