"""Load every acquisition of a folder, a file or a zip of DICOM.

Each file's header is read once; pixels go straight from the file into their slice of the volume.
A series that cannot be loaded right is refused with its reason and never stops the others.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.dicom import tags
from imaging.dicom.cautions import cautions_of, with_study_cautions
from imaging.dicom.elements import NeedMoreError
from imaging.dicom.failures import refusal
from imaging.dicom.frames import Frame, ImageFile, encapsulated, parse_file
from imaging.dicom.pixels import (
    OUTSIDE_RECONSTRUCTION_HU,
    DoesNotFitInt16Error,
    PixelFormat,
    Rescale,
    check_tail,
    decode,
    fill,
    fragments,
    is_native,
    is_supported,
    pixel_format,
)
from imaging.dicom.rescale import rescale_of
from imaging.dicom.stack import grid
from imaging.dicom.study import Planned, Tally, plan_study, refused_series
from imaging.errors import DicomError
from imaging.geometry import VolumeGeometry
from imaging.volume import Acquisition, Refused, Study, Volume

Progress = Callable[[int, int], None]

#: Most headers end within this; longer ones are read on demand. [bytes]
HEADER_BYTES = 16_384
#: A larger file than this is not a CT or MR image. [bytes]
MAX_FILE_BYTES = 8 << 30
#: Uncompressed size of all frames of a study. [bytes]
MAX_STUDY_BYTES = 64 << 30


@dataclass(frozen=True, eq=False)
class Scan:
    """Headers of everything found under a path."""

    root: Path
    images: tuple[ImageFile, ...]
    refused: tuple[Refused, ...]
    tally: Tally


def load_study(
    path: str | os.PathLike[str],
    *,
    resample: bool = False,
    untrusted: bool = False,
    progress: Progress | None = None,
) -> Study:
    """Load every CT and MR acquisition under a path.

    Parameters
    ----------
    path : path
        A folder (searched to any depth), a DICOM file, or a zip of DICOM files.
    resample : bool
        Turn tilted, sheared and unevenly spaced stacks into volumes marked as resampled, instead
        of refusing them.
    untrusted : bool
        Read in a child process with limited memory and time.
    progress : callable, optional
        Called with (done, total) files.

    Returns
    -------
    Study
        Its acquisitions in order of series number, and what was refused and skipped.

    Raises
    ------
    DicomError
        ``NOTHING_USABLE`` with the refused list, ``UNREADABLE``, ``UNSAFE_ARCHIVE``.

    Examples
    --------
    >>> load_study("no such folder")
    Traceback (most recent call last):
        ...
    imaging.errors.DicomError: The file or folder cannot be read: no such folder
    """
    root = Path(path)
    if not root.exists():
        raise refusal("UNREADABLE", root.name)
    scan = scan_path(root, progress)
    planned, refused = plan_study(scan.images, scan.tally)
    refused = [*scan.refused, *refused]
    acquisitions: list[Acquisition] = []
    done, total = 0, sum(len(p.stack.files) for p in planned)
    for plan in planned:
        try:
            acquisitions.append(_load(plan, scan, resample))
        except DicomError as error:
            refused.append(refused_series(error, [f.image for f in plan.stack.frames]))
        done += len(plan.stack.files)
        if progress:
            progress(done, total)
    if not acquisitions:
        listed = [{"code": r.code, "message": r.message, "files": list(r.files)} for r in refused]
        reasons = ", ".join(sorted({r.code for r in refused})) or "no CT or MR images"
        raise refusal("NOTHING_USABLE", reasons, refused=listed)
    ordered = with_study_cautions(acquisitions, refused)
    return Study(ordered, tuple(refused), scan.tally.skipped(), source=str(path))


def scan_path(root: Path, progress: Progress | None = None) -> Scan:
    """Read the header of every file under a path, each once."""
    base = root if root.is_dir() else root.parent
    paths = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
    images: list[ImageFile] = []
    refused: list[Refused] = []
    tally = Tally()
    for path in paths:
        name = path.relative_to(base).as_posix()
        try:
            image = read_header(path, name)
        except DicomError as error:
            refused.append(Refused(error.code, str(error), (name,)))
            continue
        if image is None:
            tally.add("not DICOM", [name])
        elif _is_directory_record(image):
            tally.add("DICOMDIR (the folder itself is searched)", [name])
        else:
            images.append(image)
    return Scan(base, tuple(images), tuple(refused), tally)


def _is_directory_record(image: ImageFile) -> bool:
    return 0x00041220 in image.elements


def read_header(path: Path, name: str) -> ImageFile | None:
    """Header of one file; None if it is not DICOM.

    Raises
    ------
    DicomError
        A file that starts as DICOM and does not go on as such.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(HEADER_BYTES)
        while True:
            try:
                image = parse_file(name, data, size)
            except NeedMoreError as more:
                if len(data) >= size:
                    raise refusal("TRUNCATED", "the header ends inside an element", files=[name]) from None
                data += file.read(max(more.size, 2 * len(data)) - len(data))
                continue
            except RecursionError:
                raise refusal("MALFORMED", "sequences nest too deep", files=[name]) from None
            return image


