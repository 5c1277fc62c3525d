"""Pixel data without what is no pixel: spare bits, bytes behind the image, comments of compressed frames.

A pixel's cell has BitsAllocated bits, of which BitsStored up to HighBit are its value (PS3.5, section 8.1.1).
The others carried overlays once, a burned-in name among them; they are set to what the value alone gives:
zero, or its sign. Compressed frames lose the content of their comments and application segments; where their
code stream has room for more than BitsStored, and with RLE, they are written uncompressed instead.
"""

from __future__ import annotations

import re
from math import prod

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.utils import decompress
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, RLELossless

from imaging.dicom.decoding import decode, is_supported
from imaging.dicom.pixels import PixelFormat
from workup.errors import DeidentifyError

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

#: Basic offset tables count in 32 bits. [bytes]
_MAX_OFFSET = 2**32 - 2

_WHOLE_CELLS = (8, 16, 32, 64)

#: What a decoder needs to know of an application segment to show color; each holds numbers alone.
_COLOR_SEGMENTS = (
    re.compile(rb"JFIF\0.{7}\0\0", re.S),
    re.compile(rb"Adobe.{7}", re.S),
    re.compile(rb"mrfx."),
)

#: JPEG: after a scan's bytes, the next marker that is neither stuffing nor a restart.
_AFTER_SCAN = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_JPEG_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_SOS, _EOI, _COM = 0xDA, 0xD9, 0xFE
_J2K_SIZ, _J2K_COM, _J2K_SOT, _J2K_SOD = 0x51, 0x64, 0x90, 0x93


def clean_pixels(dataset: Dataset) -> None:
    """Take out of a data set's pixels all that is no pixel, in place.

    Raises
    ------
    DeidentifyError
        ``DAMAGED_PIXELS`` if they are shorter than the image or break their format,
        ``UNKNOWN_COMPRESSION`` if nobody here can look into them.
    """
    try:
        if _is_encapsulated(dataset) and not _clean_frames(dataset):
            _uncompress(dataset)
        if not _is_encapsulated(dataset):
            _clean_cells(dataset)
    except DeidentifyError:
        raise
    except Exception as error:  # damaged bytes raise anything in decoders
        raise DeidentifyError(
            "DAMAGED_PIXELS", f"pixels that cannot be read ({type(error).__name__})"
        ) from error


def _is_encapsulated(dataset: Dataset) -> bool:
    syntax = UID(str(dataset.file_meta.TransferSyntaxUID))
    if not syntax.is_transfer_syntax or syntax.is_private:
        raise DeidentifyError("UNKNOWN_COMPRESSION", "a transfer syntax that is not the standard's")
    return bool(syntax.is_encapsulated)


# -- cells of uncompressed pixels --------------------------------------------------------------------


