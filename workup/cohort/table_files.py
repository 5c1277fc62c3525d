"""The three tables of a cohort as Parquet and CSV, always built anew from the finished results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workup.cohort.item import CaseResult
from workup.cohort.rows import COUNTS, MEASURES
from workup.replaced_files import replace_synced
from workup.safe_text import csv_text

Row = Mapping[str, Any]


def tables_of(results: Iterable[CaseResult]) -> dict[str, list[Row]]:
    """Rows of ``cases``, ``lesions`` and ``defects``, in the order of the results."""
    kept = list(results)
    return {
        "cases": [result.case for result in kept],
        "lesions": [row for result in kept for row in result.lesions],
        "defects": [row for result in kept for row in result.defects],
    }


def write_tables(tables: Mapping[str, Sequence[Row]], folder: str | Path) -> list[Path]:
    """Write each table as ``<name>.parquet`` and ``<name>.csv``."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables.items():
        columns = columns_of(rows)
        written.append(replace_synced(target / f"{name}.csv", _csv(rows, columns)))
        written.append(replace_synced(target / f"{name}.parquet", _parquet(rows, columns)))
    return written


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Every column of any row, in the order of their first appearance."""
    seen: dict[str, None] = {}
    for row in rows:
        seen.update(dict.fromkeys(row))
    return list(seen)


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    return csv_text([columns, *([row.get(column) for column in columns] for row in rows)]).encode()


def _parquet(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    arrays = {column: _array(column, [row.get(column) for row in rows]) for column in columns}
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(arrays), sink)
    return bytes(sink.getvalue().to_pybytes())


def _array(column: str, values: list[Any]) -> Any:
    """Values in the type of their column, so that an empty one keeps it."""
    import pyarrow as pa

    if column in MEASURES:
        return pa.array(values, pa.float64())
    if column in COUNTS:
        return pa.array(values, pa.int64())
    return pa.array([None if v is None else str(v) for v in values], pa.string())
