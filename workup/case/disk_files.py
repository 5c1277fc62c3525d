"""The few acts on a disk that a case folder is made of, each one system call deep.

They stand apart so that a test can record them, leave one out, and rebuild every state in which a
power cut could leave the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from workup.errors import CaseError

_Result = TypeVar("_Result")

FOLDER_MODE = 0o700  # a case is private to its owner
FILE_MODE = 0o600

_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Disk:
    """The real disk, and the machine's clock."""

    def now(self) -> datetime:
        """Clock time with its offset from UTC."""
        return datetime.now().astimezone()

    def make_folder(self, path: Path) -> None:
        """A new, empty folder."""
        path.mkdir(mode=FOLDER_MODE)

    def write_new(self, path: Path, data: bytes) -> None:
        """A new file with all of ``data``; never over an old one."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE)
        try:
            _write_all(handle, data)
        finally:
            os.close(handle)

    def append(self, path: Path, data: bytes) -> None:
        """``data`` at the end of a file: all of it, or the file as it was."""
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            before = os.fstat(handle).st_size
            try:
                _write_all(handle, data)
            except OSError:
                os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to its first ``size`` bytes."""
        os.truncate(path, size)

    def sync_file(self, path: Path) -> None:
        """Return once the file's bytes are on the disk itself."""
        handle = os.open(path, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def sync_folder(self, path: Path) -> None:
        """Return once the folder's names are on the disk itself."""
        if os.name == "nt":  # Windows has no such call; NTFS journals names itself
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        """One atomic change of name, over an existing file if there is one."""
        os.replace(old, new)  # noqa: PTH105 - the atomic call by its name

    def remove(self, path: Path) -> None:
        """Take a file, or a folder with all it holds, away."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    # -- compositions; tests see the parts above ---------------------------------------------------

    def write_synced(self, path: Path, data: bytes) -> None:
        """A new file whose bytes are on the disk; its name is not yet."""
        self.write_new(path, data)
        self.sync_file(path)

    def replace_synced(self, path: Path, data: bytes) -> None:
        """Old content or new content, whatever happens; new once this returns."""
        temporary = path.with_name(f".tmp-{path.name}")
        with contextlib.suppress(FileNotFoundError):
            self.remove(temporary)
        try:
            self.write_synced(temporary, data)
            self.rename(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                self.remove(temporary)
            raise
        self.sync_folder(path.parent)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def told(action: Callable[[], _Result], doing: str) -> _Result:
    """Run an action; a disk's refusal becomes a ``CaseError`` that says what to do.

    Raises
    ------
    CaseError
        ``DISK_FULL``, ``READ_ONLY`` or ``DISK_ERROR``.
    """
    try:
        return action()
    except OSError as error:
        code, advice = _cause(error)
        raise CaseError(
            code,
            f"{doing} failed: {error.strerror or type(error).__name__}",
            advice=advice,
            details={"errno": error.errno},
        ) from error


def _cause(error: OSError) -> tuple[str, str]:
    kept = "Every earlier save is still there, and what you see on screen is kept in memory"
    if error.errno in _FULL:
        return "DISK_FULL", f"{kept}; free some space and save again"
    if error.errno in _READ_ONLY:
        return "READ_ONLY", f"{kept}; the folder cannot be written: save to another one"
    return "DISK_ERROR", f"{kept}; check the disk and save again"
