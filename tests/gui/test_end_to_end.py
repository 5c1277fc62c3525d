"""One read from the first look to the signature, with real mouse and key events."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtCore import Qt

from imaging.phases.phase import Phase
from imaging.regions.region import RegionRole, Vessel, VesselLevel
from tests.gui.hand import Hand, settle, truth, wait_for
from viewer.session import Tool
from workup.assessment_json import assessment_document
from workup.case.case import Statement
from workup.reading_lines import length_mm

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def rows_of(mask, index):
    """Ends of each third row of a mask's slice, back and forth: a way to paint it by hand."""
    plane, path = mask.voxels[index], []
    for n, row in enumerate(np.flatnonzero(plane.any(axis=1))[1:-1:2]):
        columns = np.flatnonzero(plane[row])
        if len(columns) < 4:
            continue
        ends = [(row, columns[0] + 1), (row, columns[-1] - 1)][:: 1 if n % 2 else -1]
        path += [
            mask.geometry.patient_mm((index + mask.offset[0], r + mask.offset[1], c + mask.offset[2]))
            for r, c in ends
        ]
    return path


def command_line(*arguments):
    run = subprocess.run(
        [sys.executable, "-m", "workup", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def without_files(document):
    skip = ("files", "trace", "schema_version", "veinvasion_version")
    return {k: v for k, v in json.loads(json.dumps(document)).items() if k not in skip}


def test_a_whole_read_by_hand_equals_the_command_line(study, opened, tmp_path):
    window = opened(study, case_folder=tmp_path / "case")
    desk, reading, hand = window.desk, window.desk.reading, Hand(window)
    by_phase = {reading.phase(key): key for key in desk.session.groups}
    arterial, portal = by_phase[Phase.LATE_ARTERIAL], by_phase[Phase.PORTAL_VENOUS]
    assert len(desk.session.groups) == 4

    # Who reads, and one phase corrected: wrong first, so that the correction shows.
    hand.type(window.panels["reader"].name, "Reader Two")
    phases = window.panels["phases"]
    phases.correct(arterial, Phase.ARTERIAL)
    settle()
    assert desk.session.groups[arterial].image.name.startswith("Arterial")
    phases.correct(arterial, Phase.LATE_ARTERIAL)
    hand.press(phases.accept)
    assert set(reading.state.phase_labels) == set(by_phase.values())

    # A filling defect, painted on the arterial phase.
    defect_truth, tumor_truth, liver_truth = truth("defect1"), truth("hcc1"), truth("liver")
    desk.new_region(RegionRole.FILLING_DEFECT)
    defect = reading.active
    reading.describe_region(defect, vessel=Vessel.PORTAL_VEIN, level=VesselLevel.VP4)
    mask = defect_truth.masks[arterial]
    fullest = int(mask.voxels.sum(axis=(1, 2)).argmax())
    level = mask.geometry.patient_mm((mask.offset[0] + fullest, *mask.offset[1:]))
    desk.session.viewer.dims.set_point(0, float(desk.session.shown.frame.to_display(level)[0]))
    settle()
    hand.hover(arterial, level)
    assert desk.session.phase == arterial
    hand.key(Qt.Key.Key_B)
    assert desk.session.tool is Tool.BRUSH
    desk.session.set_brush(3.0)
    hand.drag(arterial, rows_of(mask, fullest))
    drawn = reading.mask(defect, arterial)
    assert drawn.offset[0] == mask.offset[0] + fullest
    overlap = drawn.full() & mask.full()
    assert overlap.sum() > 0.75 * drawn.count > 50
    assert reading.steps[-1] == f"draw {defect}"
    assert all(reading.mask(defect, key) is None for key in by_phase.values() if key != arterial)

    # Undone and done again by keys, carried over, looked at, nudged and confirmed.
    hand.key(Qt.Key.Key_Z, CTRL)
    assert reading.mask(defect, arterial) is None
    hand.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert reading.mask(defect, arterial).count == drawn.count
    hand.key(Qt.Key.Key_Escape)
    hand.key(Qt.Key.Key_A)
    assert reading.mask(defect, portal).verified is False
    hand.hover(portal, level)
    before = reading.mask(defect, portal).offset
    hand.key(Qt.Key.Key_Right, CTRL)
    hand.key(Qt.Key.Key_Left, CTRL)
    assert reading.mask(defect, portal).offset == before
    hand.key(Qt.Key.Key_Return)
    assert reading.mask(defect, portal).verified is True
    hand.key(Qt.Key.Key_Return, SHIFT)
    assert all(how.verified for how in reading.state.regions[defect].masks.values())

    # Reference liver and primary tumor; the tumor measured by a bidirectional line on the portal phase.
    desk.new_region(RegionRole.REFERENCE_LIVER)
    reading.outline(reading.active, dict(liver_truth.masks))
    desk.new_region(RegionRole.PRIMARY_TUMOR)
    tumor = reading.active
    reading.outline(tumor, {portal: tumor_truth.masks[portal]})
    hand.key(Qt.Key.Key_J)
    hand.hover(portal, level)
    hand.key(Qt.Key.Key_C)
    wide = tumor_truth.masks[portal]
    slice_ = int(wide.voxels.sum(axis=(1, 2)).argmax())
    rows, columns = (np.flatnonzero(wide.voxels[slice_].any(axis=a)) for a in (1, 0))
    row, column = int(rows.mean()), int(columns.mean())

    def at(r, c):
        return wide.geometry.patient_mm(np.add(wide.offset, (slice_, r, c)))

    hand.drag(portal, [at(rows[0], column), at(rows[-1], column)])
    hand.drag(portal, [at(row, columns[0]), at(row, columns[-1])])
    lines = {line.axis: line for line in reading.state.lines}
    spans = (rows[-1] - rows[0], columns[-1] - columns[0])
    expected = sorted(span * wide.geometry.spacing_mm[1] for span in spans)
    # A screen pixel is about 0.9 mm here; each end may be one off.
    assert [length_mm(lines[a]) for a in ("short", "long")] == pytest.approx(expected, abs=2.0)
    hand.key(Qt.Key.Key_Escape)

    # Verdicts by the panel's buttons.
    reading.activate(defect)
    settle(0.3)
    read = window.panels["read"]
    for (_, said), button in list(read.buttons.items()):
        if said is Statement.YES:
            hand.press(button)
    assert reading.state.defects[defect].washout_portal == "yes"
    reading.activate(tumor)
    settle(0.3)
    answers = {"malignant": "yes", "margins_measurable": "yes", "locoregional_treated": "no"}
    for (name, said), button in list(read.buttons.items()):
        if answers.get(name) == said:
            hand.press(button)
    reading.state_lesion(tumor, kind="solid")
    head = window.panels["checklist"].head
    hand.press(window.panels["read"].complete)
    assert head.text() == "Criteria, before your last step"
    wait_for(lambda: window.feed.up_to_date)
    assert head.text() == "Criteria"
    assert [item.says for item in window.panels["checklist"]._items] == []

    # Signed and exported; the command line finds the same in the case folder.
    shown = window.feed.assessment
    assert shown.vascular_invasion.status == "PASS"
    assert shown.measurable_lesion.status == "PASS"
    window.desk.panel("sign")
    sign = window.panels["sign"]
    sign.name.setText("Reader Two")
    sign.sign()
    assert reading.locked is not None
    hand.key(Qt.Key.Key_Z, CTRL)
    assert reading.mask(defect, arterial) is not None
    window.desk.export()
    export = window.panels["export"]
    export.folder.setText(str(tmp_path / "out"))
    export.export()
    written = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"report.json", "sr.dcm"} <= written
    assert sum(name.endswith(".dcm") for name in written) == 5  # four SEG, one SR

    told = command_line("assess", tmp_path / "case")
    live = without_files(assessment_document(shown))
    assert live["screen"].pop("smallest_set") is None  # what to ask for next is only searched for reports
    asked = {name: part for name, part in told["screen"].items() if name != "smallest_set"}
    assert without_files(told) | {"screen": asked} == live
    exported = json.loads((tmp_path / "out" / "report.json").read_text())
    assert without_files(exported) == without_files(told)


def test_wheel_keys_windows_and_layouts(study, opened, tmp_path):
    window = opened(study, case_folder=tmp_path / "case")
    session, hand = window.desk.session, Hand(window)
    keys = list(session.groups)
    frame = session.shown.frame
    middle = session.reading.study[keys[0]].volume.geometry.corners_mm.mean(axis=0)
    dims = session.viewer.dims

    start = dims.current_step[0]
    hand.wheel(keys[1], middle, 3)
    assert dims.current_step[0] == start + 3
    zoom = session.viewer.scene.camera.zoom
    hand.wheel(keys[1], middle, 1, CTRL)
    assert session.viewer.scene.camera.zoom == pytest.approx(zoom * 1.15)
    assert dims.current_step[0] == start + 3

    before = session.groups[keys[2]].image.contrast_limits
    off = middle + np.array([40.0, 0.0, 0.0])
    hand.drag(keys[1], [middle, off], Qt.MouseButton.RightButton)
    after = [tuple(group.image.contrast_limits) for group in session.groups.values()]
    assert len(set(after)) == 1
    assert after[0][1] - after[0][0] > before[1] - before[0]
    hand.key(Qt.Key.Key_F2)
    assert tuple(session.groups[keys[0]].image.contrast_limits) == (-150.0, 250.0)

    hand.key(Qt.Key.Key_W)
    assert [g.image.visible for g in session.groups.values()].count(True) == 1
    hand.key(Qt.Key.Key_3)
    assert session.phase == keys[2] and session.groups[keys[2]].image.visible
    hand.key(Qt.Key.Key_1)
    hand.key(Qt.Key.Key_Z)
    assert session.phase == keys[2]
    hand.key(Qt.Key.Key_Q)
    assert all(g.image.visible for g in session.groups.values())
    assert frame.letters == {"left": "R", "right": "L", "top": "A", "bottom": "P"}

    hand.key(Qt.Key.Key_H)
    assert window.panels["help"].isVisible()
    hand.key(Qt.Key.Key_X)
    assert not any(dock.isVisible() for dock in window.docks)


def test_what_is_drawn_is_in_its_place_on_the_screen(study, opened, tmp_path):
    """Pixels of a painted outline appear in the cell where it was painted, and nowhere else."""
    window = opened(study, case_folder=tmp_path / "case")
    desk, session = window.desk, window.desk.session
    keys = list(session.groups)
    desk.new_region(RegionRole.FILLING_DEFECT)
    desk.session.set_tool(Tool.BRUSH)
    hand = Hand(window)
    geometry = session.reading.study[keys[1]].volume.geometry
    middle = geometry.patient_mm((geometry.shape[0] // 2, geometry.shape[1] // 2, geometry.shape[2] // 2))
    settle()
    before = session.viewer.screenshot(canvas_only=True, flash=False)
    hand.drag(keys[1], [middle, middle + np.array([30.0, 0.0, 0.0])])
    after = session.viewer.screenshot(canvas_only=True, flash=False)

    changed = np.abs(after.astype(int) - before.astype(int)).sum(axis=2) > 60
    rows, columns = np.nonzero(changed)
    ratio = after.shape[1] / hand.canvas.width()
    here = hand.pixel(keys[1], middle + np.array([15.0, 0.0, 0.0]))
    assert changed.std() > 0
    assert abs(np.median(columns) / ratio - here.x()) < 12
    assert abs(np.median(rows) / ratio - here.y()) < 12
