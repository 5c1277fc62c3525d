"""An answer seen from the trial's side."""

from __future__ import annotations

from eligibility.protocol import INCLUSION, Criterion
from eligibility.truth import Truth
from eligibility.verdict import Answer, Reason, Status


def status_of(criterion: Criterion, answer: Answer) -> Status:
    """PASS does not block enrolment: an inclusion that holds, an exclusion that does not apply."""
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
