"""A folder opened for reading: images, phases, what was read before, and what a crash left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imaging.phases.decision import name_phases
from workup.case.case import Case
from workup.case.case_files import is_store, read_case
from workup.case.reader_files import CaseReader
from workup.case.reads import SavedVersion
from workup.case.state import case_of
from workup.case.store_files import CaseStore, read_store_case
from workup.reading import Reading
from workup.reading_earlier import FromEarlier, from_earlier
from workup.reading_keeper import AUTOSAVE_AFTER_S, Keeper

Progress = Callable[[int, int], None]

#: Ending of the case folder that is made beside a folder of images.
CASE_FOLDER_ENDING = ".case"


@dataclass(frozen=True, eq=False)
class OpenedReading:
    """A reading, who keeps it, and what the reader must be told first."""

    reading: Reading
    keeper: Keeper
    words: tuple[str, ...]


def open_reading(
    path: str | Path,
    *,
    reader: str | None = None,
    case_folder: str | Path | None = None,
    progress: Progress | None = None,
) -> OpenedReading:
    """Open a case folder, a plain case or a folder of DICOM files, and go on where it was left.

    Work is kept in ``case_folder``; by default that is the case folder itself, or one beside the images
    with the ending ``.case``, made when there is first something to keep. If a session ended without
    saving, its autosave is taken up as one step, which ``undo`` takes back.

    Raises
    ------
    CaseError, ImagingError
        If nothing usable is there.
    """
    path = Path(path)
    kept_in = _case_folder(path, Path(case_folder) if case_folder else None)
    held = _version(kept_in, reader) if is_store(kept_in) else None
    if is_store(kept_in):
        number = None if held is None else held.number
        case = read_store_case(kept_in, version=number, who=reader, progress=progress)
    else:
        case = read_case(path, progress=progress)
    decisions = name_phases(case.study)
    reading = Reading.from_case(case, decisions)
    reading.reader = reader or case.reader
    store = CaseStore.open(kept_in) if is_store(kept_in) else None
    keeper = Keeper(reading, lambda: _store(kept_in, case, reading.reader, path), store=store)
    if held is not None:
        keeper.opened_at(held)
    words = list(_first_words(case, reading))
    if store is not None:
        words += _recover(store, reading)
    return OpenedReading(reading, keeper, tuple(words))


def place_earlier(
    path: str | Path, reading: Reading, to_key: str, *, progress: Progress | None = None
) -> tuple[FromEarlier, ...]:
    """Regions of an earlier study's folder, placed on one acquisition of a reading as far as can be.

    A read that is still blind to this reader stays so.

    Raises
    ------
    CaseError, ImagingError
        As for ``open_reading`` and ``reading_earlier.from_earlier``.
    """
    folder = Path(path)
    if is_store(folder):
        earlier = read_store_case(folder, who=reading.reader, progress=progress)
    else:
        earlier = read_case(folder, progress=progress)
    decisions = name_phases(earlier.study, reader_labels=earlier.phase_labels)
    return from_earlier(earlier, decisions, reading.study, to_key, reading.phase(to_key))


def _case_folder(path: Path, asked: Path | None) -> Path:
    if asked is not None:
        return asked
    path = path.resolve()
    return path if is_store(path) else path.with_name(path.name + CASE_FOLDER_ENDING)


def _version(folder: Path, reader: str | None) -> SavedVersion | None:
    """The version that a reader goes on from: the newest one, in a blinded case the newest of their own."""
    history = CaseReader(folder).history()
    return history.latest_version(reader if history.blinded else None)


def _store(folder: Path, case: Case, reader: str | None, images: Path) -> CaseStore:
    if is_store(folder):  # made by another window since this one was opened
        return CaseStore.open(folder, seen=0)
    source = Path(case.study.source) if case.study.source else images
    name = case.case_id or images.resolve().name
    return CaseStore.create(folder, case.study, name, reader or "unnamed reader", dicom_folder=source)


def _recover(store: CaseStore, reading: Reading) -> list[str]:
    """Take up an autosave that no save followed; what to say of it."""
    words = [] if store.trouble is None else [str(store.trouble)]
    kept = store.pending_autosave(reading.reader)
    if kept is None:
        return words
    reading.take_over(case_of(kept.state, reading.study, reading.case_id), "recover unsaved work")
    reading.reader = reading.reader or kept.state.reader
    words.append(
        "The last session ended without saving. "
        f"Work kept at {kept.when[:19].replace('T', ' ')} was recovered; "
        f"up to {AUTOSAVE_AFTER_S:.0f} s before the end may be missing. Undo goes back to the last save."
    )
    return words


def _first_words(case: Case, reading: Reading) -> list[str]:
    words = [f"Series {r.series_number or '?'} was refused: {r.message}" for r in case.study.refused]
    words += [
        f"{region} shares voxels with another region on one phase: kept as it came, not editable there."
        for region, _ in reading.kept_apart
    ]
    return words
