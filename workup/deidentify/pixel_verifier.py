"""The second reader's look at pixel data: whether anything in it is not a pixel.

It shares nothing with the writer (``pixels``): it counts and compares where the writer computes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRBigEndian

#: Marker segments for comments and applications, of JPEG; for comments, of JPEG 2000.
_JPEG_COMMENT = re.compile(rb"\xff[\xe0-\xef\xfe](..)", re.S)
_JPEG_2000_COMMENT = re.compile(rb"\xff\x64(..)..", re.S)
_JPEG_HEADER = re.compile(rb"\xff\xd8.*?\xff\xda", re.S)
_JPEG_2000_HEADERS = re.compile(rb"(?:\xff\x4f\xff\x51|\xff\x90\x00\x0a).*?\xff\x93", re.S)
_HARMLESS = (b"JFIF\0", b"Adobe", b"mrfx")
_HARMLESS_BYTES = 14


def headers_of(dataset: Dataset) -> list[bytes]:
    """The parts of compressed frames that are headers, where text could stand among the numbers."""
    if not _encapsulated(dataset):
        return []
    headers = []
    for frame in _frames(dataset):
        pattern = _JPEG_HEADER if frame[:2] == b"\xff\xd8" else _JPEG_2000_HEADERS
        headers += [match.group() for match in pattern.finditer(frame)]
    return headers


def beside_pixels(dataset: Dataset) -> Iterator[str]:
    """What a data set's pixel data holds beside pixels: the name of each kind, once."""
    if any(tag.group >> 8 in (0x50, 0x60) for tag in dataset.keys()):  # noqa: SIM118 - tags alone
        yield "an overlay or curve"
    if _encapsulated(dataset):
        frames = list(_frames(dataset))
        if any(map(_has_comment, frames)):
            yield "a comment of a compressed frame"
        if any(frame[frame.rfind(b"\xff\xd9") + 2 :].strip(b"\0") for frame in frames):
            yield "bytes behind a compressed frame"
        return
    for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if name in dataset:
            spare = len(dataset[name].value) - _stated_bytes(dataset)
            if spare not in (0, 1) or (spare and dataset[name].value[-1]):
                yield "bytes behind the image"
            elif name == "PixelData" and _has_spare_bits(dataset):
                yield "bits that are no pixel value"


def _encapsulated(dataset: Dataset) -> bool:
    return "PixelData" in dataset and bool(dataset.file_meta.TransferSyntaxUID.is_encapsulated)


def _frames(dataset: Dataset) -> Iterator[bytes]:
    yield from generate_frames(
        dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", None) or 1)
    )


def _has_comment(frame: bytes) -> bool:
    jpeg_2000 = frame[:2] == b"\xff\x4f"
    pattern = _JPEG_2000_COMMENT if jpeg_2000 else _JPEG_COMMENT
    parts = [m.group() for m in _JPEG_2000_HEADERS.finditer(frame)] if jpeg_2000 else [frame]
    for part in parts:
        for match in pattern.finditer(part):
            content = part[match.end() : match.start(1) + int.from_bytes(match[1])]
            harmless = len(content) <= _HARMLESS_BYTES and content.startswith(_HARMLESS)
            if content.strip(b"\0") and not harmless:
                return True
    return False


def _stated_bytes(dataset: Dataset) -> int:
    pixels = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames", None) or 1)
    samples = 2 if dataset.get("PhotometricInterpretation") == "YBR_FULL_422" else dataset.SamplesPerPixel
    return (pixels * int(samples) * int(dataset.BitsAllocated) + 7) // 8


def _has_spare_bits(dataset: Dataset) -> bool:
    """Whether a cell is not the one that its value alone would give, nor the padding value."""
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    low = int(dataset.HighBit) + 1 - stored
    if allocated in (1, stored):
        return False
    order = ">" if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
    whole = len(dataset.PixelData) // (allocated // 8) * (allocated // 8)
    cells = np.frombuffer(dataset.PixelData[:whole], f"{order}u{allocated // 8}")
    odd = _not_of_value(cells, allocated, stored, low, signed=dataset.PixelRepresentation == 1)
    padding = dataset.get("PixelPaddingValue", None)
    if padding is not None:
        odd &= cells != int(padding) % (1 << allocated)
    return bool(odd.any())


def _not_of_value(
    cells: NDArray[np.unsignedinteger], allocated: int, stored: int, low: int, *, signed: bool
) -> NDArray[np.bool_]:
    """Where bits below the value are set, or those above are not zero (if signed: not its sign)."""
    top = low + stored
    above = cells.astype(np.uint64) >> np.uint64(top)
    expected = np.zeros_like(above)
    if signed:
        negative = (cells >> (top - 1)) & 1 == 1
        expected[negative] = (1 << (allocated - top)) - 1
    odd: NDArray[np.bool_] = (above != expected) | (cells & ((1 << low) - 1) != 0)
    return odd
