"""Lengths: the measured ones and the recorded ones.

A *measured* length is a float in millimeters. It is compared unrounded, with a tolerance far below
any scanner's resolution, so that arithmetic noise cannot cost a patient a target lesion:

>>> at_least(9.9999999, 10.0), at_least(9.95, 10.0)
(True, False)

A *recorded* length is what a reader signs or a case report form holds: whole tenths of a millimeter,
kept as an integer, so that sums and percentages are exact. In floating point a fall from 14.0 mm to
9.8 mm is -29.999...93 %; in tenths it is the -30 % of the paper:

>>> change_percent(recorded_tenths("14.0"), recorded_tenths("9.8"))
Fraction(-30, 1)
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from recist.errors import LengthError

#: Two measured lengths closer than this are the same length (no scanner resolves a micrometer). [mm]
EPSILON_MM = 0.001

#: What a reader or a case report form may hand over as one recorded length.
Length = int | float | str | Decimal


def at_least(value_mm: float, threshold_mm: float) -> bool:
    """Whether a measured length reaches a threshold, unrounded, within :data:`EPSILON_MM`."""
    return value_mm >= threshold_mm - EPSILON_MM


def recorded_tenths(length: Length) -> int:
    """A recorded length in whole tenths of a millimeter.

    Parameters
    ----------
    length : int, float, str or Decimal
        Text and decimals must already be whole tenths: rounding 9.95 to 10.0 could make a lesion
        measurable, and is not ours to do. A float is a measurement that is being recorded now: it
        is rounded half up. [mm]

    Raises
    ------
    LengthError
        ``NOT_A_LENGTH`` if it is not a finite number of at least 0; ``FINER_THAN_TENTHS`` if text or
        a decimal carries more than one decimal place.

    Examples
    --------
    >>> recorded_tenths("29.9"), recorded_tenths(24), recorded_tenths(10.25)
    (299, 240, 103)
    """
    exact = _decimal(length)
    tenths = exact * 10
    if isinstance(length, float):
        return int(tenths.quantize(Decimal(1), ROUND_HALF_UP))
    if tenths != int(tenths):
        raise LengthError(
            "FINER_THAN_TENTHS",
            f"{length} mm has more than one decimal place",
            expected="a recorded length in tenths of a millimeter, such as 12.3",
            advice="Record the length that the reader signed.",
            details={"value": str(length)},
        )
    return int(tenths)


def _decimal(length: Length) -> Decimal:
    try:
        exact = Decimal(repr(length) if isinstance(length, float) else length)
    except (InvalidOperation, ValueError, TypeError):
        exact = Decimal("NaN")
    if isinstance(length, bool) or not exact.is_finite() or exact < 0:
        raise LengthError(
            "NOT_A_LENGTH",
            f"{length!r} is not a length",
            expected="millimeters, at least 0, with a decimal point",
            details={"value": str(length)},
        )
    return exact


def millimeters(tenths: int) -> Decimal:
    """The recorded length as people write it. [mm]

    >>> millimeters(1040)
    Decimal('104.0')
    """
    return Decimal(tenths).scaleb(-1)


def change_percent(before_tenths: int, now_tenths: int) -> Fraction | None:
    """Exact change relative to ``before``; None if that was 0. [%]"""
    if before_tenths == 0:
        return None
    return Fraction(100 * (now_tenths - before_tenths), before_tenths)


def shown_mm(value_mm: float, threshold_mm: float | None = None) -> str:
    """A measured length as printed: tenths, rounded half up, never on the wrong side of a threshold.

    >>> shown_mm(9.95), shown_mm(9.95, 10.0), shown_mm(9.9999999, 10.0)
    ('10.0', '9.95', '10.0')
    """
    exact = Decimal(repr(float(value_mm)))
    for places in range(1, 7):
        shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if threshold_mm is None or (shown >= Decimal(repr(float(threshold_mm)))) == at_least(
            value_mm, threshold_mm
        ):
            break
    return str(shown)


def shown_percent(percent: Fraction, *limits: int) -> str:
    """A change as printed: tenths with its sign, or as many places as keep it off a limit it misses.

    >>> shown_percent(Fraction(-2999, 100), -30), shown_percent(Fraction(-29999, 1000), -30)
    ('-29.99', '-29.999')
    """
    exact = Decimal(percent.numerator) / Decimal(percent.denominator)
    for places in range(1, 9):
        shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if all((shown == limit) == (percent == limit) for limit in limits):
            break
    return f"{shown or abs(shown):+}"
