"""What leaves the viewer is what the command line writes of the same version."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from workup.assess import assess
from workup.case.case_files import read_case
from workup.case.signature_files import signed_as_assessed
from workup.command_line import version
from workup.errors import ExchangeError
from workup.exchange.export_files import export_cases
from workup.protocol_files import read_protocol
from workup.reading_answers import Answers
from workup.reading_export_files import origin_of, sign_read, signature_of, write_dicom
from workup.reading_files import open_reading

SAMPLE = Path(__file__).parent.parent / "sample_dicom"


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A folder with one signed read: the sample's filling defect on one phase."""
    folder = tmp_path_factory.mktemp("read") / "case"
    opened = open_reading(SAMPLE, reader="A", case_folder=folder)
    reading = opened.reading
    for id_ in tuple(reading.state.regions):
        if id_ != "defect1":
            reading.remove_region(id_)
    for key in tuple(reading.state.region("defect1").masks)[1:]:
        reading.erase("defect1", key)
    sign_read(opened.keeper, Answers(reading, read_protocol()).everything, "I have read this.")
    opened.keeper.close()
    return folder


def exported(paths):
    """By file: what tells one export from another of the same version."""
    found = {}
    for path in paths:
        data = pydicom.dcmread(path)
        segments = data.get("SegmentSequence", ())
        by = [
            (str(o.VerifyingObserverName), o.VerificationDateTime)
            for o in data.get("VerifyingObserverSequence", ())
        ]
        found[path.name] = (
            [(s.SegmentLabel, s.TrackingUID, s.SegmentDescription) for s in segments],
            data.get("PixelData"), data.get("VerificationFlag"), data.get("SeriesNumber"), by,
        )  # fmt: skip
    return found


@pytest.mark.long
def test_seg_and_sr_are_those_of_the_command_line(signed, tmp_path):
    opened = open_reading(signed, reader="A")
    assessment = Answers(opened.reading, read_protocol()).everything()
    ours = write_dicom(assessment, tmp_path / "ours", signature=signature_of(opened.keeper, assessment))
    again = assess(read_case(signed), read_protocol())
    theirs = export_cases(
        [again],
        tmp_path / "theirs",
        ("seg", "sr"),
        version=version(),
        signatures=[signed_as_assessed(signed, again)],
    )

    assert exported(ours) == exported(theirs)
    assert exported(ours)["sr.dcm"][2] == "VERIFIED"
    with pytest.raises(ExchangeError):
        write_dicom(assessment, tmp_path / "ours")


def test_an_export_makes_no_version_of_what_is_saved_and_signs_nothing_that_was_changed(signed):
    opened = open_reading(signed, reader="A")
    answers = Answers(opened.reading, read_protocol())
    origin_of(opened.keeper, "before export")
    assert [v.number for v in opened.keeper.store.history().versions] == [1]
    assert signature_of(opened.keeper, answers.everything()) is not None

    opened.reading.state_complete(not opened.reading.state.complete)
    assert signature_of(opened.keeper, answers.everything()) is None
    opened.reading.undo()
    assert signature_of(opened.keeper, answers.everything()) is not None
    opened.reading.reader = "B"
    assert signature_of(opened.keeper, answers.everything()) is None
