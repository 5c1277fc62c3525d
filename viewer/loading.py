"""A folder being loaded beside the window, from before there is one until its images are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

from viewer.reading_apart import REFUSALS, ReadingApart

if TYPE_CHECKING:  # napari starts while a process of its own imports what reads
    from workup.reading_files import FolderRead, OpenedReading

#: How often is looked whether loading has ended. [s]
_LOOK_EVERY_S = 0.05
#: While loading, Python's threads take turns this often: reading files lets go of the turn four times a
#: file, and at Python's 5 ms each time would wait for as long while the window is built. [s]
_TURNS_S = 0.0001
_USUAL_TURNS_S = sys.getswitchinterval()


class Loading:
    """Opens a reading; begins at once.

    Parameters
    ----------
    path : Path
        Case folder or folder of images.
    reader, case_folder
        As for ``workup.reading_files.open_reading``.
    apart : bool
        Read in a process of its own, where that can be: while napari starts in this one.
    """

    def __init__(
        self,
        path: Path,
        *,
        reader: str | None = None,
        case_folder: str | Path | None = None,
        apart: bool = False,
    ) -> None:
        self.path, self._reader, self._case_folder = path, reader, case_folder
        self._apart: ReadingApart | None = None
        if apart and ReadingApart.possible():
            with suppress(OSError):  # then it is read on the thread
                self._apart = ReadingApart(path, reader=reader, case_folder=case_folder)
        self._files: Queue[tuple[int, int]] = Queue()
        #: The reading, or why there is none; None while it is loaded.
        self.outcome: OpenedReading | Exception | None = None
        self._thread = Thread(target=self._load, name="load", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        try:
            self.outcome = self._open()
        except Exception as error:  # raised again by ``result``, whatever it is
            self.outcome = error
            if not isinstance(error, REFUSALS):
                raise  # a fault of ours: Python prints where

    def _open(self) -> OpenedReading:
        read = self._apart.result(self._tell) if self._apart is not None else None
        from workup.reading_files import go_on

        return go_on(self._read_here() if read is None else read)

    def _read_here(self) -> FolderRead:
        from workup.reading_files import read_folder

        sys.setswitchinterval(_TURNS_S)
        try:
            return read_folder(
                self.path, reader=self._reader, case_folder=self._case_folder, progress=self._tell
            )
        finally:
            sys.setswitchinterval(_USUAL_TURNS_S)

    def _tell(self, done: int, total: int) -> None:
        self._files.put((done, total))

    def wait(self, at_most_s: float) -> None:
        """Do nothing else until loading has ended, or for so long. [s]"""
        self._thread.join(at_most_s)

    @property
    def apart(self) -> bool:
        """Whether it is read in a process of its own."""
        return self._apart is not None

    def progress(self) -> Iterator[tuple[int, int] | None]:
        """Files read and files in all, as they come, until loading has ended; None while there is no news.

        So whoever follows may stop at any time, though the disk should not answer.
        """
        while self._thread.is_alive():
            try:
                yield self._files.get(timeout=_LOOK_EVERY_S)
            except Empty:
                yield None

    def result(self) -> OpenedReading:
        """The reading, as soon as it is there.

        Raises
        ------
        ImagingError, WorkupError, OSError
            Why it could not be opened.
        """
        self._thread.join()
        outcome = self.outcome
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None, "the thread has ended"
        return outcome
