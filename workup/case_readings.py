"""What one case says of each followed lesion at its time point, in the words of ``recist.visits``.

What nobody vouches for is not evaluated, with its reason: a lesion that runs out of the images (its length
is a lower bound, which may still prove progression), an outline that no reader confirmed, a lesion called
gone and outlined nonetheless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from imaging.phases.phase import Phase
from imaging.regions.region import Region, RegionRole
from recist.lengths import millimeters, recorded_tenths
from recist.lesion import LesionKind, Modality
from recist.progression import PROGRESSION_TENTHS
from recist.response import NORMAL_NODE_TENTHS
from recist.visits import FollowedLesion, Reading, Role, Seen
from workup.case.case import Case, DefectStatement, LesionStatement, Statement
from workup.lesions import LesionMeasurement


@dataclass(frozen=True, eq=False)
class TimePoint:
    """One case with its lesions measured, and the phase that each was measured on."""

    name: str
    on: date
    case: Case
    measured: Mapping[str, LesionMeasurement]
    phases: Mapping[str, Phase]  # by lesion id

    def said(self, lesion_id: str) -> LesionStatement:
        """What the reader says of a lesion here."""
        return self.case.lesions.get(lesion_id, LesionStatement())

    def defects(self) -> dict[str, Region]:
        """Filling defects by id."""
        return {r.id: r for r in self.case.regions if r.role is RegionRole.FILLING_DEFECT}

    def tenths(self, lesion_id: str) -> int | None:
        """The recorded diameter of a lesion. [0.1 mm]"""
        measurement = self.measured.get(lesion_id)
        diameter = measurement.lesion.diameter_mm if measurement is not None else None
        return None if diameter is None else recorded_tenths(float(diameter))


@dataclass(frozen=True, slots=True)
class SetAside:
    """A lesion of baseline that was not followed: a normal node with its short axis, or why it was none."""

    why: str
    node_tenths: int | None = None


def lesion_reading(point: TimePoint, lesion: FollowedLesion, before: SetAside | None = None) -> Reading:
    """What the case says of a lesion; one that is neither outlined nor called gone was not evaluated."""
    said, measurement = point.said(lesion.id), point.measured.get(lesion.id)
    outlined = measurement is not None and measurement.acquisition_key is not None
    if said.present is Statement.NO:
        return _not_evaluated("called gone, yet outlined") if outlined else Reading(Seen.ABSENT)
    if measurement is None:
        return Reading(Seen.NOT_EVALUATED)
    if lesion.role is Role.NEW:
        return _new_reading(point, lesion, measurement, before)
    if lesion.role is Role.NON_TARGET and said.unequivocal_progression is Statement.YES:
        return Reading(Seen.PROGRESSED)
    tenths = point.tenths(lesion.id)
    if tenths is None:
        return Reading(Seen.NOT_EVALUATED if lesion.role is Role.TARGET else Seen.PRESENT)
    if not measurement.confirmed:
        return _not_evaluated("no reader confirmed its outline")
    if not measurement.lesion.truncated:
        return Reading(Seen.MEASURED, (tenths,))
    if lesion.role is Role.NON_TARGET and (not lesion.is_node or tenths >= NORMAL_NODE_TENTHS):
        return Reading(Seen.PRESENT)
    why = f"cut off by the edge of the images, {millimeters(tenths)} mm are a lower bound"
    return Reading(Seen.NOT_EVALUATED, at_least_tenths=tenths, why=why)


def _not_evaluated(why: str) -> Reading:
    return Reading(Seen.NOT_EVALUATED, why=why)


def _new_reading(
    point: TimePoint, lesion: FollowedLesion, measurement: LesionMeasurement, before: SetAside | None
) -> Reading:
    """A lesion that was not followed from baseline: new only if its reader is sure, a node from 10 mm on."""
    tenths = point.tenths(lesion.id)
    if point.said(lesion.id).malignant is not Statement.YES:
        return Reading(Seen.EQUIVOCAL, why="the reader does not say that it is malignant")
    if before is not None and before.node_tenths is None:
        return Reading(Seen.EQUIVOCAL, why=f"outlined at baseline: {before.why}")
    if lesion.is_node and (tenths is None or not measurement.confirmed or measurement.lesion.truncated):
        return Reading(Seen.EQUIVOCAL, why="its short axis is not known")
    if tenths is None:
        return Reading(Seen.PRESENT)
    was = before.node_tenths if before is not None else None
    if was is not None and tenths >= NORMAL_NODE_TENTHS and tenths - was < PROGRESSION_TENTHS:
        why = f"a normal node of {millimeters(was)} mm at baseline, {millimeters(tenths)} mm now"
        return Reading(Seen.EQUIVOCAL, why=why)
    return Reading(Seen.MEASURED, (tenths,))


def is_tumor_in_vein(said: DefectStatement, lesion: LesionStatement) -> Statement | None:
    """Whether the reader calls a filling defect tumor, by the trial's features (I4.a); None: not said.

    ``malignant`` outranks the features: filling defect, enhancement, and washout in one late phase.
    """
    if lesion.malignant in (Statement.YES, Statement.NO):
        return lesion.malignant
    washout = (said.washout_portal, said.washout_delayed)
    needed = (said.filling_defect, said.arterial_enhancement)
    if Statement.NO in needed or washout == (Statement.NO, Statement.NO):
        return Statement.NO
    if set(needed) == {Statement.YES} and Statement.YES in washout:
        return Statement.YES
    return None


def thrombus_reading(point: TimePoint, lesion: FollowedLesion, *, tumor_at_baseline: bool) -> Reading:
    """What the case says of a thrombus: a non-target (rule H1), or new if its reader calls it tumor."""
    defect, lesion_said = point.case.defects.get(lesion.id, DefectStatement()), point.said(lesion.id)
    if Statement.NO in (lesion_said.present, defect.filling_defect):
        return Reading(Seen.ABSENT)
    if lesion_said.unequivocal_progression is Statement.YES:
        return Reading(Seen.PROGRESSED)
    region = point.defects().get(lesion.id)
    if (region is None or not region.masks) and defect.filling_defect is None:
        return Reading(Seen.NOT_EVALUATED)
    tumor = is_tumor_in_vein(defect, lesion_said)
    if tumor is Statement.YES or (tumor_at_baseline and lesion.role is Role.NON_TARGET):
        return Reading(Seen.PRESENT)
    why = "the reader has not said whether it is tumor in vein"
    if lesion.role is Role.NON_TARGET:
        return _not_evaluated(why)
    return Reading(Seen.ABSENT) if tumor is Statement.NO else Reading(Seen.EQUIVOCAL, why=why)


def technique_notes(baseline: TimePoint, point: TimePoint) -> tuple[str, ...]:
    """Lesions measured in another way than at baseline (rule G7: same modality and contrast phase)."""
    changed: dict[str, list[str]] = {}
    for lesion_id, now in point.measured.items():
        before = baseline.measured.get(lesion_id)
        if before is None or before.acquisition_key is None or now.acquisition_key is None:
            continue
        for was, is_now in (
            (_modality(before.lesion.modality), _modality(now.lesion.modality)),
            (_phase(baseline.phases.get(lesion_id)), _phase(point.phases.get(lesion_id))),
        ):
            if was and is_now and was != is_now:
                changed.setdefault(f"measured on {is_now}, at baseline on {was}", []).append(lesion_id)
    return tuple(
        f"{what}: {', '.join(ids)} (the same technique is asked for, G7)" for what, ids in changed.items()
    )


def _modality(modality: Modality | None) -> str:
    return modality.value if modality is not None else ""


def _phase(phase: Phase | None) -> str:
    unnamed = (None, Phase.UNDETERMINED, Phase.MULTIPLE, Phase.CONTRAST_UNSPECIFIED)
    return "" if phase in unnamed or phase is None else f"the {phase.value.replace('_', ' ')} phase"


def set_aside(point: TimePoint, lesion_id: str) -> SetAside:
    """Why a lesion of baseline was set aside; of a node, its short axis."""
    measurement = point.measured[lesion_id]
    benign = point.said(lesion_id).malignant is Statement.NO
    why = "not called malignant" if benign else measurement.judged.message
    node = measurement.lesion.kind is LesionKind.NODE and not benign
    return SetAside(why, point.tenths(lesion_id) if node else None)
