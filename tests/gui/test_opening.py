"""``veinvasion view``: a process of its own reads while napari starts, then the window is built."""

import pytest

from tests.gui.hand import settle
from viewer import launch
from viewer.loading import Loading
from workup.reading_files import read_folder


@pytest.fixture
def shown():
    """Shows a folder as the command does, and waits until there is something to see."""
    viewers = []

    def show(path, until, **asked):
        viewer = launch.show(Loading(path, apart=True, **asked))
        viewers.append(viewer)
        for _ in range(600):
            settle(0.1)
            if until(viewer):
                return viewer
        raise AssertionError("not seen within a minute")

    yield show
    for viewer in viewers:
        viewer.close()
    settle(0.2)


def words(viewer, dock):
    from qtpy.QtWidgets import QLabel

    docks = viewer.window.dock_widgets
    return " ".join(label.text() for label in docks[dock].findChildren(QLabel)) if dock in docks else ""


def test_the_window_shows_what_the_other_process_has_read(study, shown, tmp_path):
    viewer = shown(
        study, lambda v: "Trial:" in words(v, "Read"), reader="Reader One", case_folder=tmp_path / "case"
    )

    expected = {a.key: a.volume.voxels for a in read_folder(study).case.study}
    images = [layer for layer in viewer.layers if type(layer).__name__ == "Image"]
    assert len(images) == len(expected) == 4
    assert {image.data.tobytes() for image in images} == {voxels.tobytes() for voxels in expected.values()}
    assert "Opening" not in viewer.window.dock_widgets


def test_the_window_says_why_a_folder_cannot_be_read(shown, tmp_path):
    (tmp_path / "empty").mkdir()
    viewer = shown(tmp_path / "empty", lambda v: "NOTHING_USABLE" in words(v, "Opening"))
    assert not viewer.layers
