"""Window presets: fixed for Hounsfield units, percentiles for MR, which has no unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from imaging.volume import Acquisition

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Window:
    """Center and width in HU, and the percentiles that take their place on MR."""

    name: str
    center_hu: float
    width_hu: float
    mr_percentiles: tuple[float, float]

    @property
    def limits_hu(self) -> Limits:
        """Darkest and brightest value. [HU]"""
        return self.center_hu - self.width_hu / 2, self.center_hu + self.width_hu / 2


#: The usual abdominal windows; "narrow" separates liver from a mass that differs by few HU.
PRESETS: Mapping[str, Window] = {
    w.name: w
    for w in (
        Window("liver", 90, 200, (2, 99)),
        Window("soft tissue", 50, 400, (1, 99.5)),
        Window("narrow", 90, 100, (30, 97)),
        Window("angio", 250, 600, (5, 99.9)),
        Window("bone", 500, 2000, (0, 100)),
    )
}

#: Voxels looked at for MR percentiles; more would not move them. Every n-th voxel is taken.
SAMPLE_VOXELS = 200_000


def limits(window: Window, acquisitions: Iterable[Acquisition]) -> dict[str, Limits]:
    """Limits of each acquisition, by key; MR series are windowed together, so that they compare by eye."""
    members = list(acquisitions)
    mr = [a for a in members if a.volume.unit == "MR"]
    shared = _percentiles(mr, window.mr_percentiles) if mr else window.limits_hu
    return {a.key: shared if a.volume.unit == "MR" else window.limits_hu for a in members}


def _percentiles(acquisitions: Iterable[Acquisition], percentiles: tuple[float, float]) -> Limits:
    samples = []
    for acquisition in acquisitions:
        flat = acquisition.volume.voxels.reshape(-1)
        samples.append(flat[:: max(1, flat.size // SAMPLE_VOXELS)].astype(np.float64))
    low, high = np.percentile(np.concatenate(samples), percentiles)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def describe(shown: Limits, unit: str) -> str:
    """What a window is called on the screen.

    Examples
    --------
    >>> describe((-10.0, 190.0), "HU")
    'W 200  C 90'
    """
    low, high = shown
    digits = 0 if unit == "HU" or high - low >= 20 else 2
    return f"W {high - low:.{digits}f}  C {(low + high) / 2:.{digits}f}"
