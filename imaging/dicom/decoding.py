"""Compressed pixels to stored values.

Every codec here is permissively licensed, and the fastest of those that are right. Decoders believe what
they are given: the size of the picture inside a code stream is compared with the header before any is
given memory, and the picture must be there to its last byte, since most decoders invent what is missing.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.elements import EXPLICIT_LITTLE, ITEM, SEQUENCE_END, Encoding, NeedMoreError, walk
from imaging.dicom.failures import refusal
from imaging.dicom.frames import NATIVE
from imaging.dicom.pixels import PixelFormat
from imaging.errors import DicomError

RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEG_LS, JPEG_LS_NEAR = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS, J2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS, HTJ2K_RPCL, HTJ2K = (
    "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203",
)  # fmt: skip

#: Transfer syntaxes whose pixels may have lost information.
MAYBE_LOSSY = frozenset((JPEG_BASELINE, JPEG_EXTENDED, JPEG_LS_NEAR, J2K, HTJ2K))
#: JPEG start-of-frame markers, and that of JPEG-LS.
_FRAME_MARKERS = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xF7))
#: JPEG 2000 markers: start of a tile-part. Every picture, of the JPEG family too, ends with one code.
_TILE_PART, _END_OF_PICTURE = 0xFF90, b"\xff\xd9"
#: imagecodecs' htj2k (OpenJPH) takes two thirds of the time of jpeg2k (OpenJPEG) and drops the decoder's
#: errors on damaged code: it returns memory nobody wrote to. So HTJ2K goes through OpenJPEG, too.
_CODECS = {
    JPEG_BASELINE: "jpeg8", JPEG_EXTENDED: "jpeg", JPEG_LOSSLESS: "jpeg8", JPEG_LOSSLESS_SV1: "jpeg8",
    JPEG_LS: "jpegls", JPEG_LS_NEAR: "jpegls", J2K_LOSSLESS: "jpeg2k", J2K: "jpeg2k",
    HTJ2K_LOSSLESS: "jpeg2k", HTJ2K_RPCL: "jpeg2k", HTJ2K: "jpeg2k",
}  # fmt: skip

#: A fragment is padded to an even length; some encoders add a few zeros more. [bytes]
_MAX_FILL_BYTES = 16

#: What may follow the pixel data: trailing padding and digital signatures.
_AFTER_PIXELS = frozenset((0xFFFCFFFC, 0xFFFAFFFA))


def is_native(transfer_syntax: str) -> bool:
    """Whether pixels are stored plainly."""
    return transfer_syntax in NATIVE


def is_supported(transfer_syntax: str) -> bool:
    """Whether pixels of a transfer syntax can be decoded."""
    return transfer_syntax in NATIVE or transfer_syntax in _CODECS or transfer_syntax == RLE


def fragments(value: bytes, frames: int) -> list[bytes]:
    """Compressed bytes of each frame, from the encapsulated pixel data.

    Parameters
    ----------
    value : bytes
        From the basic offset table's item to the end of the file.
    frames : int
        How many the file holds.

    Raises
    ------
    DicomError
        ``TRUNCATED``, ``OVERLONG``, ``DECODE_FAILED`` if frames and fragments do not match.
    """
    parts: list[tuple[int, bytes]] = []
    position = 0
    while True:
        if position + 8 > len(value):
            raise refusal("TRUNCATED", "the compressed pixels have no end")
        group, element, length = struct.unpack_from("<HHI", value, position)
        tag = group << 16 | element
        position += 8
        if tag == SEQUENCE_END:
            break
        if tag != ITEM or position + length > len(value):
            raise refusal("TRUNCATED", "a compressed fragment ends past the file")
        parts.append((position - 8, value[position : position + length]))
        position += length
    check_tail(value[position:], EXPLICIT_LITTLE)
    return _by_frame(parts, frames)


def _by_frame(parts: list[tuple[int, bytes]], frames: int) -> list[bytes]:
    if len(parts) < 2:
        raise refusal("TRUNCATED", "no compressed fragments")
    table, pieces = parts[0][1], parts[1:]
    if frames == 1:
        return [b"".join(piece for _, piece in pieces)]
    if len(pieces) == frames:
        return [piece for _, piece in pieces]
    if len(table) != 4 * frames:
        raise refusal("DECODE_FAILED", f"{len(pieces)} fragments for {frames} frames")
    starts = [offset + pieces[0][0] for offset in struct.unpack(f"<{frames}I", table)]
    at = [offset for offset, _ in pieces]
    if not set(starts) <= set(at) or starts != sorted(set(starts)):
        raise refusal("DECODE_FAILED", "the offset table does not point at fragments")
    bounds = [at.index(start) for start in starts] + [len(pieces)]
    return [b"".join(p for _, p in pieces[a:b]) for a, b in pairwise(bounds)]


def check_tail(tail: bytes, encoding: Encoding) -> None:
    """Accept nothing after the pixel data but whole elements of trailing padding or a signature.

    Raises
    ------
    DicomError
        ``OVERLONG``.
    """
    if not tail:
        return
    try:
        after = walk(tail, 0, len(tail), encoding)
    except (DicomError, NeedMoreError):
        raise refusal("OVERLONG", f"{len(tail)} bytes after the pixel data") from None
    if after.end != len(tail) or not set(after.spans) <= _AFTER_PIXELS:
        raise refusal("OVERLONG", f"{len(tail)} bytes after the pixel data")


def decode(code: bytes, transfer_syntax: str, layout: PixelFormat) -> NDArray[Any]:
    """Stored values (rows, columns) of one compressed frame, in the layout's type; the caller's to change.

    The transfer syntax must be one that ``is_supported``.

    Raises
    ------
    DicomError
        ``DECODE_FAILED``.
    """
    try:
        if transfer_syntax == RLE:
            return _decode_rle(code, layout)
        _check_picture(code, layout)
        pixels = _decode_picture(code, transfer_syntax)
    except (ValueError, RuntimeError, TypeError, MemoryError, OverflowError, struct.error) as error:
        raise refusal("DECODE_FAILED", type(error).__name__) from error
    fits = pixels.dtype.kind in "iu" and pixels.dtype.itemsize <= layout.dtype.itemsize
    if not fits or pixels.shape != (layout.rows, layout.columns):
        found = f"{pixels.shape} {pixels.dtype}"
        raise refusal("DECODE_FAILED", found, expected=f"{(layout.rows, layout.columns)} {layout.dtype}")
    return np.require(pixels, layout.dtype, ("C", "W"))


def _check_picture(code: bytes, layout: PixelFormat) -> None:
    """The picture has the size the header says, before memory is given to it, and is there to its end.

    Raises
    ------
    DicomError
        ``DECODE_FAILED``.
    """
    is_jpeg2000 = code[:4] == b"\xff\x4f\xff\x51"
    size = _jpeg2000_size(code) if is_jpeg2000 else _jpeg_size(code)
    if size != (layout.rows, layout.columns):
        raise refusal("DECODE_FAILED", f"a picture of {size}", expected=f"{(layout.rows, layout.columns)}")
    end = len(code) - len(code[-_MAX_FILL_BYTES:]) + len(code[-_MAX_FILL_BYTES:].rstrip(b"\0"))
    if code[end - 2 : end] != _END_OF_PICTURE or (is_jpeg2000 and not _whole_tile_parts(code, end - 2)):
        raise refusal("DECODE_FAILED", "the picture is not whole")


def _whole_tile_parts(code: bytes, end: int) -> bool:
    """Whether the tile-parts of a JPEG 2000 code stream are as long as they say and fill it to its end."""
    position = 2
    while position + 4 <= end:
        marker, length = struct.unpack_from(">HH", code, position)
        if marker == _TILE_PART:
            break
        position += 2 + length
    while position + 12 <= end and code[position : position + 2] == b"\xff\x90":
        length = struct.unpack_from(">I", code, position + 6)[0]
        if length == 0:  # allowed for the last one: up to the end
            return True
        position += max(length, 12)
    return position == end


def _jpeg2000_size(code: bytes) -> tuple[int, int] | None:
    """Rows and columns by the SIZ marker of a JPEG 2000 code stream; None where it has several components."""
    if len(code) < 42:
        return None
    right, lower, left, upper = struct.unpack_from(">4I", code, 8)
    components = struct.unpack_from(">H", code, 40)[0]
    return (lower - upper, right - left) if components == 1 else None


def _jpeg_size(code: bytes) -> tuple[int, int] | None:
    """Rows and columns by the frame marker of a JPEG or JPEG-LS picture; None where there is none."""
    position = 2
    while code[:2] == b"\xff\xd8" and position + 10 <= len(code) and code[position] == 0xFF:
        marker, length = struct.unpack_from(">BH", code, position + 1)
        if marker in _FRAME_MARKERS:
            rows, columns, components = struct.unpack_from(">HHB", code, position + 5)
            return (rows, columns) if components == 1 else None
        position += 2 + length
    return None


def _decode_picture(code: bytes, transfer_syntax: str) -> NDArray[Any]:
    import imagecodecs

    return np.asarray(getattr(imagecodecs, f"{_CODECS[transfer_syntax]}_decode")(code))


def _decode_rle(code: bytes, layout: PixelFormat) -> NDArray[Any]:
    """Run lengths unpack into memory of the right size; more or fewer pixels than that are damage."""
    import imagecodecs

    out = np.empty(layout.frame_bytes, np.uint8)
    written = imagecodecs.dicomrle_decode(code, f"<u{layout.allocated // 8}", out=out.data)
    if len(written) != layout.frame_bytes:
        raise ValueError
    pixels = out.view(np.dtype(layout.dtype).newbyteorder("<")).reshape(layout.rows, layout.columns)
    return pixels.astype(layout.dtype, copy=False)
