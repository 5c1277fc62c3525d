"""What must be said of an acquisition that loaded: from its own headers, and beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imaging.dicom import tags
from imaging.dicom.comparability import differences, mr_scaling_differences
from imaging.dicom.decoding import MAYBE_LOSSY
from imaging.dicom.failures import caution
from imaging.dicom.frames import Frame
from imaging.dicom.series import Stack, is_derived
from imaging.errors import DicomError
from imaging.geometry import OBLIQUE_AXIAL_MAX_DEGREES, VolumeGeometry
from imaging.volume import Acquisition, AcquisitionHeader, Caution

#: SpacingBetweenSlices may differ from the positions by this much before it is said. [fraction]
SPACING_TAG_TOLERANCE = 0.01
#: A recorded gantry tilt below this is none. [degrees]
TILT_TAG_TOLERANCE_DEGREES = 0.1


def cautions_of(
    stack: Stack, header: AcquisitionHeader, unreadable: Sequence[int], geometry: VolumeGeometry
) -> tuple[Caution, ...]:
    """Cautions of one acquisition by itself.

    Parameters
    ----------
    stack : Stack
        Its frames.
    header : AcquisitionHeader
        What they say.
    unreadable : sequence of int
        Tags whose text or number could not be read.
    geometry : VolumeGeometry
        Where they lie.
    """
    first = stack.frames[0]
    found: list[Caution | None] = [
        caution("DERIVED_IMAGE", "\\".join(first.image_type)) if is_derived(first) else None,
        caution("LOSSY_COMPRESSION") if _lossy(stack) else None,
        caution("SINGLE_SLICE", f"{geometry.spacing_mm[0]:g} mm") if len(stack.frames) == 1 else None,
        _not_axial(geometry),
        _spacing_tag(header, geometry, len(stack.frames)),
        _tilt_tag(first, stack),
        caution("ODD_PREAMBLE") if any(f.image.odd_preamble for f in stack.frames) else None,
        caution("UNDECODABLE_TEXT", ", ".join(map(tags.shown, unreadable))) if unreadable else None,
        None if first.ascii(tags.SERIES_UID) else caution("UID_MISSING", f"named {header.series_uid}"),
        _dates(header),
        caution("RESAMPLED", stack.defect) if stack.defect else None,
    ]
    return tuple(c for c in found if c is not None)


def _lossy(stack: Stack) -> bool:
    syntaxes = {f.image.transfer_syntax for f in stack.frames}
    return bool(syntaxes & MAYBE_LOSSY) or any(f.ascii(tags.LOSSY) == "01" for f in stack.frames)


def _not_axial(geometry: VolumeGeometry) -> Caution | None:
    degrees = geometry.degrees_from_axial
    return (
        caution("NOT_AXIAL", f"{degrees:.0f} degrees from axial")
        if degrees > OBLIQUE_AXIAL_MAX_DEGREES
        else None
    )


def _spacing_tag(header: AcquisitionHeader, geometry: VolumeGeometry, slices: int) -> Caution | None:
    recorded, measured = header.spacing_between_slices_mm, geometry.spacing_mm[0]
    if recorded is None or slices < 2 or abs(recorded - measured) <= SPACING_TAG_TOLERANCE * measured:
        return None
    return caution("SPACING_TAG_DISAGREES", f"{recorded:g} mm recorded, {measured:g} mm by the positions")


def _tilt_tag(frame: Frame, stack: Stack) -> Caution | None:
    try:
        tilt = frame.decimal(tags.GANTRY_TILT)
    except DicomError:
        return None
    if tilt is None or abs(tilt) <= TILT_TAG_TOLERANCE_DEGREES or stack.defect:
        return None
    return caution("SPACING_TAG_DISAGREES", f"GantryDetectorTilt {tilt:g} degrees, none by the positions")


def _dates(header: AcquisitionHeader) -> Caution | None:
    if header.acquisition_datetime is None and header.acquisition_time_s is not None:
        return caution("DATES_MISSING")
    placeholder = (header.study_date or "").endswith("0101")
    return caution("DATE_PLACEHOLDER", header.study_date or "") if placeholder else None


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a series says of how many images it should have.

    Attributes
    ----------
    numbers : tuple of int
        InstanceNumber of each image, those set aside included; empty unless all have one.
    promised : int or None
        ImagesInAcquisition.
    per_stack : int
        Images of the stack that has the fewest.
    """

    numbers: tuple[int, ...]
    promised: int | None
    per_stack: int


def completeness(frames: Sequence[Frame], stacks: Sequence[Stack]) -> Completeness:
    """What the images of one series say of their number."""
    classic = [f for f in frames if not f.is_multiframe]
    numbers = [_integer(f, tags.INSTANCE_NUMBER) for f in classic]
    whole = tuple(n for n in numbers if n is not None)
    promised = max((n for f in classic if (n := _integer(f, tags.IMAGES_IN_ACQUISITION))), default=None)
    fewest = min((len(s.frames) for s in stacks), default=0)
    return Completeness(whole if len(whole) == len(classic) else (), promised, fewest)


def _integer(frame: Frame, tag: int) -> int | None:
    try:
        return frame.integer(tag)
    except DicomError:
        return None


