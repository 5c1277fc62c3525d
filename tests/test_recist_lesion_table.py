"""A trial's lesion table: what is accepted, what is refused, and that refusing is never silent."""

# ruff: noqa: E501  (tables read as tables)

import csv
import io
import random

import pytest

from recist.errors import LesionError, RecistError
from recist.lesion import LesionKind
from recist.lesion_table import check_columns, read_lesion_table
from recist.lesion_words import date_of, lengths_of, words_of
from recist.mrecist import follow_viable
from recist.response import Response
from recist.visits import Role, Seen

HEAD = "subject,visit,date,lesion,organ,kind,diameter,status"
BASELINE = """
S1,Baseline,2025-01-01,T1,liver,solid,60.0,target
S1,Baseline,2025-01-01,T2,lymph node,node,20,target
S1,Baseline,2025-01-01,N1,lung,solid,,non-target"""
WEEK_8 = """
S1,Week 8,2025-02-26,T1,,,30.5,
S1,Week 8,2025-02-26,T2,,,9.9,
S1,Week 8,2025-02-26,N1,,,,present"""


def table(*texts, head=HEAD):
    return read_lesion_table(csv.DictReader(io.StringIO("\n".join([head, *(t.strip() for t in texts)]))))


def only(found):
    assert len(found.patients) == 1
    return found.patients[0]


def test_a_course_from_a_table():
    found = table(BASELINE, WEEK_8)
    baseline, week_8 = only(found).responses()

    assert found.rejected == ()
    assert (baseline.sum_tenths, week_8.sum_tenths) == (800, 404)
    assert (week_8.target, week_8.non_target, week_8.overall) == (
        Response.PR,
        Response.NON_CR_NON_PD,
        Response.PR,
    )


# fmt: off
NADIRS = {
    "not read":                        ("S,W8,2025-03-01,T1,,,20 cm,",                                    "NE", None),
    "without a date":                  ("S,W8,2025/3/1,T1,,,20,",                                         "NE", None),
    "two that differ":                 ("S,W8,2025-03-01,T1,,,20,\nS,W8,2025-03-01,T1,,,21,",             "NE", None),
    "under another name":              ("S,W8,2025-03-01,t1,,,20,",                                       "NE", None),
    "read":                            ("S,W8,2025-03-01,T1,,,20,",                                       "PD", 150),
    "not measured":                    ("S,W8,2025-03-01,T1,,,,not evaluated",                            "SD", 0),
    "of a day before baseline":        ("S,W0,2024-12-01,T1,,,20 cm,",                                    "SD", 0),
    "read, beside a non-target's":     ("S,W8,2025-03-01,T1,,,50,\nS,W8,2025-03-01,N1,,,20 cm,non-target", "SD", 0),
    "read, beside one of no lesion":   ("S,W8,2025-03-01,T1,,,50,\nS,W8,2025-03-01,t2,,,20,",             "SD", 0),
}
# fmt: on


@pytest.mark.parametrize(("row", "then", "percent"), NADIRS.values(), ids=NADIRS)
def test_a_smallest_sum_that_was_not_read_withholds_later_responses(row, then, percent):
    baseline = (
        "S,Baseline,2025-01-01,T1,liver,solid,50,target\nS,Baseline,2025-01-01,N1,lung,solid,,non-target"
    )
    later = "S,W16,2025-05-01,T1,,,50,\nS,W16,2025-05-01,N1,,,,present"

    last = only(table(baseline, row, later)).responses()[-1]

    assert (last.overall, last.sum_tenths, last.from_nadir_percent) == (then, 500, percent)
    assert any("smallest sum is not known" in note for note in last.notes) is (then == "NE")


