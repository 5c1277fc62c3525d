"""What the images and their reader established, in the words that the trial's criteria ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from eligibility.dates import PartialDate
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
from imaging.phases.phase import DEFINITE, Phase, PhaseDecision, Role
from imaging.volume import Acquisition
from workup.assessment import DefectAssessment, LesionAssessment
from workup.case import case as case_types
from workup.case.case import Case

_ARTERIAL = frozenset({Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL, Phase.ARTERIAL})
_LATE = frozenset({Phase.PORTAL_VENOUS, Phase.DELAYED, Phase.TRANSITIONAL})
_MICROMETER = Decimal("0.001")


def imaging_facts(
    case: Case,
    decisions: Mapping[str, PhaseDecision],
    defects: Iterable[DefectAssessment],
    lesions: Iterable[LesionAssessment],
) -> Imaging:
    """The imaging block of the patient's facts.

    The source is the reader where the case names one, else a script, whose statements never decide.
    """
    study_id = _study_uid(case)
    source = Source.READER if case.reader else Source.SCRIPT
    return Imaging(
        studies=(_study(case, decisions, study_id),),
        thrombi=tuple(_thrombus(d, case.reader, source, study_id) for d in defects),
        lesions=tuple(_lesion(a, case.reader, source, study_id) for a in lesions),
    )


def with_imaging(facts: PatientFacts, imaging: Imaging, *, complete: bool) -> PatientFacts:
    """Facts with these imaging findings; lists stay open unless the reader said they are complete."""
    paths = {"imaging.thrombi", "imaging.lesions"}
    incomplete = facts.incomplete - paths if complete else facts.incomplete | paths
    return replace(facts, imaging=imaging, incomplete=frozenset(incomplete))


def is_dynamic(decisions: Mapping[str, PhaseDecision]) -> bool | None:
    """Whether the study shows an arterial and a later phase; None while phases are undetermined."""
    images = [d for d in decisions.values() if d.role is Role.IMAGE]
    phases = {d.phase for d in images}
    if phases & _ARTERIAL and phases & _LATE:
        return True
    if any(d.phase not in DEFINITE for d in images):
        return None
    return False


def _study_uid(case: Case) -> str:
    uids = [a.header.study_uid for a in case.study.acquisitions if a.header.study_uid]
    return uids[0] if uids else "assessed"


def _study(case: Case, decisions: Mapping[str, PhaseDecision], study_id: str) -> ImagingStudy:
    used = [a for a in case.study.acquisitions if a.key in decisions]
    images = [a for a in used if decisions[a.key].role is Role.IMAGE] or used
    thickest = max((a.header.slice_thickness_mm or 0.0 for a in images), default=0.0)
    agents = [a.header.contrast_agent for a in images if a.header.contrast_agent]
    return ImagingStudy(
        id=study_id,
        date=_date(images),
        modality=images[0].header.modality if images else None,
        dynamic=is_dynamic(decisions),
        slice_thickness_mm=_millimeters(thickest) if thickest else None,
        contrast_agent=agents[0] if agents else None,
        study_uid=study_id,
    )


def _date(images: Iterable[Acquisition]) -> PartialDate | None:
    for acquisition in images:
        text = acquisition.header.study_date
        if text and len(text) == 8 and text.isdigit():
            try:
                return PartialDate.parse(f"{text[:4]}-{text[4:6]}-{text[6:]}")
            except ValueError:
                return None
    return None


def _thrombus(defect: DefectAssessment, reader: str | None, source: Source, study_id: str) -> Thrombus:
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
        distance_to_primary_mm=_millimeters(defect.adjacency.distance_mm) if defect.adjacency else None,
    )


def _lesion(lesion: LesionAssessment, reader: str | None, source: Source, study_id: str) -> ImagedLesion:
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
    )


def _said(statement: case_types.Statement | None) -> Statement | None:
    return None if statement is None else Statement(statement.value)


def _optional_mm(value: float | None) -> Decimal | None:
    return None if value is None else _millimeters(value)


def _millimeters(value: float) -> Decimal:
    """A measured length to the micrometer, so that float noise is never shown or compared. [mm]"""
    exact = Decimal(repr(float(value))).quantize(_MICROMETER, rounding=ROUND_HALF_UP)
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()
