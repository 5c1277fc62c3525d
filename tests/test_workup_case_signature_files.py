"""An exported report is verified exactly when it says what a reader put their name to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pydicom
import pytest

from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from tests.dicom_judges import dciodvfy_errors, needs_dciodvfy
from workup.assess import assess
from workup.case.case_files import read_case
from workup.case.signature_files import signed_as_assessed
from workup.case.state import state_of
from workup.case.store_files import CaseStore
from workup.command_line import main
from workup.exchange.seg_files import person_name
from workup.protocol_files import read_protocol

READER = "Reader One"


@pytest.fixture(scope="module")
def signed_case(tmp_path_factory):
    """A case folder made, read and signed by the commands that a trial office would type."""
    root = tmp_path_factory.mktemp("signed")
    write_case(TWINS["plain"].small(), root / "plain")
    given = [f"--{part}={root / 'plain' / part}.json" for part in ("regions", "reading")]
    for line in (
        ["new", str(root / "case"), "--dicom", str(root / "plain" / "dicom"), "--who", READER],
        ["read", str(root / "case"), "--who", READER, *given],
        ["sign", str(root / "case"), "--who", READER],
    ):
        with pytest.raises(SystemExit) as ended:
            main(["case", *line])
        assert ended.value.code == 0
    return root / "case"


def exported(case, folder):
    with pytest.raises(SystemExit) as ended:
        main(["export", str(case), "-o", str(folder), "--format", "sr"])
    assert ended.value.code == 0
    return folder / "sr.dcm"


@needs_dciodvfy
def test_a_signed_read_exports_as_verified_by_its_reader_at_the_time_of_signing(signed_case, tmp_path):
    path = exported(signed_case, tmp_path / "out")
    report, (read,) = pydicom.dcmread(path), CaseStore.open(signed_case).history().signed

    (observer,) = report.VerifyingObserverSequence
    assert (report.VerificationFlag, report.CompletionFlag) == ("VERIFIED", "COMPLETE")
    assert observer.VerifyingObserverName == person_name(READER)
    assert str(observer.VerificationDateTime) == f"{datetime.fromisoformat(read.when):%Y%m%d%H%M%S.%f%z}"
    assert dciodvfy_errors(path) == []


def test_a_later_save_is_not_what_was_signed(signed_case, tmp_path):
    store = CaseStore.open(signed_case)
    state = store.load()
    protocol = read_protocol("NCT06828380")
    before = assess(read_case(signed_case), protocol)

    other = replace(before, lesions=())
    assert signed_as_assessed(signed_case, before) is not None
    assert signed_as_assessed(signed_case, other) is None

    store.save(state, READER, why="looked again")
    assert signed_as_assessed(signed_case, assess(read_case(signed_case), protocol)) is None
    report = pydicom.dcmread(exported(signed_case, tmp_path / "out"))
    assert (report.VerificationFlag, report.CompletionFlag) == ("UNVERIFIED", "PARTIAL")


def test_a_plain_case_holds_no_signature(tmp_path):
    write_case(TWINS["plain"].small(), tmp_path / "plain")
    case = read_case(tmp_path / "plain")

    assert state_of(case).reader == READER
    assert signed_as_assessed(tmp_path / "plain", assess(case, read_protocol("NCT06828380"))) is None
