"""Parts of a reader's work given as files: checked against the case, the reader and the images."""

from __future__ import annotations

import dataclasses
import json

import pytest

from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from workup.case.store_files import CaseStore
from workup.command_line import main

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
