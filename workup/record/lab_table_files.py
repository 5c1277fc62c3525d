"""Laboratory values from a CSV table, one result per row.

Columns are the fields of ``labs[]`` in the record: analyte, value, comparator, unit, uln, lln,
reference_range_kind, date, source; any order, unknown columns refused by name. Rows of analytes that no
criterion reads are left out and counted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eligibility.patient import LabResult, PatientFacts
from workup.errors import RecordError
from workup.record.analytes import analyte_named
from workup.record.record import parse_record
from workup.record.record_files import read_bytes

COLUMNS = ("analyte", "value", "comparator", "unit", "uln", "lln", "reference_range_kind", "date", "source")


@dataclass(frozen=True)
class LabTable:
    """Results of a table, and the names of the analytes left out."""

    results: tuple[LabResult, ...]
    ignored: tuple[str, ...]


def read_lab_table(path: str | Path) -> LabTable:
    """Laboratory values from a CSV file.

    Raises
    ------
    RecordError
        With the row and column of the first fault.
    """
    file = Path(path)
    try:
        text = read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError("RECORD_NOT_UTF8", f"{file.name}: byte {error.start} is not UTF-8 text") from error
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if text.split("\n", 1)[0].count(";") else ",")
    header = [name.strip().lower() for name in rows.fieldnames or ()]
    _check_header(header, file.name)
    rows.fieldnames = header
    found, ignored = [], []
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise RecordError("TABLE_ROW_LENGTH", f"{file.name}, line {number}: not as many cells as columns")
        cells = {name: cell.strip() for name, cell in row.items() if cell.strip()}
        analyte = analyte_named(cells.get("analyte", ""))
        if analyte is None:
            ignored.append(cells.get("analyte", ""))
            continue
        found.append(_result({**cells, "analyte": analyte}, file.name, number))
    return LabTable(tuple(found), tuple(sorted(set(ignored))))


def _check_header(header: Sequence[str], name: str) -> None:
    if unknown := [column for column in header if column not in COLUMNS]:
        raise RecordError(
            "TABLE_COLUMN_UNKNOWN", f"{name}: column {unknown[0]!r} is not known", expected=", ".join(COLUMNS)
        )
    for column in ("analyte", "value", "unit", "date"):
        if column not in header:
            raise RecordError("TABLE_COLUMN_MISSING", f"{name} has no column {column!r}")
    if len(set(header)) < len(header):
        raise RecordError("KEY_TWICE", f"{name}: a column stands twice")


def _result(cells: dict[str, str], name: str, number: int) -> LabResult:
    try:
        labs = parse_record({"labs": [cells]}).labs
    except RecordError as error:
        raise RecordError(
            error.code, f"{name}, line {number}: {error.found}", details=error.details
        ) from error
    assert labs is not None
    return labs[0]


def with_lab_tables(facts: PatientFacts, tables: Sequence[Path]) -> PatientFacts:
    """Facts with the results of tables added to those of the record."""
    if not tables:
        return facts
    added = tuple(result for table in tables for result in read_lab_table(table).results)
    return replace(facts, labs=(*(facts.labs or ()), *added))
