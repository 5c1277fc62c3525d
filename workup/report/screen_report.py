"""What a report of a screening says, in the order people read it; no markup.

One line first; then what fails, what is open (deciding items first), what waits for a signature, what depends
on a reading, and what passes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from eligibility.dates import PartialDate
from eligibility.policies import POLICIES
from eligibility.screening import ELIGIBLE, INELIGIBLE, ScreenResult
from eligibility.verdict import Evidence, Reason, Status, Verdict
from eligibility.what_if import Outcome
from recist.counted import counted

#: How a tried value begins that is a number; a date is none.
_NUMBER = re.compile(r"-?\d+(\.\d+)?(?![\d.-])")


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion as a report shows it."""

    id: str
    text: str
    status: str
    reason: str
    message: str
    values: tuple[str, ...]
    missing: tuple[str, ...]
    readings: tuple[str, ...]
    clears_on: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Criteria that belong together."""

    title: str
    rows: tuple[Row, ...]
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class ScreenReport:
    """Everything a report of one screening shows."""

    headline: str
    overall: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    next_steps: tuple[str, ...]
    smallest: str
    expiring: tuple[str, ...]
    policies: tuple[tuple[str, str, str, str], ...]
    left_out: tuple[str, ...] = ()


def screen_report(result: ScreenResult, left_out: Sequence[str] = ()) -> ScreenReport:
    """The content of a report; ``left_out`` is what was given but not read, in sentences."""
    dates = result.facts.reference_dates
    return ScreenReport(
        headline=headline(result),
        overall=result.overall,
        facts=(
            ("Protocol", f"{result.protocol.id}, version {result.protocol.version}"),
            ("Rules (SHA-256)", result.protocol.sha256),
            ("Consent", str(dates.consent or "not recorded")),
            ("Screening", str(dates.screening or "not recorded")),
            ("Start of treatment", str(dates.treatment_start or "not recorded")),
        ),
        sections=tuple(_sections(result)),
        next_steps=tuple(f"{path} (would settle {', '.join(ids)})" for path, ids in result.next),
        smallest=_smallest(result),
        expiring=tuple(
            f"{lab.analyte} of {lab.sampled_on} counts for screening until {lab.last_screening}"
            for lab in result.expiring
        ),
        policies=tuple(
            (policy, POLICIES[policy].name, variant, POLICIES[policy].variants[variant])
            for policy, variant in result.protocol.readings.items()
        ),
        left_out=tuple(left_out),
    )


def headline(result: ScreenResult) -> str:
    """The answer in one line."""
    if result.overall == INELIGIBLE:
        failed = [v for v in result.verdicts.values() if v.status is Status.FAIL]
        reasons = "; ".join(in_brief(v) for v in failed)
        later = (
            f". Eligible from {result.eligible_from} if nothing else changes" if result.eligible_from else ""
        )
        return f"Not eligible: {reasons}{later}"
    if result.overall == ELIGIBLE:
        return "Criteria satisfied on the supplied data"
    still = [v.criterion_id for v in result.verdicts.values() if v.status is Status.UNKNOWN]
    what = "only attestations are outstanding" if result.attestation_only else "cannot be told yet"
    return f"Undetermined, {what}: {', '.join(still)}"


def in_brief(verdict: Verdict) -> str:
    """A criterion with its reason, and the day on which time alone cures it."""
    clears = f"; clears {verdict.clears_on}" if verdict.clears_on else ""
    return f"{verdict.criterion_id} ({verdict.message}{clears})"


def what_decides(result: ScreenResult, answered: Container[str] = ()) -> str:
    """What fails, with its reason unless ``answered`` elsewhere, and what is open; empty if nothing is."""
    failed = [v for v in result.verdicts.values() if v.status is Status.FAIL]
    still = [i for i, v in result.verdicts.items() if v.status is Status.UNKNOWN]
    fails = ", ".join(v.criterion_id if v.criterion_id in answered else in_brief(v) for v in failed)
    parts = ("FAIL: " + fails if failed else "", "UNKNOWN: " + ", ".join(still) if still else "")
    return "; ".join(part for part in parts if part)


def _sections(result: ScreenResult) -> list[Section]:
    verdicts = list(result.verdicts.values())
    still = [v for v in verdicts if v.status is Status.UNKNOWN]
    attest = [v for v in still if v.reason_code is Reason.AWAITING_ATTESTATION]
    policy = [
        v for v in verdicts if v not in attest and _depends_on_reading(v) and v.status is not Status.FAIL
    ]
    unknown = [v for v in still if v not in attest and v not in policy]
    unknown.sort(key=lambda v: not any(o.decisive for o in result.what_if.get(v.criterion_id, ())))
    passed = [v for v in verdicts if v.status in (Status.PASS, Status.NA) and v not in policy]
    groups = (
        ("Failed", [v for v in verdicts if v.status is Status.FAIL], False),
        ("Open", unknown, False),
        ("Waiting for an attestation", attest, False),
        ("Depends on how the text is read", policy, False),
        ("Passed or not applicable", passed, True),
    )
    return [
        Section(f"{title} ({len(group)})", tuple(_row(v, result) for v in group), collapsed)
        for title, group, collapsed in groups
        if group
    ]


def _depends_on_reading(verdict: Verdict) -> bool:
    """Whether one reading lets it pass and another fails it, or the text is open by itself."""
    found = {*verdict.readings.values(), verdict.status}
    passes = bool(found & {Status.PASS, Status.NA})
    return verdict.reason_code is Reason.POLICY_DEPENDENT or (passes and Status.FAIL in found)


def _row(verdict: Verdict, result: ScreenResult) -> Row:
    criterion = result.protocol.criterion(verdict.criterion_id)
    outcomes = {o.path: o for o in result.what_if.get(verdict.criterion_id, ())}
    items = sorted(verdict.missing, key=lambda m: not (m.path in outcomes and outcomes[m.path].decisive))
    differing = {r: s for r, s in verdict.readings.items() if s is not verdict.status}
    return Row(
        id=verdict.criterion_id,
        text=criterion.text,
        status=str(verdict.status),
        reason=str(verdict.reason_code),
        message=verdict.message,
        values=tuple(_value(e, result.facts.reference_dates.screening) for e in verdict.evidence),
        missing=tuple(_missing(m.label, m.path, outcomes.get(m.path)) for m in items),
        readings=tuple(f"{reading}: {status}" for reading, status in differing.items()),
        clears_on=str(verdict.clears_on or ""),
        notes=verdict.notes,
    )


def _value(evidence: Evidence, screening: PartialDate | None) -> str:
    unit = f" {evidence.unit}" if evidence.unit and evidence.unit != "1" else ""
    text = f"{evidence.path} = {evidence.value or 'not recorded'}{unit}"
    if evidence.compared_as:
        text += f", compared as {evidence.compared_as}"
    if evidence.date and evidence.path.startswith("labs["):
        text += f", {evidence.date}{_before(evidence.date, screening)}"
    return f"{text} [{evidence.source}]" if evidence.source else text


def _before(day: str, screening: PartialDate | None) -> str:
    """Distance of a sample to the day of screening."""
    if screening is None or not screening.exact or len(day) != len("2025-01-01"):
        return ""
    gap = (screening.first - date.fromisoformat(day)).days
    return f" ({counted(abs(gap), 'day')} {'before' if gap >= 0 else 'after'} screening)"


def _missing(label: str, path: str, outcome: Outcome | None) -> str:
    if outcome is None or not outcome.by_value:
        return f"{label} ({path})"
    settled = [f"{value}: {status}" for value, status in _telling(outcome.by_value)]
    would = f" would decide: {', '.join(settled)}" if settled else " does not decide alone"
    return f"{label} ({path}){would}"


def _telling(by_value: Mapping[str, Status]) -> list[tuple[str, Status]]:
    """Values that decide: of numbers those on both sides of a limit, or one if none lies between them."""
    tried = [(found, value, status) for value, status in by_value.items() if (found := _NUMBER.match(value))]
    numbers = sorted(tried, key=lambda each: Decimal(each[0].group()))
    edges = {i for i in range(1, len(numbers)) if numbers[i - 1][2] is not numbers[i][2]}
    near = [numbers[i][1:] for i in range(len(numbers)) if {i, i + 1} & edges] or [n[1:] for n in numbers[:1]]
    others = [(value, status) for value, status in by_value.items() if not _NUMBER.match(value)]
    return [(value, status) for value, status in (*near, *others) if status is not Status.UNKNOWN]


def _smallest(result: ScreenResult) -> str:
    smallest = result.smallest
    if smallest is None or not (smallest.paths or smallest.leaves_open):
        return ""
    parts: list[str] = []
    if smallest.paths:
        parts.append("if they turn out well, these settle what is open: " + ", ".join(smallest.paths))
    if smallest.leaves_open:
        parts.append("no missing item alone settles " + ", ".join(smallest.leaves_open))
    return "; ".join(parts)


def statuses(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many criteria have each status."""
    return {str(status): sum(v.status is status for v in verdicts) for status in Status}
