"""Which lesions to follow: a proposal in a fixed order, and the reader's choice beside it.

At most five targets in all and two per organ, the largest that can be measured again, together
representing every organ involved (RECIST 1.1, 3.1; EORTC clarifications). Everything else malignant
is a non-target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from recist.counted import counted
from recist.lengths import recorded_tenths
from recist.lesion import LesionKind, MeasuredLesion
from recist.measurability import Measurability, Status, judge
from recist.organs import LYMPH_NODES, organ_of

#: Most targets in one patient (RECIST 1.1, 3.1).
MOST_TARGETS = 5
#: Most targets in one organ; paired organs, and all lymph nodes together, are one (RECIST 1.1, 3.1).
MOST_PER_ORGAN = 2
#: The rule of a lesion that runs out of the images: its diameter is a lower bound.
CUT_OFF_RULE = "T1"
#: Baseline images are no older than this at the start of treatment (RECIST 1.1, 3.1). [days]
BASELINE_WINDOW_DAYS = 28
#: Kinds that are never targets, whoever chooses them (rules X1, B2, Y1, H1, H2).
NEVER_TARGETS = frozenset(LesionKind) - {
    LesionKind.SOLID,
    LesionKind.NODE,
    LesionKind.BONE_SOFT_TISSUE,
    LesionKind.CYSTIC,
}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one lesion went, and why.

    ``role`` is ``target``, ``non_target``, ``undecided`` (measurability unknown) or ``not_recorded``;
    ``diameter_mm`` is what it adds to the sum as a target. [mm]
    """

    lesion_id: str
    organ: str
    role: str
    reason: str
    verdict: Measurability
    kind: LesionKind | None = None
    diameter_mm: float | None = None


