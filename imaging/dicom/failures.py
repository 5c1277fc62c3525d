"""The failure catalogue: everything that can be wrong with a DICOM series, and what happens then.

Scanners, archives and people really produce all of these. For each there is one code, one row of
the catalogue in docs/loading.md, and one of three outcomes:

* ``HANDLED``: the right volume is made, nothing needs to be said;
* ``WARNED``: the volume is right, but the caution follows it into every report;
* ``REFUSED``: no volume is made, and the reason names the files.

Nothing in ``imaging.dicom`` refuses or warns with a code that is not listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imaging.errors import DicomError
from imaging.volume import Caution


class Handling(StrEnum):
    """What the loader does about a failure."""

    HANDLED = "handled"
    WARNED = "warned"
    REFUSED = "refused"


H, W, E = Handling.HANDLED, Handling.WARNED, Handling.REFUSED


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that can be wrong.

    Attributes
    ----------
    row : int
        Row of the catalogue in docs/loading.md.
    code : str
    handling : Handling
    sentence : str
        What is wrong, as said to the user.
    advice : str
        What the user can do.
    """

    row: int
    code: str
    handling: Handling
    sentence: str
    advice: str = ""


_AGAIN = "Export the series again from the archive."

CATALOGUE: tuple[Failure, ...] = (
    Failure(1, "SLICE_ORDER", H, "File names and instance numbers do not follow the slices' positions"),
    Failure(1, "SLICE_MISPLACED", E, "By its number one slice belongs to the other end of the stack", _AGAIN),
    Failure(2, "SERIES_GAP", E, "Slices are missing inside the series", _AGAIN),
    Failure(3, "SERIES_MAYBE_INCOMPLETE", W, "Slices may be missing at an end of the series", _AGAIN),
    Failure(4, "DUPLICATE_IDENTICAL", W, "Files are stored twice, byte for byte; one of each was used"),
    Failure(4, "DUPLICATE_CONFLICT", E, "Different images claim the same identity or the same place", _AGAIN),
    Failure(4, "UID_MISSING", W, "Identifiers were removed; images are told apart by number and place"),
    Failure(5, "SET_ASIDE", H, "Localizers and secondary images inside a series are set aside"),
    Failure(5, "MIXED_GEOMETRY", E, "Images of different geometry share one series",
            "Split the series at the scanner or archive, one stack each."),
    Failure(5, "MIXED_ATTRIBUTES", E, "Images of one stack disagree on what they must share", _AGAIN),
    Failure(5, "MIXED_PATIENTS", E, "Images of different patients or studies share one series",
            "Check at the archive whose images these are."),
    Failure(6, "VARIABLE_SPACING", E, "Slices are not equally spaced",
            "Load with resample=True (--resample) for a volume marked as resampled."),
    Failure(7, "GANTRY_TILT", E, "Slices are shifted against each other (gantry tilt or shear)",
            "Load with resample=True (--resample) for a volume marked as resampled."),
    Failure(7, "RESAMPLED", W, "Voxels were interpolated onto a regular grid; no diameter is computed"),
    Failure(8, "RESCALE_VARIES", E, "The rescale differs between slices of one CT stack", _AGAIN),
    Failure(9, "BAD_RESCALE", E, "Stored values cannot be turned into Hounsfield units", _AGAIN),
    Failure(10, "MR_SCALING_DIFFERS", W, "MR scaling differs between acquisitions; values do not compare"),
    Failure(11, "PADDING", H, "Padding and voxels outside the reconstruction are marked not valid"),
    Failure(12, "BAD_BITS", E, "The layout of bits in a pixel is contradictory", _AGAIN),
    Failure(12, "NOT_GRAYSCALE", E, "Pixels are not single gray values"),
    Failure(13, "MONOCHROME1", H, "Inverted display does not change the values"),
    Failure(14, "ENHANCED_UNSUPPORTED", E, "The multi-frame object cannot be understood frame by frame",
            "Export as single-frame (classic) images."),
    Failure(14, "MOSAIC_UNSUPPORTED", E, "Many slices are tiled into one image (mosaic)",
            "Export as single-frame or enhanced multi-frame images."),
    Failure(15, "AMBIGUOUS_4D", E, "Several images at each position; nothing tells the passes apart",
            "Export each pass as a series of its own."),
    Failure(15, "NOT_A_VOLUME", E, "Images repeat one position (bolus monitoring or cine)"),
    Failure(16, "NOT_AXIAL", W, "The slices are not axial; axial diameters are not computed from them"),
    Failure(16, "SINGLE_SLICE", W, "A single slice: its spacing is taken from the slice thickness"),
    Failure(17, "SPACING_TAG_DISAGREES", W, "SpacingBetweenSlices or tilt disagrees with the positions"),
    Failure(18, "NO_POSITION", E, "Position, orientation or pixel spacing is missing", _AGAIN),
    Failure(18, "BAD_NUMBER", E, "A number cannot be read as one", _AGAIN),
    Failure(18, "BAD_ORIENTATION", E, "Row and column directions are not perpendicular unit vectors", _AGAIN),
    Failure(19, "TRUNCATED", E, "The file is shorter than it says", _AGAIN),
    Failure(19, "OVERLONG", E, "The file holds more than it says", _AGAIN),
    Failure(19, "MALFORMED", E, "The file starts as DICOM but does not follow the format", _AGAIN),
    Failure(19, "NO_PIXELS", E, "The file has no pixel data", _AGAIN),
    Failure(19, "DECODE_FAILED", E, "The compressed pixels cannot be decoded", _AGAIN),
    Failure(19, "UNSUPPORTED_TRANSFER_SYNTAX", E, "The transfer syntax is not supported",
            "Export with explicit little endian."),
    Failure(19, "LOSSY_COMPRESSION", W, "The images were compressed with loss; values are not exact"),
    Failure(20, "NOT_DICOM", H, "Other files are listed and skipped"),
    Failure(20, "DERIVED_IMAGE", W, "The values were computed by software, not acquired"),
    Failure(21, "UNSAFE_ARCHIVE", E, "The archive's members could escape or overwhelm",
            "Unpack it yourself and open the folder."),
    Failure(21, "TOO_LARGE", E, "The images are larger than allowed"),
    Failure(21, "DECODE_LIMIT", E, "Loading took more memory or time than an untrusted study may"),
    Failure(21, "ODD_PREAMBLE", W, "The file's first 128 bytes hold something that is not DICOM"),
    Failure(22, "UNDECODABLE_TEXT", W, "Text does not fit its character set; unreadable parts show as �"),
    Failure(23, "PRIVATE_TAGS", H, "Private attributes are found by their creator only"),
    Failure(24, "DATES_MISSING", W, "Times are recorded without dates; no order across midnight is known"),
    Failure(24, "DATE_PLACEHOLDER", W, "Dates look replaced by de-identification"),
    Failure(25, "PHASES_NOT_COMPARABLE", W, "Acquisitions were made differently; values do not compare"),
    Failure(25, "COVERAGE_DIFFERS", W, "Acquisitions do not cover the same part of the body"),
    Failure(26, "FRAME_OF_REFERENCE_DIFFERS", E, "One series uses several coordinate systems", _AGAIN),
    Failure(26, "FRAMES_OF_REFERENCE_DIFFER", W, "Acquisitions use different coordinate systems"),
    Failure(26, "PATIENTS_DIFFER", W, "The folder holds images of more than one patient"),
    Failure(0, "UNREADABLE", E, "The file or folder cannot be read"),
    Failure(0, "NOTHING_USABLE", E, "No acquisition could be loaded"),
)  # fmt: skip

BY_CODE: Mapping[str, Failure] = {failure.code: failure for failure in CATALOGUE}


def refusal(code: str, found: str = "", *, expected: str = "", **details: Any) -> DicomError:
    """The error for a failure that is refused.

    Parameters
    ----------
    code : str
        A ``REFUSED`` code of the catalogue.
    found : str
        The numbers of this case, appended to the catalogue's sentence.
    expected : str
        What would have been right.
    **details
        The same facts for scripts.
    """
    failure = BY_CODE[code]
    if failure.handling is not Handling.REFUSED:
        raise AssertionError(f"{code} is {failure.handling}, not refused")
    sentence = f"{failure.sentence}: {found}" if found else failure.sentence
    return DicomError(code, sentence, expected=expected, advice=failure.advice, details=details)


def caution(code: str, found: str = "") -> Caution:
    """The caution for a failure that is accepted with a warning."""
    failure = BY_CODE[code]
    if failure.handling is not Handling.WARNED:
        raise AssertionError(f"{code} is {failure.handling}, not a caution")
    return Caution(code, f"{failure.sentence}: {found}." if found else f"{failure.sentence}.")
