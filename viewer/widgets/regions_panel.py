"""Regions by role, where each is drawn, carried over or missing, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from imaging.regions.region import RegionRole, Vessel, VesselLevel
from viewer.layers import region_colors
from viewer.widgets.earlier_dialog import EarlierDialog
from viewer.widgets.parts import WARNING_COLOR, column, heading
from viewer.words import PHASES_SHORT, ROLES, VESSELS
from workup.reading_state import RegionEntry

if TYPE_CHECKING:
    from viewer.desk import Desk

#: Signs of an outline on one phase: confirmed, waiting for the reader, none.
CONFIRMED, WAITING, ABSENT = "●", "◐", "·"
#: Beside the sign of an outline that overlaps another one: the image does not show it.
NOT_DRAWN = "*"

_LEVELS = {
    Vessel.PORTAL_VEIN: (VesselLevel.VP1, VesselLevel.VP2, VesselLevel.VP3, VesselLevel.VP4),
    Vessel.HEPATIC_VEIN: (VesselLevel.VV1, VesselLevel.VV2, VesselLevel.VV3),
    Vessel.INFERIOR_VENA_CAVA: (VesselLevel.VV3,),
}


class RegionsPanel(QWidget):
    """A table of regions; the selected row is the region in hand."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.add = QPushButton("Add region  N")
        self.add.clicked.connect(self.ask_role)
        self.remove = QPushButton("Remove")
        self.remove.clicked.connect(self._remove)
        self.carry = QPushButton("Carry over  A")
        self.carry.clicked.connect(desk.propagate)
        self.confirm = QPushButton("Confirm  ↵")
        self.confirm.clicked.connect(desk.confirm)
        self.earlier = QPushButton("From an earlier study…  K")
        self.earlier_dialog = EarlierDialog(desk, self)
        self.earlier.clicked.connect(self.earlier_dialog.open)
        self.table = QTableWidget(0, 1)
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.itemSelectionChanged.connect(self._row_chosen)
        self.table.setMinimumHeight(150)
        self.vessel, self.level = QComboBox(), QComboBox()
        self.vessel.activated.connect(self._vessel_chosen)
        self.level.activated.connect(self._level_chosen)
        self._where = _row(self.vessel, self.level)
        self.setLayout(
            column(
                heading("Regions"),
                self.table,
                self._where,
                _row(self.add, self.remove),
                _row(self.carry, self.confirm),
                _row(self.earlier),
            )
        )
        desk.ask_role = self.ask_role
        desk.panels["earlier"] = self.earlier_dialog.open
        desk.reading.events.state.connect(self.show_state)
        desk.reading.events.active.connect(self.show_state)
        desk.session.events.groups.connect(self.show_state)
        desk.session.events.phase.connect(lambda _key: self.show_state())
        self.show_state()

    def ask_role(self) -> None:
        """A menu of roles at the button."""
        menu = QMenu(self)
        for role, words in ROLES.items():
            menu.addAction(words, lambda role=role: self._desk.new_region(role))
        menu.popup(self.add.mapToGlobal(QPoint(0, self.add.height())))

    def _remove(self) -> None:
        if (active := self._desk.reading.active) is not None:
            self._desk.session.attempt(lambda: self._desk.reading.remove_region(active))

    def show_state(self) -> None:
        """Regions as they stand."""
        reading, keys = self._desk.reading, tuple(self._desk.session.groups)
        entries, colors = tuple(reading.state.regions.values()), region_colors(reading.state)
        self.table.blockSignals(True)
        self.table.setColumnCount(1 + len(keys))
        self.table.setHorizontalHeaderLabels(["Region", *(PHASES_SHORT[reading.phase(k)] for k in keys)])
        self.table.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            self.table.setItem(row, 0, _name(entry, colors[entry.label]))
            for n, key in enumerate(keys, start=1):
                self.table.setItem(row, n, _sign(entry, key, in_hand=key == self._desk.session.phase))
            self.table.setRowHeight(row, 24)
            if entry.id == reading.active:
                self.table.selectRow(row)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.blockSignals(False)
        self._show_vessel(reading.state.regions.get(reading.active or ""))

    def _show_vessel(self, entry: RegionEntry | None) -> None:
        asked = entry is not None and entry.role is RegionRole.FILLING_DEFECT
        self._where.setVisible(asked)
        if entry is None or not asked:
            return
        _choices(self.vessel, "vessel?", [(VESSELS[v], v) for v in Vessel], entry.vessel)
        levels = _LEVELS[entry.vessel] if entry.vessel else tuple(VesselLevel)
        _choices(self.level, "level?", [(level.value, level) for level in levels], entry.level)

    def _row_chosen(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        ids = tuple(self._desk.reading.state.regions)
        if rows and rows[0].row() < len(ids) and ids[rows[0].row()] != self._desk.reading.active:
            self._desk.reading.activate(ids[rows[0].row()])
            self._desk.jump()

    def _vessel_chosen(self, index: int) -> None:
        vessel, active = self.vessel.itemData(index), self._desk.reading.active
        if vessel is not None and active is not None:
            self._desk.session.attempt(
                lambda: self._desk.reading.describe_region(active, vessel=Vessel(vessel))
            )

    def _level_chosen(self, index: int) -> None:
        level, active = self.level.itemData(index), self._desk.reading.active
        if level is not None and active is not None:
            self._desk.session.attempt(
                lambda: self._desk.reading.describe_region(active, level=VesselLevel(level))
            )


def _name(entry: RegionEntry, color: str) -> QTableWidgetItem:
    swatch = QPixmap(12, 12)
    swatch.fill(QColor(color))
    item = QTableWidgetItem(QIcon(swatch), entry.id)
    place = " ".join(str(part.value) for part in (entry.vessel, entry.level) if part)
    item.setToolTip("  ".join(part for part in (ROLES[entry.role], place, entry.note) if part))
    return item


def _sign(entry: RegionEntry, key: str, *, in_hand: bool) -> QTableWidgetItem:
    how = entry.masks.get(key)
    item = QTableWidgetItem(ABSENT if how is None else CONFIRMED if how.verified else WAITING)
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    if how is not None:
        item.setForeground(QColor("#e6e9ee" if how.verified else WARNING_COLOR))
        words = f"{how.provenance.value}, {'confirmed' if how.verified else 'to be confirmed'}"
        if key in entry.apart:
            item.setText(item.text() + NOT_DRAWN)
            words += "; overlaps another region: kept as it came, not drawn on the image"
        item.setToolTip(words)
    if in_hand:
        item.setBackground(QColor("#2f3644"))
    return item


def _choices(box: QComboBox, empty: str, items: list[tuple[str, object]], chosen: object) -> None:
    box.blockSignals(True)
    box.clear()
    box.addItem(empty, None)
    for text, value in items:
        box.addItem(text, value)
    values = [value for _, value in items]
    box.setCurrentIndex(values.index(chosen) + 1 if chosen in values else 0)
    box.blockSignals(False)


def _row(*widgets: QWidget) -> QWidget:
    holder, layout = QWidget(), QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    holder.setLayout(layout)
    return holder
