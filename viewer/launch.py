"""``veinvasion view``: open a case in a window.

Images are read in a process of their own while napari starts; if they take longer, the window shows how
far it is. Then it is built in steps, images first: what else belongs to it follows while one can
already scroll, and nothing freezes for longer than one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.loading import Loading

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from viewer.desk import Desk
    from viewer.feed import Feed
    from workup.reading_files import OpenedReading

#: So long napari waits for images that are read on a thread of its process. Most studies on a disk are read
#: by then, and as Python runs one thread at a time, reading beside napari's start takes longer. [s]
ALONE_S = 1.0
#: So long an empty window waits for images before it tells how far they are. [s]
SOON_S = 0.5
#: Once napari has started, Python looks for garbage after so many new objects (by default 700), and so often
#: among older ones. The start makes many that stay: looking among them takes a tenth of its time.
COLLECT_GARBAGE_AFTER = (50_000, 20, 20)
#: The desk looks once a second whether something has to be kept. [ms]
TICK_MS = 1000
#: While the window is being built, what the reader does has its turn after each step's picture. [ms]
BETWEEN_STEPS_MS = 10
LEFT_WIDTH, RIGHT_WIDTH = 366, 410


@dataclass(eq=False)
class Window:
    """A desk with its panels in a napari window."""

    desk: Desk
    docks: tuple[QWidget, ...]
    panels: dict[str, QWidget] = field(default_factory=dict)

    @cached_property
    def feed(self) -> Feed:
        """The live answers."""
        from viewer.feed import Feed
        from workup.protocol_files import read_protocol

        return Feed(self.desk, read_protocol())

    def close(self) -> None:
        """Keep what is unsaved, end the threads."""
        self.feed.close()
        self.desk.reading.events.disconnect()
        self.desk.close()


def launch(path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None) -> None:
    """Open a folder in a new window and stay until it is closed."""
    run(Loading(Path(path), reader=reader, case_folder=case_folder, apart=True))


def run(loading: Loading) -> None:
    """Show what is being loaded in a new window and stay until it is closed."""
    import napari

    show(loading)
    napari.run()


def show(loading: Loading) -> Any:
    """A new window of this process, which follows what is being loaded."""
    import gc

    import napari

    loading.wait(0.0 if loading.apart else ALONE_S)
    gc.disable()
    try:
        viewer = napari.Viewer(title="veinvasion")
        _prepare()
    finally:
        gc.freeze()  # what napari's start made stays, and is not looked at again
        gc.enable()
    gc.set_threshold(*COLLECT_GARBAGE_AFTER)
    loading.wait(SOON_S)
    follow(viewer, loading)
    return viewer


def _prepare() -> None:
    """Import and make ready what images will need, while they are being read."""
    from importlib import import_module

    from viewer import compat

    for module in ("viewer.desk", "viewer.layout", "viewer.settings", "viewer.widgets.parts"):
        import_module(module)
    compat.parse_shaders_once()
    compat.expect_images()


def choose_and_start(viewer: Any) -> None:
    """Ask for a folder, then open it in this viewer; napari's menu calls this."""
    from qtpy.QtWidgets import QFileDialog

    folder = QFileDialog.getExistingDirectory(None, "Study")
    if folder:
        start(viewer, folder)


def start(
    viewer: Any, path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None
) -> None:
    """Load on another thread, then build the window."""
    follow(viewer, Loading(Path(path), reader=reader, case_folder=case_folder))


def follow(viewer: Any, loading: Loading) -> None:
    """Build the window as soon as its images are loaded."""
    from qtpy.QtCore import QTimer

    from viewer.widgets.opening import load_with_progress

    def built(opened: OpenedReading) -> None:
        steps = build_in_steps(viewer, opened)
        window = next(steps)
        drawn, pause = (QTimer(window.docks[0].widget()) for _ in range(2))  # end with the window
        drawn.setSingleShot(True)
        pause.setSingleShot(True)

        def step() -> None:
            if next(steps, None) is not None:
                drawn.start(0)  # due when nothing is left to be drawn

        drawn.timeout.connect(lambda: pause.start(BETWEEN_STEPS_MS if viewer.layers else 0))
        pause.timeout.connect(step)
        drawn.start(0)

    if loading.outcome is not None and not isinstance(loading.outcome, Exception):
        built(loading.outcome)
    else:
        load_with_progress(viewer, loading, built)


