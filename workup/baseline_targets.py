"""The targets of a baseline, as every command, report and export has them.

The reader's ``target: yes`` decides. Where the reader chose none, the proposal stands in, without what the
reader called benign, no target or a non-target lesion. Whether a measurable lesion exists (I5) is another
question, which the choice does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from imaging.findings.features import share_inside
from imaging.regions.region import Region, RegionRole
from recist.lesion import LesionKind, MeasuredLesion
from recist.measurability import Status
from recist.targets import KeptOut, SettledTargets, propose_targets, settle_targets
from workup.case.case import LesionStatement, Statement
from workup.lesions import LesionMeasurement

#: A lesion outlined on a liver study counts for the liver until its reader names another organ.
ORGAN_WHERE_NONE_IS_NAMED = "liver"
#: Breathing moves a lesion between phases, but two lesions do not share this much of the smaller.
ONE_PLACE = 0.5


@dataclass(frozen=True)
class BaselineTargets:
    """Proposal, choice and final targets of one baseline, and what every report says beside them."""

    settled: SettledTargets
    notes: tuple[str, ...]


def baseline_targets(
    regions: Sequence[Region], said: Sequence[LesionStatement], measured: Sequence[LesionMeasurement]
) -> BaselineTargets:
    """The targets among a case's lesions.

    Parameters
    ----------
    regions, said, measured
        Lesions, what the reader says of each, and how each was measured, in one order.
    """
    kept_out = {
        region.id: out
        for region, statement in zip(regions, said, strict=True)
        if (out := _kept_out(region, statement)) is not None
    }
    lesions = [with_organ(m.lesion) for m in measured]
    proposal = propose_targets(lesions, [m.judged for m in measured], kept_out=kept_out)
    chosen = [
        region.id
        for region, statement in zip(regions, said, strict=True)
        if statement.target is Statement.YES
    ]
    settled = settle_targets(proposal, chosen)
    notes = (
        *_how_chosen(settled, kept_out),
        *_doubts(settled, measured),
        *_same_place(settled, regions, measured),
    )
    return BaselineTargets(settled, notes)


def with_organ(lesion: MeasuredLesion) -> MeasuredLesion:
    """The lesion with the organ it counts for where its reader named none."""
    return lesion if lesion.organ else replace(lesion, organ=ORGAN_WHERE_NONE_IS_NAMED)


def _kept_out(region: Region, said: LesionStatement) -> KeptOut | None:
    if said.malignant is Statement.NO:
        return KeptOut("not_recorded", "the reader does not call it malignant")
    if said.target is Statement.NO:
        return KeptOut("non_target", "measurable, but the reader does not choose it as a target")
    if region.role is RegionRole.NON_TARGET_LESION and said.target is not Statement.YES:
        return KeptOut("non_target", "measurable, but outlined as a non-target lesion")
    if said.malignant is Statement.UNCERTAIN:
        return KeptOut("undecided", "the reader is not certain that it is malignant")
    return None


def _how_chosen(settled: SettledTargets, kept_out: dict[str, KeptOut]) -> list[str]:
    """Whose targets these are, and what the choice breaks."""
    if settled.choice is not None:
        return [f"the reader's targets: {objection}" for objection in settled.objections]
    if settled.targets:
        return ["the reader chose no targets: those proposed stand in"]
    declined = [
        p.lesion_id
        for p in settled.placements
        if p.verdict.status is Status.MEASURABLE and p.lesion_id in kept_out and p.role == "non_target"
    ]
    if declined:
        names = ", ".join(declined)
        return [f"measurable, but not chosen as targets by the reader: {names} (I5 asks whether one exists)"]
    return []


def _same_place(
    settled: SettledTargets, regions: Sequence[Region], measured: Sequence[LesionMeasurement]
) -> Iterator[str]:
    """Pairs of targets whose measured outlines lie in one place, though perhaps on two phases."""
    masks = {
        region.id: mask
        for region, m in zip(regions, measured, strict=True)
        if region.id in settled.targets and (mask := region.masks.get(m.acquisition_key or "")) is not None
    }
    for (one, first), (other, second) in combinations(masks.items(), 2):
        share = max(share_inside(first, second), share_inside(second, first))
        if share >= ONE_PLACE:
            place = f"targets {one} and {other} lie in one place ({100 * share:.0f} % of the smaller)"
            yield f"{place}: is it one lesion, counted twice?"


def _doubts(settled: SettledTargets, measured: Sequence[LesionMeasurement]) -> list[str]:
    """What the places and lengths of the targets rest on."""
    by_id = {m.lesion.id: m for m in measured}
    assumed = [
        p.lesion_id
        for p in settled.placements
        if by_id[p.lesion_id].lesion.organ is None
        and p.kind is not LesionKind.NODE
        and p.role != "not_recorded"
    ]
    loose = [id_ for id_ in settled.targets if not by_id[id_].confirmed]
    doubts = []
    if assumed:
        doubts.append(f"organ not named, counted with the {ORGAN_WHERE_NONE_IS_NAMED}: {', '.join(assumed)}")
    if loose:
        doubts.append(f"measured on an outline that no reader confirmed: {', '.join(loose)}")
    return doubts
