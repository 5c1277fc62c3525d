"""Features that support a verdict on a thrombus and never decide it: vein, intraluminal share, A-VENA.

References
----------
.. [1] Tublin ME et al. Benign and malignant portal vein thrombosis: differentiation by CT
   characteristics. AJR 1997;168:719-723 (main portal vein >= 23 mm: sensitivity 86 % with
   neovascularity, specificity 100 %).
.. [2] Sherman CB et al. Distinguishing tumor from bland portal vein thrombus: the A-VENA criteria.
   Liver Transpl 2019, doi 10.1002/lt.25345 (>= 3 of 5: sensitivity 100 %, specificity 93.6 %).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from imaging.findings.finding import Finding, Reason
from imaging.findings.printed_numbers import EPSILON_MM, shown, side
from imaging.regions.region import Region, RegionMask, RegionRole, Vessel

#: A main portal vein this wide is expanded by tumor, not by clot [1]_. [mm]
EXPANDED_VEIN_MM = 23.0
#: Positive features from which A-VENA says malignant [2]_.
AVENA_MINIMUM = 3


def vein_diameter_mm(vessel: RegionMask) -> float:
    """Largest inscribed diameter over the slices of a vein's mask, thrombus included. [mm]

    Across an obliquely cut vein the inscribed circle, unlike the longest chord, keeps the true width.
    """
    from scipy.ndimage import distance_transform_edt

    padded = np.pad(vessel.voxels, ((0, 0), (1, 1), (1, 1)))
    row, column = vessel.geometry.spacing_mm[1:]
    depth = max(float(distance_transform_edt(s, sampling=(row, column)).max()) for s in padded)
    return 2 * depth - (row + column) / 2  # the transform counts from centers outside to centers inside


def is_expanded(width_mm: float) -> bool:
    """Whether a vein reaches the published 23 mm."""
    return side(width_mm, EXPANDED_VEIN_MM, EPSILON_MM) >= 0


def vein_expansion(vessel: RegionMask) -> Reason:
    """The vein's diameter in words, beside the published 23 mm."""
    width = vein_diameter_mm(vessel)
    said = f"the vein is {shown(width, EXPANDED_VEIN_MM, epsilon=EPSILON_MM)} mm wide"
    if is_expanded(width):
        return Reason("VEIN_EXPANDED", f"{said}, at least {EXPANDED_VEIN_MM:g} mm")
    return Reason("VEIN_NOT_EXPANDED", f"{said}, below {EXPANDED_VEIN_MM:g} mm")


@dataclass(frozen=True, slots=True)
class Avena:
    """The five A-VENA features; None where not known.

    The abstract prints its limit of alpha-fetoprotein in ng/dL, which would be 10 ng/mL and no criterion at
    all; it is read as ng/mL [2]_.
    """

    afp_above_1000: bool | None = None
    venous_expansion: bool | None = None
    thrombus_enhancement: bool | None = None
    neovascularity: bool | None = None
    adjacent_to_tumor: bool | None = None

    @property
    def known(self) -> tuple[int, int, int]:
        """How many are present, absent, unknown."""
        values = [getattr(self, f.name) for f in fields(self)]
        return sum(v is True for v in values), sum(v is False for v in values), values.count(None)

    @property
    def finding(self) -> Finding:
        """POSITIVE with three present, NEGATIVE once three are out of reach, else INDETERMINATE."""
        present, _, unknown = self.known
        if present >= AVENA_MINIMUM:
            return Finding.POSITIVE
        return Finding.NEGATIVE if present + unknown < AVENA_MINIMUM else Finding.INDETERMINATE

    @property
    def reason(self) -> Reason:
        """The count in words."""
        present, absent, unknown = self.known
        counts = f"{present} present, {absent} absent, {unknown} unknown"
        return Reason("AVENA", f"A-VENA: {counts}; malignant from {AVENA_MINIMUM} of 5")


def share_inside(defect: RegionMask, vessel: RegionMask) -> float:
    """Share of a defect's voxels whose centers lie in a vessel's mask, 0 to 1.

    The vessel mask must include the thrombosed part; grids may differ.
    """
    from imaging.regions.placement import contains

    return float(contains(vessel, defect.positions_mm()).mean())


