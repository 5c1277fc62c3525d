"""A report's content written to a folder in the formats that were asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workup.errors import WorkupError
from workup.replaced_files import replace_synced
from workup.report import rendering
from workup.report.content import Report

FORMATS = ("html", "json", "md", "csv", "xlsx", "pdf")


def write_report(
    report: Report, document: Mapping[str, Any], folder: str | Path, formats: Sequence[str] = ("html", "json")
) -> list[Path]:
    """Write the report and its machine-readable document; return the files in writing order.

    Parameters
    ----------
    report
        What people read.
    document
        What machines read (``report.json``); the same numbers.
    folder
        Made if it is not there. Files of an earlier report are replaced whole, never half.
    formats
        Any of ``html json md csv xlsx pdf``.

    Raises
    ------
    WorkupError
        ``UNKNOWN_FORMAT``; ``EXTRA_MISSING`` naming the extra that PDF needs.
    """
    for name in formats:
        if name not in FORMATS:
            raise WorkupError(
                "UNKNOWN_FORMAT", f"report format {name!r}", expected="one of " + ", ".join(FORMATS)
            )
    rendered = [_render(report, document, name) for name in formats]  # all before any is written
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    return [replace_synced(target / name, data) for files in rendered for name, data in files.items()]


def _render(report: Report, document: Mapping[str, Any], name: str) -> dict[str, bytes]:
    if name == "html":
        return {"report.html": rendering.html(report).encode()}
    if name == "json":
        strict = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        return {"report.json": strict.encode()}
    if name == "md":
        return {"report.md": rendering.markdown(report).encode()}
    if name == "xlsx":
        return {"report.xlsx": rendering.workbook(report)}
    if name == "csv":
        tables = {f"{table.name}.csv": rendering.table_csv(table).encode() for table in report.tables}
        return {"answers.csv": rendering.sentences_csv(report).encode(), **tables}
    return {"report.pdf": pdf(report)}


def pdf(report: Report) -> bytes:
    """The printing form of the same HTML as PDF bytes."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise WorkupError(
            "EXTRA_MISSING",
            f"PDF needs WeasyPrint and its system library Pango ({type(error).__name__})",
            expected="the extra `pdf`",
            advice="pip install 'veinvasion[pdf]', and see scripts/install_system_libraries.sh",
        ) from error
    return bytes(HTML(string=rendering.html(report, printing=True)).write_pdf())
