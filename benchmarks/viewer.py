"""The viewer against bare napari: scrolling, and painting with live numbers.

    xvfb-run -a -s "-screen 0 1920x1200x24" .venv/bin/python benchmarks/viewer.py

CPU time of the whole process (llvmpipe draws on the CPU, too), ours and bare in turn, medians. How long
opening a study takes is measured by ``opening.py``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)  # this file is called like the package it measures

# nobody's preferences are measured, or changed
HABITS = tempfile.TemporaryDirectory(prefix="napari-")
os.environ["NAPARI_CONFIG"] = f"{HABITS.name}/settings.yaml"

import numpy as np  # noqa: E402
from qtpy.QtWidgets import QApplication  # noqa: E402

from imaging.geometry import VolumeGeometry  # noqa: E402
from imaging.phases.phase import Phase, PhaseDecision, Role  # noqa: E402
from imaging.regions.region import RegionRole  # noqa: E402
from imaging.volume import Acquisition, AcquisitionHeader, Study, Volume  # noqa: E402

SLICES, SIZE, SPACING = 60, 512, (2.5, 0.7, 0.7)
PHASES = (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED)


def make_study() -> Study:
    random = np.random.default_rng(0)
    noise = random.normal(0, 12, (SLICES, SIZE, SIZE)).astype(np.int16)
    matrix = np.eye(4)
    matrix[:3, :3] = [[0, 0, SPACING[2]], [0, SPACING[1], 0], [SPACING[0], 0, 0]]
    grid = VolumeGeometry((SLICES, SIZE, SIZE), matrix)
    return Study(
        tuple(
            Acquisition(
                p.value,
                AcquisitionHeader(series_uid=p.value, series_number=n, modality="CT", slice_thickness_mm=2.5,
                                  frame_of_reference_uid="1"),
                Volume(noise + np.int16(60 + 15 * n), grid),
            )
            for n, p in enumerate(PHASES)
        )
    )  # fmt: skip


def clock(act, rounds):
    """Median CPU milliseconds of an act with everything drawn after it."""
    took = []
    for n in range(rounds + 3):
        start = time.process_time()
        act(n)
        QApplication.processEvents()
        took.append((time.process_time() - start) * 1000)
    return statistics.median(took[3:])


def bare(study):
    """The same four images and label layers in a grid, without us."""
    import napari

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1800, 1100)
    labels = []
    for acquisition in study:
        place = {"scale": SPACING, "units": ("mm",) * 3, "axis_labels": ("S", "P", "L")}
        viewer.add_image(acquisition.volume.voxels, contrast_limits=(-10, 190), **place)
        drawn = np.zeros((SLICES, SIZE, SIZE), np.uint8)
        drawn[20:40, 200:260, 200:300] = 1
        labels.append(viewer.add_labels(drawn, **place))
    viewer.canvas.grid.enabled, viewer.canvas.grid.stride, viewer.canvas.grid.shape = True, 2, (2, 2)
    return viewer, labels


def ours(study, folder):
    import napari

    from viewer.launch import build_window
    from workup.case.store_files import CaseStore
    from workup.reading import Reading
    from workup.reading_files import OpenedReading
    from workup.reading_keeper import Keeper

    decisions = {p.value: PhaseDecision(Role.IMAGE, p, 1.0) for p in PHASES}
    reading = Reading(study, reader="A", decisions=decisions)
    keeper = Keeper(reading, lambda: CaseStore.create(Path(folder) / "case", study, "B", "A"))
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1800, 1100)
    window = build_window(viewer, OpenedReading(reading, keeper, ()))
    for role in (RegionRole.FILLING_DEFECT, RegionRole.REFERENCE_LIVER):
        id_ = reading.add_region(role)
        start = 200 if role is RegionRole.FILLING_DEFECT else 320
        for labels in reading.labels.values():
            labels[20:40, start : start + 60, 200:300] = reading.state.regions[id_].label
        reading.commit_stroke()
    reading.activate("filling_defect_1")
    return viewer, window


def settle(seconds=1.5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def scrolling(viewer, rounds):
    return clock(lambda n: viewer.dims.set_current_step(0, 5 + n % 50), rounds)


def painting(labels, rounds, session=None):
    """Steps of one stroke: each a dab of the brush 10 pixels wide."""
    labels.mode, labels.brush_size, labels.contour = "paint", 10, 0
    if session is not None:
        session.in_stroke = True
    with labels.block_history():  # as napari does between press and release
        took = clock(lambda n: labels.paint((30, 100 + 2 * n, 300), 1), rounds)
    if session is not None:
        session.in_stroke = False
    return took


def answers(window, rounds):
    """CPU time of the whole answer on the region in hand, after a stroke."""
    return clock(lambda n: window.feed.ask_region(), rounds)


def compare(rounds, repeats):
    study = make_study()
    rows = {"scroll": [[], []], "brush step": [[], []]}
    answered = []
    with tempfile.TemporaryDirectory() as folder:
        for n in range(repeats):
            viewer, labels = bare(study)
            settle()
            rows["scroll"][0].append(scrolling(viewer, rounds))
            viewer.dims.set_current_step(0, 30)
            rows["brush step"][0].append(painting(labels[1], rounds))
            viewer.close()
            viewer, window = ours(study, f"{folder}/{n}")
            settle()
            session = window.desk.session
            rows["scroll"][1].append(scrolling(viewer, rounds))
            viewer.dims.set_current_step(0, 30)
            answered.append(answers(window, rounds))
            session.activate(PHASES[1].value)
            settle(2.5)  # the whole case has been assessed: what follows is the stroke alone
            rows["brush step"][1].append(painting(session.group.labels, rounds, session))
            window.close()
            viewer.close()
            settle(0.2)
    for name, (theirs, mine) in rows.items():
        a, b = statistics.median(theirs), statistics.median(mine)
        print(f"{name:12s} bare {a:6.1f} ms   ours {b:6.1f} ms   ratio {b / a:.2f}", flush=True)
    print(f"full answer after a stroke: {statistics.median(answered):.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=3, help="windows opened of each kind")
    given = parser.parse_args()
    compare(given.rounds, given.repeats)


if __name__ == "__main__":
    main()
