"""A case together with where it came from: version, log line, hashes of its images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from imaging.dicom.study_files import hash_sources
from workup.case.case import Case
from workup.case.case_files import image_place, is_store, read_case
from workup.case.log import sha256
from workup.case.reader_files import CaseReader
from workup.case.software_files import software_lock
from workup.case.source import source_document
from workup.case.standing import standing
from workup.case.store_files import CaseStore
from workup.case.strict_json import parse
from workup.case.trace import Origin, series_trace
from workup.errors import CaseError

#: What a case folder says as long as nobody has saved into it.
NOTHING_SAVED = "Nobody has saved a version of this case."


def read_case_with_origin(
    path: str | Path,
    *,
    regions: str | Path | None = None,
    record: str | Path | None = None,
    reading: str | Path | None = None,
    who: str | None = None,
    instances: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Case, Origin]:
    """As ``read_case``, and where it was read from.

    Parameters
    ----------
    path, regions, record, reading, who, progress
        As for ``read_case``.
    instances
        Name every slice with its hashes; for a case that is no case folder they are computed now, which
        reads every file again.
    """
    folder = Path(path)
    if not is_store(folder):
        case = read_case(folder, regions=regions, record=record, reading=reading, who=who, progress=progress)
        return case, _computed(case, image_place(folder)) if instances else Origin()
    answering = standing(CaseStore.open(folder).history(), who)
    number = answering.version.number if answering.version else None
    case = read_case(
        folder, regions=regions, record=record, reading=reading, version=number, who=who, progress=progress
    )
    origin = stored_origin(CaseReader(folder), number, instances=instances)
    return case, replace(origin, reads=answering.words)


def stored_origin(reader: CaseReader, version: int | None, *, instances: bool = False) -> Origin:
    """What a case folder recorded of one of its versions.

    Raises
    ------
    CaseError
        ``NO_VERSION``, ``VERSION_DAMAGED``, or ``SOURCE_DAMAGED`` if ``source.json`` is not what the
        log's first line holds the hash of.
    """
    entries, source = reader.log(), _checked_source(reader)
    images = {"images_read_with": source["software"], "series": series_trace(source, instances=instances)}
    if version is None:
        return Origin(missing=NOTHING_SAVED, **images)
    saved = reader.history().version(version)
    meta = reader.version_meta(version)
    return Origin(saved, entries[saved.n - 1].sha256, meta["software"], missing="", **images)


def _checked_source(reader: CaseReader) -> Mapping[str, Any]:
    data = (reader.folder / "source.json").read_bytes()
    bound = next((e.data["source_sha256"] for e in reader.log() if e.what == "created"), None)
    if sha256(data) != bound:
        raise CaseError(
            "SOURCE_DAMAGED",
            "source.json is not what was written when the case was made",
            advice="Run `veinvasion case verify`; restore the case from an export or a backup",
        )
    document: Mapping[str, Any] = parse(data)
    return document


def _computed(case: Case, images: Path) -> Origin:
    """The same hashes as a case folder would have kept, computed from the images as they are now."""
    study = replace(case.study, file_hashes=hash_sources(case.study, images))
    source = source_document(study, case.case_id, {}, {}, software_lock())
    return Origin(
        images_read_with=source["software"],
        series=series_trace(source, instances=True),
        missing="No version: this case is no case folder. Hashes are those of the images as they are now.",
    )
