"""The tables of an assessment's report: what was said, measured and compared, and by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from eligibility.policies import policy_of
from eligibility.verdict import Evidence, Status, Verdict
from imaging.findings.assess_region import RegionFindings
from imaging.findings.finding import Finding
from imaging.findings.printed_numbers import shown
from imaging.findings.reference_liver import pooled_liver
from imaging.findings.washout import drop_unit
from imaging.phases.phase import Phase
from recist.lengths import shown_mm
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.case.case import Statement
from workup.report.content import Cell, Table, Tone, as_written, number, text

Words = Mapping[str, str]

STATUS_TONES = {
    Status.PASS: Tone.GOOD,
    Status.FAIL: Tone.BAD,
    Status.UNKNOWN: Tone.OPEN,
    Status.NA: Tone.PLAIN,
}
FINDING_TONES = {
    Finding.POSITIVE: Tone.GOOD,
    Finding.NEGATIVE: Tone.BAD,
    Finding.INDETERMINATE: Tone.OPEN,
    Finding.NOT_COMPUTABLE: Tone.OPEN,
}


def message_and_notes(verdict: Verdict) -> str:
    """Why a verdict is what it is, and what is to be noted of it; nothing twice in a row."""
    return "; ".join(part for part, _ in groupby([*verdict.message.split("; "), *verdict.notes]))


def reader_table(defect: DefectAssessment, w: Words) -> Table:
    """What the reader said of a filling defect beside what the numbers say."""
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
    return text(None) if finding is None else Cell(finding.value.replace("_", " "), FINDING_TONES[finding])


def measurement_table(findings: RegionFindings, assessment: Assessment, w: Words) -> Table:
    """Mean, SD, area and N_eff of the region and of the reference liver in each phase."""
    pool = pooled_liver(assessment.case.regions)
    liver = {key: s for (id_, key), s in assessment.statistics.items() if pool and id_ == pool.id}
    unit = _signal_unit(findings, w)
    rows = []
    for m in findings.phases:
        beside = liver.get(m.acquisition_key)
        header = assessment.case.study[m.acquisition_key].header
        rows.append(
            (
                text(m.phase.replace("_", " ")),
                number(header.series_number, 0),
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


def washout_table(findings: RegionFindings, w: Words) -> Table:
    """Washout in each late phase, every number with its interval and what it was compared with."""
    rows = tuple(
        (
            text(p.phase.replace("_", " ")),
            _found(p.finding),
            _compared(p.ratio_percent, p.threshold_percent),
            text(_interval(p.ratio_ci95, p.threshold_percent)),
            as_written(p.threshold_percent),
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
        f"{w['liver_minus_region']} [{_signal_unit(findings, w)}]",
        "95 %",
        f"{w['contrast_drop']} [{drop_unit(findings.unit)}]",
        "95 %",
    )
    return Table(f"washout {findings.region_id}", w["washout"], columns, rows)


def _signal_unit(findings: RegionFindings, w: Words) -> str:
    """What a mean is in: Hounsfield units, or on MR units that mean nothing beyond one image."""
    return "HU" if findings.unit == "HU" else w["mr_unit"]


def _compared(value: float | None, against: float) -> Cell:
    """A number on the side of its limit on which it was compared."""
    return text(None) if value is None else Cell(shown(value, against), number=float(value))


def _interval(interval: tuple[float, float] | None, *limits: float) -> str | None:
    return None if interval is None else " to ".join(shown(end, *limits) for end in interval)


def _length(value_mm: float | None, threshold_mm: float | None) -> Cell:
    """A measured length on the side of its threshold on which it was judged."""
    return text(None) if value_mm is None else Cell(shown_mm(value_mm, threshold_mm), number=float(value_mm))


def _lengths(interval_mm: tuple[float, float] | None, threshold_mm: float | None) -> str | None:
    return None if interval_mm is None else " to ".join(shown_mm(end, threshold_mm) for end in interval_mm)


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
                text(_lengths(a.measurement.interval_mm, judged.threshold_mm)),
                text(a.measurement.method),
                as_written(judged.threshold_mm),
                as_written(judged.effective_slice_mm),
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


def criteria_table(assessment: Assessment, w: Words) -> Table:
    """Every criterion: what fails first, then what is open."""
    verdicts = sorted(assessment.screen.verdicts.values(), key=lambda v: _ORDER.index(v.status))
    protocol = assessment.screen.protocol
    rows = tuple(
        (
            text(v.criterion_id),
            Cell(w[f"code_{v.status.value}"], STATUS_TONES[v.status]),
            text("; ".join([message_and_notes(v), *(f"{w['missing']}: {m.path}" for m in v.missing)])),
            text(protocol.criterion(v.criterion_id).text),
        )
        for v in verdicts
    )
    return Table("criteria", w["criteria"], (w["criterion"], w["status"], w["why"], w["text"]), rows)


def evidence_table(assessment: Assessment, w: Words) -> Table:
    """What each criterion was decided from, as recorded and as compared."""
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


def phase_table(assessment: Assessment, w: Words) -> Table:
    """Role and phase of every series, with evidence and conflicts."""
    rows = []
    for a in assessment.case.study.acquisitions:
        decision = assessment.decisions[a.key]
        evidence = "; ".join(f"{e.source}: {e.value} → {e.says}" for e in decision.evidence)
        rows.append(
            (
                number(a.header.series_number, 0),
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


def policy_table(assessment: Assessment, w: Words) -> Table:
    """Which reading of each ambiguous clause was used."""
    policy, protocol = assessment.policy, assessment.screen.protocol
    said = [("enhancement and washout", policy.source, policy.name)]
    for name, variant in sorted(protocol.readings.items()):
        known = policy_of(name)
        said.append((known.clause, known.variants[variant], f"{name} {known.name}={variant}"))
    rows = tuple(tuple(text(each) for each in line) for line in said)
    return Table("policies", w["policies"], (w["text"], w["read_as"], w["reading"]), rows)
