"""Which images a case was read on: every instance, its hash, its pixels' hash, its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.volume import Acquisition, Study
from workup.case.log import sha256
from workup.errors import CaseError

FORMAT = "veinvasion-case"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class FileFacts:
    """What one image file says of itself.

    Attributes
    ----------
    rescale : (slope, intercept) or None
        As recorded, text; None where the file has none.
    """

    sop_instance_uid: str
    sha256: str
    rescale: tuple[str, str] | None = None


def voxels_sha256(voxels: np.ndarray[Any, Any]) -> str:
    """Hash of decoded values: their type, shape and little-endian bytes."""
    plain = np.ascontiguousarray(voxels)
    little = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    return sha256(f"{little.dtype.str}{list(plain.shape)}".encode() + little.tobytes())


def source_document(
    study: Study,
    case_id: str,
    files: Mapping[str, FileFacts],
    images: Mapping[str, Any],
    software: Mapping[str, Any],
) -> dict[str, Any]:
    """Content of ``source.json``.

    Parameters
    ----------
    study
        The images as loaded.
    case_id
        Name of the case.
    files
        By SOPInstanceUID.
    images
        Where the images lie: ``folder``, ``copied`` and, where copied, ``files`` (name -> sha256).
    software
        ``software_files.software_lock()`` of the moment the case was made.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "case_id": case_id,
        "images": dict(images),
        "software": dict(software),
        "acquisitions": [_acquisition(a, study.file_hashes, files) for a in study.acquisitions],
        "refused": [{"code": r.code, "series_uid": r.series_uid} for r in study.refused],
    }


def _acquisition(
    acquisition: Acquisition, hashes: Mapping[str, str], files: Mapping[str, FileFacts]
) -> dict[str, Any]:
    header, volume = acquisition.header, acquisition.volume
    return {
        "key": acquisition.key,
        "series_uid": header.series_uid,
        "study_uid": header.study_uid,
        "frame_of_reference_uid": header.frame_of_reference_uid,
        "modality": header.modality,
        "unit": volume.unit,
        "shape": list(volume.geometry.shape),
        "index_to_patient_mm": volume.geometry.index_to_patient_mm.tolist(),
        "resampled": volume.resampled,
        "mr_scaling": [list(pair) for pair in header.mr_scaling],
        "cautions": [c.code for c in acquisition.cautions],
        "voxels_sha256": voxels_sha256(volume.voxels),
        "slices": [_slice(acquisition, i, hashes, files) for i in range(volume.geometry.shape[0])],
    }


def _slice(
    acquisition: Acquisition, index: int, hashes: Mapping[str, str], files: Mapping[str, FileFacts]
) -> dict[str, Any]:
    uids, frames = acquisition.header.sop_instance_uids, acquisition.header.frame_numbers
    uid = uids[min(index, len(uids) - 1)] if uids else None
    facts = files.get(uid) if uid else None
    return {
        "sop_instance_uid": uid,
        "frame": frames[index] if index < len(frames) else None,
        "file_sha256": (facts.sha256 if facts else hashes.get(uid)) if uid else None,
        "rescale": list(facts.rescale) if facts and facts.rescale else None,
        "voxels_sha256": voxels_sha256(acquisition.volume.voxels[index]),
    }


def check_study(study: Study, source: Mapping[str, Any]) -> None:
    """Make sure that the images loaded now are the images that the case was read on.

    Raises
    ------
    CaseError
        ``IMAGES_CHANGED`` naming the acquisitions that are gone or have other pixels.
    """
    present = {a.key: a for a in study.acquisitions}
    gone = [a["key"] for a in source["acquisitions"] if a["key"] not in present]
    changed = [
        a["key"]
        for a in source["acquisitions"]
        if a["key"] in present and voxels_sha256(present[a["key"]].volume.voxels) != a["voxels_sha256"]
    ]
    if gone or changed:
        raise CaseError(
            "IMAGES_CHANGED",
            f"{len(gone)} acquisitions are gone and {len(changed)} have other pixels than when it was read",
            expected="the same images",
            advice="Give the folder with the original images (--dicom)",
            details={"gone": gone, "changed": changed},
        )
