"""What a stored value means: the modality rescale, or a refusal."""

from __future__ import annotations

from imaging.dicom import tags
from imaging.dicom.failures import refusal
from imaging.dicom.frames import Frame
from imaging.dicom.pixels import Rescale

#: Beyond these a CT's rescale is damage: 12- and 16-bit scales lie between -32768 and 0. [HU]
CT_INTERCEPT_RANGE_HU = (-32768.0, 32768.0)
#: Voxels are 4-byte floats with 24 bits: a larger intercept swallows the pixels, a slope outside overflows.
SLOPE_RANGE, INTERCEPT_IN_SLOPES = (1e-30, 1e30), 2.0**23
#: RescaleType of Hounsfield units; absent means the same for CT (PS3.3 C.8.2.1).
_HOUNSFIELD = (None, "HU", "HU_MOD")


def rescale_of(frame: Frame) -> Rescale:
    """Rescale of one frame.

    CT needs slope and intercept on every slice and a slope above zero. MR without a rescale keeps
    its stored values. A modality table instead of a rescale is refused.

    Raises
    ------
    DicomError
        ``BAD_RESCALE``.
    """
    slope, intercept = frame.decimal(tags.RESCALE_SLOPE), frame.decimal(tags.RESCALE_INTERCEPT)
    kind = frame.ascii(tags.RESCALE_TYPE)
    files = [frame.image.name]
    if tags.MODALITY_LUT_SEQUENCE in frame.image.elements:
        raise refusal("BAD_RESCALE", "a modality lookup table", files=files)
    if frame.ascii(tags.MODALITY) == "CT":
        if slope is None or intercept is None:
            raise refusal("BAD_RESCALE", "slope or intercept is missing", files=files)
        if kind not in _HOUNSFIELD:
            raise refusal("BAD_RESCALE", f"rescale type {kind}", expected="HU", files=files)
        low, high = CT_INTERCEPT_RANGE_HU
        if not low <= intercept <= high:
            raise refusal("BAD_RESCALE", f"intercept {intercept:g}", files=files)
    if (slope is None) != (intercept is None):
        raise refusal("BAD_RESCALE", "only one of slope and intercept", files=files)
    if slope is None or intercept is None:
        return Rescale(1.0, 0.0)
    if slope <= 0:
        raise refusal("BAD_RESCALE", f"slope {slope:g}", expected="a slope above zero", files=files)
    smallest, largest = SLOPE_RANGE
    if not smallest <= slope <= largest or abs(intercept) > slope * INTERCEPT_IN_SLOPES:
        found = f"slope {slope:g} and intercept {intercept:g} leave no contrast in a 4-byte float"
        raise refusal("BAD_RESCALE", found, files=files)
    return Rescale(slope, intercept)
