"""Whether a region's masks of two phases can lie on the same tissue at all.

Between breath-holds the liver moves by up to 30 mm. A mask that lies further from the other phase's was
mirrored, or drawn on something else, and the difference of their values is no enhancement. A mask that is
many times as large holds other parts of the region, which is said and left to the reader.
"""

from __future__ import annotations

import numpy as np

from imaging.findings.alignment import SEARCH_MM
from imaging.findings.finding import Reason
from imaging.findings.printed_numbers import EPSILON_MM, shown, side
from imaging.regions.placement import contains
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition

#: Two readers' diameters of one lesion differ by -22 to +25 % (Yoon 2016, Eur J Cancer 53:5); 1.25 / 0.78,
#: cubed, is the ratio of volumes that readers alone explain.
MOST_TIMES_AS_LARGE = 4.0


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


def unlike_size(name: str, a: RegionMask | None, b: RegionMask | None) -> tuple[Reason, ...]:
    """That one mask holds many times the volume of the other: they show different parts of the region."""
    if a is None or b is None:
        return ()
    ml = sorted(mask.count * mask.geometry.voxel_volume_mm3 / 1000 for mask in (a, b))
    if side(ml[1] / ml[0], MOST_TIMES_AS_LARGE) <= 0:
        return ()
    said = f"{name} holds {ml[0]:.2g} mL in one and {ml[1]:.2g} mL in the other phase"
    text = f"{said}: is it the same part of it?"
    return (Reason("REGION_SIZE_DIFFERS", text),)
