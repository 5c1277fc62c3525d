"""An assessment as one JSON document: the public machine-readable result.

Keys may be added, never renamed. Numbers are the ones that were compared, at full precision; NaN never
occurs. The parts are the same objects that the commands ``phases``, ``enhancement``, ``measure`` and
``screen`` print.
"""

from __future__ import annotations

from typing import Any

from imaging.findings.adjacency import Adjacency
from imaging.phases.examination import Examination, is_dynamic
from imaging.volume import Study
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.baseline_targets import BaselineTargets
from workup.case.case import DefectStatement, LesionStatement
from workup.commands.enhancement import findings_json, stability_json
from workup.commands.measure import lesion_json
from workup.commands.phases import acquisition_json
from workup.imaging_facts import case_examinations, examination_agent
from workup.report.screen_json import screen_json
from workup.report.supporting_features import features_json


def assessment_document(assessment: Assessment) -> dict[str, Any]:
    """The whole assessment, ready for strict JSON."""
    invasion, lesion = assessment.vascular_invasion, assessment.measurable_lesion
    study = assessment.case.study
    return {
        "case": assessment.case.case_id,
        "reader": assessment.case.reader,
        "patient_caution": assessment.patient_caution,
        "reading_complete": assessment.case.complete,
        "comparable_override": assessment.compared_because or None,
        "examinations": [
            _examination(name, e, assessment) for name, e in case_examinations(assessment.case).items()
        ],
        "vascular_invasion": {
            "status": invasion.status.value,
            "message": invasion.message,
            "defects": [_defect(d) for d in assessment.defects],
        },
        "measurable_lesion": {
            "status": lesion.status.value,
            "message": lesion.message,
            "lesions": [_lesion(a) for a in assessment.lesions],
            "proposed_targets": list(assessment.proposal.targets),
            "proposed_sum_mm": assessment.proposal.sum_tenths / 10,
            **_targets(assessment.targets),
        },
        "screen": screen_json(assessment.screen),
        "phases": [acquisition_json(a, assessment.decisions[a.key]) for a in study.acquisitions],
        **_not_used(study),
        "policy": {"name": assessment.policy.name, "source": assessment.policy.source},
    }


def _examination(name: str, examination: Examination, assessment: Assessment) -> dict[str, Any]:
    return {
        "id": name,
        "study_uids": list(examination.study_uids),
        "date": examination.day.isoformat() if examination.day else None,
        "modality": examination.modality or None,
        "dynamic": is_dynamic(assessment.decisions, examination),
        "contrast_agent": examination_agent(examination, assessment.decisions),
        "acquisition_keys": list(examination.keys),
        "note": examination.note or None,
    }


def _not_used(study: Study) -> dict[str, Any]:
    return {
        "refused": [{"code": r.code, "message": r.message, "files": list(r.files)} for r in study.refused],
        "skipped": [
            {"reason": s.reason, "count": s.count, "examples": list(s.examples)} for s in study.skipped
        ],
    }


def _targets(targets: BaselineTargets) -> dict[str, Any]:
    """The final targets, and the reader's choice with what it breaks beside the proposal."""
    settled = targets.settled
    return {
        "chosen_targets": list(settled.choice.chosen) if settled.choice else None,
        "objections": list(settled.objections),
        "targets": list(settled.targets),
        "sum_mm": None if settled.sum_tenths is None else settled.sum_tenths / 10,
        "notes": list(targets.notes),
    }


def _defect(defect: DefectAssessment) -> dict[str, Any]:
    return {
        **findings_json(defect.findings),
        "level": defect.region.level.value if defect.region.level else None,
        "adjacency": _adjacency(defect),
        "reader": _statement(defect.statement),
        "features": features_json(defect.features),
        "stability": stability_json(defect.stability) if defect.stability else None,
    }


def _adjacency(defect: DefectAssessment) -> dict[str, Any] | None:
    near: Adjacency | None = defect.adjacency
    if near is None:
        return None
    return {
        "distance_mm": near.distance_mm,
        "contact": near.contact,
        "nearest_points_lps_mm": [list(p) for p in near.nearest_points_lps_mm],
        "phase": defect.adjacency_phase.value if defect.adjacency_phase else None,
        "finding": near.finding.value,
        "nearest_tumor": defect.nearest_tumor,
        "tumors_not_measured": list(defect.tumors_not_measured),
    }


def _lesion(lesion: LesionAssessment) -> dict[str, Any]:
    return {
        "id": lesion.region.id,
        "role": lesion.region.role.value,
        **lesion_json(lesion.measurement),
        "reader": _statement(lesion.statement),
        "proposed": {"role": lesion.proposed_role, "reason": lesion.proposed_reason},
        "final": {"role": lesion.role, "reason": lesion.role_reason},
        "enhancement": findings_json(lesion.findings),
    }


def _statement(statement: DefectStatement | LesionStatement) -> dict[str, str | None]:
    names = statement.__slots__
    pairs = ((name, getattr(statement, name)) for name in names)
    return {name: None if value in (None, "") else str(value) for name, value in pairs}
