"""New lesions over time: certain, equivocal, gone, or not looked for.

A new lesion that is certain stays one until it is seen to be gone; an equivocal one that proves true later
was progression since it was first suspected (EORTC clarifications of RECIST 1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recist.response import NewLesion, Response
from recist.visits import UNSEEN, FollowedLesion, Role, Seen, Visit, VisitResponse, is_gone


def new_lesion(lesions: Sequence[FollowedLesion], visits: Sequence[Visit], index: int) -> NewLesion:
    """Whether the visit at ``index`` (visits in order of date) shows a new lesion."""
    said = {_now(lesion, visits, index) for lesion in lesions if lesion.role is Role.NEW}
    if NewLesion.YES in said:
        return NewLesion.YES
    return NewLesion.EQUIVOCAL if NewLesion.EQUIVOCAL in said else NewLesion.NO


def _now(lesion: FollowedLesion, visits: Sequence[Visit], index: int) -> NewLesion:
    """One new lesion at one visit; once certain it stays until it is seen to be gone.

    A node below 10 mm short axis is normal, and never new.
    """
    readings = visits[index].readings
    seen = readings.get(lesion.id, UNSEEN).seen
    if seen is Seen.NOT_EVALUATED:
        return NewLesion.YES if certain_before(lesion, visits, index) is not None else NewLesion.NO
    if seen is Seen.EQUIVOCAL:
        return NewLesion.EQUIVOCAL
    return NewLesion.NO if is_gone(lesion, readings) else NewLesion.YES


def certain_before(lesion: FollowedLesion, visits: Sequence[Visit], index: int) -> str | None:
    """The last earlier visit that looked for a new lesion, if it was certain there."""
    for visit in reversed(visits[:index]):
        seen = visit.readings.get(lesion.id, UNSEEN).seen
        if seen is not Seen.NOT_EVALUATED:
            certain = seen is not Seen.EQUIVOCAL and not is_gone(lesion, visit.readings)
            return visit.name if certain else None
    return None


def dated_back(
    lesions: Sequence[FollowedLesion], visits: Sequence[Visit], responses: list[VisitResponse]
) -> list[VisitResponse]:
    """A new lesion that is certain now was progression since it was first suspected."""
    dated = list(responses)
    for lesion in [each for each in lesions if each.role is Role.NEW]:
        suspected = False
        for index, visit in enumerate(visits):
            seen = visit.readings.get(lesion.id, UNSEEN).seen
            suspected = seen is Seen.EQUIVOCAL or (suspected and seen is Seen.NOT_EVALUATED)
            certain = _certain_after(lesion, visits, index)
            if not suspected or certain is None:
                continue
            note = f"new lesion {lesion.id} became certain at {certain}: progression dates from here"
            notes = (*dated[index].notes, note)
            dated[index] = replace(dated[index], new_lesion=NewLesion.YES, overall=Response.PD, notes=notes)
    return dated


def _certain_after(lesion: FollowedLesion, visits: Sequence[Visit], index: int) -> str | None:
    for visit in visits[index + 1 :]:
        seen = visit.readings.get(lesion.id, UNSEEN).seen
        if seen not in (Seen.EQUIVOCAL, Seen.NOT_EVALUATED):
            return None if is_gone(lesion, visit.readings) else visit.name
    return None
