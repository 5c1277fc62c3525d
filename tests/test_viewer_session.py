"""Images first, the rest later: in between one can look, and nothing that comes is lost."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Image, Labels, Shapes

from imaging.regions.region import RegionRole
from tests.reading_studies import study
from tests.test_viewer_desk import display, drag, named
from viewer.desk import Desk
from viewer.layout import dress_canvas
from viewer.session import Tool
from workup.reading import Reading


@pytest.fixture
def desk():
    made = Desk(ViewerModel(), Reading(study(), reader="A", decisions=named()))
    made.session.images_first = True
    made.open()
    return made


def complete(desk):
    desk.session.put_up_outlines()
    desk.session.put_up_lines()
    desk.session.images_first = False
    dress_canvas(desk.session)


def test_images_come_alone_with_their_names_and_can_be_windowed(desk):
    viewer = desk.session.viewer

    assert [type(layer) for layer in viewer.layers] == [Image] * 4
    assert all(layer.name_overlay.visible for layer in viewer.layers)
    assert viewer.canvas.grid.actual_shape(viewer.layers) == (2, 2)
    before = viewer.layers[0].contrast_limits
    drag(desk, [display(desk, (2, 10, 4)), display(desk, (2, 10, 29))], button=2)
    assert viewer.layers[0].contrast_limits != before


def test_what_is_done_before_the_outlines_are_up_is_seen_afterwards(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.reading.labels["A"][2, 5:9, 5:9] = desk.reading.state.regions[desk.reading.active].label
    desk.reading.commit_stroke()
    desk.session.set_brush(4.0)
    desk.session.set_tool(Tool.BRUSH)
    assert len(desk.session.viewer.layers) == 4

    complete(desk)

    group = desk.session.groups["A"]
    assert np.asarray(group.labels.data).sum() == 16
    assert group.labels.mode == "paint"
    assert {g.labels.brush_size for g in desk.session.groups.values()} == {5}  # 0.8 mm pixels


def test_in_the_end_layers_and_texts_are_those_of_a_window_built_at_once(desk):
    at_once = Desk(ViewerModel(), Reading(study(), reader="A", decisions=named()))
    at_once.open()

    complete(desk)

    shown, expected = desk.session.viewer, at_once.session.viewer
    assert [type(layer) for layer in shown.layers] == [Image, Labels, Shapes] * 4
    assert [layer.name for layer in shown.layers] == [layer.name for layer in expected.layers]
    assert [layer.visible for layer in shown.layers] == [layer.visible for layer in expected.layers]
    assert list(shown.canvas.overlays) == list(expected.canvas.overlays)
    assert shown.canvas.grid.stride == expected.canvas.grid.stride
    assert shown.canvas.grid.actual_shape(shown.layers) == (2, 2)
    assert shown.layers.selection.active is desk.session.groups["U"].labels
