"""Regions of an earlier study: how each would be placed, then taken unverified."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from imaging.errors import ImagingError
from viewer.widgets.parts import QUIET_COLOR, WARNING_COLOR, colored, escaped, heading, small, wrapped
from viewer.words import PHASES
from workup.errors import WorkupError
from workup.reading_earlier import FromEarlier, take
from workup.reading_files import place_earlier

if TYPE_CHECKING:
    from viewer.desk import Desk

#: How often the dialog looks whether the other thread is done. [ms]
POLL_MS = 50

Found = tuple[FromEarlier, ...]


class EarlierDialog(QDialog):
    """A folder; each region with where it would lie and on what ground; then they are taken."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._found: Found = ()
        self._files = (0, 0)
        self._running: Future[Found] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="earlier")
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._see)
        self.setWindowTitle("Start from an earlier study")
        self.folder, browse = QLineEdit(), QPushButton("…")
        self.folder.setPlaceholderText("case folder of the earlier study")
        browse.clicked.connect(self._browse)
        self.search = QPushButton("Compare")
        self.search.clicked.connect(self.compare)
        self.bar, self.words = QProgressBar(), wrapped(width=480)
        self.bar.hide()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.take = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.take.setText("Take these regions")
        self.take.setEnabled(False)
        self.buttons.accepted.connect(self.take_regions)
        self.buttons.rejected.connect(self.reject)
        row, layout = QHBoxLayout(), QVBoxLayout()
        for part in (self.folder, browse, self.search):
            row.addWidget(part)
        layout.addWidget(heading("Regions of an earlier study"))
        layout.addLayout(row)
        for widget in (self.bar, self.words, self.buttons):
            layout.addWidget(widget)
        self.setLayout(layout)
        self.resize(560, 260)

    def _browse(self) -> None:
        self.folder.setText(QFileDialog.getExistingDirectory(self, "Earlier study") or self.folder.text())

    def compare(self) -> None:
        """Load the earlier study and place its regions, on another thread."""
        session, folder = self._desk.session, self.folder.text().strip()
        if not folder or session.phase is None or self._running is not None:
            return
        self._show((), f"onto {PHASES[self._desk.reading.phase(session.phase)].lower()}, the phase in hand")
        self._running = self._thread.submit(
            place_earlier, Path(folder), self._desk.reading, session.phase, progress=self._progress
        )
        self.bar.setRange(0, 0)
        self.bar.show()
        self._timer.start()

    def _progress(self, done: int, total: int) -> None:
        self._files = (done, total)  # from the other thread: kept, shown by the timer

    def _see(self) -> None:
        done, total = self._files
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if self._running is None or not self._running.done():
            return
        running, self._running = self._running, None
        self._timer.stop()
        self.bar.hide()
        try:
            self._show(running.result())
        except (ImagingError, WorkupError, OSError) as error:
            self._show((), str(error), WARNING_COLOR)

    def _show(self, found: Found, words: str = "", color: str = QUIET_COLOR) -> None:
        self._found = found
        rows = [colored(words, color)] if words else []
        for item in found:
            how = small(item.how, QUIET_COLOR if item.placed else WARNING_COLOR)
            rows.append(f"<b>{escaped(item.region.id)}</b><br>{how}")
        if found:
            rows.append(small("All of them wait for you: look, nudge, confirm with Enter."))
        self.words.setText("<br>".join(rows))
        self.take.setEnabled(bool(found))

    def take_regions(self) -> None:
        """Take what was found into the reading, as one step."""
        found = self._found
        if self._desk.session.attempt(lambda: take(self._desk.reading, found)):
            outlined = sum(item.placed for item in found)
            self._desk.session.say(
                f"{len(found)} regions taken, {outlined} with an outline: look, nudge, confirm with Enter."
            )
            self._desk.jump()
            self._show(())
            self.accept()
