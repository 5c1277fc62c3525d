"""Arrangements of the phases, and what is written into each cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from viewer.layers import FONT_SIZE
from viewer.session import Layout
from viewer.windows import Window, limits

if TYPE_CHECKING:
    from viewer.session import Session

#: Where each edge's letter stands.
_EDGES = {"left": "middle_left", "right": "middle_right", "top": "top_center", "bottom": "bottom_center"}


def dress_canvas(session: Session) -> None:
    """Letters at the edges, a scale bar in mm and the slice position in every cell.

    Where images are shown first, the window does the same in steps.
    """
    if not session.images_first:
        for _ in dress_in_steps(session):
            pass


def dress_in_steps(session: Session) -> Iterator[None]:
    """As ``dress_canvas``, one kind of text after the other: each takes a quarter of a second to appear."""
    from napari.components.overlays import TextOverlay

    overlays = session.viewer.canvas.overlays
    assert session.shown is not None
    for edge, letter in session.shown.frame.letters.items():
        name = f"orientation_{edge}"
        if name not in overlays:
            overlays[name] = TextOverlay(
                text=letter, position=_EDGES[edge], gridded=True, visible=True, box=False,
                color="#ffd75e", font_size=FONT_SIZE,
            )  # fmt: skip
        overlays[name].text = letter
        yield
    for overlay in (overlays.scale_bar, overlays.current_slice):
        overlay.gridded = True
        overlay.box = False
        overlay.visible = True
        yield


def arrange(session: Session, layout: Layout) -> None:
    """Show the phases side by side, or only the one in hand (keys 1 to 4 then flicker)."""
    session.layout = layout
    if layout is Layout.GRID:
        session.show_grid()
    show_visible(session)
    session.viewer.canvas.grid.enabled = layout is Layout.GRID
    session.events.layout.emit(layout)


def show_visible(session: Session) -> None:
    """Hide what the layout does not show."""
    for key, group in session.groups.items():
        seen = session.layout is Layout.GRID or key == session.phase
        for layer in (group.image, group.labels) if session.outlines_up else (group.image,):
            if layer.visible != seen:
                layer.visible = seen


def flicker_to(session: Session, number: int) -> None:
    """Take the phase of that number (from 1) in hand; in the single layout it takes the screen."""
    keys = tuple(session.groups)
    if 1 <= number <= len(keys):
        session.activate(keys[number - 1])


def flicker_back(session: Session) -> None:
    """Back to the phase that was in hand before."""
    if session.previous_phase is not None:
        session.activate(session.previous_phase)


def apply_window(session: Session, window: Window) -> None:
    """Show every phase through a preset."""
    session.window = window
    acquisitions = [session.reading.study[key] for key in session.groups]
    for key, wanted in limits(window, acquisitions).items():
        session.groups[key].image.contrast_limits = wanted
    session.events.window.emit()


def go_to_slice(session: Session, position_mm: float) -> None:
    """Scroll to a position along the frame's slice axis. [mm]"""
    session.viewer.dims.set_point(0, position_mm)


def go_to_region(session: Session, region_id: str) -> None:
    """Scroll to the slice that holds most of a region, on the phase in hand or any that has it."""
    keys = [key for key in (session.phase, *session.groups) if key is not None]
    for key in keys:
        mask = session.reading.mask(region_id, key)
        if mask is not None and session.shown is not None:
            fullest = int(mask.voxels.sum(axis=(1, 2)).argmax())
            position = mask.geometry.patient_mm((mask.offset[0] + fullest, mask.offset[1], mask.offset[2]))
            go_to_slice(session, float(session.shown.frame.to_display(position)[0]))
            return
