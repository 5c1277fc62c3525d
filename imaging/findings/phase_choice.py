"""Which acquisition of a study answers for a phase, seen from one region."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from imaging.findings.enhancement import size_stops
from imaging.findings.finding import Reason
from imaging.findings.guards import (
    Comparability,
    below_unenhanced,
    pair_blocks,
    pair_doubts,
    region_blocks,
    region_doubts,
)
from imaging.findings.mr_scaling import scaling_doubts, sequence_differs, zero_moved
from imaging.findings.policy import EnhancementPolicy
from imaging.findings.reference_liver import implausible_gain, overlaps, steatosis
from imaging.findings.same_place import elsewhere, unlike_size
from imaging.findings.washout import LesionAndLiver
from imaging.phases.agent import Agent, named_agent
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Region, RegionRole
from imaging.regions.statistics import RegionSample, RegionStatistics
from imaging.volume import Acquisition, Study, Unit


@dataclass(frozen=True)
class PhaseChoice:
    """A study seen from one region and its reference liver; ``beside`` are the study's other regions."""

    study: Study
    decisions: Mapping[str, PhaseDecision]
    statistics: Mapping[tuple[str, str], RegionStatistics]
    region: Region
    reference: Region | None
    control: Region | None
    policy: EnhancementPolicy
    comparability: Comparability
    beside: tuple[Region, ...] = ()

    @property
    def unit(self) -> Unit:
        """CT or MR: what most of the region's masks lie on, CT if equal."""
        units = [a.volume.unit for a in self.study if a.key in self.region.masks]
        return "MR" if units.count("MR") > units.count("HU") else "HU"

    def pick(self, phases: tuple[Phase, ...], beside: Acquisition | None = None) -> Acquisition | None:
        """The acquisition that answers for the first of the phases that has one.

        Among several of one phase: one with the region, comparable with ``beside`` (without it, with most
        of the other phases), confirmed by a reader, surest, thinnest.
        """
        found = [a for a in self.study if self._usable(a) and self.phase(a) in phases]
        if len(found) < 2:
            return found[0] if found else None
        return min(found, key=lambda a: self._rank(a, phases, beside))

    def left_out(self, chosen: Acquisition | None) -> tuple[Reason, ...]:
        """Which other acquisitions of the same phase hold the region, too, and were not used."""
        if chosen is None:
            return ()
        phase = self.phase(chosen)
        left = [
            _label(a)
            for a in self.study
            if a.key != chosen.key
            and self._usable(a)
            and self.phase(a) is phase
            and a.key in self.region.masks
        ]
        if not left:
            return ()
        name = phase.value.replace("_", " ")
        text = f"for the {name} phase {_label(chosen)} is used, not {' nor '.join(left)}"
        return (Reason("SERIES_LEFT_OUT", text),)

    def _strangers(self, a: Acquisition, beside: Acquisition | None) -> int:
        """How many phases of the region hold nothing that may be compared with an acquisition."""
        if beside is not None:
            return int(not self._comparable(a, beside))
        others: dict[Phase, bool] = {}
        for b in self.study:
            if self._usable(b) and b.key in self.region.masks and self.phase(b) is not self.phase(a):
                others[self.phase(b)] = others.get(self.phase(b), False) or self._comparable(a, b)
        return list(others.values()).count(False)

    def _comparable(self, a: Acquisition, b: Acquisition) -> bool:
        return not (
            pair_blocks(a, b, self.comparability)
            or pair_doubts(a, b, self.comparability)
            or (self.unit == "MR" and sequence_differs(a.header, b.header))
        )

    def _usable(self, a: Acquisition) -> bool:
        decision = self.decisions.get(a.key)
        return decision is not None and decision.role is Role.IMAGE and a.volume.unit == self.unit

    def _rank(
        self, a: Acquisition, phases: tuple[Phase, ...], beside: Acquisition | None
    ) -> tuple[object, ...]:
        mask = self.region.masks.get(a.key)
        return (
            mask is None,
            phases.index(self.phase(a)),
            self._strangers(a, beside),
            not (mask is not None and mask.verified),
            -self.decisions[a.key].confidence,
            a.volume.geometry.spacing_mm[0],
            a.key,
        )

    def phase(self, a: Acquisition) -> Phase:
        """Its phase; 2-5 minutes after gadoxetate is the transitional, not the delayed phase."""
        phase = self.decisions[a.key].phase
        if phase is Phase.DELAYED and self.unit == "MR" and _agent(a) is Agent.GADOXETATE:
            return Phase.TRANSITIONAL
        return phase

    def sample(self, region: Region | None, a: Acquisition | None) -> RegionSample | None:
        """What was measured of a region on an acquisition; None if it was not, or must not be used."""
        if region is None or a is None:
            return None
        statistics = self.statistics.get((region.id, a.key))
        return statistics.sample if statistics else None

    def pair(self, a: Acquisition | None) -> LesionAndLiver:
        """The region and the reference liver on an acquisition."""
        return LesionAndLiver(self.sample(self.region, a), self.sample(self.reference, a))

    def blocks(self, a: Acquisition | None, b: Acquisition | None, *, percent: bool) -> tuple[Reason, ...]:
        """Why two acquisitions must not be compared; ``percent`` also asks for one MR scale."""
        blocks = list(pair_blocks(a, b, self.comparability))
        if not percent:  # ratios within one image do not mind the scale of the other
            blocks = [r for r in blocks if r.code != "MR_SCALING_DIFFERS"]
        parts = (self.region,) if percent else (self.region, self.reference)
        for region in (r for r in parts if r is not None):
            for x in (x for x in (a, b) if x is not None):
                statistics = self.statistics.get((region.id, x.key))
                blocks += region_blocks(region.id, statistics, region.masks.get(x.key))
        if a is not None and b is not None:
            masks = self.region.masks
            blocks += elsewhere(self.region.id, masks.get(a.key), masks.get(b.key), a, b)
        blocks += [r for x in (a, b) if x is not None for r in self.zero_moved(x)]
        if self.unit == "MR" and a is not None and b is not None:
            control = self._control_means(a, b)
            blocks += (
                scaling_doubts(a.header, b.header, self.policy, control)
                if percent
                else sequence_differs(a.header, b.header)
            )
        return tuple(dict.fromkeys(blocks))

    def zero_moved(self, a: Acquisition) -> tuple[Reason, ...]:
        """Why an MR image allows no ratio, by its header and by every region measured on it."""
        if self.unit != "MR":
            return ()
        measured = [s.minimum for (_, key), s in self.statistics.items() if key == a.key]
        return zero_moved(a.header, min((m for m in measured if m is not None), default=0.0))

    def _controls(self) -> tuple[Region, ...]:
        """Every muscle of the study: any of them may betray another scale."""
        if self.control is None:
            return ()
        return tuple(r for r in self.beside if r.role is RegionRole.MUSCLE) or (self.control,)

    def _control_means(self, a: Acquisition, b: Acquisition) -> tuple[float | None, float | None]:
        """Means of the control that changed most, of those large enough to prove anything. [MR units]"""
        pairs = [(self.sample(c, a), self.sample(c, b)) for c in self._controls()]
        means = [
            (x.mean, y.mean)
            for x, y in pairs
            if x is not None and y is not None and not (size_stops("control", x) or size_stops("control", y))
        ]
        return max(means, key=_share_changed, default=(None, None))

    def proof(self, a: Acquisition | None, b: Acquisition | None) -> tuple[Region, ...]:
        """The controls, where they are what proves one scale: between two MR series."""
        if self.unit != "MR" or a is None or b is None or a.header.series_uid == b.header.series_uid:
            return ()
        return self._controls() if self.policy.mr_proof == "control" else ()

    def doubts(
        self, regions: tuple[Region | None, ...], acquisitions: tuple[Acquisition | None, Acquisition | None]
    ) -> tuple[Reason, ...]:
        """What a reader must confirm of these regions on these two acquisitions, and of the pair."""
        found = [
            reason
            for region in regions
            for a in acquisitions
            if region is not None and a is not None
            for reason in region_doubts(region.id, self.phase(a).value, region.masks.get(a.key))
        ]
        a, b = acquisitions
        return tuple(dict.fromkeys([*found, *pair_doubts(a, b, self.comparability)]))

    def _livers(self) -> tuple[Region, ...]:
        """What the reference liver was pooled from."""
        if self.reference is None:
            return ()
        livers = tuple(r for r in self.beside if r.role is RegionRole.REFERENCE_LIVER)
        return livers or (self.reference,)

    def liver_blocks(self, *acquisitions: Acquisition | None) -> tuple[Reason, ...]:
        """Reference livers that lie in the region asked about or in another one that is no liver."""
        known = {r.id: r for r in (*self.beside, self.region)}
        others = [r for r in known.values() if r.role is not RegionRole.REFERENCE_LIVER]
        return tuple(
            reason
            for a in acquisitions
            if a is not None
            for liver in self._livers()
            for reason in overlaps(liver, others, a.key, self.phase(a).value.replace("_", " "))
        )

    def liver_doubts(self, before: Acquisition | None, *later: Acquisition | None) -> tuple[Reason, ...]:
        """Reference livers that take up more or less contrast than liver; CT only, MR has no such scale."""
        found: list[Reason] = []
        for a in (a for a in later if a is not None and before is not None and self.unit == "HU"):
            if pair_blocks(before, a, self.comparability):
                continue
            for liver in self._livers():
                first, then = self.sample(liver, before), self.sample(liver, a)
                if first is not None and then is not None:
                    found += implausible_gain(liver.id, first, then, a.header.kvp, self.phase(a))
        return tuple(found)

    def other_parts(self, a: Acquisition | None, b: Acquisition | None) -> tuple[Reason, ...]:
        """That the region's outlines on two acquisitions are too unlike to be of one part."""
        if a is None or b is None:
            return ()
        masks = self.region.masks
        return unlike_size(self.region.id, masks.get(a.key), masks.get(b.key))

    def region_losses(self, before: Acquisition | None, late: Acquisition | None) -> tuple[Reason, ...]:
        """That the region is darker in a late phase than before contrast; CT only, MR has no such scale."""
        first, then = self.sample(self.region, before), self.sample(self.region, late)
        if first is None or then is None or late is None or self.unit != "HU":
            return ()
        if pair_blocks(before, late, self.comparability):
            return ()
        phase = self.phase(late).value.replace("_", " ")
        return below_unenhanced(self.region.id, first, then, phase, self.policy)

    def liver_cautions(self, before: Acquisition | None) -> tuple[Reason, ...]:
        """What must be said of the reference liver beside every ratio to it."""
        livers = self._livers()
        found: list[Reason] = []
        if len(livers) > 1:
            names = ", ".join(r.id for r in livers)
            found.append(Reason("LIVER_POOLED", f"reference liver is the mean over all voxels of {names}"))
        for liver in livers:
            first = self.sample(liver, before)
            if first is not None and self.unit == "HU":
                found += steatosis(liver.id, first)
        return tuple(found)

    def contradicted_labels(self, *acquisitions: Acquisition | None) -> tuple[Reason, ...]:
        """Reader's labels that others contradict: the reader's word holds, and theirs is shown beside it."""
        found = []
        for a in (x for x in acquisitions if x is not None):
            decision = self.decisions[a.key]
            if decision.conflicts and any(e.source == "reader" for e in decision.evidence):
                phase = decision.phase.value.replace("_", " ")
                text = f"series {a.header.series_number} is {phase} by the reader's word alone: "
                found.append(Reason("PHASE_LABEL_CONTRADICTED", text + "; ".join(decision.conflicts)))
        return tuple(found)

    def agent_doubts(self, a: Acquisition) -> tuple[Reason, ...]:
        """Without the agent's name, or with two, a delayed MR phase may be the transitional of gadoxetate."""
        if self.unit == "HU" or self.phase(a) is not Phase.DELAYED:
            return ()
        agent = _agent(a)
        if agent is Agent.UNKNOWN:
            text = "the contrast agent is not named: after gadoxetate this would be the transitional phase"
            return (Reason("AGENT_UNKNOWN", text),)
        other = next((b for b in self.study if self._hints_at_gadoxetate(b, agent)), None)
        if other is None:
            return ()
        text = f"{_label(a)} names {agent.value}, but {_label(other)} is of gadoxetate or hepatobiliary"
        return (Reason("AGENT_CONTRADICTED", f"{text}: then this would be the transitional phase"),)

    def _hints_at_gadoxetate(self, b: Acquisition, agent: Agent) -> bool:
        """Whether an acquisition is of gadoxetate by its own words, or shows what ``agent`` does not."""
        decision = self.decisions.get(b.key)
        hepatobiliary = decision is not None and decision.phase is Phase.HEPATOBILIARY
        words = named_agent(b.header.series_description, b.header.protocol_name)
        return Agent.GADOXETATE in (_agent(b), words) or (hepatobiliary and agent is not Agent.GADOBENATE)


def _share_changed(means: tuple[float, float]) -> float:
    first, then = means
    return abs(then - first) / first if first > 0 else math.inf


def _label(a: Acquisition) -> str:
    """``series 3 (B30f, 5 mm)``: what tells reconstructions of one phase apart."""
    header = a.header
    number = a.key if header.series_number is None else header.series_number
    thickness = None if header.slice_thickness_mm is None else f"{header.slice_thickness_mm:g} mm"
    told = ", ".join(part for part in (header.convolution_kernel, thickness) if part)
    return f"series {number} ({told})" if told else f"series {number}"


def _agent(a: Acquisition) -> Agent:
    return named_agent(a.header.contrast_agent, a.header.contrast_ingredient, modality=a.header.modality)
