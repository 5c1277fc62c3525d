"""Voxelwise enhancement, washout and lesion-to-liver maps over phases that lie on one grid.

Maps are for looking, not for verdicts: a single voxel is noise, and a map of phases that are not aligned
is a map of breathing. A voxel is invalid (NaN) where any phase is padding, and where a ratio has no
denominator. The work is done in blocks of rows that stay in the cache; no full-size temporary is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from imaging.errors import MeasurementError
from imaging.volume import Volume

FloatMap = NDArray[np.float32]
Values = NDArray[np.int16] | NDArray[np.float32]

#: Rows of one block: small enough for the cache, large enough that Python's share is small.
BLOCK_ROWS = 256
#: Ratios of liver to a voxel are not formed at or below this value on CT, [HU]
MINIMUM_DENOMINATOR_HU = 20.0
#: nor at or below this share of liver on MR, whose values have no scale: fat and air. [fraction]
MINIMUM_SHARE_OF_LIVER = 0.05


def enhancement_map(unenhanced: Volume, arterial: Volume) -> FloatMap:
    """Arterial minus unenhanced on CT [HU]; on MR in percent of the unenhanced value [%].

    Parameters
    ----------
    unenhanced, arterial : Volume
        On one grid.

    Returns
    -------
    (slices, rows, columns) array, NaN where invalid
    """
    if unenhanced.unit == "HU":
        return _blockwise(_subtract, (arterial, unenhanced))
    return percent_enhancement(unenhanced, arterial)


def percent_enhancement(before: Volume, after: Volume, minimum: float = 0.0) -> FloatMap:
    """``100 * (after - before) / before``; invalid where ``before`` is at or below ``minimum``. [%]"""

    def percent(out: FloatMap, after: Values, before: Values) -> None:
        base = before.astype(np.float32)
        _subtract(out, after, base)
        base[base <= minimum] = np.nan
        out /= base
        out *= 100

    return _blockwise(percent, (after, before))


def signal_enhancement_ratio(before: Volume, early: Volume, late: Volume) -> FloatMap:
    """``(early - before) / (late - before)``: above 1 where signal is lost again.

    Invalid where the late phase is no brighter than the unenhanced one.
    """

    def ratio(out: FloatMap, before: Values, early: Values, late: Values) -> None:
        base = before.astype(np.float32)
        _subtract(out, early, base)
        gain = np.subtract(late, base)
        gain[gain <= 0] = np.nan
        out /= gain

    return _blockwise(ratio, (before, early, late))


def washout_map(arterial: Volume, late: Volume) -> FloatMap:
    """Arterial minus late phase: what was lost since the arterial phase, on CT. [HU]

    Raises
    ------
    MeasurementError
        ``MR_HAS_NO_UNIT`` on MR: two MR phases are not subtracted; use ``signal_enhancement_ratio``.
    """
    if arterial.unit != "HU":
        raise MeasurementError(
            "MR_HAS_NO_UNIT", "two MR phases cannot be subtracted", advice="Use signal_enhancement_ratio."
        )
    return _blockwise(_subtract, (arterial, late))


def liver_ratio_map(volume: Volume, liver_mean: float) -> FloatMap:
    """``100 * liver / voxel``, the voxelwise PAR or PSR of one phase; above 100 is darker than liver. [%]

    Parameters
    ----------
    volume : Volume
        Any late phase.
    liver_mean : float
        Mean of the reference liver in the same phase. [HU or MR units]
    """
    least = MINIMUM_DENOMINATOR_HU if volume.unit == "HU" else MINIMUM_SHARE_OF_LIVER * liver_mean

    def ratio(out: FloatMap, values: Values) -> None:
        base = values.astype(np.float32)
        base[base <= max(least, 0.0)] = np.nan
        np.divide(np.float32(100 * liver_mean), base, out=out)

    return _blockwise(ratio, (volume,))


def invalidate(values: FloatMap, error_mm: FloatMap, limit_mm: float) -> FloatMap:
    """The map with NaN where the registration error is above the limit; a new array."""
    return np.where(error_mm > limit_mm, np.float32(np.nan), values)


def _subtract(out: FloatMap, a: Values, b: Values) -> None:
    """``a - b`` in float32: cast first, as a subtraction that casts on its way takes twice as long."""
    np.copyto(out, a)
    out -= b.astype(np.float32, copy=False)


def _blockwise(formula: Callable[..., None], volumes: tuple[Volume, ...]) -> FloatMap:
    """Apply a formula block by block; invalid wherever one of the volumes is."""
    first = volumes[0]
    for other in volumes[1:]:
        if not other.geometry.same_grid(first.geometry):
            raise MeasurementError(
                "GRID_MISMATCH",
                f"phases on {first.geometry!r} and {other.geometry!r}",
                expected="one grid",
                advice="Resample the moving phase for display first.",
            )
    out = np.empty(first.voxels.shape, dtype=np.float32)
    width = first.geometry.shape[2]
    flat = out.reshape(-1, width)
    values = [v.voxels.reshape(-1, width) for v in volumes]
    masks = [v.valid.reshape(-1, width) for v in volumes if v.valid is not None]
    with np.errstate(divide="ignore", invalid="ignore"):
        for rows in _blocks(len(flat)):
            formula(flat[rows], *(v[rows] for v in values))
            for mask in masks:
                _spoil(flat[rows], mask[rows])
    return out


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, BLOCK_ROWS):
        yield slice(start, min(start + BLOCK_ROWS, count))


def _spoil(block: FloatMap, valid: NDArray[np.bool_]) -> None:
    """NaN where not valid: OR-ing all bits is four times faster than masked assignment."""
    bits = block.view(np.int32)
    np.bitwise_or(bits, valid.view(np.int8) - np.int8(1), out=bits)
