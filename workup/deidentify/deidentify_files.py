"""A folder of images, de-identified into a new folder; it appears whole and verified, or not at all."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileDataset

from workup.deidentify.burned_in import held_back, may_show_text
from workup.deidentify.dataset import deidentified, names_anybody
from workup.deidentify.pseudonyms import ProjectKey
from workup.deidentify.verifier import Found, identifying, left_in, named_in, uids
from workup.errors import DeidentifyError

Progress = Callable[[int, int], None]

NEW_KEY_BYTES = 32

#: Pixels that nobody can vouch for: the file stays, the others leave.
NOT_CLEANED = frozenset({"DAMAGED_PIXELS", "UNKNOWN_COMPRESSION"})


@dataclass
class Deidentified:
    """What was done; holds no value of the source.

    Attributes
    ----------
    held_back : dict of reason to number of files
        Not written: no image, or an image that says that it shows text.
    warnings : list of str
        Files, by their new name, that may show the patient's name in their pixels.
    """

    patients: set[str] = field(default_factory=set)
    written: int = 0
    held_back: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    skipped: int = 0
    values_searched: int = 0


def project_key(path: Path) -> tuple[ProjectKey, bool]:
    """The key in a file, and whether it was made now because the file did not exist.

    Raises
    ------
    DeidentifyError
        ``KEY_TOO_SHORT``, ``NO_KEY`` if it cannot be read.
    """
    made = False
    try:
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(secrets.token_hex(NEW_KEY_BYTES).encode())
            made = True
        return ProjectKey(path.read_bytes().strip()), made
    except OSError as error:
        raise DeidentifyError("NO_KEY", f"the key file cannot be used: {error.strerror}") from error


def deidentify_folder(
    source: Path,
    target: Path,
    key: ProjectKey,
    *,
    keep_burned_in: bool = False,
    progress: Progress | None = None,
) -> Deidentified:
    """Write every image of ``source``, de-identified and verified, into the new folder ``target``.

    Raises
    ------
    DeidentifyError
        ``TARGET_EXISTS``, ``NO_IMAGES``, or ``IDENTITY_LEFT`` if anything of the patients was found in
        what was to leave; nothing is left behind then.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DeidentifyError("TARGET_EXISTS", f"{target.name!r} is not empty", expected="a new folder")
    paths = [p for p in sorted(source.rglob("*")) if p.is_file()] if source.is_dir() else []
    if not paths:
        raise DeidentifyError("NO_IMAGES", "the source is no folder with files")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".tmp-{target.name}-{os.getpid()}"
    temporary.mkdir(mode=0o700)
    try:
        with warnings.catch_warnings():  # pydicom's warnings quote the values they complain about
            warnings.simplefilter("ignore")
            done = _write_all(paths, temporary, key, keep_burned_in, progress)
        os.replace(temporary, target)  # noqa: PTH105 - the atomic call by its name
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return done


def _write_all(
    paths: list[Path], folder: Path, key: ProjectKey, keep_burned_in: bool, progress: Progress | None
) -> Deidentified:
    done = Deidentified()
    words: dict[str, str] = {}
    source_uids: set[str] = set()
    written: list[Path] = []
    for number, path in enumerate(paths, start=1):
        dataset = _read(path)
        if dataset is None:
            done.skipped += 1
        else:
            words |= identifying(dataset)
            source_uids |= uids(dataset)
            written += _write_one(path, dataset, folder, key, keep_burned_in, done)
        if progress:
            progress(number, 2 * len(paths))
    if not written:
        raise DeidentifyError(
            "NO_IMAGES",
            f"none of {len(paths)} files is an image that may leave",
            details={"held_back": done.held_back, "skipped": done.skipped},
        )
    done.values_searched = len(words)
    _verify(written, folder, words, source_uids, progress)
    return done


def _read(path: Path) -> FileDataset | None:
    try:
        dataset = dcmread(path)
    except Exception:  # whatever the bytes provoke: what cannot be read cannot leave
        return None
    return dataset if "SOPClassUID" in dataset else None


def _write_one(
    path: Path, dataset: FileDataset, folder: Path, key: ProjectKey, keep_burned_in: bool, done: Deidentified
) -> Iterator[Path]:
    reason = held_back(dataset)
    shows_text = may_show_text(dataset)
    if reason is None and shows_text and not keep_burned_in:
        reason = shows_text
    if reason is None and not names_anybody(dataset):
        reason = "names neither a patient nor a study"
    if reason is None:
        try:
            new = deidentified(dcmread(path), key)  # again: the search above looked at its raw bytes
        except DeidentifyError as error:
            if error.code not in NOT_CLEANED:
                raise
            reason = error.found
    if reason is not None:
        done.held_back[reason] = done.held_back.get(reason, 0) + 1
        return
    place = folder / file_name(new)
    data = _bytes(new)
    copies = 1
    while place.exists():  # a conflict of the source stays one, for the loader to refuse
        if place.read_bytes() == data:
            return
        copies += 1
        place = place.with_stem(f"{place.stem.split('_')[0]}_{copies}")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.write_bytes(data)
    done.written += 1
    done.patients.add(str(new.PatientID))
    if shows_text:
        done.warnings.append(f"{place.relative_to(folder).as_posix()}: {shows_text}")
    yield place


def _bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def file_name(dataset: Dataset) -> Path:
    """Where a de-identified file goes: pseudonym, study, series, instance, by their new UIDs."""
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    ends = [str(dataset.get(name, "")).removeprefix("2.25.")[-12:] or "0" for name in names]
    return Path(str(dataset.PatientID)) / f"study-{ends[0]}" / f"series-{ends[1]}" / f"{ends[2]}.dcm"


def _verify(
    written: list[Path],
    folder: Path,
    words: dict[str, str],
    source_uids: set[str],
    progress: Progress | None,
) -> None:
    found: dict[str, list[Found]] = {}
    for number, path in enumerate(written, start=1):
        name = path.relative_to(folder).as_posix()
        left = list(left_in(dcmread(path), words, source_uids))
        if named_in(name, words):
            left.append(Found("a text", "file name"))
        if left:
            found[name] = left
        if progress:
            progress(len(written) + number, 2 * len(written))
    if found:
        places = sorted({f"{f.source_place} -> {f.output_place}" for left in found.values() for f in left})
        raise DeidentifyError(
            "IDENTITY_LEFT",
            f"{len(found)} of {len(written)} files would still tell something of the patient",
            advice="Nothing was written; the attributes are in the details",
            details={"places": places[:50], "files": len(found)},
        )
