"""What the mouse does: plain functions of (viewer, event), made for one session.

Wheel: slices; Ctrl+wheel: zoom; right drag: window and level. The phase under the pointer is the phase
in hand. Click, caliper and scribble tools end in one call to the session's ``Hands``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from viewer.session import Tool

if TYPE_CHECKING:
    from viewer.session import Session

#: One click of the wheel zooms by this factor.
ZOOM_PER_CLICK = 1.15
#: Window grows and level sinks by this share of the window's width per pixel of right drag.
WINDOW_SHARE_PER_PIXEL = 0.005
#: A press that moves less than this is a click. [pixels]
CLICK_PIXELS = 4.0
#: What a press with a tool does where the phase in hand has no image.
NO_SLICE = "This phase has no slice at this position: nothing was drawn."

Point = NDArray[np.float64]
Callback = Callable[[Any, Any], Any]


class Hands(Protocol):
    """What the tools that napari does not have do with a position (patient, mm)."""

    def click(self, lps_mm: Point) -> None:
        """Grow from this point."""

    def caliper_start(self, lps_mm: Point, reach_mm: float) -> None:
        """Take hold of a line's end near this point, or begin a line."""

    def caliper_move(self, lps_mm: Point) -> None:
        """Draw the line to here."""

    def caliper_end(self) -> None:
        """Keep the line."""

    def scribble(self, path_lps_mm: NDArray[np.float64], inside: bool) -> None:
        """A stroke that lies inside (or outside) of the region."""


def on_wheel(session: Session) -> Callback:
    """Scroll slices; zoom about the pointer with Ctrl."""

    def wheel(viewer: Any, event: Any) -> None:
        clicks = float(event.delta[1]) or float(event.delta[0])
        if not clicks or session.in_stroke:  # a stroke stays on its slice
            return
        if "Control" in event.modifiers:
            zoom_about(viewer, event.position, ZOOM_PER_CLICK ** np.sign(clicks))
        elif not event.modifiers:
            axis = viewer.dims.order[0]
            viewer.dims.set_current_step(axis, viewer.dims.current_step[axis] + int(np.sign(clicks)))
        event.handled = True

    return wheel


def zoom_about(viewer: Any, position: tuple[float, ...], factor: float) -> None:
    """Zoom, keeping what lies under the pointer where it is."""
    camera = viewer.scene.camera
    shown = list(viewer.dims.displayed)
    here = np.array([position[axis] for axis in shown])
    center = np.array(camera.center)
    center[-2:] = here + (center[-2:] - here) / factor
    camera.zoom = camera.zoom * factor
    camera.center = tuple(center)


def on_move(session: Session) -> Callback:
    """The phase under the pointer is the one in hand."""

    def move(viewer: Any, event: Any) -> None:
        del viewer
        key = session.key_at(event.viewbox)
        if key is not None and not session.in_stroke:
            session.activate(key)

    return move


def on_drag(session: Session, hands: Hands) -> Callback:
    """Everything that begins with a press of a mouse button."""

    def drag(viewer: Any, event: Any) -> Iterator[None]:
        key = session.key_at(event.viewbox)
        if key is not None:
            session.activate(key)
        if event.button == 2 and session.tool in (Tool.LOOK, Tool.CALIPER, Tool.GROW):
            yield from window_drag(session, viewer, event)
        elif session.tool is not Tool.LOOK and not session.has_slice(str(session.phase)):
            session.say(NO_SLICE)
        else:
            yield from tool_drag(session, hands, viewer, event)

    return drag


def tool_drag(session: Session, hands: Hands, viewer: Any, event: Any) -> Iterator[None]:
    """A press with the tool in hand."""
    if event.button == 2 and session.tool is Tool.SCRIBBLE:
        yield from scribble_drag(session, hands, event, inside=False)
    elif event.button == 1 and session.tool is Tool.GROW:
        yield from click(session, hands, event)
    elif event.button == 1 and session.tool is Tool.CALIPER:
        yield from caliper_drag(session, hands, viewer, event)
    elif event.button == 1 and session.tool is Tool.SCRIBBLE:
        yield from scribble_drag(session, hands, event, inside=True)
    elif event.button == 1 and session.tool is not Tool.LOOK:
        session.in_stroke = True
        yield
        while event.type == "mouse_move":
            yield
        session.in_stroke = False


def window_drag(session: Session, viewer: Any, event: Any) -> Iterator[None]:
    """Right drag: width to the right, brighter upward, on every phase alike."""
    camera = viewer.scene.camera
    could_zoom, camera.mouse_pan = camera.mouse_pan, False
    start = np.array(event.pos, dtype=float)
    low, high = session.group.image.contrast_limits
    yield
    while event.type == "mouse_move":
        right, down = (np.array(event.pos, dtype=float) - start) * WINDOW_SHARE_PER_PIXEL * (high - low)
        width = max((high - low) * 0.02, high - low + 2 * right)
        center = (low + high) / 2 + down
        set_limits(session, (center - width / 2, center + width / 2))
        yield
    camera.mouse_pan = could_zoom
    session.events.window.emit()


def set_limits(session: Session, wanted: tuple[float, float]) -> None:
    """The same window on every phase of the same unit as the one in hand."""
    unit = session.reading.study[str(session.phase)].volume.unit
    for key, group in session.groups.items():
        if session.reading.study[key].volume.unit == unit:
            low, high = group.image.contrast_limits_range
            group.image.contrast_limits = (max(low, wanted[0]), min(high, max(wanted[1], low + 1e-3)))


def click(session: Session, hands: Hands, event: Any) -> Iterator[None]:
    """A press and release at one place."""
    start, where = np.array(event.pos, dtype=float), patient_mm(session, event)
    yield
    moved = 0.0
    while event.type == "mouse_move":
        moved = max(moved, float(np.linalg.norm(np.array(event.pos, dtype=float) - start)))
        yield
    if moved <= CLICK_PIXELS:
        hands.click(where)


def caliper_drag(session: Session, hands: Hands, viewer: Any, event: Any) -> Iterator[None]:
    """Draw a caliper line, or move the end of one."""
    reach_mm = 8.0 / max(1e-6, float(viewer.scene.camera.zoom))
    hands.caliper_start(patient_mm(session, event), reach_mm)
    yield
    while event.type == "mouse_move":
        hands.caliper_move(patient_mm(session, event))
        yield
    hands.caliper_move(patient_mm(session, event))  # moves may be left out under load, the release is not
    hands.caliper_end()


def scribble_drag(session: Session, hands: Hands, event: Any, *, inside: bool) -> Iterator[None]:
    """A stroke that says "this is in it" (left button) or "this is not" (right button)."""
    path = [patient_mm(session, event)]
    yield
    while event.type == "mouse_move":
        path.append(patient_mm(session, event))
        yield
    hands.scribble(np.array(path), inside)


def patient_mm(session: Session, event: Any) -> Point:
    """Patient position of the pointer, on the slice of the phase in hand that is drawn there. [mm]

    The viewer's position lies between slices where phases have different slice grids; the drawn slice
    is the nearest one, so the position is moved onto it.
    """
    assert session.shown is not None and session.phase is not None
    geometry = session.reading.study[session.phase].volume.geometry
    index = geometry.index(session.shown.frame.to_patient(np.asarray(event.position, dtype=float)))
    index[0] = np.clip(np.round(index[0]), 0, geometry.shape[0] - 1)
    return geometry.patient_mm(index)
