"""Lesion tables to a folder, to one file, or to the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workup.errors import WorkupError
from workup.replaced_files import replace_synced
from workup.report import rendering
from workup.report.content import Report, Table
from workup.report.report_files import write_report

#: Formats written to a folder.
FOLDER_FORMATS = ("html", "json", "csv", "xlsx")

#: Columns of shorter entries are shown without a break on the terminal. [characters]
_LONGEST_WHOLE = 14

#: Wider than any table, to ask how wide one must be. [characters]
_WIDEST = 10_000


def write_anywhere(report: Report, document: Mapping[str, Any], output: Path) -> list[Path]:
    """Write all formats to a folder, or one by the ending of a file.

    Parameters
    ----------
    report : Report
        What people read; its first table is what a ``.csv`` holds.
    document : mapping
        What scripts read.
    output : path
        A folder (made if absent), or a file ending in ``.html .json .csv .xlsx .md``.

    Raises
    ------
    WorkupError
        ``UNKNOWN_FORMAT`` for another ending.
    """
    if not output.suffix or output.is_dir():
        return write_report(report, document, output, FOLDER_FORMATS)
    data = _single(report, document, output.suffix.lower())
    output.parent.mkdir(parents=True, exist_ok=True)
    return [replace_synced(output, data)]


def _single(report: Report, document: Mapping[str, Any], suffix: str) -> bytes:
    if suffix == ".json":
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode()
    if suffix == ".csv":
        return rendering.table_csv(report.tables[0]).encode()
    if suffix == ".xlsx":
        return rendering.workbook(report)
    if suffix == ".html":
        return rendering.html(report).encode()
    if suffix == ".md":
        return rendering.markdown(report).encode()
    raise WorkupError(
        "UNKNOWN_FORMAT", f"a report ending in {suffix}", expected="a folder, or .html .json .csv .xlsx .md"
    )


def print_table(table: Table, *, note: str = "", columns: tuple[str, ...] = ()) -> None:
    """Show a table on the terminal; ``columns`` picks some of them."""
    from rich.console import Console
    from rich.markup import escape
    from rich.measure import Measurement
    from rich.table import Table as Grid

    picked = [i for i, name in enumerate(table.columns) if not columns or name in columns]
    grid = Grid(title=table.title, caption=note or None, box=None, padding=(0, 1, 0, 0))
    for index in picked:
        texts = [*table.columns[index].split(), *(row[index].text for row in table.rows)]
        longest = max(len(text) for text in texts)
        width = longest if longest <= _LONGEST_WHOLE else None
        grid.add_column(table.columns[index], overflow="fold", width=width, min_width=width)
    for row in table.rows:
        grid.add_row(*(escape(row[i].text) for i in picked))
    console = Console()
    needed = Measurement.get(console, console.options.update(width=_WIDEST), grid).minimum
    console.width = max(console.width, needed)  # a narrow terminal must not turn 30.0 into "30." above "0"
    console.print(grid)
