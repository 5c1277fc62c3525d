"""What the headers of one stack say, as the rest of the program sees it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from imaging.dicom import tags
from imaging.dicom.frames import Frame
from imaging.dicom.series import Stack
from imaging.dicom.text import decode
from imaging.dicom.times import moment, moment_of, offset, seconds
from imaging.errors import DicomError
from imaging.volume import AcquisitionHeader

#: Attributes that decide whether two MR images are of the same sequence.
MR_SEQUENCE = {
    "ScanningSequence": tags.SCANNING_SEQUENCE,
    "SequenceVariant": tags.SEQUENCE_VARIANT,
    "ScanOptions": tags.SCAN_OPTIONS,
    "MRAcquisitionType": tags.MR_ACQUISITION_TYPE,
    "SequenceName": tags.SEQUENCE_NAME,
    "RepetitionTime": tags.REPETITION_TIME,
    "EchoTime": tags.ECHO_TIME,
    "EffectiveEchoTime": tags.EFFECTIVE_ECHO_TIME,
    "InversionTime": tags.INVERSION_TIME,
    "FlipAngle": tags.FLIP_ANGLE,
    "MagneticFieldStrength": tags.FIELD_STRENGTH,
    "DiffusionBValue": tags.DIFFUSION_B_VALUE,
    "PixelBandwidth": tags.PIXEL_BANDWIDTH,
    "SpectrallySelectedSuppression": tags.SPECTRAL_SUPPRESSION,  # enhanced objects have no ScanOptions
    "ReceiveCoilName": tags.RECEIVE_COIL,
}
#: Words of MR ImageTypes that change its values: evened out by a pre-scan (Siemens), Dixon water.
VALUE_WORDS = ("NORM", "W", "WATER")
#: Philips' factors from stored value to signal that differ by no more than this are one. [fraction]
SAME_FACTOR = 1e-4
_T = TypeVar("_T", float, datetime)


def series_key(frame: Frame) -> str:
    """SeriesInstanceUID, or a made name where it was removed (``series-<number>``)."""
    return frame.ascii(tags.SERIES_UID) or f"series-{frame.ascii(tags.SERIES_NUMBER) or 'without-number'}"


class _Reader:
    """Attributes of one frame; an unreadable one is None, and noted."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.character_sets = frame.of(tags.SPECIFIC_CHARACTER_SET).words(tags.SPECIFIC_CHARACTER_SET)
        self.unreadable: list[int] = []

    def text(self, tag: int) -> str | None:
        raw = self.frame.raw(tag)
        if not raw:
            return None
        text, whole = decode(raw, self.character_sets)
        if not whole:
            self.unreadable.append(tag)
        return text or None

    def decimal(self, tag: int) -> float | None:
        try:
            return self.frame.decimal(tag)
        except DicomError:
            self.unreadable.append(tag)
            return None

    def integer(self, tag: int) -> int | None:
        value = self.decimal(tag)
        return int(value) if value is not None and value.is_integer() else None


def acquisition_header(stack: Stack) -> tuple[AcquisitionHeader, tuple[int, ...]]:
    """Header of a stack, and the tags whose text or number could not be read."""
    first = stack.frames[0]
    read = _Reader(first)
    zone = offset(first.ascii(tags.TIMEZONE_OFFSET))
    mr = first.ascii(tags.MODALITY) == "MR"
    trigger = read.decimal(tags.TRIGGER_DELAY) or read.decimal(tags.TRIGGER_TIME)
    duration = read.decimal(tags.ACQUISITION_DURATION)
    header = AcquisitionHeader(
        series_uid=series_key(first),
        study_uid=first.ascii(tags.STUDY_UID) or "",
        frame_of_reference_uid=first.ascii(tags.FRAME_OF_REFERENCE_UID),
        modality=first.ascii(tags.MODALITY) or "",
        series_number=read.integer(tags.SERIES_NUMBER),
        series_description=read.text(tags.SERIES_DESCRIPTION),
        study_description=read.text(tags.STUDY_DESCRIPTION),
        protocol_name=read.text(tags.PROTOCOL_NAME),
        image_type=first.image_type,
        acquisition=stack.label or None,
        acquisition_number=read.integer(tags.FRAME_ACQUISITION_NUMBER)
        or read.integer(tags.ACQUISITION_NUMBER),
        study_date=first.ascii(tags.STUDY_DATE),
        acquisition_datetime=_earliest([_acquired(f) for f in stack.frames]),
        acquisition_time_s=_earliest([seconds(f.ascii(tags.ACQUISITION_TIME)) for f in stack.frames]),
        series_time_s=seconds(first.ascii(tags.SERIES_TIME)),
        content_time_s=_earliest([seconds(f.ascii(tags.CONTENT_TIME)) for f in stack.frames]),
        trigger_time_s=None if trigger is None else trigger / 1000,
        acquisition_duration_s=duration,
        temporal_position=read.integer(tags.TEMPORAL_POSITION_INDEX) or read.integer(tags.TEMPORAL_POSITION),
        contrast_agent=read.text(tags.CONTRAST_AGENT) or _code(first, tags.CONTRAST_AGENT_SEQUENCE),
        contrast_ingredient=read.text(tags.CONTRAST_INGREDIENT) or _ingredient(first),
        contrast_phase_code=_contrast_phase(first),
        contrast_start_datetime=moment(
            first.ascii(tags.ACQUISITION_DATE), first.ascii(tags.CONTRAST_START_TIME), zone
        ),
        contrast_start_time_s=seconds(first.ascii(tags.CONTRAST_START_TIME)),
        kvp=read.decimal(tags.KVP),
        convolution_kernel=read.text(tags.CONVOLUTION_KERNEL),
        slice_thickness_mm=read.decimal(tags.SLICE_THICKNESS),
        spacing_between_slices_mm=read.decimal(tags.SPACING_BETWEEN_SLICES),
        scanner=" ".join(filter(None, (read.text(tags.MANUFACTURER), read.text(tags.MODEL_NAME)))) or None,
        mr_scaling=_mr_scaling(read, stack.frames) if mr else (),
        mr_sequence=_mr_sequence(read) if mr else (),
        patient_id_hash=identifier_hash(first.raw(tags.PATIENT_ID)),
        sop_instance_uids=_instance_uids(stack.frames),
        frame_numbers=tuple(f.index + 1 for f in stack.frames) if first.is_multiframe else (),
    )
    return header, tuple(read.unreadable)


