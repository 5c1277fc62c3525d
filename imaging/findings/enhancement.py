"""Does the region enhance from its own unenhanced value to the arterial phase?

The comparison is with the region itself, not with liver: in portal vein thrombosis the liver's own
arterial enhancement rises (36.6 HU against 13.8 [1]_) and hides the thrombus'. Without an unenhanced
phase the answer is NOT_COMPUTABLE, never NEGATIVE; unenhanced CT is optional in LI-RADS, so this is common.

References
----------
.. [1] Ann Acad Med Singapore 2011;40:454.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from imaging.findings.finding import Finding, Reason
from imaging.findings.noise import Estimate, Interval, difference, ratio
from imaging.findings.policy import (
    DEFAULT_POLICY,
    DENSE_UNENHANCED_HU,
    MINIMUM_AREA_MM2,
    MINIMUM_VOXELS,
    RECOMMENDED_AREA_MM2,
    EnhancementPolicy,
)
from imaging.findings.printed_numbers import shown, side
from imaging.phases.phase import Phase
from imaging.regions.statistics import RegionSample
from imaging.volume import Unit

#: Phases in which "enhances" may be said; "does not" may be said in the late arterial phase only.
ARTERIAL_PHASES = (Phase.LATE_ARTERIAL, Phase.ARTERIAL, Phase.EARLY_ARTERIAL)

NO_PUBLISHED_THRESHOLD = Reason(
    "THRESHOLD_NOT_VALIDATED",
    "numeric thresholds are not validated for arterial-phase thrombus enhancement",
)

#: Contrast adds to a region and takes nothing away. What falls by more than it may rise without enhancing
#: lies on other tissue (fat, gas, lung) or in a phase that was named wrongly, and is no "no".
LOSS = "no tissue loses so much after contrast: does the region lie on the same tissue, is the phase right?"


@dataclass(frozen=True, slots=True)
class EnhancementFinding:
    """Arterial enhancement of one region.

    Attributes
    ----------
    finding : Finding
        The answer that counts.
    if_confirmed : Finding
        The answer once a reader confirms the regions it was computed on.
    difference : float or None
        Arterial minus unenhanced. [HU on CT, % of the unenhanced value on MR]
    ci95 : (low, high) or None
        Its 95 % interval. [as difference]
    unit : "HU" or "%"
    absolute_change : float or None
        Arterial minus unenhanced as stored: a T1-bright clot enhances by few percent. [HU or MR units]
    """

    finding: Finding
    if_confirmed: Finding
    difference: float | None
    ci95: Interval | None
    unit: Literal["HU", "%"]
    reasons: tuple[Reason, ...]
    policy: EnhancementPolicy = DEFAULT_POLICY
    absolute_change: float | None = None
    thresholds: tuple[tuple[str, float], ...] = field(default=())


def enhancement_finding(
    unenhanced: RegionSample | None,
    arterial: RegionSample | None,
    *,
    unit: Unit = "HU",
    arterial_phase: Phase = Phase.LATE_ARTERIAL,
    policy: EnhancementPolicy = DEFAULT_POLICY,
    blocks: Sequence[Reason] = (),
    unconfirmed: Sequence[Reason] = (),
    cautions: Sequence[Reason] = (),
) -> EnhancementFinding:
    """Arterial enhancement from the region's two samples.

    Parameters
    ----------
    unenhanced, arterial : RegionSample or None
        The region in each phase; None where there is none. [HU or MR units]
    unit : "HU" or "MR"
        On MR the change is taken in percent of the unenhanced value.
    arterial_phase : Phase
        In an early arterial phase, or one not told early from late, NEGATIVE becomes INDETERMINATE.
    policy : EnhancementPolicy
        Thresholds and uncertainties.
    blocks : sequence of Reason
        What forbids the comparison (metal, scale not proven equal, kVp differs): NOT_COMPUTABLE,
        the numbers are still given.
    unconfirmed : sequence of Reason
        What a reader must confirm first (propagated regions): INDETERMINATE until then.
    cautions : sequence of Reason
        What must be said beside the answer and changes nothing.

    Returns
    -------
    EnhancementFinding

    Examples
    --------
    >>> before = RegionSample(mean=45, sd=12, n_eff=16, area_mm2=100, voxels=148)
    >>> after = RegionSample(mean=95, sd=14, n_eff=16, area_mm2=100, voxels=148)
    >>> found = enhancement_finding(before, after)
    >>> found.finding.value, found.difference, [round(x, 1) for x in found.ci95]
    ('POSITIVE', 50.0, [39.0, 61.0])
    """
    shown: Literal["HU", "%"] = "HU" if unit == "HU" else "%"
    limits = (("t_pos", policy.t_pos), ("t_neg", policy.t_neg))
    estimate = _change(unenhanced, arterial, unit, policy)
    stops = (*_stops(unenhanced, arterial, unit, arterial_phase), *blocks)
    if estimate is None and not stops:
        stops = (Reason("NO_RATIO", "an MR signal at or below 0 has no percent enhancement"),)
    confirmed, why = _verdict(estimate, arterial_phase, policy, shown, stops)
    final = confirmed
    if unconfirmed and confirmed in (Finding.POSITIVE, Finding.NEGATIVE):
        final = Finding.INDETERMINATE
    small, signal = _small(unenhanced, arterial), _signal(unenhanced, arterial, unit)
    beside = (*unconfirmed, *cautions, *small, *signal, NO_PUBLISHED_THRESHOLD)
    return EnhancementFinding(
        finding=final,
        if_confirmed=confirmed,
        difference=estimate.value if estimate else None,
        ci95=estimate.ci95 if estimate else None,
        unit=shown,
        reasons=(*why, *beside),
        policy=policy,
        absolute_change=None
        if unenhanced is None or arterial is None
        else float(arterial.mean - unenhanced.mean),
        thresholds=limits,
    )


def _change(
    before: RegionSample | None, after: RegionSample | None, unit: Unit, policy: EnhancementPolicy
) -> Estimate | None:
    if before is None or after is None:
        return None
    if unit == "HU":
        hu = difference(after, before, policy.systematic_hu)
        return Estimate(float(hu.value), hu.ci95)
    relative = ratio(after, before, policy.systematic_mr)
    if relative is None:
        return None
    interval = relative.ci95 and (100 * (relative.ci95[0] - 1), 100 * (relative.ci95[1] - 1))
    return Estimate(100 * (after.mean - before.mean) / before.mean, interval)


def _stops(
    before: RegionSample | None, after: RegionSample | None, unit: Unit, phase: Phase
) -> tuple[Reason, ...]:
    """Everything that makes the question unanswerable."""
    stops = []
    if before is None:
        stops.append(Reason("NO_UNENHANCED", "there is no unenhanced measurement to compare with"))
    if after is None:
        stops.append(Reason("NO_ARTERIAL", "there is no arterial measurement"))
    elif phase not in ARTERIAL_PHASES:
        stops.append(Reason("NOT_ARTERIAL", f"the later series is {phase.value}, not arterial"))
    if before is not None and unit == "HU" and side(before.mean, DENSE_UNENHANCED_HU) > 0:
        said = f"unenhanced {shown(before.mean, DENSE_UNENHANCED_HU)} HU is above {DENSE_UNENHANCED_HU:g} HU"
        stops.append(Reason("DENSE_MATERIAL", f"{said}: Lipiodol, calcium or metal hides enhancement"))
    stops += size_stops("unenhanced", before) + size_stops("arterial", after)
    return tuple(stops)


def size_stops(where: str, sample: RegionSample | None) -> list[Reason]:
    """Reason if a region is too small to be measured in the phase called ``where``."""
    if sample is None:
        return []
    if side(sample.area_mm2, MINIMUM_AREA_MM2) >= 0 and sample.voxels >= MINIMUM_VOXELS:
        return []
    return [
        Reason(
            "REGION_TOO_SMALL",
            f"{where} region of {shown(sample.area_mm2, MINIMUM_AREA_MM2)} mm2 and {sample.voxels} voxels; "
            f"at least {MINIMUM_AREA_MM2:g} mm2 and {MINIMUM_VOXELS} voxels are needed",
        )
    ]


def _small(*samples: RegionSample | None) -> tuple[Reason, ...]:
    areas = [s.area_mm2 for s in samples if s is not None]
    if not areas or side(min(areas), RECOMMENDED_AREA_MM2) >= 0:
        return ()
    return (
        Reason(
            "REGION_SMALL",
            f"{shown(min(areas), RECOMMENDED_AREA_MM2, decimals=0)} mm2 is below the recommended "
            f"{RECOMMENDED_AREA_MM2:g} mm2: "
            "only strong enhancement can be told from noise",
        ),
    )


def _signal(before: RegionSample | None, after: RegionSample | None, unit: Unit) -> tuple[Reason, ...]:
    """What the percent of an MR region were taken of: methemoglobin is bright before any contrast."""
    if unit == "HU" or before is None or after is None:
        return ()
    means = f"{before.mean:.4g} before contrast and {after.mean:.4g} in the arterial phase (arbitrary units)"
    return (Reason("MR_SIGNAL", f"the signal is {means}; a clot bright before contrast gains few percent"),)


def _verdict(
    estimate: Estimate | None,
    phase: Phase,
    policy: EnhancementPolicy,
    unit: str,
    stops: tuple[Reason, ...],
) -> tuple[Finding, tuple[Reason, ...]]:
    if stops or estimate is None:
        return Finding.NOT_COMPUTABLE, stops
    limits = (policy.t_neg, policy.t_pos)
    said = f"{shown(estimate.value, *limits)} {unit} {interval_text(estimate.ci95, *limits)}"
    if side(estimate.value, policy.t_pos) >= 0 and side(estimate.low, policy.t_neg) > 0:
        text = f"{said}: at least {policy.t_pos:g} and the interval lies above {policy.t_neg:g}"
        return Finding.POSITIVE, (Reason("ENHANCES", text),)
    if side(estimate.value, -policy.t_neg) < 0:
        fall = f"{shown(estimate.value, -policy.t_neg)} {unit} {interval_text(estimate.ci95)}"
        return Finding.INDETERMINATE, (Reason("VALUE_FELL", f"{fall}, below -{policy.t_neg:g}: {LOSS}"),)
    if side(estimate.value, policy.t_neg) <= 0 and side(estimate.high, policy.t_pos) < 0:
        if phase is not Phase.LATE_ARTERIAL:
            text = f"{said} in a phase that is not proven late arterial: it may enhance later"
            return Finding.INDETERMINATE, (Reason("NOT_LATE_ARTERIAL", text),)
        text = f"{said}: at most {policy.t_neg:g} and the interval lies below {policy.t_pos:g}"
        return Finding.NEGATIVE, (Reason("DOES_NOT_ENHANCE", text),)
    text = f"{said} neither reaches {policy.t_pos:g} surely nor stays at {policy.t_neg:g} or less"
    return Finding.INDETERMINATE, (Reason("WITHIN_UNCERTAINTY", text),)


def interval_text(interval: Interval | None, *limits: float) -> str:
    """``[12.3, 45.6]``, each end on its side of the limits, or that there is none."""
    if interval is None:
        return "[no interval]"
    return f"[{shown(interval[0], *limits)}, {shown(interval[1], *limits)}]"
