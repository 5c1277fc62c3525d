"""Proposal, reader's choice and final targets of a baseline, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from workup.assessment import Assessment, LesionAssessment
from workup.report.content import Answer, Cell, Section, Table, Tone, text


def targets_section(assessment: Assessment, w: Mapping[str, str]) -> tuple[Section, ...]:
    """One section; none where no lesion is outlined."""
    if not assessment.lesions:
        return ()
    settled = assessment.targets.settled
    total = settled.sum_tenths
    summed = Answer(
        w["sum_of_diameters"],
        "—" if total is None or not settled.targets else f"{total / 10:.1f} mm",
        ", ".join(settled.targets) or "—",
        Tone.OPEN if total is None or settled.objections else Tone.PLAIN,
    )
    columns = (w["lesion"], w["proposed"], w["chosen"], w["final"], w["why"])
    rows = tuple(_row(lesion, w) for lesion in assessment.lesions)
    table = Table("targets", w["targets"], columns, rows)
    return (Section(w["targets"], assessment.targets.notes, answers=(summed,), tables=(table,)),)


def _row(lesion: LesionAssessment, w: Mapping[str, str]) -> tuple[Cell, ...]:
    said = lesion.statement.target
    return (
        text(lesion.region.id),
        text(lesion.proposed_role.replace("_", " ")),
        Cell(said.value) if said else Cell(w["not_answered"], Tone.OPEN),
        text(lesion.role.replace("_", " ")),
        text(lesion.role_reason),
    )
