"""Laboratory values from a CSV table, one result per row.

Columns are the fields of ``labs[]`` in the record: analyte, value, comparator, unit, uln, lln,
reference_range_kind, date, source; any order, unknown columns refused by name. Comma, semicolon or tab
separate the cells. Rows of analytes that no criterion reads are left out and named. A row whose name is not
known but may be an analyte stands as a result without a value, so that no earlier one decides in its place.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eligibility.patient import LabResult, PatientFacts
from workup.errors import RecordError
from workup.record.analytes import analyte_named, analytes_resembling
from workup.record.record import parse_record
from workup.record.record_files import read_bytes
from workup.spreadsheet_rows import spreadsheet_rows

COLUMNS = ("analyte", "value", "comparator", "unit", "uln", "lln", "reference_range_kind", "date", "source")


@dataclass(frozen=True)
class LabTable:
    """Results of a table, the SHA-256 of its bytes, and the names left out.

    Attributes
    ----------
    results : tuple of LabResult
        With the file and line where the table names no source.
    uncertain : tuple of LabResult
        Without values: rows whose name may mean the analyte.
    ignored : tuple of str
        Names of analytes that no criterion reads.
    warnings : tuple of str
        What was not read, for people.
    """

    name: str
    sha256: str
    results: tuple[LabResult, ...]
    uncertain: tuple[LabResult, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_lab_table(path: str | Path) -> LabTable:
    """Laboratory values from a CSV file.

    Raises
    ------
    RecordError
        With the row and column of the first fault.
    """
    file = Path(path)
    data = read_bytes(file)
    found, uncertain, ignored, warnings = [], [], set(), []
    for number, cells in _rows(_text(data, file.name), file.name):
        name, place = cells.get("analyte", ""), f"{file.name}, line {number}"
        analyte = analyte_named(name)
        if analyte is not None:
            found.append(_result({"source": place, **cells, "analyte": analyte}, place))
        elif likely := () if cells.get("unit") == "%" else analytes_resembling(name):
            uncertain += [_without_value(each, cells, place) for each in likely]
            warnings.append(_may_be(name, likely, place))
        else:
            ignored.add(name or "(no name)")
    if not (found or uncertain or ignored):
        warnings.append(f"{file.name}: holds no result")
    if needless := sorted(name for name in ignored if name.isascii()):
        warnings.append(f"{file.name}: not read, no criterion needs it: {', '.join(needless)}")
    if unknown := sorted(name for name in ignored if not name.isascii()):
        warnings.append(f"{file.name}: not understood, see that no criterion needs it: {', '.join(unknown)}")
    digest = hashlib.sha256(data).hexdigest()
    return LabTable(
        file.name, digest, tuple(found), tuple(uncertain), tuple(sorted(ignored)), tuple(warnings)
    )


def _text(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError(
            "RECORD_NOT_UTF8",
            f"{name}: byte {error.start} is not UTF-8 text",
            advice='A spreadsheet saves it as "CSV UTF-8"',
        ) from error
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def _rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and filled cells of every row."""
    rows = spreadsheet_rows(text)
    header = [column.strip().lower() for column in rows.fieldnames or ()]
    _check_header(header, name)
    rows.fieldnames = header
    for row in rows:
        number = rows.line_num
        if None in row or None in row.values():
            raise RecordError("TABLE_ROW_LENGTH", f"{name}, line {number}: not as many cells as columns")
        if cells := {column: cell.strip() for column, cell in row.items() if cell.strip()}:
            yield number, cells


def _without_value(analyte: str, cells: dict[str, str], place: str) -> LabResult:
    """A row that may be a result of an analyte: it has a day, and nothing that could be compared."""
    source = f"{place}: {cells['analyte'][:60]!r} is no known name"
    kept = {"analyte": analyte, "source": source}
    return _result({**kept, "date": cells["date"]} if "date" in cells else kept, place)


def _may_be(name: str, likely: Sequence[str], place: str) -> str:
    may_be = f"{place}: {name[:60]!r} is no known name but may be {' or '.join(likely)}"
    return f"{may_be}; its value is not used, nor is any earlier result"


def _check_header(header: Sequence[str], name: str) -> None:
    if unknown := [column for column in header if column not in COLUMNS]:
        raise RecordError(
            "TABLE_COLUMN_UNKNOWN",
            f"{name}: column {unknown[0]!r} is not known",
            expected=", ".join(COLUMNS),
            advice="The first line names the columns: delete titles above it",
        )
    for column in ("analyte", "value", "unit", "date"):
        if column not in header:
            raise RecordError(
                "TABLE_COLUMN_MISSING", f"{name} has no column {column!r}", expected=", ".join(COLUMNS)
            )
    if len(set(header)) < len(header):
        raise RecordError("KEY_TWICE", f"{name}: a column stands twice")


def _result(cells: dict[str, str], place: str) -> LabResult:
    try:
        labs = parse_record({"labs": [cells]}).labs
    except RecordError as error:
        raise RecordError(error.code, f"{place}: {error.found}", details=error.details) from error
    assert labs is not None
    return labs[0]


def with_lab_tables(facts: PatientFacts, tables: Sequence[LabTable]) -> PatientFacts:
    """Facts with the results of tables added to those of the record."""
    if not tables:
        return facts
    added = tuple(result for table in tables for result in (*table.results, *table.uncertain))
    return replace(facts, labs=(*(facts.labs or ()), *added))
