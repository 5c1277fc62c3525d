"""Every output of one case says the same: what is printed is what was compared, in each format."""

import csv
import io
import json
import re
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest
from pyarrow import parquet

from eligibility.screening import screen
from imaging.geometry import VolumeGeometry
from imaging.phantom import TWINS
from imaging.phantom.lesions import Lesion
from imaging.phantom.patient import record as phantom_record
from imaging.phantom_files import write_case
from imaging.phases.pass_numbers import PassNumbers
from imaging.regions.region import RegionMask
from recist.lengths import shown_percent
from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.measurability import Status, judge
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case_files import read_case
from workup.cohort.table_files import write_tables
from workup.cohort_screening_files import write_cohort
from workup.exchange.fhir import bundle
from workup.label_lesions import LabelLesion
from workup.lesion_table_files import read_table
from workup.protocol_files import read_protocol
from workup.record.record import check_record, parse_record
from workup.report import lesion_table as measure_report
from workup.report.assessment_report import assessment_report
from workup.report.assessment_tables import lesion_table
from workup.report.content import number
from workup.report.key_images import _panel_title
from workup.report.lesion_table_follow_up import follow_up_document, follow_up_report, followed
from workup.report.rendering import html, markdown, sentences_csv, workbook
from workup.report.screen_cohort import Cohort, CohortRow, missing_league
from workup.report.screen_report import screen_report
from workup.report.screen_report_files import screen_markdown
from workup.report.wording import words

NODE = Lesion("n1", "lymph_node", (10, 30, -10), (22, 15.2, 20))


@pytest.fixture(scope="module")
def unconfirmed(tmp_path_factory):
    """A mass and a node whose outlines no reader has confirmed."""
    folder = tmp_path_factory.mktemp("outputs") / "case"
    write_case(replace(TWINS["no_thrombus"].small(), further_lesions=(NODE,)), folder)
    regions = json.loads((folder / "regions.json").read_text())
    regions["masks"] = [{**mask, "verified": False} for mask in regions["masks"]]
    (folder / "regions.json").write_text(json.dumps(regions))
    return assess(read_case(folder), read_protocol("NCT06828380"))


@pytest.fixture(params=["en", "ko"])
def report(unconfirmed, request):
    return assessment_report(unconfirmed, language=request.param, footer="veinvasion 0")


def measured(length_mm, slice_mm):
    """A lesion with a recorded longest diameter."""
    mass = MeasuredLesion(
        id="L1",
        kind=LesionKind.SOLID,
        modality=Modality.CT,
        long_axis_mm=length_mm,
        short_axis_mm=length_mm,
        slice_thickness_mm=slice_mm,
        margins_measurable=True,
        previously_treated=False,
    )
    judged = judge(mass)
    return SimpleNamespace(
        lesion=mass,
        judged=judged,
        method="g0.7",
        interval_mm=(length_mm - 0.05, length_mm + 1),
        diameters=None,
        slice_index=0,
        long_ends_lps_mm=((0.0, 0.0, 0.0), (length_mm, 0.0, 0.0)),
        short_ends_lps_mm=None,
    )


LENGTHS = [(9.96, 5.0), (9.995, 5.02), (10.03, 5.02), (10.04, 5.02), (10.0, 5.0), (14.99, 7.5), (12.36, 6.18)]


@pytest.mark.parametrize(("length_mm", "slice_mm"), LENGTHS)
def test_a_length_lies_on_its_side_of_the_limit_printed_beside_it(length_mm, slice_mm):
    found = measured(length_mm, slice_mm)
    measurable = found.judged.status is Status.MEASURABLE
    assessed = SimpleNamespace(region=SimpleNamespace(id="L1"), measurement=found)
    of_assess = lesion_table((assessed,), words("en"))
    of_measure = measure_report.measurable_lesion_table([SimpleNamespace(measurement=found)])

    for table, long, limit in (
        (of_assess, "Long axis [mm]", "Threshold [mm]"),
        (of_measure, "long axis mm", "threshold mm"),
    ):
        said = {name: cell.text for name, cell in zip(table.columns, table.rows[0], strict=True)}
        assert (float(said[long]) >= float(said[limit])) is measurable
        assert f"{said[limit]} mm)" in found.judged.message


