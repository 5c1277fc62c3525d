"""What the numbers say of the region in hand: finding, reason, threshold; warnings where they arise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QWidget

from imaging.findings.printed_numbers import shown
from recist.lengths import shown_mm
from viewer.widgets.parts import (
    QUIET_COLOR,
    STATUS_COLORS,
    WARNING_COLOR,
    colored,
    column,
    escaped,
    finding_text,
    heading,
    wrapped,
)
from viewer.words import PHASES_SHORT
from workup.assessment import DefectAssessment, LesionAssessment
from workup.reading_answers import RegionAnswer

if TYPE_CHECKING:
    from viewer.feed import Feed

#: Sentences of a kind shown at most; more are counted.
MOST_SENTENCES = 3


class FindingsPanel(QWidget):
    """Sentences on the region in hand."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._findings = wrapped()
        self._warnings = wrapped(color=WARNING_COLOR)
        self._reasons = wrapped(color=QUIET_COLOR)
        self._reasons.setStyleSheet(f"color:{QUIET_COLOR}; font-size:11px;")
        self.setLayout(column(heading("What the numbers say"), self._findings, self._warnings, self._reasons))
        feed.events.region.connect(self.show_answer)

    def show_answer(self, answer: RegionAnswer | None) -> None:
        """Findings of the region in hand."""
        rows: list[str] = []
        if answer is None:
            rows.append(colored("Add a region (N), draw it (B), carry it over (A).", QUIET_COLOR))
        elif answer.defect is not None:
            rows += defect_rows(answer.defect)
        elif answer.lesion is not None:
            rows += lesion_rows(answer.lesion)
        elif not answer.refusal:
            rows.append(colored("A reference: its means stand above.", QUIET_COLOR))
        self._findings.setText("<br>".join(rows))
        _list(self._warnings, () if answer is None else answer.warnings, "! ")
        _list(self._reasons, () if answer is None else answer.reasons, "")


def _list(label: QLabel, sentences: tuple[str, ...], sign: str) -> None:
    shown = [escaped(sign + text) for text in sentences[:MOST_SENTENCES]]
    if len(sentences) > MOST_SENTENCES:
        shown.append(f"and {len(sentences) - MOST_SENTENCES} more in the report")
    label.setText("<br>".join(shown))
    label.setVisible(bool(shown))


def defect_rows(defect: DefectAssessment) -> list[str]:
    """Enhancement, washout and adjacency of a filling defect, as rich text."""
    enhancement, washout = defect.findings.enhancement, defect.findings.washout
    rows = [f"Enhancement: {finding_text(enhancement.finding)}"]
    if enhancement.difference is not None:
        ci = enhancement.ci95
        limits = (enhancement.policy.t_neg, enhancement.policy.t_pos)
        interval = "" if ci is None else f" [{' to '.join(shown(end, *limits, decimals=0) for end in ci)}]"
        sign = "" if enhancement.difference < 0 else "+"
        rows[0] += escaped(f"  {sign}{shown(enhancement.difference, *limits)}{interval} {enhancement.unit}")
    rows.append(f"Washout: {finding_text(washout.finding)}")
    for phase in washout.by_phase:
        ratio = limit = ""
        if phase.ratio_percent is not None:
            percent = shown(phase.ratio_percent, phase.threshold_percent, decimals=0)
            ratio, limit = f"  liver/region {percent} %", f" (limit {phase.threshold_percent:g} %)"
        name = PHASES_SHORT[phase.phase]
        rows.append(f"&nbsp;&nbsp;{escaped(name)}: {finding_text(phase.finding)}{escaped(ratio + limit)}")
    if defect.adjacency is not None:
        text = f"  {defect.adjacency.shown_mm} mm to the primary tumor"
        rows.append(f"Adjacency: {finding_text(defect.adjacency.finding)}{escaped(text)}")
    else:
        rows.append("Adjacency: " + colored("no confirmed outline of the primary tumor", QUIET_COLOR))
    return rows


def lesion_rows(lesion: LesionAssessment) -> list[str]:
    """Diameters, measurability and target proposal of a lesion, as rich text."""
    measured, judged = lesion.measurement.lesion, lesion.measurement.judged
    if measured.long_axis_mm is None:
        rows = [colored("Not measured yet: draw it, or use the caliper (C).", QUIET_COLOR)]
    else:
        limit = judged.threshold_mm
        short = "" if measured.short_axis_mm is None else f"  SA {shown_mm(measured.short_axis_mm, limit)} mm"
        ends = " to ".join(shown_mm(end, limit) for end in measured.interval_mm or ())
        interval = ends and f" [{ends}]"
        text = (
            f"LD {shown_mm(measured.long_axis_mm, limit)}{interval} mm{short}  ({lesion.measurement.method})"
        )
        rows = [f"<b>{escaped(text)}</b>"]
    status = judged.status.value
    words = status.replace("_", " ").lower()
    rows.append(f"RECIST 1.1: {colored(words, STATUS_COLORS.get(status, WARNING_COLOR), bold=True)}")
    rows.append(escaped(f"{judged.message} (rule {judged.rule})"))
    if judged.borderline:
        rows.append(colored("Borderline: ask a second reader.", WARNING_COLOR))
    rows.append(escaped(f"{lesion.role.replace('_', ' ').capitalize()}: {lesion.role_reason}"))
    if lesion.role != lesion.proposed_role:
        proposed = f"Proposed: {lesion.proposed_role.replace('_', ' ')}. {lesion.proposed_reason}"
        rows.append(colored(proposed, QUIET_COLOR))
    return rows
