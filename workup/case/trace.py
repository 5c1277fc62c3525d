"""From a number in a report back to the pixels: which mask, which slices, which files, which code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workup.case.log import sha256
from workup.case.state_codec import mask_sha256
from workup.errors import CaseError

if TYPE_CHECKING:
    from workup.assessment import Assessment
    from workup.case.reads import SavedVersion

#: What an assessment says where nobody kept the hashes.
NOT_RECORDED = (
    "Hashes of files and pixels were not recorded for this case: it is no case folder. "
    "`veinvasion assess --trace` computes them; `veinvasion case new` keeps them for good."
)


def trace_region(
    source: Mapping[str, Any],
    meta: Mapping[str, Any],
    region_id: str,
    acquisition_key: str,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything a number about one region on one acquisition was computed from.

    Parameters
    ----------
    source
        The case's ``source.json``.
    meta
        The version's ``meta.json`` (``CaseStore.version_meta``).
    region_id, acquisition_key
        What was measured, and where.
    parameters
        Policy or thresholds of the measurement, repeated in the answer.

    Returns
    -------
    dict
        ``region`` (version, reader, mask hash, provenance), ``images`` (series, slices with
        SOPInstanceUID, frame, file hash, rescale and hash of the decoded values), ``code``.

    Raises
    ------
    CaseError
        ``NO_REGION`` if the version has no such region on this acquisition.
    """
    region = next((r for r in meta["state"]["regions"] if r["id"] == region_id), None)
    mask = next((m for m in (region or {"masks": []})["masks"] if m["acquisition"] == acquisition_key), None)
    images = next((a for a in source["acquisitions"] if a["key"] == acquisition_key), None)
    if region is None or mask is None or images is None:
        raise CaseError(
            "NO_REGION",
            f"version {meta['version']} has no region {region_id!r} on this acquisition",
            details={"region": region_id, "acquisition": acquisition_key},
        )
    first, count = mask["offset"][0], mask["shape"][0]
    return {
        "region": {
            "id": region_id,
            "role": region["role"],
            "version": meta["version"],
            "reader": meta["reader"],
            "saved": meta["when"],
            "mask_sha256": mask["sha256"],
            "provenance": mask["provenance"],
            "verified": mask["more"]["verified"],
            "offset": mask["offset"],
            "box": mask["shape"],
        },
        "images": {
            "acquisition": acquisition_key,
            "series_uid": images["series_uid"],
            "frame_of_reference_uid": images["frame_of_reference_uid"],
            "unit": images["unit"],
            "mr_scaling": images["mr_scaling"],
            "voxels_sha256": images["voxels_sha256"],
            "slices": [{"index": i, **images["slices"][i]} for i in range(first, first + count)],
        },
        "parameters": dict(parameters or {}),
        "code": {"measured_with": meta["software"], "images_read_with": source["software"]},
    }


@dataclass(frozen=True)
class Origin:
    """Where a case was read from, as far as it was recorded.

    Attributes
    ----------
    version : SavedVersion or None
        The version of the case folder; None for other cases, and for a folder nobody saved into.
    log_sha256 : str or None
        Hash of the log's line of this version; with the lines before it, it tells the whole history.
    saved_with, images_read_with : mapping or None
        Software at saving, and when the images were first read.
    series : tuple of mapping
        ``series_trace`` of each acquisition; empty where hashes were not recorded.
    missing : str
        What was not recorded and how to get it; empty if everything was.
    reads : str
        Whose read was assessed, and what became of another one that differs (``standing``).
    """

    version: SavedVersion | None = None
    log_sha256: str | None = None
    saved_with: Mapping[str, Any] | None = None
    images_read_with: Mapping[str, Any] | None = None
    series: tuple[Mapping[str, Any], ...] = ()
    missing: str = NOT_RECORDED
    reads: str = ""


def series_trace(source: Mapping[str, Any], *, instances: bool = False) -> tuple[dict[str, Any], ...]:
    """One row for each acquisition of a ``source.json``; with ``instances``, every slice's hashes too.

    ``pixels_sha256`` is the SHA-256 over the concatenated hexadecimal hashes of the decoded values of its
    slices, in the order of the slices; ``files_sha256`` the same over the files, None where one is missing.
    """
    rows = []
    for acquisition in source["acquisitions"]:
        slices = acquisition["slices"]
        row = {
            "acquisition": acquisition["key"],
            "series_uid": acquisition["series_uid"],
            "slices": len(slices),
            "pixels_sha256": _sha256_over([s["voxels_sha256"] for s in slices]),
            "files_sha256": _sha256_over([s["file_sha256"] for s in slices]),
        }
        rows.append({**row, "instances": slices} if instances else row)
    return tuple(rows)


def _sha256_over(hashes: Sequence[str | None]) -> str | None:
    known = [each for each in hashes if each]
    return sha256("".join(known).encode()) if known and len(known) == len(hashes) else None


def trace_document(
    assessment: Assessment, origin: Origin | None, software: Mapping[str, Any]
) -> dict[str, Any]:
    """What every number of an assessment was computed from: for its report and its JSON.

    The masks' hashes are those of the masks that were measured; in a case folder they are the ones that
    ``meta.json`` of the version holds.

    Parameters
    ----------
    assessment
        What was computed.
    origin
        Where its case was read from; nothing is known without it.
    software
        ``software_files.software_lock()`` of the assessment.
    """
    origin, protocol = origin or Origin(), assessment.screen.protocol
    saved = origin.version
    return {
        "version": saved.number if saved else None,
        "author": saved.reader if saved else None,
        "saved": saved.when if saved else None,
        "log_entry": saved.n if saved else None,
        "log_sha256": origin.log_sha256,
        "version_files": dict(saved.files) if saved else None,
        "missing": origin.missing or None,
        "reads": origin.reads or None,
        "regions": [
            {
                "id": region.id,
                "acquisition": key,
                "provenance": mask.provenance.value,
                "mask_sha256": mask_sha256(mask),
            }
            for region in assessment.case.regions
            for key, mask in region.masks.items()
        ],
        "series": [dict(row) for row in origin.series],
        "parameters": {
            "policy": assessment.policy.name,
            "protocol": protocol.id,
            "protocol_version": protocol.version,
            "readings": dict(protocol.readings),
            "comparable_override": assessment.compared_because or None,
        },
        "software": {
            "assessed_with": dict(software),
            "saved_with": dict(origin.saved_with) if origin.saved_with else None,
            "images_read_with": dict(origin.images_read_with) if origin.images_read_with else None,
        },
    }
