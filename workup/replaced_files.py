"""Files that are there whole or not at all: results, tables, reports and exports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def replace_synced(path: Path, data: bytes) -> Path:
    """Write beside, flush to the disk, then rename: at any moment the old file or the new one is there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:  # a full disk, Ctrl-C
        beside.unlink(missing_ok=True)
        raise
    return path


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that is not there yet, else FileExistsError; it goes if writing it fails."""
    with path.open("xb") as stream:
        try:
            yield stream
            stream.flush()
        except BaseException:  # a full disk, Ctrl-C
            path.unlink()
            raise