@dataclass(frozen=True, slots=True)
class KeptOut:
    """Why a lesion is not proposed as a target, whatever its size, and the role it has instead."""

    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class TargetProposal:
    """The proposed targets in order of preference, and every lesion's placement.

    ``sum_tenths`` is the sum of diameters of the proposed targets. [0.1 mm]
    """

    targets: tuple[str, ...]
    placements: tuple[Placement, ...]
    sum_tenths: int


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """The reader's targets beside the proposal.

    ``objections`` names each rule that the choice breaks; an empty tuple means none. ``counted`` are the
    chosen ones without those that can be no target at all (a normal node, a thrombus, a benign lesion).
    """

    proposed: tuple[str, ...]
    chosen: tuple[str, ...]
    objections: tuple[str, ...]
    counted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettledTargets:
    """The targets of a baseline: the reader's where the reader chose any, else the proposed ones.

    Attributes
    ----------
    proposal : TargetProposal
    choice : TargetChoice or None
        None where the reader chose no target.
    placements : tuple of Placement
        Every lesion's final role, in the order of the proposal.
    """

    proposal: TargetProposal
    choice: TargetChoice | None
    placements: tuple[Placement, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """Ids of the final targets."""
        return tuple(p.lesion_id for p in self.placements if p.role == "target")

    @property
    def objections(self) -> tuple[str, ...]:
        """What the choice breaks."""
        return self.choice.objections if self.choice is not None else ()

    @property
    def sum_tenths(self) -> int | None:
        """Sum of diameters; None without targets, or if one has no diameter or a lower bound. [0.1 mm]"""
        targets = [p for p in self.placements if p.role == "target"]
        if not targets or any(p.verdict.rule == CUT_OFF_RULE for p in targets):
            return None
        lengths = [p.diameter_mm for p in targets]
        known = [recorded_tenths(mm) for mm in lengths if mm is not None]
        return sum(known) if len(known) == len(lengths) else None


def propose_targets(
    lesions: Sequence[MeasuredLesion],
    judgements: Sequence[Measurability] | None = None,
    *,
    every_organ_first: bool = True,
    kept_out: Mapping[str, KeptOut] | None = None,
) -> TargetProposal:
    """Propose target lesions.

    Order: measurable; not cystic before cystic; longer before shorter; measurable margins before
    unstated ones; then by id. The order in which ``lesions`` are given does not matter.

    Parameters
    ----------
    lesions : sequence of MeasuredLesion
        All at one time point, with unique ids.
    judgements : sequence of Measurability, optional
        One per lesion; judged here with the HCC overlay where not given.
    every_organ_first : bool
        Give every involved organ its best lesion before any organ gets a second one ("representative
        of all involved organs"). False: strictly by size.
    kept_out : mapping of lesion id to KeptOut, optional
        Lesions that are not proposed, whatever their size: a reader calls them benign, or no target.

    Examples
    --------
    >>> from recist.lesion import Modality
    >>> ct = {"modality": Modality.CT, "slice_thickness_mm": 2.5, "margins_measurable": True,
    ...       "previously_treated": False, "organ": "liver", "kind": LesionKind.SOLID}
    >>> masses = [MeasuredLesion(id=f"L{mm:.0f}", long_axis_mm=mm, **ct) for mm in (25.0, 40.0, 30.0)]
    >>> propose_targets(masses).targets
    ('L40', 'L30')
    """
    verdicts = judgements if judgements is not None else [judge(lesion) for lesion in lesions]
    pairs = sorted(zip(lesions, verdicts, strict=True), key=lambda pair: _preference(pair[0]))
    out = kept_out or {}
    measurable = [lesion for lesion, verdict in pairs if verdict.status is Status.MEASURABLE]
    candidates = [lesion for lesion in measurable if lesion.id not in out]
    taken = _take(candidates, every_organ_first)
    placements = tuple(_place(lesion, verdict, taken, out.get(lesion.id)) for lesion, verdict in pairs)
    by_id = {lesion.id: lesion for lesion in candidates}
    total = sum(recorded_tenths(by_id[id_].diameter_mm or 0.0) for id_ in taken)
    return TargetProposal(targets=taken, placements=placements, sum_tenths=total)


def settle_targets(proposal: TargetProposal, chosen: Sequence[str]) -> SettledTargets:
    """The final targets: those the reader chose, however few; the proposed ones where they chose none.

    Examples
    --------
    >>> from recist.lesion import Modality
    >>> ct = {"modality": Modality.CT, "slice_thickness_mm": 2.5, "margins_measurable": True,
    ...       "previously_treated": False, "organ": "liver", "kind": LesionKind.SOLID}
    >>> masses = [MeasuredLesion(id=f"L{mm:.0f}", long_axis_mm=mm, **ct) for mm in (25.0, 40.0, 30.0)]
    >>> settle_targets(propose_targets(masses), ["L25"]).targets
    ('L25',)
    """
    if not chosen:
        return SettledTargets(proposal, None, proposal.placements)
    choice = check_choice(proposal, chosen)
    placements = tuple(_as_chosen(placement, choice.counted) for placement in proposal.placements)
    return SettledTargets(proposal, choice, placements)


def check_choice(proposal: TargetProposal, chosen: Sequence[str]) -> TargetChoice:
    """Hold the reader's choice of targets against the rules. The reader decides; we object aloud."""
    by_id = {placement.lesion_id: placement for placement in proposal.placements}
    objections, counted = [], []
    for lesion_id in chosen:
        placement = by_id.get(lesion_id)
        if placement is None:
            objections.append(f"{lesion_id} is not among the lesions")
            continue
        verdict = placement.verdict
        measurable = verdict.status is Status.MEASURABLE
        why = placement.reason if measurable else f"{verdict.message} ({verdict.rule})"
        if placement.role == "not_recorded" or placement.kind in NEVER_TARGETS:
            objections.append(f"{lesion_id}: {why}; it is not counted as a target")
            continue
        counted.append(lesion_id)
        if not measurable or placement.role == "undecided":
            objections.append(f"{lesion_id}: {why}")
    objections += limits_broken([by_id[id_].organ for id_ in counted])
    return TargetChoice(proposal.targets, tuple(chosen), tuple(objections), tuple(counted))


def _as_chosen(placement: Placement, counted: Collection[str]) -> Placement:
    """A lesion's place once the reader has chosen the targets."""
    if placement.lesion_id in counted:
        return replace(placement, role="target", reason="chosen as a target by the reader")
    if placement.role == "target":
        return replace(placement, role="non_target", reason="measurable, but the reader chose other targets")
    return placement


def limits_broken(organs: Collection[str]) -> list[str]:
    """Sentences for each numeric limit that targets in these organs break."""
    broken = []
    if len(organs) > MOST_TARGETS:
        broken.append(f"{len(organs)} targets, at most {MOST_TARGETS} are allowed")
    for organ, count in sorted(Counter(organs).items()):
        if count > MOST_PER_ORGAN:
            broken.append(f"{count} targets in one organ ({organ}), at most {MOST_PER_ORGAN} are allowed")
    return broken


def baseline_age_warning(days_before_treatment: int) -> str | None:
    """A sentence if baseline images are too old, or later than the start of treatment (G6)."""
    if 0 <= days_before_treatment <= BASELINE_WINDOW_DAYS:
        return None
    if days_before_treatment < 0:
        return f"baseline imaging is {counted(-days_before_treatment, 'day')} after the start of treatment"
    return f"baseline imaging is {days_before_treatment} days old at the start of treatment (at most 28)"


def _preference(lesion: MeasuredLesion) -> tuple[bool, float, bool, str]:
    cystic = lesion.kind is LesionKind.CYSTIC
    return cystic, -(lesion.diameter_mm or 0.0), lesion.margins_measurable is not True, lesion.id


def _take(candidates: list[MeasuredLesion], every_organ_first: bool) -> tuple[str, ...]:
    """Ids taken, walking down the order of preference; with organs first, in two rounds."""
    taken: list[str] = []
    used: Counter[str] = Counter()
    for round_limit in (1, MOST_PER_ORGAN) if every_organ_first else (MOST_PER_ORGAN,):
        for lesion in candidates:
            organ = organ_of(lesion.organ, lesion.kind)
            if lesion.id not in taken and used[organ] < round_limit and len(taken) < MOST_TARGETS:
                taken.append(lesion.id)
                used[organ] += 1
    return tuple(lesion.id for lesion in candidates if lesion.id in taken)


def _place(
    lesion: MeasuredLesion, verdict: Measurability, taken: tuple[str, ...], out: KeptOut | None
) -> Placement:
    organ = organ_of(lesion.organ, lesion.kind)
    if lesion.id in taken:
        what = "short axis" if organ == LYMPH_NODES else "longest diameter"
        role, reason = "target", f"measurable, number {taken.index(lesion.id) + 1} by {what}"
    elif verdict.status is Status.EXCLUDED:
        role, reason = "not_recorded", verdict.message
    elif out is not None and (out.role == "not_recorded" or verdict.status is Status.MEASURABLE):
        role, reason = out.role, out.reason
    elif verdict.status is Status.UNKNOWN:
        role, reason = "undecided", verdict.message
    elif verdict.status is Status.NOT_MEASURABLE:
        role, reason = "non_target", verdict.message
    else:
        role, reason = "non_target", f"measurable, but {_places_filled(organ, taken)}"
    return Placement(lesion.id, organ, role, reason, verdict, lesion.kind, lesion.diameter_mm)


def _places_filled(organ: str, taken: tuple[str, ...]) -> str:
    if len(taken) == MOST_TARGETS:
        return f"all {MOST_TARGETS} places are filled"
    return f"both places of one organ ({organ}) are filled"
