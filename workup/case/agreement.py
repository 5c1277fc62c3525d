"""How well two readers agree over a cohort: kappa for answers, limits of agreement and ICC for diameters."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from imaging.findings.noise import Z95
from workup.errors import CaseError

#: The large-sample error of kappa holds from about 2 k^2 pairs on, k being the number of different answers;
#: fewer than about 20 were not looked at (Cicchetti 1981). [pairs]
FEWEST_FOR_KAPPA_INTERVAL = 20
#: A standard error below this is one of rounding: it has degenerated to 0 and states no certainty.
_NO_ERROR = 1e-6


@dataclass(frozen=True)
class Kappa:
    """Agreement of answers beyond chance.

    Attributes
    ----------
    value : float or None
        None where both readers gave one and the same answer throughout: chance agreement is 1 then and
        kappa is not defined.
    interval_95 : (low, high) or None
        None where kappa is not defined, where there are fewer pairs than ``fewest_for_interval``, and where
        the large-sample error is 0, which would pretend certainty: all agree, or one reader gave one answer
        throughout.
    """

    value: float | None
    interval_95: tuple[float, float] | None
    observed: float
    expected: float
    n: int
    fewest_for_interval: int


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], order: Sequence[Hashable] | None = None
) -> Kappa:
    """Cohen's kappa of paired answers; linearly weighted if the answers have an ``order``.

    Raises
    ------
    CaseError
        ``NOT_COMPUTABLE`` for fewer than 2 pairs or unequal lengths.

    References
    ----------
    Cohen, Educ Psychol Meas 1960;20:37 and Psychol Bull 1968;70:213; large-sample error of Fleiss, Cohen
    and Everitt, Psychol Bull 1969;72:323; pairs that it needs of Cicchetti, Appl Psychol Meas 1981;5:101.
    """
    _check_pairs(len(first), len(second))
    answers = list(order) if order is not None else sorted({*first, *second}, key=str)
    table = np.zeros((len(answers), len(answers)))
    for a, b in zip(first, second, strict=True):
        table[answers.index(a), answers.index(b)] += 1
    share = table / table.sum()
    steps = np.abs(np.subtract.outer(np.arange(len(answers)), np.arange(len(answers))))
    weights = 1 - steps / max(len(answers) - 1, 1) if order is not None else np.eye(len(answers))
    rows, columns = share.sum(1), share.sum(0)
    observed = float((weights * share).sum())
    expected = float((weights * np.outer(rows, columns)).sum())
    n, fewest = len(first), max(FEWEST_FOR_KAPPA_INTERVAL, 2 * len(answers) ** 2)
    if math.isclose(expected, 1.0):
        return Kappa(None, None, observed, expected, n, fewest)
    if math.isclose(observed, 1.0):
        return Kappa(1.0, None, observed, expected, n, fewest)
    value = (observed - expected) / (1 - expected)
    error = _kappa_error(share, weights, observed, expected, n)
    half = Z95 * error
    rough = n < fewest or error < _NO_ERROR
    interval = None if rough else (max(-1.0, value - half), min(1.0, value + half))
    return Kappa(value, interval, observed, expected, n, fewest)


def _kappa_error(
    share: np.ndarray, weights: np.ndarray, observed: float, expected: float, n: int
) -> float:  # the non-null standard error, equation 12 of Fleiss, Cohen and Everitt
    rows, columns = share.sum(1), share.sum(0)
    row_mean, column_mean = weights @ columns, weights.T @ rows
    inner = weights * (1 - expected) - np.add.outer(row_mean, column_mean) * (1 - observed)
    total = (share * inner**2).sum() - (observed * expected - 2 * expected + observed) ** 2
    return math.sqrt(max(float(total), 0.0) / n) / (1 - expected) ** 2


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Mean difference of two readers and the range of 95 % of differences, in the unit of the values.

    Intervals are None where all differences are equal: a spread of 0 would pretend certainty.
    """

    bias: float
    sd: float
    lower: float
    upper: float
    bias_interval_95: tuple[float, float] | None
    lower_interval_95: tuple[float, float] | None
    upper_interval_95: tuple[float, float] | None
    n: int


