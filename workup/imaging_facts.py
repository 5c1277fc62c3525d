"""What the images and their reader established, in the words that the trial's criteria ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from eligibility.dates import PartialDate
from eligibility.imaging_evidence import combine_imaging
from eligibility.patient import (
    ImagedLesion,
    Imaging,
    ImagingStudy,
    Measured,
    PatientFacts,
    Source,
    Statement,
    Thrombus,
)
from imaging.findings.adjacency import ADJACENT_MM
from imaging.findings.finding import Finding
from imaging.findings.printed_numbers import EPSILON_MM, side
from imaging.findings.region_examination import region_examination, region_examinations
from imaging.phases.agent import Agent
from imaging.phases.decision import study_agent
from imaging.phases.examination import Examination, examinations, is_dynamic
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Region
from workup.assessment import DefectAssessment, LesionAssessment
from workup.case import case as case_types
from workup.case.case import Case

_MICROMETER = Decimal("0.001")


def imaging_facts(
    case: Case,
    decisions: Mapping[str, PhaseDecision],
    defects: Iterable[DefectAssessment],
    lesions: Iterable[LesionAssessment],
) -> Imaging:
    """The imaging block of the patient's facts.

    Where nothing of a kind is outlined and the reader does not say that everything is, that kind was not
    assessed (None), and what a record says of it stands. The source is the reader where
    the case names one, else a script, whose statements never decide.
    """
    source = Source.READER if case.reader else Source.SCRIPT
    held = case_examinations(case)

    def named(examination: Examination | None) -> str | None:
        return next((i for i, e in held.items() if examination and e.keys == examination.keys), None)

    def of_lesion(lesion: LesionAssessment) -> Examination | None:
        key = lesion.measurement.acquisition_key
        measured_on = next((e for e in held.values() if key in e.keys), None)
        return measured_on or region_examination(lesion.region, case.study, decisions)

    defects, lesions = tuple(defects), tuple(lesions)
    return Imaging(
        studies=tuple(_study(name, e, decisions) for name, e in held.items()),
        thrombi=tuple(
            _thrombus(d, case.reader, source, named(_defect_study(d.region, case, decisions)))
            for d in defects
        )
        if defects or case.complete
        else None,
        lesions=tuple(_lesion(a, case.reader, source, named(of_lesion(a))) for a in lesions)
        if lesions or case.complete
        else None,
    )


def with_imaging(facts: PatientFacts, seen: Imaging, *, complete: bool) -> PatientFacts:
    """Facts with what was seen beside what was recorded.

    Lists that were assessed stay open unless the reader said they are complete; what the record alone holds
    is as complete as the record says.
    """
    imaging = combine_imaging(facts.imaging, seen)
    assessed = {"imaging.thrombi": seen.thrombi, "imaging.lesions": seen.lesions}
    paths = {path for path, part in assessed.items() if part is not None}
    incomplete = facts.incomplete - paths if complete else facts.incomplete | paths
    return replace(facts, imaging=imaging, incomplete=frozenset(incomplete))


def case_examinations(case: Case) -> dict[str, Examination]:
    """The examinations of a case by their ids: the StudyInstanceUID, told apart where several share one."""
    found: dict[str, Examination] = {}
    for examination in examinations(case.study.acquisitions):
        uid = next(iter(examination.study_uids), "assessed")
        told = f"{uid} {examination.name}"
        name = uid if uid not in found else told if told not in found else f"{told} ({len(found) + 1})"
        found[name] = examination
    return found


def examination_agent(examination: Examination, decisions: Mapping[str, PhaseDecision]) -> str | None:
    """The contrast agent as recorded, or its kind where descriptions or phases tell it; None where none does.

    Only gadoxetate has a transitional phase, and only with it is darkness after the portal phase open to
    doubt: whatever it was called, its generic name stands first. On MR a word that names no agent
    ("gadolinium"), or names one that has no hepatobiliary phase beside such a phase, leaves it open.
    """
    headers = [a.header for a in examination.acquisitions]
    recorded = next((h.contrast_agent for h in headers if h.contrast_agent), None)
    agent = study_agent(headers)
    phases = {decisions[key].phase for key in examination.keys if key in decisions}
    if agent is Agent.UNKNOWN and Phase.TRANSITIONAL in phases:
        agent = Agent.GADOXETATE
    if agent is Agent.EXTRACELLULAR and Phase.HEPATOBILIARY in phases:
        agent = Agent.UNKNOWN
    if agent is Agent.UNKNOWN:
        return None if examination.modality == "MR" else recorded
    if agent is Agent.GADOXETATE:
        return f"{agent} ({recorded})" if recorded and recorded.casefold() != agent else agent.value
    return recorded or agent.value


def _study(study_id: str, examination: Examination, decisions: Mapping[str, PhaseDecision]) -> ImagingStudy:
    used = [a for a in examination.acquisitions if a.key in decisions]
    images = [a for a in used if decisions[a.key].role is Role.IMAGE] or used
    thickest = max((a.header.slice_thickness_mm or 0.0 for a in images), default=0.0)
    return ImagingStudy(
        id=study_id,
        date=PartialDate.parse(examination.day.isoformat()) if examination.day else None,
        modality=examination.modality or None,
        dynamic=is_dynamic(decisions, examination),
        slice_thickness_mm=_millimeters(thickest) if thickest else None,
        contrast_agent=examination_agent(examination, decisions),
        study_uid=next(iter(examination.study_uids), study_id),
    )


def _defect_study(region: Region, case: Case, decisions: Mapping[str, PhaseDecision]) -> Examination | None:
    """The examination in which a defect was read; None where its outlines leave it open.

    Of several examinations the only one that is (or may be) dynamic is meant; where two are, the reader's
    answers may be of either, and both bullets must hold in one.
    """
    candidates = [e for e in region_examinations(region, case.study) if is_dynamic(decisions, e) is not False]
    return None if len(candidates) > 1 else region_examination(region, case.study, decisions)


def _thrombus(defect: DefectAssessment, reader: str | None, source: Source, study_id: str | None) -> Thrombus:
    said, region = defect.statement, defect.region
    return Thrombus(
        id=region.id,
        study=study_id,
        vessel=region.vessel.value if region.vessel else None,
        level=region.level.value if region.level else None,
        filling_defect=_said(said.filling_defect),
        adjacent_to_primary=_said(said.adjacent_to_primary),
        arterial_enhancement=_said(said.arterial_enhancement),
        washout_portal=_said(said.washout_portal),
        washout_delayed=_said(said.washout_delayed),
        source=source,
        reader=reader,
        measured_enhancement=Measured(defect.findings.enhancement.finding.value),
        measured_washout=Measured(defect.findings.washout.finding.value),
        distance_to_primary_mm=_distance(defect),
    )


def _distance(defect: DefectAssessment) -> Decimal | None:
    """Distance to the nearest primary tumor; a far one says nothing while another is not measured. [mm]"""
    near = defect.adjacency
    if near is None or (near.finding is not Finding.POSITIVE and defect.tumors_not_measured):
        return None
    on_the_limit = side(near.distance_mm, ADJACENT_MM, EPSILON_MM) == 0
    return _millimeters(ADJACENT_MM if on_the_limit else near.distance_mm)


def _lesion(
    lesion: LesionAssessment, reader: str | None, source: Source, study_id: str | None
) -> ImagedLesion:
    measured, said = lesion.measurement.lesion, lesion.statement
    return ImagedLesion(
        id=lesion.region.id,
        study=study_id,
        site=measured.organ,
        longest_diameter_mm=_optional_mm(measured.long_axis_mm),
        short_axis_mm=_optional_mm(measured.short_axis_mm),
        malignant=_said(said.malignant),
        margins_measurable=_said(said.margins_measurable),
        locoregional_treated=_said(said.locoregional_treated),
        progressed_after_locoregional=_said(said.progressed_after_locoregional),
        source=source,
        reader=reader,
        judged=lesion.measurement.by_size,
        kind=measured.kind,
        outline_confirmed=lesion.measurement.confirmed,
        remarks=lesion.measurement.cautions,
    )


def _said(statement: case_types.Statement | None) -> Statement | None:
    return None if statement is None else Statement(statement.value)


def _optional_mm(value: float | None) -> Decimal | None:
    return None if value is None else _millimeters(value)


def _millimeters(value: float) -> Decimal:
    """A measured length to the micrometer, so that float noise is never shown or compared. [mm]"""
    exact = Decimal(repr(float(value))).quantize(_MICROMETER, rounding=ROUND_HALF_UP)
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()
