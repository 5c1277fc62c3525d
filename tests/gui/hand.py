"""A hand on mouse and keyboard: real Qt events on the canvas, at positions in the patient."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

SAMPLE = Path(__file__).parent.parent.parent / "sample_dicom"
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def settle(seconds=0.15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def wait_for(done, seconds=30.0):
    for _ in range(int(seconds / 0.1)):
        settle(0.1)
        if done():
            return
    raise AssertionError("it did not happen")


def truth(region):
    """A region's mask on the late arterial and other phases, from the sample as it is shipped."""
    from imaging.dicom.study_files import load_study
    from imaging.regions.region_files import read_regions

    study = load_study(SAMPLE / "dicom")
    return next(r for r in read_regions(SAMPLE / "regions.json", study) if r.id == region)


class Hand:
    """Works in one window."""

    def __init__(self, window):
        self.window, self.session = window, window.desk.session
        top = window.docks[0].window()
        canvases = [w for w in top.findChildren(QWidget) if type(w).__name__.startswith("CanvasBackend")]
        self.canvas = next(w for w in canvases if w.isVisible())

    def pixel(self, key, lps_mm):
        """Where a patient position is drawn in an acquisition's cell."""
        viewer, keys = self.session.viewer, list(self.session.groups)
        rows, columns = viewer.canvas.grid.actual_shape(viewer.layers)
        cell = keys.index(key) if viewer.canvas.grid.enabled else 0
        width = (self.canvas.width() - viewer.canvas.grid.spacing * (columns - 1)) / columns
        height = (self.canvas.height() - viewer.canvas.grid.spacing * (rows - 1)) / rows
        corner = np.array(
            [
                (cell // columns) * (height + viewer.canvas.grid.spacing),
                (cell % columns) * (width + viewer.canvas.grid.spacing),
            ]
        )
        world = self.session.shown.frame.to_display(lps_mm)[1:]
        center = np.array(viewer.scene.camera.center[-2:])
        y, x = corner + (height / 2, width / 2) + (world - center) * viewer.scene.camera.zoom
        return QPoint(round(x), round(y))

    def _move(self, at, button):
        self._send(QMouseEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, button)

    def _send(self, kind, at, button, buttons):
        where = QPointF(at)
        everywhere = QPointF(self.canvas.mapToGlobal(at))
        QApplication.sendEvent(self.canvas, QMouseEvent(kind, where, everywhere, button, buttons, NONE))
        QApplication.processEvents()

    def hover(self, key, lps_mm):
        self._move(self.pixel(key, lps_mm), Qt.MouseButton.NoButton)
        settle(0.05)

    def drag(self, key, path_lps_mm, button=LEFT, release=True):
        """Press, move along, let go."""
        points = [self.pixel(key, p) for p in path_lps_mm]
        self._move(points[0], Qt.MouseButton.NoButton)
        self._send(QMouseEvent.Type.MouseButtonPress, points[0], button, button)
        for start, end in itertools.pairwise(points):
            steps = max(1, int(np.hypot(end.x() - start.x(), end.y() - start.y()) / 6))
            for n in range(1, steps + 1):
                self._move(start + (end - start) * n / steps, button)
        if release:
            self._send(QMouseEvent.Type.MouseButtonRelease, points[-1], button, Qt.MouseButton.NoButton)
            settle()

    def click(self, key, lps_mm, button=LEFT):
        self.drag(key, [lps_mm], button)

    def double_click(self, key, lps_mm):
        """The second press of a double click; the first one was a click."""
        at = self.pixel(key, lps_mm)
        self._send(QMouseEvent.Type.MouseButtonDblClick, at, LEFT, LEFT)
        self._send(QMouseEvent.Type.MouseButtonRelease, at, LEFT, Qt.MouseButton.NoButton)
        settle()

    def wheel(self, key, lps_mm, clicks, modifiers=NONE):
        at = self.pixel(key, lps_mm)
        for _ in range(abs(clicks)):
            event = QWheelEvent(
                QPointF(at), QPointF(self.canvas.mapToGlobal(at)), QPoint(0, 0),
                QPoint(0, 120 if clicks > 0 else -120), Qt.MouseButton.NoButton, modifiers,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(self.canvas, event)
            settle(0.03)

    def key(self, key, modifiers=NONE):
        QTest.keyClick(self.canvas, key, modifiers)
        settle(0.08)

    def press(self, button):
        """Click a button of a panel."""
        QTest.mouseClick(button, LEFT)
        settle(0.08)

    def type(self, field, text):
        field.setFocus()
        field.clear()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        settle(0.05)