# fmt: off
REFUSED = {
    "no subject":                  (",Week 8,2025-02-26,T1,,,30,",                        "MISSING_CELL"),
    "no lesion":                   ("S1,Week 8,2025-02-26,,,,30,",                        "MISSING_CELL"),
    "no visit":                    ("S1,,2025-02-26,T1,,,30,",                            "MISSING_CELL"),
    "a date with slashes":         ("S1,Week 8,26/02/2025,T1,,,30,",                      "BAD_DATE"),
    "a day that does not exist":   ("S1,Week 8,2025-02-30,T1,,,30,",                      "BAD_DATE"),
    "a decimal comma":             ('S1,Week 8,2025-02-26,T1,,,"30,5",',                  "NOT_A_LENGTH"),
    "finer than tenths":           ("S1,Week 8,2025-02-26,T1,,,30.55,",                   "FINER_THAN_TENTHS"),
    "negative":                    ("S1,Week 8,2025-02-26,T1,,,-3,",                      "NOT_A_LENGTH"),
    "larger than a patient":       ("S1,Week 8,2025-02-26,T1,,,601,",                     "IMPLAUSIBLE_LENGTH"),
    "an unknown status":           ("S1,Week 8,2025-02-26,T1,,,30,shrunk a bit",          "UNKNOWN_STATUS"),
    "an unknown kind":             ("S1,Week 8,2025-02-26,T1,,blob,30,",                  "UNKNOWN_KIND"),
    "neither diameter nor status": ("S1,Week 8,2025-02-26,T1,,,,",                        "EMPTY_ROW"),
    "gone, with a diameter":       ("S1,Week 8,2025-02-26,T1,,,30,absent",                "CONTRADICTION"),
    "a target without diameter":   ("S1,Week 8,2025-02-26,T1,,,,present",                 "NO_DIAMETER"),
    "a target that progressed":    ("S1,Week 8,2025-02-26,T1,,,,progressed",              "NOT_FOR_TARGETS"),
    "a target that is non-target": ("S1,Week 8,2025-02-26,T1,,,30,non-target",            "CHANGED_ROLE"),
    "a lesion never seen before":  ("S1,Week 8,2025-02-26,T9,liver,solid,12,",            "NOT_AT_BASELINE"),
    "new at baseline":             ("S1,Baseline,2025-01-01,T9,liver,solid,12,new",       "NEW_AT_BASELINE"),
    "thrombus as a target":        ("S1,Baseline,2025-01-01,T9,vein,thrombus,25,target",  "NEVER_A_TARGET"),
    "target without baseline mm":  ("S1,Baseline,2025-01-01,T9,liver,solid,,target",      "NO_DIAMETER"),
    "merged into nothing known":   ("S1,Week 8,2025-02-26,T1,,,,merged into T9",          "UNKNOWN_CARRIER"),
    "neither kind nor organ":      ("S1,Baseline,2025-01-01,T9,,,12,target",              "KIND_UNKNOWN"),
    "an organ that is not understood": ("S1,Baseline,2025-01-01,T9,mediastinum,,18,target", "KIND_UNKNOWN"),
    "bone without its soft tissue": ("S1,Baseline,2025-01-01,T9,left rib,,18,target",      "KIND_UNKNOWN"),
    "a vein as organ of a target": ("S1,Baseline,2025-01-01,T9,portal vein,,40,target",   "NEVER_A_TARGET"),
    "a thrombus called solid":     ("S1,Baseline,2025-01-01,T9,PV thrombus,solid,40,target", "CONTRADICTION"),
    "a node called solid":         ("S1,Baseline,2025-01-01,T9,portal LN,solid,18,target", "CONTRADICTION"),
    "a small new lesion, perhaps a node": ("S1,Week 8,2025-02-26,X9,mediastinum,,9,new",  "KIND_UNKNOWN"),
    "a kind that changed":         ("S1,Week 8,2025-02-26,T1,,node,30,",                  "CHANGED_KIND"),
    "more cells than columns":     ("S1,Week 8,2025-02-26,T1,,,28,,9",                    "SURPLUS_CELLS"),
}
# fmt: on


@pytest.mark.parametrize(("row", "code"), REFUSED.values(), ids=REFUSED)
def test_a_row_that_cannot_be_accepted_is_named(row, code):
    found = table(BASELINE, row)

    assert [r.row for r in found.rejected] == [3]
    assert (found.rejected[0].code, bool(found.rejected[0].message)) == (code, True)


def test_rows_are_counted_from_zero_without_the_header():
    found = table(BASELINE, "S1,Week 8,2025-02-26,T1,,,x,", WEEK_8.split("\n", 2)[2])

    assert found.rejected[0].row == 3 and found.rejected[0].subject == "S1"


def test_the_empty_rows_that_a_spreadsheet_saves_say_nothing():
    found = table(BASELINE, ",,,,,,,", WEEK_8, ",,,,,,,\n" * 3, ",,,,,,,,,", "S1,,,,,,,")

    assert [r.overall for r in only(found).responses()] == [
        r.overall for r in only(table(BASELINE, WEEK_8, "S1,,,,,,,")).responses()
    ]
    assert [r.row for r in found.rejected] == [11]


