"""Morphology with a disk, slice by slice, as a few shifts of the whole stack.

A disk is a pile of runs, one per row; growing by it is growing along the row, by one point at a time, and
shifting what has the width of a row to that row's place. A disk of hundreds of points takes its diameter in
steps. What lies beyond the array neither grows into it nor eats of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from imaging.boxes import box_around

Mask = NDArray[np.bool_]

#: A radius reaches a point that is farther by no more than rounding. [share of a point's distance]
_ROUNDING = 1e-6


def dilated(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """The points of (slices, rows, columns) within ``radius_mm`` of the mask's in the same slice.

    Parameters
    ----------
    mask : (slices, rows, columns) array of bool
        What is grown.
    radius_mm : float
        Of the disk, its border included. [mm]
    spacing_mm : float
        Between rows and between columns. [mm]
    """
    widths = _half_widths(radius_mm / spacing_mm)
    return within(mask, len(widths) - 1, lambda part: _grown(part, widths))


def eroded(mask: Mask, by_mm: float, spacing_mm: float) -> Mask:
    """The points of the mask from which all else of the same slice is farther than ``by_mm``."""
    widths = _half_widths(by_mm / spacing_mm)
    return within(mask, 1, lambda part: ~_grown(~part, widths))


def closed(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """The mask with every gap filled that the disk cannot enter; the surroundings count as empty."""
    widths = _half_widths(radius_mm / spacing_mm)
    reach = len(widths)

    def act(part: Mask) -> Mask:
        wide = _grown(np.pad(part, ((0, 0), (reach, reach), (reach, reach))), widths)
        return ~_grown(~wide, widths)[:, reach:-reach, reach:-reach]

    return within(mask, reach, act)


def within(mask: Mask, margin: int, act: Callable[[Mask], Mask]) -> Mask:
    """What ``act`` makes of the mask where it changes nothing farther from it than ``margin`` points."""
    out = np.zeros_like(mask)
    box = box_around(mask, margin)
    if box is not None:
        out[box] = act(mask[box])
    return out


def _half_widths(radius: float) -> list[int]:
    """Of each row of a disk, from its middle to its last: how many points lie beside its middle one."""
    radius += _ROUNDING
    return [int(np.sqrt(radius**2 - row**2)) for row in range(int(radius) + 1)]


def _grown(mask: Mask, half_widths: list[int]) -> Mask:
    out, run, width = np.zeros_like(mask), mask.copy(), 0
    for row in range(len(half_widths) - 1, -1, -1):
        while width < half_widths[row]:
            before = run.copy()
            run[..., 1:] |= before[..., :-1]
            run[..., :-1] |= before[..., 1:]
            width += 1
        if row < mask.shape[1]:
            out[:, row:] |= run[:, : mask.shape[1] - row]
            out[:, : mask.shape[1] - row] |= run[:, row:]
    return out
