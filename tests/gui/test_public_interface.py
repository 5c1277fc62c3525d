"""The whole desk through napari's proxy for plugins, where private access is an error."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.regions.region import RegionRole
from tests.gui.hand import settle
from viewer import layout
from viewer.launch import open_window
from viewer.session import Layout, Tool
from viewer.widgets.open_panel import OpenPanel
from viewer.windows import PRESETS


def test_nothing_private_of_napari_is_touched(make_napari_viewer_proxy, study, tmp_path):
    viewer = make_napari_viewer_proxy()
    with pytest.raises(FutureWarning, match="Private attribute access"):
        viewer._this_would_be_private  # noqa: B018

    window = open_window(viewer, study, case_folder=tmp_path / "case", reader="Reader One")
    desk, session = window.desk, window.desk.session
    keys = list(session.groups)
    settle(0.3)
    for kind in (Layout.SINGLE, Layout.GRID):
        layout.arrange(session, kind)
    for key in reversed(keys):
        session.activate(key)
    layout.apply_window(session, PRESETS["narrow"])
    desk.new_region(RegionRole.PRIMARY_TUMOR)
    for tool in Tool:
        session.set_tool(tool)
    region, geometry = desk.reading.active, session.reading.study[keys[0]].volume.geometry
    labels = session.group.labels
    session.set_tool(Tool.BRUSH)
    labels.paint(np.array(geometry.shape) // 2, labels.selected_label)
    settle(0.3)
    assert desk.reading.mask(region, keys[0]).count > 0
    desk.propagate()
    desk.snap_lines()
    desk.next_region(1)
    desk.jump()
    desk.toggle_outlines()
    panel = window.panels["maps"]
    panel.on.setChecked(True)
    for _ in range(100):
        settle(0.1)
        if panel.words.text() and "computing" not in panel.words.text():
            break
    assert panel.layers.layers
    panel.on.setChecked(False)
    for name in ("help", "panels", "panels"):
        desk.panel(name)
    desk.undo()
    settle(0.3)
    window.close()


def test_the_plugins_own_widget_opens_a_study(make_napari_viewer_proxy, study):
    """As from napari's menu: the widget gets a proxy of the viewer and of every dock."""
    viewer = make_napari_viewer_proxy()
    _, panel = viewer.window.add_plugin_dock_widget("veinvasion", "Read a liver study")
    assert isinstance(panel, OpenPanel)
    panel.folder.setText(str(study))
    panel.reader.setText("Reader One")
    panel.begin.click()
    for _ in range(300):
        settle(0.1)
        if "Read" in viewer.window.dock_widgets:
            break
    settle(2.0)

    assert {"Study", "Read"} <= set(viewer.window.dock_widgets)
    assert len([layer for layer in viewer.layers if layer.visible]) >= 4