def open_window(
    viewer: Any, path: str | Path, *, reader: str | None = None, case_folder: str | Path | None = None
) -> Window:
    """Load here and now, then build the window: for scripts and tests."""
    from workup.reading_files import open_reading

    return build_window(viewer, open_reading(path, reader=reader, case_folder=case_folder))


def build_window(viewer: Any, opened: OpenedReading) -> Window:
    """The whole window at once."""
    from qtpy.QtCore import QTimer

    *_, window = build_in_steps(viewer, opened)
    QTimer.singleShot(0, viewer.reset_view)  # the docks have taken their room by then
    return window


def build_in_steps(viewer: Any, opened: OpenedReading) -> Iterator[Window]:
    """Images, outlines, letters, panels, the clock that keeps the work: the window after each step."""
    from qtpy.QtCore import QTimer

    from viewer import compat
    from viewer.desk import Desk
    from viewer.layout import dress_in_steps
    from viewer.settings import habits

    compat.parse_shaders_once()
    kept = habits()
    desk = Desk(viewer, opened.reading, opened.keeper, kept)
    if kept.reader and not opened.reading.reader:
        desk.name_reader(kept.reader)
    window = Window(desk, _docks(viewer))  # their room first, so that no image moves later
    compat.hide_docks(window.docks[0])
    window.docks[0].destroyed.connect(window.close)
    yield window  # the docks take their room
    desk.session.images_first = True
    desk.open()
    yield window
    desk.session.put_up_outlines()
    yield window
    for _ in dress_in_steps(desk.session):
        yield window
    desk.session.put_up_lines()
    desk.session.images_first = False
    yield window
    _fill(window)
    timer = QTimer(window.docks[0].widget())  # a plugin holds a proxy of the dock, which Qt refuses
    timer.timeout.connect(desk.tick)
    timer.start(TICK_MS)
    if opened.words:
        desk.session.say("  ".join(opened.words))
    window.feed.ask_region()
    window.feed.ask_overall()
    yield window


def _docks(viewer: Any) -> tuple[QWidget, QWidget]:
    """Two empty docks as wide as their panels will be."""
    from qtpy.QtWidgets import QWidget

    from viewer.widgets.parts import column

    frames = (QWidget(), QWidget())
    for frame, width in zip(frames, (LEFT_WIDTH, RIGHT_WIDTH), strict=True):
        frame.setLayout(column(margins=0))
        frame.setMinimumWidth(width)
        frame.setMaximumWidth(width + 60)
    left, right = frames
    return (
        viewer.window.add_dock_widget(left, name="Study", area="left", add_vertical_stretch=False),
        viewer.window.add_dock_widget(right, name="Read", area="right", add_vertical_stretch=False),
    )


def _fill(window: Window) -> None:
    """Put the panels into the docks."""
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

    desk, feed, panels = window.desk, window.feed, window.panels
    panels |= {
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
    for dock, panels_of_it in zip(window.docks, (left, right), strict=True):
        dock.widget().layout().addWidget(panels_of_it)
    help_panel = HelpPanel(left)
    panels["help"] = help_panel
    desk.panels["help"] = lambda: help_panel.setVisible(not help_panel.isVisible())
    sign, export = SignDialog(desk, feed, left), ExportDialog(desk, feed, left)
    panels.update(sign=sign, export=export)
    desk.panels["sign"], desk.panels["export"] = sign.ask, export.open
    desk.panels["adjudicate"] = lambda: _adjudicate(desk, panels)
    desk.panels["panels"] = lambda: [dock.setVisible(not dock.isVisible()) for dock in window.docks]


def _adjudicate(desk: Desk, panels: dict[str, QWidget]) -> None:
    """The adjudication of the case in hand, if it has a folder."""
    from viewer.widgets.adjudication_panel import AdjudicationPanel

    if desk.keeper is None or not desk.reading.reader or not desk.keeper.name_given:
        desk.session.say("Adjudication needs a case folder and your name, given in this session.")
        return
    panel = AdjudicationPanel(desk.keeper.store, desk.reading.reader, desk.session.say, panels["read"])
    panels["adjudication"] = panel
    panel.show()
