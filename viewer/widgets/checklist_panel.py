"""What the whole case says now, what is still missing, and the buttons that end a read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QWidget

from viewer.widgets.parts import (
    QUIET_COLOR,
    STATUS_COLORS,
    WARNING_COLOR,
    colored,
    column,
    escaped,
    heading,
    small,
    wrapped,
)
from workup.assessment import Assessment
from workup.reading_checklist import Missing, missing

if TYPE_CHECKING:
    from eligibility.verdict import Verdict
    from viewer.desk import Desk
    from viewer.feed import Feed


#: What each overall status is called before people.
OVERALL_WORDS = {
    "ELIGIBLE": "criteria satisfied on the supplied data",
    "INELIGIBLE": "not eligible",
    "UNDETERMINED": "undetermined",
}

#: Room for two criteria with their sentences and the trial's line. [pixels]
ANSWERS_HEIGHT = 118


class ChecklistPanel(QWidget):
    """Answer lines on top, the list below; a click on an item goes there."""

    def __init__(self, desk: Desk, feed: Feed) -> None:
        super().__init__()
        self._desk, self._feed = desk, feed
        self.head = heading("Criteria")
        self._items: tuple[Missing, ...] = ()
        self._answers = wrapped(colored("being assessed", QUIET_COLOR))
        self._answers.setMinimumHeight(ANSWERS_HEIGHT)
        self._answers.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._title = heading("Still missing")
        self.list = QListWidget()
        self.list.setFixedHeight(118)
        self.list.itemActivated.connect(self._go)
        self.list.itemClicked.connect(self._go)
        self.save, self.sign, self.export = (QPushButton(t) for t in ("Save  V", "Sign  T", "Export  U"))
        self.save.clicked.connect(desk.save)
        self.sign.clicked.connect(lambda: desk.panel("sign"))
        self.export.clicked.connect(desk.export)
        buttons, row = QWidget(), QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.save, self.sign, self.export):
            row.addWidget(button)
        buttons.setLayout(row)
        self.setLayout(column(self.head, self._answers, self._title, self.list, buttons))
        feed.events.overall.connect(self.show_assessment)
        feed.events.refused.connect(self._show_refusal)
        desk.reading.events.state.connect(self.show_state)
        self.show_state()

    def show_assessment(self, assessment: Assessment) -> None:
        """Vascular invasion, measurable lesion, eligibility."""
        overall = assessment.screen.overall
        rows = [
            _line("Vascular invasion (I4)", assessment.vascular_invasion),
            _line("Measurable lesion (I5)", assessment.measurable_lesion),
        ]
        if self._desk.reading.record is None:
            rows.append(colored("No patient record: the other criteria wait for it.", QUIET_COLOR))
        rows.append(f"Trial: {colored(OVERALL_WORDS[overall], STATUS_COLORS[overall], bold=True)}")
        self._answers.setText("<br>".join(rows))
        self._show_age()

    def _show_refusal(self, reason: str) -> None:
        self._answers.setText(colored(reason, WARNING_COLOR))
        self._show_age()

    def _show_age(self) -> None:
        """Say so where the answers are those of a moment ago."""
        self.head.setText("Criteria" if self._feed.up_to_date else "Criteria, before your last step")

    def show_state(self) -> None:
        """What is missing now."""
        self._show_age()
        locked = self._desk.reading.locked
        self._items = () if locked else missing(self._desk.reading)
        self.list.clear()
        for item in self._items:
            row = QListWidgetItem(item.says)
            row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.list.addItem(row)
        count = len(self._items)
        self._title.setText(
            str(locked) if locked else f"Still missing: {count}" if count else "The read is complete"
        )
        self.sign.setEnabled(not locked and self._desk.keeper is not None)
        self.save.setEnabled(not locked and self._desk.keeper is not None)

    def _go(self, row: QListWidgetItem) -> None:
        item = self._items[self.list.row(row)]
        if item.region_id is not None:
            self._desk.reading.activate(item.region_id)
            self._desk.jump()
        if item.acquisition_key is not None:
            self._desk.bring(item.acquisition_key)


def _line(name: str, verdict: Verdict) -> str:
    status = verdict.status.value
    word = {"PASS": "yes", "FAIL": "no", "UNKNOWN": "cannot tell"}.get(status, status.lower())
    answer = colored(word, STATUS_COLORS[status], bold=True)
    return f"{escaped(name)}: {answer}<br>{small(verdict.message)}"
