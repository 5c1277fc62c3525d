"""A folder opened for reading: images, phases, what was read before, and what a crash left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from imaging.phases.decision import name_phases
from imaging.phases.phase import PhaseDecision
from workup.case.case import Case
from workup.case.case_files import is_store, read_case
from workup.case.reads import SavedVersion
from workup.case.state import case_of
from workup.case.store_files import CaseStore, read_store_case
from workup.case.unsaved_work import UnsavedWork, take_up, unsaved_work
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


@dataclass(frozen=True, eq=False)
class FolderRead:
    """What a folder holds, its phases named: all of opening that takes long, and nothing bound to a process.

    Attributes
    ----------
    path, kept_in : Path
        The folder, and the case folder in which work on it is kept.
    held : SavedVersion or None
        The version that ``case`` is, where the case folder had one.
    reader : str or None
        Who opens it, if named.
    """

    path: Path
    kept_in: Path
    held: SavedVersion | None
    reader: str | None
    case: Case
    decisions: Mapping[str, PhaseDecision]


def read_folder(
    path: str | Path,
    *,
    reader: str | None = None,
    case_folder: str | Path | None = None,
    progress: Progress | None = None,
) -> FolderRead:
    """Read what ``open_reading`` opens; nothing is written or taken up yet.

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
    return FolderRead(path, kept_in, held, reader, case, name_phases(case.study))


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
    saving, its autosave is taken up as one step, which ``undo`` takes back. Without ``reader`` the
    work goes on under the name that it bears; nothing is saved under it until ``Keeper.name_given``.

    Raises
    ------
    CaseError, ImagingError
        If nothing usable is there.
    """
    return go_on(read_folder(path, reader=reader, case_folder=case_folder, progress=progress))


def go_on(read: FolderRead) -> OpenedReading:
    """Open what was read: take up unsaved work, and keep what follows.

    Raises
    ------
    CaseError
        If the case folder cannot be used.
    """
    case, held = read.case, read.held
    reading = Reading.from_case(case, read.decisions)
    reading.reader = read.reader or case.reader
    seen = held.number if held else 0  # what is saved while the images load was not seen
    store = CaseStore.open(read.kept_in, seen=seen) if is_store(read.kept_in) else None
    keeper = Keeper(reading, lambda: _store(read.kept_in, case, reading.reader, read.path), store=store)
    found = () if store is None else _take_up(store, reading, case)
    keeper.name_given = reading.reader == read.reader
    if held is not None and (not found or found[-1].saved_since is not None):
        keeper.opened_at(held)
    trouble = [] if store is None or store.trouble is None else [str(store.trouble)]
    words = (*_first_words(case, reading), *trouble, *_found_words(found))
    return OpenedReading(reading, keeper, words)


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
    history = CaseStore.open(folder).history()  # what a crash left finished counts
    return history.latest_version(reader if history.blinded else None)


def _store(folder: Path, case: Case, reader: str | None, images: Path) -> CaseStore:
    if is_store(folder):  # made by another window since this one was opened
        return CaseStore.open(folder, seen=0)
    source = Path(case.study.source) if case.study.source else images
    name = case.case_id or images.resolve().name
    return CaseStore.create(folder, case.study, name, reader or "unnamed reader", dicom_folder=source)


def _take_up(store: CaseStore, reading: Reading, saved: Case) -> tuple[UnsavedWork, ...]:
    """Take up what was not saved, each session's as a step of its own, newest last; what was found."""
    can_write = store.trouble is None
    found = take_up(store, reading.reader) if can_write else unsaved_work(store, reading.reader)
    for work in found:
        case = case_of(work.kept.state, reading.study, reading.case_id)
        reading.take_over(case, "recover unsaved work")
        reading.reader = reading.reader or work.kept.state.reader
    if found and found[-1].saved_since is not None:
        reading.take_over(saved, "go on from the last save")
    return found


def _found_words(found: tuple[UnsavedWork, ...]) -> list[str]:
    """What became of unsaved work, oldest first."""
    if not found:
        return []
    words = []
    for work in found:
        at = f"Work kept at {work.kept.when[:19].replace('T', ' ')}"
        aside = "" if work.version is None else f"; it stays as version {work.version}, which does not count"
        if work.saved_since is not None:
            words.append(f"{at} was not saved, but version {work.saved_since} was, later{aside}.")
        elif work is not found[-1]:
            words.append(f"{at} was not saved, nor was later work{aside}.")
        else:
            words.append(
                f"The last session ended without saving. {at} was recovered; "
                f"up to {AUTOSAVE_AFTER_S:.0f} s before the end may be missing."
            )
    back = "shows what was not saved" if found[-1].saved_since is not None else "goes back to the last save"
    return [
        *words,
        f"Undo {back}. If another window has this case open under the same name, go on in one of them: "
        "the later save is refused.",
    ]


def _first_words(case: Case, reading: Reading) -> list[str]:
    words = [f"Series {r.series_number or '?'} was refused: {r.message}" for r in case.study.refused]
    words += [
        f"{region} shares voxels with another region on one phase: kept as it came, not editable there."
        for region, _ in reading.kept_apart
    ]
    return words
