"""Load every acquisition of a folder, a file or a zip of DICOM.

Each file's header is read once; pixels go straight from the file into their slice of the volume.
A series that cannot be loaded right is refused with its reason and never stops the others.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imaging.dicom.archive_files import opened
from imaging.dicom.cautions import cautions_of, with_study_cautions
from imaging.dicom.elements import NeedMoreError
from imaging.dicom.failures import refusal
from imaging.dicom.frames import ImageFile, parse_file
from imaging.dicom.pixel_files import acquired_volume
from imaging.dicom.study import Planned, Tally, plan_study, refused_series, unique_keys
from imaging.errors import DicomError, GeometryError
from imaging.volume import Acquisition, AcquisitionHeader, Refused, Skipped, Study

#: Called with (done, total).
Progress = Callable[[int, int], None]

#: Most headers end within this; longer ones are read on demand. [bytes]
HEADER_BYTES = 16_384
#: No header is longer than this, not even of an enhanced object with thousands of frames. [bytes]
MAX_HEADER_BYTES = 256 << 20
_DIRECTORY_RECORDS = 0x00041220


@dataclass(frozen=True, eq=False)
class Scan:
    """Headers of everything found under a path."""

    images: tuple[ImageFile, ...]
    refused: tuple[Refused, ...]
    tally: Tally


@dataclass(frozen=True, eq=False)
class HeaderStudy:
    """What a folder holds by its headers alone; no pixel was read.

    Attributes
    ----------
    headers : mapping of str to AcquisitionHeader
        By the key the acquisition has once loaded.
    refused : tuple of Refused
    skipped : tuple of Skipped
    """

    headers: Mapping[str, AcquisitionHeader]
    refused: tuple[Refused, ...]
    skipped: tuple[Skipped, ...]


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
        Read in a child process with limited memory and time, and follow no links.
    progress : callable, optional
        Called with (done, total) files while pixels are read.

    Returns
    -------
    Study
        Its acquisitions in order of series number, and what was refused and skipped.

    Raises
    ------
    DicomError
        ``NOTHING_USABLE`` with the refused list, ``UNREADABLE``, ``UNSAFE_ARCHIVE``,
        ``DECODE_LIMIT``.

    Examples
    --------
    >>> load_study("no such folder")
    Traceback (most recent call last):
        ...
    imaging.errors.DicomError: The file or folder cannot be read: no such folder
    """
    if untrusted:
        from imaging.dicom.untrusted_files import load_untrusted

        return load_untrusted(Path(path), resample=resample)
    return load_here(Path(path), resample=resample, progress=progress)


def load_here(
    path: Path, *, resample: bool = False, progress: Progress | None = None, links: bool = True
) -> Study:
    """``load_study`` in this process."""
    with opened(path, links=links) as files:
        scan = scan_files(files)
        planned, refused = plan_study(scan.images, scan.tally, _comparison(files), resample=resample)
        refused = [*scan.refused, *refused]
        acquisitions = _load_all(planned, files, refused, progress)
    if not acquisitions:
        _refuse_everything(refused, scan.tally)
    beside = {a.key: _damaged_beside(plan, scan.refused) for plan, a in acquisitions}
    ordered = with_study_cautions([a for _, a in acquisitions], beside)
    return Study(ordered, tuple(refused), scan.tally.skipped(), source=str(path))


def _load_all(
    planned: Sequence[Planned], files: Mapping[str, Path], refused: list[Refused], progress: Progress | None
) -> list[tuple[Planned, Acquisition]]:
    loaded: list[tuple[Planned, Acquisition]] = []
    keys = unique_keys(planned)
    done, total = 0, sum(len(p.stack.files) for p in planned)
    for place, plan in enumerate(planned):
        try:
            loaded.append((plan, _load(replace(plan, key=keys[place]), files)))
        except DicomError as error:
            refused.append(refused_series(error, [f.image for f in plan.stack.frames]))
        except GeometryError as error:
            found = refusal("NO_POSITION", error.found)
            refused.append(refused_series(found, [f.image for f in plan.stack.frames]))
        done += len(plan.stack.files)
        if progress:
            progress(done, total)
    return loaded


