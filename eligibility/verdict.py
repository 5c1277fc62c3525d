"""An answer to one question, and the verdict on one criterion.

An ``Answer`` is a truth value with its reason: the evidence that decides it, or what is missing. A
``Verdict`` is an answer seen from the trial's side: PASS does not block enrolment, FAIL does, UNKNOWN cannot
be told and NA does not concern this patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from eligibility.truth import Truth


class Status(StrEnum):
    """Always from the trial's side."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NA = "NA"


class Reason(StrEnum):
    """Why an answer is what it is; all but the first two belong to UNKNOWN."""

    MET = "met"
    NOT_MET = "not_met"
    CONFLICT = "conflict"
    POLICY_DEPENDENT = "policy_dependent"
    UNIT_UNKNOWN = "unit_unknown"
    UNDATED = "undated"
    STALE = "stale"
    CENSORED = "censored"
    PARTIAL_DATE = "partial_date"
    NOT_ASSESSABLE = "not_assessable"
    MISSING = "missing"
    AWAITING_READER = "awaiting_reader"
    AWAITING_ATTESTATION = "awaiting_attestation"


#: Where several things keep an answer open, the first of these is its reason code.
_GRAVITY = {reason: order for order, reason in enumerate(Reason)}


def gravest(reasons: list[Reason]) -> Reason:
    """The reason that stands for several."""
    return min(reasons, key=_GRAVITY.__getitem__)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A recorded value that decides, as it was recorded and as it was compared."""

    path: str
    value: str | None
    compared_as: str = ""
    unit: str | None = None
    date: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that would have to be known.

    Attributes
    ----------
    path : str
        Place in the patient record.
    label : str
        What to ask for, in words.
    candidates : tuple
        Representative values it might take: just below, at and above each limit, yes and no, each choice.
    """

    path: str
    label: str
    candidates: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The truth of a statement, why, and what it rests on."""

    truth: Truth
    message: str
    reason: Reason = Reason.MET
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    clears_on: date | None = None
    applicable: bool = True

    def __post_init__(self) -> None:
        """Refuse an answer without its reason."""
        if not self.message:
            msg = "an answer needs a message"
            raise ValueError(msg)
        if self.truth is Truth.UNKNOWN and self.reason in (Reason.MET, Reason.NOT_MET):
            msg = f"an unknown answer needs a reason: {self.message}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided on one criterion."""

    criterion_id: str
    status: Status
    statement_truth: Truth
    reason_code: Reason
    message: str
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    policies: tuple[str, ...] = ()
    readings: Mapping[str, Status] = field(default_factory=dict)
    clears_on: date | None = None
    notes: tuple[str, ...] = ()
    children: Mapping[str, Verdict] = field(default_factory=dict)
