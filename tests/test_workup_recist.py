"""``veinvasion recist``: a trial's table, and a patient's cases over time."""

# ruff: noqa: E501  (tables read as tables)

import csv
import io
import json
from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from imaging.phantom import PhantomSpec
from imaging.phantom_files import write_case
from imaging.regions.region import Region, RegionRole
from imaging.volume import Study
from recist.errors import LesionError
from recist.lesion_table import COLUMNS
from recist.response import Response
from tests.reading_studies import acquisition, block, geometry
from workup.case.case import Case, LesionStatement, Statement
from workup.case_series import patient_over_time
from workup.command_line import build_app
from workup.errors import CaseError, RecordError
from workup.lesion_table_files import read_table

TABLE = """subject,visit,date,lesion,organ,kind,diameter,status
S1,Baseline,2025-01-01,T1,liver,solid,60.0,target
S1,Baseline,2025-01-01,T2,lymph node,node,20,target
S1,Baseline,2025-01-01,N1,lung,solid,,non-target
S1,Week 8,2025-02-26,T1,,,30.5,
S1,Week 8,2025-02-26,T2,,,9.9,
S1,Week 8,2025-02-26,N1,,,,present
S2,Baseline,2025-01-05,T1,liver,solid,50,target
S2,Week 8,2025-03-01,T1,liver,solid,"60,0",target
S2,Week 16,2025-05-01,T1,liver,solid,60,target
"""


def run(*arguments):
    done = CliRunner().invoke(build_app(), ["recist", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "lesions.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_every_visit_of_a_table(table):
    document = json.loads(run(table, "--json").stdout)
    week_8 = document["visits"][1]

    assert {
        key: week_8[key]
        for key in ("subject", "visit", "sum_mm", "change_from_baseline_percent", "change_from_nadir_percent",
                    "target", "non_target", "new_lesion", "overall")
    } == {
        "subject": "S1",
        "visit": "Week 8",
        "sum_mm": 40.4,
        "change_from_baseline_percent": -49.5,
        "change_from_nadir_percent": -49.5,
        "target": "PR",
        "non_target": "Non-CR/Non-PD",
        "new_lesion": False,
        "overall": "PR",
    }  # fmt: skip
    assert [v["overall"] for v in document["visits"]] == [None, "PR", None, "NE", "PD"]
    assert document["rejected"] == [
        {
            "row": 7,
            "message": "'60,0' is not a length; expected millimeters, at least 0, with a decimal point",
            "code": "NOT_A_LENGTH",
            "subject": "S2",
        }
    ]
    assert [s["best_overall"] for s in document["subjects"]] == ["PR", "PD"]


def test_mrecist_stands_in_columns_of_its_own(tmp_path):
    path = tmp_path / "viable.csv"
    path.write_text(
        "subject,visit,date,lesion,organ,kind,diameter,status,viable_diameter\n"
        "S1,Baseline,2025-01-01,T1,liver,solid,40,target,40\nS1,Week 8,2025-02-26,T1,liver,solid,38,target,0\n"
    )
    week_8 = json.loads(run(path, "--json").stdout)["visits"][1]

    assert (week_8["target"], week_8["overall"]) == ("SD", "SD")
    assert week_8["mrecist"] == {"viable_sum_mm": 0.0, "change_from_baseline_percent": -100.0, "target": "CR"}


def test_confirmation_is_asked_for(table):
    subjects = json.loads(run(table, "--json", "--confirmation").stdout)["subjects"]

    assert subjects[0]["best_overall"] == "SD"


def test_the_terminal_says_what_was_not_accepted(table):
    done = run(table)

    assert "row 7 not accepted" in done.stderr
    assert "40.4" in done.stdout and "target T1 was not evaluated" in done.stdout


def test_the_report_in_every_format(table, tmp_path):
    run(table, "-o", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "visits.csv").read_text())))
    book = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")

    assert page.count("data:image/png;base64,") == 2
    assert "waterfall" in page and "spider" in page
    assert (rows[1]["sum mm"], rows[1]["overall"]) == ("40.4", "PR")
    assert {"visits", "subjects", "rejected"} <= set(book.sheetnames)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["visits"][1]["sum_mm"] == 40.4


def test_a_cohort_without_follow_up_has_no_plots(tmp_path):
    path = tmp_path / "baseline.csv"
    path.write_text("\n".join(TABLE.split("\n")[:4]))
    run(path, "-o", tmp_path / "out.html")

    assert "data:image/png" not in (tmp_path / "out.html").read_text()


