"""What was seen of a patient's lesions at each visit, what a target adds to the sum, what a visit says.

References
----------
E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247, appendix II (lesions that split or coalesce, too
small to measure).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from recist.lesion import LesionKind
from recist.response import NORMAL_NODE_TENTHS, NewLesion, Response

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
    at_least_tenths : int or None
        With ``NOT_EVALUATED``: a lower bound (a lesion that runs out of the images), which may still prove
        progression and nothing else. [0.1 mm]
    why : str
        Why a lesion was not evaluated, or is equivocal.
    """

    seen: Seen
    parts_tenths: tuple[int, ...] = ()
    merged_into: str | None = None
    viable_tenths: int | None = None
    at_least_tenths: int | None = None
    why: str = ""


#: What stands for a lesion that no reading speaks of.
UNSEEN = Reading(Seen.NOT_EVALUATED)


@dataclass(frozen=True, slots=True)
class Visit:
    """Readings of one visit by lesion id; a lesion without a reading was not evaluated.

    ``unread_new``: something was written about a new lesion that could not be understood; ``unread_nadir``:
    so was an earlier length of a target, which may be the smallest. ``notes`` are said beside the responses.
    """

    name: str
    on: date
    readings: Mapping[str, Reading] = field(default_factory=dict)
    markers_elevated: bool | None = None
    unread_new: bool = False
    unread_nadir: bool = False
    notes: tuple[str, ...] = ()


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


def counted_tenths(targets: Sequence[FollowedLesion], readings: Mapping[str, Reading]) -> list[int | None]:
    """What each target adds to the sum; None where it was not evaluated. [0.1 mm]

    Targets that merged into a target add nothing beside it; what merged into a lesion that is no target
    adds that lesion's length, once (RECIST 1.1, appendix II: the longest diameter of the merged lesion).
    """
    own = {lesion.id for lesion in targets}
    counted: list[int | None] = []
    for lesion in targets:
        reading = readings.get(lesion.id, UNSEEN)
        carrier = readings.get(reading.merged_into or "")
        if reading.seen is not Seen.MERGED:
            counted.append(_own_tenths(reading))
        elif carrier is None or not carrier.parts_tenths or carrier.seen is Seen.MERGED:
            counted.append(None)
        else:
            counted.append(0 if reading.merged_into in own else sum(carrier.parts_tenths))
            own.add(reading.merged_into or "")
    return counted


def _own_tenths(reading: Reading) -> int | None:
    if reading.seen is Seen.ABSENT:
        return 0
    if reading.seen is Seen.TOO_SMALL:
        return sum(reading.parts_tenths) if reading.parts_tenths else TOO_SMALL_TENTHS
    if reading.seen is Seen.MEASURED and reading.parts_tenths:
        return sum(reading.parts_tenths)
    return None


def sum_of_diameters(targets: Sequence[FollowedLesion], readings: Mapping[str, Reading]) -> int | None:
    """Exact sum of diameters; None unless every target was evaluated. [0.1 mm]"""
    counted = counted_tenths(targets, readings)
    known = [tenths for tenths in counted if tenths is not None]
    return sum(known) if len(known) == len(counted) else None


def proven_tenths(targets: Sequence[FollowedLesion], readings: Mapping[str, Reading]) -> int:
    """What the sum is at least: what was measured, and lower bounds. [0.1 mm]"""
    bounds = [readings.get(lesion.id, UNSEEN).at_least_tenths or 0 for lesion in targets]
    counted = counted_tenths(targets, readings)
    return sum(bound if own is None else own for own, bound in zip(counted, bounds, strict=True))


def is_gone(lesion: FollowedLesion, readings: Mapping[str, Reading]) -> bool:
    """Whether a lesion disappeared, or a node is back below 10 mm short axis."""
    reading = readings.get(lesion.id, UNSEEN)
    if reading.seen is Seen.ABSENT:
        return True
    if reading.seen not in (Seen.MEASURED, Seen.TOO_SMALL):
        return False
    limit = NORMAL_NODE_TENTHS if lesion.is_node else 1
    default = TOO_SMALL_TENTHS if reading.seen is Seen.TOO_SMALL else limit
    return (sum(reading.parts_tenths) if reading.parts_tenths else default) < limit
