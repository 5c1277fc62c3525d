"""Three planes through one point, by the plugin napari-orthogonal-views where it is installed.

The plugin copies the layers that are seen into two more canvases and keeps them in step. Here only one
phase is seen meanwhile, the planes pass through the region in hand, and the head is on top.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imaging.regions.region import RegionMask
    from viewer.session import Session

#: What to do where the plugin is missing.
MISSING = (
    "Orthogonal planes need another plugin. Install it beside veinvasion and start again: "
    "pip install napari-orthogonal-views"
)
#: The plugin's order of axes for the plane below: rows run through the slices.
_BELOW = (-2, -3, -1)


def show(viewer: Any, then: Callable[[], None]) -> bool:
    """Open the planes and call ``then`` when they are there; False where the plugin is not installed."""
    try:
        from napari_orthogonal_views.ortho_view_manager import (  # type: ignore[import-not-found]
            show_orthogonal_views,
        )
    except ImportError:
        return False
    from qtpy.QtCore import QTimer

    show_orthogonal_views(viewer)  # in the next turn of the event loop
    QTimer.singleShot(0, then)
    return True


def hide(viewer: Any) -> None:
    """Close the planes: the canvas has the window to itself again."""
    try:
        from napari_orthogonal_views.ortho_view_manager import delete_and_cleanup
    except ImportError:
        return
    delete_and_cleanup(viewer)


def through(session: Session, mask: RegionMask) -> None:
    """Put the other two planes through the middle of an outline; the slice is not changed."""
    if session.shown is not None:
        _, down, right = session.shown.frame.to_display(mask.positions_mm().mean(axis=0))
        session.viewer.dims.set_point((1, 2), (float(down), float(right)))


def head_on_top(viewer: Any) -> None:
    """Turn the plane below around: the plugin lets slice positions grow downward."""
    from qtpy.QtWidgets import QApplication

    for widget in QApplication.allWidgets():
        plane = type(widget).__name__ == "OrthoViewWidget" and tuple(widget.order) == _BELOW
        if plane and widget.viewer == viewer:
            widget.vm_container.viewer_model.scene.camera.orientation2d = ("up", "right")
