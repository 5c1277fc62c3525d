"""The follow-up report: every visit's sum and responses, best responses, and what was not accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from recist.best_response import CONFIRMATION_DAYS, MINIMUM_SD_DAYS, BestResponse, TimePoint, best_response
from recist.lengths import millimeters, shown_percent
from recist.lesion_table import Patient, RejectedRow
from recist.mrecist import ViableResponse, follow_viable
from recist.progression import PROGRESSION_PERCENT
from recist.response import PARTIAL_RESPONSE_PERCENT, NewLesion, Response
from recist.visits import Role, VisitResponse
from workup.report.content import Answer, Cell, Figure, Report, Section, Table, Tone, number, text
from workup.report.lesion_table_plots import Course, spider_image, waterfall_image

_TONES = {Response.CR: Tone.GOOD, Response.PR: Tone.GOOD, Response.PD: Tone.BAD, Response.NE: Tone.OPEN}


@dataclass(frozen=True, slots=True)
class Followed:
    """One patient with every response worked out.

    ``best`` is the best overall response without confirmation; None at baseline only.
    """

    patient: Patient
    responses: tuple[VisitResponse, ...]
    best: BestResponse | None
    viable: tuple[ViableResponse, ...] = ()  # mRECIST, where enhancing diameters were taken

    def rows(self) -> Iterator[tuple[VisitResponse, ViableResponse | None]]:
        """Every visit with its mRECIST, if any."""
        return zip(self.responses, self.viable or (None,) * len(self.responses), strict=True)


def followed(patient: Patient, *, confirmation: bool = False) -> Followed:
    """Work out one patient's responses."""
    responses = patient.responses()
    points = [TimePoint(r.on, r.overall) for r in responses[1:] if r.overall is not None]
    best = best_response(responses[0].on, points, confirmation=confirmation) if points else None
    known = Role.TARGET not in patient.unknown_at_baseline
    viable = follow_viable(patient.lesions, patient.visits) if known else ()
    return Followed(patient, responses, best, viable)


def follow_up_document(
    cohort: Sequence[Followed], rejected: Sequence[RejectedRow], *, confirmation: bool = False
) -> dict[str, Any]:
    """The same as the interface has it; ``confirmation`` as the best responses were found."""
    return {
        "confirmation": confirmation,
        "visits": [_visit_json(f.patient.subject, r, v) for f in cohort for r, v in f.rows()],
        "rejected": [
            {"row": r.row, "message": r.message, "code": r.code, "subject": r.subject or None}
            for r in rejected
        ],
        "subjects": [
            {
                "subject": f.patient.subject,
                "best_overall": f.best.response.value if f.best else None,
                "best_overall_reason": f.best.reason if f.best else None,
                "notes": list(f.patient.notes),
            }
            for f in cohort
        ],
    }


def _visit_json(subject: str, r: VisitResponse, v: ViableResponse | None) -> dict[str, Any]:
    return {
        "subject": subject,
        "visit": r.visit,
        "date": r.on.isoformat(),
        "sum_mm": None if r.sum_tenths is None else float(millimeters(r.sum_tenths)),
        "change_from_baseline_percent": _float(r.from_baseline_percent),
        "change_from_nadir_percent": _float(r.from_nadir_percent),
        "target": r.target.value if r.target else None,
        "non_target": r.non_target.value if r.non_target else None,
        "new_lesion": {NewLesion.NO: False, NewLesion.YES: True}.get(r.new_lesion),
        "new_lesion_says": r.new_lesion.value,
        "overall": r.overall.value if r.overall else None,
        "notes": list(r.notes),
        "mrecist": None if v is None else _viable_json(v),
    }


def _viable_json(v: ViableResponse) -> dict[str, Any]:
    return {
        "viable_sum_mm": None if v.sum_tenths is None else float(millimeters(v.sum_tenths)),
        "change_from_baseline_percent": _float(v.from_baseline_percent),
        "target": v.target.value if v.target else None,
    }


def _float(percent: Fraction | None) -> float | None:
    return None if percent is None else float(percent)


