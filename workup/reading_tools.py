"""What a reader does with one gesture: carry over, nudge, grow, scribble, interpolate, snap.

Each is one step on the reading's undo stack. The methods are those of ``imaging``; here they only meet
the region and acquisition in hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.findings.diameters import measure_mask
from imaging.regions.placement import place_mask
from imaging.regions.region import Provenance, RegionMask
from workup.case.case import Case, Line
from workup.reading import Reading

Point = NDArray[np.float64]


def _mask(reading: Reading, region_id: str, key: str) -> RegionMask:
    mask = reading.mask(region_id, key)
    if mask is None:
        raise RegionError(
            "NOTHING_DRAWN", f"{region_id} is not outlined on this phase", advice="Outline it there first"
        )
    return mask


def propagate(reading: Reading, region_id: str, key: str) -> tuple[str, ...]:
    """Carry an outline to every acquisition of the same frame of reference that has none yet.

    The mask moves, never the image; what arrives is unverified until the reader confirms it.

    Returns
    -------
    tuple of str
        Acquisitions that got an outline.

    Raises
    ------
    RegionError
        ``NOTHING_DRAWN``; ``NOWHERE_TO_CARRY`` if every other acquisition has one, or none shares the
        frame of reference.
    """
    source, frame = _mask(reading, region_id, key), reading.study[key].header.frame_of_reference_uid
    moved = {}
    for acquisition in reading.study:
        same = frame is not None and acquisition.header.frame_of_reference_uid == frame
        if not same or acquisition.key == key or reading.mask(region_id, acquisition.key) is not None:
            continue
        placed = place_mask(source, acquisition.volume.geometry)
        if placed is not None:
            moved[acquisition.key] = placed
    if not moved:
        raise RegionError(
            "NOWHERE_TO_CARRY",
            f"{region_id} cannot be carried over: no other phase of this frame of reference lacks it",
            advice="Erase it on a phase to carry it there again",
        )
    reading.outline(region_id, moved, f"carry {region_id} over")
    return tuple(moved)


def nudge(reading: Reading, region_id: str, key: str, voxels: tuple[int, int, int]) -> None:
    """Move an outline by whole voxels (slices, rows, columns) on one acquisition.

    Raises
    ------
    RegionError
        ``NOTHING_DRAWN``, or ``OUT_OF_VOLUME`` if it would leave the images.
    """
    mask = _mask(reading, region_id, key)
    offset = tuple(o + d for o, d in zip(mask.offset, voxels, strict=True))
    ends = zip(offset, mask.voxels.shape, mask.geometry.shape, strict=True)
    if any(start < 0 or start + size > whole for start, size, whole in ends):
        raise RegionError(
            "OUT_OF_VOLUME", f"{region_id} would leave the images", advice="Nudge the other way"
        )
    moved = replace(mask, offset=(offset[0], offset[1], offset[2]))
    reading.outline(region_id, {key: moved}, f"nudge {region_id}")


def snap_lines(reading: Reading, region_id: str, key: str) -> tuple[Line, Line]:
    """Long and short axis of the outline on one acquisition, as caliper lines that can be moved.

    Raises
    ------
    RegionError, MeasurementError
        If nothing is drawn or the outline cannot be measured.
    """
    found = measure_mask(_mask(reading, region_id, key))
    lines = (
        Line(region_id, key, "long", _ends(found.long_ends_lps_mm)),
        Line(region_id, key, "short", _ends(found.short_ends_lps_mm)),
    )
    reading.set_lines(region_id, lines, f"measure {region_id} from its outline")
    return lines


def _ends(
    ends: Sequence[Sequence[float]],
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (a, b, c), (d, e, f) = (tuple(float(x) for x in end) for end in ends)
    return (a, b, c), (d, e, f)


def copy_regions(reading: Reading, earlier: Case, to_key: str) -> tuple[str, ...]:
    """Take the regions of an earlier study as a starting point: same patient position, unverified.

    Ids of the new regions. The positions of two studies do not compare exactly, so that each outline
    must be nudged and confirmed.
    """
    made = []
    for region in earlier.regions:
        mask = next(iter(region.masks.values()), None)
        placed = None if mask is None else place_mask(mask, reading.study[to_key].volume.geometry)
        id_ = reading.add_region(
            region.role, vessel=region.vessel, level=region.level, note=f"from an earlier study: {region.id}"
        )
        if placed is not None:
            placed = replace(placed, provenance=Provenance.SUGGESTED, verified=False)
            reading.outline(id_, {to_key: placed}, f"copy {region.id}")
        made.append(id_)
    return tuple(made)