def test_a_key_image_prints_the_length_of_its_table(monkeypatch):
    shown = []
    monkeypatch.setattr(measure_report, "key_image", lambda panels: shown.extend(panels[0].calipers) or b"")
    mask = RegionMask.from_full(np.ones((1, 4, 4), bool), VolumeGeometry((1, 4, 4), np.eye(4)))
    measure_report._picture(LabelLesion(label=1, mask=mask, measurement=measured(9.96, 5.0)), None)

    assert [caliper.label for caliper in shown] == ["long axis 9.96 mm"]


@pytest.mark.parametrize(
    ("value", "digits", "printed"), [(-0.04, 1, "0.0"), (2.25, 1, "2.3"), (-0.3, 0, "0"), (-0.06, 1, "-0.1")]
)
def test_a_table_rounds_as_the_reasons_do_and_knows_no_minus_zero(value, digits, printed):
    assert number(value, digits).text == printed
    assert number(value, digits).number == value


def test_a_panel_knows_no_minus_zero():
    assert _panel_title("late_arterial", -0.3, "HU") == "late arterial   0 HU"


def test_spreadsheet_and_csv_hold_every_sentence_of_the_page(report):
    said = (*report.answers, *(answer for section in report.sections for answer in section.answers))
    sentences = {part for a in said for part in (a.question, a.answer, a.why)}
    sentences |= {p for section in report.sections for p in section.paragraphs}
    sentences |= {t.note for t in report.tables if t.note} | set(report.limits) | {report.footer}
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(report))).worksheets[0]
    of_sheet = {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None}
    of_csv = {cell for row in csv.reader(io.StringIO(sentences_csv(report))) for cell in row}

    assert words(report.language)["unconfirmed"] in sentences
    assert sentences <= of_sheet
    assert sentences <= of_csv
    assert words(report.language)["unconfirmed"] in html(report)
    assert words(report.language)["unconfirmed"] in markdown(report)


def test_a_number_of_a_spreadsheet_is_a_number(report):
    """Only what the record holds is kept as it was written: "1.10" stays "1.10"."""
    tables = [table for table in report.tables if table.name != "evidence"]
    texts = {cell.text for t in tables for row in t.rows for cell in row if cell.number is None}

    assert not {text for text in texts if text.replace(".", "", 1).isdecimal()}


def test_json_and_report_tell_the_pixel_interval_of_the_same_lesions(unconfirmed):
    document = assessment_document(unconfirmed)["measurable_lesion"]["lesions"]
    tables = {table.name: table for table in assessment_report(unconfirmed).tables}

    for lesion in document:
        low, high = tables[f"lesion {lesion['id']}"].rows[0][3].text.split(" to ")
        assert float(low) == pytest.approx(lesion["interval_mm"][0], abs=0.05)
        assert float(high) == pytest.approx(lesion["interval_mm"][1], abs=0.05)
    assert [lesion["kind"] for lesion in document] == ["solid", "node"]


def test_a_change_is_printed_without_a_minus_zero():
    assert shown_percent(Fraction(-4, 100)) == "+0.0"
    assert shown_percent(Fraction(-6, 100)) == "-0.1"


def test_parquet_and_csv_of_a_cohort_hold_the_same_values_in_the_same_types(tmp_path):
    """Also the unit of MR, which begins like a formula, and a number that no case has."""
    defect = {"case_id": "=mr", "unit": "%", "difference": 70.26, "distance_mm": None}
    write_tables({"defects": [defect], "cases": [{"case_id": "mr", "acquisitions": None}]}, tmp_path)
    table = parquet.read_table(tmp_path / "defects.parquet")
    (row,) = csv.DictReader((tmp_path / "defects.csv").open())

    assert table.to_pylist() == [defect]
    assert row == {"case_id": "'=mr", "unit": "%", "difference": "70.26", "distance_mm": ""}
    assert [str(f.type) for f in table.schema] == ["string", "string", "double", "double"]
    assert str(parquet.read_table(tmp_path / "cases.parquet").schema.field("acquisitions").type) == "int64"


@pytest.mark.parametrize(
    ("confirmation", "best", "said"), [(False, "PR", "without confirmation"), (True, "SD", "after 28 days")]
)
def test_report_and_json_say_whether_responses_were_confirmed(tmp_path, confirmation, best, said):
    rows = [f"S1,V{n},2025-0{1 + 2 * n}-01,T1,liver,solid,{mm},target" for n, mm in enumerate((30.0, 18.0))]
    table = "\n".join(["subject,visit,date,lesion,organ,kind,diameter,status", *rows, ""])
    (tmp_path / "table.csv").write_text(table)
    read = read_table(tmp_path / "table.csv")
    cohort = [followed(patient, confirmation=confirmation) for patient in read.patients]
    document = follow_up_document(cohort, read.rejected, confirmation=confirmation)
    report = follow_up_report(cohort, read.rejected, title="", confirmation=confirmation)

    assert document["subjects"][0]["best_overall"] == best
    assert document["confirmation"] is confirmation
    assert said in report.limits[0]


