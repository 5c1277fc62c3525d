"""The elements of a DICOM data set, read strictly.

pydicom forgives: it reads on past a wrong length, an unknown VR or tags out of order, and a slice so
read can carry a wrong number. Here the first inconsistency ends the file. One pass notes where each
element lies; values are decoded only when asked for, which is also what makes scanning fast.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from imaging.dicom.failures import refusal
from imaging.dicom.tags import BINARY_NUMBERS, shown

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
#: Other names of pixel data: float, double, and the retired provider address.
FLOAT_PIXEL_DATA = (0x7FE00008, 0x7FE00009)

#: Deeper sequences than this are an attack or damage, not an image.
MAX_DEPTH = 12

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_BINARY = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d", b"SV": "q", b"UV": "Q"}
_DECIMAL = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(rb"[+-]?\d+")


class NeedMoreError(Exception):
    """The bytes at hand end inside the header; at least ``size`` bytes of the file are needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(size)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the elements of a data set are written."""

    little: bool
    explicit: bool

    @property
    def order(self) -> str:
        """Byte order character of ``struct`` and numpy."""
        return "<" if self.little else ">"


EXPLICIT_LITTLE = Encoding(little=True, explicit=True)
IMPLICIT_LITTLE = Encoding(little=True, explicit=False)
EXPLICIT_BIG = Encoding(little=False, explicit=True)

#: VR, offset and length of a value.
Span = tuple[bytes, int, int]
_Unpack = Callable[[bytes, int], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Elements:
    """One data set (or sequence item): where each value lies in ``data``.

    Attributes
    ----------
    data : bytes
    spans : dict
        Tag to (VR, offset, length); the VR is ``b""`` in implicit encoding.
    encoding : Encoding
    end : int
        Offset just past the last element that was walked.
    """

    data: bytes
    spans: dict[int, Span]
    encoding: Encoding
    end: int

    def __contains__(self, tag: int) -> bool:
        return tag in self.spans

    def raw(self, tag: int) -> bytes | None:
        """Bytes of a value as stored, None where absent."""
        span = self.spans.get(tag)
        if span is None:
            return None
        return self.data[span[1] : span[1] + span[2]]

    def ascii(self, tag: int) -> str | None:
        """Text of the default repertoire, trimmed; None where absent or empty."""
        raw = self.raw(tag)
        return (raw.strip(b" \0").decode("latin-1") or None) if raw else None

    def words(self, tag: int) -> tuple[str, ...]:
        """Backslash-separated text values, trimmed; empty where absent."""
        text = self.ascii(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def decimals(self, tag: int) -> tuple[float, ...] | None:
        """Numbers of a DS, IS, FD, FL, US or SS element; None where absent or empty.

        Raises
        ------
        DicomError
            ``BAD_NUMBER`` where the bytes are not numbers, such as a decimal comma.
        """
        span = self.spans.get(tag)
        if span is None or not span[2]:
            return None
        code = self._binary(tag, span[0])
        if code:
            return tuple(float(v) for v in self._unpack(tag, span, code))
        raw = self.data[span[1] : span[1] + span[2]].strip(b" \0")
        return tuple(_decimal(tag, part) for part in raw.split(b"\\")) if raw else None

    def decimal(self, tag: int) -> float | None:
        """First number of an element, None where absent or empty."""
        values = self.decimals(tag)
        return values[0] if values else None

    def integer(self, tag: int) -> int | None:
        """One integer of an IS, US, SS, UL or SL element, None where absent or empty."""
        span = self.spans.get(tag)
        if span is None or not span[2]:
            return None
        code = self._binary(tag, span[0])
        if code:
            return int(self._unpack(tag, span, code)[0])
        raw = self.data[span[1] : span[1] + span[2]].strip(b" \0")
        if not raw:
            return None
        if not _INTEGER.fullmatch(raw):
            raise refusal("BAD_NUMBER", f"{shown(tag)} is not an integer")
        return int(raw)

    def unsigned(self, tag: int) -> int | None:
        """A US value that may be written without its VR; None where absent."""
        span = self.spans.get(tag)
        if span is None or not span[2]:
            return None
        if span[2] != 2 or span[0] not in (b"US", b"SS", b"UN", b""):
            raise refusal("MALFORMED", f"{shown(tag)} is not a 16-bit number")
        return int(struct.unpack_from(self.encoding.order + "H", self.data, span[1])[0])

    @staticmethod
    def _binary(tag: int, vr: bytes) -> str | None:
        """How a binary number is packed, None where it is text.

        A damaged VR must not turn the text "1 " into the number 8241.
        """
        wanted = BINARY_NUMBERS.get(tag)
        if wanted is None and tag >> 16 & 1:
            return _BINARY.get(vr)
        allowed = (wanted,) if wanted else (b"DS", b"IS")
        if vr not in allowed and vr not in (b"", b"UN"):
            raise refusal("BAD_NUMBER", f"{shown(tag)} is written as {vr.decode('latin-1')}")
        return _BINARY[wanted] if wanted else None

    def _unpack(self, tag: int, span: Span, code: str) -> tuple[float, ...]:
        width = struct.calcsize("=" + code)
        if span[2] % width:
            raise refusal("BAD_NUMBER", f"{shown(tag)} has {span[2]} bytes")
        return struct.unpack_from(f"{self.encoding.order}{span[2] // width}{code}", self.data, span[1])

    def items(self, tag: int) -> tuple[Elements, ...]:
        """Items of a sequence; empty where absent.

        Raises
        ------
        DicomError
            ``MALFORMED`` or ``TRUNCATED``.
        """
        span = self.spans.get(tag)
        if span is None or not span[2]:
            return ()
        vr, start, length = span
        if vr not in (b"SQ", b"", b"UN"):
            raise refusal("MALFORMED", f"{shown(tag)} is not a sequence")
        encoding = IMPLICIT_LITTLE if vr == b"UN" else self.encoding
        try:
            return tuple(_items(self.data, start, start + length, encoding, 1))
        except NeedMoreError:  # the whole sequence is at hand: one of its items is cut short
            raise refusal("TRUNCATED", f"{shown(tag)} ends inside an element") from None

    def item(self, tag: int) -> Elements | None:
        """First item of a sequence, None where there is none."""
        items = self.items(tag)
        return items[0] if items else None

    def private(self, group: int, creator: str, element: int) -> int | None:
        """Tag of a private element found through its creator; None where the creator is absent."""
        for block in range(0x10, 0x100):
            if self.ascii(group << 16 | block) == creator:
                return group << 16 | block << 8 | element
        return None


def _decimal(tag: int, part: bytes) -> float:
    part = part.strip(b" \0")
    if not _DECIMAL.fullmatch(part) or math.isinf(float(part)):
        raise refusal("BAD_NUMBER", f"a value of {shown(tag)} is not a decimal number")
    return float(part)


def walk(
    data: bytes, start: int, end: int, encoding: Encoding, *, depth: int = 0, below: int = 1 << 32
) -> Elements:
    """Note every element of a data set from ``start``, up to its pixel data or ``end``.

    Parameters
    ----------
    data : bytes
        The file from its first byte on; may end before ``end``.
    start, end : int
        Offsets of the data set in the file. ``end`` may be ``UNDEFINED`` inside a sequence: the
        item then ends with its delimiter.
    encoding : Encoding
        How its elements are written.
    depth : int
        How many sequences this data set lies in.
    below : int
        The walk stops before the first tag that is not below this one.

    Raises
    ------
    NeedMoreError
        The header goes on past ``data``.
    DicomError
        ``MALFORMED`` or ``TRUNCATED``.
    """
    spans: dict[int, Span] = {}
    position, last = start, -1
    step = _explicit_head if encoding.explicit else _implicit_head
    read = struct.Struct(encoding.order + ("HH2sH" if encoding.explicit else "HHI")).unpack_from
    available = min(end, len(data))
    while position < end:
        if position + 8 > available:
            _short(position + 8, end, len(data))
        if below < 1 << 32 and int.from_bytes(data[position : position + 2], "little") << 16 >= below:
            break
        tag, vr, value, length = step(data, position, read, encoding)
        if tag == ITEM_END and end == UNDEFINED and length == 0:
            return Elements(data, spans, encoding, value)
        if tag <= last:
            raise refusal("MALFORMED", f"{shown(tag)} is out of order or repeated")
        last = tag
        if tag == PIXEL_DATA and not depth:
            spans[tag] = (vr, value, length)
            return Elements(data, spans, encoding, value)
        if length == UNDEFINED:
            after = _sequence_end(data, value, end, _inner(vr, encoding), depth + 1)
            length = after - value - 8
            position = after
        else:
            position = value + length
            if position > end:
                raise refusal("TRUNCATED", f"{shown(tag)} ends past its container")
        spans[tag] = (vr, value, length)
    if position > len(data):  # the last value, which pixels do not follow, goes on past what is at hand
        raise NeedMoreError(position)
    return Elements(data, spans, encoding, position)


def _inner(vr: bytes, encoding: Encoding) -> Encoding:
    if vr == b"UN":
        return IMPLICIT_LITTLE
    if vr not in (b"SQ", b""):
        raise refusal("MALFORMED", f"undefined length on a {vr!r} element")
    return encoding


def _short(wanted: int, end: int, at_hand: int) -> None:
    if wanted > end:
        raise refusal("TRUNCATED", "the data set ends inside an element")
    raise NeedMoreError(max(wanted, at_hand + 1))


def _explicit_head(
    data: bytes, position: int, read: _Unpack, encoding: Encoding
) -> tuple[int, bytes, int, int]:
    group, element, vr, length = read(data, position)
    tag = group << 16 | element
    if vr in _SHORT:
        return tag, vr, position + 8, length
    if vr in _LONG:
        if position + 12 > len(data):
            raise NeedMoreError(position + 12)
        return tag, vr, position + 12, struct.unpack_from(encoding.order + "I", data, position + 8)[0]
    if group == 0xFFFE:
        return tag, b"", position + 8, struct.unpack_from(encoding.order + "I", data, position + 4)[0]
    raise refusal("MALFORMED", f"({group:04X},{element:04X}) has no known value representation")


def _implicit_head(data: bytes, position: int, read: _Unpack, _: Encoding) -> tuple[int, bytes, int, int]:
    group, element, length = read(data, position)
    return group << 16 | element, b"", position + 8, length


def _items(data: bytes, start: int, end: int, encoding: Encoding, depth: int) -> Iterator[Elements]:
    """Items of a sequence that lies between two offsets (its delimiter, if any, left out)."""
    position = start
    while position < end:
        length = _item_length(data, position, end, encoding)
        inside = position + 8
        stop = UNDEFINED if length == UNDEFINED else inside + length
        if stop != UNDEFINED and stop > end:
            raise refusal("TRUNCATED", "a sequence item ends past its sequence")
        item = walk(data, inside, stop, encoding, depth=depth)
        yield item
        position = item.end
        if position > end:
            raise refusal("TRUNCATED", "a sequence item ends past its sequence")


def _item_length(data: bytes, position: int, end: int, encoding: Encoding) -> int:
    if position + 8 > end or position + 8 > len(data):
        _short(position + 8, end, len(data))
    group, element, length = struct.unpack_from(encoding.order + "HHI", data, position)
    if group << 16 | element != ITEM:
        raise refusal("MALFORMED", f"({group:04X},{element:04X}) where a sequence item must start")
    return int(length)


def _sequence_end(data: bytes, start: int, end: int, encoding: Encoding, depth: int) -> int:
    """Offset just past the delimiter of a sequence of undefined length."""
    if depth > MAX_DEPTH:
        raise refusal("MALFORMED", f"sequences nest deeper than {MAX_DEPTH}")
    position = start
    while True:
        if position + 8 > end or position + 8 > len(data):
            _short(position + 8, end, len(data))
        group, element, length = struct.unpack_from(encoding.order + "HHI", data, position)
        tag = group << 16 | element
        if tag == SEQUENCE_END and length == 0:
            return position + 8
        if tag != ITEM:
            raise refusal("MALFORMED", f"({group:04X},{element:04X}) where a sequence item must start")
        if length == UNDEFINED:
            position = walk(data, position + 8, UNDEFINED, encoding, depth=depth).end
        else:
            position += 8 + length
