"""What the numbers say of the work in hand, while it is being drawn.

The answers come from ``workup.assess.assess`` itself: for the region in hand on a case that holds only
that region and what it is compared with, for everything on the whole case. So what a reader sees while
drawing is what the report will say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from eligibility.protocol import Protocol
from imaging.errors import ImagingError
from imaging.findings.assess_region import JUDGED_ROLES
from imaging.findings.enhancement import EnhancementFinding
from imaging.findings.finding import Finding
from imaging.findings.guards import pair_doubts
from imaging.findings.noise import Z95
from imaging.findings.printed_numbers import shown
from imaging.findings.reference_liver import holds_part_of
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.phases.timing import delay_s
from imaging.regions.region import Region, RegionRole
from workup.assess import assess, lesion_targets, reference_liver
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.baseline_targets import BaselineTargets
from workup.case.case import Case, Statement
from workup.errors import WorkupError
from workup.reading import Reading

#: What a region in hand is compared with.
REFERENCES = frozenset({RegionRole.REFERENCE_LIVER, RegionRole.MUSCLE, RegionRole.PRIMARY_TUMOR})

#: Seconds at which a phase is drawn on the curve if no time is recorded; only the order is meant. [s]
NOMINAL_S: Mapping[Phase, float] = {
    Phase.UNENHANCED: 0.0,
    Phase.EARLY_ARTERIAL: 20.0,
    Phase.ARTERIAL: 35.0,
    Phase.LATE_ARTERIAL: 35.0,
    Phase.PORTAL_VENOUS: 70.0,
    Phase.DELAYED: 180.0,
    Phase.TRANSITIONAL: 180.0,
    Phase.HEPATOBILIARY: 1200.0,
}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Mean of a region in one phase, with what the mean is worth.

    ``low`` and ``high`` are mean -+ 1.96 sd / sqrt(n_eff); None where that cannot be told.
    """

    key: str
    phase: Phase
    seconds: float | None
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    voxels: int
    area_mm2: float
    verified: bool


@dataclass(frozen=True)
class RegionAnswer:
    """Everything to be shown of the region in hand.

    Attributes
    ----------
    curves : mapping
        Region id -> its points in the order of time; the region first, then the reference liver that it is
        compared with: all reference regions as one.
    defect, lesion : DefectAssessment, LesionAssessment or None
        Its assessment, if it is one of these.
    refusal : str
        Why nothing could be assessed; empty if it could.
    """

    region: Region
    curves: Mapping[str, tuple[CurvePoint, ...]]
    defect: DefectAssessment | None = None
    lesion: LesionAssessment | None = None
    refusal: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the findings are what they are, each sentence once."""
        return tuple(text for settled, text in self._reasons if settled)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What keeps a finding from being settled, and what makes a measurement doubtful."""
        measured: tuple[str, ...] = ()
        if self.lesion is not None:
            measured = (*self.lesion.measurement.cautions, *self.lesion.measurement.judged.notes)
        found = (text for settled, text in self._reasons if not settled)
        return tuple(dict.fromkeys((*((self.refusal,) if self.refusal else ()), *measured, *found)))

    @property
    def _reasons(self) -> tuple[tuple[bool, str], ...]:
        part = self.defect or self.lesion
        if part is None:
            return ()
        enhancement, washout = part.findings.enhancement, part.findings.washout
        parts = [(enhancement.finding, enhancement.reasons)]
        parts += [(phase.finding, phase.reasons) for phase in washout.by_phase]
        parts += [(washout.finding, washout.reasons)]
        found = [(finding in _SETTLED, reason.message) for finding, reasons in parts for reason in reasons]
        return tuple(dict.fromkeys(found))


#: Findings that need no more than their reason; the others warn.
_SETTLED = frozenset({Finding.POSITIVE, Finding.NEGATIVE})


class Answers:
    """Answers on a reading.

    Parameters
    ----------
    reading : Reading
    protocol : Protocol
    """

    def __init__(self, reading: Reading, protocol: Protocol) -> None:
        self._reading = reading
        self.protocol = protocol
        #: A region in hand is measured and found upon, not screened: criteria ask for the whole case.
        self._no_criteria = replace(protocol, criteria=())

    @property
    def decisions(self) -> Mapping[str, PhaseDecision]:
        """Phases with the reader's labels, as ``assess`` names them."""
        return self._reading.decisions

    def everything(self, case: Case | None = None) -> Assessment:
        """The whole assessment of the reading as it stands.

        Raises
        ------
        ImagingError, WorkupError
            As ``assess``.
        """
        return assess(case or self._reading.to_case(), self.protocol, decisions=self.decisions)

    def region(self, region_id: str) -> RegionAnswer:
        """The answer on one region; what cannot be computed says why."""
        whole = self._reading.to_case()
        asked = next(r for r in whole.regions if r.id == region_id)
        kept = tuple(r for r in whole.regions if r.id == region_id or _bears_on_others(r, whole.regions))
        part = replace(whole, regions=kept, record=None)
        try:
            found = assess(part, self._no_criteria, decisions=self.decisions)
            targets = lesion_targets(whole, self.decisions)
        except (ImagingError, WorkupError) as error:
            return RegionAnswer(asked, {}, refusal=str(error))
        liver = reference_liver(part)
        curves = {r.id: self._curve(r, found) for r in (asked, liver) if r is not None}
        defect = next((d for d in found.defects if d.region.id == region_id), None)
        lesion = next((x for x in found.lesions if x.region.id == region_id), None)
        return RegionAnswer(asked, curves, defect, None if lesion is None else _among(lesion, targets))

    def _curve(self, region: Region, found: Assessment) -> tuple[CurvePoint, ...]:
        points = []
        for key, mask in region.masks.items():
            numbers = found.statistics[region.id, key]
            if numbers.mean is None:
                continue
            half = None if numbers.sd is None else Z95 * numbers.sd / numbers.n_eff**0.5
            phase = self.decisions[key].phase
            points.append(
                CurvePoint(
                    key=key,
                    phase=phase,
                    seconds=delay_s(self._reading.study, key),
                    mean=numbers.mean,
                    sd=numbers.sd,
                    low=None if half is None else numbers.mean - half,
                    high=None if half is None else numbers.mean + half,
                    voxels=numbers.voxels,
                    area_mm2=numbers.area_mm2,
                    verified=mask.verified,
                )
            )
        return tuple(sorted(points, key=time_on_axis))


