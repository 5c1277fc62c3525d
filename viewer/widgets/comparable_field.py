"""Why phases are compared although their headers speak against it: the reader's reason, in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLineEdit, QWidget

from viewer.widgets.parts import WARNING_COLOR, column, escaped, wrapped
from workup.reading_answers import comparability_doubts

if TYPE_CHECKING:
    from viewer.desk import Desk


class ComparableField(QWidget):
    """Seen only where phases differ in kernel or slice thickness; an empty reason takes it back."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._doubts = comparability_doubts(desk.reading)
        self._words = wrapped(color=WARNING_COLOR)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("why they may be compared nonetheless")
        self.reason.editingFinished.connect(self._said)
        self.setLayout(column(self._words, self.reason, margins=0))
        self.show_state()

    def _said(self) -> None:
        reading, text = self._desk.reading, " ".join(self.reason.text().split())
        if text != reading.state.comparable_override:
            self._desk.session.attempt(lambda: reading.state_comparable(text))

    def show_state(self) -> None:
        """What differs, and the reason given."""
        reading = self._desk.reading
        said = reading.state.comparable_override
        self.setVisible(bool(self._doubts or said))
        differ = "; ".join(self._doubts)
        if said and reading.reader:
            text = f"Compared nonetheless: {differ}. Your reason stands in every report."
        elif said:
            text = f"Not compared: {differ}. Your reason counts once you gave your name."
        else:
            text = f"Phases differ: {differ}. Findings wait for your reason."
        self._words.setText(escaped(text))
        if not self.reason.hasFocus():
            self.reason.setText(said)
