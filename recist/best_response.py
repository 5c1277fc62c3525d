"""The best overall response of a patient, with and without confirmation.

References
----------
E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247, section 4.5 and table 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from recist.response import Response

#: Shortest time from baseline after which SD counts; protocols say 6 to 8 weeks (RECIST 1.1, 4.5). [days]
MINIMUM_SD_DAYS = 42
#: A response is confirmed no sooner than this (RECIST 1.1, 4.6). [days]
CONFIRMATION_DAYS = 28

_BEST_FIRST = (Response.CR, Response.PR, Response.SD, Response.NON_CR_NON_PD, Response.PD, Response.NE)
_STABLE = (Response.SD, Response.NON_CR_NON_PD)


@dataclass(frozen=True, slots=True)
class TimePoint:
    """Overall response on one day."""

    on: date
    response: Response


@dataclass(frozen=True, slots=True)
class BestResponse:
    """The best overall response and how it came about."""

    response: Response
    reason: str


def best_response(
    baseline: date,
    time_points: Sequence[TimePoint],
    *,
    confirmation: bool = False,
    minimum_sd_days: int = MINIMUM_SD_DAYS,
    first_cr_was_wrong: bool = False,
) -> BestResponse:
    """Best response from baseline to the first progression.

    Parameters
    ----------
    baseline : date
        Day from which stable disease is counted.
    time_points : sequence of TimePoint
        After baseline, in any order.
    confirmation : bool
        CR and PR must be seen again at least 28 days later (non-randomized trials whose endpoint is
        response). Randomized trials need none.
    minimum_sd_days : int
        Shortest time from baseline for SD; the protocol defines it. [days]
    first_cr_was_wrong : bool
        With confirmation only: disease seen after a CR was there all the time, so that CR was a PR.
        Otherwise that disease came back, which is progression.

    Examples
    --------
    >>> seen = [TimePoint(date(2025, 3, 1), Response.PR), TimePoint(date(2025, 5, 1), Response.PD)]
    >>> best_response(date(2025, 1, 1), seen).response.value
    'PR'
    >>> best_response(date(2025, 1, 1), seen, confirmation=True).response.value
    'SD'
    """
    until = _until_progression(time_points)
    if confirmation and first_cr_was_wrong:
        until = _relabel_refuted_cr(until)
    elif confirmation:
        until = _progression_after_cr(until)
    found = [
        _at(index, until, (point.on - baseline).days >= minimum_sd_days, confirmation)
        for index, point in enumerate(until)
    ]
    if not found:
        return BestResponse(Response.NE, "no time point after baseline")
    return min(found, key=lambda best: _BEST_FIRST.index(best.response))


def _until_progression(time_points: Sequence[TimePoint]) -> list[TimePoint]:
    """Time points in order up to and including the first PD."""
    until = []
    for point in sorted(time_points, key=lambda p: p.on):
        until.append(point)
        if point.response is Response.PD:
            break
    return until


def _progression_after_cr(points: list[TimePoint]) -> list[TimePoint]:
    """Any disease after a CR is progression at that time point, and ends the series."""
    kept: list[TimePoint] = []
    for point in points:
        after_cr = any(p.response is Response.CR for p in kept)
        if after_cr and point.response not in (Response.CR, Response.NE):
            return [*kept, TimePoint(point.on, Response.PD)]
        kept.append(point)
    return kept


def _relabel_refuted_cr(points: list[TimePoint]) -> list[TimePoint]:
    """A CR that later time points refute was a PR."""
    last_disease = max(
        (i for i, p in enumerate(points) if p.response not in (Response.CR, Response.NE)), default=-1
    )
    return [
        TimePoint(p.on, Response.PR) if p.response is Response.CR and i < last_disease else p
        for i, p in enumerate(points)
    ]


def _at(index: int, points: list[TimePoint], lasted: bool, confirmation: bool) -> BestResponse:
    """What the time point ``index`` contributes; ``lasted``: it lies after the minimum SD time."""
    point = points[index]
    response, day = point.response, point.on.isoformat()
    if response in (Response.PD, Response.NE):
        return BestResponse(response, f"{response.value} on {day}")
    if response in (Response.CR, Response.PR):
        if not confirmation:
            return BestResponse(response, f"{response.value} on {day}")
        again = _confirmed_on(index, points)
        if again is not None:
            return BestResponse(response, f"{response.value} on {day}, confirmed on {again.isoformat()}")
        if response is Response.PR and _next_evaluable(index, points) in _STABLE:
            return BestResponse(Response.SD, f"PR on {day}, not confirmed: SD at the next time point")
    if lasted:
        stable = response if response in _STABLE else Response.SD
        why = "" if response in _STABLE else f": {response.value} was not confirmed"
        return BestResponse(stable, f"{stable.value} on {day}, past the minimum time{why}")
    return BestResponse(Response.NE, f"{response.value} on {day} is before the minimum time for SD")


def _confirmed_on(index: int, points: list[TimePoint]) -> date | None:
    """The day on which the response was seen again, at least 28 days later, nothing worse between."""
    response = points[index].response
    as_good = (Response.CR,) if response is Response.CR else (Response.CR, Response.PR)
    for later in points[index + 1 :]:
        if later.response is Response.NE:
            continue
        if later.response not in as_good:
            return None
        if (later.on - points[index].on).days >= CONFIRMATION_DAYS:
            return later.on
    return None


def _next_evaluable(index: int, points: list[TimePoint]) -> Response | None:
    return next((p.response for p in points[index + 1 :] if p.response is not Response.NE), None)
