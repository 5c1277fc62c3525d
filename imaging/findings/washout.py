"""Does an enhancing region fall below liver in the portal venous or delayed phase?

Three conditions, all with their intervals: the ratio of liver to region reaches the published cut-off,
the region is darker than liver, and its contrast to liver dropped since the arterial phase. A region
that never enhanced has nothing to wash out: a bland clot is dark in the portal phase, too.

The cut-offs (107 % on CT, 102 % on MR) come from delayed and equilibrium phases of nodules. Used in
the portal venous phase or for a thrombus they are an extrapolation, which every result repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from imaging.findings.enhancement import EnhancementFinding, interval_text, size_stops
from imaging.findings.finding import Finding, Reason
from imaging.findings.noise import Estimate, Interval, difference, linear, ratio, ratio_of_ratios
from imaging.findings.policy import (
    DEFAULT_POLICY,
    MINIMUM_LESION_HU,
    RECOMMENDED_LIVER_AREA_MM2,
    EnhancementPolicy,
)
from imaging.findings.printed_numbers import shown, side
from imaging.phases.phase import Phase
from imaging.regions.statistics import RegionSample
from imaging.volume import Unit

#: Phases the protocol names ("portal/delayed"), in the order they are shown.
WASHOUT_PHASES = (Phase.PORTAL_VENOUS, Phase.DELAYED, Phase.TRANSITIONAL, Phase.HEPATOBILIARY)

EXTRAPOLATED = Reason(
    "CUTOFF_EXTRAPOLATED",
    "the washout cut-off comes from delayed-phase nodules; in other phases and for thrombi it is an "
    "extrapolation",
)


@dataclass(frozen=True, slots=True)
class LesionAndLiver:
    """The region and the reference liver in one phase; None where not measured."""

    lesion: RegionSample | None
    liver: RegionSample | None


@dataclass(frozen=True, slots=True)
class PhaseWashout:
    """Washout in one late phase.

    Attributes
    ----------
    ratio_percent : float or None
        100 * liver / region in this phase (PAR on CT, PSR on MR). [%]
    liver_minus_lesion : float or None
        [HU or MR units]
    contrast_drop : float or None
        Fall of (region - liver) since the arterial phase on CT [HU]; on MR the rise of the ratio
        of liver to region since the arterial phase, which no scaling changes [%].
    """

    phase: Phase
    finding: Finding
    if_confirmed: Finding
    ratio_percent: float | None
    ratio_ci95: Interval | None
    liver_minus_lesion: float | None
    liver_minus_lesion_ci95: Interval | None
    contrast_drop: float | None
    contrast_drop_ci95: Interval | None
    threshold_percent: float
    reasons: tuple[Reason, ...]


def drop_unit(unit: Unit) -> Literal["HU", "%"]:
    """Unit of ``contrast_drop``: on MR a ratio rises, no signal is subtracted between phases."""
    return "HU" if unit == "HU" else "%"


@dataclass(frozen=True, slots=True)
class WashoutFinding:
    """Washout over all late phases."""

    finding: Finding
    if_confirmed: Finding
    by_phase: tuple[PhaseWashout, ...]
    reasons: tuple[Reason, ...]
    policy: EnhancementPolicy = DEFAULT_POLICY


def washout_finding(
    enhancement: EnhancementFinding,
    arterial: LesionAndLiver,
    late: Mapping[Phase, LesionAndLiver],
    *,
    unit: Unit = "HU",
    policy: EnhancementPolicy = DEFAULT_POLICY,
    blocks: Mapping[Phase, Sequence[Reason]] | None = None,
    unconfirmed: Mapping[Phase, Sequence[Reason]] | None = None,
    cautions: Sequence[Reason] = (),
) -> WashoutFinding:
    """Washout of one region from its samples and those of the reference liver.

    Parameters
    ----------
    enhancement : EnhancementFinding
        NEGATIVE makes washout NEGATIVE; INDETERMINATE or NOT_COMPUTABLE makes it INDETERMINATE.
    arterial : LesionAndLiver
        Both in the arterial phase.
    late : mapping of Phase to LesionAndLiver
        Any of portal venous, delayed, transitional (gadoxetate, 2-5 min), hepatobiliary.
    unit : "HU" or "MR"
        Ratios on MR never leave one image, so that no scaling matters.
    policy : EnhancementPolicy
        Thresholds and uncertainties.
    blocks : mapping of Phase to sequence of Reason, optional
        As in ``enhancement_finding``, for each late phase.
    unconfirmed : mapping of Phase to sequence of Reason, optional
        As in ``enhancement_finding``, for each late phase.
    cautions : sequence of Reason
        What must be said beside the answer and changes nothing.

    Returns
    -------
    WashoutFinding
        POSITIVE if any phase is; NEGATIVE if the region never enhanced, or portal venous and delayed
        are both NEGATIVE; NOT_COMPUTABLE if no late phase can be judged; else INDETERMINATE.
    """
    phases = []
    for phase in (p for p in WASHOUT_PHASES if p in late):
        question = _Question(phase, arterial, late[phase], unit, policy, tuple((blocks or {}).get(phase, ())))
        phases.append(_judge(question, enhancement, tuple((unconfirmed or {}).get(phase, ()))))
    final, why = _overall({p.phase: p.finding for p in phases}, enhancement.finding)
    confirmed, _ = _overall({p.phase: p.if_confirmed for p in phases}, enhancement.if_confirmed)
    return WashoutFinding(final, confirmed, tuple(phases), (*why, *cautions, EXTRAPOLATED), policy)


def _overall(by_phase: Mapping[Phase, Finding], enhancement: Finding) -> tuple[Finding, tuple[Reason, ...]]:
    if not by_phase:
        return Finding.NOT_COMPUTABLE, (
            Reason("NO_LATE_PHASE", "there is no portal venous or delayed measurement"),
        )
    if enhancement is Finding.NEGATIVE:
        text = "the region does not enhance in the arterial phase: there is nothing to wash out"
        return Finding.NEGATIVE, (Reason("NO_ENHANCEMENT", text),)
    positive = [p for p, finding in by_phase.items() if finding is Finding.POSITIVE]
    if positive:
        names = " and ".join(p.value.replace("_", " ") for p in positive)
        return Finding.POSITIVE, (Reason("WASHES_OUT", f"washout in the {names} phase"),)
    if all(by_phase.get(p) is Finding.NEGATIVE for p in (Phase.PORTAL_VENOUS, Phase.DELAYED)):
        return Finding.NEGATIVE, (Reason("NO_WASHOUT", "no washout in portal venous and delayed phase"),)
    shown = ", ".join(f"{p.value.replace('_', ' ')} {f.value}" for p, f in by_phase.items())
    if all(finding is Finding.NOT_COMPUTABLE for finding in by_phase.values()):
        return Finding.NOT_COMPUTABLE, (Reason("NOT_COMPUTABLE", f"no phase can be judged: {shown}"),)
    return Finding.INDETERMINATE, (Reason("NOT_DECIDED", f"no phase decides: {shown}"),)


@dataclass(frozen=True, slots=True)
class _Question:
    """Everything that is known of one late phase."""

    phase: Phase
    arterial: LesionAndLiver
    late: LesionAndLiver
    unit: Unit
    policy: EnhancementPolicy
    blocks: tuple[Reason, ...]

    @property
    def threshold(self) -> float:
        return self.policy.washout_ct if self.unit == "HU" else self.policy.washout_mr


@dataclass(frozen=True, slots=True)
class _Numbers:
    ratio: Estimate | None  # liver / lesion [%]
    darker: Estimate | None  # liver - lesion
    drop: Estimate | None  # contrast lost since the arterial phase


def _numbers(q: _Question) -> _Numbers:
    lesion, liver = q.late.lesion, q.late.liver
    if lesion is None or liver is None:
        return _Numbers(None, None, None)
    percent = None if q.unit == "HU" and side(lesion.mean, MINIMUM_LESION_HU) <= 0 else ratio(liver, lesion)
    if q.unit == "HU":
        darker = difference(liver, lesion, q.policy.systematic_hu)
    else:  # the systematic term is in HU; within one MR image the ratio decides, this is for display
        darker = difference(liver, lesion, 0.0)
    return _Numbers(_percent(percent), darker, _drop(q, lesion, liver))


def _drop(q: _Question, lesion: RegionSample, liver: RegionSample) -> Estimate | None:
    """How much the region lost against liver since the arterial phase; above 0 is a loss."""
    before, reference = q.arterial.lesion, q.arterial.liver
    if before is None or reference is None:
        return None
    if q.unit == "HU":
        terms = [(1.0, before), (-1.0, reference), (-1.0, lesion), (1.0, liver)]
        return linear(terms, q.policy.systematic_hu * 2**0.5)
    rise = ratio_of_ratios((liver, lesion), (reference, before))
    if rise is None:
        return None
    interval = rise.ci95 and (100 * (rise.ci95[0] - 1), 100 * (rise.ci95[1] - 1))
    return Estimate(100 * (rise.value - 1), interval)


def _percent(estimate: Estimate | None) -> Estimate | None:
    if estimate is None:
        return None
    interval = estimate.ci95 and (100 * estimate.ci95[0], 100 * estimate.ci95[1])
    return Estimate(100 * estimate.value, interval)


def _judge(q: _Question, enhancement: EnhancementFinding, unconfirmed: tuple[Reason, ...]) -> PhaseWashout:
    numbers = _numbers(q)
    confirmed, why = _phase_finding(q, numbers, enhancement.if_confirmed)
    final, final_why = _phase_finding(q, numbers, enhancement.finding)
    if unconfirmed and final in (Finding.POSITIVE, Finding.NEGATIVE):
        final = Finding.INDETERMINATE
    reasons = why if why == final_why else (*why, *final_why)
    return PhaseWashout(
        phase=q.phase,
        finding=final,
        if_confirmed=confirmed,
        ratio_percent=numbers.ratio.value if numbers.ratio else None,
        ratio_ci95=numbers.ratio.ci95 if numbers.ratio else None,
        liver_minus_lesion=numbers.darker.value if numbers.darker else None,
        liver_minus_lesion_ci95=numbers.darker.ci95 if numbers.darker else None,
        contrast_drop=numbers.drop.value if numbers.drop else None,
        contrast_drop_ci95=numbers.drop.ci95 if numbers.drop else None,
        threshold_percent=q.threshold,
        reasons=(*reasons, *unconfirmed, *_small_liver(q)),
    )


def _small_liver(q: _Question) -> tuple[Reason, ...]:
    liver = q.late.liver
    if liver is None or side(liver.area_mm2, RECOMMENDED_LIVER_AREA_MM2) >= 0:
        return ()
    area = shown(liver.area_mm2, RECOMMENDED_LIVER_AREA_MM2, decimals=0)
    text = f"{area} mm2 of liver is below the recommended {RECOMMENDED_LIVER_AREA_MM2:g} mm2"
    return (Reason("LIVER_REGION_SMALL", text),)


def _phase_finding(
    q: _Question, numbers: _Numbers, enhancement: Finding
) -> tuple[Finding, tuple[Reason, ...]]:
    """Finding of one phase given what the arterial phase said."""
    if enhancement is Finding.NEGATIVE:
        text = "the region does not enhance in the arterial phase"
        return Finding.NEGATIVE, (Reason("NO_ENHANCEMENT", text),)
    stops = _stops(q, numbers)
    if stops or numbers.ratio is None:
        return Finding.NOT_COMPUTABLE, stops
    if enhancement is not Finding.POSITIVE:
        text = f"arterial enhancement is {enhancement.value}: washout needs enhancement first"
        return Finding.INDETERMINATE, (Reason("ENHANCEMENT_NOT_PROVEN", text),)
    limits = _phase_limits(q)
    if limits:
        return Finding.INDETERMINATE, limits
    return _by_numbers(q, numbers.ratio, numbers)


def _stops(q: _Question, numbers: _Numbers) -> tuple[Reason, ...]:
    stops = list(q.blocks)
    if q.late.lesion is None:
        stops.append(Reason("NO_REGION", f"the region is not measured in the {q.phase.value} phase"))
    if q.late.liver is None:
        stops.append(Reason("NO_LIVER", f"no reference liver is measured in the {q.phase.value} phase"))
    stops += size_stops(q.phase.value, q.late.lesion) + size_stops("reference liver", q.late.liver)
    if not stops and numbers.ratio is None:
        least = f"{MINIMUM_LESION_HU:g} HU" if q.unit == "HU" else "0"
        stops.append(Reason("NO_RATIO", f"a mean is not above {least}: no ratio of liver to region"))
    return tuple(stops)


def _phase_limits(q: _Question) -> tuple[Reason, ...]:
    """Phases in which darkness is not washout by the policy."""
    if q.phase is Phase.HEPATOBILIARY:
        text = "hepatobiliary hypointensity is neither portal nor delayed and never counts for I4.a"
        return (Reason("HEPATOBILIARY_PHASE", text),)
    if q.phase is Phase.TRANSITIONAL and q.policy.gadoxetate_washout != "KLCA":
        text = "transitional-phase hypointensity after gadoxetate may be the liver's uptake (LI-RADS policy)"
        return (Reason("TRANSITIONAL_PHASE", text),)
    return ()


def _by_numbers(
    q: _Question, ratio_percent: Estimate, numbers: _Numbers
) -> tuple[Finding, tuple[Reason, ...]]:
    kind = "PAR" if q.unit == "HU" else "PSR"
    limits = (q.threshold,) if q.unit == "HU" else (q.threshold, 100.0)
    said = f"{kind} {shown(ratio_percent.value, *limits)} % {interval_text(ratio_percent.ci95, *limits)}"
    if side(ratio_percent.high, q.threshold) < 0:
        return Finding.NEGATIVE, (Reason("NO_WASHOUT", f"{said} lies below {q.threshold:g} %"),)
    darker = side(ratio_percent.low, 100) > 0
    if q.unit == "HU":
        darker = numbers.darker is not None and side(numbers.darker.low, 0) > 0
    if side(ratio_percent.value, q.threshold) < 0:
        text = f"{said}: below {q.threshold:g} %, but the interval reaches it"
    elif not darker:
        text = f"{said}, but the interval of the difference to liver includes none"
    elif numbers.drop is None:
        text = f"{said}, but liver is not measured in the arterial phase: no drop of contrast can be shown"
    elif side(numbers.drop.low, 0) <= 0:
        text = f"{said}, but a drop of contrast to liver since the arterial phase is not sure"
    else:
        text = f"{said} reaches {q.threshold:g} %, darker than liver and dropped since the arterial phase"
        return Finding.POSITIVE, (Reason("WASHES_OUT", text),)
    return Finding.INDETERMINATE, (Reason("WITHIN_UNCERTAINTY", text),)
