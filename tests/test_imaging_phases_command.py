"""``veinvasion phases``: the documented JSON, the table of a trial office, labels and refusals."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.real_data import REAL_DATA, needs_real_data
from workup.command_line import build_app, main

TABLE = """StudyInstanceUID,StudyDescription,Modality,SeriesNumber,SeriesDescription,ProtocolName
1.2,CT LIVER,CT,1,Topogram,Liver
1.2,CT LIVER,CT,2,조영전,Liver
1.2,CT LIVER,CT,3,"ART, late",Liver
1.2,CT LIVER,CT,4,PORTAL ARTERIAL,Liver
1.3,MRI EOVIST,MR,5,VIBE 3 MIN,vibe
1.3,MRI EOVIST,MR,6,,t1_vibe_fs_tra_pre
"""
PHASES = ["undetermined", "unenhanced", "late_arterial", "undetermined", "transitional", "unenhanced"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(TABLE, encoding="utf-8-sig")  # as spreadsheets write it
    return path


def run(*arguments):
    return CliRunner().invoke(build_app(), ["phases", *map(str, arguments)])


def test_a_table_of_series_as_json(table):
    result = run("--table", table, "--json")
    document = json.loads(result.stdout)

    assert result.exit_code == 0
    assert {"schema_version", "veinvasion_version", "rows"} <= set(document)
    assert [row["row"] for row in document["rows"]] == list(range(6))
    assert [row["phase"] for row in document["rows"]] == PHASES
    assert document["rows"][0]["role"] == "localizer"
    assert document["rows"][3]["conflicts"]
    assert document["rows"][1]["evidence"][0]["source"] == "text"
    assert {"source", "value", "says"} == set(document["rows"][1]["evidence"][0])


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_table_of_series_as_a_file(table, tmp_path, suffix):
    output = tmp_path / "out" / f"phases{suffix}"
    result = run("--table", table, "-o", output)
    if suffix == ".json":
        found = [row["phase"] for row in json.loads(output.read_text(encoding="utf-8"))["rows"]]
    else:
        with output.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found = [row["phase"] for row in rows]
        assert rows[1]["SeriesDescription"] == "조영전"

    assert result.exit_code == 0
    assert result.stdout == ""
    assert found == PHASES


def test_a_table_without_descriptions_is_refused(tmp_path, capsys):
    path = tmp_path / "series.csv"
    path.write_text("Modality,Description\nCT,ART\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main(["phases", "--table", str(path), "--json"])
    printed = capsys.readouterr()

    assert stop.value.code == 1
    assert "error[SERIES_TABLE_COLUMNS]" in printed.err
    assert json.loads(printed.out)["error"]["details"] == {"missing": ["SeriesDescription"]}


def test_semicolons_of_european_spreadsheets(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("Modality;SeriesDescription\nCT;portalvenös, 70s\n", encoding="utf-8")

    assert json.loads(run("--table", path, "--json").stdout)["rows"][0]["phase"] == "portal_venous"


def test_another_encoding_is_refused_and_not_guessed(tmp_path, capsys):
    path = tmp_path / "series.csv"
    path.write_bytes("Modality,SeriesDescription\nCT,문맥기\n".encode("cp949"))
    with pytest.raises(SystemExit):
        main(["phases", "--table", str(path)])

    assert "error[SERIES_TABLE_ENCODING]" in capsys.readouterr().err


@pytest.mark.parametrize("separator", ["\x0b", "\x85", "\u2028"])
def test_a_description_with_a_line_separator_stays_one_row(tmp_path, separator):
    path = tmp_path / "series.csv"
    path.write_text(f"Modality,SeriesDescription\nCT,ABD{separator}ARTERIAL\nCT,DELAYED\n", encoding="utf-8")

    rows = json.loads(run("--table", path, "--json").stdout)["rows"]

    assert [(row["row"], row["phase"]) for row in rows] == [(0, "arterial"), (1, "delayed")]


@pytest.mark.parametrize("arguments", [(), ("somewhere", "--table", "x.csv")])
def test_either_a_folder_or_a_table(arguments):
    assert run(*arguments).exit_code == 2


SAMPLE = Path(__file__).parent.parent / "sample_dicom" / "dicom"
BAD_LABELS = {
    "a list": ("labels.json", "[]", "BAD_JSON"),
    "no JSON": ("labels.json", "{", "BAD_JSON"),
    "a series twice in JSON": ("labels.json", '{"3": "delayed", "3": "portal_venous"}', "BAD_JSON"),
    "a series twice in a table": (
        "labels.csv",
        "series_number,phase\n3,delayed\n3,portal_venous\n",
        "LABEL_TWICE",
    ),
    "a series that the study lacks": (
        "labels.csv",
        "series_number,phase\n77,delayed\n",
        "READER_LABEL_UNKNOWN",
    ),
}


def test_labels_of_another_encoding_are_refused(tmp_path, capsys):
    path = tmp_path / "labels.csv"
    path.write_bytes("series_number,phase\n3,문맥기\n".encode("cp949"))
    with pytest.raises(SystemExit):
        main(["phases", str(SAMPLE), "--labels", str(path)])

    assert "error[SERIES_TABLE_ENCODING]" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "text", "code"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_labels_that_leave_something_open_are_refused(tmp_path, capsys, name, text, code):
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["phases", str(SAMPLE), "--labels", str(tmp_path / name)])

    assert ended.value.code == 1
    assert f"error[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_labels_are_read_as_a_spreadsheet_of_any_country_saves_them(tmp_path, separator):
    path = tmp_path / "labels.csv"
    path.write_text(f"series_number{separator}phase\n5{separator}portal_venous\n", encoding="utf-8")
    document = json.loads(run(SAMPLE, "--labels", path, "--json").stdout)
    by_number = {a["series_number"]: a for a in document["acquisitions"]}

    assert (by_number[5]["phase"], by_number[5]["confidence"]) == ("portal_venous", 1.0)


@needs_real_data
def test_a_folder_as_json_with_pictures_and_a_reader(tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("series_number,phase\n103,delayed\n", encoding="utf-8")
    folder = REAL_DATA / "hcc005_followup_1999-04-30"
    result = run(folder, "--json", "--labels", labels, "--overlay", tmp_path / "pictures")
    document = json.loads(result.stdout)
    by_number = {a["series_number"]: a for a in document["acquisitions"]}

    assert result.exit_code == 0
    assert set(by_number) == {4, 5, 103}
    assert {"series_uid", "slices", "shape", "spacing_mm", "thickness_mm", "warnings"} <= set(by_number[4])
    assert by_number[5]["phase"] == "late_arterial"
    assert (by_number[103]["phase"], by_number[103]["confidence"]) == ("delayed", 1.0)
    assert by_number[103]["evidence"][0]["source"] == "reader"
    assert {"refused", "skipped"} <= set(document)
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["phases_1.png"]


@needs_real_data
def test_a_folder_as_a_table_for_people():
    result = run(REAL_DATA / "hcc005_baseline_1999-01-23")

    assert result.exit_code == 0
    assert "image: aorta" in result.stdout
    assert "-> early_arterial" in result.stdout
