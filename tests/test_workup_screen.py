# ruff: noqa: E501  (the tables are wide on purpose)
"""The command ``screen``: documents, reports, cohorts; and that recorded text never becomes markup."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eligibility.screening import screen
from eligibility.verdict import Status
from eligibility.what_if import Outcome
from tests.eligibility_records import WOMAN, facts, protocol, record, screened
from workup.cohort_screening_files import screen_folder
from workup.command_line import build_app, main
from workup.report.screen_cohort import (
    cohort_json,
    cohort_lines,
    funnel,
    missing_league,
    overall_counts,
    per_criterion,
)
from workup.report.screen_json import screen_json
from workup.report.screen_report import _missing, headline, screen_report
from workup.report.screen_report_files import screen_html, screen_markdown

TACE = {"type": "TACE", "site": "liver", "end_date": "2025-02-24", "complications_recovered": True}
EBRT = {**TACE, "type": "EBRT", "end_date": "2023-02-24"}
TRIAL = Path(os.environ.get("VEINVASION_TRIAL", Path(__file__).parents[1].parent / "shared" / "trial"))


def write(path: Path, changes: dict[str, Any] | None = None) -> Path:
    path.write_text(json.dumps(record(changes)), encoding="utf-8")
    return path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(), list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


# --- the document ---------------------------------------------------------------------------------------

KEYS = {
    "status",
    "reason_code",
    "message",
    "evidence",
    "missing",
    "policies",
    "readings",
    "clears_on",
    "notes",
}


def test_the_document_has_the_keys_of_the_public_schema(tmp_path: Path) -> None:
    code, out = run("screen", str(write(tmp_path / "r.json", {"treatments.locoregional": [TACE]})), "--json")
    document = json.loads(out)

    assert code == 0
    assert {"schema_version", "protocol", "record_sha256", "overall", "attestation_only"} <= set(document)
    assert {"eligible_from", "criteria", "next"} <= set(document)
    assert list(document["criteria"]) == [c.id for c in protocol().criteria]
    for verdict in document["criteria"].values():
        assert set(verdict) >= KEYS
        assert verdict["status"] in ("PASS", "FAIL", "UNKNOWN", "NA")
        for evidence in verdict["evidence"]:
            assert set(evidence) == {"path", "value", "unit", "date", "source", "compared_as"}
        for missing in verdict["missing"]:
            assert {"path", "label", "decisive"} <= set(missing)
    children = {k for v in document["criteria"].values() for k in v.get("children", {})}
    assert children == {"I4.a", "I4.a.1", "I4.a.2", "I5.a", "I8.9.a", "E4.a", "E5.a", "E6.1", "E6.2", "E6.3"}
    assert document["criteria"]["E5"]["clears_on"] == document["eligible_from"] == "2025-03-25"
    assert len(document["record_sha256"]) == len(document["protocol"]["sha256"]) == 64


def test_next_names_what_settles_most() -> None:
    document = screen_json(screen(facts({"liver.ascites": None, "performance.ecog": None}), protocol()))

    assert {"path": "liver.ascites", "settles": ["I6", "E11"]} in document["next"]
    assert document["next"][0]["path"] == "liver.ascites"
    assert set(document["smallest_set"]["paths"]) == {"liver.ascites", "performance.ecog"}


def test_the_deciding_value_is_told() -> None:
    heavy = screen(facts({"labs[creatinine].value": "2.5", "vitals.weight_kg": None}), protocol())
    weight = next(
        m for m in screen_json(heavy)["criteria"]["I8.8"]["missing"] if m["path"] == "vitals.weight_kg"
    )

    assert weight["decisive"]
    assert set(weight["if"].values()) == {"PASS", "FAIL"}


@pytest.mark.parametrize(
    ("tried", "told"),
    [
        (
            {"8.0 g/dL": "P", "7.9 g/dL": "F", "8.1 g/dL": "P", "5.60 g/dL": "F", "12.00 g/dL": "P"},
            "7.9F 8.0P",
        ),
        ({"9": "F", "1": "F", "5": "P", "none": "F"}, "1F 5P 9F noneF"),
        ({"1.0": "P", "2.0": "P"}, "1.0P"),
        ({"1960-01-01": "P", "2020-01-01": "P", "true": "U"}, "1960-01-01P 2020-01-01P"),
    ],
)
def test_of_numbers_those_beside_a_limit_are_told(tried: dict[str, str], told: str) -> None:
    by_value = {
        value: {"P": Status.PASS, "F": Status.FAIL, "U": Status.UNKNOWN}[s] for value, s in tried.items()
    }

    text = _missing("Item", "path", Outcome("path", "Item", by_value))
    assert [
        part.split(" ")[0].rstrip(":") + part.split(": ")[1][0]
        for part in text.split("decide: ")[1].split(", ")
    ] == told.split()


def test_labs_that_expire_are_told() -> None:
    albumin = next(lab for lab in screen_json(screened())["expiring"] if lab["analyte"] == "albumin")

    assert albumin == {"analyte": "albumin", "date": "2025-03-05", "last_screening": "2025-04-02"}


@pytest.mark.skipif(not TRIAL.is_dir(), reason="the example record does not lie beside the repository")
def test_the_complete_example_record_satisfies_the_trial() -> None:
    code, out = run("screen", str(TRIAL / "record_example.json"), "--json")
    document = json.loads(out)

    assert code == 0
    assert document["overall"] == "ELIGIBLE"
    assert {v["status"] for v in document["criteria"].values()} == {"PASS", "NA"}


# --- options --------------------------------------------------------------------------------------------


def test_a_policy_and_another_start_change_the_verdict(tmp_path: Path) -> None:
    path = str(write(tmp_path / "r.json", {"treatments.locoregional": [{**EBRT, "end_date": "2025-02-24"}]}))

    def overall(*options: str) -> str:
        return str(json.loads(run("screen", path, "--json", *options)[1])["overall"])

    assert overall() == "INELIGIBLE"
    assert overall("--start", "2025-04-01") == "UNDETERMINED"
    assert overall("--start", "2025-04-01", "--policy", "P15=overlap_only") == "ELIGIBLE"
    assert overall("--start", "2025-04-01", "--policy", "prior_liver_rt=strict") == "INELIGIBLE"


def test_labs_from_a_table_are_added(tmp_path: Path) -> None:
    path = write(tmp_path / "r.json")
    table = tmp_path / "labs.csv"
    table.write_text("analyte,value,unit,date\nplatelets,30,K/uL,2025-03-08\n", encoding="utf-8")

    document = json.loads(run("screen", str(path), "--labs", str(table), "--json")[1])

    assert document["criteria"]["I8.3"]["status"] == "FAIL"
    assert document["criteria"]["I8.3"]["evidence"][0]["source"] == "labs.csv, line 2"
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    assert document["lab_tables"] == [{"name": "labs.csv", "sha256": digest, "results": 1, "left_out": []}]
    assert document["warnings"] == []


def test_what_was_given_but_not_read_is_told_everywhere(tmp_path: Path) -> None:
    device = {"resourceType": "Device"}
    (tmp_path / "b.json").write_text(
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": device}]}), encoding="utf-8"
    )
    (tmp_path / "labs.csv").write_text(
        "analyte,value,unit,date\nHaemoglobine,5,g/dL,2025-03-08\n", encoding="utf-8"
    )
    arguments = ["screen", str(tmp_path / "b.json"), "--labs", str(tmp_path / "labs.csv")]

    document = json.loads(run(*arguments, "--json")[1])
    shown = run(*arguments, "-o", str(tmp_path / "out"))[1]

    assert document["warnings"][0] == "Device is not read"
    assert "'Haemoglobine' is no known name but may be hemoglobin" in document["warnings"][1]
    for text in (
        shown,
        *((tmp_path / "out" / f"screen.{kind}").read_text("utf-8") for kind in ("html", "md")),
    ):
        assert "Given, but not read" in text
        assert "Device is not read" in text
        assert "Haemoglobine" in text
    (tmp_path / "out" / "screen.json").unlink()
    (cohort,) = screen_folder(tmp_path, protocol()).rows
    assert cohort.warnings == ("Device is not read",)


CASE_BESIDE_RECORD = {
    "a record without imaging takes the case's answers": ({"imaging": None}, "UNKNOWN", "PASS"),
    "a record that says otherwise is a conflict": (
        {"imaging.thrombi[0].arterial_enhancement": False},
        "FAIL",
        "UNKNOWN conflict",
    ),
}


@pytest.mark.parametrize("name", CASE_BESIDE_RECORD)
def test_images_of_a_case_are_judged_beside_the_record(name: str, tmp_path: Path) -> None:
    changes, without, expected = CASE_BESIDE_RECORD[name]
    record = str(write(tmp_path / "r.json", changes))
    sample = str(Path(__file__).parent.parent / "sample_dicom")

    alone = json.loads(run("screen", record, "--json")[1])["criteria"]
    together = json.loads(run("screen", record, "--case", sample, "--json")[1])["criteria"]

    status, _, reason = expected.partition(" ")
    assert (alone["I4"]["status"], together["I4"]["status"]) == (without, status)
    assert not reason or together["I4"]["reason_code"] == reason
    assert together["I5"]["status"] == "PASS"
    assert all(alone[i] == together[i] for i in alone if i.startswith("I8"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--policy", "P15"], "POLICY_FORM", "NAME=VARIANT"),
        (["--policy", "P15=never"], "POLICY_VARIANT_UNKNOWN", "overlap_only"),
        (["--policy", "P99=x"], "POLICY_UNKNOWN", "P15"),
        (["--policy", "P15=strict", "--policy", "prior_liver_rt=overlap_only"], "POLICY_TWICE", "P15"),
        (["--policy", "P15=strict", "--policy", "P15=overlap_only"], "POLICY_TWICE", "prior_liver_rt"),
        (["--protocol", "NCT0"], "PROTOCOL_NOT_FOUND", "NCT06828380"),
        (["--start", "soon"], "DATE_UNREADABLE", "soon"),
    ],
)
def test_a_request_that_cannot_be_met_is_an_error(
    arguments: list[str], code: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path / "r.json"))

    with pytest.raises(SystemExit) as stopped:
        main(["screen", path, "--json", *arguments])

    out = capsys.readouterr()
    assert stopped.value.code == 1
    assert json.loads(out.out)["error"]["code"] == code
    assert says in out.err


# --- reports --------------------------------------------------------------------------------------------

# fmt: off
HEADLINES = {
    "Criteria satisfied on the supplied data": {},
    "Not eligible: E5 (TACE 28 days before start; clears 2025-03-25). Eligible from 2025-03-25 if nothing else changes":
        {"treatments.locoregional": [TACE]},
    "Not eligible: I7 (ECOG performance status: 3)": {"performance.ecog": 3},
    "Undetermined, only attestations are outstanding: I1, E16": {"consent.signed": None, "investigator.unlikely_to_comply": None},
    "Undetermined, cannot be told yet: E12": {"liver.encephalopathy_grade": None, "liver.child_pugh_reported_class": None,
                                             "labs[albumin].value": "40"},
}
# fmt: on


@pytest.mark.parametrize(("expected", "changes"), HEADLINES.items())
def test_the_first_line_is_the_answer(expected: str, changes: dict[str, Any]) -> None:
    found = headline(screened(changes))

    assert found == expected or (expected.endswith("E12") and found.endswith("I6, E12"))


def test_what_fails_stands_first_and_what_passes_is_folded_away() -> None:
    changes = {
        "performance.ecog": 3,
        "liver.encephalopathy_grade": None,
        "consent.signed": None,
        "treatments.locoregional": [EBRT],
    }
    report = screen_report(screened(changes))
    titles = [section.title.split(" (")[0] for section in report.sections]

    assert titles == [
        "Failed",
        "Open",
        "Waiting for an attestation",
        "Depends on how the text is read",
        "Passed or not applicable",
    ]
    assert [section.collapsed for section in report.sections] == [False, False, False, False, True]
    policy = next(s for s in report.sections if s.title.startswith("Depends"))
    assert policy.rows[0].readings == ("P15=overlap_only: PASS", "P15=strict: FAIL")
    albumin = next(r for s in report.sections for r in s.rows if r.id == "I8.5")
    assert any(
        "38 g/L" in v and "3.8 g/dL >= 2.8 g/dL" in v and "5 days before screening" in v
        for v in albumin.values
    )


ATTACK = "<script>alert('x')</script>*bold* [l](javascript:x) =cmd"


def test_recorded_text_never_becomes_markup() -> None:
    changes = {
        "comorbidity.autoimmune": [{"condition": ATTACK, "category": "other"}],
        "treatments.systemic": [{"drugs": [ATTACK], "setting": "advanced", "line": 1}],
    }
    report = screen_report(screened(changes))
    page, text = screen_html(report), screen_markdown(report)

    assert ATTACK in str(report)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "\\](javascript" in text
    assert "[l](javascript" not in text


def test_every_report_shows_every_criterion_with_its_words(tmp_path: Path) -> None:
    path = write(tmp_path / "r.json", {**WOMAN, "performance.ecog": None})
    code, out = run("screen", str(path), "--full", "-o", str(tmp_path / "out"))
    page = (tmp_path / "out" / "screen.html").read_text(encoding="utf-8")
    text = (tmp_path / "out" / "screen.md").read_text(encoding="utf-8")
    document = json.loads((tmp_path / "out" / "screen.json").read_text(encoding="utf-8"))

    assert code == 0
    assert "Undetermined" in out
    for criterion in protocol().criteria:
        assert f"<strong>{criterion.id}</strong>" in page
        assert f"### {criterion.id}:" in text
        assert criterion.id in out
    assert document["overall"] == "UNDETERMINED"


# --- records and protocols on the command line ------------------------------------------------------------


def test_a_template_is_written_once_checked_and_screened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "p.yaml")

    assert run("record", "init", path)[0] == 0
    assert run("record", "check", path)[0] == 0
    assert "Undetermined" in run("screen", path)[1]
    with pytest.raises(SystemExit):
        main(["record", "init", path])
    assert "FILE_EXISTS" in capsys.readouterr().err


def test_check_explains_and_exits_1_on_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "r.json", {"liver.ascitis": "none"})
    code, out = run("record", "check", str(path))
    as_json = json.loads(run("record", "check", str(path), "--json")[1])

    assert code == 1
    assert "liver.ascitis" in out
    assert "'ascites'" in out
    assert as_json["faults"][0]["code"] == "FIELD_UNKNOWN"


def test_schema_show_diff_and_rescreen(tmp_path: Path) -> None:
    write(tmp_path / "r.json", {"performance.ecog": 2})

    assert json.loads(run("record", "schema")[1])["title"] == "veinvasion patient record 1.0"
    assert "I8.1" in run("protocol", "show")[1]
    assert len(json.loads(run("protocol", "show", "--json")[1])["criteria"]) == 44
    assert json.loads(run("protocol", "diff", "NCT06828380", "NCT06828380", "--json")[1])["changes"] == []
    changed = json.loads(run("protocol", "rescreen", "NCT06828380", "example", str(tmp_path), "--json")[1])
    assert changed["changed"][0]["overall"] == ["INELIGIBLE", "ELIGIBLE"]


def test_rescreening_names_the_records_it_refuses_and_why(tmp_path: Path) -> None:
    write(tmp_path / "r.json", {"performance.ecog": 2})
    write(tmp_path / "wrong.json", {"liver.ascitis": "none"})
    shown = run("protocol", "rescreen", "NCT06828380", "example", str(tmp_path))[1]

    assert "refused: wrong.json: FIELD_UNKNOWN: liver.ascitis" in shown
    assert "1 of 1 patient(s) change, 1 refused" in shown


def test_two_records_of_one_patient_are_named(tmp_path: Path) -> None:
    for name, patient in (("a", "P1"), ("b", "P1"), ("c", "P2"), ("d", None), ("e", None)):
        write(tmp_path / f"{name}.json", {"patient_id": patient})

    cohort = screen_folder(tmp_path, protocol(), out=tmp_path / "out")

    assert cohort_json(cohort)["same_patient"] == [["a.json", "b.json"]]
    assert "one patient counts 2 times: a.json, b.json" in cohort_lines(cohort)
    with (tmp_path / "out" / "patients.csv").open(encoding="utf-8") as file:
        assert [row["same_patient"] for row in csv.DictReader(file)] == ["b.json", "a.json", "", "", ""]


@pytest.mark.parametrize("patient_id", ["PHANTOM-001", "PHANTOM-002"])
def test_images_of_another_patient_than_the_record_are_pointed_out(patient_id: str, tmp_path: Path) -> None:
    sample = str(Path(__file__).parent.parent / "sample_dicom")

    written = run(
        "screen", str(write(tmp_path / "r.json", {"patient_id": patient_id})), "--case", sample, "--json"
    )

    warnings = json.loads(written[1])["warnings"]
    assert any("different patient" in warning for warning in warnings) is (patient_id != "PHANTOM-001")


@pytest.mark.parametrize("option", ["--labs", "--case"])
def test_what_belongs_to_one_patient_is_not_asked_of_a_folder(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "r.json")
    with pytest.raises(SystemExit):
        main(["screen", str(tmp_path), option, "x", "--json"])

    assert json.loads(capsys.readouterr().out)["error"]["code"] == "ONE_PATIENT_ONLY"


# --- cohorts --------------------------------------------------------------------------------------------


@pytest.fixture
def cohort_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    patients: dict[str, dict[str, Any]] = {
        "a": {},
        "b": {"performance.ecog": 2},
        "c": {"performance.ecog": 2, "liver.encephalopathy_grade": 3},
        "d": {"labs[inr]": {"value": "1.9", "uln": None}},
        "e": {"labs[inr]": {"value": "1.9", "uln": None}, "consent.signed": None},
        "f": {"liver.ascitis": "none"},
        "g": {"treatments.locoregional": [{**TACE, "end_date": None}]},
    }
    for name, changes in patients.items():
        write(folder / f"{name}.json", changes)
    (folder / "note.txt").write_text("no record", encoding="utf-8")
    return folder


def test_a_cohort_tells_where_patients_are_lost(cohort_folder: Path) -> None:
    cohort = screen_folder(cohort_folder, protocol())
    steps = {step["criterion"]: step for step in funnel(cohort)}
    criteria = {row["criterion"]: row for row in per_criterion(cohort)}
    league = {item["path"]: item for item in missing_league(cohort)}

    assert overall_counts(cohort) == {"ELIGIBLE": 1, "INELIGIBLE": 2, "UNDETERMINED": 3, "REFUSED": 1}
    assert (steps["I6"]["entered"], steps["I6"]["failed"], steps["I6"]["left"]) == (6, 1, 5)
    assert (steps["I7"]["entered"], steps["I7"]["failed"], steps["I7"]["left"]) == (5, 1, 4)
    assert steps["E12"]["failed"] == 0  # already out at I6
    assert criteria["I7"]["sole_blocker"] == 1
    assert criteria["I8.7"]["sole_unknown"] == 1
    assert (league["labs[inr].uln"]["patients"], league["labs[inr].uln"]["settles_patients"]) == (2, 2)
    assert league["treatments.locoregional[].end_date"]["patients"] == 1
    refused = cohort_json(cohort)["refused"]
    assert [r["record"] for r in refused] == ["f.json"]
    assert "liver.ascitis" in refused[0]["error"]


def test_a_cohort_is_written_as_tables(cohort_folder: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'cohort'")
    code, out = run("screen", str(cohort_folder), "--out", str(tmp_path / "out"), "--workers", "1", "--json")
    document = json.loads(out)
    with (tmp_path / "out" / "patients.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert code == 0
    assert document["records"] == 7
    assert set(document["files"]) == {
        "patients.csv",
        "funnel.csv",
        "criteria.csv",
        "missing.csv",
        "patients.parquet",
        "cohort.json",
    }
    assert [row["overall"] for row in rows if row["record"] == "b.json"] == ["INELIGIBLE"]
    assert parquet.read_table(tmp_path / "out" / "patients.parquet").num_rows == 7


def test_processes_change_nothing(tmp_path: Path) -> None:
    for number in range(130):  # two chunks
        write(tmp_path / f"{number:03d}.json", {"performance.ecog": number % 3})

    assert screen_folder(tmp_path, protocol(), workers=2) == screen_folder(tmp_path, protocol(), workers=1)
