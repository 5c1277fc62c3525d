"""An assessment as report content: the answers first, then what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from eligibility.policies import policy_of
from eligibility.verdict import Evidence, Status, Verdict
from imaging.findings.adjacency import ADJACENT_MM
from imaging.findings.assess_region import RegionFindings
from imaging.findings.finding import Finding
from imaging.findings.printed_numbers import shown
from imaging.findings.reference_liver import pooled_liver
from imaging.findings.washout import PhaseWashout
from imaging.phases.examination import Examination, is_dynamic
from imaging.phases.phase import Phase
from recist.lengths import shown_mm
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.case.case import Statement
from workup.imaging_facts import case_examinations
from workup.report.content import Answer, Cell, Report, Section, Table, Tone, number, text
from workup.report.key_images import defect_figures, lesion_figures
from workup.report.supporting_features import features_table
from workup.report.targets_section import targets_section
from workup.report.trace_section import trace_section
from workup.report.wording import words

Words = Mapping[str, str]

STATUS_TONES = {
    Status.PASS: Tone.GOOD,
    Status.FAIL: Tone.BAD,
    Status.UNKNOWN: Tone.OPEN,
    Status.NA: Tone.PLAIN,
}
_FINDING_TONES = {
    Finding.POSITIVE: Tone.GOOD,
    Finding.NEGATIVE: Tone.BAD,
    Finding.INDETERMINATE: Tone.OPEN,
    Finding.NOT_COMPUTABLE: Tone.OPEN,
}
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
        Section(w["criteria"], tables=(_criteria_table(assessment, w),)),
        Section(w["compared_values"], tables=(_evidence_table(assessment, w),), folded=True),
        Section(w["phases"], tables=(_phase_table(assessment, w),), folded=True),
        *_images_section(assessment, w),
        Section(w["policies"], tables=(_policy_table(assessment, w),), folded=True),
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
    failed = [i for i, v in result.verdicts.items() if v.status is Status.FAIL]
    still = [i for i, v in result.verdicts.items() if v.status is Status.UNKNOWN]
    why = "; ".join(
        part
        for part in (
            "FAIL: " + ", ".join(failed) if failed else "",
            "UNKNOWN: " + ", ".join(still) if still else "",
        )
        if part
    )
    return (
        _answer(w["q_invasion"], assessment.vascular_invasion, w),
        _answer(w["q_lesion"], assessment.measurable_lesion, w),
        Answer(w["q_overall"], w[result.overall], why or w["none_open"], _OVERALL_TONES[result.overall]),
    )


def _answer(question: str, verdict: Verdict, w: Words) -> Answer:
    return Answer(question, w[verdict.status.value], message_and_notes(verdict), STATUS_TONES[verdict.status])


def message_and_notes(verdict: Verdict) -> str:
    """Why a verdict is what it is, and what is to be noted of it; nothing twice in a row."""
    return "; ".join(part for part, _ in groupby([*verdict.message.split("; "), *verdict.notes]))


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
            _reader_table(defect, w),
            measurement_table(defect.findings, assessment, w),
            _washout_table(defect.findings, w),
            features_table(defect, w),
        ),
        paragraphs=(sentences([in_vein.message]),) if in_vein else (),
    )


def _finding_answer(question: str, finding: Finding, why: str) -> Answer:
    return Answer(question, finding.value.replace("_", " "), why, _FINDING_TONES[finding])


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
    return Answer(w["adjacency"], f"{near.shown_mm} mm", why, _FINDING_TONES[near.finding])


def _reader_table(defect: DefectAssessment, w: Words) -> Table:
    said, findings = defect.statement, defect.findings
    by_phase = {p.phase: p.finding for p in findings.washout.by_phase}
    near = defect.adjacency.finding if defect.adjacency else None
    rows = (
        (w["filling_defect"], said.filling_defect, None),
        (w["adjacent"], said.adjacent_to_primary, near),
        (w["enhancement"], said.arterial_enhancement, findings.enhancement.finding),
        (w["washout_portal"], said.washout_portal, by_phase.get(Phase.PORTAL_VENOUS)),
        (w["washout_delayed"], said.washout_delayed, by_phase.get(Phase.DELAYED)),
    )
    return Table(
        name=f"reader {defect.region.id}",
        title=f"{w['statement']} / {w['number']}",
        columns=("", w["statement"], w["number"]),
        rows=tuple((text(name), _said(answer, w), _found(finding)) for name, answer, finding in rows),
        note=defect.statement.comment,
    )


def _said(answer: Statement | None, w: Words) -> Cell:
    if answer is None:
        return Cell(w["not_answered"], Tone.OPEN)
    return Cell(answer.value, Tone.OPEN if answer is Statement.UNCERTAIN else Tone.PLAIN)


def _found(finding: Finding | None) -> Cell:
    return text(None) if finding is None else Cell(finding.value.replace("_", " "), _FINDING_TONES[finding])


def measurement_table(findings: RegionFindings, assessment: Assessment, w: Words) -> Table:
    """Mean, SD, area and N_eff of the region and of the reference liver in each phase."""
    pool = pooled_liver(assessment.case.regions)
    liver = {key: s for (id_, key), s in assessment.statistics.items() if pool and id_ == pool.id}
    unit = findings.unit
    rows = []
    for m in findings.phases:
        beside = liver.get(m.acquisition_key)
        header = assessment.case.study[m.acquisition_key].header
        rows.append(
            (
                text(m.phase.replace("_", " ")),
                text(header.series_number),
                number(m.statistics.mean),
                number(m.statistics.sd),
                number(m.statistics.area_mm2, 0),
                number(m.statistics.voxels, 0),
                number(m.statistics.n_eff),
                number(beside.mean if beside else None),
                text(m.provenance.value + ("" if m.verified else ", unverified")),
            )
        )
    columns = (
        w["phase"],
        w["series"],
        f"{w['mean']} [{unit}]",
        f"{w['sd']} [{unit}]",
        w["area"],
        w["voxels"],
        w["n_eff"],
        f"{w['reference_liver']} [{unit}]",
        w["mask"],
    )
    return Table(
        f"statistics {findings.region_id}", f"{w['region']} {findings.region_id}", columns, tuple(rows)
    )


def _washout_table(findings: RegionFindings, w: Words) -> Table:
    rows = tuple(
        (
            text(p.phase.replace("_", " ")),
            _found(p.finding),
            _compared(p.ratio_percent, p.threshold_percent),
            text(_interval(p.ratio_ci95, p.threshold_percent)),
            number(p.threshold_percent),
            _compared(p.liver_minus_lesion, 0),
            text(_interval(p.liver_minus_lesion_ci95, 0)),
            _compared(p.contrast_drop, 0),
            text(_interval(p.contrast_drop_ci95, 0)),
        )
        for p in findings.washout.by_phase
    )
    columns = (
        w["phase"],
        w["washout"],
        w["ratio"],
        "95 %",
        w["ratio_limit"],
        f"{w['liver_minus_region']} [{findings.unit}]",
        "95 %",
        f"{w['contrast_drop']} [{findings.unit}]",
        "95 %",
    )
    return Table(f"washout {findings.region_id}", w["washout"], columns, rows)


def _compared(value: float | None, limit: float) -> Cell:
    """A number on the side of its limit on which it was compared."""
    return text(None) if value is None else Cell(shown(value, limit), number=float(value))


def _interval(interval: tuple[float, float] | None, *limits: float) -> str | None:
    return None if interval is None else " to ".join(shown(end, *limits) for end in interval)


def _length(value_mm: float | None, threshold_mm: float | None) -> Cell:
    """A measured length on the side of its threshold on which it was judged."""
    return text(None) if value_mm is None else Cell(shown_mm(value_mm, threshold_mm), number=float(value_mm))


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


def lesion_table(lesions: tuple[LesionAssessment, ...], w: Words) -> Table:
    """Diameters and measurability, one row a lesion."""
    rows = []
    for a in lesions:
        measured, judged = a.measurement.lesion, a.measurement.judged
        rows.append(
            (
                text(a.region.id),
                _length(measured.long_axis_mm, judged.threshold_mm),
                _length(measured.short_axis_mm, judged.threshold_mm),
                text(_interval(measured.interval_mm)),
                text(a.measurement.method),
                number(judged.threshold_mm),
                number(judged.effective_slice_mm, 2),
                text(
                    judged.status.value.replace("_", " ")
                    + (f" ({w['borderline']})" if judged.borderline else "")
                ),
                text(judged.rule),
            )
        )
    columns = (
        w["lesion"],
        w["long_axis"],
        w["short_axis"],
        w["interval"],
        w["method"],
        w["threshold"],
        w["effective_slice"],
        w["measurability"],
        w["rule"],
    )
    name = "lesions" if len(lesions) != 1 else f"lesion {lesions[0].region.id}"
    return Table(name, w["lesions"], columns, tuple(rows))


_ORDER = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NA)


def _criteria_table(assessment: Assessment, w: Words) -> Table:
    verdicts = sorted(assessment.screen.verdicts.values(), key=lambda v: _ORDER.index(v.status))
    protocol = assessment.screen.protocol
    rows = tuple(
        (
            text(v.criterion_id),
            Cell(v.status.value, STATUS_TONES[v.status]),
            text("; ".join([message_and_notes(v), *(f"{w['missing']}: {m.path}" for m in v.missing)])),
            text(protocol.criterion(v.criterion_id).text),
        )
        for v in verdicts
    )
    return Table("criteria", w["criteria"], (w["criterion"], w["status"], w["why"], w["text"]), rows)


def _evidence_table(assessment: Assessment, w: Words) -> Table:
    rows = tuple(
        tuple(map(text, (name, each.path, _with_unit(each), each.compared_as, each.date, each.source)))
        for name, verdict in assessment.screen.verdicts.items()
        for each in verdict.evidence
    )
    columns = (w["criterion"], w["item"], w["recorded"], w["compared_as"], w["date"], w["source"])
    return Table("evidence", w["compared_values"], columns, rows)


def _with_unit(evidence: Evidence) -> str:
    return (
        f"{evidence.value} {evidence.unit}" if evidence.unit and evidence.unit != "1" else str(evidence.value)
    )


def _phase_table(assessment: Assessment, w: Words) -> Table:
    rows = []
    for a in assessment.case.study.acquisitions:
        decision = assessment.decisions[a.key]
        evidence = "; ".join(f"{e.source}: {e.value} → {e.says}" for e in decision.evidence)
        rows.append(
            (
                text(a.header.series_number),
                text(a.header.series_description),
                text(decision.role.value.replace("_", " ")),
                text(decision.phase.value.replace("_", " "), Tone.OPEN if decision.conflicts else Tone.PLAIN),
                number(decision.confidence, 2),
                text(evidence),
                text("; ".join(decision.conflicts)),
            )
        )
    columns = (
        w["series"],
        w["description"],
        w["role"],
        w["phase"],
        w["confidence"],
        w["evidence"],
        w["conflicts"],
    )
    return Table("phases", w["phases"], columns, tuple(rows))


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


def _policy_table(assessment: Assessment, w: Words) -> Table:
    policy, protocol = assessment.policy, assessment.screen.protocol
    said = [("enhancement and washout", policy.source, policy.name)]
    for name, variant in sorted(protocol.readings.items()):
        known = policy_of(name)
        said.append((known.clause, known.variants[variant], f"{name} {known.name}={variant}"))
    rows = tuple(tuple(text(each) for each in line) for line in said)
    return Table("policies", w["policies"], (w["text"], w["read_as"], w["reading"]), rows)
