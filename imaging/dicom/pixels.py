"""Stored pixel values: how they lie in a frame, and what they mean.

The order matters. Padding is recognized on stored values, before any rescale; bits beyond
BitsStored (old overlays) are removed before the sign is read; only then come Hounsfield units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.dicom import tags
from imaging.dicom.failures import refusal
from imaging.dicom.frames import Frame

#: CT values below this are neither tissue nor air (-1024) but the scanner's filling outside its
#: reconstruction circle (-2000, -2048, -3024 on GE and Siemens), declared as padding or not. [HU]
OUTSIDE_RECONSTRUCTION_HU = -1500.0

INT16 = np.iinfo(np.int16)


class DoesNotFitInt16Error(Exception):
    """A slice's values need more than int16; the stack is then made as float32."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Layout of the pixels of one stack.

    Attributes
    ----------
    rows, columns : int
    allocated, stored : int
        Bits of a pixel, and those of them that carry the value.
    signed : bool
    padding : (low, high) or None
        Stored values that mean "no pixel here".
    """

    rows: int
    columns: int
    allocated: int
    stored: int
    signed: bool
    padding: tuple[int, int] | None

    @property
    def frame_bytes(self) -> int:
        """Size of one uncompressed frame. [bytes]"""
        return self.rows * self.columns * self.allocated // 8

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native integer type of a stored pixel."""
        return np.dtype(f"{'i' if self.signed else 'u'}{self.allocated // 8}")


def pixel_format(frame: Frame) -> PixelFormat:
    """Layout of a frame's pixels.

    Raises
    ------
    DicomError
        ``BAD_BITS`` or ``NOT_GRAYSCALE``.
    """
    top = frame.image.elements
    photometric = top.ascii(tags.PHOTOMETRIC)
    samples = top.unsigned(tags.SAMPLES_PER_PIXEL)
    if samples not in (1, None) or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise refusal(
            "NOT_GRAYSCALE", f"{photometric}, {samples} samples per pixel", files=[frame.image.name]
        )
    wanted = (
        tags.ROWS,
        tags.COLUMNS,
        tags.BITS_ALLOCATED,
        tags.BITS_STORED,
        tags.HIGH_BIT,
        tags.PIXEL_REPRESENTATION,
    )
    values = [top.unsigned(tag) for tag in wanted]
    rows, columns, allocated, stored, high, representation = (v or 0 for v in values)
    if None in values or not rows or not columns:
        missing = [tags.shown(t) for t, v in zip(wanted, values, strict=True) if v is None]
        raise refusal("BAD_BITS", f"missing or zero: {', '.join(missing)}", files=[frame.image.name])
    if (
        allocated not in (8, 16)
        or not 0 < stored <= allocated
        or high != stored - 1
        or representation not in (0, 1)
    ):
        found = f"{allocated} allocated, {stored} stored, high bit {high}, representation {representation}"
        raise refusal(
            "BAD_BITS", found, expected="8 or 16 allocated, high bit = stored - 1", files=[frame.image.name]
        )
    signed = representation == 1
    return PixelFormat(rows, columns, allocated, stored, signed, _padding(frame, signed, stored))


def _padding(frame: Frame, signed: bool, stored: int) -> tuple[int, int] | None:
    values = [frame.of(tag).unsigned(tag) for tag in (tags.PADDING_VALUE, tags.PADDING_LIMIT)]
    if values[0] is None:
        return None
    both = [v for v in values if v is not None]
    if signed:
        both = [v - 0x10000 if v >= 0x8000 else v for v in both]
        both = [_sign_extended(v, stored) for v in both]
    return min(both), max(both)


def _sign_extended(value: int, stored: int) -> int:
    value &= (1 << stored) - 1
    return value - (1 << stored) if value >> (stored - 1) else value


@dataclass(frozen=True, slots=True)
class Rescale:
    """Stored value to output value: ``stored * slope + intercept``."""

    slope: float
    intercept: float

    @property
    def keeps_integers(self) -> bool:
        """Whether integers stay integers."""
        return self.slope == 1.0 and float(self.intercept).is_integer() and abs(self.intercept) < 30_000


def fill(
    out: NDArray[Any], stored: NDArray[Any], layout: PixelFormat, rescale: Rescale, floor: float | None
) -> NDArray[np.bool_] | None:
    """Turn stored values of one slice into output values; where they are not valid.

    Parameters
    ----------
    out : (rows, columns) array, int16 or float32
        Written to. May share memory with ``stored`` where both are 16 bits wide.
    stored : (rows, columns) integer array, native byte order
        As read from the file; changed in place.
    layout : PixelFormat
        How pixels are stored.
    rescale : Rescale
        What they mean.
    floor : float or None
        Output values below it are outside the reconstruction.

    Returns
    -------
    (rows, columns) array of bool or None
        True where *not* valid; None where all are.

    Raises
    ------
    DoesNotFitInt16Error
    """
    invalid = _padded(stored, layout)
    _trim_bits(stored, layout)
    low, high = int(stored.min()), int(stored.max())
    if invalid is None:
        invalid = _padded(stored, layout, (low, high))
    if out.dtype == np.int16:
        if low + rescale.intercept < INT16.min or high + rescale.intercept > INT16.max:
            raise DoesNotFitInt16Error
        _add_int16(out, stored, int(rescale.intercept))
    else:
        np.multiply(stored, np.float32(rescale.slope), out=out, dtype=np.float32, casting="unsafe")
        out += np.float32(rescale.intercept)
    if floor is not None and low * rescale.slope + rescale.intercept < floor:
        outside = out < floor
        invalid = outside if invalid is None else invalid | outside
    return invalid


def _add_int16(out: NDArray[np.int16], stored: NDArray[Any], intercept: int) -> None:
    if stored.dtype.itemsize == 2:
        np.add(stored.view(np.int16), np.int16(intercept), out=out)
    else:
        np.add(stored, np.int16(intercept), out=out, dtype=np.int16)


def _padded(
    stored: NDArray[Any], layout: PixelFormat, extent: tuple[int, int] | None = None
) -> NDArray[np.bool_] | None:
    """Where stored values are padding; None where none is."""
    if layout.padding is None:
        return None
    low, high = layout.padding
    if extent is None:
        # Padding above BitsStored exists only before the excess bits are removed.
        if layout.signed or high < 1 << layout.stored or high >= 1 << layout.allocated:
            return None
    elif extent[1] < low or extent[0] > high:
        return None
    found = stored == low if low == high else (stored >= low) & (stored <= high)
    return np.asarray(found) if found.any() else None


def _trim_bits(stored: NDArray[Any], layout: PixelFormat) -> None:
    spare = layout.allocated - layout.stored
    if not spare:
        return
    if layout.signed:
        np.left_shift(stored, spare, out=stored)
        np.right_shift(stored, spare, out=stored)
    else:
        np.bitwise_and(stored, (1 << layout.stored) - 1, out=stored)