def image_bytes(dataset: Dataset) -> int:
    """Size of the uncompressed image that a data set's attributes state. [bytes]"""
    names = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")
    bits = prod(int(dataset[name].value) for name in names) * int(dataset.get("NumberOfFrames", None) or 1)
    if dataset.get("PhotometricInterpretation") == "YBR_FULL_422":  # two pixels share their colors
        bits = bits * 2 // 3
    return -(-bits // 8)


def _clean_cells(dataset: Dataset) -> None:
    (name,) = (n for n in PIXEL_KEYWORDS if n in dataset)
    data, size = dataset[name].value, image_bytes(dataset)
    if len(data) < size:
        raise DeidentifyError("DAMAGED_PIXELS", "fewer pixels than the image's size states")
    if (
        size % 2 and dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    ):  # the last two bytes are swapped
        raise DeidentifyError("UNKNOWN_COMPRESSION", "an odd number of pixels in big-endian words")
    data = data[:size]
    if (
        name == "PixelData"
        and dataset.BitsAllocated != dataset.get("BitsStored")
        and dataset.BitsAllocated > 1
    ):
        data = _without_spare_bits(dataset, data)
    dataset[name].value = data + b"\0" * (len(data) % 2)


def _without_spare_bits(dataset: Dataset, data: bytes) -> bytes:
    allocated, stored, high = int(dataset.BitsAllocated), int(dataset.BitsStored), int(dataset.HighBit)
    if allocated not in _WHOLE_CELLS or not 0 < stored <= high + 1 <= allocated:
        raise DeidentifyError(
            "DAMAGED_PIXELS", f"{allocated} bits allocated, {stored} stored, high bit {high}"
        )
    order = ">" if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
    sign = "i" if dataset.PixelRepresentation == 1 else "u"
    cells = np.frombuffer(data, np.dtype(f"{order}{sign}{allocated // 8}"))
    clean = (cells << (allocated - 1 - high)) >> (allocated - stored) << (high + 1 - stored)
    low, top = padding_range(dataset)
    if sign == "u" and stored == high + 1 and 1 << stored <= top < 1 << allocated:
        # the filling around the image lies above all values, and is told by those bits
        clean[(cells >= low) & (cells <= top)] = int(dataset.PixelPaddingValue)
    return clean.astype(cells.dtype, copy=False).tobytes()


def padding_range(dataset: Dataset) -> tuple[int, int]:
    """Lowest and highest stored value that mean "no pixel here"; (0, -1) if none does."""
    stated = [dataset.get(name, None) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if stated[0] is None:
        return 0, -1
    values = [int(value) for value in stated if value is not None]
    return min(values), max(values)


# -- frames of compressed pixels ---------------------------------------------------------------------


def _clean_frames(dataset: Dataset) -> bool:
    """Empty the comments of every frame; False where only uncompressed pixels can be cleaned."""
    if dataset.file_meta.TransferSyntaxUID == RLELossless:
        return False
    number = int(dataset.get("NumberOfFrames", None) or 1)
    frames = []
    for frame in generate_frames(dataset.PixelData, number_of_frames=number):
        clean, precision = _clean_stream(frame)
        if precision > int(dataset.BitsStored) or int(dataset.HighBit) + 1 != int(dataset.BitsStored):
            return False
        frames.append(clean)
    if len(frames) != number:
        raise DeidentifyError("DAMAGED_PIXELS", "fewer frames than stated")
    dataset.PixelData = encapsulate(frames, has_bot=sum(len(f) + 10 for f in frames) < _MAX_OFFSET)
    dataset["PixelData"].is_undefined_length = True
    _forget_offsets(dataset)
    return True


def _uncompress(dataset: Dataset) -> None:
    if dataset.SamplesPerPixel != 1:  # only RLE of colors comes here
        decompress(dataset, as_rgb=False, generate_instance_uid=False)
        return
    syntax, number = str(dataset.file_meta.TransferSyntaxUID), int(dataset.get("NumberOfFrames", None) or 1)
    if not is_supported(syntax):
        raise DeidentifyError("UNKNOWN_COMPRESSION", "a compression that cannot be undone here")
    rows, columns, allocated, stored = (
        int(dataset[name].value) for name in ("Rows", "Columns", "BitsAllocated", "BitsStored")
    )
    layout = PixelFormat(rows, columns, allocated, stored, dataset.PixelRepresentation == 1, None)
    frames = [decode(f, syntax, layout) for f in generate_frames(dataset.PixelData, number_of_frames=number)]
    data = np.stack(frames).astype(layout.dtype.newbyteorder("<"), copy=False).tobytes()
    dataset.add_new(0x7FE00010, "OW" if layout.allocated > 8 else "OB", data)
    _forget_offsets(dataset)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def _forget_offsets(dataset: Dataset) -> None:
    for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):  # of the frames as they came
        dataset.pop(name, None)


def _clean_stream(frame: bytes) -> tuple[bytes, int]:
    """A code stream without comments and what follows its end, and its bits per sample."""
    if frame.startswith(b"\xff\xd8"):
        return _clean_jpeg(bytearray(frame))
    if frame.startswith(b"\xff\x4f"):
        return _clean_jpeg_2000(bytearray(frame))
    raise DeidentifyError("UNKNOWN_COMPRESSION", "frames that are neither JPEG, JPEG-LS nor JPEG 2000")


def _clean_jpeg(stream: bytearray) -> tuple[bytes, int]:
    """Of JPEG and JPEG-LS: marker segments one after the other, and scans between them."""
    at, precision = 2, 0
    while True:
        if stream[at] != 0xFF:
            raise DeidentifyError("DAMAGED_PIXELS", "a JPEG frame that breaks its format")
        code = stream[at + 1]
        if code == 0xFF:  # filling before a marker
            at += 1
            continue
        at += 2
        if code == _EOI:
            return bytes(stream[:at]), precision
        end = at + _size(stream, at)
        if code in _JPEG_FRAME_HEADERS:
            precision = stream[at + 2]
        if code == _COM or (code & 0xF0 == 0xE0 and not _tells_color(stream[at + 2 : end])):
            stream[at + 2 : end] = bytes(end - at - 2)
        at = end
        if code == _SOS:
            marker = _AFTER_SCAN.search(stream, at)
            if marker is None:  # an end put there would make half a picture look whole
                raise DeidentifyError("DAMAGED_PIXELS", "a JPEG frame without an end")
            at = marker.start()


def _clean_jpeg_2000(stream: bytearray) -> tuple[bytes, int]:
    """Of JPEG 2000: a main header, then parts of tiles that tell their size."""
    at, precision, part_end = 2, 0, 0
    while at < len(stream):
        code, start, at = stream[at + 1], at, at + 2
        if stream[start] != 0xFF:
            raise DeidentifyError("DAMAGED_PIXELS", "a JPEG 2000 frame that breaks its format")
        if code == _EOI:
            return bytes(stream[:at]), precision
        if code == _J2K_SOD:
            at = part_end
            continue
        end = at + _size(stream, at)
        if code == _J2K_SIZ:
            precision = (stream[at + 38] & 0x7F) + 1
        elif code == _J2K_COM:
            stream[at + 4 : end] = bytes(end - at - 4)
        elif code == _J2K_SOT:
            length = int.from_bytes(stream[at + 4 : at + 8])
            part_end = start + length if length else stream.rindex(b"\xff\xd9")
        at = end
    raise DeidentifyError("DAMAGED_PIXELS", "a JPEG 2000 frame without an end")


def _size(stream: bytearray, at: int) -> int:
    size = int.from_bytes(stream[at : at + 2])
    if size < 2 or at + size > len(stream):
        raise DeidentifyError("DAMAGED_PIXELS", "a compressed frame that breaks its format")
    return size


def _tells_color(content: bytearray) -> bool:
    return any(known.fullmatch(content) for known in _COLOR_SEGMENTS)
