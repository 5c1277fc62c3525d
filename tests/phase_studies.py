"""Random dynamic CT studies of the phantom, with right, useless or swapped descriptions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from imaging.phantom.phantom import make_phantom
from imaging.phantom.spec import PhantomSpec, Scan
from imaging.phases.phase import Phase
from imaging.volume import Acquisition, Study

#: Effective delays (seconds at normal cardiac output) within the windows, and how often a pass is taken.
PASSES = {
    Phase.UNENHANCED: (None, 0.75),
    Phase.EARLY_ARTERIAL: ((15.0, 24.0), 0.35),
    Phase.LATE_ARTERIAL: ((31.0, 46.0), 0.85),
    Phase.PORTAL_VENOUS: ((60.0, 90.0), 0.85),
    Phase.DELAYED: ((130.0, 330.0), 0.65),
}
NAMES = {
    Phase.UNENHANCED: ("NON CON 5.0", "PRE", "조영전", "LIVER W/O"),
    Phase.EARLY_ARTERIAL: ("EARLY ART", "early arterial 3.0 B40f", "조기 동맥기"),
    Phase.LATE_ARTERIAL: ("LATE ART", "Late Arterial 3.0", "後期動脈相"),
    Phase.PORTAL_VENOUS: ("PORTAL VENOUS", "PVP 3.0", "문맥기", "venös"),
    Phase.DELAYED: ("DELAYED", "Delay 3 min", "지연기", "tardif"),
}
USELESS = ("LIVER 3 PHASE (AP)", "ABD/PEL 5.0", None, "2.5 STANDARD")


@dataclass(frozen=True)
class RandomStudy:
    study: Study
    truth: dict[str, Phase]
    swapped: frozenset[str]


def random_study(seed: int) -> RandomStudy:
    """A study with random passes, delays, dose, cardiac output, noise, thrombus, breathing and names."""
    random = np.random.default_rng(seed)
    phases = [phase for phase, (_, often) in PASSES.items() if random.random() < often]
    if len(phases) < 2:
        phases = [Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS]
    output = float(random.uniform(0.8, 1.25))
    spec = replace(
        PhantomSpec().small(),
        seed=seed,
        scans=tuple(_scan(phase, output, random) for phase in phases),
        dose=float(random.uniform(0.7, 1.4)),
        cardiac_output=output,
        noise_sd=float(random.uniform(6, 25)),
        thrombus=str(random.choice(["tumor", "bland", "none"])),
        thrombosed_main_portal=bool(random.random() < 0.4),
    )
    acquisitions = list(make_phantom(spec).acquisitions)
    swapped = _describe(acquisitions, phases, random)
    if random.random() < 0.5:
        acquisitions = [_without_times(a) for a in acquisitions]
    truth = {a.key: phase for a, phase in zip(acquisitions, phases, strict=True)}
    return RandomStudy(Study(tuple(acquisitions)), truth, swapped)


def _scan(phase: Phase, output: float, random: np.random.Generator) -> Scan:
    window, _ = PASSES[phase]
    time_s = None if window is None else float(random.uniform(*window)) / output
    breathing = tuple(float(x) for x in random.uniform([-1, -1.5, -5], [1, 1.5, 5]))
    return Scan(phase, time_s, "", breathing)


def _describe(
    acquisitions: list[Acquisition], phases: list[Phase], random: np.random.Generator
) -> frozenset[str]:
    """Give right or useless descriptions, or swap two right ones; the keys whose description is wrong."""
    right = [str(random.choice(NAMES[phase])) for phase in phases]
    swapped: frozenset[str] = frozenset()
    names: list[str | None] = list(right)
    if random.random() < 0.5:
        one, other = (int(i) for i in random.choice(len(phases), 2, replace=False))
        names[one], names[other] = right[other], right[one]
        swapped = frozenset({acquisitions[one].key, acquisitions[other].key})
    else:
        names = [
            USELESS[int(random.integers(len(USELESS)))] if random.random() < 0.5 else name for name in right
        ]
    for i, name in enumerate(names):
        header = replace(acquisitions[i].header, series_description=name)
        acquisitions[i] = replace(acquisitions[i], header=header)
    return swapped


def _without_times(acquisition: Acquisition) -> Acquisition:
    """As de-identification leaves it: no clock times, but numbers."""
    header = replace(
        acquisition.header,
        acquisition_datetime=None,
        acquisition_time_s=None,
        series_time_s=None,
        content_time_s=None,
        contrast_start_datetime=None,
        contrast_start_time_s=None,
    )
    return replace(acquisition, header=header)
