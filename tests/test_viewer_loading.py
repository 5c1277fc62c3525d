"""A folder loaded beside the window: its progress, its reading, or why there is none."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("psygnal")

from imaging.errors import ImagingError
from tests.small_case import same_state
from viewer.loading import Loading
from viewer.reading_apart import ReadingApart
from workup.case.case_files import read_case
from workup.case.state import state_of
from workup.case.store_files import CaseStore
from workup.errors import CaseError, WorkupError
from workup.reading_files import read_folder

SAMPLE = Path(__file__).parent.parent / "sample_dicom" / "dicom"
WHERE = pytest.mark.parametrize("apart", [False, True], ids=["on a thread", "in a process of its own"])
needs_memory = pytest.mark.skipif(not ReadingApart.possible(), reason="no memory without a name here")


@WHERE
def test_files_are_counted_up_to_the_last_and_the_reading_is_that_of_the_folder(tmp_path, apart):
    usual = sys.getswitchinterval()
    loading = Loading(SAMPLE, reader="A", case_folder=tmp_path / "case", apart=apart)
    told = [news for news in loading.progress() if news is not None]
    loading.wait(60.0)
    opened = loading.result()

    assert loading.outcome is opened
    assert opened.reading.reader == "A"
    assert len(opened.reading.decisions) == len(opened.reading.study.acquisitions) == 4
    assert all(0 <= done <= total for done, total in told)
    assert sys.getswitchinterval() == usual


@WHERE
def test_why_nothing_can_be_opened_is_raised_where_the_reading_is_asked_for(tmp_path, apart):
    loading = Loading(tmp_path, case_folder=tmp_path / "case", apart=apart)
    assert set(loading.progress()) <= {None}

    loading.wait(60.0)
    assert isinstance(loading.outcome, (ImagingError, WorkupError))
    with pytest.raises((ImagingError, WorkupError)):
        loading.result()


def read_both_ways(path, **asked):
    told = []
    apart = ReadingApart(path, **asked).result(lambda *files: told.append(files))
    return apart, read_folder(path, **asked), told


@needs_memory
def test_a_folder_read_apart_is_the_folder_read_here(tmp_path):
    apart, here, told = read_both_ways(SAMPLE, reader="A", case_folder=tmp_path / "case")

    assert told[-1][0] == told[-1][1] > 0
    assert apart.decisions == here.decisions
    assert (apart.path, apart.kept_in, apart.held, apart.reader) == (SAMPLE, tmp_path / "case", None, "A")
    for one, other in zip(apart.case.study, here.case.study, strict=True):
        assert one.header == other.header
        assert one.volume.geometry.same_grid(other.volume.geometry, tolerance_mm=0.0)
        assert one.volume.voxels.dtype == other.volume.voxels.dtype
        assert not one.volume.voxels.flags.writeable
        assert np.array_equal(one.volume.voxels, other.volume.voxels)


@needs_memory
def test_a_case_read_apart_has_its_regions_lines_and_statements(tmp_path):
    sample = read_case(SAMPLE.parent)
    store = CaseStore.create(tmp_path / "case", sample.study, "1", "Reader A", dicom_folder=SAMPLE)
    store.save(state_of(sample), "Reader A")

    apart, here, _ = read_both_ways(tmp_path / "case", reader="Reader A", case_folder=None)

    assert apart.held is not None
    assert apart.held == here.held
    assert apart.case.regions
    assert same_state(state_of(apart.case), state_of(here.case))


@needs_memory
def test_an_error_comes_back_with_its_code_and_advice(tmp_path):
    (tmp_path / "record.json").write_text("{")
    with pytest.raises((CaseError, ImagingError)) as here:
        read_folder(tmp_path)
    with pytest.raises(type(here.value)) as apart:
        ReadingApart(tmp_path, reader=None, case_folder=None).result(lambda *_files: None)
    assert vars(apart.value) == vars(here.value)


@needs_memory
def test_where_the_process_ends_before_its_time_the_folder_is_read_here(tmp_path):
    reading = ReadingApart(SAMPLE, reader=None, case_folder=tmp_path / "case")
    reading._process.kill()
    assert reading.result(lambda *_files: None) is None

    loading = Loading(SAMPLE, reader="A", case_folder=tmp_path / "case", apart=True)
    loading._apart._process.kill()
    assert len(loading.result().reading.study.acquisitions) == 4


@needs_memory
def test_a_window_that_is_closed_meanwhile_lets_the_process_end_without_a_word(tmp_path, capfd):
    reading = ReadingApart(SAMPLE, reader=None, case_folder=tmp_path / "case")
    reading._news.close()
    assert reading._process.wait(60) == 0
    assert capfd.readouterr() == ("", "")


@needs_memory
def test_ctrl_c_ends_the_process_without_a_word(tmp_path, capfd):
    reading = ReadingApart(SAMPLE, reader=None, case_folder=tmp_path / "case")
    assert reading._news.poll(60)  # it reads by now
    reading._process.send_signal(signal.SIGINT)
    assert reading.result(lambda *_files: None) is None
    assert capfd.readouterr() == ("", "")


@needs_memory
def test_a_fault_of_the_process_tells_no_name():
    command = [sys.executable, "-P", "-m", "viewer.reading_apart", "0", "HONG^GILDONG", '["", null, null]']
    done = subprocess.run(command, cwd=SAMPLE.parents[1], capture_output=True, text=True, check=False)

    assert done.returncode == 1 and "ValueError: invalid literal" in done.stderr
    assert "HONG" not in done.stderr


@needs_memory
def test_who_follows_may_stop_although_the_disk_does_not_answer(tmp_path):
    loading = Loading(SAMPLE, reader="A", case_folder=tmp_path / "case", apart=True)
    stalled = loading._apart._process
    stalled.send_signal(signal.SIGSTOP)
    news = loading.progress()
    assert any(next(news) is None for _ in range(20))

    stalled.send_signal(signal.SIGCONT)
    assert len(loading.result().reading.study.acquisitions) == 4