def test_a_refused_follow_up_row_means_not_evaluated():
    found = table(BASELINE, WEEK_8.replace("30.5", "30,5").replace(",30,5,", ',"30,5",'))
    week_8 = only(found).responses()[1]

    assert (week_8.sum_tenths, week_8.target, week_8.overall) == (None, Response.NE, Response.NE)


@pytest.mark.parametrize(
    "baseline",
    [
        BASELINE.replace("60.0", "x"),
        BASELINE.replace("2025-01-01,T1", "01.01.2025,T1"),
        BASELINE.replace("60.0,target", "60.0,tagret"),
        BASELINE.replace("T1,liver,solid", "T1,liver,thrombus"),
    ],
)
def test_a_refused_baseline_target_leaves_no_sum_that_is_silently_too_small(baseline):
    patient = only(table(baseline, WEEK_8))

    assert all(r.sum_tenths is None for r in patient.responses())
    assert patient.responses()[1].overall in (Response.NE,)
    assert any("baseline row was not accepted" in note for note in patient.notes)


def test_a_refused_baseline_non_target_leaves_the_targets_alone():
    patient = only(table(BASELINE.replace(",,non-target", ",x,non-target"), WEEK_8))
    week_8 = patient.responses()[1]

    assert (week_8.target, week_8.overall) == (Response.PR, Response.NE)
    assert patient.unknown_at_baseline == {Role.NON_TARGET}


def test_when_the_unreadable_visit_may_have_been_baseline_nothing_is_computed():
    found = table("S1,V0,1.1.2025,T1,liver,solid,60,target", "S1,V1,2025-03-01,T1,liver,solid,30,target",
                  "S1,V2,2025-05-01,T1,liver,solid,29,target")  # fmt: skip

    assert [r.sum_tenths for r in only(found).responses()] == [None, None]
    assert only(found).responses()[1].overall is Response.NE


def test_a_named_baseline_is_not_replaced_by_an_unreadable_visit():
    found = table(BASELINE, WEEK_8, "S1,Week 16,soon,T1,,,30,")

    assert only(found).responses()[1].overall is Response.PR


@pytest.mark.parametrize(
    "row", ["S1,Week 8,2025-02-26,X1,liver,solid,huge,new", "S1,Week 8,2025-02-26,X1,liver,solid,12,"]
)
def test_a_refused_row_that_may_be_a_new_lesion_withholds_the_response(row):
    week_8 = only(table(BASELINE, WEEK_8, row)).responses()[1]

    assert (week_8.target, week_8.overall) == (Response.PR, Response.NE)


def test_two_rows_that_disagree_are_both_refused():
    found = table(BASELINE, WEEK_8, "S1,Week 8,2025-02-26,T1,,,31,")

    assert [r.row for r in found.rejected] == [3, 6]
    assert only(found).responses()[1].target is Response.NE


def test_two_rows_that_agree_are_one():
    found = table(BASELINE, WEEK_8, "S1,Week 8,2025-02-26,T1,,,30.5,")

    assert found.rejected == ()
    assert only(found).responses()[1].sum_tenths == 404


def test_visits_before_baseline_are_not_used():
    patient = only(table(BASELINE, WEEK_8, "S1,Old,2024-06-01,T1,liver,solid,10,target"))

    assert [r.visit for r in patient.responses()] == ["Baseline", "Week 8"]
    assert "visit Old lies before baseline and is not used" in patient.notes


def test_without_a_named_baseline_the_first_date_is_baseline():
    patient = only(table(BASELINE.replace("Baseline", "C1"), WEEK_8))

    assert patient.responses()[0].visit == "C1"


def test_splits_merges_markers_and_new_lesions():
    head = HEAD + ",markers"
    patient = only(
        table(
            "S1,BL,2025-01-01,T1,liver,solid,30,target,",
            "S1,BL,2025-01-01,T2,liver,solid,20,target,",
            "S1,BL,2025-01-01,N1,bone,,,non-target,",
            "S1,W8,2025-03-01,T1,,,12+5.0,split,",
            "S1,W8,2025-03-01,T2,,,,too small,",
            "S1,W8,2025-03-01,N1,,,,absent,elevated",
            "S1,W16,2025-05-01,T1,,,20,,",
            "S1,W16,2025-05-01,T2,,,,merged into T1,",
            "S1,W16,2025-05-01,N1,,,,absent,normal",
            "S1,W16,2025-05-01,X1,liver,,,new equivocal,",
            "S1,W24,2025-07-01,T1,,,0,,",
            "S1,W24,2025-07-01,T2,,,,absent,",
            "S1,W24,2025-07-01,X1,liver,,11,new,",
            head=head,
        )
    )
    found = patient.responses()

    assert [r.sum_tenths for r in found] == [500, 220, 200, 0]
    assert [r.non_target for r in found] == [None, Response.NON_CR_NON_PD, Response.CR, Response.NE]
    assert [r.overall for r in found] == [None, Response.PR, Response.PD, Response.PD]


