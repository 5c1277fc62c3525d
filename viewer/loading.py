"""A folder being loaded on a thread of its own, from before there is a window until its images are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from workup.reading_files import OpenedReading, open_reading

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
    """

    def __init__(
        self, path: Path, *, reader: str | None = None, case_folder: str | Path | None = None
    ) -> None:
        self.path = path
        self._open = partial(open_reading, path, reader=reader, case_folder=case_folder, progress=self._tell)
        self._files: Queue[tuple[int, int]] = Queue()
        self._outcome: OpenedReading | Exception | None = None
        self._thread = Thread(target=self._load, name="load", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        sys.setswitchinterval(_TURNS_S)
        try:
            self._outcome = self._open()
        except Exception as error:  # raised again by ``result``, whatever it is
            self._outcome = error
        finally:
            sys.setswitchinterval(_USUAL_TURNS_S)

    def _tell(self, done: int, total: int) -> None:
        self._files.put((done, total))

    def wait(self, at_most_s: float) -> None:
        """Do nothing else until loading has ended, or for so long. [s]"""
        self._thread.join(at_most_s)

    @property
    def opened(self) -> OpenedReading | None:
        """The reading, if it is there already."""
        return self._outcome if isinstance(self._outcome, OpenedReading) else None

    def progress(self) -> Iterator[tuple[int, int]]:
        """Files read and files in all, as they come, until loading has ended."""
        while self._thread.is_alive():
            try:
                yield self._files.get(timeout=_LOOK_EVERY_S)
            except Empty:
                continue

    def result(self) -> OpenedReading:
        """The reading, as soon as it is there.

        Raises
        ------
        ImagingError, WorkupError, OSError
            Why it could not be opened.
        """
        self._thread.join()
        if self.opened is not None:
            return self.opened
        assert isinstance(self._outcome, Exception)
        raise self._outcome
