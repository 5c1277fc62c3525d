"""What one save keeps: everything a reader did, without the images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imaging.phases.phase import Phase
from imaging.regions.region import Region
from imaging.volume import Study
from workup.case.case import Case, DefectStatement, LesionStatement, Line


@dataclass(frozen=True, eq=False)
class CaseState:
    """A reader's work at one moment; the fields are those of ``Case``.

    Attributes
    ----------
    notes : mapping
        Whatever a viewer wants back on the next opening (window, slice, layout); JSON values only. They
        are kept apart from versions (``CaseStore.keep_view``): a read is what was said, not how it looked.
    """

    regions: tuple[Region, ...] = ()
    phase_labels: Mapping[str, Phase] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    defects: Mapping[str, DefectStatement] = field(default_factory=dict)
    lesions: Mapping[str, LesionStatement] = field(default_factory=dict)
    reader: str | None = None
    record: Mapping[str, Any] | None = None
    complete: bool = False
    comparable_override: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_reading(self) -> bool:
        """Whether somebody said something of the images; a patient record alone is nobody's reading."""
        said = (self.regions, self.phase_labels, self.lines, self.defects, self.lesions)
        return any(said) or self.complete or bool(self.comparable_override)


def state_of(case: Case, reader: str | None = None) -> CaseState:
    """What a save keeps of a case; ``reader`` outranks the case's own."""
    return CaseState(
        regions=tuple(case.regions),
        phase_labels=dict(case.phase_labels),
        lines=tuple(case.lines),
        defects=dict(case.defects),
        lesions=dict(case.lesions),
        reader=reader or case.reader,
        record=case.record,
        complete=case.complete,
        comparable_override=case.comparable_override,
    )


def case_of(state: CaseState, study: Study, case_id: str) -> Case:
    """The case that ``assess`` takes: a saved state on its images."""
    return Case(
        study=study,
        regions=state.regions,
        phase_labels=state.phase_labels,
        lines=state.lines,
        defects=state.defects,
        lesions=state.lesions,
        reader=state.reader,
        record=state.record,
        case_id=case_id,
        complete=state.complete,
        comparable_override=state.comparable_override,
    )
