"""The phase of each acquisition, with its evidence and conflicts, to confirm or correct."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QComboBox, QHeaderView, QPushButton, QTableWidget, QTableWidgetItem, QWidget

from imaging.phases.phase import DEFINITE, Phase, Role
from imaging.phases.timing import delay_s
from imaging.volume import Acquisition
from viewer.widgets.parts import QUIET_COLOR, WARNING_COLOR, colored, column, escaped, heading, wrapped
from viewer.words import PHASES, TIME_ORDER

if TYPE_CHECKING:
    from viewer.desk import Desk

#: Letters of one piece of evidence in the panel.
MOST_LETTERS = 90

_HEAD = ("Series", "Phase", "Time", "Slices")


class PhasesPanel(QWidget):
    """One row an acquisition; the reader's word outranks every header."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._keys = [a.key for a in desk.reading.study]
        self._boxes: dict[str, QComboBox] = {}
        self.table = QTableWidget(len(self._keys), len(_HEAD))
        self.table.setHorizontalHeaderLabels(list(_HEAD))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._evidence = wrapped()
        self.accept = QPushButton("These phases are right")
        self.accept.setToolTip("Put your name to every phase as it stands in the table")
        self.accept.clicked.connect(self.confirm_all)
        self._refused = wrapped(color=WARNING_COLOR)
        self.setLayout(column(heading("Phases"), self.table, self._evidence, self.accept, self._refused))
        for row, key in enumerate(self._keys):
            self._fill(row, desk.reading.study[key])
        self.table.setFixedHeight(32 + 30 * min(6, max(1, len(self._keys))))
        self.table.itemSelectionChanged.connect(self._row_chosen)
        desk.reading.events.state.connect(self.show_state)
        desk.session.events.phase.connect(self._phase_in_hand)
        self._tell_refused()
        self.show_state()
        if self._keys:
            self._phase_in_hand(desk.session.phase or self._keys[0])

    def _fill(self, row: int, acquisition: Acquisition) -> None:
        header = acquisition.header
        number = "" if header.series_number is None else str(header.series_number)
        seconds = delay_s(self._desk.reading.study, acquisition.key)
        time = "" if seconds is None else ("before" if seconds <= 0 else f"{seconds:.0f} s")
        slices = f"{acquisition.volume.geometry.shape[0]} × {acquisition.volume.geometry.spacing_mm[0]:.3g}"
        for column_, text in ((0, number), (2, time), (3, slices)):
            item = QTableWidgetItem(text)
            item.setToolTip(header.series_description or "no series description")
            self.table.setItem(row, column_, item)
        box = QComboBox()
        for phase in TIME_ORDER:
            box.addItem(PHASES[phase], phase)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.activated.connect(lambda index, key=acquisition.key: self.correct(key, TIME_ORDER[index]))
        self._boxes[acquisition.key] = box
        self.table.setCellWidget(row, 1, box)
        self.table.setRowHeight(row, 30)

    def correct(self, key: str, phase: Phase) -> None:
        """The reader names a phase."""
        self._desk.session.attempt(lambda: self._desk.reading.label_phase(key, phase))
        self._phase_in_hand(key)

    def confirm_all(self) -> None:
        """The reader accepts every definite phase as it stands."""
        reading = self._desk.reading
        for key in self._keys:
            decision = reading.decisions.get(key)
            is_image = decision is None or decision.role is Role.IMAGE
            if is_image and reading.phase(key) in DEFINITE and key not in reading.state.phase_labels:
                self._desk.session.attempt(partial(reading.label_phase, key, reading.phase(key)))

    def show_state(self) -> None:
        """Phases as they stand; what is not settled is amber."""
        reading, open_ = self._desk.reading, 0
        for row, key in enumerate(self._keys):
            phase, decision = reading.phase(key), reading.decisions.get(key)
            self._boxes[key].setCurrentIndex(TIME_ORDER.index(phase))
            said = key in reading.state.phase_labels
            is_image = decision is None or decision.role is Role.IMAGE
            doubtful = is_image and (
                phase not in DEFINITE or (bool(decision and decision.conflicts) and not said)
            )
            open_ += doubtful
            color = QColor(WARNING_COLOR if doubtful else "#e6e9ee" if is_image else QUIET_COLOR)
            for column_ in (0, 2, 3):
                self.table.item(row, column_).setForeground(color)
            self._boxes[key].setStyleSheet(f"color:{color.name()};")
        self.accept.setEnabled(open_ == 0 and not reading.locked)
        self.accept.setText("These phases are right" if open_ == 0 else f"{open_} to be named first")

    def _row_chosen(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            key = self._keys[rows[0].row()]
            self._show_evidence(key)
            self._desk.bring(key)

    def _phase_in_hand(self, key: str) -> None:
        self.table.blockSignals(True)
        self.table.selectRow(self._keys.index(key))
        self.table.blockSignals(False)
        self._show_evidence(key)

    def _show_evidence(self, key: str) -> None:
        reading = self._desk.reading
        decision, header = reading.decisions.get(key), reading.study[key].header
        rows = [colored(header.series_description or "no series description", QUIET_COLOR)]
        if key in reading.state.phase_labels:
            rows.append(f"<b>Your word: {escaped(PHASES[reading.phase(key)])}</b>")
        if decision is not None:
            rows += [colored(f"! {shortened(text, 2)}", WARNING_COLOR) for text in decision.conflicts]
            self._evidence.setToolTip("\n".join((*decision.conflicts, *(e.value for e in decision.evidence))))
            rows += [
                f"{escaped(e.source)}: {escaped(shortened(e.value))} → <i>{escaped(PHASES[e.says])}</i>"
                for e in decision.evidence
                if e.says is not Phase.UNDETERMINED
            ]
            if decision.role is not Role.IMAGE:
                rows.append(colored(f"Not read: {decision.role.value.replace('_', ' ')}", QUIET_COLOR))
        rows += [colored(f"! {caution.message}", WARNING_COLOR) for caution in reading.study[key].cautions]
        self._evidence.setText("<br>".join(rows))

    def _tell_refused(self) -> None:
        study, shown = self._desk.reading.study, self._desk.session.shown
        rows = [f"Series {r.series_number or '?'} refused: {r.message}" for r in study.refused]
        if shown is not None:
            rows += [
                f"Series {study[key].header.series_number or '?'} is not in the grid: {why}"
                for key, why in shown.left_out.items()
            ]
        self._refused.setText("<br>".join(escaped(row) for row in rows))
        self._refused.setVisible(bool(rows))


def shortened(text: str, times: int = 1) -> str:
    """A sentence cut to a line or two; the whole stands in the tooltip."""
    most = times * MOST_LETTERS
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
