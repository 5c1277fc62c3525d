"""The one pipeline: a case and a protocol in, an assessment out.

Straight through, without disk, window or print: the command line, the viewer, the cohort engine and a
notebook call this same function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from eligibility.patient import PatientFacts
from eligibility.protocol import Protocol
from eligibility.screening import screen
from imaging.findings.adjacency import Adjacency, distance_mm
from imaging.findings.assess_region import RegionFindings, assess_region
from imaging.findings.features import VEIN_ROLES, SupportingFeatures, supporting_features
from imaging.findings.finding import Finding
from imaging.findings.guards import Comparability, by_headers, without_overridable
from imaging.findings.policy import DEFAULT_POLICY, EnhancementPolicy
from imaging.findings.reference_liver import pooled_liver
from imaging.findings.region_examination import measured_study
from imaging.findings.stability import stability as stability_of
from imaging.phases.decision import name_phases
from imaging.phases.phase import Phase, PhaseDecision
from imaging.regions.region import Region, RegionRole
from imaging.regions.statistics import RegionStatistics, region_statistics
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.baseline_age import age_warnings
from workup.baseline_targets import BaselineTargets, baseline_targets
from workup.case.case import Case, DefectStatement, LesionStatement, Statement
from workup.errors import CaseError
from workup.imaging_facts import imaging_facts, with_imaging
from workup.lesions import LESION_ROLES, LesionMeasurement, measure_lesion
from workup.measured_examinations import earliest_day, measured_examinations
from workup.record.record import parse_record

#: Phases in the order in which veins and tumor margins show best.
_CLEAREST = (Phase.PORTAL_VENOUS, Phase.DELAYED, Phase.LATE_ARTERIAL, Phase.ARTERIAL, Phase.UNENHANCED)


def assess(
    case: Case,
    protocol: Protocol,
    *,
    policy: EnhancementPolicy = DEFAULT_POLICY,
    decisions: Mapping[str, PhaseDecision] | None = None,
    stability: bool = False,
    search: bool = True,
) -> Assessment:
    """One patient's work-up.

    Parameters
    ----------
    case : Case
        Images, regions, lines, the reader's statements, the record. Whatever is missing is answered by
        UNKNOWN with the name of what is missing.
    protocol : Protocol
        The trial, with the readings of its ambiguous clauses.
    policy : EnhancementPolicy
        Thresholds of enhancement and washout.
    decisions : mapping of acquisition key to PhaseDecision, optional
        Phases already named for this study and these reader's labels; named here where absent.
    stability : bool
        Also recompute the answers of each defect under redrawing and published thresholds, which takes
        longer than all the rest.
    search : bool
        Also look for the smallest set of missing items that settles every criterion, as the reports name
        it; no verdict depends on it.

    Returns
    -------
    Assessment

    Raises
    ------
    CaseError
        ``TWO_PATIENTS`` if the images carry different patient identifiers.
    imaging.errors.MeasurementError
        If a reader's line cannot be measured.
    """
    check_one_patient(case)
    named = decisions or name_phases(case.study, reader_labels=case.phase_labels)
    liver = reference_liver(case)
    statistics = region_statistics([*case.regions, *([liver] if liver else [])], case.study)
    defects = tuple(
        _defect(region, case, named, statistics, policy, stability)
        for region in case.regions
        if region.role is RegionRole.FILLING_DEFECT
    )
    lesions, targets = _lesions(case, named, statistics, policy)
    recorded = parse_record(case.record) if case.record is not None else PatientFacts()
    seen = imaging_facts(case, named, defects, lesions)
    facts = with_imaging(recorded, seen, complete=case.complete)
    return Assessment(
        case=case,
        decisions=named,
        statistics=statistics,
        defects=defects,
        lesions=lesions,
        targets=replace(targets, notes=(*targets.notes, *_age(case, recorded, lesions))),
        policy=policy,
        screen=screen(facts, protocol, search=search),
    )


def _age(case: Case, recorded: PatientFacts, lesions: Sequence[LesionAssessment]) -> tuple[str, ...]:
    """A warning where the images of the lesions are too old for the planned start (rule G6)."""
    measured = measured_examinations(case.study, [x.measurement.acquisition_key for x in lesions])
    return age_warnings(earliest_day(measured), recorded.reference_dates.treatment_start)


def check_one_patient(case: Case) -> None:
    """Refuse images of more than one patient: no verdict holds for two.

    Raises
    ------
    CaseError
        ``TWO_PATIENTS``.
    """
    patients: dict[str, list[str]] = {}
    for a in case.study:
        if a.header.patient_id_hash:
            patients.setdefault(a.header.patient_id_hash, []).append(a.key)
    if len(patients) > 1:
        raise CaseError(
            "TWO_PATIENTS",
            f"the images carry {len(patients)} different patient identifiers",
            expected="one patient",
            advice="Put each patient's images into a folder of their own.",
            details={"acquisition_keys": list(patients.values())},
        )


def reference_liver(case: Case) -> Region | None:
    """All regions of reference liver as one."""
    return pooled_liver(case.regions)


def _first(case: Case, role: RegionRole) -> Region | None:
    return next((region for region in case.regions if region.role is role), None)


def _findings(
    region: Region,
    case: Case,
    named: Mapping[str, PhaseDecision],
    statistics: Mapping[tuple[str, str], RegionStatistics],
    policy: EnhancementPolicy,
) -> RegionFindings:
    return assess_region(
        region,
        reference_liver(case),
        case.study,
        named,
        statistics,
        control=_first(case, RegionRole.MUSCLE),
        policy=policy,
        not_comparable_reasons=_comparability(case),
        beside=case.regions,
    )


def _comparability(case: Case) -> Comparability:
    """What forbids comparing two phases; a named reader's reason takes away what a reader may override."""
    if case.reader and case.comparable_override:
        return without_overridable()
    return by_headers


