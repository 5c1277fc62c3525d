"""One patient over time: the same lesions at every visit, sums, nadir and responses.

Lengths are recorded tenths of a millimeter. A target that nobody measured makes the visit NE, unless
what was measured already proves progression.

References
----------
E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247, sections 4.3 and 4.4 and appendix II (lesions
that split or coalesce, too small to measure); EORTC clarifications (reappearing and equivocal lesions).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from recist.best_response import CONFIRMATION_DAYS
from recist.lengths import change_percent
from recist.lesion import LesionKind
from recist.response import (
    NORMAL_NODE_TENTHS,
    NewLesion,
    NonTargetState,
    Response,
    non_target_response,
    overall_response,
    target_response,
)

#: What a target counts that is present but too small to measure (RECIST 1.1, appendix II). [0.1 mm]
TOO_SMALL_TENTHS = 50


class Role(StrEnum):
    """What a lesion is followed as."""

    TARGET = "target"
    NON_TARGET = "non_target"
    NEW = "new"


class Seen(StrEnum):
    """What was seen of a lesion at a visit."""

    MEASURED = "measured"
    TOO_SMALL = "too_small"
    PRESENT = "present"  # non-targets and new lesions need no length
    ABSENT = "absent"
    PROGRESSED = "progressed"  # non-targets: unequivocally
    EQUIVOCAL = "equivocal"  # new lesions: to be followed
    MERGED = "merged"  # grown together with another lesion that carries the length of both
    NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True, slots=True)
class FollowedLesion:
    """A lesion with the identity that it keeps at every visit."""

    id: str
    role: Role
    organ: str
    kind: LesionKind

    @property
    def is_node(self) -> bool:
        """Whether the short axis counts, and below 10 mm is normal."""
        return self.kind is LesionKind.NODE


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen of one lesion at one visit.

    Attributes
    ----------
    seen : Seen
    parts_tenths : tuple of int
        The diameter; of a lesion that split, one for each fragment. [0.1 mm]
    merged_into : str or None
        With ``MERGED``: the lesion that carries the length.
    viable_tenths : int or None
        Diameter of the arterially enhancing part; RECIST 1.1 never uses it (see ``recist.mrecist``). [0.1 mm]
    """

    seen: Seen
    parts_tenths: tuple[int, ...] = ()
    merged_into: str | None = None
    viable_tenths: int | None = None


_UNSEEN = Reading(Seen.NOT_EVALUATED)


@dataclass(frozen=True, slots=True)
class Visit:
    """Readings of one visit by lesion id; a lesion without a reading was not evaluated.

    ``unread_new``: something was written about a new lesion that could not be understood.
    """

    name: str
    on: date
    readings: Mapping[str, Reading] = field(default_factory=dict)
    markers_elevated: bool | None = None
    unread_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitResponse:
    """Sum and responses of one visit; at baseline there is no response.

    ``sum_tenths`` is None unless every target was measured. Changes are exact. [0.1 mm, %]
    """

    visit: str
    on: date
    sum_tenths: int | None
    from_baseline_percent: Fraction | None = None
    from_nadir_percent: Fraction | None = None
    target: Response | None = None
    non_target: Response | None = None
    new_lesion: NewLesion = NewLesion.NO
    overall: Response | None = None
    notes: tuple[str, ...] = ()


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
    responses = [VisitResponse(visit=ordered[0].name, on=ordered[0].on, sum_tenths=first)]
    for index in range(1, len(ordered)):
        responses.append(_respond(lesions, ordered, index, responses, frozenset(unknown_at_baseline)))
    return tuple(_back_date(lesions, ordered, responses))


def counted_tenths(lesion: FollowedLesion, readings: Mapping[str, Reading]) -> int | None:
    """What a target adds to the sum; None if it was not evaluated. [0.1 mm]"""
    reading = readings.get(lesion.id, _UNSEEN)
    if reading.seen is Seen.ABSENT:
        return 0
    if reading.seen is Seen.TOO_SMALL:
        return sum(reading.parts_tenths) if reading.parts_tenths else TOO_SMALL_TENTHS
    if reading.seen is Seen.MERGED:
        carrier = readings.get(reading.merged_into or "")
        return 0 if carrier is not None and carrier.parts_tenths else None
    if reading.seen is Seen.MEASURED and reading.parts_tenths:
        return sum(reading.parts_tenths)
    return None


def sum_of_diameters(targets: Sequence[FollowedLesion], readings: Mapping[str, Reading]) -> int | None:
    """Exact sum of diameters; None unless every target was evaluated. [0.1 mm]"""
    counted = [counted_tenths(lesion, readings) for lesion in targets]
    known = [tenths for tenths in counted if tenths is not None]
    return sum(known) if len(known) == len(counted) else None


