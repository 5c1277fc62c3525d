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
from imaging.phases.phase import Role
from imaging.regions.growing import grow_from_click, interpolate_slices, split_by_scribbles
from imaging.regions.placement import place_mask
from imaging.regions.region import RegionMask, RegionRole
from imaging.regions.suggestions import suggest_reference_liver
from imaging.volume import Volume
from workup.case.case import Line
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


def grow(reading: Reading, region_id: str, key: str, at_lps_mm: Point) -> str:
    """Add what behaves like the clicked tissue over all phases; a word on the result.

    The outline is suggested and unverified; voxels that the region had on this acquisition stay.

    Raises
    ------
    RegionError
        If nothing grows there.
    """
    frame = reading.study[key].header.frame_of_reference_uid
    together = [key]
    for acquisition in reading.study:
        decision = reading.decisions.get(acquisition.key)
        is_image = decision is None or decision.role is Role.IMAGE
        same = frame is not None and acquisition.header.frame_of_reference_uid == frame
        if acquisition.key != key and is_image and same:
            together.append(acquisition.key)
    grown = grow_from_click([reading.study[k].volume for k in together], at_lps_mm)
    mask = _with_drawn(grown.mask, reading.mask(region_id, key))
    reading.outline(region_id, {key: mask}, f"grow {region_id}")
    word = f"Grown over {len(together)} phases: look, correct, confirm with Enter."
    return "Growth reached its limit: it has probably leaked. " + word if grown.leaked else word


def _with_drawn(new: RegionMask, drawn: RegionMask | None) -> RegionMask:
    if drawn is None:
        return new
    low = np.minimum(new.offset, drawn.offset)
    high = np.maximum(*(np.add(m.offset, m.voxels.shape) for m in (new, drawn)))
    box = np.zeros(tuple(high - low), dtype=bool)
    for mask in (new, drawn):
        at = tuple(slice(s.start - a, s.stop - a) for s, a in zip(mask.slices, low, strict=True))
        box[at] |= mask.voxels
    offset = (int(low[0]), int(low[1]), int(low[2]))
    return RegionMask.from_box(box, offset, new.geometry, new.provenance, verified=False)


def scribble(
    reading: Reading, region_id: str, key: str, strokes: Sequence[tuple[NDArray[np.float64], bool]]
) -> None:
    """Outline a region between strokes inside and outside of it (watershed), on one acquisition.

    ``strokes`` are patient positions (n, 3) with whether they lie inside. [mm]

    Raises
    ------
    RegionError
        ``ONE_SIDED`` without strokes on both sides.
    """
    volume = reading.study[key].volume
    sides = [_stroked([path for path, side in strokes if side is inside], volume) for inside in (True, False)]
    inside, outside = sides
    if inside is None or outside is None:
        raise RegionError("ONE_SIDED", "strokes on one side only", expected="some inside and some outside")
    reading.outline(region_id, {key: split_by_scribbles(volume, inside, outside)}, f"scribble {region_id}")


def _stroked(paths: Sequence[NDArray[np.float64]], volume: Volume) -> RegionMask | None:
    """Voxels that strokes run over."""
    grid, mask = volume.geometry, np.zeros(volume.geometry.shape, dtype=bool)
    for path in paths:
        index = grid.index(path)
        for start, end in zip(index, index[1:] if len(index) > 1 else index, strict=False):
            steps = int(np.ceil(np.abs(end - start).max())) + 1
            points = np.rint(np.linspace(start, end, steps + 1)).astype(int)
            i, j, k = points[((points >= 0) & (points < grid.shape)).all(axis=1)].T
            mask[i, j, k] = True
    return RegionMask.from_full(mask, grid) if mask.any() else None


def interpolate(reading: Reading, region_id: str, key: str) -> None:
    """Fill the slices between drawn ones on one acquisition; suggested and unverified.

    Raises
    ------
    RegionError
        ``NOTHING_DRAWN``.
    """
    filled = interpolate_slices(_mask(reading, region_id, key))
    reading.outline(region_id, {key: filled}, f"interpolate {region_id}")


def suggest_liver(reading: Reading, key: str) -> str:
    """Add a reference liver beside the region in hand, on one acquisition; its id. Unverified.

    Raises
    ------
    RegionError
        ``NO_EVEN_LIVER`` if no even disk of liver is found on that level.
    """
    near = None if reading.active is None else reading.mask(reading.active, key)
    if near is None:
        raise RegionError("NOTHING_DRAWN", "no lesion on this phase", advice="Outline the lesion here first")
    masks = [reading.mask(id_, key) for id_ in reading.state.regions]
    middle = near.positions_mm().mean(axis=0)
    found = suggest_reference_liver(reading.study[key].volume, middle, [m for m in masks if m is not None])
    if found is None:
        raise RegionError("NO_EVEN_LIVER", "no even disk of liver on this level", advice="Draw it by hand")
    id_ = reading.add_region(RegionRole.REFERENCE_LIVER)
    reading.outline(id_, {key: found}, "suggest reference liver")
    return id_