def _defect(
    region: Region,
    case: Case,
    named: Mapping[str, PhaseDecision],
    statistics: Mapping[tuple[str, str], RegionStatistics],
    policy: EnhancementPolicy,
    stability: bool,
) -> DefectAssessment:
    tumors = [r for r in case.regions if r.role is RegionRole.PRIMARY_TUMOR]
    near = _adjacencies(region, tumors, _own_phases(region, case, named))
    nearest = min(near, key=lambda tumor: near[tumor][0].distance_mm, default=None)
    adjacency, phase = near[nearest] if nearest is not None else (None, None)
    findings = _findings(region, case, named, statistics, policy)
    statement = case.defects.get(region.id, DefectStatement())
    steady = None
    if stability:
        steady = stability_of(
            region,
            reference_liver(case),
            case.study,
            named,
            control=_first(case, RegionRole.MUSCLE),
            policy=policy,
            not_comparable_reasons=_comparability(case),
            beside=case.regions,
        )
    return DefectAssessment(
        region=region,
        findings=findings,
        adjacency=adjacency,
        adjacency_phase=phase,
        statement=statement,
        features=_features(region, case, named, findings, adjacency, statement),
        stability=steady,
        nearest_tumor=nearest,
        tumors_not_measured=tuple(t.id for t in tumors if t.id not in near),
    )


def _features(
    region: Region,
    case: Case,
    named: Mapping[str, PhaseDecision],
    findings: RegionFindings,
    adjacency: Adjacency | None,
    said: DefectStatement,
) -> SupportingFeatures:
    """Features of a defect; schema 1.0 of the record holds no alpha-fetoprotein, so that stays unknown."""
    vein = _first(case, VEIN_ROLES[region.vessel]) if region.vessel else None
    return supporting_features(
        region,
        vein,
        _common_key(region, vein, named)[0],
        enhances=_known(said.arterial_enhancement, findings.enhancement.finding),
        adjacent_to_tumor=_known(said.adjacent_to_primary, adjacency.finding if adjacency else None),
    )


def _known(said: Statement | None, found: Finding | None) -> bool | None:
    """What reader and number establish; None where both are open or contradict each other."""
    answers = {
        *({Statement.YES: {True}, Statement.NO: {False}}.get(said, set()) if said else set()),
        *({Finding.POSITIVE: {True}, Finding.NEGATIVE: {False}}.get(found, set()) if found else set()),
    }
    return answers.pop() if len(answers) == 1 else None


def _own_phases(
    region: Region, case: Case, named: Mapping[str, PhaseDecision]
) -> Mapping[str, PhaseDecision]:
    """The phases of the region's own examination."""
    return {a.key: named[a.key] for a in measured_study(region, case.study, named) if a.key in named}


def _adjacencies(
    defect: Region, tumors: Iterable[Region], named: Mapping[str, PhaseDecision]
) -> dict[str, tuple[Adjacency, Phase]]:
    """Distance to each tumor, on the clearest phase that holds verified masks of both."""
    found = {}
    for tumor in tumors:
        key, phase = _common_key(defect, tumor, named)
        if key is not None and phase is not None:
            found[tumor.id] = distance_mm(defect.masks[key], tumor.masks[key]), phase
    return found


def _common_key(
    defect: Region, other: Region | None, named: Mapping[str, PhaseDecision]
) -> tuple[str | None, Phase | None]:
    """The clearest phase that holds verified masks of both."""
    for phase in _CLEAREST if other is not None else ():
        for key, mask in defect.masks.items():
            beside = other.masks.get(key) if other else None
            if key in named and named[key].phase is phase and beside and mask.verified and beside.verified:
                return key, phase
    return None, None


def lesion_targets(case: Case, named: Mapping[str, PhaseDecision]) -> BaselineTargets:
    """Targets among all lesions of a case, which compete for places; without findings on any of them.

    Parameters
    ----------
    case : Case
        All of it: a lesion's place depends on the others.
    named : mapping of acquisition key to PhaseDecision
        Phases with the reader's labels.

    Raises
    ------
    CaseError, imaging.errors.MeasurementError
        As ``assess``.
    """
    return baseline_targets(*_measured_lesions(case, named))


def _measured_lesions(
    case: Case, named: Mapping[str, PhaseDecision]
) -> tuple[list[Region], list[LesionStatement], list[LesionMeasurement]]:
    regions = [region for region in case.regions if region.role in LESION_ROLES]
    said = [case.lesions.get(region.id, LesionStatement()) for region in regions]
    measured = [
        measure_lesion(region, case.study, named, statement, case.lines)
        for region, statement in zip(regions, said, strict=True)
    ]
    return regions, said, measured


def _lesions(
    case: Case,
    named: Mapping[str, PhaseDecision],
    statistics: Mapping[tuple[str, str], RegionStatistics],
    policy: EnhancementPolicy,
) -> tuple[tuple[LesionAssessment, ...], BaselineTargets]:
    regions, said, measured = _measured_lesions(case, named)
    targets = baseline_targets(regions, said, measured)
    proposed = {p.lesion_id: p for p in targets.settled.proposal.placements}
    placed = {p.lesion_id: p for p in targets.settled.placements}
    lesions = tuple(
        LesionAssessment(
            region=region,
            measurement=measurement,
            statement=statement,
            findings=_findings(region, case, named, statistics, policy),
            proposed_role=proposed[region.id].role,
            proposed_reason=proposed[region.id].reason,
            role=placed[region.id].role,
            role_reason=placed[region.id].reason,
        )
        for region, measurement, statement in zip(regions, measured, said, strict=True)
    )
    return lesions, targets
