"""Files that are made anew in their old place: results, tables and reports."""

from __future__ import annotations

import os
from pathlib import Path


def replace_synced(path: Path, data: bytes) -> Path:
    """Write beside, flush to the disk, then rename: at any moment the old file or the new one is there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    return path
