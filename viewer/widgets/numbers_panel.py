"""Curve and table of the region in hand: means per phase with what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHeaderView, QSizePolicy, QTableWidget, QTableWidgetItem, QWidget

from imaging.regions.region import RegionRole
from viewer.layers import ROLE_COLORS, region_colors
from viewer.widgets.parts import QUIET_COLOR, WARNING_COLOR, column, heading
from viewer.words import PHASES_SHORT
from workup.reading_answers import CurvePoint, RegionAnswer, time_on_axis

if TYPE_CHECKING:
    from viewer.desk import Desk
    from viewer.feed import Feed

#: Room for the head and four phases. [pixels]
TABLE_HEIGHT = 126

_HEAD = ("Phase", "Mean", "SD", "95 %", "Area mm²", "Voxels")


class NumbersPanel(QWidget):
    """Shows the answers of a feed; asks for nothing itself."""

    def __init__(self, desk: Desk, feed: Feed) -> None:
        super().__init__()
        self._desk = desk
        self._answer: RegionAnswer | None = None
        self._title = heading("No region in hand")
        self._plot = pg.PlotWidget(background="#1f232b")
        self._plot.setFixedHeight(185)
        self._plot.getAxis("bottom").setHeight(36)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._plot.showGrid(y=True, alpha=0.25)
        self._plot.setMenuEnabled(False)
        self._legend = self._plot.addLegend(offset=(8, 4), labelTextColor="#d7dbe2")
        self._live = pg.ScatterPlotItem(size=11, pen=pg.mkPen("#ffffff"), brush=None, symbol="o")
        self._table = _table()
        self.setLayout(column(self._title, self._plot, self._table))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        feed.events.region.connect(self.show_answer)
        feed.events.drawing.connect(self.show_drawing)

    def show_answer(self, answer: RegionAnswer | None) -> None:
        """The region in hand as it was assessed."""
        self._answer = answer
        self._title.setText("No region in hand" if answer is None else f"{answer.region.id}: mean by phase")
        curves = {} if answer is None else answer.curves
        self._plot.clear()
        self._legend.clear()
        self._plot.addItem(self._live)
        self._live.setData([], [])
        colors = region_colors(self._desk.reading.state)
        order = _order(curves.values())
        self._plot.setLabel("left", self._unit(point.key for point in order), color="#d7dbe2")
        self._plot.getAxis("bottom").setTicks([[(n, _tick(point)) for n, point in enumerate(order)]])
        places = {point.key: n for n, point in enumerate(order)}
        for region_id, points in curves.items():
            entry = self._desk.reading.state.regions.get(region_id)
            color = colors[entry.label] if entry else ROLE_COLORS[RegionRole.REFERENCE_LIVER]  # pooled
            self._draw(region_id, points, places, color)
        self._plot.setXRange(-0.35, max(0.35, len(order) - 0.65))
        self._fill(curves.get(answer.region.id, ()) if answer else ())

    def _unit(self, keys: Iterable[str]) -> str:
        """Unit of the acquisitions; both, where CT and MR lie side by side."""
        return " / ".join(dict.fromkeys(self._desk.reading.study[key].volume.unit for key in keys))

    def _draw(self, name: str, points: Sequence[CurvePoint], places: dict[str, int], color: str) -> None:
        if not points:
            return
        xs, ys = [places[p.key] for p in points], [p.mean for p in points]
        self._plot.plot(xs, ys, pen=pg.mkPen(color, width=2), name=name)
        verified = [pg.mkBrush(color if p.verified else "#1f232b") for p in points]
        self._plot.addItem(pg.ScatterPlotItem(xs, ys, size=8, pen=pg.mkPen(color, width=1.5), brush=verified))
        heights = [(p.high - p.low) if p.high is not None and p.low is not None else 0.0 for p in points]
        self._plot.addItem(
            pg.ErrorBarItem(
                x=_array(xs), y=_array(ys), height=_array(heights), beam=0.08, pen=pg.mkPen(color)
            )
        )

    def _fill(self, points: Sequence[CurvePoint]) -> None:
        self._table.setRowCount(len(points))
        for row, point in enumerate(points):
            cells = (
                _tick(point).replace("\n", " ") + ("" if point.verified else "  unconfirmed"),
                f"{point.mean:.1f}",
                "" if point.sd is None else f"{point.sd:.1f}",
                "" if point.low is None else f"{point.low:.1f} to {point.high:.1f}",
                f"{point.area_mm2:.0f}",
                f"{point.voxels}",
            )
            for n, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setForeground(QColor("#e6e9ee" if point.verified else WARNING_COLOR))
                if n:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, n, item)

    def show_drawing(self, region_id: str) -> None:
        """Running mean of the phase that is being drawn on: a ring on the curve, a number in the title."""
        key = self._desk.session.phase
        if key is None or self._answer is None:
            return
        now = self._desk.reading.moments(region_id, key)
        if now.mean is None:
            self._live.setData([], [])
            return
        sd = "" if now.sd is None else f" ± {now.sd:.1f}"
        text = f"{region_id}: {now.mean:.1f}{sd} {self._unit((key,))}, {now.area_mm2:.0f} mm², drawing"
        self._title.setText(text)
        order = [point.key for point in _order(self._answer.curves.values())]
        if key in order:
            self._live.setData([order.index(key)], [now.mean])


def _order(curves: object) -> list[CurvePoint]:
    """One point of each acquisition, in the order of time."""
    seen: dict[str, CurvePoint] = {}
    for points in curves:  # type: ignore[attr-defined]
        for point in points:
            seen.setdefault(point.key, point)
    return sorted(seen.values(), key=time_on_axis)


def _tick(point: CurvePoint) -> str:
    time = "" if point.seconds is None or point.seconds <= 0 else f"\n{point.seconds:.0f} s"
    return PHASES_SHORT[point.phase] + time


def _array(values: Sequence[float]) -> object:
    import numpy as np

    return np.asarray(values, dtype=float)


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_HEAD))
    table.setHorizontalHeaderLabels(list(_HEAD))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(24)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    table.setFixedHeight(TABLE_HEIGHT)
    table.setStyleSheet(f"QHeaderView::section{{color:{QUIET_COLOR};}}")
    return table
