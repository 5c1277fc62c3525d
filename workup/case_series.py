"""A patient's cases, one for each time point, as lesions over time.

A lesion is the same lesion if its region has the same id. Targets of the first time point are those of
``workup.assess``. Tumor in a vein is followed as a non-target (rule H1), and is a new lesion where none was
at baseline. Lengths become recorded tenths here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import normalize

from imaging.phases.decision import name_phases
from imaging.regions.region import Region
from recist.lesion import LesionKind
from recist.lesion_table import Patient
from recist.organs import organ_of
from recist.visits import FollowedLesion, Reading, Role, Visit
from workup.baseline_age import age_warnings
from workup.baseline_targets import baseline_targets, with_organ
from workup.case.case import Case, DefectStatement, LesionStatement, Statement
from workup.case_readings import (
    SetAside,
    TimePoint,
    is_tumor_in_vein,
    lesion_reading,
    set_aside,
    technique_notes,
    thrombus_reading,
)
from workup.errors import CaseError, RecordError
from workup.lesions import LESION_ROLES, LesionMeasurement, measure_lesion
from workup.measured_examinations import earliest_day, measured_examinations
from workup.record.record import parse_record


@dataclass(frozen=True, slots=True)
class _Baseline:
    """What is followed from the first time point on, and what was there and is not followed."""

    lesions: dict[str, FollowedLesion]
    set_aside: dict[str, SetAside]
    tumor_in_vein: frozenset[str]
    notes: tuple[str, ...]


def patient_over_time(cases: Sequence[tuple[str, Case]]) -> Patient:
    """One patient from named cases.

    Parameters
    ----------
    cases : sequence of (name, Case)
        In any order; the earliest is baseline.

    Raises
    ------
    CaseError
        ``TWO_PATIENTS`` if the cases' patient identifiers differ; ``NO_STUDY_DATE``; ``SAME_DATE``;
        ``SEVERAL_EXAMINATIONS`` if one case holds measurements of several days; ``NAMES_ALIKE`` if a lesion
        changes its name by no more than capitals, blanks, hyphens or the form of its letters;
        ``KIND_UNKNOWN`` if neither reader nor place says what a lesion is.
    """
    points = sorted((_time_point(name, case) for name, case in cases), key=lambda p: p.on)
    if len({point.on for point in points}) < len(points):
        raise CaseError(
            "SAME_DATE", "two cases have the same study date", expected="one case for each time point"
        )
    _check_names(points)
    baseline = _baseline(points[0])
    lesions = baseline.lesions | _new_later(baseline, points[1:])
    visits = tuple(
        Visit(
            point.name,
            point.on,
            {id_: _reading(point, lesion, baseline) for id_, lesion in lesions.items()},
            notes=technique_notes(points[0], point) if point is not points[0] else (),
        )
        for point in points
    )
    return Patient(_subject(cases), tuple(lesions.values()), visits, notes=baseline.notes)


def _check_names(points: Sequence[TimePoint]) -> None:
    """Refuse names that differ in spelling only: the lesion would be gone, and new under its other name."""
    spelled: dict[str, set[str]] = {}
    for point in points:
        names = {*(region.id for region in _regions(point.case)), *_defects(point)}
        for name in sorted(names):
            before = spelled.setdefault(_plain(name), set())
            if before and not before & names:
                raise CaseError(
                    "NAMES_ALIKE",
                    f"{point.name} names {name!r} what was {min(before)!r} before",
                    expected="one spelling of its name (capitals, blanks, form of letters) in all cases",
                )
        for name in names:
            spelled[_plain(name)].add(name)


def _plain(name: str) -> str:
    """A name without capitals, blanks, hyphens and forms of letters."""
    return re.sub(r"[\s_-]", "", normalize("NFKC", name).casefold())


def _time_point(name: str, case: Case) -> TimePoint:
    decisions = name_phases(case.study, reader_labels=case.phase_labels)
    measured = {
        region.id: measure_lesion(
            region, case.study, decisions, case.lesions.get(region.id, LesionStatement()), case.lines
        )
        for region in _regions(case)
    }
    day = _day(name, case, [m.acquisition_key for m in measured.values()])
    phases = {
        id_: decisions[m.acquisition_key].phase
        for id_, m in measured.items()
        if m.acquisition_key is not None and m.acquisition_key in decisions
    }
    return TimePoint(name, day, case, measured, phases)


def _day(name: str, case: Case, keys: Sequence[str | None]) -> date:
    found = measured_examinations(case.study, keys)
    if len({e.day for e in found}) > 1:
        names = ", ".join(e.name for e in found)
        raise CaseError(
            "SEVERAL_EXAMINATIONS",
            f"{name} holds measurements of {len(found)} examinations: {names}",
            expected="one case for each time point",
        )
    day = earliest_day(found)
    if day is None:
        raise CaseError("NO_STUDY_DATE", f"{name} has no study date", expected="StudyDate in its images")
    return day


def _regions(case: Case) -> list[Region]:
    """Regions that are lesions, benign or not."""
    return [region for region in case.regions if region.role in LESION_ROLES]


def _subject(cases: Sequence[tuple[str, Case]]) -> str:
    known = {a.header.patient_id_hash for _, case in cases for a in case.study if a.header.patient_id_hash}
    if len(known) > 1:
        raise CaseError(
            "TWO_PATIENTS",
            f"the cases carry {len(known)} different patient identifiers",
            expected="time points of one patient",
        )
    return f"patient {known.pop()[:8]}" if known else "patient"


def _baseline(point: TimePoint) -> _Baseline:
    """The final targets; everything else malignant, tumor in veins too, as non-targets."""
    regions = _regions(point.case)
    measured = [point.measured[region.id] for region in regions]
    found = baseline_targets(regions, [point.said(region.id) for region in regions], measured)
    roles = {p.lesion_id: p.role for p in found.settled.placements}
    tumor = {id_: _tumor(point, id_) for id_ in _defects(point)}
    followed = {
        region.id: _followed(
            region.id, Role.TARGET if roles[region.id] == "target" else Role.NON_TARGET, measurement
        )
        for region, measurement in zip(regions, measured, strict=True)
        if roles[region.id] != "not_recorded"
    }
    veins = {id_: _thrombus(id_, Role.NON_TARGET) for id_, is_ in tumor.items() if is_ is not Statement.NO}
    return _Baseline(
        lesions=followed | veins,
        set_aside={id_: set_aside(point, id_) for id_, role in roles.items() if role == "not_recorded"},
        tumor_in_vein=frozenset(id_ for id_, is_ in tumor.items() if is_ is Statement.YES),
        notes=(*found.notes, *_age(point)),
    )


def _new_later(baseline: _Baseline, points: Sequence[TimePoint]) -> dict[str, FollowedLesion]:
    """Lesions and filling defects that were not followed from baseline."""
    new: dict[str, FollowedLesion] = {}
    for point in points:
        for region in _regions(point.case):
            known = region.id in baseline.lesions or region.id in new
            if not known and point.said(region.id).malignant is not Statement.NO:
                new[region.id] = _followed(region.id, Role.NEW, point.measured[region.id])
        for id_ in _defects(point):
            if id_ not in baseline.lesions and _tumor(point, id_) is not Statement.NO:
                new.setdefault(id_, _thrombus(id_, Role.NEW))
    return new


def _defects(point: TimePoint) -> list[str]:
    """Filling defects that were outlined or spoken of."""
    return list(dict.fromkeys([*point.defects(), *point.case.defects]))


def _tumor(point: TimePoint, defect_id: str) -> Statement | None:
    said = point.case.defects.get(defect_id, DefectStatement())
    return is_tumor_in_vein(said, point.said(defect_id))


def _age(point: TimePoint) -> tuple[str, ...]:
    """A warning where the images are too old for the planned start (rule G6)."""
    if point.case.record is None:
        return ()
    try:
        start = parse_record(point.case.record).reference_dates.treatment_start
    except RecordError:
        return ("the patient record cannot be read: whether the baseline images are too old is unknown",)
    return age_warnings(point.on, start)


def _followed(lesion_id: str, role: Role, measurement: LesionMeasurement) -> FollowedLesion:
    lesion = with_organ(measurement.lesion)
    kind = lesion.kind
    if kind is None and organ_of(lesion.organ) == "bone":
        kind = LesionKind.SOLID  # with a soft part or without, it is no node: following asks for no more
    if kind is None:
        raise CaseError(
            "KIND_UNKNOWN",
            f"what lesion {lesion_id!r} at {lesion.organ!r} is cannot be told from its place",
            expected="a kind: nodes count differently",
            advice=f"Give it in reading.json: one of {', '.join(LesionKind)}.",
        )
    return FollowedLesion(lesion_id, role, organ_of(lesion.organ, kind), kind)


def _thrombus(defect_id: str, role: Role) -> FollowedLesion:
    return FollowedLesion(defect_id, role, "vein", LesionKind.THROMBUS)


def _reading(point: TimePoint, lesion: FollowedLesion, baseline: _Baseline) -> Reading:
    if lesion.id not in point.measured and lesion.kind is LesionKind.THROMBUS:
        return thrombus_reading(point, lesion, tumor_at_baseline=lesion.id in baseline.tumor_in_vein)
    return lesion_reading(point, lesion, baseline.set_aside.get(lesion.id))