def _load(plan: Planned, scan: Scan, resample: bool) -> Acquisition:
    stack = plan.stack
    first = stack.frames[0]
    layout = pixel_format(first)
    rescales = [rescale_of(f) for f in stack.frames]
    geometry = _geometry(plan, layout)
    as_int16 = all(r.keeps_integers for r in rescales)
    floor = OUTSIDE_RECONSTRUCTION_HU if plan.header.modality == "CT" else None
    try:
        voxels, valid = _read_voxels(stack.frames, layout, rescales, scan.root, as_int16, floor)
    except DoesNotFitInt16Error:
        voxels, valid = _read_voxels(stack.frames, layout, rescales, scan.root, False, floor)
    voxels.setflags(write=False)
    unit = "HU" if plan.header.modality == "CT" else "MR"
    volume = Volume(voxels, geometry, unit, valid)  # type: ignore[arg-type]
    return Acquisition(plan.key, plan.header, volume, cautions_of(plan, geometry))


def _geometry(plan: Planned, layout: PixelFormat) -> VolumeGeometry:
    stack = plan.stack
    spacing = stack.frames[0].vector(tags.PIXEL_SPACING, 2)
    if min(spacing) <= 0:
        raise refusal("NO_POSITION", f"pixel spacing {spacing}", files=stack.files[:1])
    count = len(stack.frames)
    if count > 1:
        step = (stack.positions_mm[-1] - stack.positions_mm[0]) / (count - 1)
    else:
        thickness = plan.header.slice_thickness_mm
        if not thickness or thickness <= 0:
            raise refusal("NOT_A_VOLUME", "one slice without a thickness", files=stack.files)
        step = stack.plane.normal * thickness
    matrix = (layout.rows, layout.columns)
    return grid(matrix, stack.plane, (spacing[0], spacing[1]), stack.positions_mm[0], step, count)


