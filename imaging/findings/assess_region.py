"""One region through its phases: enhancement, washout, and what speaks against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imaging.findings.enhancement import ARTERIAL_PHASES, EnhancementFinding, enhancement_finding
from imaging.findings.finding import Reason
from imaging.findings.guards import Comparability, by_headers
from imaging.findings.li_rads import tumor_in_vein
from imaging.findings.phase_choice import PhaseChoice
from imaging.findings.policy import DEFAULT_POLICY, EnhancementPolicy
from imaging.findings.reference_liver import pooled_liver
from imaging.findings.region_examination import measured_study, other_examinations
from imaging.findings.washout import WASHOUT_PHASES, WashoutFinding, washout_finding
from imaging.phases.phase import Phase, PhaseDecision
from imaging.regions.region import Provenance, Region, RegionRole
from imaging.regions.statistics import RegionStatistics, region_statistics
from imaging.volume import Acquisition, Study, Unit

Statistics = Mapping[tuple[str, str], RegionStatistics]

#: Regions that are asked about; the others are measured beside them.
JUDGED_ROLES = (
    RegionRole.FILLING_DEFECT,
    RegionRole.PRIMARY_TUMOR,
    RegionRole.TARGET_LESION,
    RegionRole.NON_TARGET_LESION,
    RegionRole.LYMPH_NODE,
)


@dataclass(frozen=True, slots=True)
class PhaseMeasurement:
    """One region on one acquisition."""

    phase: Phase
    acquisition_key: str
    series_uid: str
    statistics: RegionStatistics
    provenance: Provenance
    verified: bool


@dataclass(frozen=True, slots=True)
class RegionFindings:
    """Everything that the numbers say of one region.

    Attributes
    ----------
    phases : tuple of PhaseMeasurement
        Every acquisition the region was measured on, in the order of the phases.
    used : tuple of (Phase, acquisition key)
        Which acquisition answered for which phase.
    """

    region_id: str
    role: RegionRole
    vessel: str | None
    unit: Unit
    phases: tuple[PhaseMeasurement, ...]
    enhancement: EnhancementFinding
    washout: WashoutFinding
    used: tuple[tuple[Phase, str], ...] = ()

    @property
    def li_rads_tumor_in_vein(self) -> Reason | None:
        """What LI-RADS calls the same filling defect; None of a region that lies in no vein."""
        if self.role is not RegionRole.FILLING_DEFECT:
            return None
        return tumor_in_vein(self.enhancement.finding, self.washout.finding)


def assess_region(  # noqa: PLR0913 - every part of the question is one
    region: Region,
    reference: Region | None,
    study: Study,
    phase_decisions: Mapping[str, PhaseDecision],
    statistics: Statistics | None = None,
    *,
    control: Region | None = None,
    policy: EnhancementPolicy = DEFAULT_POLICY,
    not_comparable_reasons: Comparability = by_headers,
    flags: Sequence[Reason] = (),
    beside: Sequence[Region] = (),
) -> RegionFindings:
    """Enhancement and washout of one region over the phases of a study.

    Parameters
    ----------
    region : Region
        The filling defect or lesion.
    reference : Region or None
        Non-tumor liver, of several the pool (``pooled_liver``); without it there is no washout.
    study : Study
        The images.
    phase_decisions : mapping of acquisition key to PhaseDecision
        From ``imaging.phases``, or the reader.
    statistics : mapping of (region id, acquisition key) to RegionStatistics, optional
        From ``region_statistics``; computed where absent.
    control : Region, optional
        Paraspinal muscle, which proves that MR phases have one scale.
    policy : EnhancementPolicy
        Thresholds and readings.
    not_comparable_reasons : function of two acquisitions, optional
        Why they must not be compared: texts, or things with code and message; from headers by default.
    flags : sequence of Reason
        What the reader saw that forbids numbers: metal, streaks, Lipiodol.
    beside : sequence of Region
        The study's regions, none of which but liver may hold the reference liver.

    Returns
    -------
    RegionFindings
        A script alone never decides invasion: these numbers corroborate or contradict a reader.
    """
    parts = tuple(r for r in (region, reference, control) if r is not None)
    if region.role not in JUDGED_ROLES:
        text = f"a region of {region.role.value.replace('_', ' ')} is measured, not judged"
        flags = (*flags, Reason("REFERENCE_REGION", text))
    known: Statistics = region_statistics((*beside, *parts), study) if statistics is None else statistics
    choice = PhaseChoice(
        measured_study(region, study, phase_decisions),
        phase_decisions,
        known,
        region,
        reference,
        control,
        policy,
        not_comparable_reasons,
        tuple(beside),
    )
    arterial = choice.pick(ARTERIAL_PHASES)  # what all others are compared with
    before = choice.pick((Phase.UNENHANCED,), arterial)
    late = {p: a for p in WASHOUT_PHASES if (a := choice.pick((p,), arterial)) is not None}
    enhancement = _enhancement(choice, before, arterial, tuple(flags))
    washout = _washout(choice, enhancement, before, arterial, late, tuple(flags))
    others = other_examinations(region, study, phase_decisions)
    used = [a for a in (before, arterial, *late.values()) if a is not None]
    return RegionFindings(
        region_id=region.id,
        role=region.role,
        vessel=region.vessel.value if region.vessel else None,
        unit=choice.unit,
        phases=_measurements(choice),
        enhancement=replace(
            enhancement,
            reasons=(*enhancement.reasons, *choice.contradicted_labels(before, arterial), *others),
        ),
        washout=replace(
            washout,
            reasons=(*washout.reasons, *choice.contradicted_labels(arterial, *late.values()), *others),
        ),
        used=tuple((choice.phase(a), a.key) for a in used),
    )


def _enhancement(
    choice: PhaseChoice, before: Acquisition | None, arterial: Acquisition | None, flags: tuple[Reason, ...]
) -> EnhancementFinding:
    return enhancement_finding(
        choice.sample(choice.region, before),
        choice.sample(choice.region, arterial),
        unit=choice.unit,
        arterial_phase=choice.phase(arterial) if arterial else Phase.LATE_ARTERIAL,
        policy=choice.policy,
        blocks=(*flags, *choice.blocks(before, arterial, percent=True)),
        unconfirmed=choice.doubts((choice.region, *choice.proof(before, arterial)), (before, arterial)),
        cautions=(
            *choice.left_out(before),
            *choice.left_out(arterial),
            *choice.other_parts(before, arterial),
        ),
    )


def _washout(
    choice: PhaseChoice,
    enhancement: EnhancementFinding,
    before: Acquisition | None,
    arterial: Acquisition | None,
    late: Mapping[Phase, Acquisition],
    flags: tuple[Reason, ...],
) -> WashoutFinding:
    both = (choice.region, choice.reference)
    not_liver = choice.liver_doubts(
        before, arterial, *late.values()
    )  # in one phase doubted is doubted in all
    return washout_finding(
        enhancement,
        choice.pair(arterial),
        {phase: choice.pair(a) for phase, a in late.items()},
        unit=choice.unit,
        policy=choice.policy,
        blocks={
            p: (*flags, *choice.blocks(arterial, a, percent=False), *choice.liver_blocks(arterial, a))
            for p, a in late.items()
        },
        unconfirmed={
            p: (
                *choice.doubts(both, (arterial, a)),
                *not_liver,
                *choice.region_losses(before, a),
                *choice.agent_doubts(a),
            )
            for p, a in late.items()
        },
        cautions=(
            *choice.liver_cautions(before),
            *(
                reason
                for a in late.values()
                for reason in (*choice.left_out(a), *choice.other_parts(arterial, a))
            ),
        ),
    )


def _measurements(choice: PhaseChoice) -> tuple[PhaseMeasurement, ...]:
    """The region on every acquisition with a phase decision, in the order of the phases."""
    order = list(Phase)
    found = [
        PhaseMeasurement(
            phase=choice.phase(a),
            acquisition_key=a.key,
            series_uid=a.header.series_uid,
            statistics=choice.statistics[choice.region.id, a.key],
            provenance=choice.region.masks[a.key].provenance,
            verified=choice.region.masks[a.key].verified,
        )
        for a in choice.study
        if a.key in choice.decisions
        and a.key in choice.region.masks
        and (choice.region.id, a.key) in choice.statistics
    ]
    return tuple(sorted(found, key=lambda m: (order.index(m.phase), m.acquisition_key)))


def assess_regions(
    regions: Sequence[Region],
    study: Study,
    phase_decisions: Mapping[str, PhaseDecision],
    *,
    policy: EnhancementPolicy = DEFAULT_POLICY,
    not_comparable_reasons: Comparability = by_headers,
) -> tuple[RegionFindings, ...]:
    """Findings of every region, with the pooled reference liver and the first muscle among them.

    Parameters
    ----------
    regions : sequence of Region
        Lesions and references together.
    study : Study
        The images.
    phase_decisions : mapping of acquisition key to PhaseDecision
        From ``imaging.phases``, or the reader.
    policy : EnhancementPolicy
        Thresholds and readings.
    not_comparable_reasons : function of two acquisitions, optional
        As in ``assess_region``.

    Returns
    -------
    tuple of RegionFindings, in the order of the regions
    """
    liver = pooled_liver(regions)
    muscle = next((r for r in regions if r.role is RegionRole.MUSCLE), None)
    statistics = region_statistics([*regions, *([liver] if liver else [])], study)
    return tuple(
        assess_region(
            region,
            liver,
            study,
            phase_decisions,
            statistics,
            control=muscle,
            policy=policy,
            not_comparable_reasons=not_comparable_reasons,
            beside=regions,
        )
        for region in regions
    )
