"""Whether a region's masks of two phases can lie on the same tissue at all.

Between breath-holds the liver moves by up to 30 mm. A mask that lies further from the other phase's was
mirrored, or drawn on something else, and the difference of their values is no enhancement.
"""

from __future__ import annotations

import numpy as np

from imaging.findings.alignment import SEARCH_MM
from imaging.findings.finding import Reason
from imaging.findings.printed_numbers import EPSILON_MM, shown, side
from imaging.regions.placement import contains
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition


def apart_mm(a: RegionMask, b: RegionMask) -> float:
    """From the middle of either mask to the nearest voxel of the other, the shorter way. [mm]

    A region of interest inside of the other phase's whole outline is 0 apart, wherever in it.
    """
    one_way = _from_middle_mm(a, b)
    return one_way if one_way == 0 else min(one_way, _from_middle_mm(b, a))


def _from_middle_mm(a: RegionMask, b: RegionMask) -> float:
    """From the middle of one mask to the nearest voxel of another, 0 inside of it. [mm]"""
    counts = [a.voxels.sum(axis=tuple({0, 1, 2} - {axis})) for axis in range(3)]
    index = [np.average(np.arange(len(n)), weights=n) for n in counts]
    middle = a.geometry.patient_mm(np.add(index, a.offset))
    if contains(b, middle[None]).all():
        return 0.0
    return float(np.linalg.norm(b.positions_mm() - middle, axis=1).min())


def elsewhere(
    name: str, a: RegionMask | None, b: RegionMask | None, of_a: Acquisition, of_b: Acquisition
) -> tuple[Reason, ...]:
    """That a region lies further apart on two acquisitions of one frame than breathing explains."""
    frame = of_a.header.frame_of_reference_uid
    if a is None or b is None or frame is None or frame != of_b.header.frame_of_reference_uid:
        return ()
    apart = apart_mm(a, b)
    if side(apart, SEARCH_MM, EPSILON_MM) <= 0:
        return ()
    said = f"{name} lies {shown(apart, SEARCH_MM, epsilon=EPSILON_MM)} mm apart in the two phases"
    text = f"{said}, more than the {SEARCH_MM:g} mm that a liver breathes: is one mask mirrored or misplaced?"
    return (Reason("REGION_ELSEWHERE", text),)
