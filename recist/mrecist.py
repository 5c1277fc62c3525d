"""mRECIST for hepatocellular carcinoma: the arterially enhancing ("viable") part only.

This is *not* RECIST 1.1: it answers another question on other diameters and is reported in columns of
its own. No criterion of the trial rests on it.

References
----------
R. Lencioni, J. M. Llovet, Semin Liver Dis 30 (2010) 52-60; the same, J Hepatol 72 (2020) 288-306.
"""

from __future__ import annotations

from recist.progression import PROGRESSION_PERCENT
from recist.response import Response, fell_enough

#: A new hepatic lesion counts from this size if it enhances and washes out like HCC. [0.1 mm]
NEW_NODULE_TENTHS = 100


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


def is_new_hepatic_lesion(diameter_tenths: int, *, typical_pattern: bool, growth_tenths: int = 0) -> bool:
    """Whether a new liver nodule is HCC: 10 mm with a typical pattern, else 10 mm of growth as well."""
    if diameter_tenths < NEW_NODULE_TENTHS:
        return False
    return typical_pattern or growth_tenths >= NEW_NODULE_TENTHS
