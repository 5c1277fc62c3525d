"""A planned start of treatment in place of the recorded one."""

from __future__ import annotations

from dataclasses import replace

from eligibility.dates import PartialDate
from eligibility.patient import PatientFacts
from workup.errors import RecordError


def with_start(facts: PatientFacts, start: str | None) -> PatientFacts:
    """The same facts with another start of treatment; None changes nothing."""
    if start is None:
        return facts
    try:
        day = PartialDate.parse(start)
    except ValueError as error:
        raise RecordError("DATE_UNREADABLE", f"--start: {error}") from error
    return replace(facts, reference_dates=replace(facts.reference_dates, treatment_start=day))
