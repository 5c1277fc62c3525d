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


def hide_docks(widget: Any, names: tuple[str, ...] = NAPARI_DOCKS) -> None:
    """Hide napari's docks in the window that holds ``widget``; plain Qt, nothing private."""
    from qtpy.QtWidgets import QDockWidget

    for dock in widget.window().findChildren(QDockWidget):
        if dock.objectName() in names:
            dock.hide()


def show_orthogonal_views(viewer: Any) -> bool:
    """Open the optional plugin's views; False where it is not installed or fails."""
    try:
        from napari_orthogonal_views.ortho_view_manager import (  # type: ignore[import-not-found]
            show_orthogonal_views as show,
        )
    except ImportError:
        return False
    show(viewer)
    return True
