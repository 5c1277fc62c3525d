"""DICOM segmentations of any maker: binary, fractional, label map; overlapping, sparse, cut, in any order.

Every frame says where it lies; nothing is concluded from the order of frames.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.coding import Code

from imaging.errors import RegionError
from imaging.regions.named_acquisitions import acquisition_named, only_one, same_frame
from imaging.regions.plane_stack import PlaneStack, fits, mask_on_grid, resampled_on_grid
from imaging.regions.region import Provenance, Region, RegionMask
from imaging.regions.segment_roles import SegmentIdentity, regions_of
from imaging.volume import Acquisition, Study

SEG_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
#: A fractional segment holds the pixels that it fills by at least half (or with that probability).
FRACTION_THRESHOLD = 0.5
#: More pixels than any liver study has: 2000 frames of 1024 x 1024.
MOST_PIXELS = 2_100_000_000
#: Who wrote an object whose ``SegmentDescription`` we understand.
OUR_MANUFACTURER = "veinvasion"
#: What damaged bytes raise in pydicom.
_DAMAGE = (
    InvalidDicomError,
    OSError,
    EOFError,
    AttributeError,
    LookupError,
    ValueError,
    TypeError,
    NotImplementedError,
    RecursionError,
    struct.error,
)
#: Label of the background in label maps.
_BACKGROUND = 0


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A segmentation object as read.

    Attributes
    ----------
    stacks : mapping of segment number to PlaneStack
        Segments without a set pixel are absent.
    source_instances : frozenset of str
        SOPInstanceUIDs of the images it names as its source.
    """

    segments: tuple[SegmentIdentity, ...]
    stacks: Mapping[int, PlaneStack]
    frame_of_reference_uid: str | None
    source_series: frozenset[str]
    source_instances: frozenset[str]
    fractional: bool = False


def is_segmentation(path: Path | str) -> bool:
    """Whether a file is a DICOM segmentation."""
    try:
        header = pydicom.dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True)
    except _DAMAGE:
        return False
    return str(header.get("SOPClassUID", "")) in SEG_CLASSES


def read_seg_regions(
    path: Path | str,
    study: Study,
    *,
    roles: Mapping[str, str] | None = None,
    acquisition_key: str | None = None,
    resample: bool = False,
    verified: bool = False,
) -> tuple[Region, ...]:
    """Regions of a segmentation on the acquisition that it was drawn on.

    Parameters
    ----------
    path : path
        A DICOM segmentation.
    study : Study
        The images it belongs to.
    roles : mapping of label to role, optional
        See ``segment_roles.regions_of``.
    acquisition_key : str, optional
        Where it belongs, if the object does not tell.
    resample : bool
        Carry it by the nearest neighbor onto the acquisition's grid if it lies on another one.
    verified : bool
        Whether a reader looked at these outlines. Those of a read that was signed here (our own object
        says so) are verified without it; resampled ones, and those that our own object calls
        unverified, never are.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT``, ``UNKNOWN_ROLE``, ``UNKNOWN_SERIES``, ``AMBIGUOUS_SERIES``,
        ``FRAME_OF_REFERENCE``, ``GRID_MISMATCH`` or ``EMPTY_REGION``.
    """
    seg = read_segmentation(path)
    kinds = regions_of([s for s in seg.segments if s.number in seg.stacks], roles)
    if not kinds:
        raise RegionError("EMPTY_REGION", "no segment that is to be read holds a pixel")
    acquisition = _acquisition(seg, [seg.stacks[n] for n in kinds], study, acquisition_key, resample)
    note = f"fractional: at least {FRACTION_THRESHOLD:.0%}" if seg.fractional else ""
    regions = []
    accepted = {s.number for s in seg.segments if (verified or s.signed) and not s.unverified}
    for number, region in kinds.items():
        mask = stack_mask(
            seg.stacks[number],
            acquisition,
            resample=resample,
            verified=number in accepted,
            known=_named(seg, acquisition),
        )
        regions.append(replace(region, masks={acquisition.key: mask}, note=note))
    return tuple(regions)


