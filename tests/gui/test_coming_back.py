"""A reader states a reason, takes regions of an earlier study, leaves, and comes back."""

from __future__ import annotations

import shutil

import pydicom
from qtpy.QtCore import Qt

from imaging.phases.phase import Phase
from tests.gui.hand import SAMPLE, Hand, wait_for
from viewer import layout
from viewer.session import Layout
from viewer.settings import habits
from viewer.windows import PRESETS
from workup.report.assessment_report import assessment_report


def rewritten(folder, change):
    """The folder's images after a change of their headers."""
    for path in folder.rglob("*.dcm"):
        image = pydicom.dcmread(path)
        change(image)
        image.save_as(path)
    return folder


def sharper(image):
    """One phase of another kernel, which holds comparisons back."""
    image.ConvolutionKernel = "B70f" if " ART " in image.SeriesDescription else "B30f"


def earlier_exam(image):
    image.StudyInstanceUID += ".1"


def test_a_reason_an_earlier_study_and_the_way_back(study, opened, tmp_path):
    rewritten(study / "dicom", sharper)
    earlier = shutil.copytree(SAMPLE, tmp_path / "earlier")
    rewritten(earlier / "dicom", earlier_exam)
    window = opened(study, case_folder=tmp_path / "case", reader="Reader One")
    desk, hand = window.desk, Hand(window)
    reading, field = desk.reading, window.panels["read"].comparable

    # The reason: offered because one kernel differs, kept as one step, printed in the report.
    assert field.isVisible()
    hand.type(field.reason, "same raw data, sharper kernel")
    assert reading.state.comparable_override == "same raw data, sharper kernel"
    assert reading.undo_title == "compare the phases"
    report = assessment_report(window.feed.answers.everything())
    assert ("Phases compared nonetheless", "same raw data, sharper kernel") in report.facts

    # The study in hand is no earlier one; a real one comes with its ground, unverified, as one step.
    hand.press(window.panels["regions"].earlier)
    dialog = window.panels["regions"].earlier_dialog
    dialog.folder.setText(str(SAMPLE))
    hand.press(dialog.search)
    wait_for(lambda: "images in hand" in dialog.words.text())
    assert not dialog.take.isEnabled()
    dialog.folder.setText(str(earlier))
    hand.press(dialog.search)
    wait_for(dialog.take.isEnabled)
    assert dialog.words.text().count("one frame of reference") == 7
    hand.press(dialog.take)
    assert len(reading.state.regions) == 7
    assert not any(how.verified for r in reading.state.regions.values() for how in r.masks.values())
    assert reading.undo_title == "copy regions from an earlier study"

    # Left in one layout, found again in it.
    portal = reading.keys_of_phase(Phase.PORTAL_VENOUS)[0]
    hand.key(Qt.Key.Key_W)
    desk.session.activate(portal)
    layout.apply_window(desk.session, PRESETS["narrow"])
    hand.wheel(portal, reading.study[portal].volume.geometry.corners_mm.mean(axis=0), -4)
    where = desk.session.viewer.dims.point[0]
    desk.save()
    window.close()
    assert (habits().layout, habits().window) == ("single", "narrow")
    again = opened(tmp_path / "case", reader="Reader One").desk
    assert (again.session.layout, again.session.phase) == (Layout.SINGLE, portal)
    assert again.session.viewer.dims.point[0] == where
    assert tuple(again.session.group.image.contrast_limits) == PRESETS["narrow"].limits_hu
    assert again.reading.state.comparable_override == "same raw data, sharper kernel"
    assert len(again.reading.state.regions) == 7

    # Opened without a name: under the last one, which is said and saves nothing until it is confirmed.
    panel = (window := opened(tmp_path / "case")).panels["reader"]
    assert panel.taken_over.isVisible() and "goes on as Reader One" in panel.taken_over.text()
    hand = Hand(window)
    hand.key(Qt.Key.Key_V)
    assert "comes from the last save" in panel.words.text()
    hand.type(panel.name, "Reader One")
    assert not panel.taken_over.isVisible()
    hand.key(Qt.Key.Key_V)
    assert panel.words.text().startswith("Saved as version")
