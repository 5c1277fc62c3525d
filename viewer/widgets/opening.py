"""Loading a folder without freezing the window: a bar, then the images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from qtpy.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from imaging.errors import ImagingError
from viewer.widgets.parts import WARNING_COLOR, colored
from workup.errors import WorkupError
from workup.reading_files import OpenedReading, open_reading

#: How often the bar looks for news. [s]
_LOOK_EVERY_S = 0.05


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


def load_with_progress(
    viewer: Any,
    path: Path,
    built: Callable[[OpenedReading], None],
    *,
    reader: str | None = None,
    case_folder: str | Path | None = None,
) -> Any:
    """Start loading; ``built`` gets the reading on the thread that draws."""
    from napari.qt.threading import thread_worker

    panel = OpeningPanel(path.name)
    dock = viewer.window.add_dock_widget(panel, name="Opening", area="bottom")

    def news() -> Any:  # a generator of (done, total) that returns the opened reading
        queue: Queue[tuple[int, int]] = Queue()
        outcome: list[Any] = []
        thread = Thread(target=_load, args=(queue, outcome, path, reader, case_folder), daemon=True)
        thread.start()
        while thread.is_alive():
            try:
                yield queue.get(timeout=_LOOK_EVERY_S)
            except Empty:
                continue
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def done(opened: OpenedReading) -> None:
        viewer.window.remove_dock_widget(dock)
        built(opened)

    worker = thread_worker(news)()
    worker.yielded.connect(lambda progress: panel.show_progress(*progress))
    worker.returned.connect(done)
    worker.errored.connect(panel.show_refusal)
    worker.start()
    return worker


def _load(
    queue: Queue[tuple[int, int]],
    outcome: list[Any],
    path: Path,
    reader: str | None,
    case_folder: str | Path | None,
) -> None:
    try:
        outcome.append(
            open_reading(
                path,
                reader=reader,
                case_folder=case_folder,
                progress=lambda done, total: queue.put((done, total)),
            )
        )
    except (ImagingError, WorkupError, OSError) as error:
        outcome.append(error)