def _among(lesion: LesionAssessment, targets: BaselineTargets) -> LesionAssessment:
    """A lesion with the role that it has among all lesions of the case."""
    proposed = next(p for p in targets.settled.proposal.placements if p.lesion_id == lesion.region.id)
    placed = next(p for p in targets.settled.placements if p.lesion_id == lesion.region.id)
    return replace(
        lesion,
        proposed_role=proposed.role,
        proposed_reason=proposed.reason,
        role=placed.role,
        role_reason=placed.reason,
    )


def time_on_axis(point: CurvePoint) -> float:
    """Where a point stands in time; without a recorded time, at its phase's usual one. [s]"""
    if point.phase is Phase.UNENHANCED:
        return 0.0
    return point.seconds if point.seconds is not None else NOMINAL_S.get(point.phase, 0.0)


def comparability_doubts(reading: Reading) -> tuple[str, ...]:
    """Differences between phases that hold comparisons back until the reader gives a reason, each once."""
    images = [
        a
        for a in reading.study
        if (decision := reading.decisions.get(a.key)) is None or decision.role is Role.IMAGE
    ]
    doubts = (doubt.message for one, other in combinations(images, 2) for doubt in pair_doubts(one, other))
    differences = (text.rsplit(": ", 1)[-1].rstrip(".") for text in doubts)
    return tuple({frozenset(text.split()): text for text in differences}.values())  # a against b: b against a


#: What the reader is asked of a filling defect, and which number stands beside it.
DEFECT_QUESTIONS: Sequence[tuple[str, str]] = (
    ("filling_defect", "Filling defect in the vein"),
    ("adjacent_to_primary", "Adjacent to the primary tumor"),
    ("arterial_enhancement", "Enhances in the arterial phase"),
    ("washout_portal", "Washout, portal venous phase"),
    ("washout_delayed", "Washout, delayed phase"),
)

#: What the reader is asked of a lesion.
LESION_QUESTIONS: Sequence[tuple[str, str]] = (
    ("malignant", "Malignant"),
    ("margins_measurable", "Margins can be measured"),
    ("locoregional_treated", "Treated locoregionally before"),
    ("progressed_after_locoregional", "Progressed since that treatment"),
    ("target", "Chosen as target"),
)


def _bears_on_others(region: Region, regions: Sequence[Region]) -> bool:
    """Whether a region changes the answer on another: a reference, or one that holds reference liver."""
    if region.role in REFERENCES or region.role not in JUDGED_ROLES:
        return True
    livers = [r for r in regions if r.role is RegionRole.REFERENCE_LIVER]
    return any(holds_part_of(region, liver) for liver in livers)


def number_beside(answer: RegionAnswer, question: str) -> tuple[Finding | None, str]:
    """What the numbers say of a question that the reader answers; (None, "") where they say nothing."""
    if answer.defect is None:
        return None, ""
    enhancement, washout = answer.defect.findings.enhancement, answer.defect.findings.washout
    if question == "adjacent_to_primary" and answer.defect.adjacency is not None:
        return answer.defect.adjacency.finding, answer.defect.adjacency.reason.message
    if question == "arterial_enhancement":
        return enhancement.finding, _enhancement_words(enhancement)
    phases = {"washout_portal": Phase.PORTAL_VENOUS, "washout_delayed": Phase.DELAYED}
    for phase in washout.by_phase:
        if phases.get(question) is phase.phase:
            ratio = phase.ratio_percent
            text = "" if ratio is None else shown(ratio, phase.threshold_percent, decimals=0)
            return phase.finding, text and f"liver/region {text} %"
    return None, ""


def _enhancement_words(found: EnhancementFinding) -> str:
    """Short, each number on the side of the thresholds on which it was compared."""
    if found.difference is None:
        return ""
    limits = (found.policy.t_neg, found.policy.t_pos)
    ends = [shown(end, *limits, decimals=0) for end in found.ci95 or ()]
    interval = f" [{', '.join(ends)}]" if ends else ""
    sign = "" if found.difference < 0 else "+"
    return f"{sign}{shown(found.difference, *limits, decimals=0)}{interval} {found.unit}"


def is_discordant(said: Statement | None, found: Finding | None) -> bool:
    """Whether a reader and a number contradict each other (``clinical`` C.8): a second reader is due.

    Examples
    --------
    >>> is_discordant(Statement.YES, Finding.NEGATIVE), is_discordant(Statement.YES, Finding.INDETERMINATE)
    (True, False)
    """
    return (said, found) in {(Statement.YES, Finding.NEGATIVE), (Statement.NO, Finding.POSITIVE)}
