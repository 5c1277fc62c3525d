"""Parts of a reader's work given as files: checked against the case, the reader and the images."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.volume import Acquisition
from tests.small_case import small_study
from workup.case.case_files import read_case
from workup.case.source import images_of_case, source_document
from workup.case.store_files import CaseStore
from workup.command_line import main
from workup.errors import CaseError

REFUSED = 1


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts") / "plain"
    write_case(TWINS["plain"].small(), folder)
    reading = json.loads((folder / "reading.json").read_text())
    (folder / "a.json").write_text(json.dumps({**reading, "reader": "A"}))
    return folder


@pytest.fixture
def case(plain, tmp_path, capsys):
    run("case", "new", str(tmp_path / "c"), "--dicom", str(plain / "dicom"), "--who", "O")
    capsys.readouterr()
    return tmp_path / "c"


def run(*line, code=0):
    with pytest.raises(SystemExit) as ended:
        main([str(part) for part in line])
    assert ended.value.code == code


def test_statements_without_their_outlines_are_neither_saved_assessed_nor_signed(plain, case, capsys):
    run("case", "read", case, "--who", "A", "--reading", plain / "a.json", code=REFUSED)
    assert CaseStore.open(case).history().versions == ()

    run(
        "case", "read", case, "--who", "A", "--regions", plain / "regions.json", "--reading", plain / "a.json"
    )
    store = CaseStore.open(case)
    orphaned = dataclasses.replace(store.load(1), regions=(), complete=True)
    store.save(orphaned, "A")  # as an earlier release saved it
    run("assess", case, code=REFUSED)
    run("case", "sign", case, "--who", "A", code=REFUSED)
    assert capsys.readouterr().err.count("BAD_READING") == 3


def test_a_reading_alone_goes_with_the_outlines_that_were_saved_before(plain, case):
    run("case", "read", case, "--who", "A", "--regions", plain / "regions.json")
    run("case", "read", case, "--who", "A", "--reading", plain / "a.json")
    state = CaseStore.open(case).load(2)

    assert set(state.defects) <= {r.id for r in state.regions}
    assert state.defects
    assert state.reader == "A"


def test_nobody_saves_anothers_reading_or_one_of_other_images(plain, case, tmp_path, capsys):
    regions = ("--regions", plain / "regions.json")
    run("case", "read", case, "--who", "B", *regions, "--reading", plain / "a.json", code=REFUSED)
    write_case(dataclasses.replace(TWINS["plain"].small(), seed=77), tmp_path / "other")
    run("case", "read", case, "--who", "A", *regions, "--dicom", tmp_path / "other" / "dicom", code=REFUSED)
    err = capsys.readouterr().err

    assert "NOT_YOUR_READ" in err
    assert "IMAGES_CHANGED" in err
    assert CaseStore.open(case).history().versions == ()


def test_images_of_another_study_beside_the_cases_own_are_none_of_the_case(plain, case, tmp_path, capsys):
    write_case(dataclasses.replace(TWINS["plain"].small(), seed=77), tmp_path / "other")
    both = tmp_path / "both"
    shutil.copytree(plain / "dicom", both / "own")
    shutil.copytree(tmp_path / "other" / "dicom", both / "other")
    given = ("case", "read", case, "--who", "A", "--dicom", both, "--regions")

    run(*given, tmp_path / "other" / "regions.json", code=REFUSED)
    assert "UNKNOWN_SERIES" in capsys.readouterr().err
    run(*given, plain / "regions.json")
    grown = read_case(case, dicom=both)

    assert [a.key for a in grown.study] == [a.key for a in read_case(case).study]
    assert {r.code for r in grown.study.refused} == {"NOT_OF_THIS_CASE"}


def _moved(one: Acquisition) -> Acquisition:
    matrix = np.array(one.volume.geometry.index_to_patient_mm)
    matrix[0, 3] += 0.5
    geometry = dataclasses.replace(one.volume.geometry, index_to_patient_mm=matrix)
    return dataclasses.replace(one, volume=dataclasses.replace(one.volume, geometry=geometry))


@pytest.mark.parametrize("change", ["nothing", "gone", "moved by half a millimeter", "another unit"])
def test_the_images_of_a_case_have_the_pixels_the_place_and_the_unit_they_were_read_with(change):
    read_on = small_study()
    source = json.loads(json.dumps(source_document(read_on, "case", {}, {}, {})))
    first, *others = read_on.acquisitions
    now = {
        "nothing": [first, *others],
        "gone": others,
        "moved by half a millimeter": [_moved(first), *others],
        "another unit": [
            dataclasses.replace(first, volume=dataclasses.replace(first.volume, unit="MR")),
            *others,
        ],
    }[change]
    study = dataclasses.replace(read_on, acquisitions=tuple(now))
    if change == "nothing":
        assert images_of_case(study, source) is study
        return
    with pytest.raises(CaseError) as refused:
        images_of_case(study, source)
    assert refused.value.code == "IMAGES_CHANGED"
    assert [*refused.value.details["gone"], *refused.value.details["changed"]] == [first.key]
