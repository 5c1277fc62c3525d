"""What a cohort comes to: funnel, sole blockers, missing items, refusals, agreement. Plain counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from workup.cohort.item import ASSESSED, CaseResult
from workup.cohort.rows import CRITERION


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """Cases that pass every criterion up to this one, in protocol order."""

    criterion: str
    still_pass: int
    failed_here: int
    unknown_here: int


def verdicts_of(result: CaseResult) -> dict[str, str]:
    """Status of each criterion of an assessed case, in protocol order."""
    return {
        name.removeprefix(CRITERION): status
        for name, status in result.case.items()
        if name.startswith(CRITERION)
    }


def funnel(results: Sequence[CaseResult]) -> list[FunnelStep]:
    """How many cases are left after each criterion."""
    alive = [verdicts_of(r) for r in results if r.status == ASSESSED]
    steps = []
    for criterion in alive[0] if alive else ():
        here = Counter(v.get(criterion, "UNKNOWN") for v in alive)
        alive = [v for v in alive if v.get(criterion) in ("PASS", "NA")]
        steps.append(FunnelStep(criterion, len(alive), here["FAIL"], here["UNKNOWN"]))
    return steps


def sole_blockers(results: Sequence[CaseResult]) -> Counter[str]:
    """Criteria that alone keep a case out: it fails this one and nothing else."""
    blockers: Counter[str] = Counter()
    for result in results:
        failed = [name for name, status in verdicts_of(result).items() if status == "FAIL"]
        if len(failed) == 1:
            blockers[failed[0]] += 1
    return blockers


def missing_items(results: Sequence[CaseResult]) -> list[tuple[str, int, int]]:
    """Items by the number of cases that lack them: (path, cases, cases where it would decide)."""
    lacking = Counter(path for result in results for path in result.missing)
    decisive = Counter(path for result in results for path, decides in result.missing.items() if decides)
    ranked = sorted(lacking, key=lambda path: (-lacking[path], -decisive[path], path))
    return [(path, lacking[path], decisive[path]) for path in ranked]


def refusals(results: Sequence[CaseResult]) -> Counter[tuple[str, str]]:
    """Cases that were refused or failed, by (status, code)."""
    return Counter((r.status, r.code) for r in results if r.status != ASSESSED)


def reader_and_number(results: Sequence[CaseResult]) -> Counter[tuple[str, str]]:
    """Filling defects by what the reader says of enhancement and what the number says."""
    return Counter(
        (str(row.get("reader_arterial_enhancement") or "not answered"), str(row["enhancement"]))
        for result in results
        for row in result.defects
    )
