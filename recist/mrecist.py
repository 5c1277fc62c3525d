"""mRECIST for hepatocellular carcinoma: the arterially enhancing ("viable") part only.

This is *not* RECIST 1.1: it answers another question on other diameters and is reported in columns of
its own. No criterion of the trial rests on it.

References
----------
R. Lencioni, J. M. Llovet, Semin Liver Dis 30 (2010) 52-60; the same, J Hepatol 72 (2020) 288-306.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from recist.lengths import change_percent
from recist.progression import PROGRESSION_PERCENT
from recist.response import Response, fell_enough
from recist.visits import FollowedLesion, Reading, Role, Seen, Visit


def viable_target_response(
    *, baseline_tenths: int, nadir_tenths: int, sum_tenths: int, complete: bool = True
) -> Response:
    """Response of the target lesions by the sum of their enhancing diameters.

    Unlike RECIST 1.1 there is no 5 mm floor on progression, and no enhancement left is CR.

    Parameters
    ----------
    baseline_tenths, nadir_tenths, sum_tenths : int
        Sums of the enhancing diameters at baseline, at their smallest, and now. [0.1 mm]
    complete : bool
        Whether every target was measured.

    Examples
    --------
    >>> viable_target_response(baseline_tenths=445, nadir_tenths=445, sum_tenths=0).value
    'CR'
    """
    growth = sum_tenths - nadir_tenths
    if growth > 0 and 100 * growth >= PROGRESSION_PERCENT * nadir_tenths:
        return Response.PD
    if not complete:
        return Response.NE
    if sum_tenths == 0:
        return Response.CR
    return Response.PR if fell_enough(baseline_tenths, sum_tenths) else Response.SD


@dataclass(frozen=True, slots=True)
class ViableResponse:
    """Sum of the enhancing diameters at one visit and what mRECIST says of the targets. [0.1 mm, %]"""

    visit: str
    sum_tenths: int | None
    from_baseline_percent: Fraction | None = None
    target: Response | None = None


def follow_viable(lesions: Sequence[FollowedLesion], visits: Sequence[Visit]) -> tuple[ViableResponse, ...]:
    """MRECIST of every visit in order of date; empty if no enhancing diameters were taken at baseline.

    A target that is gone, or of which nothing enhances (0), counts 0; one whose enhancing diameter was not
    taken leaves the visit not evaluable unless the others alone prove progression.
    """
    ordered = sorted(visits, key=lambda visit: visit.on)
    targets = [lesion for lesion in lesions if lesion.role is Role.TARGET]
    first = _viable(targets, ordered[0].readings)
    if not targets or None in first:
        return ()
    baseline = sum(tenths for tenths in first if tenths is not None)
    found, nadir = [ViableResponse(ordered[0].name, baseline)], baseline
    for visit in ordered[1:]:
        counted = _viable(targets, visit.readings)
        known = sum(tenths for tenths in counted if tenths is not None)
        complete = None not in counted
        target = viable_target_response(
            baseline_tenths=baseline, nadir_tenths=nadir, sum_tenths=known, complete=complete
        )
        if visit.unread_nadir and target in (Response.PR, Response.SD):
            target = Response.NE
        change = change_percent(baseline, known) if complete else None
        found.append(ViableResponse(visit.name, known if complete else None, change, target))
        nadir = min(nadir, known) if complete else nadir
    return tuple(found)


def _viable(targets: Sequence[FollowedLesion], readings: Mapping[str, Reading]) -> list[int | None]:
    seen = [readings.get(lesion.id, Reading(Seen.NOT_EVALUATED)) for lesion in targets]
    return [0 if reading.seen is Seen.ABSENT else reading.viable_tenths for reading in seen]