# fmt: off
FORMS = {
    "semicolons":            TABLE.replace('"60,0"', "x").replace(",", ";"),
    "tabs":                  TABLE.replace('"60,0"', "x").replace(",", "\t"),
    "a byte order mark":     "\ufeff" + TABLE,
    "Windows line ends":     TABLE.replace("\n", "\r\n"),
    "columns in capitals":   TABLE.replace("subject,visit", "Subject, Visit"),
}
# fmt: on


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_forms_of_a_table(tmp_path, content):
    path = tmp_path / "lesions.csv"
    path.write_bytes(content.encode("utf-8"))
    found = read_table(path)

    assert [p.responses()[1].overall for p in found.patients] == [Response.PR, Response.NE]
    assert [r.row for r in found.rejected] == [7]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"subject,visit\n",
        (",".join(COLUMNS) + "\n,,,,,,,\n").encode(),
        "sujet,\xe9\n1,2".encode("latin-1"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "lesions.csv"
    path.write_bytes(content)
    with pytest.raises(RecordError) as refused:
        read_table(path)

    assert refused.value.code == "NO_TABLE"


def test_a_table_with_two_diameters_is_refused(tmp_path):
    path = tmp_path / "lesions.csv"
    path.write_text("subject,visit,date,lesion,diameter,status,diameter\nS1,BL,2025-01-01,T1,40,target,12\n")
    with pytest.raises(LesionError, match="two columns diameter"):
        read_table(path)


def test_no_mrecist_where_a_baseline_target_was_refused(tmp_path):
    path = tmp_path / "viable.csv"
    path.write_text(
        "subject,visit,date,lesion,organ,kind,diameter,status,viable_diameter\n"
        "S1,Baseline,2025-01-01,T1,liver,solid,40,target,40\nS1,Baseline,2025-01-01,T2,liver,solid,x,target,30\n"
        "S1,Week 8,2025-02-26,T1,liver,solid,38,target,0\n"
    )

    assert [v["mrecist"] for v in json.loads(run(path, "--json").stdout)["visits"]] == [None, None]


def test_a_table_and_a_case_are_not_mixed(table, tmp_path):
    assert CliRunner().invoke(build_app(), ["recist", str(table), str(tmp_path)]).exit_code == 2


# ---------------------------------------------------------------- cases of one patient

GRID = geometry((8, 60, 60), (3.0, 1.0, 1.0))
YES, NO = Statement.YES, Statement.NO
SAID = LesionStatement(malignant=YES, margins_measurable=YES, locoregional_treated=NO)


def case(date, sizes, said=None, patient="abc123456789", roles=None):
    """One acquisition with square lesions: id -> edge in pixels."""
    voxels = np.zeros(GRID.shape, np.int16)
    study = Study((acquisition("P", voxels, GRID, study_date=date, patient_id_hash=patient,
                               series_description="portal venous"),))  # fmt: skip
    regions = tuple(
        Region(
            name,
            (roles or {}).get(name, RegionRole.PRIMARY_TUMOR),
            {"P": block(GRID, (2, 4, 4), (3, edge, edge))},
        )
        for name, edge in sizes.items()
    )
    return Case(study=study, regions=regions, lesions=dict.fromkeys(sizes, SAID) | (said or {}))


def test_lesions_keep_their_name_over_time():
    patient = patient_over_time(
        [("week 8", case("20250226", {"A": 20, "B": 14})), ("baseline", case("20250101", {"A": 30, "B": 20}))]
    )
    baseline, week_8 = patient.responses()

    assert (baseline.visit, week_8.visit) == ("baseline", "week 8")
    assert week_8.sum_tenths < baseline.sum_tenths
    assert week_8.overall is Response.PR
    assert patient.subject == "patient abc12345"
    assert "the reader chose no targets" in patient.notes[0]


def test_the_readers_targets_are_the_targets():
    chosen = {"A": replace(SAID, target=YES)}
    patient = patient_over_time([("V0", case("20250101", {"A": 30, "B": 40}, chosen))])

    assert {lesion.id: lesion.role.value for lesion in patient.lesions} == {"A": "target", "B": "non_target"}
    assert not any("chose no targets" in note for note in patient.notes)


def test_a_target_that_is_not_measurable_is_objected_to():
    chosen = {"A": replace(SAID, target=YES)}
    patient = patient_over_time([("V0", case("20250101", {"A": 5}, chosen))])

    assert patient.notes[0].startswith("the reader's targets: A: longest diameter")


def test_a_lesion_that_is_gone_or_was_not_looked_at():
    gone = case("20250226", {"B": 14}, {"A": replace(SAID, present=NO)})
    unseen = case("20250226", {"B": 14})
    first = ("V0", case("20250101", {"A": 30, "B": 20}))

    assert patient_over_time([first, ("V1", gone)]).responses()[1].overall is Response.PR
    assert patient_over_time([first, ("V1", unseen)]).responses()[1].overall is Response.NE


@pytest.mark.parametrize(
    ("malignant", "overall"), [(YES, Response.PD), (Statement.UNCERTAIN, Response.SD), (NO, Response.SD)]
)
def test_a_new_region_is_a_new_lesion_if_the_reader_is_sure(malignant, overall):
    later = case("20250226", {"A": 30, "X": 12}, {"X": replace(SAID, malignant=malignant)})

    assert (
        patient_over_time([("V0", case("20250101", {"A": 30})), ("V1", later)]).responses()[1].overall
        is overall
    )


def test_unequivocal_progression_of_a_non_target_is_the_readers_word():
    roles = {"A": RegionRole.TARGET_LESION, "B": RegionRole.NON_TARGET_LESION}
    first = case("20250101", {"A": 30, "B": 20}, roles=roles)
    worse = case(
        "20250226", {"A": 30, "B": 40}, {"B": replace(SAID, unequivocal_progression=YES)}, roles=roles
    )

    assert patient_over_time([("V0", first), ("V1", worse)]).responses()[1].overall is Response.PD


def test_a_normal_node_is_not_followed():
    roles = {"N": RegionRole.LYMPH_NODE}
    patient = patient_over_time([("V0", case("20250101", {"A": 30, "N": 5}, roles=roles))])

    assert [lesion.id for lesion in patient.lesions] == ["A"]


def test_a_non_target_that_was_only_mentioned_is_present():
    first = case("20250101", {"A": 30})
    empty = Region("B", RegionRole.NON_TARGET_LESION, {})
    with_b = replace(first, regions=(*first.regions, empty))
    later = case("20250226", {"A": 30})
    patient = patient_over_time([("V0", with_b), ("V1", replace(later, regions=(*later.regions, empty)))])

    assert patient.responses()[1].non_target is Response.NON_CR_NON_PD


def _with_new_at(organ, kind=None):
    """A course with a small new lesion at a place."""
    told = {"N": replace(SAID, organ=organ, kind=kind)}
    later = case("20250226", {"A": 30, "N": 6}, told, roles={"N": RegionRole.NON_TARGET_LESION})
    return [("V0", case("20250101", {"A": 30})), ("V1", later)]


def test_a_new_lesion_is_what_its_reader_calls_it_where_its_place_does_not_tell():
    patient = patient_over_time(_with_new_at("mediastinum", "node"))

    assert patient.responses()[1].overall is not Response.PD  # 8 mm across: a normal node


# fmt: off
REFUSED = {
    "a new lesion at a place that does not tell what it is": (_with_new_at("mediastinum"), "KIND_UNKNOWN"),
    "two patients":   ([("V0", case("20250101", {"A": 30})), ("V1", case("20250226", {"A": 30}, patient="other"))], "TWO_PATIENTS"),
    "no study date":  ([("V0", case(None, {"A": 30}))],                                                             "NO_STUDY_DATE"),
    "one date twice": ([("V0", case("20250101", {"A": 30})), ("V1", case("20250101", {"A": 30}))],                  "SAME_DATE"),
    "capitals":       ([("V0", case("20250101", {"a 1": 30})), ("V1", case("20250226", {"A-1": 30}))],              "NAMES_ALIKE"),
    "forms of letters": ([("V0", case("20250101", {"\u00e9": 30})), ("V1", case("20250226", {"e\u0301": 30}))],      "NAMES_ALIKE"),
}
# fmt: on


@pytest.mark.parametrize(("cases", "code"), REFUSED.values(), ids=REFUSED)
def test_cases_that_make_no_course_are_refused(cases, code):
    with pytest.raises(CaseError) as refused:
        patient_over_time(cases)

    assert refused.value.code == code


def test_two_lesions_of_one_case_may_have_names_alike():
    both = {"A": 30, "a": 20}
    patient = patient_over_time([("V0", case("20250101", both)), ("V1", case("20250226", both))])

    assert {lesion.id for lesion in patient.lesions} == {"A", "a"}


def test_case_folders_from_the_command_line(tmp_path):
    write_case(PhantomSpec().small(), tmp_path / "baseline")
    document = json.loads(run(tmp_path / "baseline", "--json").stdout)

    assert len(document["visits"]) == 1
    assert 50 < document["visits"][0]["sum_mm"] < 58
    assert document["rejected"] == []
