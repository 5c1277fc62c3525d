"""Polygon, fill, scribble and eraser with the real mouse: each ends in voxels where the true shape is."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from imaging.phases.phase import Phase
from imaging.regions.region import RegionRole
from tests.gui.hand import RIGHT, Hand, settle, truth
from viewer.session import Tool


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


@pytest.fixture
def drawing(study, opened, tmp_path):
    """The hand on the portal venous phase, at the level of most of the tumor; what is true there."""
    window = opened(study, case_folder=tmp_path / "case")
    desk, hand = window.desk, Hand(window)
    key = desk.reading.keys_of_phase(Phase.PORTAL_VENOUS)[0]
    mask = truth("hcc1").masks[key]
    level = mask.offset[0] + int(mask.voxels.sum(axis=(1, 2)).argmax())
    desk.new_region(RegionRole.PRIMARY_TUMOR)
    middle = mask.positions_mm().mean(axis=0)
    middle[2] = mask.geometry.patient_mm((level, 0, 0))[2]
    desk.session.viewer.dims.set_point(0, float(desk.session.shown.frame.to_display(middle)[0]))
    settle()
    hand.hover(key, middle)
    return desk, hand, key, mask.full()[level], level, mask.geometry, middle


def around(shape, geometry, level, factor=1.0, count=14):
    """Points on the outline of a plane shape, scaled about its middle; patient positions. [mm]"""
    rows, columns = np.nonzero(shape)
    center = np.array([rows.mean(), columns.mean()])
    points = []
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        way = np.array([np.sin(angle), np.cos(angle)])
        far = max(((np.stack([rows, columns], 1) - center) @ way).max(), 1.0)
        points.append(geometry.patient_mm((level, *(center + way * far * factor))))
    return points


def test_each_tool_draws_where_the_shape_is(drawing):
    desk, hand, key, shape, level, geometry, middle = drawing
    region, reading = desk.reading.active, desk.reading

    def drawn():
        mask = reading.mask(region, key)
        return np.zeros_like(shape) if mask is None else mask.full()[level]

    # A polygon of clicked corners, closed by a double click.
    hand.key(Qt.Key.Key_P)
    assert desk.session.tool is Tool.POLYGON
    corners = around(shape, geometry, level)
    for corner in corners:
        hand.click(key, corner)
    hand.double_click(key, corners[-1])
    assert dice(drawn(), shape) > 0.9
    assert reading.steps[-1] == f"draw {region}"
    assert reading.mask(region, key).full().sum() == drawn().sum()  # on this slice only
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not drawn().any()

    # A ring painted by hand, filled by a click inside of it.
    hand.key(Qt.Key.Key_B)
    desk.session.set_brush(3.0)
    ring = around(shape, geometry, level, factor=0.95, count=28)
    hand.drag(key, [*ring, ring[0]])
    assert dice(drawn(), shape) < 0.6
    hand.key(Qt.Key.Key_F)
    hand.click(key, middle)
    assert dice(drawn(), shape) > 0.9

    # The eraser takes a corridor through the middle, and nothing else.
    hand.key(Qt.Key.Key_E)
    before = drawn()
    row = np.argwhere(before).mean(axis=0)[0]
    ends = [geometry.patient_mm((level, row, c)) for c in np.flatnonzero(before[round(row)])[[0, -1]]]
    hand.drag(key, ends)
    gone = before & ~drawn()
    assert 0.03 < gone.sum() / before.sum() < 0.2
    assert abs(np.argwhere(gone).mean(axis=0)[0] - row) < 1.0
    assert not (drawn() & ~before).any()
    hand.key(Qt.Key.Key_Delete)
    assert reading.mask(region, key) is None

    # Scribbles inside (left) and outside (right); the region ends between them.
    hand.key(Qt.Key.Key_S)
    hand.drag(key, around(shape, geometry, level, factor=0.6))
    assert not drawn().any()
    outside = around(shape, geometry, level, factor=1.35, count=24)
    hand.drag(key, [*outside, outside[0]], RIGHT)
    assert dice(drawn(), shape) > 0.85
    assert reading.mask(region, key).verified is False
    assert reading.steps[-1] == f"scribble {region}"