def stack_mask(
    stack: PlaneStack, acquisition: Acquisition, *, resample: bool, verified: bool, known: bool = False
) -> RegionMask:
    """One segment's pictures as a mask of an acquisition.

    Raises
    ------
    RegionError
        ``GRID_MISMATCH`` unless they fit or may be resampled.
    """
    geometry = acquisition.volume.geometry
    if fits(stack, geometry, spacing_known=known):
        return mask_on_grid(stack, geometry, Provenance.IMPORTED, verified)
    placed = resampled_on_grid(stack, geometry) if resample else None
    if placed is None:
        raise RegionError(
            "GRID_MISMATCH",
            "the segmentation lies on another grid" + (", outside of the acquisition" if resample else ""),
            expected=f"the grid of its acquisition, {geometry!r}",
            advice="--resample carries it over by the nearest neighbor, unverified.",
            details={"acquisition_key": acquisition.key},
        )
    return placed


def read_segmentation(path: Path | str) -> Segmentation:
    """A segmentation's segments and pictures, wherever they lie.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` saying what is missing or contradicts itself.
    """
    try:
        header = pydicom.dcmread(path)
        if str(header.get("SOPClassUID", "")) not in SEG_CLASSES:
            raise RegionError(
                "REGIONS_FORMAT", f"{Path(path).name} is no DICOM segmentation", expected="a SEG object"
            )
        return _parse(header)
    except _DAMAGE as error:
        raise RegionError(
            "REGIONS_FORMAT",
            f"{Path(path).name} is not a segmentation that can be read: {error}",
            expected="frames with position, orientation, spacing and segment number",
        ) from error


def _parse(seg: Dataset) -> Segmentation:
    frames = seg.PerFrameFunctionalGroupsSequence
    count = int(seg.get("NumberOfFrames", len(frames)))
    if count != len(frames) or not 0 < count * int(seg.Rows) * int(seg.Columns) <= MOST_PIXELS:
        raise ValueError(f"{count} frames of {seg.Rows} x {seg.Columns}, {len(frames)} described")
    pixels = np.asarray(seg.pixel_array).reshape(count, int(seg.Rows), int(seg.Columns))
    shared = seg.get("SharedFunctionalGroupsSequence") or [Dataset()]
    label_map = seg.SegmentationType == "LABELMAP"
    fractional = seg.SegmentationType == "FRACTIONAL"
    if fractional:
        pixels = pixels >= FRACTION_THRESHOLD * int(seg.MaximumFractionalValue)
    geometry = _FrameGeometry.of(frames, shared[0])
    if label_map:
        numbers = sorted(set(np.unique(pixels).tolist()) - {_BACKGROUND})
        members = {n: list(range(count)) for n in numbers}
    else:
        members = {}
        for index, frame in enumerate(frames):
            members.setdefault(_segment_number(frame, shared[0]), []).append(index)
    stacks = {}
    for number, own in members.items():
        pictures = pixels[own] == number if label_map else pixels[own] > 0
        held = pictures.any(axis=(1, 2))
        if held.any():
            stacks[number] = geometry.stack(np.array(own)[held], pictures[held])
    segments = tuple(_identity(s, seg) for s in seg.SegmentSequence)
    unknown = sorted(set(stacks) - {s.number for s in segments})
    if unknown:
        raise ValueError(f"frames of segment {unknown[0]}, which is not described")
    return Segmentation(
        segments=tuple(s for s in segments if not (label_map and s.number == _BACKGROUND)),
        stacks=stacks,
        frame_of_reference_uid=str(seg.get("FrameOfReferenceUID", "")) or None,
        source_series=_source_series(seg),
        source_instances=_source_instances(seg, frames),
        fractional=fractional,
    )


