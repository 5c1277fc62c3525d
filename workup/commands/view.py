"""``veinvasion view``: read a case in a window."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer


def view(
    path: Annotated[Path, typer.Argument(help="A case folder, a plain case, or a folder of DICOM files.")],
    reader: Annotated[str | None, typer.Option(help="Who reads; it can be typed in the window, too.")] = None,
    case: Annotated[
        Path | None,
        typer.Option(help="Case folder that keeps the work; by default one beside PATH that ends in .case."),
    ] = None,
) -> None:
    """Read a dynamic liver study: phases side by side, outlines, live numbers, verdicts, signature.

    Example: veinvasion view sample_dicom --reader "Reader One"
    """
    from workup.errors import WorkupError

    if not path.exists():
        raise WorkupError(
            "NO_CASE", f"nothing at {path.name!r}", expected="a case or a folder of DICOM files"
        )
    _check_screen()
    try:
        launch = import_module("viewer.launch")
        # (before napari is imported, which takes as long)
        loading = launch.Loading(path, reader=reader, case_folder=case, apart=True)
        import_module("napari")
    except ImportError as error:
        raise WorkupError(
            "NO_VIEWER",
            f"the viewer cannot start: {error}",
            advice='Install it with: pip install "veinvasion[viewer]"',
        ) from error
    launch.run(loading)


#: What says on Linux where windows go; without any of them Qt ends the process.
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def _check_screen() -> None:
    from workup.errors import WorkupError

    if sys.platform == "linux" and not any(map(os.environ.get, _SCREENS)):
        raise WorkupError(
            "NO_SCREEN",
            "there is no screen for a window: neither DISPLAY nor WAYLAND_DISPLAY is set",
            expected="a desktop session, on this machine or through a remote desktop",
            advice="Without one, `veinvasion assess` gives the report of what was read",
        )
