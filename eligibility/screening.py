"""One patient against one protocol: a verdict on every criterion, and what they come to together."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from eligibility.dates import PartialDate
from eligibility.laboratory import choose
from eligibility.paths import replaced
from eligibility.patient import PatientFacts
from eligibility.policies import POLICIES
from eligibility.protocol import Criterion, Protocol
from eligibility.screening_status import reason_of, status_of
from eligibility.starts import PATH as START
from eligibility.verdict import Answer, Evidence, Reason, Status, Verdict
from eligibility.what_if import Outcome, SmallestSet, outcomes, smallest_set

ELIGIBLE = "ELIGIBLE"
INELIGIBLE = "INELIGIBLE"
UNDETERMINED = "UNDETERMINED"

#: Rounds in which a later start of treatment may uncover another failure that time cures.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class ExpiringLab:
    """A result that counts now, and the last day of screening on which it still would."""

    analyte: str
    sampled_on: PartialDate
    last_screening: date


@dataclass(frozen=True, slots=True)
class ScreenResult:
    """What was decided on one patient.

    Attributes
    ----------
    overall : "ELIGIBLE", "INELIGIBLE" or "UNDETERMINED"
        ELIGIBLE means: criteria satisfied on the supplied data.
    attestation_only : bool
        Nothing but signatures and promises is outstanding.
    eligible_from : date
        First start of treatment without a failed criterion, where time alone cures all of them.
    what_if : mapping
        Open criterion to what each of its missing items would do.
    next : tuple of (path, criterion ids)
        Missing items by the number of criteria each would settle.
    smallest : SmallestSet
        A smallest set of items that settles everything if they turn out well; None if not asked for.
    """

    protocol: Protocol
    facts: PatientFacts
    verdicts: Mapping[str, Verdict]
    overall: str
    attestation_only: bool
    eligible_from: date | None = None
    what_if: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    next: tuple[tuple[str, tuple[str, ...]], ...] = ()
    smallest: SmallestSet | None = None
    expiring: tuple[ExpiringLab, ...] = ()


def screen(facts: PatientFacts, protocol: Protocol, *, search: bool = True) -> ScreenResult:
    """Every criterion of a protocol, decided on what is known of a patient.

    ``search`` also looks for the smallest set of items that settles everything.

    Examples
    --------
    >>> from eligibility.protocol import build_protocol
    >>> from eligibility.rules import RULES
    >>> consent = {"id": "I1", "side": "inclusion", "kind": "attested", "text": "1. Signed consent",
    ...            "rule": {"is_consent_signed": {}}}
    >>> trial = build_protocol({"trial": "example", "version": "1", "criteria": [consent]}, RULES)
    >>> screen(PatientFacts(), trial).overall
    'UNDETERMINED'
    """
    verdicts = {c.id: judge(c, facts, protocol) for c in protocol.criteria}
    overall, attestation_only = overall_of(verdicts)
    still_open = [id_ for id_, v in verdicts.items() if v.status is Status.UNKNOWN]
    what_if = {
        id_: outcomes(protocol.criterion(id_), facts, protocol, verdicts[id_].missing) for id_ in still_open
    }
    return ScreenResult(
        protocol=protocol,
        facts=facts,
        verdicts=verdicts,
        overall=overall,
        attestation_only=attestation_only,
        eligible_from=_eligible_from(facts, protocol, verdicts),
        what_if=what_if,
        next=_by_use(what_if),
        smallest=smallest_set(facts, protocol, still_open) if search else None,
        expiring=tuple(_expiring(facts, protocol)),
    )


def overall_of(verdicts: Mapping[str, Verdict]) -> tuple[str, bool]:
    """Ineligible by one failure, undetermined by one unknown; and whether only attestations are open."""
    statuses = [v.status for v in verdicts.values()]
    if Status.FAIL in statuses:
        return INELIGIBLE, False
    still = [v for v in verdicts.values() if v.status is Status.UNKNOWN]
    if not still:
        return ELIGIBLE, False
    return UNDETERMINED, all(v.reason_code is Reason.AWAITING_ATTESTATION for v in still)


def judge(criterion: Criterion, facts: PatientFacts, protocol: Protocol) -> Verdict:
    """The verdict on one criterion and its sub-items, under every reading of its clauses."""
    ask = protocol.ask(facts)
    answer = criterion.rule(ask)
    status = status_of(criterion, answer)
    return Verdict(
        criterion_id=criterion.id,
        status=status,
        statement_truth=answer.truth,
        reason_code=reason_of(status, answer),
        message=answer.message,
        evidence=tuple(_sourced(e, facts) for e in answer.evidence),
        missing=answer.missing,
        policies=criterion.policies,
        readings=readings(criterion, facts, protocol, status, ask.consulted),
        clears_on=clears_on(criterion, facts, protocol, answer) if status is Status.FAIL else None,
        notes=answer.notes,
        children={c.id: judge(c, facts, protocol) for c in criterion.children},
    )


def readings(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol, status: Status, consulted: Container[str]
) -> dict[str, Status]:
    """Status under every variant of every policy of a criterion, the others as they are in force.

    A rule is a function of facts and readings alone, so that a policy it did not consult changes nothing.
    """
    found = {}
    for policy in criterion.policies:
        for variant in POLICIES[policy].variants:
            if variant == protocol.readings[policy] or policy not in consulted:
                found[f"{policy}={variant}"] = status
            else:
                answer = criterion.rule(protocol.ask(facts, **{policy: variant}))
                found[f"{policy}={variant}"] = status_of(criterion, answer)
    return found


def clears_on(criterion: Criterion, facts: PatientFacts, protocol: Protocol, answer: Answer) -> date | None:
    """First start of treatment at which a failed criterion passes; None where time does not cure it."""
    for _ in range(_ROUNDS):
        day = answer.clears_on
        if day is None:
            return None
        answer = criterion.rule(protocol.ask(replaced(facts, START, PartialDate.on(day))))
        status = status_of(criterion, answer)
        if status in (Status.PASS, Status.NA):
            return day
        if status is Status.UNKNOWN:
            return None
    return None


def _eligible_from(facts: PatientFacts, protocol: Protocol, verdicts: Mapping[str, Verdict]) -> date | None:
    """First start of treatment at which no criterion fails, where time cures every failure."""
    failed = [v for v in verdicts.values() if v.status is Status.FAIL]
    for _ in range(_ROUNDS):
        days = [v.clears_on for v in failed if v.clears_on is not None]
        if not failed or len(days) < len(failed):
            return None
        day = max(days)
        later = replaced(facts, START, PartialDate.on(day))
        failed = [v for c in protocol.criteria if (v := judge(c, later, protocol)).status is Status.FAIL]
        if not failed:
            return day
    return None


def _sourced(evidence: Evidence, facts: PatientFacts) -> Evidence:
    """Evidence with the source that the record names for it."""
    origin = facts.provenance.get(evidence.path)
    if origin is None:
        return evidence
    recorded = str(origin.recorded_on) if origin.recorded_on else None
    return replace(evidence, source=evidence.source or origin.source, date=evidence.date or recorded)


def _by_use(what_if: Mapping[str, Sequence[Outcome]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Missing items with the criteria each would settle, the most useful first."""
    settles: dict[str, list[str]] = {}
    for criterion_id, items in what_if.items():
        for item in items:
            if item.decisive and criterion_id not in settles.setdefault(item.path, []):
                settles[item.path].append(criterion_id)
    ranked = sorted(settles.items(), key=lambda entry: -len(entry[1]))
    return tuple((path, tuple(ids)) for path, ids in ranked)


_ANALYTE_OF = {"inr_at_most_times_uln": "inr", "creatinine_clearance_at_least": "creatinine"}


def _lab_windows(definition: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Analytes and windows that a rule names. [days]"""
    for name, content in definition.items():
        if name in ("all", "any"):
            for part in content:
                yield from _lab_windows(part)
        elif name == "not":
            yield from _lab_windows(content)
        elif isinstance(content, Mapping) and "days" in content:
            analyte = content.get("analyte") or _ANALYTE_OF.get(name)
            if analyte is not None:
                yield analyte, content["days"]


def _expiring(facts: PatientFacts, protocol: Protocol) -> Iterator[ExpiringLab]:
    """Results in the window, and until when they stay in it."""
    windows = dict(
        window for c in protocol.criteria for each in c.claimed() for window in _lab_windows(each.definition)
    )
    ask = protocol.ask(facts)
    for analyte, days in windows.items():
        results = choose(ask, analyte, days).results
        if results and results[0].date is not None:
            day = results[0].date
            yield ExpiringLab(analyte, day, day.first + timedelta(days))
