"""What happens to each element: the standard's profile with three of its options, and stricter beyond.

Basic Application Level Confidentiality Profile, with

* Retain Longitudinal Temporal Information With Modified Dates: dates of imaging move back by one number
  of days per patient, times stay, so that every interval and every phase's delay stays;
* Clean Descriptors: descriptions keep only words of an allow-list (``vocabulary``);
* Retain Safe Private: the private attributes that scale MR values.

Elements that the standard's table does not name keep only numbers, times, and text from an allow-list of
attributes; other text, unknown binary data and everything else private goes.
"""

from __future__ import annotations

from enum import Enum, auto

from pydicom.datadict import tag_for_keyword

from workup.deidentify.profile_table import BASIC_PROFILE, REMOVED_GROUPS

#: Codes of context group 7050 that say what was done.
METHOD_CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113111", "Retain Safe Private Option"),
)


class Action(Enum):
    """What to do with one element."""

    KEEP = auto()
    REMOVE = auto()
    EMPTY = auto()
    PATIENT = auto()  # the patient's pseudonym
    UID = auto()
    DATE = auto()  # moved back
    CLEAN = auto()  # words of the allow-list only
    CODE = auto()  # allowed words; others become keyed codes, so that equal stays equal
    DESCEND = auto()  # a sequence: each item by the same rules
    TERM = auto()  # part of a code of the field
    NUMBER = auto()  # kept if it is a number
    TIME = auto()  # kept if it is a time of day


def _tags(words: str) -> frozenset[int]:
    found = [tag_for_keyword(word) for word in words.split()]
    return frozenset(int(tag) for tag in found if tag is not None)


_PATIENT = _tags("PatientName PatientID")

#: Dates and times that tell a phase; the option lets them stay, moved.
_IMAGING_TIMES = _tags(
    """StudyDate SeriesDate AcquisitionDate ContentDate AcquisitionDateTime
    StudyTime SeriesTime AcquisitionTime ContentTime
    FrameAcquisitionDateTime FrameReferenceDateTime
    ContrastBolusStartTime ContrastBolusStopTime ContrastAdministrationStartDateTime
    InjectionStartDateTime ScanStartDateTime StartAcquisitionDateTime EndAcquisitionDateTime
    TimezoneOffsetFromUTC"""
)

#: Free text worth keeping in part: it names phases and anatomy.
_DESCRIPTIONS = _tags(
    """SeriesDescription ProtocolName StudyDescription ContrastBolusAgent ContrastBolusRoute CodeMeaning
    SegmentLabel ContrastBolusIngredient StackID AcquisitionProtocolName"""
)

#: Words of devices: what matters is whether two series have the same.
_DEVICE_WORDS = _tags(
    """Manufacturer ManufacturerModelName ConvolutionKernel SequenceName PulseSequenceName FilterType
    RescaleType ReconstructionAlgorithm"""
)

#: Public coding schemes; a hospital's own codes go, they may name an order or a person.
PUBLIC_SCHEMES = frozenset(
    {"SCT", "SRT", "SNM3", "DCM", "UCUM", "LN", "RADLEX", "FMA", "UMLS", "NCIt", "99SDM"}
)

#: Codes of the field, not of people.
_CODES = _tags("CodeValue CodingSchemeDesignator CodingSchemeVersion")

#: Binary data that is the image, or belongs to showing it.
_IMAGE_DATA = _tags(
    """PixelData FloatPixelData DoubleFloatPixelData LUTData RedPaletteColorLookupTableData
    GreenPaletteColorLookupTableData BluePaletteColorLookupTableData ExtendedOffsetTable
    ExtendedOffsetTableLengths"""
)

#: Written anew for the whole data set; a source's own, or one in an item, goes.
_WRITTEN_ANEW = _tags(
    """PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence
    LongitudinalTemporalInformationModified SpecificCharacterSet"""
)

_NUMBERS = frozenset("DS IS FL FD SL SS UL US SV UV AT".split()) | {"US or SS", "US or OW"}  # noqa: SIM905

#: Private creator -> element offsets that only hold the scale of MR or PET values.
SAFE_PRIVATE = {
    "Philips MR Imaging DD 001": frozenset({0x0D, 0x0E}),  # scale intercept, scale slope
    "Philips PET Private Group": frozenset({0x00, 0x09}),  # SUV and activity scale factors
}
SAFE_PRIVATE_VR = frozenset({"FL", "FD", "DS"})


def action_for(tag: int, vr: str) -> Action:
    """The action for a standard element, by its tag and value representation."""
    if tag in _IMAGE_DATA:
        return Action.KEEP
    if tag in _WRITTEN_ANEW or tag >> 16 in REMOVED_GROUPS:
        return Action.REMOVE
    if tag in _PATIENT:
        return Action.PATIENT
    if tag in _DESCRIPTIONS:
        return Action.CLEAN
    if tag in _DEVICE_WORDS:
        return Action.CODE
    if tag in _CODES:
        return Action.TERM
    letter = BASIC_PROFILE.get(tag)
    if letter is not None and not (tag in _IMAGING_TIMES and vr in ("DA", "DT", "TM", "SH")):
        return _of_letter(letter, vr)
    return _of_vr(vr, retained=tag in _IMAGING_TIMES)


def _of_letter(letter: str, vr: str) -> Action:
    if letter == "U" or vr == "UI":
        return Action.UID
    if letter == "X/Z/U*":
        return Action.DESCEND  # image references: their UIDs are replaced inside
    if letter.startswith("Z"):
        return Action.EMPTY
    return Action.REMOVE


def _of_vr(vr: str, *, retained: bool) -> Action:
    if vr == "UI":
        return Action.UID
    if vr == "SQ":
        return Action.DESCEND
    if vr in _NUMBERS:
        return Action.NUMBER
    if vr == "TM" or (retained and vr == "SH"):
        return Action.TIME
    if vr in ("DA", "DT"):
        return Action.DATE if retained else Action.REMOVE
    return Action.CODE if vr == "CS" else Action.REMOVE
