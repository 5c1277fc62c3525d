"""A screen for the viewer's tests: the one given, or an Xvfb of their own.

Where neither is there the tests are skipped with the reason; in continuous integration (CI=true) they
fail instead, since a skipped window looks green.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.gui.hand import SAMPLE, settle

_screen: subprocess.Popen[bytes] | None = None
_reason = ""


def _start_screen() -> str:
    """Start Xvfb on a free display; why not, if it cannot."""
    global _screen  # noqa: PLW0603 - one screen for the whole run
    program = shutil.which("Xvfb")
    if program is None:
        return "Xvfb is not installed: run scripts/install_system_libraries.sh"
    read, write = os.pipe()
    _screen = subprocess.Popen(
        [program, "-screen", "0", "1920x1200x24", "-nolisten", "tcp", "-displayfd", str(write)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    if not number:
        return "Xvfb did not start"
    os.environ["DISPLAY"] = f":{number}"
    time.sleep(0.2)
    return ""


def pytest_configure(config):
    global _reason  # noqa: PLW0603
    config.addinivalue_line("filterwarnings", "error:Private attribute access:FutureWarning")
    os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp(prefix="napari-")) / "settings.yaml")
    os.environ.pop("QT_QPA_PLATFORM", None)
    if not os.environ.get("DISPLAY"):
        _reason = _start_screen()


def pytest_unconfigure(config):
    if _screen is not None:
        _screen.terminate()
        _screen.wait()


def pytest_collection_modifyitems(items):
    for item in items:
        if "/gui/" in str(item.path):
            item.add_marker(pytest.mark.gui)


@pytest.fixture(autouse=True)
def screen():
    """A display, or the reason why the test cannot run."""
    if _reason and os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(_reason)
    if _reason:
        pytest.skip(_reason)


@pytest.fixture
def study(tmp_path):
    """The sample's images and record, without anything read."""
    shutil.copytree(SAMPLE / "dicom", tmp_path / "study" / "dicom")
    shutil.copy(SAMPLE / "record.json", tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def opened():
    """Opens a folder in a shown window; closes everything afterwards."""
    import napari

    from viewer.launch import open_window
    from viewer.settings import remember

    remember(window="liver", layout="grid")  # not as another test has left it
    kept = []

    def open_(path, **settings):
        viewer = napari.Viewer(show=True)
        viewer.window.resize(1800, 1100)
        window = open_window(viewer, path, **settings)
        kept.append((viewer, window))
        settle(1.2)
        return window

    yield open_
    for viewer, window in kept:
        window.close()
        viewer.close()
    settle(0.2)
