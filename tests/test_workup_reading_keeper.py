"""What a reader did is on the disk soon, and there again after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imaging.regions.region import RegionRole
from tests.reading_studies import block, geometry, study
from workup.case.case import Statement
from workup.case.store_files import CaseStore
from workup.errors import CaseError
from workup.reading import Reading
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

    assert store.history().current_read("A").version == 2
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
    assert "ended without saving" in opened.words[-1]
    assert "may be missing" in opened.words[-1]
    assert opened.reading.undo() == "recover unsaved work"
    assert opened.reading.to_case().regions == ()
    opened.keeper.close()
