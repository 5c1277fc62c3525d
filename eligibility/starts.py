"""Questions that count from the start of study treatment, which may be unknown or known by its month only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from eligibility.answers import Ask, cite, not_recorded, unique, unknown
from eligibility.dates import PartialDate
from eligibility.truth import Truth
from eligibility.verdict import Answer, Missing, Reason

PATH = "reference_dates.treatment_start"
LABEL = "start of study treatment"


def at_start(ask: Ask, judge: Callable[[date | None], Answer]) -> Answer:
    """The answer that holds on every day on which treatment may start."""
    start = ask.facts.reference_dates.treatment_start
    if start is None:
        return judge(None)
    if start.exact:
        return _with_start(judge(start.first), judge(None), start)
    answers = [judge(day) for day in start.days()]
    if len({a.truth for a in answers}) == 1:
        return _with_start(answers[0], judge(None), start)
    days = Missing(PATH, LABEL, (PartialDate.on(start.first), PartialDate.on(start.last)))
    return unknown(f"treatment starts some day of {start}", Reason.PARTIAL_DATE, [days])


def _with_start(answer: Answer, without: Answer, start: PartialDate) -> Answer:
    """The start of treatment as evidence, where the answer would not hold without it."""
    if answer.truth is Truth.UNKNOWN or without.truth is answer.truth:
        return answer
    return replace(answer, evidence=unique((*answer.evidence, cite(PATH, start, LABEL))))


def start_not_recorded(event: PartialDate | None, days: int) -> Answer:
    """What is open while the start of treatment is unknown, for an event with a washout of so many days."""
    if event is None:
        return not_recorded(PATH, LABEL)
    candidates = (event.last, event.last + timedelta(days), event.last + timedelta(days + 1))
    return not_recorded(PATH, LABEL, tuple(PartialDate.on(d) for d in candidates))
