"""Reports and DICOM objects of a read: into a folder, or as bytes to be signed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workup.assessment import Assessment
from workup.assessment_json import assessment_document
from workup.case.assessed_summary import assessed_summary
from workup.case.origin_files import stored_origin
from workup.case.reads import SignedRead
from workup.case.signature_files import signed_as_assessed
from workup.case.software_files import software_lock
from workup.case.trace import Origin, trace_document
from workup.command_line import SCHEMA_VERSION, version
from workup.errors import WorkupError
from workup.reading_keeper import Keeper
from workup.report.assessment_report import assessment_report
from workup.report.report_files import write_report

#: What a signature is bound to: for people, and for machines.
SIGNED_FORMATS = ("html", "json")


def origin_of(keeper: Keeper | None, why: str) -> Origin:
    """Where the work in hand is kept: the version that holds it, saved now if none does.

    Where it cannot be saved the trace says so; a report is not refused for that.
    """
    if keeper is None:
        return Origin(missing="The read was not kept in a case folder.")
    try:
        return stored_origin(keeper.store, keeper.version(why))
    except WorkupError as error:
        return Origin(missing=f"The read could not be saved: {error.found}.")


def write_reports(
    assessment: Assessment,
    folder: str | Path,
    *,
    origin: Origin | None = None,
    formats: Sequence[str] = SIGNED_FORMATS,
    language: str = "en",
) -> list[Path]:
    """The report of an assessment with its trace, exactly as ``veinvasion assess -o`` writes it."""
    head: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
    trace = trace_document(assessment, origin, software_lock())
    footer = f"veinvasion {version()}"
    report = assessment_report(assessment, language=language, footer=footer, trace=trace)
    document = {**head, **assessment_document(assessment), "trace": trace}
    return write_report(report, document, folder, formats)


def report_bytes(
    assessment: Assessment, *, origin: Origin | None = None, language: str = "en"
) -> dict[str, bytes]:
    """File name -> bytes of the reports that a reader signs."""
    with tempfile.TemporaryDirectory(prefix="veinvasion-") as folder:
        written = write_reports(assessment, folder, origin=origin, language=language)
        return {path.name: path.read_bytes() for path in written if path.is_file()}


def sign_read(keeper: Keeper, assess: Callable[[], Assessment], meaning: str, why: str = "") -> int:
    """Save, assess, write the reports with their trace, sign all of it; the read's number.

    Raises
    ------
    CaseError
        As ``Keeper.sign``.
    """
    origin = stored_origin(keeper.store, keeper.version("before signing"))
    assessment = assess()
    return keeper.sign(
        report_bytes(assessment, origin=origin), meaning, why, summary=assessed_summary(assessment)
    )


def write_dicom(
    assessment: Assessment, folder: str | Path, *, signature: SignedRead | None = None
) -> list[Path]:
    """SEG of each outlined acquisition and the SR that refers to them, as ``veinvasion export`` writes them.

    Raises
    ------
    ExchangeError
        As ``workup.exchange.export_files.export_cases``; an export is never overwritten.
    """
    from workup.exchange.export_files import export_cases

    return export_cases([assessment], folder, ("seg", "sr"), version=version(), signatures=[signature])


def signature_of(keeper: Keeper | None, assessment: Assessment) -> SignedRead | None:
    """The signed read of this reader that the work in hand is, unchanged; None if there is none."""
    if keeper is None or not keeper.kept_as_version:
        return None
    read = signed_as_assessed(keeper.store.folder, assessment, assessment.case.reader)
    return read if read is not None and read.version == keeper.last_version else None
