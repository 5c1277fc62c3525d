"""The measurability rules as sentences: one row for each, with where it is written.

The ids are those that reports print. ``M``, ``N``, ``B``, ``Y``, ``P``, ``X`` are RECIST 1.1 [1]_ [2]_;
``G`` settle planes and slices; ``H`` are the overlay for hepatocellular carcinoma, taken from mRECIST
[3]_ and never passed off as RECIST.

References
----------
.. [1] E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247.
.. [2] L. H. Schwartz et al., Eur J Cancer 62 (2016) 132-137.
.. [3] R. Lencioni, J. M. Llovet, Semin Liver Dis 30 (2010) 52-60.
"""

from __future__ import annotations

from dataclasses import dataclass

RECIST = "RECIST 1.1 (Eisenhauer 2009)"
EORTC = "RECIST 1.1 (Eisenhauer 2009) and EORTC clarifications"
OURS = "veinvasion policy"
MRECIST = "mRECIST (Lencioni 2010), HCC overlay"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, what it says, and where it is written."""

    id: str
    says: str
    source: str


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("M1", "on CT with slices up to 5 mm, measurable from a longest diameter of 10 mm", RECIST),
        Rule("M2", "on CT with thicker slices, measurable from twice the slice thickness", RECIST),
        Rule("M3", "on MR, the size limits of CT (body MR, not the lung)", f"{RECIST}; limits: {OURS}"),
        Rule("M4", "by calipers, measurable from 10 mm if superficial and accurately measurable", RECIST),
        Rule("M5", "on chest X-ray, measurable from 20 mm if clearly defined in aerated lung", RECIST),
        Rule("M6", "ultrasound is never used to measure", RECIST),
        Rule("N1", "a lymph node is measurable from a short axis of 15 mm", EORTC),
        Rule("N2", "a lymph node with a short axis of 10 to below 15 mm is pathological, non-target", RECIST),
        Rule("N3", "a lymph node with a short axis below 10 mm is normal and not recorded", EORTC),
        Rule("N4", "on slices above 7.5 mm, a node is measurable from twice the slice thickness", OURS),
        Rule("B1", "the soft-tissue part of a lytic or mixed bone lesion counts like any lesion", RECIST),
        Rule("B2", "blastic bone lesions, bone scan, PET and plain film are not measurable", RECIST),
        Rule("Y1", "a simple cyst is not malignant and is not recorded", RECIST),
        Rule("Y2", "a cystic metastasis is measurable by size, but others are preferred", RECIST),
        Rule("P1", "a treated lesion is not measurable unless it has progressed since", RECIST),
        Rule("X1", "effusions, leptomeningeal, lymphangitic and palpable disease are not measurable", RECIST),
        Rule("X2", "a lesion below the size limit is not measurable", RECIST),
        Rule("G5", "without a slice thickness only what spacing allows is decided", OURS),
        Rule("G8", "other planes than axial: as acquired on MR, or near-isotropic CT", f"{RECIST}; {OURS}"),
        Rule("T1", "a lesion that runs out of the volume has no known diameter", OURS),
        Rule("K1", "what the lesion is and how it was seen decide which limit applies", OURS),
        Rule("H1", "tumor thrombus is non-measurable and never a target", MRECIST),
        Rule("H2", "a lesion without measurable margins is a non-target", MRECIST),
        Rule("H3", "nodes at the porta hepatis count as malignant from 20 mm short axis", MRECIST),
        Rule("H4", "ascites or effusion in cirrhosis is no tumor without cytology", MRECIST),
        Rule("H5", "RECIST measures the whole lesion, not its enhancing part", RECIST),
        Rule("H6", "of mass and thrombus, only the mass is measured", OURS),
    )
}