@pytest.fixture(scope="module")
def day_before():
    """Samples of the day before screening, and a drug that ended a day before the start."""
    given = phantom_record()
    given["labs"] = [{**lab, "date": "2025-07-01"} for lab in given["labs"]]
    drug = {
        "drug": "azathioprine",
        "route": "oral",
        "kind": "other_immunosuppressant",
        "start": "2025-01-01",
        "end": "2025-07-13",
    }
    given["immunosuppressants"] = [drug]
    return screen(parse_record(given), read_protocol("NCT06828380"))


def test_one_is_no_plural(day_before):
    said = screen_markdown(screen_report(day_before))

    assert not re.findall(r"(?<![\d.])1 (?:days|points|criteria|records)\b", said)
    assert "(1 day before screening)" in said
    assert "compared as 1 point," in said
    assert "azathioprine until 1 day before start" in said


def test_a_place_left_empty_in_a_record_is_no_none():
    (fault,), _ = check_record({"schema_version": "1.0", "labs": [{"analyte": None, "value": "3"}]})

    assert fault["message"].startswith("null is not one of 'hemoglobin'")


def test_a_share_is_not_rounded_to_all_and_a_refused_record_waits_for_nothing(tmp_path):
    lacks = (("I2", "demographics.birth_date", True),)
    rows = [CohortRow(f"r{n}", "UNDETERMINED", missing=lacks if n else ()) for n in range(2500)]
    whole = Cohort("T", "1", (), tuple(rows))
    write_cohort(Cohort("T", "1", (), (CohortRow("r", "REFUSED", error="BAD: it is"),)), tmp_path)

    assert missing_league(whole)[0]["percent"] == 99.96
    assert parquet.read_table(tmp_path / "patients.parquet").to_pylist()[0]["attestation_only"] is None


def test_the_evidence_of_a_phase_knows_no_minus_zero():
    said = PassNumbers(aorta=169.2, cortex_minus_medulla=-0.3, urine_above_kidney=-0.2).words()

    assert said == "aorta 169 HU, kidney cortex - medulla 0 HU, brightest in kidney +0 HU"


def test_progression_against_a_smallest_sum_that_is_not_known_says_what_it_compared(tmp_path):
    """A refused length may have been smaller: how far it grew is not known, that it grew enough is."""
    lengths = [("0", "30.0"), ("3", "2 cm"), ("6", "25.0"), ("9", "30.5")]
    rows = [f"S1,V{m},2025-{int(m) + 1:02}-01,T1,liver,solid,{mm},target" for m, mm in lengths]
    table = "\n".join(["subject,visit,date,lesion,organ,kind,diameter,status", *rows, ""])
    (tmp_path / "table.csv").write_text(table)
    read = read_table(tmp_path / "table.csv")
    visits = follow_up_document([followed(patient) for patient in read.patients], read.rejected)["visits"]

    assert [visit["overall"] for visit in visits] == [None, "NE", "NE", "PD"]
    assert visits[-1]["change_from_nadir_percent"] is None
    said = "the sum is at least 30.5 mm (+22.0 %), the smallest at most 25.0 mm: progression"
    assert said in visits[-1]["notes"]


def test_a_lesion_that_was_not_measured_is_in_fhir_too(unconfirmed):
    """As in SDTM: not done, and judged for want of a length."""
    kept = replace(unconfirmed.lesions[0].region, masks={})
    case = replace(unconfirmed.case, regions=(kept, *unconfirmed.case.regions[1:]))
    assessment = assess(case, read_protocol("NCT06828380"))
    sizes = [
        entry["resource"]
        for entry in bundle(assessment, version="0")["entry"]
        if entry["resource"].get("method") is not None
    ]

    assert [size["note"][0]["text"] for size in sizes] == [
        f"region {a.region.id}" for a in assessment.lesions
    ]
    assert sizes[0]["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert "component" not in sizes[0]
    assert "dataAbsentReason" not in sizes[1]
