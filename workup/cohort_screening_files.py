"""A folder of patient records screened in parallel; tables as CSV, Parquet and JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from eligibility.protocol import Protocol
from eligibility.screening import screen
from workup.errors import RecordError
from workup.record.record_files import read_record_file, record_files
from workup.record.reference_dates import with_start
from workup.replaced_files import replace_synced
from workup.report.screen_cohort import (
    Cohort,
    CohortRow,
    cohort_json,
    funnel,
    missing_league,
    per_criterion,
    row_of,
    same_patients,
)
from workup.safe_text import csv_text

#: Records handed to a process at a time.
_CHUNK = 64


def screen_folder(
    folder: str | Path,
    protocol: Protocol,
    *,
    start: str | None = None,
    workers: int = 1,
    out: str | Path | None = None,
) -> Cohort:
    """Every record of a folder against a protocol; a record that cannot be read is listed, not fatal.

    Parameters
    ----------
    folder : path
        Records as JSON or YAML files.
    protocol : Protocol
        The trial, with the readings of its ambiguous clauses.
    start : str
        Start of treatment in place of the recorded ones.
    workers : int
        Processes; 1 stays in this one.
    out : path
        Folder for the tables.
    """
    files = record_files(folder)
    rows = tuple(_progress(_rows(files, protocol, start, workers), len(files)))
    cohort = Cohort(protocol.id, protocol.version, tuple(c.id for c in protocol.criteria), rows)
    return cohort if out is None else replace(cohort, files=tuple(write_cohort(cohort, Path(out))))


def _rows(files: Sequence[Path], trial: Protocol, start: str | None, workers: int) -> Iterator[CohortRow]:
    if workers == 1 or len(files) < 2 * _CHUNK:
        yield from (screen_one(file, trial, start) for file in files)
        return
    with ProcessPoolExecutor(workers, initializer=_receive, initargs=(trial, start)) as pool:
        yield from pool.map(_screen_received, files, chunksize=_CHUNK)


#: What a worker process was given at its start.
_received: dict[str, Any] = {}


def _receive(trial: Protocol, start: str | None) -> None:
    _received.update(trial=trial, start=start)


def _screen_received(file: Path) -> CohortRow:
    return screen_one(file, _received["trial"], _received["start"])


def _progress(rows: Iterable[CohortRow], total: int) -> Iterator[CohortRow]:
    from workup.command_line import loading_progress

    with loading_progress("screening records") as progress:
        for done, row in enumerate(rows, 1):
            progress(done, total)
            yield row


def screen_one(file: Path, trial: Protocol, start: str | None = None) -> CohortRow:
    """One record's line of a cohort."""
    try:
        given = read_record_file(file)
        facts = with_start(given.facts, start)
    except RecordError as error:
        return CohortRow(file.name, "REFUSED", error=f"{error.code}: {error}")
    return row_of(file.name, screen(facts, trial, search=False), given.warnings)


# --- tables ---------------------------------------------------------------------------------------


def write_cohort(cohort: Cohort, out: Path) -> list[str]:
    """patients, funnel, criteria and missing as CSV, the first as Parquet too, and cohort.json."""
    out.mkdir(parents=True, exist_ok=True)
    twice = {name: names for names in same_patients(cohort) for name in names}
    patients = [_patient(row, cohort.criteria, twice.get(row.record, ())) for row in cohort.rows]
    tables = {
        "patients": patients,
        "funnel": funnel(cohort),
        "criteria": per_criterion(cohort),
        "missing": missing_league(cohort),
    }
    written = [_csv(out / f"{name}.csv", rows) for name, rows in tables.items()]
    written += _parquet(out / "patients.parquet", patients)
    text = json.dumps(cohort_json(cohort), indent=1, ensure_ascii=False, allow_nan=False)
    replace_synced(out / "cohort.json", (text + "\n").encode())
    return [*written, "cohort.json"]


def _patient(row: CohortRow, criteria: Sequence[str], same: Sequence[str]) -> dict[str, Any]:
    return {
        "record": row.record,
        "overall": row.overall,
        "attestation_only": None if row.error else row.attestation_only,
        "eligible_from": row.eligible_from,
        **{id_: row.statuses.get(id_) for id_ in criteria},
        **{f"{id_}_reason": row.reasons.get(id_) for id_ in criteria},
        "decisive_items": "; ".join(dict.fromkeys(path for _, path, decisive in row.missing if decisive)),
        "error": row.error,
        "warnings": "; ".join(row.warnings) or None,
        "same_patient": ", ".join(name for name in same if name != row.record) or None,
    }


def _csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """A table that a spreadsheet opens without running anything in it."""
    header = list(rows[0]) if rows else []
    return replace_synced(path, csv_text([header, *(row.values() for row in rows)]).encode()).name


def _parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The patients as Parquet, where the extra ``cohort`` is installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return []
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=_schema(rows[0])), file)
    return [replace_synced(path, file.getvalue()).name]


def _schema(row: Mapping[str, Any]) -> Any:
    """Text everywhere, so that an empty column keeps its type."""
    import pyarrow

    boolean = {"attestation_only"}
    return pyarrow.schema([(n, pyarrow.bool_() if n in boolean else pyarrow.string()) for n in row])
