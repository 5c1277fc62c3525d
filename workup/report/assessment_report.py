"""An assessment as report content: the answers first, then what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eligibility.verdict import Verdict
from imaging.findings.adjacency import ADJACENT_MM
from imaging.findings.assess_region import RegionFindings
from imaging.findings.finding import Finding
from imaging.findings.printed_numbers import shown
from imaging.findings.washout import PhaseWashout
from imaging.phases.examination import Examination, is_dynamic
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.imaging_facts import case_examinations
from workup.report.assessment_tables import (
    FINDING_TONES,
    STATUS_TONES,
    Words,
    criteria_table,
    evidence_table,
    lesion_table,
    measurement_table,
    message_and_notes,
    phase_table,
    policy_table,
    reader_table,
    washout_table,
)
from workup.report.content import Answer, Report, Section, Table, Tone, text
from workup.report.key_images import defect_figures, lesion_figures
from workup.report.screen_report import what_decides
from workup.report.supporting_features import features_table
from workup.report.targets_section import targets_section
from workup.report.trace_section import trace_section
from workup.report.wording import words

#: Criteria that the first two answers are about.
ANSWERED = ("I4", "I5")
_OVERALL_TONES = {"ELIGIBLE": Tone.GOOD, "INELIGIBLE": Tone.BAD, "UNDETERMINED": Tone.OPEN}


def assessment_report(
    assessment: Assessment,
    *,
    language: str = "en",
    footer: str = "",
    trace: Mapping[str, Any] | None = None,
) -> Report:
    """The report of one assessment.

    Parameters
    ----------
    assessment
        What was decided.
    language
        ``en`` or ``ko``.
    footer
        Software and version.
    trace
        ``case.trace.trace_document``.
    """
    w = words(language)
    sections = (
        *(_defect_section(d, assessment, w) for d in assessment.defects),
        *(
            []
            if assessment.defects
            else [Section(w["defects"], _nothing(assessment, "thrombi", "no_defect", w))]
        ),
        *(_lesion_section(a, assessment, w) for a in assessment.lesions),
        *targets_section(assessment, w),
        *(
            []
            if assessment.lesions
            else [Section(w["lesions"], _nothing(assessment, "lesions", "no_lesion", w))]
        ),
        Section(w["criteria"], tables=(criteria_table(assessment, w),)),
        Section(w["compared_values"], tables=(evidence_table(assessment, w),), folded=True),
        Section(w["phases"], tables=(phase_table(assessment, w),), folded=True),
        *_images_section(assessment, w),
        Section(w["policies"], tables=(policy_table(assessment, w),), folded=True),
        trace_section(assessment, trace, w),
    )
    covered = ", ".join(assessment.screen.verdicts)
    return Report(
        title=w["title"],
        language=language,
        facts=_facts(assessment, w),
        answers=_answers(assessment, w),
        sections=sections,
        limits=_limits(w, covered),
        footer=footer,
    )


def _limits(w: Words, covered: str) -> tuple[str, ...]:
    """What every report says of itself, and one in Korean why its reasons are in English."""
    said = (w["limit_reader"], w["limit_threshold"], w["limit_device"], w["limit_language"])
    return (*(line for line in said if line), w["limit_scope"] + covered + ".")


def _nothing(assessment: Assessment, part: str, word: str, w: Words) -> tuple[str, ...]:
    """That nothing was outlined, and where the record's findings stand instead."""
    imaging = (assessment.case.record or {}).get("imaging") or {}
    stands = bool(imaging.get(part)) and not assessment.case.complete
    return (w[word], w["from_record"]) if stands else (w[word],)


def _facts(assessment: Assessment, w: Words) -> tuple[tuple[str, str], ...]:
    case = assessment.case
    held = tuple(case_examinations(case).values())
    days = dict.fromkeys(str(e.day) for e in held if e.day)
    modalities = dict.fromkeys(e.modality for e in held if e.modality)
    told = len(held) > 1 or any(e.note for e in held)
    named = "; ".join(_examination_words(e, assessment) for e in held)
    protocol = assessment.screen.protocol
    return (
        (w["case"], case.case_id or "—"),
        *(((w["patient"], caution),) if (caution := assessment.patient_caution) else ()),
        (w["study_date"], ", ".join(days) or "—"),
        (w["modality"], ", ".join(modalities) or "—"),
        *(((w["examinations"], named),) if told else ()),
        (w["reader"], case.reader or w["no_reader"]),
        (w["protocol"], f"{protocol.id} ({protocol.version})"),
        *(((w["compared"], assessment.compared_because),) if assessment.compared_because else ()),
    )


def _examination_words(examination: Examination, assessment: Assessment) -> str:
    """One examination with its phases, and why it counts as one where that needs a reason."""
    phases = dict.fromkeys(
        assessment.decisions[key].phase.replace("_", " ")
        for key in examination.keys
        if key in assessment.decisions
    )
    dynamic = {True: "dynamic", False: "not dynamic", None: "not known to be dynamic"}
    said = (
        f"{examination.name} ({dynamic[is_dynamic(assessment.decisions, examination)]}: {', '.join(phases)})"
    )
    return f"{said}; {examination.note}" if examination.note else said


def _answers(assessment: Assessment, w: Words) -> tuple[Answer, ...]:
    result = assessment.screen
    why = what_decides(result, ANSWERED)
    return (
        _answer(w["q_invasion"], assessment.vascular_invasion, w),
        _answer(w["q_lesion"], assessment.measurable_lesion, w),
        Answer(w["q_overall"], w[result.overall], why or w["none_open"], _OVERALL_TONES[result.overall]),
    )


