"""SDTM datasets as CSV, Dataset-JSON 1.1 and SAS transport (XPT version 5)."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workup.assessment import Assessment
from workup.errors import ExchangeError
from workup.exchange.sdtm import Domain, Variable, sdtm

#: Longest text of a version 5 transport file (FDA Study Data Technical Conformance Guide). [bytes]
XPT_TEXT_BYTES = 200
XPT_NAME_CHARACTERS = 8
XPT_LABEL_CHARACTERS = 40
KINDS = ("csv", "json", "xpt")


def write_sdtm(
    assessments: Sequence[Assessment], folder: str | Path, kinds: Sequence[str] = KINDS, *, version: str
) -> list[Path]:
    """Write TU, TR and RS of one or many cases; what is there already is never overwritten.

    Raises
    ------
    ExchangeError
        ``SAME_SUBJECT`` if two cases have one id; ``XPT_LIMIT`` if a text is no ASCII or too long for
        version 5, before anything is written.
    FileExistsError
        If a dataset is there already.
    """
    names = [a.case.case_id for a in assessments]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ExchangeError(
            "SAME_SUBJECT", f"{len(twice)} case ids occur twice", expected="one case a subject and visit"
        )
    domains = sdtm(assessments)
    if "xpt" in kinds:
        for domain in domains:
            _check_limits(domain)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for domain in domains:
        for kind in kinds:
            path = target / f"{domain.name.lower()}.{kind}"
            {"csv": _write_csv, "json": _write_json, "xpt": _write_xpt}[kind](domain, path, version)
            written.append(path)
    return written


def _write_csv(domain: Domain, path: Path, version: str) -> None:
    with path.open("x", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([v.name for v in domain.variables])
        for record in domain.records:
            writer.writerow([record.get(v.name, "") for v in domain.variables])


def _write_json(domain: Domain, path: Path, version: str) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    document = {
        "datasetJSONCreationDateTime": now,
        "datasetJSONVersion": "1.1.0",
        "originator": "veinvasion",
        "sourceSystem": {"name": "veinvasion", "version": version},
        "itemGroupOID": f"IG.{domain.name}",
        "records": len(domain.records),
        "name": domain.name,
        "label": domain.label,
        "columns": [_column(v, domain) for v in domain.variables],
        "rows": [[_json_value(r, v) for v in domain.variables] for r in domain.records],
    }
    if domain.records:
        document["studyOID"] = domain.records[0]["STUDYID"]
    with path.open("x", encoding="utf-8") as stream:
        json.dump(document, stream, ensure_ascii=False, allow_nan=False, indent=1)


def _column(variable: Variable, domain: Domain) -> dict[str, Any]:
    kind = "integer" if variable.whole else "double" if variable.numeric else "string"
    column: dict[str, Any] = {
        "itemOID": f"IT.{domain.name}.{variable.name}",
        "name": variable.name,
        "label": variable.label,
        "dataType": kind,
    }
    if not variable.numeric:
        lengths = [len(str(r.get(variable.name, ""))) for r in domain.records]
        column["length"] = max([1, *lengths])
    if variable.name in domain.keys:
        column["keySequence"] = domain.keys.index(variable.name) + 1
    return column


def _json_value(record: dict[str, Any], variable: Variable) -> Any:
    return record.get(variable.name, None if variable.numeric else "")


def _write_xpt(domain: Domain, path: Path, version: str) -> None:
    import pandas as pd
    import pyreadstat

    if path.exists():
        raise FileExistsError(17, "exists", str(path))
    columns = {
        v.name: pd.array(
            [r.get(v.name, None if v.numeric else "") for r in domain.records],
            dtype="Float64" if v.numeric else "str",
        )
        for v in domain.variables
    }
    frame = pd.DataFrame(columns)
    for v in domain.variables:
        if v.numeric:
            frame[v.name] = frame[v.name].astype("float64")
    pyreadstat.write_xport(
        frame,
        str(path),
        file_label=domain.label[:XPT_LABEL_CHARACTERS],
        column_labels=[v.label for v in domain.variables],
        table_name=domain.name,
        file_format_version=5,
    )


def _check_limits(domain: Domain) -> None:
    """Names, labels and texts fit version 5, so that nothing is cut silently."""
    for v in domain.variables:
        assert len(v.name) <= XPT_NAME_CHARACTERS
        assert len(v.label) <= XPT_LABEL_CHARACTERS
    for number, record in enumerate(domain.records, 1):
        for name, value in record.items():
            if isinstance(value, str) and (not value.isascii() or len(value) > XPT_TEXT_BYTES):
                raise ExchangeError(
                    "XPT_LIMIT",
                    f"{name} of {domain.name} record {number} does not fit a version 5 transport file",
                    expected=f"at most {XPT_TEXT_BYTES} ASCII characters",
                    advice="Choose sdtm-csv or sdtm-json, or give the case and its regions ASCII names.",
                    details={"domain": domain.name, "variable": name, "record": number},
                )
