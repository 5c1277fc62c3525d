"""A folder loaded on a thread: its progress, its reading, or why there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("psygnal")

from imaging.errors import ImagingError
from viewer.loading import Loading
from workup.errors import WorkupError

SAMPLE = Path(__file__).parent.parent / "sample_dicom" / "dicom"


def test_files_are_counted_up_to_the_last_and_the_reading_is_that_of_the_folder(tmp_path):
    usual = sys.getswitchinterval()
    loading = Loading(SAMPLE, reader="A", case_folder=tmp_path / "case")
    told = list(loading.progress())
    loading.wait(60.0)
    opened = loading.result()

    assert loading.opened is opened

    assert opened.reading.reader == "A"
    assert len(opened.reading.decisions) == len(opened.reading.study.acquisitions) == 4
    assert all(0 <= done <= total for done, total in told)
    assert sys.getswitchinterval() == usual


def test_why_nothing_can_be_opened_is_raised_where_the_reading_is_asked_for(tmp_path):
    loading = Loading(tmp_path, case_folder=tmp_path / "case")
    assert list(loading.progress()) == []

    assert loading.opened is None
    with pytest.raises((ImagingError, WorkupError)):
        loading.result()
