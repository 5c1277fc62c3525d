"""The reading speaks, the layers follow; a stroke ends, the reading learns of it.

Each acquisition has its own label volume, so a stroke redraws one layer only. Bursts of signals are
gathered and answered once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recist.lengths import shown_mm
from recist.measurability import LONG_AXIS_MM
from viewer.layers import PhaseGroup, region_colors
from workup.case.case import Line
from workup.reading_lines import Drawing, length_mm, lines_on

if TYPE_CHECKING:
    from viewer.session import Session

#: Answers follow a change within this time. [ms]
FOLLOW_MS = 30

LINE_COLOR = "#7dff9b"
INSIDE_COLOR, OUTSIDE_COLOR = "#7dff9b", "#ff6b6b"


def coalesced(function: Callable[[], None], milliseconds: int = FOLLOW_MS) -> Callable[[], None]:
    """A function that runs once, soon after a burst of calls; at once where no window runs."""
    from qtpy.QtCore import QCoreApplication, QTimer

    if QCoreApplication.instance() is None:
        return function
    timer = QTimer()
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(function)

    def soon(*_: object) -> None:
        if not timer.isActive():
            timer.start()

    return soon


class Sync:
    """Keeps the layers of a session like its reading."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dirty: set[str] = set()
        self._colors: dict[int | None, str] = {}
        self._refresh_soon = coalesced(self._refresh)
        self._follow_soon = coalesced(self._follow, 0)
        self._end_stroke_soon = coalesced(session.reading.commit_stroke, 0)
        reading, events = session.reading, session.events
        reading.events.labels.connect(self._written)
        reading.events.state.connect(self._state_changed)
        reading.events.active.connect(session.dress_layers)
        reading.events.warned.connect(session.warn)
        events.groups.connect(self._connect_layers)
        events.phase.connect(self._phase_changed)
        session.viewer.dims.events.point.connect(self._slice_changed)

    def _connect_layers(self) -> None:
        """New layers report the end of each stroke; napari's own undo is not used."""
        self._colors = {}
        for group in self._session.groups.values():
            group.labels.events.paint.connect(self._stroke_ended)
        self._follow()

    def _stroke_ended(self, event: Any = None) -> None:
        del event  # napari says so before a programmatic edit is written: look again a moment later
        self._end_stroke_soon()

    def _written(self, key: str, slices: tuple[int, ...]) -> None:
        del slices
        session = self._session
        if session.in_stroke and key == session.phase:
            return  # napari has drawn this part itself
        self._dirty.add(key)
        self._refresh_soon()

    def _refresh(self) -> None:
        dirty, self._dirty = self._dirty, set()
        for key in dirty & set(self._session.groups) if self._session.outlines_up else ():
            self._session.groups[key].labels.refresh(extent=False, thumbnail=False, highlight=False)

    def _state_changed(self) -> None:
        self._follow_soon()

    def _follow(self) -> None:
        session = self._session
        if not session.outlines_up:
            return
        colors = region_colors(session.reading.state)
        if colors != self._colors:
            self._colors = colors
            _color(session.groups.values(), colors)
        for key, group in session.groups.items():
            title = session.title(key)
            if group.image.name != title:
                group.image.name = title
        session.dress_layers()
        draw_marks(session)

    def _phase_changed(self, key: str) -> None:
        from viewer.layout import show_visible
        from viewer.session import Layout

        del key
        if self._session.layout is not Layout.GRID:
            show_visible(self._session)
            show_marks(self._session)

    def _slice_changed(self, event: Any = None) -> None:
        del event
        self._session.dress_slices()
        show_marks(self._session)


def _color(groups: Any, colors: dict[int | None, str]) -> None:
    from napari.utils.colormaps import DirectLabelColormap

    for group in groups:
        group.labels.colormap = DirectLabelColormap(color_dict=colors)


def draw_marks(
    session: Session,
    drawing: Drawing | None = None,
    scribbles: Sequence[tuple[NDArray[np.float64], bool]] = (),
) -> None:
    """Draw the caliper lines of every phase, with their lengths, and what is being drawn."""
    for key, group in session.groups.items() if session.outlines_up else ():
        lines = lines_on(session.reading, key)
        if drawing is not None and drawing.line.acquisition_key == key:
            others = tuple(line for line in lines if line.region_id != drawing.line.region_id)
            lines = (*others, *drawing.lines)
        paths = list(scribbles) if key == session.phase else []
        _draw(session, group, lines, paths)
    show_marks(session)


def _draw(
    session: Session,
    group: PhaseGroup,
    lines: Sequence[Line],
    paths: Sequence[tuple[NDArray[np.float64], bool]],
) -> None:
    geometry = session.reading.study[group.key].volume.geometry
    wanted = [_on_slice(geometry.index(np.array(line.ends_lps_mm))) for line in lines]
    wanted += [_on_slice(geometry.index(path)) for path, _ in paths if len(path) > 1]
    texts = line_texts(lines)
    texts += ["" for path, _ in paths if len(path) > 1]
    marks = group.marks
    if not wanted and not len(marks.data):
        return
    marks.data = []
    if not wanted:
        return
    kinds = ["line"] * len(lines) + ["path"] * (len(wanted) - len(lines))
    colors = [LINE_COLOR] * len(lines)
    colors += [INSIDE_COLOR if inside else OUTSIDE_COLOR for path, inside in paths if len(path) > 1]
    for data, kind, color in zip(wanted, kinds, colors, strict=True):
        marks.add(data, shape_type=kind, edge_width=1.2, edge_color=color, face_color="transparent")
    marks.features = {"text": texts}
    marks.text = {"string": "{text}", "size": 11, "color": LINE_COLOR, "anchor": "upper_left"}
    marks.selected_data = set()


def line_texts(lines: Sequence[Line]) -> list[str]:
    """What stands beside each line: both axes beside the long one, so that no two texts overlap."""
    short = {line.region_id: line for line in lines if line.axis == "short"}
    long_ids = {line.region_id for line in lines if line.axis == "long"}
    texts = []
    for line in lines:
        if line.axis == "long":
            other = short.get(line.region_id)
            across = "" if other is None else f" × SA {_shown(other)}"
            texts.append(f"LD {_shown(line)}{across} mm")
        else:
            texts.append("" if line.region_id in long_ids else f"SA {_shown(line)} mm")
    return texts


def _shown(line: Line) -> str:
    """A length that does not look like 10 mm where it is less."""
    return shown_mm(length_mm(line), LONG_AXIS_MM)


def _on_slice(index: NDArray[np.float64]) -> NDArray[np.float64]:
    index = index.copy()
    index[:, 0] = np.round(index[:, 0])
    return index


def show_marks(session: Session) -> None:
    """Lines are only drawn on their slice; a layer without any there is hidden, which costs nothing."""
    for group in session.groups.values() if session.outlines_up else ():
        marks = group.marks
        seen = bool(len(marks.data)) and group.image.visible and _in_view(session, group)
        if marks.visible != seen:
            marks.visible = seen


def _in_view(session: Session, group: PhaseGroup) -> bool:
    here = group.marks.world_to_data(session.viewer.dims.point)[0]
    return any(abs(float(data[0][0]) - here) <= 0.5 for data in group.marks.data)
