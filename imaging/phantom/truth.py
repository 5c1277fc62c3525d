"""What is true of a phantom, so that everything measured on it can be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from imaging.findings.finding import Finding
from imaging.geometry import VolumeGeometry
from imaging.phantom.drawing import values
from imaging.phantom.lesions import Lesion
from imaging.phantom.spec import PhantomSpec
from imaging.phases.phase import Phase


@dataclass(frozen=True, slots=True)
class LesionTruth:
    """True diameters of one lesion.

    Attributes
    ----------
    long_axis_mm, short_axis_mm : float
        In the axial plane through its center. [mm]
    on_slices_mm : phase -> (long axis, short axis)
        In the slice that cuts the lesion closest to its center, which is the most that can be
        measured there. [mm]
    """

    long_axis_mm: float
    short_axis_mm: float
    on_slices_mm: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Truth:
    """True numbers and expected answers of a phantom study.

    Attributes
    ----------
    hu : tissue -> phase -> value
        Hounsfield units, or arbitrary units on MR.
    lesions : lesion id -> LesionTruth
    enhancement, washout : Finding or None
        What the rules say of the filling defect; None without one.
    verdicts : mapping
        ``enhancement`` and ``washout`` again, and what the trial's criteria give with a reader who
        sees rightly: I4.a.1 (defect beside the tumor), I4.a.2 (enhancement and washout), I5.
    """

    hu: Mapping[str, Mapping[str, float]]
    lesions: Mapping[str, LesionTruth]
    enhancement: Finding | None
    washout: Finding | None
    verdicts: Mapping[str, str | None]


def true_numbers(spec: PhantomSpec, geometry: VolumeGeometry) -> Truth:
    """Everything that follows from the spec."""
    by_scan = {scan.phase.value: values(spec, scan) for scan in spec.scans}
    tissues = next(iter(by_scan.values()))
    return Truth(
        hu={t: {phase: table[t] for phase, table in by_scan.items()} for t in tissues},
        lesions={
            lesion.id: _lesion_truth(lesion, spec, geometry)
            for lesion in (spec.primary, *spec.further_lesions)
        },
        enhancement=_enhancement(spec),
        washout=_washout(spec),
        verdicts=_verdicts(spec),
    )


def _verdicts(spec: PhantomSpec) -> dict[str, str | None]:
    located = "FAIL" if spec.thrombus == "none" else "PASS"
    enhances = "PASS" if spec.thrombus == "tumor" else "FAIL"
    return {
        "enhancement": _enhancement(spec),
        "washout": _washout(spec),
        "I4.a.1": located,
        "I4.a.2": enhances,
        "I5": "PASS",
    }


def _lesion_truth(lesion: Lesion, spec: PhantomSpec, geometry: VolumeGeometry) -> LesionTruth:
    heights = geometry.patient_mm([[i, 0, 0] for i in range(geometry.shape[0])])[:, 2]
    on_slices = {}
    for scan in spec.scans:
        offset = float(np.abs(heights - lesion.center_mm[2] - scan.breathing_mm[2]).min())
        on_slices[scan.phase.value] = lesion.axes_at(offset)
    return LesionTruth(lesion.diameters_mm[0], lesion.diameters_mm[1], on_slices)


def _enhancement(spec: PhantomSpec) -> Finding | None:
    phases = {scan.phase for scan in spec.scans}
    if spec.thrombus == "none":
        return None
    if Phase.UNENHANCED not in phases or not phases & {Phase.LATE_ARTERIAL, Phase.EARLY_ARTERIAL}:
        return Finding.NOT_COMPUTABLE
    if Phase.LATE_ARTERIAL not in phases:
        return Finding.INDETERMINATE
    return Finding.POSITIVE if spec.thrombus == "tumor" else Finding.NEGATIVE


def _washout(spec: PhantomSpec) -> Finding | None:
    enhancement = _enhancement(spec)
    if enhancement in (Finding.POSITIVE, Finding.NEGATIVE, None):
        return enhancement
    return Finding.INDETERMINATE
