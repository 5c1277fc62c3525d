# ruff: noqa: E501 - tables are read across
"""Which acquisitions are one examination: patient, modality and date, and when two study UIDs still are one."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.geometry import VolumeGeometry
from imaging.phases.examination import examinations, why_apart
from imaging.volume import Acquisition, AcquisitionHeader, Volume

GRID = VolumeGeometry((2, 2, 2), np.eye(4)[:, [2, 1, 0, 3]])
VOLUME = Volume(np.zeros((2, 2, 2), np.int16), GRID)
ONE = {
    "modality": "CT",
    "study_uid": "1",
    "study_date": "20250620",
    "frame_of_reference_uid": "1.1",
    "patient_id_hash": "a",
}


def header(number=0, **changed):
    return AcquisitionHeader(series_uid=str(number), **{**ONE, **changed})


def at(day, hour, minute=0):
    return datetime(2025, 6, day, hour, minute)


# fmt: off
PAIRS = {
    # what the second header says otherwise, what the first does                      code, or None for one examination
    "the same study is one examination":                         ({}, {}, None),
    "another date under one study UID is another examination":   ({"study_date": "20251001"}, {}, "DIFFERENT_EXAM"),
    "the next day at an unknown hour is another examination":    ({"study_date": "20250621"}, {}, "DIFFERENT_EXAM"),
    "the next day 10 minutes later is one, across midnight":     ({"study_date": "20250621", "acquisition_datetime": at(21, 0, 5)}, {"acquisition_datetime": at(20, 23, 55)}, None),
    "the next day 10 minutes later by time alone is one":        ({"study_date": "20250621", "acquisition_time_s": 300.0}, {"acquisition_time_s": 86100.0}, None),
    "the next day 22 hours later is another":                    ({"study_date": "20250621", "acquisition_datetime": at(21, 9)}, {"acquisition_datetime": at(20, 11)}, "DIFFERENT_EXAM"),
    "one study date, acquired days apart, is two":               ({"acquisition_datetime": at(29, 9)}, {"acquisition_datetime": at(20, 9)}, "DIFFERENT_EXAM"),
    "a week apart at the same hour by time alone is two":        ({"study_date": "20250627", "acquisition_time_s": 300.0}, {"acquisition_time_s": 300.0}, "DIFFERENT_EXAM"),
    "another study UID on one day and one table is one":         ({"study_uid": "2"}, {}, None),
    "another study UID in another frame of reference is two":    ({"study_uid": "2", "frame_of_reference_uid": "1.2"}, {}, "DIFFERENT_EXAM"),
    "another study UID without a frame of reference is two":     ({"study_uid": "2", "frame_of_reference_uid": None}, {"frame_of_reference_uid": None}, "DIFFERENT_EXAM"),
    "another study UID without a date is two":                   ({"study_uid": "2", "study_date": None}, {"study_date": None}, "DIFFERENT_EXAM"),
    "another study UID ten hours later is two":                  ({"study_uid": "2", "acquisition_datetime": at(20, 19)}, {"acquisition_datetime": at(20, 9)}, "DIFFERENT_EXAM"),
    "another frame of reference in one study is one":            ({"frame_of_reference_uid": "1.2"}, {}, None),
    "MR beside CT is another examination":                       ({"modality": "MR"}, {}, "DIFFERENT_EXAM"),
    "another patient is not even asked for the date":            ({"patient_id_hash": "b"}, {}, "TWO_PATIENTS"),
    "a header that records nothing keeps nothing apart":         ({"study_uid": "", "study_date": None, "modality": "", "patient_id_hash": None}, {}, None),
    "a study date that is no date keeps nothing apart":          ({"study_date": "unknown"}, {}, None),
}
# fmt: on


@pytest.mark.parametrize(("other", "one", "code"), PAIRS.values(), ids=PAIRS)
def test_two_acquisitions(other, one, code):
    found = why_apart(header(**one), header(**other))

    assert (found and found.code) == code
    assert why_apart(header(**other), header(**one)) is None or code is not None


HEADERS = st.builds(
    header,
    st.integers(0, 99),
    study_uid=st.sampled_from(["", "1", "2"]),
    modality=st.sampled_from(["", "CT", "MR"]),
    study_date=st.sampled_from([None, "20250620", "20250621", "20251001"]),
    frame_of_reference_uid=st.sampled_from([None, "1.1", "1.2"]),
    patient_id_hash=st.sampled_from([None, "a", "b"]),
    acquisition_datetime=st.sampled_from([None, at(20, 23), at(21, 0), at(21, 22)]),
)


@given(st.lists(HEADERS, max_size=8))
def test_every_acquisition_is_in_one_examination_with_nothing_that_must_be_apart(headers):
    acquisitions = [Acquisition(str(i), h, VOLUME) for i, h in enumerate(headers)]

    groups = examinations(acquisitions)

    assert sorted(key for group in groups for key in group.keys) == sorted(a.key for a in acquisitions)
    for group in groups:
        for a in group.acquisitions:
            assert not any(why_apart(a.header, b.header) for b in group.acquisitions)


def test_an_examination_of_two_study_uids_says_why_it_is_one():
    pair = [Acquisition(uid, header(study_uid=uid), VOLUME) for uid in ("1", "2")]

    (found,) = examinations(pair)

    assert (found.name, found.study_uids) == ("CT of 2025-06-20", ("1", "2"))
    assert "2 study UIDs" in found.note
