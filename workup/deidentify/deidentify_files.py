"""A folder of images, de-identified into a new folder; it appears whole and verified, or not at all."""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from imaging.dicom.archive_files import files_below
from workup.deidentify.burned_in import held_back, may_show_text, storage_class
from workup.deidentify.dataset import deidentified, names_anybody, old_identity
from workup.deidentify.pixels import PIXEL_KEYWORDS
from workup.deidentify.pseudonyms import ProjectKey
from workup.deidentify.verifier import Found, identifying, left_in, named_in, uids
from workup.errors import DeidentifyError
from workup.redaction import redact

Progress = Callable[[int, int], None]

NEW_KEY_BYTES = 32

#: What ``file_name`` calls its folders and files: a source may use the words too.
_OWN_WORDS = re.compile(r"\b(?:study|series)-|\.dcm$")


@dataclass
class Deidentified:
    """What was done; holds no value of the source.

    Attributes
    ----------
    held_back : dict of reason to number of files
        Not written: no image, or an image that says that it shows text.
    warnings : list of str
        Files, by their new name, that may show the patient's name in their pixels.
    skipped : int
        Files that are not DICOM.
    damaged : list of (file, reason)
        Files that say that they are DICOM and cannot be read; by their number where the name tells something.
    """

    patients: set[str] = field(default_factory=set)
    written: int = 0
    held_back: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    skipped: int = 0
    damaged: list[tuple[str, str]] = field(default_factory=list)
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
        ``TARGET_EXISTS``, ``NO_IMAGES``, ``IDENTITY_DIFFERS`` if files of one study name different
        patients, or ``IDENTITY_LEFT`` if anything of the patients was found in what was to leave; nothing
        is left behind then.
    """
    paths = source_files(source, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".tmp-{target.name}-{os.getpid()}"
    temporary.mkdir(mode=0o700)
    try:
        with warnings.catch_warnings():  # pydicom's warnings quote the values they complain about
            warnings.simplefilter("ignore")
            done = _write_all(source, paths, temporary, key, keep_burned_in, progress)
        os.replace(temporary, target)  # noqa: PTH105 - the atomic call by its name
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return done


def source_files(source: Path, target: Path) -> list[Path]:
    """Every file of the source, in the order of paths, if it can go to the target.

    Raises
    ------
    DeidentifyError
        ``TARGET_EXISTS``, ``NO_IMAGES``.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DeidentifyError("TARGET_EXISTS", f"{target.name!r} is not empty", expected="a new folder")
    paths = files_below(source) if source.is_dir() else []
    if not paths:
        raise DeidentifyError("NO_IMAGES", f"{source.name!r} is no folder with files", expected="DICOM files")
    return paths


def _write_all(
    source: Path,
    paths: list[Path],
    folder: Path,
    key: ProjectKey,
    keep_burned_in: bool,
    progress: Progress | None,
) -> Deidentified:
    run = _Run(folder, key, keep_burned_in)
    for number, path in enumerate(paths, start=1):
        run.take(path, number)
        if progress:
            progress(number, 2 * len(paths))
    done = run.done
    for number, reason in run.damaged.items():
        name = paths[number - 1].relative_to(source).as_posix()
        told = f"file {number} of {len(paths)}, by path" if _tells(name, run.words) else name
        done.damaged.append((told, reason))
    if not run.written:
        raise DeidentifyError(
            "NO_IMAGES",
            f"none of {len(paths)} files is an image that may leave",
            details={"held_back": done.held_back, "skipped": done.skipped, "damaged": done.damaged},
        )
    done.values_searched = len(run.words)
    _verify(run.written, folder, run.words, run.source_uids, progress)
    return done


def _tells(name: str, words: dict[str, str]) -> bool:
    """Whether a name of a source file must not be printed."""
    return named_in(name, words) or redact(name) != name


