"""Draw the pictures of the viewer in docs/images from the sample case.

xvfb-run -a -s "-screen 0 1920x1200x24" .venv/bin/python scripts/make_viewer_pictures.py docs/images
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pydicom

os.environ.setdefault(
    "NAPARI_CONFIG", str(Path(tempfile.gettempdir()) / "veinvasion-pictures" / "napari.yaml")
)

import napari
from napari.utils.io import imsave
from qtpy.QtWidgets import QApplication

from imaging.phases.phase import Phase
from viewer.launch import open_window
from viewer.session import Tool
from workup.case.case import Statement
from workup.case.reads import ReadPlan
from workup.case.store_files import MEANING, CaseStore
from workup.reading_files import open_reading
from workup.reading_keeper import Keeper

SAMPLE = Path(__file__).parent.parent / "sample_dicom"


def settle(seconds: float = 2.0) -> None:
    """Let the window work for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def shown(path: Path, kept: Path, size: tuple[int, int] = (1800, 1120), reader: str | None = None):
    """A window on a folder."""
    viewer = napari.Viewer(show=True)
    viewer.window.resize(*size)
    window = open_window(viewer, path, case_folder=kept, reader=reader)
    settle()
    return viewer, window


def picture(viewer: napari.Viewer, path: Path) -> None:
    """Keep the whole window as an image."""
    settle(0.6)
    imsave(str(path), viewer.screenshot(canvas_only=False, flash=False))


def grid(folder: Path, out: Path) -> None:
    """The sample, read; the defect in hand."""
    viewer, window = shown(SAMPLE, folder / "grid", reader="Reader One")
    window.desk.reading.activate("hcc1")
    portal = window.desk.reading.keys_of_phase(Phase.PORTAL_VENOUS)[0]
    window.desk.session.activate(portal)
    window.desk.snap_lines()
    window.desk.reading.activate("defect1")
    viewer.scene.camera.zoom *= 1.25
    settle()
    picture(viewer, out / "viewer_grid.png")
    window.desk.reading.activate("hcc1")
    window.desk.session.activate(portal)
    window.desk.session.set_tool(Tool.LOOK)
    window.desk.panel("help")
    settle()
    window.panels["help"].grab().save(str(out / "viewer_help.png"))
    window.close()
    viewer.close()


def phases(folder: Path, out: Path) -> None:
    """A study whose headers contradict each other: phases wait for the reader."""
    shutil.copytree(SAMPLE / "dicom", folder / "doubtful")
    for path in (folder / "doubtful").rglob("*.dcm"):
        image = pydicom.dcmread(path)
        if "PORTAL" in image.SeriesDescription:
            image.SeriesDescription = "DELAYED PHASE 5.0"
            image.save_as(path)
    viewer, window = shown(folder / "doubtful", folder / "phases")
    doubtful = next(k for k, d in window.desk.reading.decisions.items() if d.conflicts)
    window.desk.session.activate(doubtful)
    window.panels["phases"]._phase_in_hand(doubtful)
    picture(viewer, out / "viewer_phases.png")
    window.close()
    viewer.close()


def maps(folder: Path, out: Path) -> None:
    """The tumor's washout map over the late arterial phase."""
    viewer, window = shown(SAMPLE, folder / "maps")
    window.desk.reading.activate("hcc1")
    window.desk.jump()
    panel = window.panels["maps"]
    panel.on.setChecked(True)
    while not panel.choice.count():
        settle(0.2)
    panel.choice.setCurrentIndex(1)
    panel.choice.activated.emit(1)
    viewer.scene.camera.zoom *= 1.25
    picture(viewer, out / "viewer_maps.png")
    window.close()
    viewer.close()


def adjudication(folder: Path, out: Path) -> None:
    """Two signed reads that differ, before a third reader."""
    first = open_reading(SAMPLE, reader="Reader One", case_folder=folder / "case").reading
    store = CaseStore.create(
        folder / "case",
        first.study,
        "sample",
        "office",
        plan=ReadPlan(("Reader One", "Reader Two"), "Reader Three"),
    )
    for name in ("Reader One", "Reader Two"):
        reading = type(first).from_case(first.to_case(), first.decisions)
        reading.reader = name
        if name == "Reader Two":
            reading.state_defect("defect1", washout_delayed=Statement.UNCERTAIN)
            reading.state_lesion("hcc1", margins_measurable=Statement.NO, target=Statement.NO)
        else:
            reading.state_lesion("hcc1", target=Statement.YES)
        keeper = Keeper(reading, lambda: store)
        keeper.sign({"report.json": b"{}"}, MEANING)
        keeper.close()
    viewer, window = shown(folder / "case", folder / "case", reader="Reader Three")
    window.desk.panel("adjudicate")
    panel = window.panels["adjudication"]
    panel.why.setText("delayed image shows the capsule only")
    panel.decide("first")
    settle()
    panel.grab().save(str(out / "viewer_adjudication.png"))
    window.close()
    viewer.close()


def main() -> None:
    """Draw all pictures, or those named on the command line."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or ["grid", "phases", "maps", "adjudication"]
    with tempfile.TemporaryDirectory(prefix="veinvasion-pictures-") as folder:
        for act in (grid, phases, maps, adjudication):
            if act.__name__ in wanted:
                act(Path(folder), out)


if __name__ == "__main__":
    main()
