"""A screening result as the JSON document that scripts and trial offices read."""

from __future__ import annotations

from typing import Any

from eligibility.screening import ScreenResult
from eligibility.verdict import Evidence, Missing, Verdict


def screen_json(result: ScreenResult, *, record_sha256: str | None = None) -> dict[str, Any]:
    """The result for scripts: keys may be added, never renamed."""
    protocol = result.protocol
    return {
        "schema_version": "1.0",
        "protocol": {"id": protocol.id, "version": protocol.version, "sha256": protocol.sha256},
        "record_sha256": record_sha256,
        "overall": result.overall,
        "attestation_only": result.attestation_only,
        "eligible_from": result.eligible_from.isoformat() if result.eligible_from else None,
        "criteria": {id_: verdict_json(v) for id_, v in result.verdicts.items()},
        "next": [],
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One criterion."""
    document: dict[str, Any] = {
        "status": str(verdict.status),
        "reason_code": str(verdict.reason_code),
        "message": verdict.message,
        "evidence": [_evidence(e) for e in verdict.evidence],
        "missing": [_missing(m) for m in verdict.missing],
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


def _missing(missing: Missing) -> dict[str, Any]:
    return {"path": missing.path, "label": missing.label, "decisive": False}
