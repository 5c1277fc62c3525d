"""The hanging protocol: how a reader looked at a case, to be found again when they come back.

Only presentation is restored: arrangement, slice, window, phase in hand, brush. Never what is hidden or
shown of the outlines, never anything that was said. A part that does not fit these images any more is
left as it is for a new case.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from viewer import layout
from viewer.session import Layout
from viewer.windows import PRESETS

if TYPE_CHECKING:
    from viewer.session import Session

#: Layouts that can be restored; orthogonal views belong to another plugin's window.
RESTORED = (Layout.GRID, Layout.SINGLE)


def look(session: Session) -> dict[str, Any]:
    """How the session looks now, as JSON values; positions in the patient. [mm]"""
    assert session.shown is not None
    through = float(session.viewer.dims.point[0])
    return {
        "layout": str(session.layout),
        "phase": session.phase,
        "slice_lps_mm": [float(x) for x in session.shown.frame.to_patient((through, 0.0, 0.0))],
        "window": session.window.name,
        "limits": {k: [float(x) for x in g.image.contrast_limits] for k, g in session.groups.items()},
        "brush_mm": session.brush_mm,
    }


def hang(session: Session, view: Mapping[str, Any]) -> None:
    """Make the session look so, as far as it fits these images."""
    chosen = next((kind for kind in RESTORED if kind == view.get("layout")), None)
    if chosen is not None and (chosen is Layout.SINGLE or len(session.groups) > 1):
        layout.arrange(session, chosen)
    if view.get("window") in PRESETS:
        layout.apply_window(session, PRESETS[view["window"]])
    _limits(session, view.get("limits"))
    _slice(session, view.get("slice_lps_mm"))
    brush = _numbers([view.get("brush_mm")])
    if brush:
        session.set_brush(brush[0])
    if view.get("phase") in session.groups:
        session.activate(str(view["phase"]))


def _limits(session: Session, kept: Any) -> None:
    """Windows as they were dragged: low below high, and within what the image holds."""
    for key, group in session.groups.items():
        pair = _numbers(kept.get(key)) if isinstance(kept, Mapping) else ()
        lowest, highest = group.image.contrast_limits_range
        if len(pair) == 2 and lowest <= pair[0] < pair[1] <= highest:
            group.image.contrast_limits = (pair[0], pair[1])
    session.events.window.emit()


def _slice(session: Session, kept: Any) -> None:
    point = _numbers(kept)
    if len(point) != 3 or session.shown is None:
        return
    position = float(session.shown.frame.to_display(point)[0])
    reach = session.viewer.dims.range[0]
    if reach.start <= position <= reach.stop:
        layout.go_to_slice(session, position)


def _numbers(kept: Any) -> tuple[float, ...]:
    """Finite numbers of a list; empty if it is something else."""
    if not isinstance(kept, (list, tuple)):
        return ()
    values = [float(x) for x in kept if isinstance(x, (int, float)) and isfinite(x)]
    return tuple(values) if len(values) == len(kept) else ()
