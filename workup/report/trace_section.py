"""The report's last section: from every number to version, masks, images, parameters and code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workup.assessment import Assessment
from workup.case.trace import NOT_RECORDED
from workup.report.content import Section, Table, as_written, number, text

Words = Mapping[str, str]


def trace_section(assessment: Assessment, trace: Mapping[str, Any] | None, w: Words) -> Section:
    """Where the numbers come from.

    Parameters
    ----------
    assessment
        What was decided.
    trace
        ``case.trace.trace_document``; None says that nothing of it was recorded.
    w
        The report's words.
    """
    if trace is None:
        return Section(w["trace"], (NOT_RECORDED,), tables=(_series_table(assessment, w),), folded=True)
    tables = (
        _origin_table(trace, w),
        _series_table(assessment, w),
        *_hash_tables(assessment, trace, w),
    )
    said = tuple(words for words in (trace["reads"], trace["missing"]) if words)
    return Section(w["trace"], said, tables=tables, folded=True)


def _origin_table(trace: Mapping[str, Any], w: Words) -> Table:
    software, parameters = trace["software"], trace["parameters"]
    lines = [
        (w["version"], trace["version"]),
        (w["author"], trace["author"]),
        (w["saved"], trace["saved"]),
        (w["log_hash"], trace["log_sha256"]),
        *((f"{name} SHA-256", digest) for name, digest in (trace["version_files"] or {}).items()),
        *((w[name], _software(software[name])) for name in software),
        (w["protocol"], f"{parameters['protocol']} ({parameters['protocol_version']})"),
        (w["policy"], parameters["policy"]),
    ]
    rows = tuple((text(name), text(value)) for name, value in lines)
    return Table("origin", w["origin"], ("", ""), rows)


def _software(lock: Mapping[str, Any] | None) -> str | None:
    """Version and hash of the sources; None where it was not recorded."""
    return f"veinvasion {lock['veinvasion']}, code {lock['code_sha256']}" if lock else None


def _series_table(assessment: Assessment, w: Words) -> Table:
    rows = tuple(
        (
            number(a.header.series_number, 0),
            text(a.header.series_uid),
            number(a.volume.geometry.shape[0], 0),
            text(" x ".join(f"{s:.3f}" for s in a.volume.geometry.spacing_mm)),
            as_written(a.header.slice_thickness_mm),
        )
        for a in assessment.case.study.acquisitions
    )
    columns = (w["series"], "SeriesInstanceUID", w["slices"], w["spacing"], w["thickness"])
    return Table("trace", w["trace"], columns, rows)


def _hash_tables(assessment: Assessment, trace: Mapping[str, Any], w: Words) -> tuple[Table, ...]:
    numbers = {a.key: a.header.series_number for a in assessment.case.study.acquisitions}
    pixels = tuple(
        (
            number(numbers.get(row["acquisition"]), 0),
            number(row["slices"], 0),
            text(row["pixels_sha256"]),
            text(row["files_sha256"]),
        )
        for row in trace["series"]
    )
    masks = tuple(
        (text(row["id"]), number(numbers.get(row["acquisition"]), 0), text(row["mask_sha256"]))
        for row in trace["regions"]
    )
    tables = (
        Table(
            "image hashes",
            w["image_hashes"],
            (w["series"], w["slices"], "pixels SHA-256", "files SHA-256"),
            pixels,
            w["image_hashes_note"],
        ),
        Table("mask hashes", w["mask_hashes"], (w["region"], w["series"], "SHA-256"), masks),
    )
    return tuple(table for table in tables if table.rows)
