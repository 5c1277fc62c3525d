"""Keeps what a reader does: autosave while they work, versions when they save, signed reads.

A ``Keeper`` watches a reading and is asked once a second whether something has to be written. The state is
taken on the asking thread (it is immutable), the writing happens on another, so that drawing never
waits for the disk. The case folder is made when there is first something to keep.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from workup.case.reads import ReadSummary, SavedVersion
from workup.case.state import CaseState, state_of
from workup.case.store_files import CaseStore
from workup.errors import CaseError, WorkupError
from workup.reading import Reading
from workup.reading_state import ReadState

#: Something unsaved is written after this time at the latest. [s]
AUTOSAVE_AFTER_S = 10.0
#: Or after this many strokes and statements.
AUTOSAVE_AFTER_STEPS = 20

OpenStore = Callable[[], CaseStore]


class Keeper:
    """Autosave, save and sign for one reading.

    Parameters
    ----------
    reading : Reading
    open_store : callable
        Opens the case folder, making it if need be; called once, when something is first written.
    clock : callable, optional
        Seconds that only go forward; tests give their own. [s]
    store : CaseStore, optional
        The case folder, where it is there already.
    """

    def __init__(
        self,
        reading: Reading,
        open_store: OpenStore,
        clock: Callable[[], float] = time.monotonic,
        store: CaseStore | None = None,
    ) -> None:
        self._reading = reading
        self._open_store = open_store
        self._clock = clock
        self._store = store
        self._steps = 0
        self._dirty_since: float | None = None
        self._unsaved = False  # whether anything was done since the last version
        self._writing: Future[None] | None = None
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="autosave")
        self._saved: tuple[ReadState, str | None] | None = None  # what the last version holds, and whose
        self.name_given = True  # whether the name is of this session, not taken over from the last save
        self.trouble: str | None = None
        self.last_version: int | None = None
        reading.events.history.connect(self._stepped)
        reading.events.labels.connect(self._touched)

    @property
    def dirty(self) -> bool:
        """Whether something was done that is not on the disk yet."""
        return self._dirty_since is not None

    @property
    def store(self) -> CaseStore:
        """The case folder, opened or made."""
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def may_be_named(self, reader: str) -> bool:
        """Whether the work in hand may be given this reader's name.

        In a blinded case a name decides what was shown when the case was opened: another name would
        put its reader before work that they may not see, or over work of theirs that was not loaded.
        """
        if self._store is None or not self._store.history().blinded:
            return True
        return self._reading.reader is None and self._store.pending_autosave(reader) is None

    def _stepped(self, title: str) -> None:
        del title
        self._steps += 1
        self._touched()

    def _touched(self, *_: object) -> None:
        self._unsaved = True
        if self._dirty_since is None:
            self._dirty_since = self._clock()

    def tick(self) -> None:
        """Write an autosave if one is due; ask about once a second, from the thread that draws."""
        if self._dirty_since is None or (self._writing is not None and not self._writing.done()):
            return
        waited = self._clock() - self._dirty_since
        if waited >= AUTOSAVE_AFTER_S or self._steps >= AUTOSAVE_AFTER_STEPS:
            self.autosave()

    def autosave(self) -> Future[None]:
        """Write the state of this moment on the other thread."""
        state = self._state()
        self._steps, self._dirty_since = 0, None
        self._writing = self._disk.submit(self._write, state)
        return self._writing

    def _write(self, state: CaseState) -> None:
        try:
            self.store.autosave(state, state.reader)
            self.trouble = None
        except (WorkupError, OSError) as error:
            self.trouble = str(error)
            self._dirty_since = self._clock()

    def save(self, why: str = "") -> int:
        """Keep the state for good; its version number, once it is on the disk.

        Raises
        ------
        CaseError
            ``NAME_NOT_GIVEN``, and as ``CaseStore.save``; what was drawn stays in the reading.
        """
        self._check_name()
        self._reading.commit_stroke()
        self._wait()
        state = self._state()
        version = self.store.save(state, state.reader, why)
        self._holds(version, self._reading.reader)
        return version

    def version(self, why: str = "") -> int:
        """Number of the version that holds the work as it is; saved now, unless the last save does.

        Raises
        ------
        CaseError
            As ``save``.
        """
        self._reading.commit_stroke()
        held = self.last_version
        return held if held is not None and self.kept_as_version else self.save(why)

    @property
    def kept_as_version(self) -> bool:
        """Whether ``last_version`` holds the work as it is now."""
        saved, reading = self._saved, self._reading
        return saved is not None and saved[0] is reading.state and saved[1] == reading.reader

    def opened_at(self, version: SavedVersion) -> None:
        """The reading is as this version holds it, so far."""
        self._holds(version.number, version.reader)

    def _holds(self, version: int, reader: str | None) -> None:
        self._steps, self._dirty_since, self._unsaved = 0, None, False
        self._saved, self.last_version = (self._reading.state, reader), version

    def sign(
        self,
        reports: Mapping[str, bytes],
        meaning: str,
        why: str = "",
        summary: ReadSummary | None = None,
    ) -> int:
        """Save, put the reader's name to it with the reports, and lock the reading; the read's number.

        ``summary`` is what the signature says in numbers (``assessed_summary``); without it, no more
        than the reader's own statements and lines.
        """
        self._check_name()
        self.version("before signing")
        reader = self._reading.reader or ""
        number = self.store.sign(
            reader, reports, version=self.last_version, summary=summary, meaning=meaning, why=why
        )
        self._reading.locked = f"signed by {reader}, version {self.last_version}"
        self._reading.events.state.emit()
        return number

    def view(self) -> Mapping[str, Any]:
        """How this reader looked at the case when they left it; empty where that is not known."""
        return {} if self._store is None else self._store.view(self._reading.reader)

    def keep_view(self, view: Mapping[str, Any]) -> None:
        """Remember how the reader looks at the case, if it has a folder; never makes one, never fails."""
        if self._store is not None and view:
            with contextlib.suppress(WorkupError, OSError):
                self._store.keep_view(view, self._reading.reader)

    def close(self) -> None:
        """Write what is unsaved and wait for it; anew, as another window may have taken it up since."""
        if self._unsaved and not self._reading.locked:
            self.autosave()
            self._unsaved = False
        self._disk.shutdown(wait=True)

    def _check_name(self) -> None:
        """Nobody saves or signs as another by opening their work; an autosave is kept all the same."""
        if not self.name_given:
            raise CaseError(
                "NAME_NOT_GIVEN",
                f"the name {self._reading.reader!r} comes from the last save, not from you",
                advice="Press Enter in the field of the reader's name if it is yours, or type your own",
            )

    def _state(self) -> CaseState:
        return state_of(self._reading.to_case())

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
