"""Many screenings together: where patients are lost, and what one more datum would decide.

* funnel: patients left after each criterion, in protocol order, counting a patient out at the first failure;
* sole blockers: patients whom one criterion alone keeps out;
* league: missing items by the number of patients and criteria each would settle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eligibility.screening import ScreenResult
from eligibility.verdict import Status
from imaging.findings.printed_numbers import shown
from recist.counted import counted

#: Refused records named on a terminal; the files name all.
MOST_REFUSED = 20


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One patient of a cohort: the file, the verdicts and what is missing, or why it was refused."""

    record: str
    overall: str
    attestation_only: bool = False
    eligible_from: str | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[tuple[str, str, bool]] = ()  # criterion, path, decisive
    error: str | None = None
    warnings: Sequence[str] = ()  # what the record holds but was not read
    patient: str | None = None  # identifier, to notice two records of one patient; never written


@dataclass(frozen=True, slots=True)
class Cohort:
    """All patients in order of their file names, and the protocol they were screened against."""

    protocol_id: str
    protocol_version: str
    criteria: tuple[str, ...]
    rows: tuple[CohortRow, ...]
    files: tuple[str, ...] = ()


def row_of(name: str, result: ScreenResult, warnings: Sequence[str] = ()) -> CohortRow:
    """One patient's line."""
    return CohortRow(
        warnings=tuple(warnings),
        patient=result.facts.patient_id,
        record=name,
        overall=result.overall,
        attestation_only=result.attestation_only,
        eligible_from=result.eligible_from.isoformat() if result.eligible_from else None,
        statuses={id_: str(v.status) for id_, v in result.verdicts.items()},
        reasons={id_: str(v.reason_code) for id_, v in result.verdicts.items()},
        missing=tuple(
            (id_, outcome.path, outcome.decisive)
            for id_, items in result.what_if.items()
            for outcome in items
        ),
    )


def funnel(cohort: Cohort) -> list[dict[str, Any]]:
    """Per criterion: how many still come to it, fail it, cannot be told, and are left after it."""
    left = [row for row in cohort.rows if row.error is None]
    steps = []
    for id_ in cohort.criteria:
        counts = Counter(row.statuses[id_] for row in left)
        after = [row for row in left if row.statuses[id_] != Status.FAIL]
        steps.append(
            {
                "criterion": id_,
                "entered": len(left),
                "failed": counts[Status.FAIL],
                "unknown": counts[Status.UNKNOWN],
                "left": len(after),
            }
        )
        left = after
    return steps


def per_criterion(cohort: Cohort) -> list[dict[str, Any]]:
    """Per criterion over all patients: statuses, and whom it alone keeps out or leaves open."""
    rows = [row for row in cohort.rows if row.error is None]
    blockers: Counter[str] = Counter()
    sole_open: Counter[str] = Counter()
    for row in rows:
        failed = [id_ for id_, status in row.statuses.items() if status == Status.FAIL]
        still = [id_ for id_, status in row.statuses.items() if status == Status.UNKNOWN]
        if len(failed) == 1:
            blockers[failed[0]] += 1
        if not failed and len(still) == 1:
            sole_open[still[0]] += 1
    table = []
    for id_ in cohort.criteria:
        counts = Counter(row.statuses[id_] for row in rows)
        statuses = {str(s).lower(): counts[s] for s in Status}
        table.append(
            {"criterion": id_, **statuses, "sole_blocker": blockers[id_], "sole_unknown": sole_open[id_]}
        )
    return table


def missing_league(cohort: Cohort) -> list[dict[str, Any]]:
    """Missing items: in how many patients, deciding how many criteria; the most useful first."""
    patients: dict[str, set[str]] = {}
    settles: Counter[str] = Counter()
    helped: dict[str, set[str]] = {}
    for row in cohort.rows:
        for _, path, decisive in row.missing:
            place = general_path(path)
            patients.setdefault(place, set()).add(row.record)
            if decisive:
                settles[place] += 1
                helped.setdefault(place, set()).add(row.record)
    total = sum(row.error is None for row in cohort.rows)
    league = [
        {
            "path": path,
            "patients": len(names),
            "percent": float(shown(100 * len(names) / total, 0.0, 100.0)),
            "settles_criteria": settles[path],
            "settles_patients": len(helped.get(path, ())),
        }
        for path, names in patients.items()
    ]
    return sorted(league, key=lambda item: (-item["settles_patients"], -item["patients"], item["path"]))


