"""Image files read for their identity: hash, SOPInstanceUID and rescale, nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from workup.case.source import FileFacts
from workup.errors import CaseError

_TAGS = ["SOPInstanceUID", "RescaleSlope", "RescaleIntercept"]


def image_files(folder: Path) -> Iterator[tuple[Path, FileFacts]]:
    """Every DICOM file below a folder, in the order of its path; other files are passed over."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            facts = file_facts(path)
            if facts is not None:
                yield path, facts


def file_facts(path: Path) -> FileFacts | None:
    """Identity of one file; None if it is not DICOM or cannot be read."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        header = dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
        uid = str(header.get("SOPInstanceUID", "")) or None
        slope, intercept = header.get("RescaleSlope"), header.get("RescaleIntercept")
    except (InvalidDicomError, OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return None
    if uid is None:
        return None
    rescale = None if slope is None or intercept is None else (str(slope), str(intercept))
    return FileFacts(uid, digest, rescale)


def image_folder(case_folder: Path, source: Mapping[str, Any], named: str | Path | None = None) -> Path:
    """Where the images of a case lie; ``named`` outranks what the case says.

    Raises
    ------
    CaseError
        ``NO_IMAGES`` if there is no such folder.
    """
    folder = Path(named) if named else case_folder / source["images"]["folder"]
    if not source["images"]["folder"] and not named:
        raise CaseError("NO_IMAGES", "the case names no folder of images", advice="Give it with --dicom")
    if not folder.is_dir():
        raise CaseError(
            "NO_IMAGES", "the images are not where the case says", advice="Give their folder with --dicom"
        )
    return folder