def _read(path: Path) -> FileDataset | None:
    """The data set; None if the file is not DICOM.

    Raises
    ------
    DeidentifyError
        ``DAMAGED_FILE`` if it says that it is DICOM and cannot be read.
    """
    try:
        dataset = dcmread(path)
    except InvalidDicomError:  # no DICM after the preamble
        return None
    except Exception as error:  # whatever the bytes provoke
        raise DeidentifyError("DAMAGED_FILE", f"cannot be read ({type(error).__name__})") from error
    if not storage_class(dataset):
        raise DeidentifyError("DAMAGED_FILE", "does not say what kind of object it is")
    if held_back(dataset) is None and not any(name in dataset for name in PIXEL_KEYWORDS):
        raise DeidentifyError("DAMAGED_FILE", "an image without pixels")
    return dataset


@dataclass
class _Run:
    """Takes one file after the other; what it has seen of all is what the verifier searches."""

    folder: Path
    key: ProjectKey
    keep_burned_in: bool
    done: Deidentified = field(default_factory=Deidentified)
    words: dict[str, str] = field(default_factory=dict)
    source_uids: set[str] = field(default_factory=set)
    written: list[Path] = field(default_factory=list)
    damaged: dict[int, str] = field(default_factory=dict)
    studies: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)

    def take(self, path: Path, number: int) -> None:
        """Write one file if it may leave, or keep the reason why not."""
        try:
            dataset = _read(path)
            if dataset is None:
                self.done.skipped += 1
                return
            self.words |= identifying(dataset)
            self.source_uids |= uids(dataset)
            reason = self._held_back(dataset)
            if reason is None:
                new = deidentified(dcmread(path), self.key)  # again: the search looked at its raw bytes
                self._same_patient(dataset, number)
                self._write(new, may_show_text(dataset))
        except DeidentifyError as error:
            if error.code in ("DAMAGED_FILE", "DAMAGED_PIXELS"):
                self.damaged[number] = error.found
                return
            if error.code != "UNKNOWN_COMPRESSION":
                raise
            reason = error.found
        if reason is not None:
            self.done.held_back[reason] = self.done.held_back.get(reason, 0) + 1

    def _held_back(self, dataset: Dataset) -> str | None:
        reason = held_back(dataset)
        if reason is None and not self.keep_burned_in:
            reason = may_show_text(dataset)
        if reason is None and not names_anybody(dataset):
            reason = "names neither a patient nor a study"
        return reason

    def _same_patient(self, dataset: Dataset, number: int) -> None:
        """Refuse a study that would leave under two pseudonyms, with two shifts of its dates."""
        study = str(dataset.get("StudyInstanceUID", "") or "").strip("\0 ")
        now = old_identity(dataset)
        other, first = self.studies.setdefault(study, (number, now)) if study else (number, now)
        if first == now:
            return
        differ = sorted(name for name in {*first, *now} if first.get(name) != now.get(name))
        raise DeidentifyError(
            "IDENTITY_DIFFERS",
            f"files {other} and {number} (in the order of their paths) are of one study and differ in "
            f"{', '.join(differ)}: it would leave as two patients",
            expected="one patient for each study",
            advice="Correct the attributes, or leave out the files that belong to somebody else",
            details={"attributes": differ, "files": [other, number]},
        )

    def _write(self, new: Dataset, shows_text: str | None) -> None:
        place = self.folder / file_name(new)
        data = _bytes(new)
        copies = 1
        while place.exists():  # a conflict of the source stays one, for the loader to refuse
            if place.read_bytes() == data:
                return
            copies += 1
            place = place.with_stem(f"{place.stem.split('_')[0]}_{copies}")
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.write_bytes(data)
        self.done.written += 1
        self.done.patients.add(str(new.PatientID))
        if shows_text:
            self.done.warnings.append(f"{place.relative_to(self.folder).as_posix()}: {shows_text}")
        self.written.append(place)


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
        if named_in(_OWN_WORDS.sub("", name), words):
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
