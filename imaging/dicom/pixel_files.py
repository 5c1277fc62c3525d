"""Read the pixels of a planned stack from its files, each straight into its slice."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.dicom import tags
from imaging.dicom.decoding import check_tail, decode, fragments, is_native, is_supported
from imaging.dicom.elements import PIXEL_DATA
from imaging.dicom.failures import refusal
from imaging.dicom.frames import Frame, ImageFile, encapsulated
from imaging.dicom.pixels import (
    OUTSIDE_RECONSTRUCTION_HU,
    DoesNotFitInt16Error,
    PixelFormat,
    Rescale,
    fill,
    pixel_format,
)
from imaging.dicom.resampling import regular_slices, resampled
from imaging.dicom.rescale import rescale_of
from imaging.dicom.series import Stack
from imaging.dicom.stack import grid
from imaging.errors import DicomError
from imaging.geometry import VolumeGeometry
from imaging.volume import AcquisitionHeader, Volume

#: Uncompressed size of one stack. [bytes]
MAX_STACK_BYTES = 16 << 30
#: Uncompressed to compressed size of a whole stack; an all-zero JPEG-LS or JPEG 2000 slice is about
#: 5000 to 1, but no stack of images is.
MAX_COMPRESSION_RATIO = 1000
#: Trailing padding and signatures are shorter than this. [bytes]
MAX_TAIL_BYTES = 1 << 20
#: Stacks smaller than this may have any ratio. [bytes]
RATIO_FROM_BYTES = 64 << 20

Mask = NDArray[np.bool_]
_T = TypeVar("_T")


def acquired_volume(stack: Stack, header: AcquisitionHeader, files: Mapping[str, Path]) -> Volume:
    """The volume of one stack.

    Parameters
    ----------
    stack : Stack
        Its frames in slice order.
    header : AcquisitionHeader
        What they say.
    files : mapping of str to Path
        Where each named file lies.

    Raises
    ------
    DicomError
        Whatever is wrong with its pixels.
    """
    layout = pixel_format(stack.frames[0])
    _check_size(stack, layout)
    rescales = [rescale_of(f) for f in stack.frames]
    geometry = _geometry(stack, header, layout)
    is_ct = header.modality == "CT"
    reader = _StackReader(stack.frames, layout, rescales, files, OUTSIDE_RECONSTRUCTION_HU if is_ct else None)
    voxels, valid = reader.read(as_int16=not stack.defect and all(r.keeps_integers for r in rescales))
    if valid is not None and is_ct and not valid.any():
        raise refusal(
            "BAD_RESCALE", f"no voxel is above {OUTSIDE_RECONSTRUCTION_HU:g} HU", files=stack.files[:1]
        )
    if stack.defect:
        voxels, valid = resampled(voxels, valid, stack.positions_mm, stack.plane, geometry)
    for array in (voxels, valid):
        if array is not None:
            array.setflags(write=False)
    return Volume(voxels, geometry, "HU" if is_ct else "MR", valid, resampled=bool(stack.defect))


def _check_size(stack: Stack, layout: PixelFormat) -> None:
    unpacked = len(stack.frames) * layout.frame_bytes
    if unpacked > MAX_STACK_BYTES:
        raise refusal(
            "TOO_LARGE", f"{unpacked} bytes", expected=f"at most {MAX_STACK_BYTES}", files=stack.files[:1]
        )
    plain = all(is_native(f.image.transfer_syntax) for f in stack.frames)
    packed = sum({f.image.name: f.image.size for f in stack.frames}.values())
    if plain and unpacked > packed:
        raise refusal("TRUNCATED", f"{packed} bytes", expected=f"{unpacked}", files=stack.files[:1])
    if unpacked > RATIO_FROM_BYTES and unpacked > MAX_COMPRESSION_RATIO * packed:
        raise refusal(
            "TOO_LARGE", f"decodes to {unpacked / packed:.0f} times its size", files=stack.files[:1]
        )


def _geometry(stack: Stack, header: AcquisitionHeader, layout: PixelFormat) -> VolumeGeometry:
    spacing = stack.frames[0].vector(tags.PIXEL_SPACING, 2)
    if min(spacing) <= 0:
        raise refusal("NO_POSITION", f"pixel spacing {spacing[0]:g}, {spacing[1]:g}", files=stack.files[:1])
    count = len(stack.frames)
    if stack.defect:
        count, slice_spacing = regular_slices(stack.positions_mm, stack.plane)
        step = stack.plane.normal * slice_spacing
    elif count > 1:
        step = (stack.positions_mm[-1] - stack.positions_mm[0]) / (count - 1)
    elif header.slice_thickness_mm and header.slice_thickness_mm > 0:
        step = stack.plane.normal * header.slice_thickness_mm
    else:
        raise refusal("NOT_A_VOLUME", "one slice without a thickness", files=stack.files)
    matrix = (layout.rows, layout.columns)
    return grid(matrix, stack.plane, (spacing[0], spacing[1]), stack.positions_mm[0], step, count)


class _StackReader:
    """Reads the frames of one stack; keeps the fragments of the last multi-frame file."""

    def __init__(
        self,
        frames: Sequence[Frame],
        layout: PixelFormat,
        rescales: Sequence[Rescale],
        files: Mapping[str, Path],
        floor_hu: float | None,
    ) -> None:
        self.frames = frames
        self.layout = layout
        self.rescales = rescales
        self.files = files
        self.floor_hu = floor_hu
        self._last: tuple[str, list[bytes]] = ("", [])

    def read(self, *, as_int16: bool) -> tuple[NDArray[Any], Mask | None]:
        """Voxels and validity; float32 where int16 does not hold every value exactly."""
        if as_int16:
            try:
                return self._read(np.dtype(np.int16))
            except DoesNotFitInt16Error:
                pass
        return self._read(np.dtype(np.float32))

    def _read(self, dtype: np.dtype[Any]) -> tuple[NDArray[Any], Mask | None]:
        shape = (len(self.frames), self.layout.rows, self.layout.columns)
        voxels = np.empty(shape, dtype)
        valid: Mask | None = None
        for index, invalid in enumerate(self._filled(voxels)):
            if invalid is not None:
                valid = np.ones(shape, bool) if valid is None else valid
                np.logical_not(invalid, out=valid[index])
        return voxels, valid

    def _filled(self, voxels: NDArray[Any]) -> Iterator[Mask | None]:
        """Where each slice is not valid, in order, once it is filled; compressed ones on all cores."""
        workers = os.cpu_count() or 1
        waiting: deque[tuple[Callable[[], Mask | None], Frame]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            for index, frame in enumerate(self.frames):
                waiting.append((self._filling(index, voxels[index], pool), frame))
                if len(waiting) > 2 * workers:
                    yield self._named(*waiting.popleft())
            while waiting:
                yield self._named(*waiting.popleft())

    def _filling(self, index: int, out: NDArray[Any], pool: ThreadPoolExecutor) -> Callable[[], Mask | None]:
        """What fills one slice when called; for a compressed one the work has begun."""
        frame = self.frames[index]
        image = frame.image
        if PIXEL_DATA not in image.elements:
            raise refusal("NO_PIXELS", files=[image.name])
        if not is_supported(image.transfer_syntax):
            raise refusal("UNSUPPORTED_TRANSFER_SYNTAX", image.transfer_syntax, files=[image.name])
        if is_native(image.transfer_syntax):
            return partial(self._fill_plain, index, out)
        if not frame.is_multiframe:
            return pool.submit(self._fill_compressed, index, out).result
        pieces = self._named(partial(self._pieces_of_last, image), frame)
        return pool.submit(self._fill_compressed, index, out, pieces).result

    def _fill_plain(self, index: int, out: NDArray[Any]) -> Mask | None:
        in_place = out.dtype == np.int16 and self.layout.allocated == 16
        stored = self._plain(self.frames[index], out.view(self.layout.dtype) if in_place else None)
        return fill(out, stored, self.layout, self.rescales[index], self.floor_hu)

    def _fill_compressed(
        self, index: int, out: NDArray[Any], pieces: Sequence[bytes] | None = None
    ) -> Mask | None:
        frame = self.frames[index]
        code = (self._pieces(frame.image) if pieces is None else pieces)[frame.index]
        stored = decode(code, frame.image.transfer_syntax, self.layout)
        return fill(out, stored, self.layout, self.rescales[index], self.floor_hu)

    @staticmethod
    def _named(read: Callable[[], _T], frame: Frame) -> _T:
        """The result of a step, or its refusal with the file's name."""
        try:
            return read()
        except DicomError as error:
            error.details.setdefault("files", [frame.image.name])
            raise

    def _plain(self, frame: Frame, into: NDArray[Any] | None) -> NDArray[Any]:
        image, layout = frame.image, self.layout
        check_plain_length(image, layout)
        target = np.empty((layout.rows, layout.columns), layout.dtype) if into is None else into
        end = image.pixel_offset + image.pixel_length
        with self.files[image.name].open("rb", buffering=0) as file:
            handle = file.fileno()
            got = os.preadv(
                handle, [target.data.cast("B")], image.pixel_offset + frame.index * layout.frame_bytes
            )
            if got != layout.frame_bytes or os.fstat(handle).st_size != image.size:
                raise refusal("TRUNCATED", "the file changed while it was read")
            if image.size - end > MAX_TAIL_BYTES:
                raise refusal("OVERLONG", f"{image.size - end} bytes after the pixel data")
            if end < image.size:
                check_tail(os.pread(handle, image.size - end, end), image.elements.encoding)
        if not image.elements.encoding.little and layout.allocated == 16:
            target.byteswap(inplace=True)
        return target

    def _pieces_of_last(self, image: ImageFile) -> list[bytes]:
        if self._last[0] != image.name:
            self._last = image.name, self._pieces(image)
        return self._last[1]

    def _pieces(self, image: ImageFile) -> list[bytes]:
        if not encapsulated(image):
            raise refusal("MALFORMED", "compressed pixels of defined length")
        with self.files[image.name].open("rb", buffering=0) as file:
            file.seek(image.pixel_offset)
            value = file.read()
        if image.pixel_offset + len(value) != image.size:
            raise refusal("TRUNCATED", "the file changed while it was read")
        return fragments(value, image.elements.integer(tags.NUMBER_OF_FRAMES) or 1)


def check_plain_length(image: ImageFile, layout: PixelFormat) -> None:
    """The declared length of plain pixels is exactly what the header promises.

    Raises
    ------
    DicomError
        ``TRUNCATED``, ``OVERLONG`` or ``MALFORMED``.
    """
    if encapsulated(image):
        raise refusal("MALFORMED", "plain pixels of undefined length")
    wanted = (image.elements.integer(tags.NUMBER_OF_FRAMES) or 1) * layout.frame_bytes
    length = image.pixel_length
    if length != wanted + wanted % 2:
        code = "TRUNCATED" if length < wanted else "OVERLONG"
        raise refusal(code, f"{length} bytes of pixels", expected=f"{wanted}")
    if image.pixel_offset + length > image.size:
        raise refusal("TRUNCATED", f"{image.size} bytes", expected=f"{image.pixel_offset + length}")
