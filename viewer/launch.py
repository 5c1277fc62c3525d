"""``veinvasion view``: open a case in a window.

The window is built in two steps: images and phases first, panels around them second. Loading runs on
another thread with its progress in the window, so that nothing freezes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from viewer.desk import Desk
    from viewer.feed import Feed
    from workup.reading_files import OpenedReading

#: The desk looks once a second whether something has to be kept. [ms]
TICK_MS = 1000
LEFT_WIDTH, RIGHT_WIDTH = 366, 410


@dataclass(eq=False)
class Window:
    """A desk with its panels in a napari window."""

    desk: Desk
    feed: Feed
    panels: dict[str, QWidget]
    docks: tuple[QWidget, ...]

    def close(self) -> None:
        """Keep what is unsaved, end the threads."""
        self.feed.close()
        self.desk.reading.events.disconnect()
        self.desk.close()


def launch(path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None) -> None:
    """Open a folder in a new window and stay until it is closed."""
    import napari

    viewer = napari.Viewer(title="veinvasion")
    start(viewer, path, reader=reader, case_folder=case_folder)
    napari.run()


def choose_and_start(viewer: Any) -> None:
    """Ask for a folder, then open it in this viewer; napari's menu calls this."""
    from qtpy.QtWidgets import QFileDialog

    folder = QFileDialog.getExistingDirectory(None, "Study")
    if folder:
        start(viewer, folder)


def start(
    viewer: Any, path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None
) -> Any:
    """Load on another thread, then build the window; the worker, which yields (done, total) files."""
    from viewer.widgets.opening import load_with_progress

    def built(opened: OpenedReading) -> None:
        build_window(viewer, opened)

    return load_with_progress(viewer, Path(path), built, reader=reader, case_folder=case_folder)


def open_window(
    viewer: Any, path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None
) -> Window:
    """Load here and now, then build the window: for scripts and tests."""
    from workup.reading_files import open_reading

    return build_window(viewer, open_reading(path, reader=reader, case_folder=case_folder))


def build_window(viewer: Any, opened: OpenedReading) -> Window:
    """Images, panels, and the clock that keeps the work."""
    from qtpy.QtCore import QTimer

    from viewer import compat
    from viewer.desk import Desk
    from viewer.feed import Feed
    from viewer.settings import habits
    from workup.protocol_files import read_protocol

    kept = habits()
    desk = Desk(viewer, opened.reading, opened.keeper, kept)
    if kept.reader and not opened.reading.reader:
        desk.name_reader(kept.reader)
    feed = Feed(desk, read_protocol())
    desk.open()
    window = _with_panels(viewer, desk, feed)
    compat.hide_docks(window.docks[0])
    timer = QTimer(window.docks[0])
    timer.timeout.connect(desk.tick)
    timer.start(TICK_MS)
    window.docks[0].destroyed.connect(window.close)
    feed.ask_region()
    feed.ask_overall()
    QTimer.singleShot(0, viewer.reset_view)  # the panels have taken their room by then
    if opened.words:
        desk.session.say("  ".join(opened.words))
    return window


def _with_panels(viewer: Any, desk: Desk, feed: Feed) -> Window:
    from viewer.widgets.checklist_panel import ChecklistPanel
    from viewer.widgets.dialogs import ExportDialog, SignDialog
    from viewer.widgets.findings_panel import FindingsPanel
    from viewer.widgets.help_panel import HelpPanel
    from viewer.widgets.maps_panel import MapsPanel
    from viewer.widgets.numbers_panel import NumbersPanel
    from viewer.widgets.parts import measure_again, stacked
    from viewer.widgets.phases_panel import PhasesPanel
    from viewer.widgets.read_panel import ReadPanel
    from viewer.widgets.reader_panel import ReaderPanel
    from viewer.widgets.regions_panel import RegionsPanel
    from viewer.widgets.tools_panel import ToolsPanel

    panels: dict[str, QWidget] = {
        "reader": ReaderPanel(desk),
        "phases": PhasesPanel(desk),
        "regions": RegionsPanel(desk),
        "tools": ToolsPanel(desk),
        "maps": MapsPanel(desk, feed),
        "numbers": NumbersPanel(desk, feed),
        "findings": FindingsPanel(feed),
        "read": ReadPanel(desk, feed),
        "checklist": ChecklistPanel(desk, feed),
    }
    left = stacked([panels[name] for name in ("reader", "phases", "regions", "tools", "maps")], LEFT_WIDTH)
    right = stacked([panels[name] for name in ("numbers", "findings", "read", "checklist")], RIGHT_WIDTH)
    for news in (feed.events.region, feed.events.overall):
        news.connect(lambda _answer: measure_again(right))
    for news in (desk.session.events.phase, desk.session.events.message, panels["maps"].maps.events.found):
        news.connect(lambda _what: measure_again(left))
    docks = (
        viewer.window.add_dock_widget(left, name="Study", area="left"),
        viewer.window.add_dock_widget(right, name="Read", area="right"),
    )
    help_panel = HelpPanel(left)
    panels["help"] = help_panel
    desk.panels["help"] = lambda: help_panel.setVisible(not help_panel.isVisible())
    sign, export = SignDialog(desk, feed, left), ExportDialog(desk, feed, left)
    panels.update(sign=sign, export=export)
    desk.panels["sign"], desk.panels["export"] = sign.ask, export.open
    desk.panels["adjudicate"] = lambda: _adjudicate(desk, panels)
    desk.panels["panels"] = lambda: [dock.setVisible(not dock.isVisible()) for dock in docks]
    return Window(desk, feed, panels, docks)


def _adjudicate(desk: Desk, panels: dict[str, QWidget]) -> None:
    """The adjudication of the case in hand, if it has a folder."""
    from viewer.widgets.adjudication_panel import AdjudicationPanel

    if desk.keeper is None or not desk.reading.reader:
        desk.session.say("Adjudication needs a case folder and your name.")
        return
    panel = AdjudicationPanel(desk.keeper.store, desk.reading.reader, desk.session.say, panels["read"])
    panels["adjudication"] = panel
    panel.show()
