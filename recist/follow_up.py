"""One patient over time: the same lesions at every visit, sums, nadir and responses.

Lengths are recorded tenths of a millimeter. A target that nobody measured makes the visit NE, unless
what was measured already proves progression.

References
----------
E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247, sections 4.3 and 4.4 and appendix II (lesions
that split or coalesce, too small to measure); EORTC clarifications (reappearing and equivocal lesions).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from recist.best_response import CONFIRMATION_DAYS
from recist.lengths import change_percent, millimeters, shown_percent
from recist.new_lesions import certain_before, dated_back, new_lesion
from recist.progression import PROGRESSION_PERCENT
from recist.response import (
    NonTargetState,
    Response,
    non_target_response,
    overall_response,
    target_response,
)
from recist.visits import (
    UNSEEN,
    FollowedLesion,
    Role,
    Seen,
    Visit,
    VisitResponse,
    is_gone,
    proven_tenths,
    sum_of_diameters,
)


def follow_up(
    lesions: Sequence[FollowedLesion],
    visits: Sequence[Visit],
    *,
    unknown_at_baseline: Collection[Role] = (),
) -> tuple[VisitResponse, ...]:
    """Responses of every visit, the first (by date) being baseline.

    Parameters
    ----------
    lesions : sequence of FollowedLesion
        Targets, non-targets and new lesions.
    visits : sequence of Visit
        In any order.
    unknown_at_baseline : collection of Role
        Roles of which a baseline lesion could not be accepted: their response is NE unless what is
        known proves progression in another way.

    Returns
    -------
    tuple of VisitResponse
        In order of date.
    """
    ordered = sorted(visits, key=lambda visit: visit.on)
    targets = [lesion for lesion in lesions if lesion.role is Role.TARGET]
    whole = Role.TARGET not in unknown_at_baseline
    first = sum_of_diameters(targets, ordered[0].readings) if targets and whole else None
    responses = [_baseline(lesions, ordered, first)]
    for index in range(1, len(ordered)):
        responses.append(_respond(lesions, ordered, index, responses, frozenset(unknown_at_baseline)))
    return tuple(dated_back(lesions, ordered, responses))


def _baseline(lesions: Sequence[FollowedLesion], visits: Sequence[Visit], total: int | None) -> VisitResponse:
    notes = tuple(_notes(lesions, visits, 0))
    return VisitResponse(visit=visits[0].name, on=visits[0].on, sum_tenths=total, notes=notes)


def _respond(
    lesions: Sequence[FollowedLesion],
    visits: Sequence[Visit],
    index: int,
    before: Sequence[VisitResponse],
    unknown: frozenset[Role],
) -> VisitResponse:
    visit = visits[index]
    targets = [lesion for lesion in lesions if lesion.role is Role.TARGET]
    baseline = before[0].sum_tenths
    nadir = min((r.sum_tenths for r in before if r.sum_tenths is not None), default=None)
    total = sum_of_diameters(targets, visit.readings) if baseline is not None else None
    target = _target(lesions, visit, before, nadir)
    if Role.TARGET in unknown or (visit.unread_nadir and target in (Response.PR, Response.SD)):
        target = Response.NE
    non_target = _non_target(lesions, visit)
    if Role.NON_TARGET in unknown and non_target is not Response.PD:
        non_target = Response.NE
    new = new_lesion(lesions, visits, index)
    overall = overall_response(target, non_target, new)
    notes = _notes(lesions, visits, index)
    smallest = None if visit.unread_nadir else nadir
    if target is Response.PD and nadir is not None and (total is None or smallest is None):
        notes.append(_progression(proven_tenths(targets, visit.readings), nadir))
    if visit.unread_nadir:
        notes.append("an earlier length of a target was not accepted: the smallest sum is not known")
    if visit.unread_new and overall is not Response.PD:
        overall = Response.NE
        notes.append("an entry about a new lesion was not accepted: whether there is one is unknown")
    back = _reappeared(lesions, visits[:index], visit)
    if back and _complete_response_confirmed(before) and overall is not Response.PD:
        overall = Response.PD
        notes.append(f"{', '.join(back)} reappeared after a confirmed complete response: progression")
    elif back and overall is not Response.PD:
        notes.append(f"{', '.join(back)} reappeared; without a confirmed CR that alone is no progression")
    return VisitResponse(
        visit=visit.name,
        on=visit.on,
        sum_tenths=total,
        from_baseline_percent=None if total is None or baseline is None else change_percent(baseline, total),
        from_nadir_percent=None if total is None or smallest is None else change_percent(smallest, total),
        target=target,
        non_target=non_target,
        new_lesion=new,
        overall=overall,
        notes=tuple(notes),
    )


def _progression(proven: int, nadir: int) -> str:
    """What progression was told from where the sum, or the smallest one, is not known as a whole."""
    change = change_percent(nadir, proven)
    percent = "" if change is None else f" ({shown_percent(change, PROGRESSION_PERCENT)} %)"
    return (
        f"the sum is at least {millimeters(proven)} mm{percent}, "
        f"the smallest at most {millimeters(nadir)} mm: progression"
    )


def _target(
    lesions: Sequence[FollowedLesion], visit: Visit, before: Sequence[VisitResponse], nadir: int | None
) -> Response | None:
    targets = [lesion for lesion in lesions if lesion.role is Role.TARGET]
    if not targets:
        return None
    baseline = before[0].sum_tenths
    if baseline is None or nadir is None:
        return Response.NE
    nodes = [lesion for lesion in lesions if lesion.role is Role.NON_TARGET and lesion.is_node]
    return target_response(
        baseline_tenths=baseline,
        nadir_tenths=nadir,
        sum_tenths=proven_tenths(targets, visit.readings),
        all_gone=all(is_gone(lesion, visit.readings) for lesion in (*targets, *nodes)),
        complete=sum_of_diameters(targets, visit.readings) is not None,
        responded_before=_responding(before),
    )


def _responding(before: Sequence[VisitResponse]) -> bool:
    """Whether PR or CR was reached since the last target progression."""
    reached = False
    for response in before:
        if response.target is Response.PD:
            reached = False
        elif response.target in (Response.CR, Response.PR):
            reached = True
    return reached


def _non_target(lesions: Sequence[FollowedLesion], visit: Visit) -> Response | None:
    states = [_state(lesion, visit) for lesion in lesions if lesion.role is Role.NON_TARGET]
    return non_target_response(states, markers_elevated=visit.markers_elevated)


def _state(lesion: FollowedLesion, visit: Visit) -> NonTargetState:
    seen = visit.readings.get(lesion.id, UNSEEN).seen
    if seen is Seen.PROGRESSED:
        return NonTargetState.PROGRESSED
    if seen in (Seen.NOT_EVALUATED, Seen.EQUIVOCAL):
        return NonTargetState.NOT_EVALUATED
    return NonTargetState.ABSENT if is_gone(lesion, visit.readings) else NonTargetState.PRESENT


def _reappeared(lesions: Sequence[FollowedLesion], earlier: Sequence[Visit], visit: Visit) -> list[str]:
    """Targets and non-targets that were gone at the last visit that looked, and are back."""
    back = []
    for lesion in lesions:
        if lesion.role is Role.NEW or lesion.id not in visit.readings:
            continue
        looked = [v for v in earlier if v.readings.get(lesion.id, UNSEEN).seen is not Seen.NOT_EVALUATED]
        present = visit.readings[lesion.id].seen not in (Seen.NOT_EVALUATED, Seen.EQUIVOCAL, Seen.MERGED)
        was_gone = bool(looked) and is_gone(lesion, looked[-1].readings)
        if present and was_gone and not is_gone(lesion, visit.readings):
            back.append(lesion.id)
    return back


def _complete_response_confirmed(before: Sequence[VisitResponse]) -> bool:
    complete = [response.on for response in before if response.overall is Response.CR]
    return bool(complete) and (complete[-1] - complete[0]).days >= CONFIRMATION_DAYS


def _notes(lesions: Sequence[FollowedLesion], visits: Sequence[Visit], index: int) -> list[str]:
    notes = list(visits[index].notes)
    for lesion in lesions:
        note = _note(lesion, visits, index)
        if note:
            notes.append(note)
    return notes


def _note(lesion: FollowedLesion, visits: Sequence[Visit], index: int) -> str:
    """What must be said of one lesion at one visit."""
    reading = visits[index].readings.get(lesion.id, UNSEEN)
    why = f": {reading.why}" if reading.why else ""
    if reading.seen is Seen.NOT_EVALUATED:
        found_at = certain_before(lesion, visits, index) if lesion.role is Role.NEW else None
        if found_at is not None:
            return f"new lesion {lesion.id} of {found_at} was not evaluated: it counts until it is seen gone"
        return (
            f"{lesion.role.value.replace('_', '-')} {lesion.id} was not evaluated{why}"
            if (lesion.role is Role.TARGET or why)
            else ""
        )
    if reading.seen is Seen.TOO_SMALL and not reading.parts_tenths:
        return f"{lesion.id} is too small to measure and counts 5 mm"
    if len(reading.parts_tenths) > 1:
        return f"{lesion.id} split into {len(reading.parts_tenths)} parts, which are added"
    if reading.seen is Seen.MERGED:
        return f"{lesion.id} merged into {reading.merged_into}, which carries the length of both"
    if lesion.role is Role.NEW and lesion.is_node and is_gone(lesion, visits[index].readings):
        return "" if reading.seen is Seen.ABSENT else f"node {lesion.id} is below 10 mm: normal, not new"
    if lesion.role is Role.NEW and reading.seen not in (Seen.ABSENT, Seen.EQUIVOCAL):
        return f"new lesion {lesion.id} ({lesion.kind.value.replace('_', ' ')})"
    return f"{lesion.id} is {reading.seen.value}{why}" if why else ""
