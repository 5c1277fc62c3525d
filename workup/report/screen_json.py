"""A screening result as the JSON document that scripts and trial offices read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eligibility.screening import ScreenResult
from eligibility.verdict import Evidence, Missing, Verdict
from eligibility.what_if import Outcome


def screen_json(result: ScreenResult, *, record_sha256: str | None = None) -> dict[str, Any]:
    """The result for scripts: keys may be added, never renamed."""
    protocol = result.protocol
    dates = result.facts.reference_dates
    return {
        "schema_version": "1.0",
        "protocol": {"id": protocol.id, "version": protocol.version, "sha256": protocol.sha256},
        "record_sha256": record_sha256,
        "overall": result.overall,
        "attestation_only": result.attestation_only,
        "eligible_from": result.eligible_from.isoformat() if result.eligible_from else None,
        "reference_dates": {
            name: str(day) if (day := getattr(dates, name)) else None
            for name in ("consent", "screening", "treatment_start")
        },
        "policies": dict(protocol.readings),
        "criteria": {id_: verdict_json(v, result.what_if.get(id_, ())) for id_, v in result.verdicts.items()},
        "next": [{"path": path, "settles": list(ids)} for path, ids in result.next],
        "smallest_set": _smallest(result),
        "expiring": [
            {
                "analyte": lab.analyte,
                "date": str(lab.sampled_on),
                "last_screening": lab.last_screening.isoformat(),
            }
            for lab in result.expiring
        ],
    }


def _smallest(result: ScreenResult) -> dict[str, Any] | None:
    if result.smallest is None:
        return None
    return {"paths": list(result.smallest.paths), "leaves_open": list(result.smallest.leaves_open)}


def verdict_json(verdict: Verdict, outcomes: Sequence[Outcome] = ()) -> dict[str, Any]:
    """One criterion with its sub-items."""
    by_path = {outcome.path: outcome for outcome in outcomes}
    document: dict[str, Any] = {
        "status": str(verdict.status),
        "reason_code": str(verdict.reason_code),
        "message": verdict.message,
        "evidence": [_evidence(e) for e in verdict.evidence],
        "missing": [_missing(m, by_path.get(m.path)) for m in verdict.missing],
        "policies": list(verdict.policies),
        "readings": {reading: str(status) for reading, status in verdict.readings.items()},
        "clears_on": verdict.clears_on.isoformat() if verdict.clears_on else None,
        "notes": list(verdict.notes),
    }
    if verdict.children:
        document["children"] = {id_: verdict_json(child) for id_, child in verdict.children.items()}
    return document


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "path": evidence.path,
        "value": evidence.value,
        "unit": evidence.unit,
        "date": evidence.date,
        "source": evidence.source,
        "compared_as": evidence.compared_as,
    }


def _missing(missing: Missing, outcome: Outcome | None) -> dict[str, Any]:
    by_value = outcome.by_value if outcome else {}
    return {
        "path": missing.path,
        "label": missing.label,
        "decisive": bool(outcome and outcome.decisive),
        "if": {value: str(status) for value, status in by_value.items()},
    }
