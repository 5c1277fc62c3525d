"""What one time point says: target, non-target and overall response.

Sums are whole tenths of a millimeter, so every limit is compared exactly.

References
----------
E. A. Eisenhauer et al., Eur J Cancer 45 (2009) 228-247, sections 4.3 and 4.4; L. H. Schwartz et al.,
Eur J Cancer 62 (2016) 132-137; EORTC clarifications (stable disease; once PR, PR until PD).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from recist.errors import LengthError
from recist.measurability import NODE_PATHOLOGICAL_MM
from recist.progression import grew_enough

#: Smallest fall from the baseline sum that is a partial response (RECIST 1.1, 4.3.1). [%]
PARTIAL_RESPONSE_PERCENT = 30
#: A node below this short axis is no longer pathological (RECIST 1.1, 4.3.2). [0.1 mm]
NORMAL_NODE_TENTHS = int(NODE_PATHOLOGICAL_MM * 10)


class Response(StrEnum):
    """Response of targets, of non-targets, or overall."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NON_CR_NON_PD = "Non-CR/Non-PD"
    NE = "NE"


class NonTargetState(StrEnum):
    """What is said of one non-target lesion at one time point."""

    ABSENT = "absent"  # gone; of a node: below 10 mm
    PRESENT = "present"
    PROGRESSED = "progressed"  # unequivocally
    NOT_EVALUATED = "not_evaluated"


class NewLesion(StrEnum):
    """Whether there is a new lesion; an equivocal one is followed and never counts by itself."""

    NO = "no"
    EQUIVOCAL = "equivocal"
    YES = "yes"


def target_response(
    *,
    baseline_tenths: int,
    nadir_tenths: int,
    sum_tenths: int,
    all_gone: bool,
    complete: bool = True,
    responded_before: bool = False,
) -> Response:
    """Response of the target lesions.

    Parameters
    ----------
    baseline_tenths, nadir_tenths : int
        Sum of diameters at baseline, and the smallest complete sum so far, baseline included. [0.1 mm]
    sum_tenths : int
        Sum of diameters now; of the targets that were measured, if ``complete`` is False. [0.1 mm]
    all_gone : bool
        Every non-nodal target is gone and every pathological node is below 10 mm. The sum may then
        still be above 0.
    complete : bool
        Whether every target was measured.
    responded_before : bool
        Whether PR or CR was reached at an earlier time point: it stays PR until PD.

    Raises
    ------
    LengthError
        ``NOT_A_LENGTH`` for a sum that is no whole number, such as one in millimeters.

    Examples
    --------
    >>> target_response(baseline_tenths=500, nadir_tenths=500, sum_tenths=350, all_gone=False).value
    'PR'
    """
    sums = (baseline_tenths, nadir_tenths, sum_tenths)
    if not all(isinstance(tenths, int) for tenths in sums):
        raise LengthError("NOT_A_LENGTH", f"sums {sums}", expected="whole tenths of a millimeter")
    if grew_enough(nadir_tenths, sum_tenths):
        return Response.PD  # the measured part alone proves it
    if not complete:
        return Response.NE
    if all_gone:
        return Response.CR
    if responded_before or fell_enough(baseline_tenths, sum_tenths):
        return Response.PR
    return Response.SD


def fell_enough(baseline_tenths: int, sum_tenths: int) -> bool:
    """Whether the sum fell by at least 30 % of baseline, exactly.

    >>> fell_enough(140, 98), fell_enough(1000, 701)
    (True, False)
    """
    return 100 * (baseline_tenths - sum_tenths) >= PARTIAL_RESPONSE_PERCENT * baseline_tenths > 0


def non_target_response(
    states: Iterable[NonTargetState], *, markers_elevated: bool | None = None
) -> Response | None:
    """Response of the non-target lesions; None if there are none.

    Parameters
    ----------
    states : iterable of NonTargetState
        One per non-target lesion of baseline.
    markers_elevated : bool or None
        Tumor markers that were elevated at baseline still are. None: the protocol does not use them.
    """
    said = set(states)
    if not said:
        return None
    if NonTargetState.PROGRESSED in said:
        return Response.PD
    if NonTargetState.NOT_EVALUATED in said:
        return Response.NE
    if said == {NonTargetState.ABSENT} and not markers_elevated:
        return Response.CR
    return Response.NON_CR_NON_PD


def overall_response(target: Response | None, non_target: Response | None, new_lesion: NewLesion) -> Response:
    """Overall response at one time point (RECIST 1.1, tables 1 and 2).

    ``target`` is None where no lesion was measurable at baseline, ``non_target`` where every lesion is
    a target.

    >>> overall_response(Response.CR, Response.NON_CR_NON_PD, NewLesion.NO).value
    'PR'
    """
    if new_lesion is NewLesion.YES or Response.PD in (target, non_target):
        return Response.PD
    if target is None:
        return non_target or Response.NE
    if target is Response.CR and non_target not in (None, Response.CR):
        return Response.PR
    return target