def bland_altman(first: ArrayLike, second: ArrayLike) -> LimitsOfAgreement:
    """Bias and limits of agreement, bias ± 1.96 SD of ``first - second``.

    Raises
    ------
    CaseError
        ``NOT_COMPUTABLE`` for fewer than 2 pairs, unequal lengths or missing values.

    References
    ----------
    Bland and Altman, Lancet 1986;327:307.
    """
    a, b = _numbers(first), _numbers(second)
    _check_pairs(len(a), len(b))
    difference = a - b
    n, bias, sd = len(difference), float(difference.mean()), float(difference.std(ddof=1))
    lower, upper = bias - Z95 * sd, bias + Z95 * sd
    if sd < _NO_ERROR:
        return LimitsOfAgreement(bias, sd, lower, upper, None, None, None, n)
    t = float(stats.t.ppf(0.975, n - 1))
    of_bias, of_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(3 / n)
    return LimitsOfAgreement(
        bias,
        sd,
        lower,
        upper,
        (bias - of_bias, bias + of_bias),
        (lower - of_limit, lower + of_limit),
        (upper - of_limit, upper + of_limit),
        n,
    )


@dataclass(frozen=True)
class Icc:
    """ICC(2,1): two-way random effects, absolute agreement, single rater.

    Attributes
    ----------
    value : float or None
        None where all values are equal.
    interval_95 : (low, high) or None
    """

    value: float | None
    interval_95: tuple[float, float] | None
    targets: int
    raters: int


def icc_2_1(ratings: ArrayLike) -> Icc:
    """Intraclass correlation of ``ratings`` (targets, raters).

    Raises
    ------
    CaseError
        ``NOT_COMPUTABLE`` for fewer than 2 targets or raters, or missing values.

    References
    ----------
    Shrout and Fleiss, Psychol Bull 1979;86:420, case 2; interval from the same paper, p. 424.
    """
    values = _numbers(ratings)
    if values.ndim != 2 or min(values.shape) < 2:
        raise _too_few(f"ratings of shape {values.shape}", "at least 2 targets and 2 raters")
    n, k = values.shape
    grand, of_target, of_rater = values.mean(), values.mean(1), values.mean(0)
    between = k * ((of_target - grand) ** 2).sum() / (n - 1)
    raters = n * ((of_rater - grand) ** 2).sum() / (k - 1)
    rest = values - of_target[:, None] - of_rater[None, :] + grand
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    spread = between + (k - 1) * error + k * (raters - error) / n
    if spread <= 0:
        return Icc(None, None, n, k)
    value = float((between - error) / spread)
    return Icc(value, _icc_interval(value, between, raters, error, n, k), n, k)


def _icc_interval(
    value: float, between: float, raters: float, error: float, n: int, k: int
) -> tuple[float, float] | None:
    if math.sqrt(max(error, 0.0)) < _NO_ERROR:  # a rest of rounding is no error between readers
        return None
    ratio = raters / error
    top = (k - 1) * (n - 1) * (k * value * ratio + n * (1 + (k - 1) * value) - k * value) ** 2
    bottom = (n - 1) * k**2 * value**2 * ratio**2 + (n * (1 + (k - 1) * value) - k * value) ** 2
    if bottom <= 0 or top <= 0:
        return None
    freedom = top / bottom
    upper_f, lower_f = stats.f.ppf(0.975, n - 1, freedom), stats.f.ppf(0.975, freedom, n - 1)
    rest = k * raters + (k * n - k - n) * error
    low = n * (between - upper_f * error) / (upper_f * rest + n * between)
    high = n * (lower_f * between - error) / (rest + n * lower_f * between)
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None


def _numbers(values: ArrayLike) -> np.ndarray:
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise _too_few("a value is missing", "only lesions that both readers measured")
    return numbers


def _check_pairs(a: int, b: int) -> None:
    if a != b or a < 2:
        raise _too_few(f"{a} and {b} values", "at least 2 pairs")


def _too_few(found: str, expected: str) -> CaseError:
    return CaseError("NOT_COMPUTABLE", found, expected=expected)