def _earliest(values: Sequence[_T | None]) -> _T | None:
    known = [v for v in values if v is not None]
    try:
        return min(known) if known else None
    except TypeError:  # some with an offset from UTC, some without
        return None


def _acquired(frame: Frame) -> datetime | None:
    zone = offset(frame.ascii(tags.TIMEZONE_OFFSET))
    for tag in (tags.FRAME_ACQUISITION_DATETIME, tags.ACQUISITION_DATETIME):
        at = moment_of(frame.ascii(tag), zone)
        if at is not None:
            return at
    return moment(frame.ascii(tags.ACQUISITION_DATE), frame.ascii(tags.ACQUISITION_TIME), zone)


def _code(frame: Frame, sequence: int) -> str | None:
    item = frame.of(sequence).item(sequence)
    return item.ascii(tags.CODE_MEANING) if item else None


def _ingredient(frame: Frame) -> str | None:
    agent = frame.of(tags.CONTRAST_AGENT_SEQUENCE).item(tags.CONTRAST_AGENT_SEQUENCE)
    codes = agent.item(tags.CONTRAST_INGREDIENT_CODES) if agent else None
    return codes.ascii(tags.CODE_MEANING) if codes else None


def _contrast_phase(frame: Frame) -> str | None:
    direct = frame.ascii(tags.CONTRAST_PHASE)
    if direct:
        return direct
    usage = frame.of(tags.CONTRAST_USAGE_SEQUENCE).item(tags.CONTRAST_USAGE_SEQUENCE)
    return usage.ascii(tags.CONTRAST_PHASE) if usage else None


def _mr_scaling(read: _Reader, frames: Sequence[Frame]) -> tuple[tuple[str, float], ...]:
    values = {
        "RescaleSlope": read.decimal(tags.RESCALE_SLOPE),
        "RescaleIntercept": read.decimal(tags.RESCALE_INTERCEPT),
        "ScaleSlope": _philips_scale_of_all(frames),
    }
    mapping = read.frame.of(tags.REAL_WORLD_MAPPING_SEQUENCE).item(tags.REAL_WORLD_MAPPING_SEQUENCE)
    if mapping:
        values["RealWorldValueSlope"] = mapping.decimal(tags.REAL_WORLD_SLOPE)
        values["RealWorldValueIntercept"] = mapping.decimal(tags.REAL_WORLD_INTERCEPT)
    return tuple((name, value) for name, value in values.items() if value is not None)


def _philips_scale_of_all(frames: Sequence[Frame]) -> float | None:
    """Philips' scale slope of the first image; None where images need other factors to become one signal."""
    scale = philips_scale_slope(frames[0])
    if scale is None:
        return None
    factors = [(f.decimal(tags.RESCALE_SLOPE) or 1.0) * (philips_scale_slope(f) or 0.0) for f in frames]
    return scale if max(factors) - min(factors) <= SAME_FACTOR * max(factors) else None


def philips_scale_slope(frame: Frame) -> float | None:
    """Philips' private scale slope, found through its creator; None where absent."""
    group, creator, element = tags.PHILIPS_SCALE_SLOPE
    for layer in frame.layers:
        tag = layer.private(group, creator, element)
        raw = layer.raw(tag) if tag is not None else None
        if raw is not None and len(raw) == 4:  # FL; implicit encodings do not say so
            return float(struct.unpack(layer.encoding.order + "f", raw)[0])
    return None


def _mr_sequence(read: _Reader) -> tuple[tuple[str, str], ...]:
    found = [(name, _shown(read.frame, tag)) for name, tag in MR_SEQUENCE.items()]
    kinds = {value.upper() for value in read.frame.image_type[2:]}
    found.append(("ImageType", "\\".join(word for word in VALUE_WORDS if word in kinds)))
    return tuple((name, value) for name, value in found if value)


def _shown(frame: Frame, tag: int) -> str | None:
    """A value as text, whether stored as text or as a binary number."""
    layer = frame.of(tag)
    if tag in layer and layer.spans[tag][0] == b"FD":
        number = layer.decimal(tag)
        return None if number is None else f"{number:g}"
    return layer.ascii(tag)


def identifier_hash(raw: bytes | None) -> str | None:
    """A patient's identifier as it may be compared, but not read; None where there is none."""
    value = (raw or b"").strip(b" \0")
    return hashlib.sha256(value).hexdigest()[:16] if value else None


def _instance_uids(frames: Sequence[Frame]) -> tuple[str, ...]:
    uids = [f.image.sop_instance_uid for f in frames]
    return tuple(dict.fromkeys(uids)) if frames[0].is_multiframe else tuple(uids)
