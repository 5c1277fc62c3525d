"""Regions as DICOM Segmentations: one binary object for each acquisition, on its own grid."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from imaging.regions.region import Provenance, Region
from imaging.regions.segment_roles import described_in_words
from imaging.volume import Acquisition
from workup.case.case import Case
from workup.exchange import codes
from workup.replaced_files import new_file

MANUFACTURER = "veinvasion"
_TRACKING_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "veinvasion:tracking")


def tracked_as(case: Case) -> str:
    """What a case's regions are known by at every time point: the patient of the images, and the case.

    Two sites may give one name to two cases.
    """
    patients = sorted({a.header.patient_id_hash or "" for a in case.study})
    return f"{patients[-1]}/{case.case_id}"


def tracking_uid(tracked_as: str, region_id: str) -> str:
    """The same UID for the same region of the same case, in every object and at every time point."""
    return f"2.25.{uuid.uuid5(_TRACKING_NAMESPACE, f'{tracked_as}/{region_id}').int}"


def person_name(reader: str | None) -> str | None:
    """A reader's name as DICOM writes names; one without parts is marked as complete."""
    if not reader:
        return None
    return reader if "^" in reader else f"{reader}^"


def segmentation(
    acquisition: Acquisition,
    regions: Sequence[Region],
    images: Sequence[Dataset],
    *,
    tracked_as: str,
    reader: str | None,
    version: str,
    series_number: int,
    signed: bool = False,
) -> hd.seg.Segmentation:
    """A BINARY Segmentation of every region that has a mask on this acquisition.

    Parameters
    ----------
    acquisition
        What was segmented.
    regions
        Those with a mask on it; segment numbers follow their order.
    images
        Headers of the acquisition's images in slice order (one, if multi-frame).
    tracked_as, reader, version, series_number
        Name the case, who drew, the software and the new series.
    signed
        Whether the reader signed these outlines; only then do they come back verified.
    """
    masks = np.stack([r.masks[acquisition.key].full() for r in regions], axis=-1)
    return hd.seg.Segmentation(
        source_images=list(images),
        pixel_array=masks.astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _segment(number, region, acquisition, tracked_as, version, signed)
            for number, region in enumerate(regions, 1)
        ],
        series_instance_uid=hd.UID(),
        series_number=series_number,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=version,
        device_serial_number="1",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description="Regions of the vascular invasion read"[:64],
        content_label="VEINVASION",
        content_description="Regions drawn or confirmed by a reader",
        content_creator_name=person_name(reader),
        specific_character_set="ISO_IR 192",
    )


def _segment(
    number: int, region: Region, acquisition: Acquisition, tracked_as: str, version: str, signed: bool
) -> hd.seg.SegmentDescription:
    category, kind, place = codes.REGION_CODES[region.role]
    if region.vessel is not None:
        place = codes.VESSEL_CODES[region.vessel]
    provenance = region.masks[acquisition.key].provenance
    manual = provenance is Provenance.DRAWN
    segment = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=region.id[:64],
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type="MANUAL" if manual else "SEMIAUTOMATIC",
        algorithm_identification=None if manual else _algorithm(provenance, version),
        tracking_uid=tracking_uid(tracked_as, region.id),
        tracking_id=region.id[:64],
        anatomic_regions=[place] if place is not None else None,
    )
    # codes cannot tell a target from a non-target lesion; our own reader finds the role here
    verified = region.masks[acquisition.key].verified
    segment.SegmentDescription = described_in_words(region, verified=verified, signed=signed)
    return segment


def _algorithm(provenance: Provenance, version: str) -> hd.AlgorithmIdentificationSequence:
    return hd.AlgorithmIdentificationSequence(
        name=f"veinvasion {provenance.value}",
        family=codes.own("REGION", f"Region {provenance.value}"),
        version=version,
    )


def write_segmentations(
    tracked_as: str,
    regions: Sequence[Region],
    acquisitions: Sequence[Acquisition],
    images: Mapping[str, Sequence[Dataset]],
    folder: str | Path,
    *,
    reader: str | None = None,
    version: str,
    signed: bool = False,
) -> dict[str, tuple[Path, hd.seg.Segmentation]]:
    """Write one Segmentation for each acquisition that has masks, keyed by acquisition.

    A file that is there already is never overwritten: FileExistsError.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = {}
    for order, acquisition in enumerate(acquisitions, 1):
        own = [r for r in regions if acquisition.key in r.masks]
        if not own:
            continue
        seg = segmentation(
            acquisition,
            own,
            images[acquisition.key],
            tracked_as=tracked_as,
            reader=reader,
            version=version,
            series_number=9000 + order,
            signed=signed,
        )
        path = target / f"seg_{order:03d}.dcm"
        with new_file(path) as stream:
            seg.save_as(stream)
        written[acquisition.key] = (path, seg)
    return written
