"""Loading a folder without freezing the window: a bar, then the images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from viewer.loading import Loading
from viewer.widgets.parts import WARNING_COLOR, colored
from workup.reading_files import OpenedReading


class OpeningPanel(QWidget):
    """What is being loaded and how far it is."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.text, self.bar = QLabel(f"Opening {name}"), QProgressBar()
        self.bar.setRange(0, 0)
        layout = QVBoxLayout()
        layout.addWidget(self.text)
        layout.addWidget(self.bar)
        self.setLayout(layout)

    def show_progress(self, done: int, total: int) -> None:
        """Files read so far."""
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        self.text.setText(f"Reading images: {done} of {total} files")

    def show_refusal(self, error: BaseException) -> None:
        """Why nothing was opened."""
        code = getattr(error, "code", type(error).__name__)
        self.text.setText(colored(f"{code}: {error}", WARNING_COLOR))
        self.text.setWordWrap(True)
        self.bar.hide()


def load_with_progress(viewer: Any, loading: Loading, built: Callable[[OpenedReading], None]) -> None:
    """Follow what is being loaded; ``built`` gets the reading on the thread that draws."""
    from napari.qt.threading import thread_worker

    panel = OpeningPanel(loading.path.name)
    dock = viewer.window.add_dock_widget(panel, name="Opening", area="bottom")

    def told(news: tuple[int, int] | None) -> None:
        if news is not None:
            panel.show_progress(*news)

    def done(_nothing: object = None) -> None:
        if isinstance(loading.outcome, Exception):
            panel.show_refusal(loading.outcome)
        elif loading.outcome is not None:
            viewer.window.remove_dock_widget(dock)
            built(loading.outcome)

    worker = thread_worker(loading.progress)()
    worker.yielded.connect(told)
    worker.returned.connect(done)
    worker.start()
