"""One patient against one protocol: a verdict on every criterion, and what they come to together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from eligibility.patient import PatientFacts
from eligibility.protocol import INCLUSION, Criterion, Protocol
from eligibility.truth import Truth
from eligibility.verdict import Answer, Evidence, Reason, Status, Verdict

ELIGIBLE = "ELIGIBLE"
INELIGIBLE = "INELIGIBLE"
UNDETERMINED = "UNDETERMINED"


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
    """

    protocol: Protocol
    facts: PatientFacts
    verdicts: Mapping[str, Verdict]
    overall: str
    attestation_only: bool
    eligible_from: date | None = None


def screen(facts: PatientFacts, protocol: Protocol) -> ScreenResult:
    """Every criterion of a protocol, decided on what is known of a patient."""
    verdicts = {c.id: judge(c, facts, protocol) for c in protocol.criteria}
    overall, attestation_only = overall_of(verdicts)
    return ScreenResult(protocol, facts, verdicts, overall, attestation_only)


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
    answer = criterion.rule(protocol.ask(facts))
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
        readings={},
        notes=answer.notes,
        children={c.id: judge(c, facts, protocol) for c in criterion.children},
    )


def status_of(criterion: Criterion, answer: Answer) -> Status:
    """An answer from the trial's side."""
    if answer.truth is Truth.UNKNOWN:
        return Status.UNKNOWN
    if not answer.applicable:
        return Status.NA
    satisfied = answer.truth is (Truth.TRUE if criterion.side == INCLUSION else Truth.FALSE)
    return Status.PASS if satisfied else Status.FAIL


def reason_of(status: Status, answer: Answer) -> Reason:
    """The reason code of a verdict."""
    if status is Status.UNKNOWN:
        return answer.reason
    return Reason.NOT_MET if status is Status.FAIL else Reason.MET


def _sourced(evidence: Evidence, facts: PatientFacts) -> Evidence:
    """Evidence with the source that the record names for it."""
    origin = facts.provenance.get(evidence.path)
    if origin is None:
        return evidence
    recorded = str(origin.recorded_on) if origin.recorded_on else None
    return replace(evidence, source=evidence.source or origin.source, date=evidence.date or recorded)
