"""``veinvasion view``: read a case in a window."""

from __future__ import annotations

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
