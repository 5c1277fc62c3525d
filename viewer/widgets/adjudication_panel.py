"""Two signed reads side by side, and a third reader's word on each difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.parts import QUIET_COLOR, WARNING_COLOR, escaped, heading, wrapped
from workup.case.adjudication import Adjudication, adjudicate, decision_data
from workup.case.store_files import CaseStore
from workup.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Callable


class AdjudicationPanel(QDialog):
    """A row a difference: what differs, what each reader said, what was decided and why.

    Nothing is shown before both reads are signed: the store refuses, and the refusal is shown.
    """

    def __init__(
        self, store: CaseStore, who: str, say: Callable[[str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._who, self._say = store, who, say
        self.state: Adjudication | None = None
        self.setWindowTitle("Adjudication")
        self.table = QTableWidget(0, 4)
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setWordWrap(True)
        self._words = wrapped()
        self.why = QLineEdit()
        self.why.setPlaceholderText("why: a decision without a reason is not kept")
        self.first, self.second = QPushButton(), QPushButton()
        self.first.clicked.connect(lambda: self.decide("first"))
        self.second.clicked.connect(lambda: self.decide("second"))
        row, layout = QHBoxLayout(), QVBoxLayout()
        for button in (self.first, self.second):
            row.addWidget(button)
        for widget in (heading("Where the two reads differ"), self._words, self.table, self.why):
            layout.addWidget(widget)
        layout.addLayout(row)
        self.setLayout(layout)
        self.resize(980, 480)
        self.show_state()

    def show_state(self) -> None:
        """Differences and decisions as the case's log has them."""
        try:
            self.state = adjudicate(self._store.history())
        except CaseError as error:
            self._words.setText(escaped(str(error)))
            self.first.setEnabled(False)
            self.second.setEnabled(False)
            return
        a, b = self.state.first.reader, self.state.second.reader
        self.table.setHorizontalHeaderLabels(["What", a, b, "Decision"])
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setRowCount(len(self.state.discordances))
        for row, found in enumerate(self.state.discordances):
            decision = self.state.decisions.get(found.id)
            text = "open" if decision is None else f"{decision.value} ({decision.who}: {decision.why})"
            what = f"{found.subject}\n{found.kind.value.replace('_', ' ')}"
            for n, cell in enumerate((what, found.first, found.second, text)):
                item = QTableWidgetItem(cell)
                item.setForeground(QColor(WARNING_COLOR if decision is None else QUIET_COLOR))
                self.table.setItem(row, n, item)
            self.table.setRowHeight(row, 42)
        left = len(self.state.open)
        self._words.setText(
            f"{len(self.state.discordances)} differences, {left} open" if left else "All is settled"
        )
        self.first.setText(f"{a} is right")
        self.second.setText(f"{b} is right")
        if left:
            self.table.selectRow(self.state.discordances.index(self.state.open[0]))

    def decide(self, choice: str) -> None:
        """Record the adjudicator's word on the selected difference."""
        rows = self.table.selectionModel().selectedRows()
        if self.state is None or not rows:
            return
        found = self.state.discordances[rows[0].row()]
        try:
            data = decision_data(self._store.history(), self._who, found.id, choice, self.why.text())
            self._store.record_act(self._who, "adjudicated", self.why.text(), data)
        except CaseError as error:
            self._say(str(error))
            self._words.setText(escaped(str(error)))
            return
        self.why.clear()
        self.show_state()