def is_gone(lesion: FollowedLesion, readings: Mapping[str, Reading]) -> bool:
    """Whether a lesion disappeared, or a node is back below 10 mm short axis."""
    reading = readings.get(lesion.id, _UNSEEN)
    if reading.seen is Seen.ABSENT:
        return True
    if reading.seen not in (Seen.MEASURED, Seen.TOO_SMALL):
        return False
    limit = NORMAL_NODE_TENTHS if lesion.is_node else 1
    default = TOO_SMALL_TENTHS if reading.seen is Seen.TOO_SMALL else limit
    return (sum(reading.parts_tenths) if reading.parts_tenths else default) < limit


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
    if Role.TARGET in unknown:
        target = Response.NE
    non_target = _non_target(lesions, visit)
    if Role.NON_TARGET in unknown and non_target is not Response.PD:
        non_target = Response.NE
    new = _new(lesions, visit)
    overall = overall_response(target, non_target, new)
    notes = _notes(lesions, visits, index)
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
        from_nadir_percent=None if total is None or nadir is None else change_percent(nadir, total),
        target=target,
        non_target=non_target,
        new_lesion=new,
        overall=overall,
        notes=tuple(notes),
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
    counted = [counted_tenths(lesion, visit.readings) for lesion in targets]
    return target_response(
        baseline_tenths=baseline,
        nadir_tenths=nadir,
        sum_tenths=sum(tenths for tenths in counted if tenths is not None),
        all_gone=all(is_gone(lesion, visit.readings) for lesion in (*targets, *nodes)),
        complete=None not in counted,
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
    seen = visit.readings.get(lesion.id, _UNSEEN).seen
    if seen is Seen.PROGRESSED:
        return NonTargetState.PROGRESSED
    if seen in (Seen.NOT_EVALUATED, Seen.EQUIVOCAL):
        return NonTargetState.NOT_EVALUATED
    return NonTargetState.ABSENT if is_gone(lesion, visit.readings) else NonTargetState.PRESENT


def _new(lesions: Sequence[FollowedLesion], visit: Visit) -> NewLesion:
    seen = {
        visit.readings[lesion.id].seen
        for lesion in lesions
        if lesion.role is Role.NEW and lesion.id in visit.readings
    }
    if seen & {Seen.MEASURED, Seen.TOO_SMALL, Seen.PRESENT, Seen.PROGRESSED, Seen.MERGED}:
        return NewLesion.YES
    return NewLesion.EQUIVOCAL if Seen.EQUIVOCAL in seen else NewLesion.NO


def _back_date(
    lesions: Sequence[FollowedLesion], visits: Sequence[Visit], responses: list[VisitResponse]
) -> list[VisitResponse]:
    """A new lesion that is certain now was progression when it was first suspected."""
    dated = list(responses)
    for lesion in lesions:
        if lesion.role is not Role.NEW:
            continue
        for index, visit in enumerate(visits):
            reading = visit.readings.get(lesion.id)
            certain = _certain_after(lesion, visits, index)
            if reading is None or reading.seen is not Seen.EQUIVOCAL or certain is None:
                continue
            note = f"new lesion {lesion.id} became certain at {certain}: progression dates from here"
            notes = (*dated[index].notes, note)
            dated[index] = replace(dated[index], new_lesion=NewLesion.YES, overall=Response.PD, notes=notes)
    return dated


def _certain_after(lesion: FollowedLesion, visits: Sequence[Visit], index: int) -> str | None:
    for visit in visits[index + 1 :]:
        reading = visit.readings.get(lesion.id)
        if reading is not None and reading.seen is Seen.ABSENT:
            return None
        if reading is not None and reading.seen not in (Seen.EQUIVOCAL, Seen.NOT_EVALUATED):
            return visit.name
    return None


def _reappeared(lesions: Sequence[FollowedLesion], earlier: Sequence[Visit], visit: Visit) -> list[str]:
    """Targets and non-targets that were gone at the last visit that looked, and are back."""
    back = []
    for lesion in lesions:
        if lesion.role is Role.NEW or lesion.id not in visit.readings:
            continue
        looked = [v for v in earlier if v.readings.get(lesion.id, _UNSEEN).seen is not Seen.NOT_EVALUATED]
        present = visit.readings[lesion.id].seen not in (Seen.NOT_EVALUATED, Seen.EQUIVOCAL, Seen.MERGED)
        was_gone = bool(looked) and is_gone(lesion, looked[-1].readings)
        if present and was_gone and not is_gone(lesion, visit.readings):
            back.append(lesion.id)
    return back


def _complete_response_confirmed(before: Sequence[VisitResponse]) -> bool:
    complete = [response.on for response in before if response.overall is Response.CR]
    return bool(complete) and (complete[-1] - complete[0]).days >= CONFIRMATION_DAYS


def _notes(lesions: Sequence[FollowedLesion], visits: Sequence[Visit], index: int) -> list[str]:
    readings, notes = visits[index].readings, []
    for lesion in lesions:
        reading = readings.get(lesion.id)
        if lesion.role is Role.TARGET and (reading is None or reading.seen is Seen.NOT_EVALUATED):
            notes.append(f"target {lesion.id} was not evaluated")
        elif reading is not None and reading.seen is Seen.TOO_SMALL and not reading.parts_tenths:
            notes.append(f"{lesion.id} is too small to measure and counts 5 mm")
        elif reading is not None and len(reading.parts_tenths) > 1:
            notes.append(f"{lesion.id} split into {len(reading.parts_tenths)} parts, which are added")
        elif reading is not None and reading.seen is Seen.MERGED:
            notes.append(f"{lesion.id} merged into {reading.merged_into}, which carries the length of both")
    return notes