def test_unknown_markers_are_refused():
    found = table("S1,BL,2025-01-01,T1,liver,solid,30,target,high", head=HEAD + ",markers")

    assert "markers 'high'" in found.rejected[0].message


def test_without_a_role_a_measured_lesion_is_a_target():
    patient = only(table("S1,BL,2025-01-01,A,liver,solid,30,", "S1,BL,2025-01-01,B,lung,solid,,present"))

    assert [lesion.role for lesion in patient.lesions] == [Role.TARGET, Role.NON_TARGET]


def test_nodes_are_known_by_their_organ():
    patient = only(table("S1,BL,2025-01-01,A,Lymph nodes,,20,target"))

    assert patient.lesions[0].kind is LesionKind.NODE


def test_too_many_or_too_small_targets_are_said_aloud_and_counted():
    rows = [f"S1,BL,2025-01-01,T{i},liver,solid,{size},target" for i, size in enumerate((30, 20, 9.9))]
    patient = only(table(*rows, "S1,BL,2025-01-01,T4,lymph node,node,14.9,target"))

    assert patient.responses()[0].sum_tenths == 748
    assert "3 targets in one organ (liver), at most 2 are allowed" in patient.notes
    assert "target T2 is below 10 mm at baseline" in patient.notes
    assert "target T4 is below 15 mm at baseline" in patient.notes


def test_odd_dates_are_said_aloud():
    patient = only(
        table(BASELINE, WEEK_8.replace("2025-02-26,T2", "2025-08-26,T2"), "S1,Extra,2025-02-26,T1,,,30,")
    )

    assert any("two visits share a date" in note for note in patient.notes)
    assert any("visit Week 8 spans 2025-02-26 to 2025-08-26" in note for note in patient.notes)


def test_a_table_without_its_columns_is_refused_whole():
    with pytest.raises(LesionError, match="no column lesion, diameter") as refused:
        table("S1,BL,2025-01-01,target", head="subject,visit,date,status")

    assert refused.value.code == "TABLE_COLUMNS"


def test_a_subject_of_whom_nothing_could_be_read_has_no_responses():
    found = table("S9,BL,yesterday,T1,liver,solid,30,target")

    assert found.patients == () and len(found.rejected) == 1


def test_rows_and_columns_may_come_in_any_order():
    lines = [line for line in (BASELINE + WEEK_8).split("\n") if line]
    random.Random(1).shuffle(lines)
    shuffled = only(table(*lines)).responses()

    assert shuffled == only(table(BASELINE, WEEK_8)).responses()


