"""Who reads, and what is being said to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLineEdit, QWidget

from viewer.widgets.parts import WARNING_COLOR, column, escaped, heading, wrapped

if TYPE_CHECKING:
    from viewer.desk import Desk


class ReaderPanel(QWidget):
    """The reader's name, and the last word to them: a line, never a pop-up."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.name = QLineEdit(desk.reading.reader or "")
        self.name.setPlaceholderText("your name: it goes onto every statement")
        self.name.editingFinished.connect(self._named)
        self.name.returnPressed.connect(self._entered)
        self.taken_over = wrapped(color=WARNING_COLOR)
        self.words = wrapped(color=WARNING_COLOR)
        self.words.hide()
        self.setLayout(column(heading("Reader"), self.name, self.taken_over, self.words))
        desk.session.events.message.connect(self.show_words)
        desk.reading.events.state.connect(self.show_state)
        self.show_state()

    def _named(self) -> None:
        self._desk.name_reader(self.name.text())
        self.name.setText(self._desk.reading.reader or "")  # what was refused does not stay there

    def _entered(self) -> None:
        """Enter, unlike a loss of focus, says that the name is one's own."""
        name = " ".join(self.name.text().split())
        self._desk.name_reader(name)
        if name and name == self._desk.reading.reader:
            self._desk.confirm_name()

    def show_words(self, text: str) -> None:
        """The last word, until the next."""
        self.words.setText(escaped(text))
        self.words.setVisible(bool(text))

    def show_state(self) -> None:
        """The name as the reading has it."""
        if not self.name.hasFocus():
            self.name.setText(self._desk.reading.reader or "")
        self.name.setEnabled(not self._desk.reading.locked)
        keeper, name = self._desk.keeper, self._desk.reading.reader or ""
        taken_over = keeper is not None and not keeper.name_given
        self.taken_over.setText(
            escaped(
                f"This goes on as {name}, from the last save. "
                "If that is you, press Enter in the field above; else type your name there."
            )
        )
        self.taken_over.setVisible(taken_over)