def general_path(path: str) -> str:
    """A path without the place in a list, so that patients can be counted together.

    >>> general_path("treatments.locoregional[3].end_date"), general_path("labs[inr].uln")
    ('treatments.locoregional[].end_date', 'labs[inr].uln')
    """
    if path.startswith("labs["):
        return path
    head, bracket, tail = path.partition("[")
    return f"{head}[]{tail.partition(']')[2]}" if bracket else head


def same_patients(cohort: Cohort) -> list[list[str]]:
    """Records that carry one patient identifier, so that this patient is counted more than once."""
    records: dict[str, list[str]] = {}
    for row in cohort.rows:
        if row.patient:
            records.setdefault(row.patient, []).append(row.record)
    return [names for names in records.values() if len(names) > 1]


def overall_counts(cohort: Cohort) -> dict[str, int]:
    """How many patients of each kind."""
    counts = Counter("REFUSED" if row.error else row.overall for row in cohort.rows)
    return {name: counts[name] for name in ("ELIGIBLE", "INELIGIBLE", "UNDETERMINED", "REFUSED")}


def cohort_json(cohort: Cohort) -> dict[str, Any]:
    """The cohort for scripts."""
    return {
        "protocol": {"id": cohort.protocol_id, "version": cohort.protocol_version},
        "records": len(cohort.rows),
        "overall": overall_counts(cohort),
        "same_patient": same_patients(cohort),
        "attestation_only": sum(row.attestation_only for row in cohort.rows),
        "funnel": funnel(cohort),
        "criteria": per_criterion(cohort),
        "missing": missing_league(cohort),
        "warnings": [{"record": r.record, "warnings": list(r.warnings)} for r in cohort.rows if r.warnings],
        "refused": [{"record": row.record, "error": row.error} for row in cohort.rows if row.error],
        "files": list(cohort.files),
    }


def cohort_lines(cohort: Cohort) -> list[str]:
    """The cohort in a few lines for a terminal."""
    counts = overall_counts(cohort)
    kinds = ", ".join(f"{n} {word.lower()}" for word, n in counts.items())
    lines = [f"{counted(len(cohort.rows), 'record')}: {kinds}"]
    lines += [f"one patient counts {len(names)} times: {', '.join(names)}" for names in same_patients(cohort)]
    lines.append("criterion  entered  failed  unknown  left")
    lines += [
        f"{s['criterion']:<9}{s['entered']:>9}{s['failed']:>8}{s['unknown']:>9}{s['left']:>6}"
        for s in funnel(cohort)
        if s["failed"] or s["unknown"]
    ]
    blockers = [c for c in per_criterion(cohort) if c["sole_blocker"]]
    blockers.sort(key=lambda c: -c["sole_blocker"])
    lines += [f"{c['criterion']} alone keeps {c['sole_blocker']} out" for c in blockers[:10]]
    lines += [
        f"{item['path']} missing in {item['percent']} %: "
        f"would settle {counted(item['settles_criteria'], 'criterion', 'criteria')} "
        f"of {counted(item['settles_patients'], 'patient')}"
        for item in missing_league(cohort)[:10]
    ]
    if unread := sum(bool(row.warnings) for row in cohort.rows):
        lines.append(
            f"something was not read in {counted(unread, 'record')} (--json, or warnings in patients.csv)"
        )
    refused = [f"refused {row.record}: {row.error}" for row in cohort.rows if row.error]
    more = [f"and {len(refused) - MOST_REFUSED} more refused"] if len(refused) > MOST_REFUSED else []
    return [*lines, *refused[:MOST_REFUSED], *more]