# fmt: off
#: Rows of one patient -> overall response of the last visit, its sum, and a note.
BASE = "P1,baseline,2025-01-01,T1,liver,solid,40,target"
WEEK = "P1,week8,2025-03-01,T1,,,28,"
COURSES = {
    "a baseline row without a visit leaves the sums unknown":      ([BASE, "P1,,2025-01-01,T2,liver,solid,30,target", WEEK, "P1,,2025-03-01,T2,,,60,"],                          "NE", None, "a baseline row was not accepted"),
    "a baseline row without a subject leaves the sums unknown":    ([BASE, ",baseline,2025-01-01,T2,liver,solid,30,target", WEEK, ",week8,2025-03-01,T2,,,60,"],                 "NE", None, "row 1 names no subject and may belong here"),
    "nor one whose date cannot be read either":                    ([BASE, "P1,,soon,T2,liver,solid,30,target", WEEK],                                                           "NE", None, "a baseline row was not accepted"),
    "a follow-up row without a visit leaves baseline alone":       ([BASE, WEEK, "P1,,2025-03-01,T1,,,60,"],                                                                     "PR", 280,  ""),
    "a row without a subject that the patient has is not theirs":  ([BASE, ",baseline,2025-01-01,T1,liver,solid,30,target", WEEK],                                                "PR", 280,  ""),
    "a row without a subject of another year is not theirs":       ([BASE, ",baseline,2023-01-01,T2,liver,solid,30,target", WEEK],                                                "PR", 280,  ""),
    "a new lesion without a subject withholds the response":       ([BASE, WEEK, ",week8,2025-03-01,X1,lung,solid,15,new"],                                                      "NE", 280,  "an entry about a new lesion was not accepted"),
    "a new lesion without a visit withholds the response":         ([BASE, WEEK, "P1,,2025-03-01,X1,lung,solid,15,new"],                                                         "NE", 280,  "an entry about a new lesion was not accepted"),
    "a new lesion of a visit without a date does so too":          ([BASE, WEEK, "P1,week9,soon,X1,lung,solid,15,new"],                                                          "NE", 280,  "an entry about a new lesion was not accepted"),
    "a surplus cell is no smaller lesion":                         ([BASE, "P1,week8,2025-03-01,T1,,,28,,9"],                                                                    "NE", None, "target T1 was not evaluated"),
    "two equal rows of a split lesion are two parts":              ([BASE, "P1,week8,2025-03-01,T1,,,20,split", "P1,week8,2025-03-01,T1,,,20,split"],                            "SD", 400,  "T1 split into 2 parts"),
    "unequal rows of a split lesion are parts as well":            ([BASE, "P1,week8,2025-03-01,T1,,,12,split", "P1,week8,2025-03-01,T1,,,8,split"],                             "PR", 200,  "T1 split into 2 parts"),
    "parts of parts are refused":                                  ([BASE, "P1,week8,2025-03-01,T1,,,12+5,split", "P1,week8,2025-03-01,T1,,,12+5,split"],                        "NE", None, ""),
    "a baseline outranks a screening":                             (["P1,screening,2024-12-01,T1,liver,solid,50,target", "P1,baseline,2025-01-20,T1,,,60,", WEEK],               "PR", 280,  "visit screening lies before baseline and is not used"),
    "a baseline is known beside the words of an examination":      (["P1,Prior CT,2024-11-01,T1,liver,solid,25,target", "P1,Baseline CT,2025-01-01,T1,,,40,", WEEK],             "PR", 280,  "visit Prior CT lies before baseline and is not used"),
    "two baselines leave the sums unknown":                        ([BASE, "P1,Baseline MRI,2025-01-20,T1,,,60,", WEEK],                                                         "NE", None, "are all called baseline"),
    "a visit after baseline is none":                              ([BASE, "P1,4 weeks post baseline,2025-02-01,T1,,,38,", WEEK],                                                "PR", 280,  ""),
    "capitals and blanks make no other visit":                     ([BASE, "P1,Baseline,2025-01-01,T2,liver,solid,40,target", WEEK, "P1,Week8 ,2025-03-01,T2,,,28,"],             "PR", 560,  ""),
    "capitals make another subject, and are pointed out":          ([BASE, "p1,baseline,2025-01-01,T2,liver,solid,30,target", WEEK],                                              "PR", 280,  "in capitals only"),
    "a target merged into a non-target has the length of both":    ([BASE, "P1,baseline,2025-01-01,N1,liver,solid,20,non-target", "P1,week8,2025-03-01,T1,,,,merged into N1", "P1,week8,2025-03-01,N1,,,55,"], "PD", 550, "merged into N1"),
    "a node is known in short, and by its short axis":             (["P1,baseline,2025-01-01,T1,portal LN,,18,target", "P1,week8,2025-03-01,T1,,,9,"],                            "CR", 90,   ""),
    "a node is known in Korean":                                   (["P1,baseline,2025-01-01,T1,문맥 주위 림프절,,18,target", "P1,week8,2025-03-01,T1,,,9,"],                    "CR", 90,   ""),
    "a normal node is no new lesion":                              ([BASE, WEEK, "P1,week8,2025-03-01,N9,lymph node,,8,new"],                                                    "PR", 280,  "node N9 is below 10 mm: normal, not new"),
    "a new lesion counts until it is seen to be gone":             ([BASE, "P1,week8,2025-03-01,T1,,,20,", "P1,week8,2025-03-01,X1,lung,,8,new", "P1,week16,2025-05-01,T1,,,15,"], "PD", 150,  "it counts until it is seen gone"),
}
# fmt: on


@pytest.mark.parametrize(("rows", "overall", "tenths", "said"), COURSES.values(), ids=COURSES)
def test_what_a_table_leaves_open_is_never_a_response(rows, overall, tenths, said):
    patient = table(*rows).patients[0]
    last = patient.responses()[-1]

    assert (last.overall.value, last.sum_tenths) == (overall, tenths)
    assert any(said in note for note in (*patient.notes, *last.notes, ""))