#: A defect with less than this inside of the vein is not intraluminal, or one outline is wrong.
INTRALUMINAL_SHARE = 0.8


def intraluminal(defect: RegionMask, vessel: RegionMask) -> tuple[Finding, Reason]:
    """Whether a defect lies inside of a vein: POSITIVE from 80 %, else INDETERMINATE for the reader."""
    share = share_inside(defect, vessel)
    percent, enough = 100 * share, 100 * INTRALUMINAL_SHARE
    text = f"{shown(percent, enough, decimals=0)}% of the defect lies inside of the outlined vein"
    if side(percent, enough) >= 0:
        return Finding.POSITIVE, Reason("INTRALUMINAL", text)
    return Finding.INDETERMINATE, Reason("NOT_SURELY_INTRALUMINAL", text)


#: The region that outlines the vein a defect lies in.
VEIN_ROLES = {
    Vessel.PORTAL_VEIN: RegionRole.PORTAL_VEIN,
    Vessel.HEPATIC_VEIN: RegionRole.HEPATIC_VEIN,
    Vessel.INFERIOR_VENA_CAVA: RegionRole.IVC,
}


@dataclass(frozen=True, slots=True)
class SupportingFeatures:
    """What supports or weakens a verdict on one filling defect and decides nothing.

    Attributes
    ----------
    vein_diameter_mm : float or None
        Of the vein that the defect lies in, thrombus included; None where it is not known. [mm]
    vein : Reason
        The diameter beside the published 23 mm, or why there is none.
    intraluminal_share : float or None
        Share of the defect inside of the outlined vein, above 0 to 1; None where no vein is outlined or
        the outline leaves the whole defect out.
    intraluminal : Reason
        The share in words, or why there is none.
    avena : Avena
        The five features as far as they are known.
    """

    vein_diameter_mm: float | None
    vein: Reason
    intraluminal_share: float | None
    intraluminal: Reason
    avena: Avena


#: Label maps give a voxel to one region, so a vein beside a defect in one map holds its open part only.
_OPEN_PART_ONLY = Reason(
    "VEIN_WITHOUT_DEFECT",
    "the outlined vein and the defect share no voxel, as where only the open part is outlined: "
    "how much of the defect lies inside of the vein is unknown",
)


def supporting_features(
    defect: Region,
    vein: Region | None,
    key: str | None,
    *,
    enhances: bool | None = None,
    adjacent_to_tumor: bool | None = None,
    afp_above_1000: bool | None = None,
    neovascularity: bool | None = None,
) -> SupportingFeatures:
    """The features of one filling defect, measured on one acquisition.

    An outline that leaves the defect out is that of another stretch of the vein: it has no width to
    tell. A vein below 23 mm may still be expanded for its place, so width alone never denies expansion,
    and the limit is published for the portal vein only.

    Parameters
    ----------
    defect : Region
        The filling defect.
    vein : Region or None
        Its vein, thrombosed part included.
    key : str or None
        Acquisition on which both are outlined and accepted; None if there is none.
    enhances, adjacent_to_tumor, afp_above_1000, neovascularity : bool or None
        What is known otherwise; None where it is not.
    """
    width: float | None = None
    share: float | None = None
    expanded: bool | None = None
    if vein is None or key is None:
        missing = Reason("NO_VEIN", "the defect and its vein are not both outlined and accepted on one phase")
        wide, inside = missing, missing
    else:
        defect_mask, vein_mask = defect.masks[key], vein.masks[key]
        share = share_inside(defect_mask, vein_mask) or None
        inside = intraluminal(defect_mask, vein_mask)[1] if share else _OPEN_PART_ONLY
        if share and side(share, INTRALUMINAL_SHARE) >= 0:
            width, wide = vein_diameter_mm(vein_mask), vein_expansion(vein_mask)
            expanded = True if vein.role is RegionRole.PORTAL_VEIN and is_expanded(width) else None
        else:
            wide = Reason(
                "VEIN_WITHOUT_DEFECT", "the outlined vein leaves the defect out: its width is unknown"
            )
    features = Avena(afp_above_1000, expanded, enhances, neovascularity, adjacent_to_tumor)
    return SupportingFeatures(width, wide, share, inside, features)
