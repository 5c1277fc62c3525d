"""Coded concepts of our exports: what we say in the words of SNOMED CT, DICOM and UCUM.

From DICOM PS3.16 and pydicom's dictionaries; confirm SNOMED CT concepts with a terminology server before
clinical use. There is no code for "tumor thrombus": we send thrombus, the vein as its region, and the
evaluations of the trial's features; values of our own carry the scheme ``99VEININV``, documented in
``docs/exchange.md``.
"""

from __future__ import annotations

from pydicom.sr.coding import Code

from imaging.phases.phase import Phase
from imaging.regions.region import RegionRole, Vessel, VesselLevel

PRIVATE_SCHEME = "99VEININV"

ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
ANATOMICAL = Code("91723000", "SCT", "Anatomical Structure")

THROMBUS = Code("396339007", "SCT", "Thrombus")
PRIMARY_NEOPLASM = Code("372087000", "SCT", "Primary malignant neoplasm")
LESION = Code("52988006", "SCT", "Lesion")
LYMPH_NODE = Code("59441001", "SCT", "Lymph node")

LIVER = Code("10200004", "SCT", "Liver")
PORTAL_VEIN = Code("32764006", "SCT", "Portal vein")
HEPATIC_VEIN = Code("8993003", "SCT", "Hepatic vein")
VENA_CAVA = Code("64131007", "SCT", "Inferior vena cava")
AORTA = Code("15825003", "SCT", "Aorta")
SPLEEN = Code("78961009", "SCT", "Spleen")
MUSCLE = Code("71616004", "SCT", "Muscle")

#: Role -> (category, type, anatomic region).
REGION_CODES: dict[RegionRole, tuple[Code, Code, Code | None]] = {
    RegionRole.FILLING_DEFECT: (ABNORMAL, THROMBUS, None),
    RegionRole.PRIMARY_TUMOR: (ABNORMAL, PRIMARY_NEOPLASM, LIVER),
    RegionRole.TARGET_LESION: (ABNORMAL, LESION, None),
    RegionRole.NON_TARGET_LESION: (ABNORMAL, LESION, None),
    RegionRole.LYMPH_NODE: (ABNORMAL, LESION, LYMPH_NODE),
    RegionRole.REFERENCE_LIVER: (ANATOMICAL, LIVER, None),
    RegionRole.AORTA: (ANATOMICAL, AORTA, None),
    RegionRole.PORTAL_VEIN: (ANATOMICAL, PORTAL_VEIN, None),
    RegionRole.HEPATIC_VEIN: (ANATOMICAL, HEPATIC_VEIN, None),
    RegionRole.IVC: (ANATOMICAL, VENA_CAVA, None),
    RegionRole.SPLEEN: (ANATOMICAL, SPLEEN, None),
    RegionRole.MUSCLE: (ANATOMICAL, MUSCLE, None),
}

VESSEL_CODES: dict[Vessel, Code] = {
    Vessel.PORTAL_VEIN: PORTAL_VEIN,
    Vessel.HEPATIC_VEIN: HEPATIC_VEIN,
    Vessel.INFERIOR_VENA_CAVA: VENA_CAVA,
}

CONTRAST_PHASE = Code("109058", "DCM", "Contrast Phase")


def own(value: str, meaning: str) -> Code:
    """A code of our own scheme; values have at most 16 characters, meanings 64."""
    return Code(value[:16], PRIVATE_SCHEME, meaning[:64])


def phase_code(phase: Phase) -> Code:
    """The code of a contrast phase, of our own scheme: DICOM and SNOMED CT have none for all of them."""
    return own(phase.value.upper(), f"{phase.replace('_', ' ').capitalize()} phase")


ELIGIBILITY_TIME_POINT = Code("126075", "DCM", "Eligibility")
RECIST_1_1 = Code("126081", "DCM", "RECIST 1.1")
LONG_AXIS = Code("103339001", "SCT", "Long Axis")
SHORT_AXIS = Code("103340004", "SCT", "Short Axis")
ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
SIGNAL_INTENSITY = own("SIGNAL_INTENSITY", "Signal intensity")
MEAN = Code("373098007", "SCT", "Mean")
DISTANCE = own("DISTANCE_PRIMARY", "Distance to primary tumor")
TARGET_LESION = Code("112074", "DCM", "Target Lesion at Baseline")
NON_TARGET_LESION = Code("112075", "DCM", "Non-Target Lesion at Baseline")
BASELINE_CATEGORY = Code("112016", "DCM", "Baseline Category")

MILLIMETER = Code("mm", "UCUM", "millimeter")
HOUNSFIELD = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
NO_UNIT = Code("1", "UCUM", "no units")

YES = Code("373066001", "SCT", "Yes")
NO = Code("373067005", "SCT", "No")
UNCERTAIN = Code("64957009", "SCT", "Uncertain")
STATEMENT_CODES = {"yes": YES, "no": NO, "uncertain": UNCERTAIN}

CT_OF_ABDOMEN = Code("169070004", "SCT", "CT of abdomen")
MR_OF_ABDOMEN = Code("241620005", "SCT", "MRI of abdomen")


#: Questions to the reader and findings of the numbers, as evaluations of our own scheme.
FILLING_DEFECT = own("FILLING_DEFECT", "Intraluminal filling defect")
ADJACENT = own("ADJACENT", "Adjacent to primary tumor")
ARTERIAL_ENHANCEMENT = own("ART_ENHANCEMENT", "Enhancement on arterial phase")
WASHOUT_PORTAL = own("WASHOUT_PORTAL", "Washout on portal venous phase")
WASHOUT_DELAYED = own("WASHOUT_DELAYED", "Washout on delayed phase")
MEASURED_ENHANCEMENT = own("MEAS_ENHANCEMENT", "Measured arterial enhancement")
MEASURED_WASHOUT = own("MEAS_WASHOUT", "Measured washout")
MEASURABILITY = own("MEASURABILITY", "Measurability by RECIST 1.1")
PROPOSED_CATEGORY = own("PROPOSED_ROLE", "Baseline category as proposed")
CHOSEN_AS_TARGET = own("CHOSEN_TARGET", "Chosen as target by the reader")
CHOICE_KEEPS_RULES = own("CHOICE_BY_RULES", "The reader's choice of targets keeps RECIST 1.1")
LEVEL = own("VESSEL_LEVEL", "Level of vascular invasion (LCSGJ)")


def level_code(level: VesselLevel) -> Code:
    """The code of an extent of vascular invasion."""
    return own(level.value.upper(), f"{level.value} (LCSGJ)")


def finding_code(word: str) -> Code:
    """The code of a numeric finding or of measurability."""
    return own(word, word.replace("_", " ").capitalize())
