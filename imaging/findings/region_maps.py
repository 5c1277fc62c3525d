"""Enhancement, washout and liver-ratio maps in a box around one region, each phase aligned to the arterial.

One shift describes breathing only near the region, so a map ends where the shift was measured. A phase
that cannot be aligned, or keeps more than 3 mm of error, gives no map but the reason. Maps are for
looking; verdicts come from native voxels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import MeasurementError
from imaging.findings.alignment import BOX_HALF_MM, Alignment, align
from imaging.findings.assess_region import JUDGED_ROLES, Statistics
from imaging.findings.display import box_around, seen_on
from imaging.findings.enhancement import ARTERIAL_PHASES
from imaging.findings.finding import Reason
from imaging.findings.guards import MAXIMUM_RESIDUAL_MM, Comparability, by_headers
from imaging.findings.maps import (
    FloatMap,
    enhancement_map,
    liver_ratio_map,
    signal_enhancement_ratio,
    washout_map,
)
from imaging.findings.phase_choice import PhaseChoice
from imaging.findings.policy import DEFAULT_POLICY
from imaging.findings.printed_numbers import shown
from imaging.findings.reference_liver import pooled_liver
from imaging.findings.region_examination import measured_study
from imaging.findings.washout import WASHOUT_PHASES
from imaging.geometry import VolumeGeometry
from imaging.phases.phase import Phase, PhaseDecision
from imaging.regions.region import Region, RegionRole
from imaging.regions.statistics import region_statistics
from imaging.volume import Acquisition, Study, Volume

_Formula = Callable[[list[Volume]], FloatMap]


@dataclass(frozen=True, eq=False)
class RegionMap:
    """One map of one region, or why there is none.

    Attributes
    ----------
    name : str
        ``arterial_enhancement``, ``washout``, ``signal_enhancement_ratio`` or ``liver_to_lesion``.
    phases : tuple of Phase
        Whose values it is made of, in the order of the formula.
    unit : str
    values : (slices, rows, columns) array or None
        NaN where invalid; None where the map cannot be made.
    key : str or None
        Acquisition on whose grid it lies: that of ``phases[0]``.
    geometry : VolumeGeometry or None
        Its grid: the arterial phase's for what compares phases, else the phase's own.
    shifts_mm : mapping of Phase to (left, posterior, superior)
        What each phase was moved by to lie on the arterial one. [mm]
    residual_mm : float or None
        Largest error left of those alignments; None where nothing was aligned. [mm]
    reasons : tuple of Reason
        Why there is no map.
    """

    region_id: str
    name: str
    phases: tuple[Phase, ...]
    unit: str
    values: FloatMap | None = None
    key: str | None = None
    geometry: VolumeGeometry | None = None
    shifts_mm: Mapping[Phase, tuple[float, float, float]] = field(default_factory=dict)
    residual_mm: float | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def description(self) -> str:
        """What it shows, for the header of a file."""
        words = "/".join(phase.value for phase in self.phases)
        return f"{self.name} {self.region_id} {words} [{self.unit}], display only"


def region_maps(
    region: Region,
    reference: Region | None,
    study: Study,
    phase_decisions: Mapping[str, PhaseDecision],
    *,
    control: Region | None = None,
    not_comparable_reasons: Comparability = by_headers,
) -> tuple[RegionMap, ...]:
    """Every map that the phases of a study allow around one region, and the reasons for the others.

    Parameters
    ----------
    region : Region
        The filling defect or lesion.
    reference : Region or None
        Non-tumor liver; without it there is no liver-to-lesion map.
    study : Study
        The images.
    phase_decisions : mapping of acquisition key to PhaseDecision
        From ``imaging.phases``, or the reader.
    control : Region, optional
        Paraspinal muscle, which proves that MR phases have one scale.
    not_comparable_reasons : function of two acquisitions, optional
        As in ``assess_region``.
    """
    statistics: Statistics = region_statistics([r for r in (region, reference, control) if r], study)
    choice = PhaseChoice(
        measured_study(region, study, phase_decisions),
        phase_decisions,
        statistics,
        region,
        reference,
        control,
        DEFAULT_POLICY,
        not_comparable_reasons,
    )
    arterial = choice.pick(ARTERIAL_PHASES)
    before = choice.pick((Phase.UNENHANCED,), arterial)
    late = [a for p in WASHOUT_PHASES if (a := choice.pick((p,), arterial)) is not None]
    ratios = tuple(_liver_ratio(choice, a) for a in late)
    if arterial is None or arterial.key not in region.masks:
        why = "no arterial phase" if arterial is None else "the region is not outlined on the arterial phase"
        missing = _without(choice, "arterial_enhancement", (), Reason("NO_ARTERIAL", why))
        return (missing, *ratios)
    view = _View(choice, arterial)
    return (view.enhancement(before), *(view.washout(before, a) for a in late), *ratios)


def maps_of_regions(
    regions: Sequence[Region], study: Study, phase_decisions: Mapping[str, PhaseDecision]
) -> tuple[RegionMap, ...]:
    """The maps of every lesion among the regions, with the pooled reference liver and the first muscle."""
    liver = pooled_liver(regions)
    muscle = next((r for r in regions if r.role is RegionRole.MUSCLE), None)
    judged = [r for r in regions if r.role in JUDGED_ROLES and r.masks]
    return tuple(
        found for r in judged for found in region_maps(r, liver, study, phase_decisions, control=muscle)
    )


def _without(choice: PhaseChoice, name: str, phases: tuple[Phase, ...], *reasons: Reason) -> RegionMap:
    return RegionMap(choice.region.id, name, phases, _unit(name, choice.unit), reasons=reasons)


def _unit(name: str, kind: str) -> str:
    units = {"liver_to_lesion": "%", "signal_enhancement_ratio": "1"}
    return units.get(name, "HU" if kind == "HU" else "%")


def _center(region: Region, a: Acquisition) -> NDArray[np.float64]:
    positions = region.masks[a.key].positions_mm()
    return np.asarray((positions.min(axis=0) + positions.max(axis=0)) / 2)


def _liver_ratio(choice: PhaseChoice, a: Acquisition) -> RegionMap:
    """Liver over voxel within one phase: nothing is aligned, no scale matters."""
    name, phases = "liver_to_lesion", (choice.phase(a),)
    liver = choice.sample(choice.reference, a)
    if liver is None or liver.mean is None or a.key not in choice.region.masks:
        why = "the region or the reference liver is not outlined on this phase"
        return _without(choice, name, phases, Reason("NO_REFERENCE", why))
    if moved := choice.zero_moved(a):
        return _without(choice, name, phases, *moved)
    part = box_around(a.volume, _center(choice.region, a), BOX_HALF_MM)
    values = liver_ratio_map(part, liver.mean)
    return replace(_without(choice, name, phases), values=values, key=a.key, geometry=part.geometry)


class _View:
    """The arterial phase around the region, and other phases aligned to it once each."""

    def __init__(self, choice: PhaseChoice, arterial: Acquisition) -> None:
        self._choice, self._arterial = choice, arterial
        self._center = _center(choice.region, arterial)
        self._box = box_around(arterial.volume, self._center, BOX_HALF_MM)
        self._aligned: dict[str, tuple[Alignment, Volume] | Reason] = {}

    def enhancement(self, before: Acquisition | None) -> RegionMap:
        name, arterial = "arterial_enhancement", self._arterial
        if before is None:
            phases = (self._choice.phase(arterial),)
            return _without(
                self._choice, name, phases, Reason("NO_UNENHANCED", "no unenhanced phase to compare with")
            )
        return self._map(name, (before,), lambda others: enhancement_map(others[0], self._box))

    def washout(self, before: Acquisition | None, late: Acquisition) -> RegionMap:
        if self._choice.unit == "HU":
            return self._map("washout", (late,), lambda others: washout_map(self._box, others[0]))
        name, phases = (
            "signal_enhancement_ratio",
            (self._choice.phase(self._arterial), self._choice.phase(late)),
        )
        if before is None:
            why = Reason("NO_UNENHANCED", "without an unenhanced phase two MR phases have no ratio")
            return _without(self._choice, name, phases, why)
        return self._map(
            name, (before, late), lambda others: signal_enhancement_ratio(others[0], self._box, others[1])
        )

    def _map(self, name: str, others: Sequence[Acquisition], formula: _Formula) -> RegionMap:
        """One map of the arterial phase and others, unless something forbids it."""
        phases = (self._choice.phase(self._arterial), *(self._choice.phase(a) for a in others))
        reasons = [r for a in others for r in self._choice.blocks(a, self._arterial, percent=True)]
        pairs = [] if reasons else [self._on_arterial(a) for a in others]
        reasons += [p for p in pairs if isinstance(p, Reason)]
        if reasons:
            return _without(self._choice, name, phases, *dict.fromkeys(reasons))
        found = [p for p in pairs if not isinstance(p, Reason)]
        return RegionMap(
            self._choice.region.id,
            name,
            phases,
            _unit(name, self._choice.unit),
            values=formula([volume for _, volume in found]),
            key=self._arterial.key,
            geometry=self._box.geometry,
            shifts_mm={p: a.shift_mm for p, (a, _) in zip(phases[1:], found, strict=True)},
            residual_mm=max(a.residual_mm for a, _ in found),
        )

    def _on_arterial(self, a: Acquisition) -> tuple[Alignment, Volume] | Reason:
        if a.key not in self._aligned:
            self._aligned[a.key] = self._align(a)
        return self._aligned[a.key]

    def _align(self, a: Acquisition) -> tuple[Alignment, Volume] | Reason:
        try:
            alignment = align(self._arterial, a, self._center.tolist())
        except MeasurementError as error:
            return Reason(error.code, error.found)
        if alignment.residual_mm > MAXIMUM_RESIDUAL_MM:
            left_mm = shown(alignment.residual_mm, MAXIMUM_RESIDUAL_MM)
            text = f"{left_mm} mm of error are left, more than {MAXIMUM_RESIDUAL_MM:g} mm"
            return Reason("MISREGISTERED", text)
        return alignment, seen_on(a.volume, self._box.geometry, alignment.to_moving)