def maybe_incomplete(series: Completeness) -> Caution | None:
    """Signs that slices are missing where positions cannot show it: at an end of the stack."""
    numbers = sorted(set(series.numbers))
    if numbers and len(numbers) == len(series.numbers):
        holes = numbers[-1] - numbers[0] + 1 - len(numbers)
        if numbers[0] > 1 or holes:
            found = f"instance numbers {numbers[0]} to {numbers[-1]}, {holes} missing between"
            return caution("SERIES_MAYBE_INCOMPLETE", found)
    if series.promised and series.promised > series.per_stack:
        found = f"{series.per_stack} images, {series.promised} announced (ImagesInAcquisition)"
        return caution("SERIES_MAYBE_INCOMPLETE", found)
    return None


def with_study_cautions(
    acquisitions: Sequence[Acquisition], damaged_beside: Mapping[str, Sequence[str]]
) -> tuple[Acquisition, ...]:
    """Acquisitions in order of series number, with the cautions that arise between them.

    Parameters
    ----------
    acquisitions : sequence of Acquisition
        Of one study.
    damaged_beside : mapping
        Key of an acquisition to damaged files of its folder that may have been its slices.
    """
    ordered = sorted(acquisitions, key=lambda a: (a.header.series_number or 0, a.key))
    result = []
    for acquisition in ordered:
        others = [o for o in ordered if o is not acquisition and not _computed(o)]
        beside = damaged_beside.get(acquisition.key, ())
        found = [
            *acquisition.cautions,
            *(
                [caution("SERIES_MAYBE_INCOMPLETE", f"damaged beside it: {', '.join(beside[:3])}")]
                if beside
                else []
            ),
            *(c for c in _between(acquisition, others) if c is not None),
        ]
        result.append(replace(acquisition, cautions=tuple(dict.fromkeys(found))))
    return tuple(result)


def _computed(acquisition: Acquisition) -> bool:
    return any(c.code == "DERIVED_IMAGE" for c in acquisition.cautions)


def _between(acquisition: Acquisition, others: Sequence[Acquisition]) -> list[Caution | None]:
    header = acquisition.header
    patients = {h for a in (acquisition, *others) if (h := a.header.patient_id_hash)}
    found = [caution("PATIENTS_DIFFER", f"{len(patients)} patients")] if len(patients) > 1 else []
    frames = {a.header.frame_of_reference_uid for a in (acquisition, *others)}
    if len(frames) > 1:
        found.append(caution("FRAMES_OF_REFERENCE_DIFFER", f"{len(frames)} in this study"))
    if _computed(acquisition):
        return [*found]
    peers = [o for o in others if o.header.modality == header.modality]
    return [
        *found,
        _first_difference(acquisition, peers),
        _scaling(acquisition, peers),
        _coverage(acquisition, peers),
    ]


def _first_difference(acquisition: Acquisition, peers: Sequence[Acquisition]) -> Caution | None:
    if acquisition.header.modality != "CT":
        return None
    for peer in peers:
        reasons = differences(acquisition.header, peer.header)
        if reasons:
            return caution("PHASES_NOT_COMPARABLE", f"{', '.join(reasons)} of {_named(peer)}")
    return None


def _scaling(acquisition: Acquisition, peers: Sequence[Acquisition]) -> Caution | None:
    if acquisition.header.modality != "MR":
        return None
    for peer in peers:
        if peer.header.mr_sequence != acquisition.header.mr_sequence:
            continue
        reasons = mr_scaling_differences(acquisition.header, peer.header)
        if reasons:
            return caution("MR_SCALING_DIFFERS", f"{', '.join(reasons)} of {_named(peer)}")
    return None


def _coverage(acquisition: Acquisition, peers: Sequence[Acquisition]) -> Caution | None:
    """Ends of parallel stacks that lie more than a slice apart."""
    normal = acquisition.volume.geometry.slice_normal
    low, high = _ends(acquisition, normal)
    for peer in peers:
        parallel = float(peer.volume.geometry.slice_normal @ normal) > 1 - 1e-3
        same_frame = peer.header.frame_of_reference_uid == acquisition.header.frame_of_reference_uid
        if not parallel or not same_frame or peer.header.mr_sequence != acquisition.header.mr_sequence:
            continue
        ends = _ends(peer, normal)
        slice_mm = max(peer.volume.geometry.spacing_mm[0], acquisition.volume.geometry.spacing_mm[0])
        if max(abs(ends[0] - low), abs(ends[1] - high)) > 1.5 * slice_mm:
            found = f"{low:.1f} to {high:.1f} mm against {ends[0]:.1f} to {ends[1]:.1f} mm of {_named(peer)}"
            return caution("COVERAGE_DIFFERS", found)
    return None


def _ends(acquisition: Acquisition, normal: np.ndarray) -> tuple[float, float]:
    along = acquisition.volume.geometry.corners_mm[[0, 4]] @ normal
    return float(along.min()), float(along.max())


def _named(acquisition: Acquisition) -> str:
    header = acquisition.header
    name = f"series {header.series_number}" if header.series_number is not None else "a series without number"
    return f"{name}, {header.acquisition}" if header.acquisition else name
