"""Numbers as they are printed beside the limit that they were compared with.

A ratio of 106.96 % lies below a cut-off of 107 %, and printed with one decimal it would read "107.0 %: below
107 %". What is printed must be what was compared, so a number gets as many decimals as show its side:

>>> shown(106.96, 107.0), shown(112.04, 107.0), shown(20.0004, 20.0)
('106.96', '112.0', '20.0004')

Comparing and printing share one tolerance, so that the noise of floating point neither costs a verdict
nor is printed:

>>> side(60.1 - 40.1, 20.0), shown(60.1 - 40.1, 20.0)
(0, '20.0')
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

#: Numbers closer than this are one number: far below what any scanner tells, far above the noise of
#: double precision in sums of Hounsfield units and percent.
EPSILON = 1e-9
#: The same of measured lengths, as everywhere in the toolkit: no scanner resolves a micrometer. [mm]
EPSILON_MM = 1e-3
#: Two numbers further apart than :data:`EPSILON` differ at this many decimals.
_MOST_DECIMALS = 10


def side(value: float, limit: float, epsilon: float = EPSILON) -> int:
    """1 above the limit, -1 below it, 0 on it within ``epsilon``."""
    if abs(value - limit) <= epsilon:
        return 0
    return 1 if value > limit else -1


def shown(value: float, *limits: float, decimals: int = 1, epsilon: float = EPSILON) -> str:
    """A finite number as printed, on the same side of every limit as it was compared.

    Parameters
    ----------
    value : float
        At full precision.
    limits : float
        What it is compared with, and printed beside.
    decimals : int
        As many at least; rounded half up.
    epsilon : float
        As in ``side``.

    >>> shown(24.6, 25.0, decimals=0), shown(24.4, 25.0, decimals=0), shown(-0.04), shown(-0.04, 0.0)
    ('24.6', '24', '0.0', '-0.04')
    """
    exact = Decimal(repr(float(value)))
    for places in range(decimals, _MOST_DECIMALS + 1):
        text = _rounded(exact, places)
        if all(_order(text, Decimal(repr(float(x)))) == side(value, x, epsilon) for x in limits):
            break
    return format(text, "f")


def shown_beside(value: float, limit: float, decimals: int = 1) -> tuple[str, str]:
    """A number and a limit that is no round number either, with as many decimals as show their order.

    >>> shown_beside(2.71, 2.7049), shown_beside(4.0, 2.75)
    (('2.71', '2.70'), ('4.0', '2.8'))
    """
    for places in range(decimals, _MOST_DECIMALS + 1):
        first, second = (_rounded(Decimal(repr(float(x))), places) for x in (value, limit))
        if _order(first, second) == side(value, limit):
            break
    return format(first, "f"), format(second, "f")


def _rounded(exact: Decimal, places: int) -> Decimal:
    text = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return text if text else abs(text)  # never "-0.0"


def _order(first: Decimal, second: Decimal) -> int:
    return int(first > second) - int(first < second)