def _load(plan: Planned, files: Mapping[str, Path]) -> Acquisition:
    volume = acquired_volume(plan.stack, plan.header, files)
    own = cautions_of(plan.stack, plan.header, plan.unreadable, volume.geometry)
    return Acquisition(plan.key, plan.header, volume, (*plan.cautions, *own))


def _refuse_everything(refused: Sequence[Refused], tally: Tally) -> None:
    listed = [{"code": r.code, "message": r.message, "files": list(r.files)} for r in refused]
    skipped = [{"reason": s.reason, "count": s.count, "examples": list(s.examples)} for s in tally.skipped()]
    reasons = "; ".join(dict.fromkeys(f"{r.code}: {r.message}" for r in refused)) or _nothing_found(tally)
    raise refusal("NOTHING_USABLE", reasons[:600], refused=listed, skipped=skipped)


def _nothing_found(tally: Tally) -> str:
    """That there is no image, and what there is instead."""
    there = ", ".join(f"{s.count} {s.reason}" for s in tally.skipped())
    return f"no CT or MR images ({there or 'no files'})"


def _damaged_beside(plan: Planned, refused: Sequence[Refused]) -> list[str]:
    """Unreadable files in the folders of an acquisition; any may have been one of its slices."""
    folders = plan.folders
    return [name for r in refused for name in r.files if name.rpartition("/")[0] in folders]


def read_headers(path: str | os.PathLike[str]) -> HeaderStudy:
    """What a folder, file or zip holds, by its headers alone.

    Files need no pixel data: the answer of an archive's query is enough.

    Parameters
    ----------
    path : path
        A folder, file or zip.
    """
    with opened(Path(path)) as files:
        scan = scan_files(files)
        planned, refused = plan_study(scan.images, scan.tally, _comparison(files))
    keys = unique_keys(planned)
    headers = {keys[place]: plan.header for place, plan in enumerate(planned)}
    return HeaderStudy(headers, (*scan.refused, *refused), scan.tally.skipped())


def scan_files(files: Mapping[str, Path]) -> Scan:
    """Read the header of every file, each once.

    Parameters
    ----------
    files : mapping of str to Path
        By the name to show.
    """
    images: list[ImageFile] = []
    refused: list[Refused] = []
    tally = Tally()
    for name, path in files.items():
        try:
            image = read_header(path, name)
        except DicomError as error:
            refused.append(Refused(error.code, str(error), (name,)))
            continue
        if image is None:
            tally.add("not DICOM", [name])
        elif _DIRECTORY_RECORDS in image.elements:
            tally.add("DICOMDIR (the folder itself is searched)", [name])
        else:
            images.append(image)
    return Scan(tuple(images), tuple(refused), tally)


def read_header(path: Path, name: str) -> ImageFile | None:
    """Header of one file; None if it is not DICOM.

    Raises
    ------
    DicomError
        A file that starts as DICOM and does not go on as such, or cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return _parse(file.read, os.fstat(file.fileno()).st_size, name)
    except OSError as error:
        raise refusal("UNREADABLE", f"{name} ({error.strerror})", files=[name]) from None


def _parse(read: Callable[[int], bytes], size: int, name: str) -> ImageFile | None:
    data = read(HEADER_BYTES)
    while True:
        try:
            image = parse_file(name, data, size)
        except NeedMoreError as more:
            if len(data) >= min(size, MAX_HEADER_BYTES):
                raise refusal("TRUNCATED", "the header ends inside an element", files=[name]) from None
            block = read(max(more.size, 2 * len(data)) - len(data))
            if not block:
                raise refusal("TRUNCATED", "the file ends inside its header", files=[name]) from None
            data += block
            continue
        except DicomError as error:
            error.details.setdefault("files", [name])
            raise
        return image


def _comparison(files: Mapping[str, Path]) -> Callable[[ImageFile, ImageFile], bool]:
    def same_bytes(one: ImageFile, other: ImageFile) -> bool:
        return one.size == other.size and _sha256(files[one.name]) == _sha256(files[other.name])

    return same_bytes


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    found: dict[str, str] = {}
    with opened(Path(path)) as files:
        for image in scan_files(files).images:
            uid = image.sop_instance_uid
            if uid in wanted and uid not in found:
                found[uid] = _sha256(files[image.name])
    return found
