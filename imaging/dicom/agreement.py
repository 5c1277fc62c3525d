"""What all images of one stack must say alike.

A single slice that disagrees on its rescale, bit layout or pixel spacing loads silently wrong in
every other reader. Bytes are compared first, which is fast; only where they differ are the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

from imaging.dicom import tags
from imaging.dicom.failures import refusal
from imaging.dicom.frames import Frame
from imaging.errors import DicomError

#: Attribute to the code of a disagreement. Every image of a stack must hold the same value, or none.
MUST_AGREE: dict[int, str] = {
    tags.PATIENT_ID: "MIXED_PATIENTS",
    tags.STUDY_UID: "MIXED_PATIENTS",
    tags.MODALITY: "MIXED_ATTRIBUTES",
    tags.SOP_CLASS_UID: "MIXED_ATTRIBUTES",
    tags.FRAME_OF_REFERENCE_UID: "FRAME_OF_REFERENCE_DIFFERS",
    tags.ROWS: "MIXED_GEOMETRY",
    tags.COLUMNS: "MIXED_GEOMETRY",
    tags.PIXEL_SPACING: "MIXED_GEOMETRY",
    tags.SLICE_THICKNESS: "MIXED_GEOMETRY",
    tags.SAMPLES_PER_PIXEL: "BAD_BITS",
    tags.PHOTOMETRIC: "MIXED_ATTRIBUTES",
    tags.BITS_ALLOCATED: "BAD_BITS",
    tags.BITS_STORED: "BAD_BITS",
    tags.HIGH_BIT: "BAD_BITS",
    tags.PIXEL_REPRESENTATION: "BAD_BITS",
    tags.PADDING_VALUE: "MIXED_ATTRIBUTES",
    tags.PADDING_LIMIT: "MIXED_ATTRIBUTES",
    tags.RESCALE_SLOPE: "RESCALE_VARIES",
    tags.RESCALE_INTERCEPT: "RESCALE_VARIES",
    tags.RESCALE_TYPE: "RESCALE_VARIES",
}
_TEXT = frozenset((tags.PATIENT_ID, tags.STUDY_UID, tags.MODALITY, tags.SOP_CLASS_UID,
                   tags.FRAME_OF_REFERENCE_UID, tags.PHOTOMETRIC, tags.RESCALE_TYPE))  # fmt: skip
#: How far apart two decimal strings of one quantity may be because they were rounded. [fraction]
#: A pixel spacing that far off moves the last of 512 pixels by 0.004 mm; a thickness places nothing.
_ROUNDING = {tags.PIXEL_SPACING: 1e-5, tags.SLICE_THICKNESS: 1e-3}
_PER_SLICE_MR = frozenset((tags.RESCALE_SLOPE, tags.RESCALE_INTERCEPT))


def check_agreement(frames: Sequence[Frame]) -> None:
    """Refuse a stack whose images contradict each other.

    Raises
    ------
    DicomError
        With the code of ``MUST_AGREE``.
    """
    first = frames[0]
    is_ct = first.ascii(tags.MODALITY) == "CT"
    expected = {tag: first.raw(tag) for tag in MUST_AGREE}
    for frame in frames[1:]:
        if [frame.raw(tag) for tag in MUST_AGREE] == [*expected.values()]:
            continue
        for tag, raw in expected.items():
            if frame.raw(tag) == raw or _same_value(first, frame, tag):
                continue
            if tag in _PER_SLICE_MR and not is_ct and None not in (raw, frame.raw(tag)):
                continue
            found = f"{tags.shown(tag)} differs between {first.image.name} and {frame.image.name}"
            missing = None in (raw, frame.raw(tag)) and MUST_AGREE[tag] == "RESCALE_VARIES"
            raise refusal("BAD_RESCALE" if missing else MUST_AGREE[tag], found, files=[frame.image.name])


def _same_value(first: Frame, frame: Frame, tag: int) -> bool:
    """Whether two encodings mean the same; absent equals empty only where both say nothing."""
    one, other = first.raw(tag), frame.raw(tag)
    if tag in _TEXT:
        return (one or b"").strip(b" \0") == (other or b"").strip(b" \0")
    if one is None or other is None:
        return False
    try:
        ours, theirs = first.of(tag).decimals(tag), frame.of(tag).decimals(tag)
    except DicomError:
        return False
    if ours is None or theirs is None or len(ours) != len(theirs):
        return ours == theirs
    tolerance = _ROUNDING.get(tag, 0.0)
    return all(isclose(a, b, rel_tol=tolerance) for a, b in zip(ours, theirs, strict=True))
