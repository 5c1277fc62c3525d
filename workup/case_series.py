"""A patient's cases, one for each time point, as lesions over time.

A lesion is the same lesion if its region has the same id. At the first time point the reader's targets
are the targets; where the reader chose none, the proposal stands in and a note says so (the same as in
``workup.assess``). Lengths become
recorded tenths here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from imaging.phases.decision import name_phases
from imaging.regions.region import Region
from recist.follow_up import FollowedLesion, Reading, Role, Seen, Visit
from recist.lengths import recorded_tenths
from recist.lesion import LesionKind
from recist.lesion_table import Patient
from recist.organs import organ_of
from workup.baseline_targets import baseline_targets, with_organ
from workup.case.case import Case, LesionStatement, Statement
from workup.errors import CaseError
from workup.lesions import LESION_ROLES, LesionMeasurement, measure_lesion


@dataclass(frozen=True, eq=False)
class _TimePoint:
    """One case with its lesions measured."""

    name: str
    on: date
    case: Case
    measured: dict[str, LesionMeasurement]

    def said(self, lesion_id: str) -> LesionStatement:
        """What the reader says of a lesion here."""
        return self.case.lesions.get(lesion_id, LesionStatement())


def patient_over_time(cases: Sequence[tuple[str, Case]]) -> Patient:
    """One patient from named cases.

    Parameters
    ----------
    cases : sequence of (name, Case)
        In any order; the earliest is baseline.

    Raises
    ------
    CaseError
        ``TWO_PATIENTS`` if the cases' patient identifiers differ; ``NO_STUDY_DATE``; ``SAME_DATE``.
    """
    points = sorted((_time_point(name, case) for name, case in cases), key=lambda p: p.on)
    if len({point.on for point in points}) < len(points):
        raise CaseError(
            "SAME_DATE", "two cases have the same study date", expected="one case for each time point"
        )
    lesions, notes = _lesions_of(points[0])
    for point in points[1:]:
        for region in _regions(point.case):
            if region.id not in lesions and point.said(region.id).malignant is not Statement.NO:
                lesions[region.id] = _followed(region.id, Role.NEW, point.measured[region.id])
    visits = tuple(
        Visit(point.name, point.on, {i: _reading(point, lesion) for i, lesion in lesions.items()})
        for point in points
    )
    return Patient(_subject(cases), tuple(lesions.values()), visits, notes=tuple(notes))


def _time_point(name: str, case: Case) -> _TimePoint:
    decisions = name_phases(case.study, reader_labels=case.phase_labels)
    measured = {
        region.id: measure_lesion(
            region, case.study, decisions, case.lesions.get(region.id, LesionStatement()), case.lines
        )
        for region in _regions(case)
    }
    return _TimePoint(name, _study_date(name, case), case, measured)


def _regions(case: Case) -> list[Region]:
    """Regions that are lesions, benign or not."""
    return [region for region in case.regions if region.role in LESION_ROLES]


def _study_date(name: str, case: Case) -> date:
    for acquisition in case.study:
        try:
            return date.fromisoformat(acquisition.header.study_date or "")
        except ValueError:
            continue
    raise CaseError("NO_STUDY_DATE", f"{name} has no study date", expected="StudyDate in its images")


def _subject(cases: Sequence[tuple[str, Case]]) -> str:
    known = {a.header.patient_id_hash for _, case in cases for a in case.study if a.header.patient_id_hash}
    if len(known) > 1:
        raise CaseError(
            "TWO_PATIENTS",
            f"the cases carry {len(known)} different patient identifiers",
            expected="time points of one patient",
        )
    return f"patient {known.pop()[:8]}" if known else "patient"


def _lesions_of(baseline: _TimePoint) -> tuple[dict[str, FollowedLesion], list[str]]:
    """Roles at baseline: the final targets, everything else malignant as non-targets."""
    regions = _regions(baseline.case)
    measured = [baseline.measured[region.id] for region in regions]
    found = baseline_targets(regions, [baseline.said(region.id) for region in regions], measured)
    roles = {p.lesion_id: p.role for p in found.settled.placements}
    lesions = {
        region.id: _followed(
            region.id, Role.TARGET if roles[region.id] == "target" else Role.NON_TARGET, measurement
        )
        for region, measurement in zip(regions, measured, strict=True)
        if roles[region.id] != "not_recorded"
    }
    return lesions, list(found.notes)


def _followed(lesion_id: str, role: Role, measurement: LesionMeasurement) -> FollowedLesion:
    kind = measurement.lesion.kind or LesionKind.SOLID
    return FollowedLesion(lesion_id, role, organ_of(with_organ(measurement.lesion).organ, kind), kind)


def _reading(point: _TimePoint, lesion: FollowedLesion) -> Reading:
    """What the case says of a lesion; one that is neither outlined nor called gone was not evaluated."""
    said, measurement = point.said(lesion.id), point.measured.get(lesion.id)
    if said.present is Statement.NO:
        return Reading(Seen.ABSENT)
    diameter = measurement.lesion.diameter_mm if measurement is not None else None
    if measurement is None or (diameter is None and lesion.role is Role.TARGET):
        return Reading(Seen.NOT_EVALUATED)
    if lesion.role is Role.NEW and said.malignant is not Statement.YES:
        return Reading(Seen.EQUIVOCAL)
    if lesion.role is Role.NON_TARGET and said.unequivocal_progression is Statement.YES:
        return Reading(Seen.PROGRESSED)
    if diameter is None:
        return Reading(Seen.PRESENT)
    return Reading(Seen.MEASURED, (recorded_tenths(float(diameter)),))
