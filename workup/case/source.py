"""Which images a case was read on: every instance, its hash, its pixels' hash, its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imaging.volume import Acquisition, Refused, Study
from workup.case.log import sha256
from workup.errors import CaseError

FORMAT = "veinvasion-case"
FORMAT_VERSION = 1
#: Two releases may round a place differently; no image lies elsewhere by so little. [mm]
_ROUNDING_MM = 1e-6


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


def images_of_case(study: Study, source: Mapping[str, Any]) -> Study:
    """The images that the case was read on, of those that were loaded now.

    An acquisition that came into the folder since belongs to no read of the case: it is left out, and
    stands among what was refused.

    Raises
    ------
    CaseError
        ``IMAGES_CHANGED`` naming the acquisitions that are gone, or have other pixels or another place.
    """
    recorded = {a["key"]: a for a in source["acquisitions"]}
    present = {a.key: a for a in study.acquisitions}
    gone = [key for key in recorded if key not in present]
    changed = [key for key, a in recorded.items() if key in present and not _is_same(present[key], a)]
    if gone or changed:
        raise CaseError(
            "IMAGES_CHANGED",
            f"{len(gone)} acquisitions are gone and {len(changed)} have other pixels or another place than "
            "when it was read",
            expected="the same images",
            advice="Give the folder with the original images (--dicom)",
            details={"gone": gone, "changed": changed},
        )
    added = tuple(_left_out(a) for a in study.acquisitions if a.key not in recorded)
    kept = tuple(a for a in study.acquisitions if a.key in recorded)
    return replace(study, acquisitions=kept, refused=(*study.refused, *added)) if added else study


def _is_same(acquisition: Acquisition, recorded: Mapping[str, Any]) -> bool:
    """Whether values, unit and place are what they were, but for the rounding of another release."""
    volume, matrix = acquisition.volume, np.array(recorded["index_to_patient_mm"], dtype=float)
    return bool(
        voxels_sha256(volume.voxels) == recorded["voxels_sha256"]
        and volume.unit == recorded["unit"]
        and np.allclose(volume.geometry.index_to_patient_mm, matrix, rtol=0, atol=_ROUNDING_MM)
    )


def _left_out(acquisition: Acquisition) -> Refused:
    return Refused(
        "NOT_OF_THIS_CASE",
        "it was not among the images when the case was made; no read of the case saw it",
        (),
        acquisition.header.series_uid,
        acquisition.header.series_number,
    )
