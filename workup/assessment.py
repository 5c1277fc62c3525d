"""What comes out of ``assess``: one value that every report, export and window shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eligibility.screening import ScreenResult
from eligibility.verdict import Verdict
from imaging.findings.adjacency import Adjacency
from imaging.findings.assess_region import RegionFindings
from imaging.findings.features import SupportingFeatures
from imaging.findings.policy import EnhancementPolicy
from imaging.findings.stability import Stability
from imaging.phases.phase import Phase, PhaseDecision
from imaging.regions.region import Region
from imaging.regions.statistics import RegionStatistics
from recist.targets import TargetProposal
from workup.baseline_targets import BaselineTargets
from workup.case.case import Case, DefectStatement, LesionStatement
from workup.lesions import LesionMeasurement
from workup.patient_identity import identity_caution


@dataclass(frozen=True, eq=False)
class DefectAssessment:
    """One filling defect: what was measured, what the reader says.

    Attributes
    ----------
    adjacency : Adjacency or None
        Shortest way to the nearest primary tumor; None where none is outlined on a common phase.
    adjacency_phase : Phase or None
        The phase whose masks gave the distance.
    nearest_tumor : str or None
        The primary tumor that is nearest.
    tumors_not_measured : tuple of str
        Primary tumors without a phase on which a reader has confirmed both outlines.
    features : SupportingFeatures
        Vein, intraluminal share and A-VENA, which decide nothing.
    stability : Stability or None
        How much the answers hang on outline and threshold; None where it was not asked for.
    """

    region: Region
    findings: RegionFindings
    adjacency: Adjacency | None
    adjacency_phase: Phase | None
    statement: DefectStatement
    features: SupportingFeatures
    stability: Stability | None = None
    nearest_tumor: str | None = None
    tumors_not_measured: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class LesionAssessment:
    """One lesion: its diameters, whether it is measurable, what it was proposed as and what it is.

    ``role`` and ``role_reason`` are final: the reader's choice where there is one, else the proposal.
    """

    region: Region
    measurement: LesionMeasurement
    statement: LesionStatement
    findings: RegionFindings
    proposed_role: str
    proposed_reason: str
    role: str
    role_reason: str


@dataclass(frozen=True, eq=False)
class Assessment:
    """A whole work-up of one case.

    Attributes
    ----------
    decisions : mapping of acquisition key to PhaseDecision
    statistics : mapping of (region id, acquisition key) to RegionStatistics
    targets : BaselineTargets
        Proposal, reader's choice and final targets.
    screen : ScreenResult
        Every criterion of the protocol with the imaging findings in place.
    """

    case: Case
    decisions: Mapping[str, PhaseDecision]
    statistics: Mapping[tuple[str, str], RegionStatistics]
    defects: tuple[DefectAssessment, ...]
    lesions: tuple[LesionAssessment, ...]
    targets: BaselineTargets
    policy: EnhancementPolicy
    screen: ScreenResult

    @property
    def proposal(self) -> TargetProposal:
        """The targets as proposed, whatever the reader chose."""
        return self.targets.settled.proposal

    @property
    def compared_because(self) -> str:
        """Why phases of other kernel or slice thickness were compared; empty where they were not.

        An override that no named reader stands for counts for nothing.
        """
        return self.case.comparable_override if self.case.reader else ""

    @property
    def patient_caution(self) -> str | None:
        """That record and images name different patients, where they do."""
        return identity_caution(self.screen.facts.patient_id, self.case.study)

    @property
    def vascular_invasion(self) -> Verdict:
        """The verdict on major vascular invasion (I4.a)."""
        return self.screen.verdicts["I4"].children["I4.a"]

    @property
    def measurable_lesion(self) -> Verdict:
        """The verdict on a measurable target lesion (I5)."""
        return self.screen.verdicts["I5"]