@dataclass(frozen=True, eq=False)
class _FrameGeometry:
    origins_mm: NDArray[np.float64]
    row_step_mm: NDArray[np.float64]
    column_step_mm: NDArray[np.float64]
    spacing_mm: float | None

    @classmethod
    def of(cls, frames: Sequence[Dataset], shared: Dataset) -> _FrameGeometry:
        turns = np.array(
            [_group(f, shared, "PlaneOrientationSequence").ImageOrientationPatient for f in frames],
            dtype=float,
        )
        measures = [_group(f, shared, "PixelMeasuresSequence") for f in frames]
        spacings = np.array([m.PixelSpacing for m in measures], dtype=float)
        if np.abs(turns - turns[0]).max() > 1e-4 or np.abs(spacings - spacings[0]).max() > 1e-4:
            raise ValueError("frames of several orientations or pixel spacings")
        origins = np.array(
            [_group(f, shared, "PlanePositionSequence").ImagePositionPatient for f in frames], dtype=float
        )
        stated = measures[0].get("SpacingBetweenSlices") or measures[0].get("SliceThickness")
        return cls(
            origins,
            turns[0, 3:] * spacings[0, 0],
            turns[0, :3] * spacings[0, 1],
            float(stated) if stated else None,
        )

    def stack(self, frames: NDArray[np.int_], pictures: NDArray[np.bool_]) -> PlaneStack:
        return PlaneStack(
            self.origins_mm[frames], pictures, self.row_step_mm, self.column_step_mm, self.spacing_mm
        )


def _group(frame: Dataset, shared: Dataset, name: str) -> Dataset:
    sequence = frame.get(name) or shared.get(name)
    if not sequence:
        raise ValueError(f"a frame has no {name}")
    return sequence[0]


def _segment_number(frame: Dataset, shared: Dataset) -> int:
    return int(_group(frame, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)


def _identity(segment: Dataset, seg: Dataset) -> SegmentIdentity:
    ours = str(seg.get("Manufacturer", "")) == OUR_MANUFACTURER
    return SegmentIdentity(
        number=int(segment.SegmentNumber),
        label=str(segment.get("SegmentLabel", "")) or f"segment-{segment.SegmentNumber}",
        kind=_code(segment, "SegmentedPropertyTypeCodeSequence"),
        place=_code(segment, "AnatomicRegionSequence"),
        tracking_uid=str(segment.get("TrackingUID", "")) or None,
        description=str(segment.get("SegmentDescription", "")) if ours else "",
    )


def _code(item: Dataset, name: str) -> Code | None:
    sequence: Any = item.get(name)
    if not sequence or "CodeValue" not in sequence[0]:
        return None
    code = sequence[0]
    return Code(
        str(code.CodeValue), str(code.get("CodingSchemeDesignator", "")), str(code.get("CodeMeaning", ""))
    )


def _source_series(seg: Dataset) -> frozenset[str]:
    return frozenset(str(s.SeriesInstanceUID) for s in seg.get("ReferencedSeriesSequence") or ())


def _source_instances(seg: Dataset, frames: Sequence[Dataset]) -> frozenset[str]:
    named = [
        instance.ReferencedSOPInstanceUID
        for series in seg.get("ReferencedSeriesSequence") or ()
        for instance in series.get("ReferencedInstanceSequence") or ()
    ]
    named += [
        image.ReferencedSOPInstanceUID
        for frame in frames
        for derived in frame.get("DerivationImageSequence") or ()
        for image in derived.get("SourceImageSequence") or ()
    ]
    return frozenset(str(uid) for uid in named)


# ---------------------------------------------------------------- which acquisition


def _named(seg: Segmentation, acquisition: Acquisition) -> bool:
    """Whether the object names this acquisition's images as its source."""
    return bool(seg.source_instances & set(acquisition.header.sop_instance_uids))


def _acquisition(
    seg: Segmentation, stacks: Sequence[PlaneStack], study: Study, key: str | None, resample: bool
) -> Acquisition:
    if key is not None:
        return same_frame(acquisition_named(study, key), seg.frame_of_reference_uid)
    for named in (
        [a for a in study if _named(seg, a)],
        [a for a in study if a.header.series_uid in seg.source_series],
    ):
        if named:
            return same_frame(only_one(_fitting(named, stacks) or named), seg.frame_of_reference_uid)
    frame = seg.frame_of_reference_uid
    there = [a for a in study if frame is not None and a.header.frame_of_reference_uid == frame]
    fitting = _fitting(there, stacks)
    if not there:
        raise RegionError(
            "UNKNOWN_SERIES",
            "the object names no image of this study and lies in another frame of reference",
            expected="a segmentation of this study",
        )
    return only_one(fitting or (there if resample else []) or there[:1])


def _fitting(acquisitions: Sequence[Acquisition], stacks: Sequence[PlaneStack]) -> list[Acquisition]:
    return [a for a in acquisitions if all(fits(s, a.volume.geometry) for s in stacks)]
