"""One writer at a time: an advisory lock that the operating system drops when its holder dies."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from workup.case.disk_files import told
from workup.errors import CaseError

#: How long a save waits for another writer; a save takes a fraction of a second. [s]
PATIENCE_S = 10.0
_PAUSE_S = 0.01


class WriterLock:
    """The lock of one case folder, as seen by one opening of it; may be entered again inside itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.RLock()
        self._depth = 0
        self._handle = -1

    @contextlib.contextmanager
    def held(self, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Hold the lock.

        Raises
        ------
        CaseError
            ``CASE_LOCKED`` if another writer still holds it after ``patience_s``.
        """
        if not self._threads.acquire(timeout=max(patience_s, 0.0)):
            raise _locked(patience_s)
        try:
            if self._depth == 0:
                self._take(patience_s)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    _close(self._handle)
        finally:
            self._threads.release()

    def _take(self, patience_s: float) -> None:
        handle = told(lambda: _open(self._path), "taking the writer's lock")
        until = time.monotonic() + patience_s
        while not _try_lock(handle):
            if time.monotonic() >= until:
                os.close(handle)
                raise _locked(patience_s)
            time.sleep(_PAUSE_S)
        self._handle = handle


def _locked(patience_s: float) -> CaseError:
    return CaseError(
        "CASE_LOCKED",
        f"another program is writing to this case and did not finish within {patience_s:g} s",
        advice="Nothing was written; close the other program or try again",
    )


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:
        return os.open(path, os.O_RDONLY)  # enough to lock; the write itself will tell


if os.name == "nt":  # pragma: no cover - the same promise by another system call
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True

    def _close(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
        os.close(handle)

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _close(handle: int) -> None:
        os.close(handle)