def test_a_column_that_stands_twice_is_refused():
    with pytest.raises(LesionError, match="two columns diameter"):
        check_columns([*HEAD.split(","), "Diameter "])


# fmt: off
WORDS = {
    "Target":                          (Role.TARGET,     None),
    "NON-TARGET":                      (Role.NON_TARGET, None),
    "nontarget lesion":                (Role.NON_TARGET, None),
    "new lesion":                      (Role.NEW,        None),
    "new, equivocal":                  (Role.NEW,        Seen.EQUIVOCAL),
    "new unequivocal":                 (Role.NEW,        Seen.PRESENT),
    "target; too_small":               (Role.TARGET,     Seen.TOO_SMALL),
    "non-target: unequivocal progression": (Role.NON_TARGET, Seen.PROGRESSED),
    "not evaluated":                   (None,            Seen.NOT_EVALUATED),
    "disappeared":                     (None,            Seen.ABSENT),
    "merged into t1":                  (None,            Seen.MERGED),
    "":                                (None,            None),
}
# fmt: on


@pytest.mark.parametrize(("status", "expected"), WORDS.items(), ids=WORDS)
def test_words_of_a_status(status, expected):
    said = words_of(status, "")

    assert (said.role, said.seen) == expected


def test_the_role_may_stand_in_the_column_kind():
    said = words_of("", "target, lymph node")

    assert (said.role, said.kind) == (Role.TARGET, LesionKind.NODE)


def test_merging_is_into_the_lesion_as_it_is_written():
    patient = only(table("S1,BL,2025-01-01,Tum-1,liver,solid,30,target", "S1,BL,2025-01-01,Tum-2,liver,solid,20,target",
                         "S1,W8,2025-03-01,Tum-1,,,40,", "S1,W8,2025-03-01,Tum-2,,,,merged into Tum-1"))  # fmt: skip

    assert patient.responses()[1].sum_tenths == 400


@pytest.mark.parametrize(
    ("text", "tenths"), [("12.3 mm", (123,)), ("12.3+4.5", (123, 45)), ("", ()), ("0", (0,))]
)
def test_lengths_of_a_cell(text, tenths):
    assert lengths_of(text) == tenths


@pytest.mark.parametrize("text", ["1.2.3", "12 cm", "+", "1e5"])
def test_lengths_that_are_none(text):
    with pytest.raises(RecistError):
        lengths_of(text)


@pytest.mark.parametrize("text", ["2025-1-1", "2025-W01-1", "01.02.2025", "", "20251301"])
def test_days_that_are_none(text):
    with pytest.raises(LesionError):
        date_of(text)


def test_days_are_read_in_both_iso_forms():
    assert date_of("20250103") == date_of(" 2025-01-03 ")


def test_enhancing_diameters_make_columns_of_their_own():
    head = HEAD + ",viable_diameter"
    patient = only(
        table(
            "S1,BL,2025-01-01,T1,liver,solid,60.0,target,60",
            "S1,BL,2025-01-01,T2,liver,solid,20.0,target,20",
            "S1,W8,2025-03-01,T1,,,58.0,,0",
            "S1,W8,2025-03-01,T2,,,,absent,",
            "S1,W16,2025-05-01,T1,,,58.0,,12.5",
            "S1,W16,2025-05-01,T2,,,10,,",
            "S1,W24,2025-07-01,T1,,,58.0,,0",
            "S1,W24,2025-07-01,T2,,,10,,",
            head=head,
        )
    )
    viable = follow_viable(patient.lesions, patient.visits)

    assert [r.target for r in patient.responses()] == [None, Response.SD, Response.SD, Response.SD]
    assert [v.target for v in viable] == [None, Response.CR, Response.PD, Response.NE]
    assert [v.sum_tenths for v in viable] == [800, 0, None, None]
    assert viable[1].from_baseline_percent == -100


def test_without_enhancing_diameters_at_baseline_there_is_no_mrecist():
    patient = only(table(BASELINE, WEEK_8))

    assert follow_viable(patient.lesions, patient.visits) == ()


def test_an_enhancing_part_longer_than_its_lesion_is_refused():
    found = table("S1,BL,2025-01-01,T1,liver,solid,20,target,20.1", head=HEAD + ",viable_diameter")

    assert found.rejected[0].code == "CONTRADICTION"
