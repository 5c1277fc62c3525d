"""What a reader has said so far, as one immutable value, and the steps between two such values.

Outlines themselves live in label volumes, since an editor writes into them many times a second. All
the rest (which regions there are, lines, phase labels, statements) is a ``ReadState``. A ``Step`` holds the
state before and after and the label edits in between: whatever was done, undoing it is the same act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from imaging.phases.phase import Phase
from imaging.regions.label_volume import MAX_LABEL, LabelEdit
from imaging.regions.region import Provenance, RegionMask, RegionRole, Vessel, VesselLevel
from workup.case.case import DefectStatement, LesionStatement, Line
from workup.errors import CaseError


@dataclass(frozen=True, slots=True)
class MaskState:
    """How the outline of a region on one acquisition came to be, and whether the reader accepted it."""

    provenance: Provenance = Provenance.DRAWN
    verified: bool = True
    residual_mm: float | None = None  # error of the transform that carried it here, where measured

    @classmethod
    def of(cls, mask: RegionMask) -> MaskState:
        """What a mask says of itself."""
        return cls(mask.provenance, mask.verified, mask.residual_mm)


@dataclass(frozen=True)
class RegionEntry:
    """A region without its voxels.

    Attributes
    ----------
    label : int
        Its value in the label volumes, 1 to 255.
    masks : mapping
        Acquisition key -> how the outline there came to be; keys without voxels are absent.
    apart : mapping
        Acquisition key -> an outline that shares voxels with another region. A label volume cannot
        hold both, so it is kept exactly as it came and cannot be edited.
    """

    id: str
    role: RegionRole
    label: int
    vessel: Vessel | None = None
    level: VesselLevel | None = None
    note: str = ""
    masks: Mapping[str, MaskState] = field(default_factory=dict)
    apart: Mapping[str, RegionMask] = field(default_factory=dict)

    def with_mask(self, key: str, state: MaskState | None) -> RegionEntry:
        """The entry with another outline on one acquisition; None takes it away."""
        kept = _without(self.masks, key)
        masks = kept if state is None else MappingProxyType({**kept, key: state})
        return replace(self, masks=masks, apart=_without(self.apart, key))

    def with_apart(self, key: str, mask: RegionMask) -> RegionEntry:
        """The entry with an outline that no label volume can hold."""
        entry = self.with_mask(key, MaskState.of(mask))
        return replace(entry, apart=MappingProxyType({**entry.apart, key: mask}))


@dataclass(frozen=True)
class ReadState:
    """Everything a reader said, apart from voxels."""

    regions: Mapping[str, RegionEntry] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    phase_labels: Mapping[str, Phase] = field(default_factory=dict)
    defects: Mapping[str, DefectStatement] = field(default_factory=dict)
    lesions: Mapping[str, LesionStatement] = field(default_factory=dict)
    complete: bool = False  # every filling defect and candidate lesion is outlined
    comparable_override: str = ""  # why phases of other kernel or slice thickness are compared

    def with_region(self, entry: RegionEntry) -> ReadState:
        """The state with a region added or replaced (its place in the order is kept)."""
        return replace(self, regions=MappingProxyType({**self.regions, entry.id: entry}))

    def without_region(self, region_id: str) -> ReadState:
        """The state without a region and all that was said of it."""
        return replace(
            self,
            regions=_without(self.regions, region_id),
            lines=tuple(line for line in self.lines if line.region_id != region_id),
            defects=_without(self.defects, region_id),
            lesions=_without(self.lesions, region_id),
        )

    def with_phase(self, key: str, phase: Phase | None) -> ReadState:
        """The state with the reader's word on a phase, or without it."""
        labels = {**_without(self.phase_labels, key), **({} if phase is None else {key: phase})}
        return replace(self, phase_labels=MappingProxyType(labels))

    def with_defect(self, region_id: str, said: Mapping[str, Any]) -> ReadState:
        """The state with more said of a filling defect."""
        new = replace(self.defects.get(self.region(region_id).id, DefectStatement()), **said)
        return replace(self, defects=MappingProxyType({**self.defects, region_id: new}))

    def with_lesion(self, region_id: str, said: Mapping[str, Any]) -> ReadState:
        """The state with more said of a lesion."""
        new = replace(self.lesions.get(self.region(region_id).id, LesionStatement()), **said)
        return replace(self, lesions=MappingProxyType({**self.lesions, region_id: new}))

    def region(self, region_id: str) -> RegionEntry:
        """The region of that id.

        Raises
        ------
        CaseError
            ``NO_REGION`` if there is none.
        """
        try:
            return self.regions[region_id]
        except KeyError:
            known = ", ".join(self.regions) or "no regions yet"
            raise CaseError("NO_REGION", f"no region {region_id!r}", expected=f"one of: {known}") from None

    def of_label(self, label: int) -> RegionEntry | None:
        """The region drawn with a label value."""
        return next((r for r in self.regions.values() if r.label == label), None)

    def free_label(self) -> int:
        """Smallest label value that no region uses.

        Raises
        ------
        CaseError
            ``TOO_MANY_REGIONS`` if all 255 are taken.
        """
        used = {r.label for r in self.regions.values()}
        free = next((n for n in range(1, MAX_LABEL + 1) if n not in used), None)
        if free is None:
            raise CaseError("TOO_MANY_REGIONS", f"{len(used)} regions", expected=f"at most {MAX_LABEL}")
        return free

    def free_id(self, role: RegionRole) -> str:
        """An id that says what the region is, such as ``filling_defect_2``."""
        n = 1
        while f"{role.value}_{n}" in self.regions:
            n += 1
        return f"{role.value}_{n}"


def _without(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return MappingProxyType({k: v for k, v in mapping.items() if k != key})


@dataclass(frozen=True)
class Step:
    """One thing the reader did.

    Attributes
    ----------
    title : str
        What it was, as an undo button would say it.
    before, after : ReadState
    edits : mapping
        Acquisition key -> what changed in its label volume.
    """

    title: str
    before: ReadState
    after: ReadState
    edits: Mapping[str, LabelEdit] = field(default_factory=dict)
