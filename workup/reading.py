"""A reader at work: the headless model that the viewer, scripts and tests drive alike.

A ``Reading`` holds a study, the label volume of each acquisition, and the ``ReadState``. Everything
the reader does goes through it and lands on one undo stack, over all slices, acquisitions, regions,
lines and statements. It tells what changed by signals, never asks who listens, and turns into a
``Case`` at any moment; what is measured and judged is measured on that case, as the command line does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from psygnal import Signal, SignalGroup

from imaging.phases.phase import Phase, PhaseDecision
from imaging.regions.label_volume import LabelVolume
from imaging.regions.live_statistics import Moments
from imaging.regions.region import Region, RegionMask, RegionRole, Vessel, VesselLevel
from imaging.volume import Study
from workup.case.case import Case, Line, Statement
from workup.errors import CaseError
from workup.reading_outlines import Outlines
from workup.reading_phases import NamedPhases
from workup.reading_state import MaskState, ReadState, RegionEntry, Step


class ReadingSignals(SignalGroup):  # type: ignore[misc]
    """What a ``Reading`` tells its listeners."""

    labels = Signal(str, tuple)  # acquisition key, slices: voxels changed (during a stroke, too)
    state = Signal()  # regions, lines, phase labels or statements changed
    active = Signal()  # another region is worked on
    history = Signal(str)  # a step was done, undone or redone; its title
    warned = Signal(str)  # something the reader must know now


class Reading:
    """Regions, lines, phase labels and statements of one reader on one study.

    Parameters
    ----------
    study : Study
    reader : str, optional
        Who reads. Statements without a name count as nobody's.
    decisions : mapping, optional
        Acquisition key -> what the phases were found to be without the reader; found out where absent.
    record : mapping, optional
        The patient record, handed through to the case.

    Examples
    --------
    >>> reading = Reading(Study(()), reader="A")
    >>> defect = reading.add_region(RegionRole.FILLING_DEFECT, vessel=Vessel.PORTAL_VEIN)
    >>> reading.undo()
    'add filling_defect_1'
    >>> reading.to_case().regions
    ()
    """

    def __init__(
        self,
        study: Study,
        *,
        reader: str | None = None,
        decisions: Mapping[str, PhaseDecision] | None = None,
        record: Mapping[str, object] | None = None,
        case_id: str = "",
    ) -> None:
        self.study = study
        self.reader = reader
        self.record = record
        self.case_id = case_id
        self._phases = NamedPhases(study, decisions)
        self.events = ReadingSignals()
        self.state = ReadState()
        self.active: str | None = None
        self.locked: str | None = None
        self._past: list[Step] = []
        self._future: list[Step] = []
        self.outlines = Outlines(study, self._written)

    @classmethod
    def from_case(cls, case: Case, decisions: Mapping[str, PhaseDecision] | None = None) -> Reading:
        """The reading that a case holds; it can be taken up where it was left.

        Where two regions of the case share voxels, a label map cannot hold both: the later one keeps
        its outline on that acquisition exactly as it came, but it cannot be edited there
        (``kept_apart`` names them).
        """
        reading = cls(
            case.study, reader=case.reader, decisions=decisions, record=case.record, case_id=case.case_id
        )
        reading.state = reading._placed(case)
        reading.active = next(iter(reading.state.regions), None)
        reading.outlines.commit()
        return reading

    def _placed(self, case: Case) -> ReadState:
        """Put a case's outlines into the (empty) label volumes; the state that goes with them."""
        state = ReadState(
            lines=case.lines,
            phase_labels=MappingProxyType(dict(case.phase_labels)),
            defects=MappingProxyType(dict(case.defects)),
            lesions=MappingProxyType(dict(case.lesions)),
            complete=case.complete,
            comparable_override=case.comparable_override,
        )
        for region in case.regions:
            entry = RegionEntry(
                region.id, region.role, state.free_label(), region.vessel, region.level, region.note
            )
            for key, mask in region.masks.items():
                if key in self.labels:
                    entry = self.outlines.place(entry, key, mask)
            state = state.with_region(entry)
        return state

    def take_over(self, case: Case, title: str) -> None:
        """Replace everything by what another case of the same study holds, as one step."""
        self._begin()
        self.outlines.clear()
        self._do(title, self._placed(case))

    def to_case(self) -> Case:
        """The case as it stands now, an unfinished stroke included."""
        return Case(
            study=self.study,
            regions=tuple(self.region(id_) for id_ in self.state.regions),
            phase_labels=dict(self.state.phase_labels),
            lines=self.state.lines,
            defects=dict(self.state.defects),
            lesions=dict(self.state.lesions),
            reader=self.reader,
            record=self.record,
            case_id=self.case_id,
            complete=self.state.complete,
            comparable_override=self.state.comparable_override,
        )

    # What is there

    @property
    def labels(self) -> Mapping[str, LabelVolume]:
        """Acquisition key -> the label volume that an editor may write into."""
        return self.outlines.labels

    @property
    def kept_apart(self) -> tuple[tuple[str, str], ...]:
        """(region, acquisition) pairs whose outline overlaps another's and cannot be edited."""
        return tuple((entry.id, key) for entry in self.state.regions.values() for key in entry.apart)

    def region(self, region_id: str) -> Region:
        """A region with its masks, as it goes into the case."""
        entry = self.state.region(region_id)
        found = ((key, self.mask(region_id, key)) for key in self.labels)
        masks = {key: mask for key, mask in found if mask is not None}
        return Region(entry.id, entry.role, masks, entry.vessel, entry.level, entry.note)

    def mask(self, region_id: str, key: str) -> RegionMask | None:
        """Where a region lies on one acquisition; None where it has no voxel."""
        return self.outlines.mask(self.state.region(region_id), key)

    def moments(self, region_id: str, key: str) -> Moments:
        """Live count, mean and spread of a region on one acquisition."""
        return self.outlines.statistics[key].moments(self.state.region(region_id).label)

    @property
    def decisions(self) -> Mapping[str, PhaseDecision]:
        """Phases under the reader's labels, as ``assess`` names them: one label bears on all."""
        return self._phases.under(self.state.phase_labels)

    def phase(self, key: str) -> Phase:
        """The reader's phase label, else what was found beside it, else undetermined."""
        if key in self.state.phase_labels:
            return self.state.phase_labels[key]
        decision = self.decisions.get(key)
        return decision.phase if decision else Phase.UNDETERMINED

    def keys_of_phase(self, phase: Phase) -> tuple[str, ...]:
        """Acquisitions that show this phase, in the study's order."""
        return tuple(a.key for a in self.study if self.phase(a.key) is phase)

    # Regions

    def add_region(
        self,
        role: RegionRole,
        *,
        vessel: Vessel | None = None,
        level: VesselLevel | None = None,
        note: str = "",
    ) -> str:
        """Add an empty region and make it the active one; its id."""
        self._begin()
        id_ = self.state.free_id(role)
        entry = RegionEntry(id_, role, self.state.free_label(), vessel, level, note)
        self._do(f"add {id_}", self.state.with_region(entry))
        self.activate(id_)
        return id_

    def describe_region(
        self,
        region_id: str,
        *,
        role: RegionRole | None = None,
        vessel: Vessel | None = None,
        level: VesselLevel | None = None,
        note: str | None = None,
    ) -> None:
        """Say what a region is; parts that are None stay as they are."""
        self._begin()
        given = {"role": role, "vessel": vessel, "level": level, "note": note}
        changes = {name: value for name, value in given.items() if value is not None}
        entry = replace(self.state.region(region_id), **changes)  # type: ignore[arg-type]
        self._do(f"describe {region_id}", self.state.with_region(entry))

    def remove_region(self, region_id: str) -> None:
        """Remove a region, its outlines, lines and statements."""
        self._begin()
        label = self.state.region(region_id).label
        for key in self.labels:
            self.outlines.write(key, label, None)
        self._do(f"remove {region_id}", self.state.without_region(region_id))

    def activate(self, region_id: str | None) -> None:
        """Work on this region from now on (not a step: it changes nothing)."""
        self.active = None if region_id is None else self.state.region(region_id).id
        self.events.active.emit()

    # Outlines

    def outline(self, region_id: str, masks: Mapping[str, RegionMask], title: str = "") -> int:
        """Put a region's outline on one or more acquisitions, in place of what it had there.

        Voxels that belong to another region stay with it, and the reader is told.

        Returns
        -------
        int
            Voxels that were left to other regions.
        """
        self._begin()
        entry, left = self.state.region(region_id), 0
        for key, mask in masks.items():
            left += self.outlines.write(key, entry.label, mask)
            there = self.outlines.has(entry.label, key)
            entry = entry.with_mask(key, MaskState.of(mask) if there else None)
        self._do(title or f"outline {region_id}", self.state.with_region(entry))
        if left:
            self.events.warned.emit(f"{left} voxels of {region_id} lie in other regions and stay with them.")
        return left

    def erase(self, region_id: str, key: str) -> None:
        """Take a region's outline off one acquisition."""
        self._begin()
        entry = self.state.region(region_id)
        self.outlines.write(key, entry.label, None)
        self._do(f"erase {region_id}", self.state.with_region(entry.with_mask(key, None)))

    def confirm(self, region_id: str, *keys: str) -> None:
        """The reader looked at these outlines (all of the region's, if none is named) and accepts them."""
        self._begin()
        entry = self.state.region(region_id)
        for key in keys or tuple(entry.masks):
            if key in entry.masks:
                entry = entry.with_mask(key, replace(entry.masks[key], verified=True))
        self._do(f"confirm {region_id}", self.state.with_region(entry))

    def commit_stroke(self) -> None:
        """End a stroke: what was drawn since becomes one step.

        Voxels with a label that belongs to no region, or to an outline that cannot be edited there, are
        put back, and the reader is told.
        """
        edits = self.outlines.commit()
        if not edits:
            return
        state, refused = self.state, self.locked
        for key, edit in edits.items():
            for label in edit.change.labels:
                entry = state.of_label(label)
                if entry is None or key in entry.apart:
                    refused = refused or _not_drawn(entry, label)
                    continue
                drawn = entry.masks.get(key, MaskState()) if self.outlines.has(label, key) else None
                state = state.with_region(entry.with_mask(key, drawn))
        if refused:
            self.outlines.revert(edits)
            self.events.warned.emit(f"Nothing was drawn: {refused}.")
            return
        touched = set().union(*(edit.change.labels for edit in edits.values()))
        names = sorted(entry.id for entry in map(state.of_label, touched) if entry)
        self._push(Step("draw " + ", ".join(names), self.state, state, edits))

    # Lines, phases, statements

    def set_lines(self, region_id: str, lines: tuple[Line, ...], title: str = "") -> None:
        """Replace all lines of a region at once."""
        self._begin()
        kept = tuple(line for line in self.state.lines if line.region_id != region_id)
        self._do(title or f"measure {region_id}", replace(self.state, lines=(*kept, *lines)))

    def label_phase(self, key: str, phase: Phase | None) -> None:
        """The reader's word on a phase; None takes it back."""
        self._begin()
        self._do("name a phase", self.state.with_phase(self.study[key].key, phase))

    def state_defect(self, region_id: str, **said: Statement | str | None) -> None:
        """Record what the reader says of a filling defect, by the fields of ``DefectStatement``."""
        self._begin()
        self._do(f"read {region_id}", self.state.with_defect(region_id, said))

    def state_lesion(self, region_id: str, **said: Statement | str | None) -> None:
        """Record what the reader says of a lesion, by the fields of ``LesionStatement``."""
        self._begin()
        self._do(f"read {region_id}", self.state.with_lesion(region_id, said))

    def state_complete(self, complete: bool) -> None:
        """The reader's word that every filling defect and candidate lesion is outlined."""
        self._begin()
        self._do("complete" if complete else "not complete", replace(self.state, complete=complete))

    def state_comparable(self, reason: str) -> None:
        """Why the reader compares phases of another kernel or slice thickness; empty takes it back."""
        self._begin()
        said = " ".join(reason.split())
        title = "compare the phases" if said else "do not compare the phases"
        self._do(title, replace(self.state, comparable_override=said))

    # History

    @property
    def undo_title(self) -> str | None:
        """What ``undo`` would take back."""
        return self._past[-1].title if self._past else None

    @property
    def steps(self) -> tuple[str, ...]:
        """Titles of what was done and not undone, in order."""
        return tuple(step.title for step in self._past)

    def undo(self) -> str | None:
        """Take back the last step, whatever it was; its title."""
        self._begin()
        if not self._past:
            return None
        step = self._past.pop()
        self._future.append(step)
        self.outlines.revert(step.edits)
        self._become(step.before, step.title)
        return step.title

    def redo(self) -> str | None:
        """Do again what was undone last; its title."""
        self._begin()
        if not self._future:
            return None
        step = self._future.pop()
        self._past.append(step)
        self.outlines.apply(step.edits)
        self._become(step.after, step.title)
        return step.title

    def _begin(self) -> None:
        """Every act ends a stroke in progress first, and none is possible after signing."""
        self.commit_stroke()
        if self.locked:
            raise CaseError("READ_SIGNED", self.locked, advice="Start a new version to change a signed read")

    def _do(self, title: str, state: ReadState) -> None:
        edits = self.outlines.commit()
        if edits or state != self.state:
            self._push(Step(title, self.state, state, edits))

    def _push(self, step: Step) -> None:
        self._past.append(step)
        self._future.clear()
        self._become(step.after, step.title)

    def _become(self, state: ReadState, title: str) -> None:
        self.state = state
        self.outlines.forget()
        if self.active not in state.regions:
            self.active = next(reversed(tuple(state.regions)), None)
            self.events.active.emit()
        self.events.state.emit()
        self.events.history.emit(title)

    def _written(self, key: str, slices: tuple[int, ...]) -> None:
        self.events.labels.emit(key, slices)


def _not_drawn(entry: RegionEntry | None, label: int) -> str:
    if entry is None:
        return f"label {label} belongs to no region: add one first"
    return f"{entry.id} overlaps another region on this phase and stays as it came; Delete erases it there"
