"""A trial's lesion table from a CSV file."""

from __future__ import annotations

from pathlib import Path

from recist.lesion_table import COLUMNS, LesionTable, check_columns, read_lesion_table
from workup.errors import RecordError
from workup.spreadsheet_rows import spreadsheet_rows


def read_table(path: Path) -> LesionTable:
    """Patients and refused rows of a CSV with a header line.

    Comma, semicolon or tab separate the cells, UTF-8 with or without a byte order mark.

    Raises
    ------
    RecordError
        ``NO_TABLE`` if the file is no such table or holds no rows.
    recist.errors.LesionError
        ``TABLE_COLUMNS`` if a needed column is missing, or one stands twice.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_table(path, 'is not UTF-8 text (a spreadsheet saves it as "CSV UTF-8")') from error
    reader = spreadsheet_rows(content)
    names, rows = reader.fieldnames or (), list(reader)
    if not rows:
        raise _no_table(path, "holds no rows")
    check_columns(names)
    table = read_lesion_table(rows)
    if not table.patients and not table.rejected:
        raise _no_table(path, "holds no rows")
    return table


def _no_table(path: Path, why: str) -> RecordError:
    return RecordError(
        "NO_TABLE", f"{path.name} {why}", expected="a CSV with the columns " + ", ".join(COLUMNS)
    )
