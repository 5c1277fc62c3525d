"""Parts of a reader's work given as files: checked against the case, the reader and the images."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.volume import Acquisition
from tests.small_case import small_study
from workup.case.case_files import read_case
from workup.case.reads import ReadPlan
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


# --- a case made from a plain one -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def pointing(plain, tmp_path_factory):
    """Plain cases whose images lie elsewhere, each with one part alone."""
    root = tmp_path_factory.mktemp("pointing")
    parts = {
        "reading.json": json.dumps({"schema_version": "1.0", "reader": "A", "complete": True}),
        "record.json": (plain / "record.json").read_text(),
    }
    for name, text in parts.items():
        folder = root / name
        folder.mkdir()
        (folder / "case.json").write_text(json.dumps({"dicom": os.path.relpath(plain / "dicom", folder)}))
        (folder / name).write_text(text)
    return root


def test_a_new_case_takes_over_a_reading_that_holds_no_outline_under_its_readers_name(pointing, tmp_path):
    run("case", "new", tmp_path / "c", "--dicom", pointing / "reading.json", "--who", "Office")
    store = CaseStore.open(tmp_path / "c")

    assert (store.load().complete, store.load().reader) == (True, "A")
    assert [(v.reader, v.why) for v in store.history().versions] == [
        ("A", "taken over from a plain case by Office")
    ]
    assert len(read_case(tmp_path / "c").study.acquisitions) == 4  # where case.json says


def test_a_record_alone_is_taken_over_but_is_no_reading_of_a_blinded_case(pointing, tmp_path, capsys):
    new = ("--dicom", pointing / "record.json", "--who", "Office", "--json")
    run("case", "new", tmp_path / "open", *new)
    run("case", "new", tmp_path / "blind", *new, "--reader", "A", "--reader", "B")
    out, decoder = capsys.readouterr().out.lstrip(), json.JSONDecoder()
    first, end = decoder.raw_decode(out)
    told = [first["not_taken_over"], decoder.raw_decode(out[end:].lstrip())[0]["not_taken_over"]]

    assert told == [[], ["record"]]
    assert CaseStore.open(tmp_path / "open").load().record is not None
    assert CaseStore.open(tmp_path / "blind").history().versions == ()


@pytest.mark.parametrize("blinded", [True, False])
def test_no_new_case_is_made_of_a_case_folder(case, plain, tmp_path, capsys, blinded):
    if blinded:
        CaseStore.open(case).plan_reads(ReadPlan(("A", "B")), "Office")
    run("case", "new", tmp_path / "again", "--dicom", case, "--who", "C", code=REFUSED)

    assert "IS_CASE_FOLDER" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


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
