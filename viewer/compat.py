"""The one place that may lean on a particular napari version."""

from __future__ import annotations

from typing import Any

#: Docks of napari's own that a reader does not need at first; "View" in the menu brings them back.
NAPARI_DOCKS = ("layer list", "layer controls")


def without_default_wheel(viewer: Any) -> None:
    """Take napari's "Ctrl+wheel scrolls slices" away, since Ctrl+wheel zooms here."""
    for callback in list(viewer.mouse_wheel_callbacks):
        if getattr(callback, "__name__", "") == "dims_scroll":
            viewer.mouse_wheel_callbacks.remove(callback)


def parse_shaders_once() -> None:
    """Let vispy remember which variables a shader program declares.

    Every text and image in every cell is a program of its own; vispy reads the same sources anew for each,
    with an expression that takes half of the time until a text appears (0.17.0). What is found depends on
    the sources only.
    """
    from vispy.gloo.program import Program

    parse = getattr(Program, "_parse_variables_from_code", None)
    if parse is None or hasattr(parse, "known"):
        return
    known: dict[tuple[str, ...], dict[str, Any]] = {}

    def remembered(program: Any, update_variables: bool = True) -> None:
        sources = tuple(shader.code for shader in program.shaders)
        if sources in known:
            program._code_variables = dict(known[sources])
            if update_variables:
                program._process_pending_variables()
            return
        parse(program, update_variables)
        known[sources] = dict(program._code_variables)

    remembered.known, remembered.replaced = known, parse  # type: ignore[attr-defined]
    Program._parse_variables_from_code = remembered


def expect_images() -> None:
    """Have what napari has done for its first image (0.9.2): scipy imported, pint's table of units read."""
    import pint
    import scipy.ndimage  # noqa: F401

    registry: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    _ = registry.mm


def drop_polygon(labels: Any) -> bool:
    """Forget the corners of a polygon that was not closed; whether there were any.

    napari keeps them for the next polygon, and paints that one on the slice of its first corner (0.9.2).
    """
    overlay: Any = getattr(labels, "_overlays", {}).get("polygon")
    if overlay is None or not overlay.points:
        return False
    overlay.points = []
    return True


def hide_docks(widget: Any, names: tuple[str, ...] = NAPARI_DOCKS) -> None:
    """Hide napari's docks in the window that holds ``widget``; plain Qt, nothing private."""
    from qtpy.QtWidgets import QDockWidget

    for dock in widget.window().findChildren(QDockWidget):
        if dock.objectName() in names:
            dock.hide()
