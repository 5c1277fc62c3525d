"""Studies to and from a PACS, object by object: verified, resumable, never overwriting.

A file appears under its final name only whole and flushed to the disk. Its name is a hash of its UID, so
that nothing a server sends can choose where it is written. A transfer that broke is run again; what is
there already is checked, not sent again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from imaging.dicom.archive_files import files_below
from workup.errors import ExchangeError
from workup.exchange.pacs import Instance, Pacs, Progress, content_hash, instance_of

_NAME_CHARACTERS = 32
_UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a push or pull did.

    Attributes
    ----------
    instances : int
        Objects of the study that are now on both sides, each compared.
    transferred, present : int
        How many of them went over the line now, and how many were there already.
    """

    instances: int
    transferred: int
    present: int


def pull(pacs: Pacs, study_uid: str, folder: str | Path, progress: Progress | None = None) -> Transfer:
    """Fetch a study into a folder of its own.

    Raises
    ------
    ExchangeError
        ``OTHER_STUDY`` if the folder holds images of another study, which would be read as one case with
        these; ``NOT_FOUND`` if the server holds nothing of the study; ``WRONG_OBJECT`` if it sent another one
        than was asked for; ``DIFFERENT`` if a file is there with another content: it is kept as it is;
        what the connection raises.
    """
    target = Path(folder)
    _check_no_other_study(target, study_uid)
    wanted = pacs.instances(study_uid)
    if not wanted:
        raise ExchangeError("NOT_FOUND", "the server holds no object of the study", expected="a known UID")
    target.mkdir(parents=True, exist_ok=True)
    for leftover in target.glob(f"*/*{_UNFINISHED}"):
        leftover.unlink()
    fetched = 0
    for done, instance in enumerate(wanted, 1):
        path = target / _hashed(instance.series_uid)[:12] / f"{_hashed(instance.sop_uid)}.dcm"
        if path.exists():
            _check_present(path, instance)
        else:
            _write(_fetched(pacs, instance), path)
            fetched += 1
        if progress:
            progress(done, len(wanted))
    return Transfer(len(wanted), fetched, len(wanted) - fetched)


def push(
    pacs: Pacs, sources: Sequence[Path], progress: Progress | None = None, *, verify: bool = True
) -> Transfer:
    """Send files, or every DICOM file below folders; each is fetched back and compared.

    Parameters
    ----------
    pacs, sources, progress
        The server; files or folders; called with (done, in all).
    verify
        Fetch each object back and compare; without it only the acknowledgement counts.

    Raises
    ------
    ExchangeError
        ``NO_FILE`` if there is nothing to send; ``DIFFERENT`` if the server holds another content under
        the same UID (nothing is overwritten); what the connection raises.
    """
    paths = list(_dicom_files(sources))
    if not paths:
        raise ExchangeError("NO_FILE", "there is no DICOM file to send", expected="DICOM files or folders")
    there: dict[str, set[Instance]] = {}
    sent = 0
    for done, path in enumerate(paths, 1):
        dataset = pydicom.dcmread(path)
        instance = instance_of(dataset)
        if instance.study_uid not in there:
            there[instance.study_uid] = set(pacs.instances(instance.study_uid))
        expected = content_hash(dataset)
        if instance not in there[instance.study_uid]:
            pacs.send(dataset)
            sent += 1
        if verify and content_hash(_fetched(pacs, instance)) != expected:
            raise ExchangeError(
                "DIFFERENT",
                f"the server holds another content than {path.name} under its UID",
                expected="equal elements and pixels",
                advice="Nothing was overwritten. An object that was changed needs a new SOPInstanceUID.",
            )
        if progress:
            progress(done, len(paths))
    return Transfer(len(paths), sent, len(paths) - sent)


def _check_no_other_study(folder: Path, study_uid: str) -> None:
    others = [path for path in _dicom_files([folder]) if _study_of(path) not in ("", study_uid)]
    if others:
        raise ExchangeError(
            "OTHER_STUDY",
            f"{folder.name!r} holds {len(others)} objects of another study",
            expected="an empty folder, or one that a pull of this study began",
            advice="Give each study a folder of its own (-o)",
        )


def _study_of(path: Path) -> str:
    """StudyInstanceUID of a file, empty where it names none, as a DICOMDIR."""
    header = pydicom.dcmread(path, specific_tags=["StudyInstanceUID"], stop_before_pixels=True)
    return str(header.get("StudyInstanceUID") or "")


def _hashed(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:_NAME_CHARACTERS]


def _fetched(pacs: Pacs, instance: Instance) -> Dataset:
    dataset = pacs.fetch(instance)
    if instance_of(dataset) != instance:
        raise ExchangeError("WRONG_OBJECT", "the server sent another object than was asked for")
    return dataset


def _write(dataset: Dataset, path: Path) -> None:
    """Write beside, flush, compare what the disk gives back, then take the name if nobody has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}{_UNFINISHED}")
    expected = content_hash(dataset)
    dataset.preamble = b"\0" * 128
    try:
        with beside.open("wb") as stream:
            dataset.save_as(stream, enforce_file_format=True)
            stream.flush()
            os.fsync(stream.fileno())
        if content_hash(pydicom.dcmread(beside)) != expected:
            raise ExchangeError(
                "READ_BACK", "an object does not read back as it came", expected="equal content"
            )
        os.link(beside, path)  # unlike a rename, fails if the name is taken
    finally:
        beside.unlink(missing_ok=True)


def _check_present(path: Path, instance: Instance) -> None:
    """A file that is there is the whole object it is named after."""
    try:
        held = instance_of(pydicom.dcmread(path))
    except (InvalidDicomError, OSError, EOFError, ExchangeError):
        held = None
    if held != instance:
        raise ExchangeError(
            "DIFFERENT",
            f"{path.name} is there already and is not the object that belongs there",
            expected="an empty folder, or one that the same pull began",
        )


def _dicom_files(sources: Iterable[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_file():
            yield source
            continue
        for path in files_below(source):
            try:
                pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True)
            except (InvalidDicomError, EOFError):
                continue
            yield path
