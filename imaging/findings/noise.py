"""Confidence intervals of region means and of their differences and ratios.

Neighboring voxels of a reconstructed image share their noise, so a region of n voxels holds fewer
than n independent values. ``RegionSample.n_eff`` counts correlation areas instead
(``imaging.regions.statistics``). The standard deviation over the region also holds true
heterogeneity, and a systematic term stands for placement and drift: the intervals are wide on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from imaging.regions.statistics import RegionSample

#: Two-sided 95 %.
QUANTILE = 0.975
#: The same of a normal distribution, for ratios.
Z95 = 1.96

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; None where too few independent values give none."""

    value: float
    ci95: Interval | None

    @property
    def low(self) -> float:
        """Lower end; minus infinity without an interval."""
        return self.ci95[0] if self.ci95 else -math.inf

    @property
    def high(self) -> float:
        """Upper end; infinity without an interval."""
        return self.ci95[1] if self.ci95 else math.inf


def linear(terms: Sequence[tuple[float, RegionSample]], systematic_sd: float) -> Estimate:
    """A weighted sum of region means, with its Welch-Satterthwaite interval.

    Parameters
    ----------
    terms : sequence of (weight, sample)
        ``[(1, a), (-1, b)]`` is the difference of a and b.
    systematic_sd : float
        Standard deviation of what does not shrink with size; it has infinite degrees of freedom.
        [as the samples]

    Returns
    -------
    Estimate
        [as the samples]

    References
    ----------
    .. [1] Welch BL. The generalization of "Student's" problem. Biometrika 1947;34:28-35.
    """
    value = sum(weight * sample.mean for weight, sample in terms)
    parts = [(weight**2 * sample.variance_of_mean, sample.n_eff) for weight, sample in terms]
    variance = sum(v for v, _ in parts) + systematic_sd**2
    half = _half_width(variance, parts)
    return Estimate(value, None if half is None else (value - half, value + half))


def _half_width(variance: float, parts: Sequence[tuple[float, float]]) -> float | None:
    """Half of the interval; None if any noisy mean rests on a single independent value."""
    noisy = [(v, n) for v, n in parts if v > 0]
    if any(n <= 1 for _, n in noisy):
        return None
    if not noisy:
        return Z95 * math.sqrt(variance)
    from scipy.special import stdtrit

    freedom = variance**2 / sum(v**2 / (n - 1) for v, n in noisy)
    return float(stdtrit(freedom, QUANTILE)) * math.sqrt(variance)


def mean_interval(sample: RegionSample) -> Interval | None:
    """95 % interval of one region mean by its own spread; None for a single independent value."""
    return linear([(1.0, sample)], 0.0).ci95


def difference(a: RegionSample, b: RegionSample, systematic_sd: float) -> Estimate:
    """``a - b`` with its 95 % interval. [as the samples]"""
    return linear([(1.0, a), (-1.0, b)], systematic_sd)


def ratio(a: RegionSample, b: RegionSample, systematic_relative: float = 0.0) -> Estimate | None:
    """``a / b`` with its 95 % interval by the delta method on the logarithm.

    None unless both means are positive: a ratio of Hounsfield units at or below 0 means nothing.
    """
    if a.mean <= 0 or b.mean <= 0:
        return None
    value = a.mean / b.mean
    if any(s.sd > 0 and s.n_eff <= 1 for s in (a, b)):
        return Estimate(value, None)
    relative = sum(s.variance_of_mean / s.mean**2 for s in (a, b)) + systematic_relative**2
    spread = math.exp(Z95 * math.sqrt(relative))
    return Estimate(value, (value / spread, value * spread))


def ratio_of_ratios(
    numerator: tuple[RegionSample, RegionSample], denominator: tuple[RegionSample, RegionSample]
) -> Estimate | None:
    """``(a / b) / (c / d)`` with its interval; each ratio comes from one image, so any scale cancels."""
    top, bottom = ratio(*numerator), ratio(*denominator)
    if top is None or bottom is None:
        return None
    value = top.value / bottom.value
    samples = (*numerator, *denominator)
    if any(s.sd > 0 and s.n_eff <= 1 for s in samples):
        return Estimate(value, None)
    spread = math.exp(Z95 * math.sqrt(sum(s.variance_of_mean / s.mean**2 for s in samples)))
    return Estimate(value, (value / spread, value * spread))
