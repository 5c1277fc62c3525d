"""From a folder of 4 x 200 slices to its images on the screen, against loading it and an empty viewer.

    xvfb-run -a -s "-screen 0 1920x1200x24" .venv/bin/python benchmarks/opening.py [--dicom FOLDER]

Every row is timed from the start of a fresh process, as a reader starts the viewer; without a folder the
large phantom is made. What a reader waits for is images that can be scrolled: that row is held against the
bar, in wall time. The rest of the window follows in steps, between which one can scroll.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)  # benchmarks/viewer.py is called like the package

PHASES = 4


class Watch:
    """Wall time since the process was started, and its CPU time; of pictures, when they were on screen."""

    def __init__(self, started):
        self.started, self.seen = started, {}

    def stamp(self, name):
        self.seen[name] = (time.time() - self.started, time.process_time())

    def picture(self, name, ready):
        """Let the window work until there is a picture of what is ready."""

        def swapped():
            if name not in self.seen and ready():
                self.stamp(name)

        canvas().frameSwapped.connect(swapped)
        self.until(name, lambda: name in self.seen)

    def text(self, name, ready):
        """Let the window work until something is written."""
        self.until(name, ready)
        self.stamp(name)

    def until(self, name, ready):
        """Let the window work; what has not come after two minutes was refused."""
        given_up = time.time() + 120
        while not ready():
            work()
            assert time.time() < given_up, f"{name}: not seen"


def canvas():
    from qtpy.QtOpenGLWidgets import QOpenGLWidget
    from qtpy.QtWidgets import QApplication

    windows = QApplication.topLevelWidgets()
    return next(canvas for window in windows for canvas in window.findChildren(QOpenGLWidget))


def turn_wheel(canvas):
    """By one click over the first phase, as the reader's hand would: the event waits for its turn."""
    from qtpy.QtCore import QPoint, QPointF, Qt
    from qtpy.QtGui import QWheelEvent
    from qtpy.QtWidgets import QApplication

    place = QPointF(canvas.width() / 4, canvas.height() / 4)
    event = QWheelEvent(
        place, QPointF(canvas.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.postEvent(canvas, event)


def work():
    """What is due now: events, timers, drawing."""
    from qtpy.QtWidgets import QApplication

    QApplication.processEvents()
    time.sleep(0.001)


def shown_viewer():
    import napari

    return napari.Viewer(show=True)


def open_load(watch, folder):
    from imaging.dicom.study_files import load_study

    load_study(folder)
    watch.stamp("load_study")


def open_empty(watch, folder):
    del folder
    shown_viewer()
    watch.picture("empty napari", lambda: True)


def open_bare(watch, folder):
    """Loaded, then shown by napari alone: four images, then the label layers over them."""
    import numpy as np
    from napari.layers import Labels

    from imaging.dicom.study_files import load_study

    study = load_study(folder)
    viewer = shown_viewer()
    viewer.canvas.grid.shape, viewer.canvas.grid.enabled = (2, 2), True
    place = {"scale": next(iter(study)).volume.geometry.spacing_mm, "units": ("mm",) * 3}
    images = [viewer.add_image(a.volume.voxels, contrast_limits=(-10, 190), **place) for a in study]
    viewer.reset_view()
    watch.picture("bare napari: images", lambda: True)
    for image in images:
        labels = Labels(np.zeros(image.data.shape, np.uint8), **place)
        viewer.layers.insert(viewer.layers.index(image) + 1, labels)
    viewer.canvas.grid.stride = 2
    watch.picture("bare napari: images and label layers", lambda: True)


def open_ours(watch, folder):
    """What ``veinvasion view`` does; one slice is scrolled as soon as the images are there."""
    from viewer import launch

    with tempfile.TemporaryDirectory() as kept:
        loading = launch.Loading(Path(folder), case_folder=f"{kept}/case", apart=True)
        viewer = launch.show(loading)
        middle = []

        def images():
            there = len(viewer.layers) >= PHASES
            if there and not middle:
                middle.append(viewer.dims.current_step[0])
                turn_wheel(canvas())
            return there

        watch.picture("veinvasion: images", images)
        watch.picture(
            "veinvasion: images, scrolled by one slice", lambda: viewer.dims.current_step[0] != middle[0]
        )
        watch.text("veinvasion: everything, and the first assessment", lambda: "Trial:" in texts(viewer))


def texts(viewer):
    """All that is written in the docks."""
    from qtpy.QtWidgets import QLabel

    docks = viewer.window.dock_widgets.values()
    return " ".join(label.text() for dock in docks for label in dock.findChildren(QLabel))


WAYS = {"load": open_load, "empty": open_empty, "bare": open_bare, "ours": open_ours}


def in_fresh_process(way, folder):
    command = [sys.executable, __file__, "--dicom", folder, "--way", way, "--started", str(time.time())]
    with tempfile.TemporaryDirectory() as habits:  # nobody's preferences
        environment = os.environ | {"NAPARI_CONFIG": f"{habits}/settings.yaml"}
        output = subprocess.check_output(command, text=True, env=environment)
    return json.loads(output.splitlines()[-1])


def opening(folder, repeats):
    """Every way in turn, medians of wall and CPU time since the start of its process."""
    found = {}
    for _ in range(repeats):
        for way in WAYS:
            for name, both in in_fresh_process(way, folder).items():
                found.setdefault(name, []).append(both)
    medians = {name: [statistics.median(t) for t in zip(*all_, strict=True)] for name, all_ in found.items()}
    load, empty = medians["load_study"], medians["empty napari"]
    floor = [a + b for a, b in zip(load, empty, strict=True)]
    print(f"opening, {repeats} fresh processes of each kind, load average {os.getloadavg()[0]:.1f}")
    print("| from the start of the process | wall | of load + empty | CPU | of load + empty |")
    print("|---|---|---|---|---|")
    for name, (wall, cpu) in {**medians, "load + empty": floor}.items():
        print(f"| {name} | {wall:.2f} s | {wall / floor[0]:.2f} | {cpu:.2f} s | {cpu / floor[1]:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dicom", help="folder of a study with four phases")
    parser.add_argument("--repeats", type=int, default=5, help="processes of each kind")
    parser.add_argument("--way", choices=WAYS, help="measure one way in this process")
    parser.add_argument("--started", type=float, help="when this process was started")
    given = parser.parse_args()
    if given.way:
        watch = Watch(given.started)
        WAYS[given.way](watch, given.dicom)
        print(json.dumps(watch.seen), flush=True)
        os._exit(0)  # windows need not be closed to be measured
    if given.dicom:
        opening(given.dicom, given.repeats)
        return
    with tempfile.TemporaryDirectory() as folder:
        from benchmarks.large_patient import large_patient
        from imaging.phantom import make_phantom
        from imaging.phantom_files import write_study

        write_study(make_phantom(large_patient()), folder)
        opening(folder, given.repeats)


if __name__ == "__main__":
    main()
