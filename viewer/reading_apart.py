"""A folder read in a process of its own, while this one starts napari.

Python runs one thread at a time: beside napari's start a thread reads no sooner than after it. A process
does, on the second core. What it has read comes back through memory that both hold, which has no name and no
place on a disk and goes with the last of them.
"""

from __future__ import annotations

import json
import mmap
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from imaging.errors import ImagingError
from workup import redaction
from workup.errors import WorkupError

if TYPE_CHECKING:  # the one that asks begins without the imports of the one that reads
    from workup.reading_files import FolderRead

#: What is said of a folder that cannot be read.
REFUSALS = (ImagingError, WorkupError, OSError)
#: Arrays begin at multiples of this, as numpy's own do. [bytes]
_ALIGNED = 64

#: Where an array begins and ends. [bytes]
Place = tuple[int, int]


class ReadingApart:
    """The process; it begins at once.

    Parameters
    ----------
    path : Path
        Case folder or folder of images.
    reader, case_folder
        As for ``workup.reading_files.read_folder``.

    Raises
    ------
    OSError
        If the system gives no memory or no process.
    """

    def __init__(self, path: Path, *, reader: str | None, case_folder: str | Path | None) -> None:
        asked = json.dumps([str(path), reader, None if case_folder is None else str(case_folder)])
        self._memory = os.memfd_create("study")
        self._news, said = Pipe(duplex=False)
        with said:
            passed = (self._memory, said.fileno())
            command = [sys.executable, "-P", "-m", "viewer.reading_apart", *map(str, passed), asked]
            self._process = subprocess.Popen(command, pass_fds=passed)

    @staticmethod
    def possible() -> bool:
        """Whether two processes can hold memory without a name here (Linux), and Python is a program."""
        return hasattr(os, "memfd_create") and bool(sys.executable) and not hasattr(sys, "frozen")

    def result(self, progress: Callable[[int, int], None]) -> FolderRead | None:
        """What ``read_folder`` gives; None if the process ended before its time.

        Raises
        ------
        CaseError, ImagingError
            As ``read_folder`` does.
        """
        try:
            return self._follow(progress)
        except EOFError:
            return None
        finally:
            self._news.close()
            os.close(self._memory)
            self._process.wait()

    def _follow(self, progress: Callable[[int, int], None]) -> FolderRead:
        while isinstance(said := self._news.recv(), tuple):
            progress(*said)
        if isinstance(said, Exception):
            raise said
        places: Sequence[Place] = self._news.recv()
        whole = memoryview(mmap.mmap(self._memory, 0))
        read: FolderRead = pickle.loads(said, buffers=[whole[start:end] for start, end in places])
        return read


def main(memory: str, news: str, asked: str) -> None:
    """What the other process does: it tells how many files are read, then the folder or why there is none.

    Any other fault ends it, to happen again, and be seen, where the folder is read then.
    """
    from workup.reading_files import read_folder

    path, reader, kept_in = json.loads(asked)
    with suppress(BrokenPipeError), Connection(int(news), readable=False) as say:  # the window may be closed
        try:
            read = read_folder(path, reader=reader, case_folder=kept_in, progress=lambda *n: say.send(n))
        except BrokenPipeError:
            raise
        except REFUSALS as error:
            say.send(error)
            return
        arrays: list[pickle.PickleBuffer] = []
        rest = pickle.dumps(read, protocol=5, buffer_callback=arrays.append)
        places = _written(int(memory), arrays)
        say.send(rest)
        say.send(places)


def _written(memory: int, arrays: Sequence[pickle.PickleBuffer]) -> list[Place]:
    """Put arrays into the memory, one after the other."""
    places: list[Place] = []
    end = 0
    for array in arrays:
        start = os.lseek(memory, -(-end // _ALIGNED) * _ALIGNED, os.SEEK_SET)
        left = array.raw()
        end = start + left.nbytes
        while left:
            left = left[os.write(memory, left) :]
        places.append((start, end))
    os.ftruncate(memory, max(end, 1))  # nothing of no bytes can be mapped
    return places


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is answered by the one that asked
    redaction.install()
    main(*sys.argv[1:])
