"""What must be said of a reader's line: it outranks the outline, so nobody measures it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from imaging.findings.diameters import Diameters
from imaging.phases.phase import PhaseDecision
from imaging.regions.region import RegionMask
from workup.case.case import Line

#: An end this far outside of the outline is beside the lesion: more than a redrawn margin moves it. [mm]
OUTSIDE_MM = 5.0
#: A line and the outline's diameter that differ by more than this are not of one lesion's margin. Readers
#: differ by about 10 % (clinical specification, B.5). [share of the outline's diameter]
DIFFERENT_SHARE = 0.25


def line_cautions(
    lines: Iterable[Line], mask: RegionMask | None, found: Diameters | None, long_axis_mm: float | None
) -> tuple[str, ...]:
    """Where the lines of one lesion on one acquisition and its outline there do not fit each other.

    Parameters
    ----------
    lines : iterable of Line
        Those that gave the axes.
    mask : RegionMask or None
        The lesion's outline on the same acquisition.
    found : Diameters or None
        What that outline measures.
    long_axis_mm : float or None
        What the lines measure. [mm]
    """
    if mask is None:
        return ()
    cautions = []
    far = max((_outside_mm(end, mask) for line in lines for end in line.ends_lps_mm), default=0.0)
    if far > OUTSIDE_MM:
        cautions.append(f"an end of the reader's line lies {far:.1f} mm outside of the outline")
    outlined = found.long_axis_mm if found is not None else None
    if long_axis_mm is not None and outlined and abs(long_axis_mm - outlined) > DIFFERENT_SHARE * outlined:
        cautions.append(
            f"the reader's line is {long_axis_mm:.1f} mm long, the outline {outlined:.1f} mm: "
            f"more than {DIFFERENT_SHARE:.0%} apart"
        )
    return tuple(cautions)


def other_lines_caution(
    lines: Iterable[Line], used_key: str | None, decisions: Mapping[str, PhaseDecision]
) -> tuple[str, ...]:
    """That lines on other acquisitions were not used, and why."""
    unused: dict[str, float] = {}
    for line in (x for x in lines if x.acquisition_key != used_key):
        a, b = (np.array(end) for end in line.ends_lps_mm)
        longest = max(float(np.linalg.norm(a - b)), unused.get(line.acquisition_key, 0.0))
        unused[line.acquisition_key] = longest
    if not unused or used_key is None:
        return ()
    others = ", ".join(f"{_phase(key, decisions)} ({mm:.1f} mm)" for key, mm in unused.items())
    return (
        f"lines lie on several acquisitions; the one on the {_phase(used_key, decisions)} phase counts, "
        f"where margins are clearest; not used: {others}",
    )


def _phase(key: str, decisions: Mapping[str, PhaseDecision]) -> str:
    return decisions[key].phase.replace("_", " ") if key in decisions else "unnamed"


def _outside_mm(end: tuple[float, float, float], mask: RegionMask) -> float:
    """Distance from a point to the nearest voxel of a mask; 0 inside. [mm]"""
    geometry = mask.geometry
    voxels = np.argwhere(mask.voxels) + np.array(mask.offset)
    steps = np.maximum(np.abs(voxels - geometry.index(np.array(end))) - 0.5, 0.0)
    return float(np.linalg.norm(steps * np.array(geometry.spacing_mm), axis=1).min())