def _answer(question: str, verdict: Verdict, w: Words) -> Answer:
    return Answer(question, w[verdict.status.value], message_and_notes(verdict), STATUS_TONES[verdict.status])


def _defect_section(defect: DefectAssessment, assessment: Assessment, w: Words) -> Section:
    region, in_vein = defect.region, defect.findings.li_rads_tumor_in_vein
    vessel = region.vessel.replace("_", " ") if region.vessel else "—"
    title = f"{w['defect']} {region.id}: {vessel}{f' ({region.level})' if region.level else ''}"
    return Section(
        title,
        answers=(
            _finding_answer(
                w["enhancement"], defect.findings.enhancement.finding, enhancement_words(defect.findings)
            ),
            _finding_answer(w["washout"], defect.findings.washout.finding, washout_words(defect.findings)),
            _adjacency_answer(defect, w),
        ),
        figures=defect_figures(defect, assessment),
        tables=(
            reader_table(defect, w),
            measurement_table(defect.findings, assessment, w),
            washout_table(defect.findings, w),
            features_table(defect, w),
        ),
        paragraphs=(sentences([in_vein.message]),) if in_vein else (),
    )


def _finding_answer(question: str, finding: Finding, why: str) -> Answer:
    return Answer(question, finding.value.replace("_", " "), why, FINDING_TONES[finding])


def enhancement_words(findings: RegionFindings) -> str:
    """Why the arterial enhancement is what it is: difference, interval, thresholds, cautions."""
    return sentences(r.message for r in findings.enhancement.reasons)


def sentences(messages: Iterable[str]) -> str:
    """Messages as sentences of one paragraph."""
    return " ".join(f"{m[:1].upper()}{m[1:].rstrip('.')}." for m in messages if m)


def washout_words(findings: RegionFindings) -> str:
    """Each late phase's finding, ratio (once) and reasons, then the reasons of all, in one paragraph."""
    phases = findings.washout.by_phase
    said = {r.message: p.phase for p in reversed(phases) for r in p.reasons}  # once, where it comes first
    parts = [
        "; ".join([_washout_ratio(p), *(r.message for r in p.reasons if said[r.message] is p.phase)])
        for p in phases
    ]
    return sentences([*parts, *(r.message for r in findings.washout.reasons)])


def _washout_ratio(p: PhaseWashout) -> str:
    found = f"{p.phase.replace('_', ' ')}: {p.finding.value.replace('_', ' ')}"
    if p.ratio_percent is None:
        return found
    ratio, limit = f"{shown(p.ratio_percent, p.threshold_percent)} %", p.threshold_percent
    if any(ratio in reason.message for reason in p.reasons):
        return found
    return f"{found} ({ratio}, washout from {limit:g} %)"


def _adjacency_answer(defect: DefectAssessment, w: Words) -> Answer:
    near = defect.adjacency
    missed = w["no_distance"] + ", ".join(defect.tumors_not_measured) if defect.tumors_not_measured else ""
    if near is None:
        return Answer(w["adjacency"], "—", missed or w["no_tumor"], Tone.OPEN)
    phase = defect.adjacency_phase.replace("_", " ") if defect.adjacency_phase else ""
    why = f"{near.reason.message} ({defect.nearest_tumor}, {phase}; <= {ADJACENT_MM:g} mm). {missed}".strip()
    return Answer(w["adjacency"], f"{near.shown_mm} mm", why, FINDING_TONES[near.finding])


def _lesion_section(lesion: LesionAssessment, assessment: Assessment, w: Words) -> Section:
    judged = lesion.measurement.judged
    tone = {"MEASURABLE": Tone.GOOD, "NOT_MEASURABLE": Tone.BAD}.get(judged.status.value, Tone.OPEN)
    answer = Answer(
        w["measurability"],
        judged.status.value.replace("_", " "),
        f"{judged.message} ({judged.rule}: {judged.says})",
        tone,
    )
    return Section(
        f"{w['lesion']} {lesion.region.id}: {lesion.region.role.replace('_', ' ')}",
        answers=(answer,),
        figures=lesion_figures(lesion, assessment),
        tables=(lesion_table((lesion,), w), measurement_table(lesion.findings, assessment, w)),
        paragraphs=(
            *judged.notes,
            *lesion.measurement.cautions,
            *(() if lesion.measurement.confirmed else (w["unconfirmed"],)),
            f"{lesion.role.replace('_', ' ')}: {lesion.role_reason}",
        ),
    )


def _images_section(assessment: Assessment, w: Words) -> tuple[Section, ...]:
    """Cautions and refused series; nothing where there is nothing to say."""
    study = assessment.case.study
    cautions = tuple(
        (text(a.header.series_number), text(c.code), text(c.message))
        for a in study.acquisitions
        for c in a.cautions
    )
    refused = tuple((text(r.series_number), text(r.code), text(r.message)) for r in study.refused)
    skipped = tuple((text(s.count), text("SKIPPED"), text(s.reason)) for s in study.skipped)
    tables = tuple(
        Table(name, title, (w["series"] if name != "skipped" else "n", "code", w["why"]), rows)
        for name, title, rows in (
            ("cautions", w["cautions"], cautions),
            ("refused", w["refused"], refused),
            ("skipped", w["skipped"], skipped),
        )
        if rows
    )
    return (Section(w["cautions"], tables=tables),) if tables else ()
