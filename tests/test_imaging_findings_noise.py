"""What the 95 % interval is worth: coverage over 2,000 pairs of regions in correlated noise.

The interval assumes that noise shares one value within 6.25 mm2. On noise that is exactly so, it covers
what it says. Noise of filtered back projection has little power at low frequency, and its means vary
less: there the interval covers more than it says, which costs power and never safety.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from imaging.findings.enhancement import enhancement_finding
from imaging.findings.finding import Finding
from imaging.findings.noise import difference
from imaging.findings.policy import DEFAULT_POLICY
from imaging.geometry import VolumeGeometry
from imaging.phantom.noise import correlated_noise
from imaging.regions.region import RegionMask
from imaging.regions.statistics import (
    CORRELATION_AREA_MM2,
    RegionSample,
    effective_number,
    mask_statistics,
)
from imaging.volume import Acquisition, AcquisitionHeader, Volume

PIXEL_MM, SD_HU, PAIRS = 0.8, 12.0, 2000
#: Gaussian smoothing whose autocorrelation integrates to the assumed area: 4 pi sigma^2.
SIGMA_MM = float(np.sqrt(CORRELATION_AREA_MM2 / (4 * np.pi)))


def assumed_noise(size: int, random: np.random.Generator) -> np.ndarray:
    """Fields (2 * PAIRS, size, size) whose correlation area is the one the interval assumes."""
    white = random.standard_normal((2 * PAIRS, size + 16, size + 16))
    smooth = gaussian_filter(white, (0, SIGMA_MM / PIXEL_MM, SIGMA_MM / PIXEL_MM))[:, 8:-8, 8:-8]
    return SD_HU * smooth / smooth.std()


def projected_noise(size: int, random: np.random.Generator) -> np.ndarray:
    """Fields as a scanner's reconstruction leaves them."""
    return correlated_noise((2 * PAIRS, size, size), PIXEL_MM, SD_HU, 2.5, random)


def pairs(
    noise: Callable[[int, np.random.Generator], np.ndarray],
    radius_mm: float,
    change_hu: float,
    systematic_hu: float,
) -> list[tuple[RegionSample, RegionSample]]:
    """Unenhanced and arterial samples of a disk; the arterial one is off by a random placement error."""
    random = np.random.default_rng(20)
    size = int(2 * radius_mm / PIXEL_MM) + 8
    rows, columns = np.indices((size, size)) - size / 2
    disk = np.hypot(rows, columns) * PIXEL_MM <= radius_mm
    area = float(disk.sum() * PIXEL_MM**2)
    n_eff = effective_number(np.array([area]), 0.0)
    fields = noise(size, random)[:, disk]
    means, spreads = fields.mean(axis=1), fields.std(axis=1, ddof=1)
    off = random.normal(0, systematic_hu, PAIRS) if systematic_hu else np.zeros(PAIRS)

    def sample(i: int, level: float) -> RegionSample:
        return RegionSample(float(means[i] + level), float(spreads[i]), n_eff, area, int(disk.sum()))

    return [(sample(2 * i, 40), sample(2 * i + 1, 40 + change_hu + off[i])) for i in range(PAIRS)]


def coverage(
    samples: list[tuple[RegionSample, RegionSample]], change_hu: float, systematic_hu: float
) -> float:
    intervals = [difference(after, before, systematic_hu).ci95 for before, after in samples]
    return float(np.mean([low <= change_hu <= high for low, high in intervals]))


@pytest.mark.parametrize("radius_mm", [5.7, 8.0, 11.3])
@pytest.mark.parametrize("systematic_hu", [0.0, DEFAULT_POLICY.systematic_hu])
def test_the_interval_covers_95_percent_of_the_noise_it_assumes(
    radius_mm: float, systematic_hu: float
) -> None:
    samples = pairs(assumed_noise, radius_mm, 20.0, systematic_hu)

    assert 0.93 <= coverage(samples, 20.0, systematic_hu) <= 0.97


def test_on_a_scanners_noise_the_interval_is_on_the_safe_side() -> None:
    samples = pairs(projected_noise, 8.0, 20.0, DEFAULT_POLICY.systematic_hu)

    assert coverage(samples, 20.0, DEFAULT_POLICY.systematic_hu) >= 0.95


@pytest.mark.parametrize(("change_hu", "wrong"), [(5.0, Finding.POSITIVE), (25.0, Finding.NEGATIVE)])
def test_noise_gives_a_wrong_definite_answer_no_more_often_than_the_interval_claims(
    change_hu: float, wrong: Finding
) -> None:
    samples = pairs(assumed_noise, 5.7, change_hu, DEFAULT_POLICY.systematic_hu)

    found = [enhancement_finding(before, after).finding for before, after in samples]

    assert found.count(wrong) / PAIRS <= 0.025


@pytest.mark.parametrize(("pixel_mm", "n_eff"), [(2.8, 36.0), (1.25, 9.0)])
def test_there_are_never_more_independent_values_than_pixels(pixel_mm, n_eff):
    geometry = VolumeGeometry((1, 6, 6), np.diag([5.0, pixel_mm, pixel_mm, 1.0])[[2, 1, 0, 3]])
    voxels = np.random.default_rng(1).normal(50, 12, (1, 6, 6))
    acquisition = Acquisition("A", AcquisitionHeader(series_uid="A"), Volume(voxels, geometry, "HU"))
    mask = RegionMask.from_full(np.ones((1, 6, 6), bool), geometry)

    assert mask_statistics(mask, acquisition).n_eff == pytest.approx(n_eff)
