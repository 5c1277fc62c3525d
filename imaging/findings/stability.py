"""How much a verdict hangs on where the region was drawn and on whose threshold is used.

Each answer is recomputed with the region one voxel smaller and larger, shifted by one and two
millimeters in each phase alone, and with every published threshold. "Stable in 24 of 25" with the case
that flips it says more than a single word. The answers compared are those that hold once a reader
confirms the regions; nothing here makes an answer definite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.findings.assess_region import JUDGED_ROLES, RegionFindings, Statistics, assess_region
from imaging.findings.finding import Finding
from imaging.findings.guards import Comparability, by_headers
from imaging.findings.policy import CT_PRESETS, DEFAULT_POLICY, MR_PRESETS, EnhancementPolicy
from imaging.findings.reference_liver import pooled_liver
from imaging.phases.phase import PhaseDecision
from imaging.regions.region import Region, RegionMask, RegionRole
from imaging.regions.statistics import mask_statistics, region_statistics
from imaging.volume import Study

#: Shifts tried in each phase, along each patient axis, both ways. [mm]
SHIFTS_MM = (1.0, 2.0)
_AXES = {"left": (1, 0, 0), "right": (-1, 0, 0), "back": (0, 1, 0), "front": (0, -1, 0), "head": (0, 0, 1),
         "feet": (0, 0, -1)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flip:
    """One variation that changes the answer."""

    case: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class QuestionStability:
    """How one answer fares under all variations."""

    finding: Finding
    stable: int
    cases: int
    flips: tuple[Flip, ...]

    @property
    def sentence(self) -> str:
        """``POSITIVE, stable in 24 of 25; INDETERMINATE if eroded by one voxel``."""
        text = f"{self.finding.value}, stable in {self.stable} of {self.cases}"
        if self.flips:
            text += "; " + "; ".join(f"{f.finding.value} if {f.case}" for f in self.flips[:3])
        more = len(self.flips) - 3
        return f"{text}; and {more} more" if more > 0 else text


@dataclass(frozen=True, slots=True)
class Stability:
    """Stability of both answers of one region."""

    enhancement: QuestionStability
    washout: QuestionStability


def stability(
    region: Region,
    reference: Region | None,
    study: Study,
    phase_decisions: Mapping[str, PhaseDecision],
    *,
    control: Region | None = None,
    policy: EnhancementPolicy = DEFAULT_POLICY,
    not_comparable_reasons: Comparability = by_headers,
    beside: Sequence[Region] = (),
) -> Stability:
    """Recompute a region's answers under every variation.

    Parameters
    ----------
    region, reference, control : Region or None
        As in ``assess_region``.
    study : Study
        The images.
    phase_decisions : mapping of acquisition key to PhaseDecision
        Held fixed.
    policy : EnhancementPolicy
        The reading whose answer is tested.
    not_comparable_reasons : function of two acquisitions, optional
        As in ``assess_region``.
    beside : sequence of Region
        As in ``assess_region``.

    Returns
    -------
    Stability
    """
    parts = [r for r in (*beside, region, reference, control) if r is not None]
    base = region_statistics(parts, study)

    def answer(varied: Region, known: Statistics, p: EnhancementPolicy) -> RegionFindings:
        return assess_region(
            varied, reference, study, phase_decisions, known,
            control=control, policy=p, not_comparable_reasons=not_comparable_reasons, beside=beside,
        )  # fmt: skip

    first = answer(region, base, policy)
    used = [key for _, key in first.used if key in region.masks]
    found: list[tuple[str, RegionFindings]] = []
    for case, masks in _variations(region, used, phase_decisions):
        changed = {
            (region.id, key): mask_statistics(mask, study[key], region.id) for key, mask in masks.items()
        }
        varied = replace(region, masks={**region.masks, **masks})
        found.append((case, answer(varied, {**base, **changed}, policy)))
    presets = CT_PRESETS if first.unit == "HU" else MR_PRESETS
    found += [(f"the threshold is {p.name}", answer(region, base, p)) for p in presets if p != policy]
    return Stability(
        _count(first.enhancement.if_confirmed, [(c, f.enhancement.if_confirmed) for c, f in found]),
        _count(first.washout.if_confirmed, [(c, f.washout.if_confirmed) for c, f in found]),
    )


def _count(finding: Finding, varied: Sequence[tuple[str, Finding]]) -> QuestionStability:
    flips = tuple(Flip(case, other) for case, other in varied if other is not finding)
    return QuestionStability(finding, len(varied) - len(flips), len(varied), flips)


def _variations(
    region: Region, used: Sequence[str], decisions: Mapping[str, PhaseDecision]
) -> Iterator[tuple[str, dict[str, RegionMask]]]:
    """Each variation in words, with the masks it replaces; impossible ones are left out."""
    for words, iterations in (("eroded by one voxel", -1), ("dilated by one voxel", 1)):
        masks = {key: resized(region.masks[key], iterations) for key in used}
        if used and all(mask is not None for mask in masks.values()):
            yield words, {key: mask for key, mask in masks.items() if mask is not None}
    for key in used:
        for millimeters in SHIFTS_MM:
            for direction, axis in _AXES.items():
                moved = shifted(region.masks[key], np.array(axis) * millimeters)
                phase = decisions[key].phase.value.replace("_", " ")
                if moved is not None:
                    yield f"shifted {millimeters:g} mm to the {direction} in the {phase} phase", {key: moved}


def resized(mask: RegionMask, voxels: int) -> RegionMask | None:
    """The mask grown (or shrunk, if negative) within its slices; None if nothing is left."""
    from scipy.ndimage import binary_dilation, binary_erosion, generate_binary_structure

    cross = generate_binary_structure(2, 1)[None]
    n = abs(voxels)
    wide = np.pad(mask.voxels, ((0, 0), (n, n), (n, n)))
    grown = (binary_dilation if voxels > 0 else binary_erosion)(wide, cross, iterations=n)
    low = np.maximum(np.array(mask.offset) - (0, n, n), 0)
    cut = low - (np.array(mask.offset) - (0, n, n))
    high = np.minimum(np.array(mask.offset) - (0, n, n) + np.array(wide.shape), mask.geometry.shape)
    box = grown[:, cut[1] : cut[1] + high[1] - low[1], cut[2] : cut[2] + high[2] - low[2]]
    return _like(mask, box, (int(low[0]), int(low[1]), int(low[2])))


def shifted(mask: RegionMask, shift_mm: NDArray[np.float64]) -> RegionMask | None:
    """The mask moved in the patient, nearest neighbor; None outside of the grid."""
    from imaging.regions.placement import place_mask

    moved = place_mask(mask, mask.geometry, lambda positions: positions - shift_mm)
    if moved is None:
        return None
    return replace(moved, provenance=mask.provenance, verified=mask.verified, residual_mm=mask.residual_mm)


def _like(mask: RegionMask, box: NDArray[np.bool_], offset: tuple[int, int, int]) -> RegionMask | None:
    try:
        varied = RegionMask.from_box(box, offset, mask.geometry, mask.provenance, mask.verified)
    except RegionError:
        return None
    return replace(varied, residual_mm=mask.residual_mm)


def stability_of_regions(
    regions: Sequence[Region],
    study: Study,
    phase_decisions: Mapping[str, PhaseDecision],
    *,
    not_comparable_reasons: Comparability = by_headers,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Stability]:
    """Stability of every lesion among the regions, by region id.

    Parameters
    ----------
    regions : sequence of Region
        Lesions and references together.
    study : Study
        The images.
    phase_decisions : mapping of acquisition key to PhaseDecision
        Held fixed.
    not_comparable_reasons : function of two acquisitions, optional
        As in ``assess_region``.
    progress : function of (done, total), optional
        Called after each region.
    """
    liver = pooled_liver(regions)
    muscle = next((r for r in regions if r.role is RegionRole.MUSCLE), None)
    judged = [r for r in regions if r.role in JUDGED_ROLES]
    found = {}
    for done, region in enumerate(judged, 1):
        found[region.id] = stability(
            region,
            liver,
            study,
            phase_decisions,
            control=muscle,
            not_comparable_reasons=not_comparable_reasons,
            beside=regions,
        )
        if progress:
            progress(done, len(judged))
    return found
