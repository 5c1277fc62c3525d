"""Reports and DICOM objects of a read: into a folder, or as bytes to be signed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workup.assessment import Assessment
from workup.assessment_json import assessment_document
from workup.command_line import SCHEMA_VERSION, version
from workup.report.assessment_report import assessment_report
from workup.report.report_files import write_report

#: What a signature is bound to: for people, and for machines.
SIGNED_FORMATS = ("html", "json")


def write_reports(
    assessment: Assessment,
    folder: str | Path,
    *,
    formats: Sequence[str] = SIGNED_FORMATS,
    language: str = "en",
) -> list[Path]:
    """The report of an assessment, exactly as ``veinvasion assess -o`` writes it."""
    head: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
    report = assessment_report(assessment, language=language, footer=f"veinvasion {version()}")
    return write_report(report, {**head, **assessment_document(assessment)}, folder, formats)


def report_bytes(assessment: Assessment, *, language: str = "en") -> dict[str, bytes]:
    """File name -> bytes of the reports that a reader signs."""
    with tempfile.TemporaryDirectory(prefix="veinvasion-") as folder:
        written = write_reports(assessment, folder, language=language)
        return {path.name: path.read_bytes() for path in written if path.is_file()}


def write_dicom(assessment: Assessment, folder: str | Path, *, signed: bool = False) -> list[Path]:
    """SEG of each outlined acquisition and the SR that refers to them.

    Raises
    ------
    ExchangeError
        ``SOURCE_MISSING`` if the images are no longer where they were read.
    FileExistsError
        An export is never overwritten.
    """
    from workup.exchange.seg_files import write_segmentations
    from workup.exchange.source_image_files import read_source_images
    from workup.exchange.sr_files import structured_report, write_structured_report

    case, target = assessment.case, Path(folder)
    outlined = {key for region in case.regions for key in region.masks}
    outlined |= {line.acquisition_key for line in case.lines}
    acquisitions = [a for a in case.study if a.key in outlined]
    images = read_source_images(case.study.source, acquisitions)
    written = write_segmentations(
        case.case_id, case.regions, acquisitions, images, target, reader=case.reader, version=version()
    )
    report = structured_report(
        assessment, images, {key: seg for key, (_, seg) in written.items()}, version=version(), signed=signed
    )
    paths = [path for path, _ in written.values()]
    return [*paths, write_structured_report(report, target / "sr.dcm")]
