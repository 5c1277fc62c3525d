"""What a reader did is on the disk soon, and there again after a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.regions.region import RegionRole
from tests.reading_studies import block, geometry, study
from workup.assess import assess
from workup.case.case import Statement
from workup.case.case_files import read_case
from workup.case.reader_files import CaseReader
from workup.case.state import CaseState
from workup.case.store_files import MEANING, CaseStore
from workup.command_line import main
from workup.errors import CaseError
from workup.protocol_files import read_protocol
from workup.reading import Reading
from workup.reading_export_files import origin_of, sign_read
from workup.reading_files import open_reading
from workup.reading_keeper import AUTOSAVE_AFTER_S, AUTOSAVE_AFTER_STEPS, Keeper

SAMPLE = Path(__file__).parent.parent / "sample_dicom"

#: Draws a stroke every 50 ms, tells each one on standard output, and is killed in the middle of one.
WORKER = """
import sys, time
from workup.reading_files import open_reading
from imaging.regions.region import RegionRole
opened = open_reading(sys.argv[1], reader="A", case_folder=sys.argv[2])
reading, keeper = opened.reading, opened.keeper
id_ = reading.add_region(RegionRole.FILLING_DEFECT)
label, key = reading.state.regions[id_].label, reading.study.acquisitions[0].key
for n in range(100000):
    for part in range(4):
        reading.labels[key][10, n // 60, (n % 60) * 4 + part] = label
        time.sleep(0.01)
    reading.commit_stroke()
    keeper.tick()
    print(n + 1, flush=True)
"""


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def kept(tmp_path):
    """A reading on a small study, its keeper and a clock that only moves by hand."""
    reading, clock = Reading(study(), reader="A"), Clock()
    store = CaseStore.create(tmp_path / "case", reading.study, "C1", "A")
    keeper = Keeper(reading, lambda: store, clock)
    yield reading, keeper, clock, store
    keeper.close()


def test_an_autosave_is_due_after_its_time_and_not_before(kept):
    reading, keeper, clock, store = kept
    reading.add_region(RegionRole.FILLING_DEFECT)
    clock.now = AUTOSAVE_AFTER_S - 0.1
    keeper.tick()
    assert store.pending_autosave("A") is None
    clock.now = AUTOSAVE_AFTER_S
    keeper.tick()
    keeper.close()

    assert [r.id for r in store.pending_autosave("A").state.regions] == ["filling_defect_1"]
    assert not keeper.dirty


def test_many_steps_do_not_wait_for_the_time(kept):
    reading, keeper, _, store = kept
    for _ in range(AUTOSAVE_AFTER_STEPS):
        reading.add_region(RegionRole.TARGET_LESION)
    keeper.tick()
    keeper.close()

    assert len(store.pending_autosave("A").state.regions) == AUTOSAVE_AFTER_STEPS


def test_an_unfinished_stroke_is_kept_as_well(kept):
    reading, keeper, clock, store = kept
    id_ = reading.add_region(RegionRole.FILLING_DEFECT)
    reading.labels["A"][2, 3:5, 3:5] = reading.state.regions[id_].label
    clock.now = AUTOSAVE_AFTER_S
    keeper.tick()
    keeper.close()

    assert store.pending_autosave("A").state.regions[0].masks["A"].count == 4


def test_a_save_settles_the_autosave_and_signing_locks(kept):
    reading, keeper, _, store = kept
    id_ = reading.add_region(RegionRole.FILLING_DEFECT)
    reading.outline(id_, {"A": block(geometry(), (1, 2, 2), (2, 4, 4))})
    keeper.autosave().result()
    assert keeper.save() == 1
    assert store.pending_autosave("A") is None
    keeper.sign({"report.json": b"{}"}, "I have read this.")

    assert store.history().current_read("A").version == 1  # nothing changed since it was saved
    with pytest.raises(CaseError, match="signed by A"):
        reading.state_defect(id_, filling_defect=Statement.YES)


def test_a_disk_that_refuses_is_told_and_asked_again(kept, tmp_path):
    reading, keeper, clock, _ = kept
    broken = Keeper(reading, lambda: CaseStore.open(tmp_path / "nowhere"), clock)
    reading.add_region(RegionRole.FILLING_DEFECT)
    clock.now = AUTOSAVE_AFTER_S
    broken.tick()
    broken.close()

    assert "nowhere" in broken.trouble
    assert broken.dirty
    assert keeper.trouble is None


def test_a_killed_session_is_taken_up_and_says_what_may_be_missing(tmp_path):
    """kill -9 in the middle of a stroke: what is missing is younger than 30 s, and the reader is told."""
    case = tmp_path / "case"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(SAMPLE / "dicom"), str(case)], stdout=subprocess.PIPE, text=True
    )
    told: list[tuple[float, int]] = []
    while len(told) < 3 * AUTOSAVE_AFTER_STEPS + 7:
        told.append((time.monotonic(), int(worker.stdout.readline())))
    os.kill(worker.pid, signal.SIGKILL)
    killed = time.monotonic()
    worker.wait()
    worker.stdout.close()

    opened = open_reading(SAMPLE / "dicom", reader="A", case_folder=case)
    key = opened.reading.study.acquisitions[0].key
    found = opened.reading.mask("filling_defect_1", key).count // 4
    missing_since = next((at for at, n in told if n > found), killed)

    assert found >= AUTOSAVE_AFTER_STEPS
    assert killed - missing_since <= 30.0
    assert "ended without saving" in opened.words[0]
    assert "may be missing" in opened.words[0]
    assert "Undo goes back to the last save" in opened.words[1]
    assert opened.reading.undo() == "recover unsaved work"
    assert opened.reading.to_case().regions == ()
    opened.keeper.close()


def test_two_windows_of_one_reader_lose_nothing_of_each_other(tmp_path):
    """One is killed, the other closed: both pieces of work are there, the older one an undo away."""
    case = tmp_path / "case"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(SAMPLE / "dicom"), str(case)], stdout=subprocess.PIPE, text=True
    )
    while int(worker.stdout.readline()) < AUTOSAVE_AFTER_STEPS + 5:
        pass
    other = open_reading(SAMPLE / "dicom", reader="A", case_folder=case)
    key = other.reading.study.acquisitions[0].key
    taken_up = other.reading.mask("filling_defect_1", key).count
    other.reading.add_region(RegionRole.AORTA)
    other.keeper.autosave().result()
    until = time.monotonic() + 60
    while len(CaseReader(case).pending_autosaves("A")) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    other.keeper.close()

    opened = open_reading(SAMPLE / "dicom", reader="A", case_folder=case)
    reading = opened.reading
    assert [r.id for r in reading.to_case().regions] == ["filling_defect_1", "aorta_1"]  # closed last
    assert reading.undo() == "recover unsaved work"
    assert [r.id for r in reading.to_case().regions] == ["filling_defect_1"]
    assert reading.mask("filling_defect_1", key).count > taken_up  # what it drew since, too
    assert "it stays as version 1, which does not count" in opened.words[0]
    assert "another window" in opened.words[-1]
    opened.keeper.close()
    assert [p for p in CaseStore.open(case).verify() if p.code != "IMAGE_MISSING"] == []


def test_unsaved_work_of_one_window_does_not_cover_what_the_other_saved(tmp_path):
    case = tmp_path / "case"
    CaseStore.create(case, read_case(SAMPLE).study, "C1", "A", dicom_folder=SAMPLE / "dicom")
    left, right = (open_reading(case, reader="A") for _ in range(2))
    left.reading.add_region(RegionRole.AORTA)
    left.keeper.close()
    right.reading.add_region(RegionRole.SPLEEN)
    right.keeper.save()

    opened = open_reading(case, reader="A")
    assert [r.id for r in opened.reading.to_case().regions] == ["spleen_1"]
    assert not opened.keeper.dirty
    assert "not saved, but version 1 was, later; it stays as version 2" in opened.words[0]
    opened.reading.undo()
    assert [r.id for r in opened.reading.to_case().regions] == ["aorta_1"]


def test_a_version_that_a_crash_left_unlogged_is_gone_on_from(tmp_path):
    case = tmp_path / "case"
    CaseStore.create(case, read_case(SAMPLE).study, "C1", "A", dicom_folder=SAMPLE / "dicom")
    before = {name: (case / name).read_bytes() for name in ("log.jsonl", "head.json")}
    crashed = open_reading(case, reader="A")
    crashed.reading.add_region(RegionRole.AORTA)
    crashed.keeper.save()
    for name, data in before.items():
        (case / name).write_bytes(data)

    opened = open_reading(case, reader="A")
    assert [r.id for r in opened.reading.to_case().regions] == ["aorta_1"]
    opened.reading.add_region(RegionRole.SPLEEN)
    assert opened.keeper.save() == 2


def test_closing_keeps_unsaved_work_that_another_window_took_up_and_dropped(tmp_path):
    case = tmp_path / "case"
    CaseStore.create(case, read_case(SAMPLE).study, "C1", "A", dicom_folder=SAMPLE / "dicom")
    left = open_reading(case, reader="A")
    left.reading.add_region(RegionRole.AORTA)
    left.keeper.autosave().result()
    right = open_reading(case, reader="A")
    right.reading.undo()
    right.keeper.save()
    left.keeper.close()

    assert [r.id for r in CaseStore.open(case).pending_autosave("A").state.regions] == ["aorta_1"]


def test_work_opened_without_a_name_is_not_saved_under_that_of_its_last_reader(tmp_path):
    case = tmp_path / "case"
    store = CaseStore.create(case, read_case(SAMPLE).study, "C1", "A", dicom_folder=SAMPLE / "dicom")
    store.save(CaseState(reader="A"), "A")
    opened = open_reading(case)
    opened.reading.add_region(RegionRole.AORTA)
    for act in (opened.keeper.save, lambda: opened.keeper.sign({"report.json": b"{}"}, MEANING)):
        with pytest.raises(CaseError) as caught:
            act()
        assert caught.value.code == "NAME_NOT_GIVEN"
    opened.keeper.autosave().result()

    assert [v.number for v in store.history().versions] == [1]
    assert store.pending_autosave("A") is not None  # what was drawn is kept all the same
    opened.keeper.name_given = True
    assert opened.keeper.save() == 2
    assert open_reading(case, reader="A").keeper.name_given


def test_work_that_did_not_change_is_the_version_that_holds_it(kept):
    reading, keeper, _, store = kept
    first = keeper.version("before export")
    assert keeper.version("before export") == first
    reading.add_region(RegionRole.AORTA)
    second = keeper.version("before export")
    reading.undo()

    assert second == first + 1
    assert keeper.version() == second + 1  # what was saved first is not looked for: a later save counts
    assert [v.number for v in store.history().versions] == [first, second, second + 1]


def test_a_view_is_kept_for_its_reader_and_is_no_unsaved_work(kept):
    reading, keeper, _, store = kept
    assert keeper.view() == {}
    keeper.save()
    view = {"layout": "single", "window": [-10.5, 190.0], "slice_mm": 52.5, "brush_mm": 3.0}
    keeper.keep_view(view)

    assert keeper.view() == view
    assert store.view("B") == {}
    assert store.pending_autosave("A") is None
    assert [v.number for v in store.history().versions] == [1]
    assert not [p for p in store.verify() if p.code != "IMAGE_MISSING"]
    reading.reader = "B"
    assert keeper.view() == {}


def test_looking_alone_makes_no_case_folder(tmp_path):
    keeper = open_reading(SAMPLE, case_folder=tmp_path / "case").keeper
    keeper.keep_view({"layout": "grid"})
    keeper.close()

    assert not (tmp_path / "case").exists()


def test_what_was_signed_is_what_was_measured_with_the_trace_that_the_command_line_tells(tmp_path):
    write_case(TWINS["plain"].small(), tmp_path / "plain")
    opened = open_reading(tmp_path / "plain", reader="Reader One", case_folder=tmp_path / "case")
    reading, keeper = opened.reading, opened.keeper
    sign_read(keeper, lambda: assess(reading.to_case(), read_protocol()), MEANING)
    keeper.close()
    with pytest.raises(SystemExit):
        main(["assess", str(tmp_path / "case"), "-o", str(tmp_path / "typed")])
    store = CaseStore.open(tmp_path / "case")
    signed = json.loads(store.signed_files(1)["report.json"])
    typed = json.loads((tmp_path / "typed" / "report.json").read_text())
    (read,) = store.history().signed

    assert reading.locked
    assert [v.number for v in store.history().versions] == [1]
    assert signed == typed
    assert (signed["trace"]["version"], signed["trace"]["author"]) == (1, "Reader One")
    assert len(signed["trace"]["series"]) == len(reading.study.acquisitions)
    assert read.summary.verdicts["vascular_invasion"] == signed["vascular_invasion"]["status"]
    assert read.summary.lesions[0].diameter_tenths_mm is not None


def test_a_report_of_work_that_cannot_be_saved_says_so(kept, monkeypatch):
    _, keeper, _, store = kept
    read_only = CaseError("READ_ONLY", "the folder cannot be written")

    def refuse(*_: object) -> int:
        raise read_only

    monkeypatch.setattr(store, "save", refuse)

    assert "the folder cannot be written" in origin_of(keeper, "before export").missing
    assert "not kept" in origin_of(None, "before export").missing