def _read_voxels(
    frames: Sequence[Frame],
    layout: PixelFormat,
    rescales: Sequence[Rescale],
    root: Path,
    as_int16: bool,
    floor: float | None,
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    shape = (len(frames), layout.rows, layout.columns)
    voxels = np.empty(shape, np.int16 if as_int16 else np.float32)
    valid: NDArray[np.bool_] | None = None
    source = _Source(root, layout)
    for index, (frame, rescale) in enumerate(zip(frames, rescales, strict=True)):
        into = voxels[index].view(layout.dtype) if as_int16 and layout.allocated == 16 else None
        stored = source.stored(frame, into)
        invalid = fill(voxels[index], stored, layout, rescale, floor)
        if invalid is not None:
            if valid is None:
                valid = np.ones(shape, bool)
            np.logical_not(invalid, out=valid[index])
    if valid is not None:
        valid.setflags(write=False)
    return voxels, valid


class _Source:
    """Stored pixels of frames; keeps the compressed fragments of the last multi-frame file."""

    def __init__(self, root: Path, layout: PixelFormat) -> None:
        self.root = root
        self.layout = layout
        self._last: tuple[str, list[bytes]] | None = None

    def stored(self, frame: Frame, into: NDArray[Any] | None) -> NDArray[Any]:
        """Stored values (rows, columns) in native byte order."""
        image = frame.image
        if not is_supported(image.transfer_syntax):
            raise refusal("UNSUPPORTED_TRANSFER_SYNTAX", image.transfer_syntax, files=[image.name])
        if is_native(image.transfer_syntax):
            return self._plain(frame, into)
        pieces = self._pieces(image)
        try:
            return decode(pieces[frame.index], image.transfer_syntax, self.layout)
        except DicomError as error:
            error.details.setdefault("files", [image.name])
            raise

    def _plain(self, frame: Frame, into: NDArray[Any] | None) -> NDArray[Any]:
        image, layout = frame.image, self.layout
        check_native_length(image, layout)
        target = np.empty((layout.rows, layout.columns), layout.dtype) if into is None else into
        with (self.root / image.name).open("rb", buffering=0) as file:
            fd = file.fileno()
            got = os.preadv(
                fd, [target.data.cast("B")], image.pixel_offset + frame.index * layout.frame_bytes
            )
            end = image.pixel_offset + image.pixel_length
            if got != layout.frame_bytes or os.fstat(fd).st_size != image.size:
                raise refusal("TRUNCATED", "the file changed while it was read", files=[image.name])
            if end < image.size:
                check_tail(os.pread(fd, image.size - end, end))
        if not image.elements.encoding.little and layout.allocated == 16:
            target.byteswap(inplace=True)
        return target

    def _pieces(self, image: ImageFile) -> list[bytes]:
        if self._last is None or self._last[0] != image.name:
            with (self.root / image.name).open("rb") as file:
                file.seek(image.pixel_offset)
                value = file.read()
            if not encapsulated(image):
                raise refusal("MALFORMED", "compressed pixels of defined length", files=[image.name])
            count = image.elements.integer(tags.NUMBER_OF_FRAMES) or 1
            self._last = image.name, fragments(value, count)
        return self._last[1]


def check_native_length(image: ImageFile, layout: PixelFormat) -> None:
    """The declared length of plain pixels is exactly what the header promises.

    Raises
    ------
    DicomError
        ``TRUNCATED``, ``OVERLONG`` or ``NO_PIXELS``.
    """
    frames = image.elements.integer(tags.NUMBER_OF_FRAMES) or 1
    wanted = frames * layout.frame_bytes
    length = image.pixel_length
    if encapsulated(image):
        raise refusal("MALFORMED", "plain pixels of undefined length", files=[image.name])
    if length != wanted + wanted % 2:
        code = "TRUNCATED" if length < wanted else "OVERLONG"
        raise refusal(code, f"{length} bytes of pixels", expected=f"{wanted}", files=[image.name])
    if image.pixel_offset + length > image.size:
        raise refusal(
            "TRUNCATED", f"{image.size} bytes", expected=f"{image.pixel_offset + length}", files=[image.name]
        )


def hash_sources(study: Study, path: str | os.PathLike[str]) -> Mapping[str, str]:
    """SHA-256 of every file that went into a study, by SOPInstanceUID.

    Parameters
    ----------
    study : Study
        As loaded.
    path : path
        What the study was loaded from.
    """
    wanted = {uid for acquisition in study for uid in acquisition.header.sop_instance_uids}
    scan = scan_path(Path(path))
    found = {}
    for image in scan.images:
        if image.sop_instance_uid in wanted and image.sop_instance_uid not in found:
            with (scan.root / image.name).open("rb") as file:
                found[image.sop_instance_uid] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
