"""From a number in a report back to the pixels: which mask, which slices, which files, which code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workup.errors import CaseError


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
