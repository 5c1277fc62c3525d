"""Words on the screen for what the packages below name by codes."""

from __future__ import annotations

from collections.abc import Mapping

from imaging.phases.phase import Phase
from imaging.regions.region import RegionRole, Vessel

PHASES: Mapping[Phase, str] = {
    Phase.UNENHANCED: "Unenhanced",
    Phase.EARLY_ARTERIAL: "Early arterial",
    Phase.LATE_ARTERIAL: "Late arterial",
    Phase.ARTERIAL: "Arterial",
    Phase.PORTAL_VENOUS: "Portal venous",
    Phase.DELAYED: "Delayed",
    Phase.TRANSITIONAL: "Transitional",
    Phase.HEPATOBILIARY: "Hepatobiliary",
    Phase.CONTRAST_UNSPECIFIED: "Contrast, phase not given",
    Phase.MULTIPLE: "Several phases",
    Phase.UNDETERMINED: "Phase to be confirmed",
}

#: Order of phases in time; what is not known comes last.
TIME_ORDER: tuple[Phase, ...] = (
    Phase.UNENHANCED,
    Phase.EARLY_ARTERIAL,
    Phase.LATE_ARTERIAL,
    Phase.ARTERIAL,
    Phase.PORTAL_VENOUS,
    Phase.DELAYED,
    Phase.TRANSITIONAL,
    Phase.HEPATOBILIARY,
    Phase.CONTRAST_UNSPECIFIED,
    Phase.MULTIPLE,
    Phase.UNDETERMINED,
)

ROLES: Mapping[RegionRole, str] = {
    RegionRole.FILLING_DEFECT: "Filling defect",
    RegionRole.PRIMARY_TUMOR: "Primary tumor",
    RegionRole.TARGET_LESION: "Target lesion",
    RegionRole.NON_TARGET_LESION: "Non-target lesion",
    RegionRole.LYMPH_NODE: "Lymph node",
    RegionRole.REFERENCE_LIVER: "Reference liver",
    RegionRole.AORTA: "Aorta",
    RegionRole.PORTAL_VEIN: "Portal vein",
    RegionRole.HEPATIC_VEIN: "Hepatic vein",
    RegionRole.IVC: "IVC",
    RegionRole.SPLEEN: "Spleen",
    RegionRole.MUSCLE: "Paraspinal muscle",
}

VESSELS: Mapping[Vessel, str] = {
    Vessel.PORTAL_VEIN: "Portal vein",
    Vessel.HEPATIC_VEIN: "Hepatic vein",
    Vessel.INFERIOR_VENA_CAVA: "Inferior vena cava",
}

#: The same, short, for axes and table heads.
PHASES_SHORT: Mapping[Phase, str] = {
    Phase.UNENHANCED: "Unenh.",
    Phase.EARLY_ARTERIAL: "E. art.",
    Phase.LATE_ARTERIAL: "L. art.",
    Phase.ARTERIAL: "Art.",
    Phase.PORTAL_VENOUS: "Portal",
    Phase.DELAYED: "Delayed",
    Phase.TRANSITIONAL: "Trans.",
    Phase.HEPATOBILIARY: "HBP",
    Phase.CONTRAST_UNSPECIFIED: "Contrast",
    Phase.MULTIPLE: "Several",
    Phase.UNDETERMINED: "?",
}
