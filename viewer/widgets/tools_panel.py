"""Tools, brush size, windows and layouts as buttons; each shows its key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from viewer import layout
from viewer.session import Layout, Tool
from viewer.widgets.parts import column, heading
from viewer.windows import PRESETS, describe

if TYPE_CHECKING:
    from viewer.desk import Desk

_TOOLS = (
    (Tool.LOOK, "Look", "Esc", "Move and zoom the images"),
    (Tool.BRUSH, "Brush", "B", "Paint the region in hand"),
    (Tool.POLYGON, "Polygon", "P", "Click corners; double click closes"),
    (Tool.ERASER, "Eraser", "E", "Erase the region in hand"),
    (Tool.FILL, "Fill", "F", "Fill a closed outline"),
    (Tool.GROW, "Grow", "G", "Click: everything that behaves alike over all phases"),
    (Tool.SCRIBBLE, "Scribble", "S", "Left button: inside. Right button: outside"),
    (Tool.CALIPER, "Caliper", "C", "Long axis first, then the short axis"),
)
_LAYOUTS = ((Layout.GRID, "Side by side", "Q"), (Layout.SINGLE, "One phase", "W"))

#: Tenths of a millimeter on the brush slider.
_BRUSH_TENTHS = (10, 400)


class ToolsPanel(QWidget):
    """Buttons; what they do is the desk's."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.tools: dict[str, QPushButton] = {}
        self.layouts: dict[str, QPushButton] = {}
        self.windows: dict[str, QPushButton] = {}
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.brush.setRange(*_BRUSH_TENTHS)
        self._brush_text, self._window_text = QLabel(), QLabel()
        self.brush.valueChanged.connect(lambda tenths: desk.session.set_brush(tenths / 10))
        self.setLayout(
            column(
                heading("Tools"),
                self._tool_grid(),
                self._brush_row(),
                self._layout_row(),
                self._window_grid(),
            )
        )
        desk.session.events.tool.connect(lambda _tool: self.show_state())
        desk.session.events.layout.connect(lambda _layout: self.show_state())
        desk.session.events.window.connect(self.show_state)
        desk.session.events.brush.connect(self.show_state)
        desk.session.events.groups.connect(self.show_state)
        self.show_state()

    def _tool_grid(self) -> QWidget:
        buttons = []
        for tool, words, key, tip in _TOOLS:
            button = _button(f"{words}  {key}", tip, partial(self._desk.session.set_tool, tool))
            self.tools[tool] = button
            buttons.append(button)
        return _grid(buttons, columns=4)

    def _brush_row(self) -> QWidget:
        holder, row = QWidget(), QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (QLabel("Brush"), self.brush, self._brush_text):
            row.addWidget(widget)
        holder.setLayout(row)
        return holder

    def _layout_row(self) -> QWidget:
        buttons = []
        for which, words, key in _LAYOUTS:
            act = partial(layout.arrange, self._desk.session, which)
            self.layouts[which] = _button(f"{words}  {key}", "", act)
            buttons.append(self.layouts[which])
        orthogonal = _button(
            "Orthogonal", "Three planes; needs napari-orthogonal-views", self._desk.orthogonal
        )
        self.layouts[Layout.ORTHOGONAL] = orthogonal
        return _grid([*buttons, orthogonal], columns=3)

    def _window_grid(self) -> QWidget:
        buttons = []
        for name, window in PRESETS.items():
            act = partial(layout.apply_window, self._desk.session, window)
            tip = f"W {window.width_hu:g}  C {window.center_hu:g} HU; percentiles on MR"
            self.windows[name] = _button(name, tip, act)
            buttons.append(self.windows[name])
        grid = _grid(buttons, columns=5)
        grid.layout().addWidget(self._window_text, 1, 0, 1, 5)
        return grid

    def show_state(self) -> None:
        """Which tool, layout and window are in hand."""
        session = self._desk.session
        for tool, button in self.tools.items():
            button.setChecked(tool == session.tool)
        for which, button in self.layouts.items():
            button.setChecked(which == session.layout)
        for name, button in self.windows.items():
            button.setChecked(name == session.window.name)
        self.brush.blockSignals(True)
        self.brush.setValue(round(session.brush_mm * 10))
        self.brush.blockSignals(False)
        self._brush_text.setText(f"{session.brush_mm:.1f} mm")
        if session.phase in session.groups:
            unit = session.reading.study[str(session.phase)].volume.unit
            low, high = session.group.image.contrast_limits
            self._window_text.setText(f"{describe((low, high), unit)}   right drag changes it")


def _button(text: str, tip: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(lambda _checked: act())
    return button


def _grid(widgets: list[QPushButton], columns: int) -> QWidget:
    holder, grid = QWidget(), QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(3)
    for n, widget in enumerate(widgets):
        grid.addWidget(widget, n // columns, n % columns)
    holder.setLayout(grid)
    return holder