def visit_table(cohort: Sequence[Followed]) -> Table:
    """One row a visit."""
    columns = (
        "subject", "visit", "date", "sum mm", "from baseline %", "from nadir %",
        "target", "non-target", "new lesion", "overall", "notes", "mRECIST viable sum mm", "mRECIST target",
    )  # fmt: skip
    rows = tuple(_visit_row(f.patient.subject, r, v) for f in cohort for r, v in f.rows())
    return Table("visits", "Visits", columns, rows, note="Sums and changes are exact from recorded tenths.")


def _visit_row(subject: str, r: VisitResponse, v: ViableResponse | None) -> tuple[Cell, ...]:
    return (
        text(subject),
        text(r.visit),
        text(r.on.isoformat()),
        _sum(r.sum_tenths),
        _change(r.from_baseline_percent, -PARTIAL_RESPONSE_PERCENT),
        _change(r.from_nadir_percent, PROGRESSION_PERCENT),
        _response(r.target),
        _response(r.non_target),
        text(r.new_lesion.value),
        _response(r.overall),
        text("; ".join(r.notes)),
        _sum(v.sum_tenths if v else None),
        _response(v.target if v else None),
    )


def _sum(tenths: int | None) -> Cell:
    return number(None if tenths is None else float(millimeters(tenths)))


def _change(percent: Fraction | None, limit: int) -> Cell:
    return number(None) if percent is None else Cell(shown_percent(percent, limit), number=float(percent))


def _response(response: Response | None) -> Cell:
    return text(
        response.value if response else None, _TONES.get(response, Tone.PLAIN) if response else Tone.PLAIN
    )


def follow_up_report(
    cohort: Sequence[Followed],
    rejected: Sequence[RejectedRow],
    *,
    title: str,
    confirmation: bool = False,
    footer: str = "",
) -> Report:
    """Tables, waterfall and spider of a cohort, or of one patient's series of cases."""
    seen_again = f"confirmed after {CONFIRMATION_DAYS} days" if confirmation else "without confirmation"
    rejected_table = Table(
        "rejected",
        "Rows that were not accepted",
        ("row", "subject", "why"),
        tuple((number(r.row, 0), text(r.subject), text(r.message)) for r in rejected),
        note="Rows count from 0 without the header. A row that was not accepted counts as not evaluated.",
    )
    best = Table(
        "subjects",
        "Best overall response",
        ("subject", "best overall response", "why", "notes"),
        tuple(
            (
                text(f.patient.subject),
                _response(f.best.response if f.best else None),
                text(f.best.reason if f.best else None),
                text("; ".join(f.patient.notes)),
            )
            for f in cohort
        ),
    )
    return Report(
        title=title,
        language="en",
        facts=(("patients", str(len(cohort))), ("rows not accepted", str(len(rejected)))),
        answers=_counts(cohort),
        sections=(
            Section("Visits", tables=(visit_table(cohort),)),
            Section("Patients", figures=_plots(cohort), tables=(best,)),
            Section("Not accepted", tables=(rejected_table,)),
        ),
        limits=(
            f"RECIST 1.1, responses {seen_again}; stable disease from {MINIMUM_SD_DAYS} days after baseline.",
            "Once a partial response is reached it stays one until progression.",
            "Research use only.",
        ),
        footer=footer,
    )


def _counts(cohort: Sequence[Followed]) -> tuple[Answer, ...]:
    found = [f.best.response for f in cohort if f.best is not None]
    return tuple(
        Answer(
            f"Best overall response {r.value}",
            str(found.count(r)),
            f"of {len(found)}",
            _TONES.get(r, Tone.PLAIN),
        )
        for r in Response
        if r in found
    )


def _plots(cohort: Sequence[Followed]) -> tuple[Figure, ...]:
    courses = [
        Course(
            f.patient.subject,
            f.responses[0].on,
            f.best.response.value if f.best else "NE",
            tuple((r.on, _float(r.from_baseline_percent)) for r in f.responses[1:]),
        )
        for f in cohort
        if len(f.responses) > 1
    ]
    if not any(course.best_change_percent is not None for course in courses):
        return ()
    return (
        Figure(
            "waterfall",
            waterfall_image(courses),
            "Best change of the sum of diameters from baseline, one bar a patient; dashed: -30 % and +20 %.",
            "waterfall plot",
            wide=True,
        ),
        Figure(
            "spider",
            spider_image(courses),
            "Change of the sum of diameters over time, one line a patient.",
            "spider plot",
            wide=True,
        ),
    )
