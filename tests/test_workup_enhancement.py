"""The enhancement command on the sample study: JSON, table, curves, and refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from workup.command_line import main

SAMPLE = Path(__file__).parent.parent / "sample_dicom"
IMAGES = str(SAMPLE / "dicom")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as done:
        main(["enhancement", *arguments])
    out, err = capsys.readouterr()
    return int(done.value.code or 0), out, err


def test_json_says_what_is_true_of_the_sample(capsys, tmp_path: Path) -> None:
    table, curves = tmp_path / "table.csv", tmp_path / "curves.svg"

    code, out, _ = run(
        capsys, IMAGES, "--regions", str(SAMPLE), "--json", "--csv", str(table), "--plot", str(curves)
    )

    document = json.loads(out)
    assert (code, document["schema_version"]) == (0, "1.0")
    defect = next(r for r in document["regions"] if r["role"] == "filling_defect")
    assert [p["phase"] for p in defect["phases"]] == [
        "unenhanced",
        "late_arterial",
        "portal_venous",
        "delayed",
    ]
    assert defect["enhancement"]["finding"] == "POSITIVE"
    assert defect["enhancement"]["difference"] == pytest.approx(50, abs=2)
    low, high = defect["enhancement"]["ci95"]
    assert low < 50 < high
    assert defect["washout"]["finding"] == "POSITIVE"
    assert set(defect["washout"]["by_phase"]) == {"portal_venous", "delayed"}
    assert defect["li_rads"]["code"] == "TIV_AND_WASHOUT"
    in_no_vein = [r for r in document["regions"] if r["role"] in ("primary_tumor", "aorta")]
    assert [r["li_rads"] for r in in_no_vein] == [None, None]  # "tumor in vein" is said of defects only
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == sum(len(r["phases"]) for r in document["regions"])
    assert {row["unit"] for row in rows} == {"HU"}
    assert curves.read_text().startswith("<?xml")


def test_a_readers_phase_labels_win(capsys, tmp_path: Path) -> None:
    phases = json.loads((SAMPLE / "expected.json").read_text())["phases"]
    portal = next(uid for uid, phase in phases.items() if phase == "portal_venous")
    labels = tmp_path / "phases.json"
    labels.write_text(json.dumps({portal: "hepatobiliary"}))

    code, out, _ = run(capsys, IMAGES, "--regions", str(SAMPLE), "--json", "--labels", str(labels))

    defect = next(r for r in json.loads(out)["regions"] if r["role"] == "filling_defect")
    assert code == 0
    assert defect["washout"]["by_phase"]["hepatobiliary"]["finding"] == "INDETERMINATE"


BAD_LABELS = {
    "a series that the study lacks": ('{"1.2.3": "delayed"}', "READER_LABEL_UNKNOWN"),
    "a phase that there is not": ('{"3": "late_venous"}', "READER_LABEL_UNKNOWN"),
    "a list": ("[]", "BAD_JSON"),
    "a series named twice": ('{"3": "delayed", "3": "portal_venous"}', "BAD_JSON"),
}


@pytest.mark.parametrize(("text", "code"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_labels_that_would_be_passed_over_are_refused(capsys, tmp_path: Path, text: str, code: str) -> None:
    labels = tmp_path / "phases.json"
    labels.write_text(text)

    ended, out, err = run(capsys, IMAGES, "--regions", str(SAMPLE), "--labels", str(labels), "--json")

    assert ended == 1
    assert f"[{code}]" in out + err


REFUSED = {
    "no regions": (("--regions", "nowhere.nii.gz"), "REGIONS_NOT_FOUND"),
    "a picture of an unknown kind": (("--regions", str(SAMPLE), "--plot", "curves.docx"), "PICTURE_FORMAT"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_carry_a_code(capsys, name: str) -> None:
    arguments, code = REFUSED[name]

    status, out, err = run(capsys, IMAGES, *arguments, "--json")

    assert status == 1
    assert f"error[{code}]" in err
    assert json.loads(out)["error"]["code"] == code


def test_maps_are_written_and_listed(capsys, tmp_path: Path) -> None:
    code, out, _ = run(capsys, IMAGES, "--regions", str(SAMPLE), "--json", "--maps", str(tmp_path / "maps"))

    listed = [m for m in json.loads(out)["maps"] if m["region"] == "defect1"]
    assert code == 0
    assert {m["map"] for m in listed} == {"arterial_enhancement", "washout", "liver_to_lesion"}
    assert all(Path(m["file"]).is_file() for m in listed)
    enhancement = next(m for m in listed if m["map"] == "arterial_enhancement")
    assert enhancement["phases"] == ["late_arterial", "unenhanced"]
    assert (enhancement["unit"], enhancement["reasons"]) == ("HU", [])
    assert 0 < enhancement["residual_mm"] <= 3
