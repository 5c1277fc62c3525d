"""What was taken over from another system's file, and what was not."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.regions.region import Region
from workup.case.case import Line


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the file that is not in the result, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A caliper line, the number its report states, and where it is.

    Attributes
    ----------
    stated_mm : float
        As the report says; the line itself is as long within ``LENGTH_TOLERANCE_MM``. [mm]
    """

    line: Line
    stated_mm: float
    slice_index: int


@dataclass(frozen=True, eq=False)
class Imported:
    """Regions and lines of one file."""

    kind: str
    regions: tuple[Region, ...]
    lines: tuple[ImportedLine, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
