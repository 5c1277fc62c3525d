"""``veinvasion view``: open a case in a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewer.desk import Desk


def open_desk(
    viewer: Any, path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None
) -> Desk:
    """Open a folder in a viewer, with panels if the viewer has a window."""
    from viewer.desk import Desk
    from workup.reading_files import open_reading

    opened = open_reading(path, reader=reader, case_folder=case_folder)
    desk = Desk(viewer, opened.reading, opened.keeper)
    desk.open()
    return desk
