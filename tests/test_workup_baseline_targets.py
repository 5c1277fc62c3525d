"""Proposal, reader's choice and final targets: the same in ``assess``, ``recist``, JSON, SDTM and the report."""

# ruff: noqa: E501  (tables read as tables)

import numpy as np
import pytest

from imaging.regions.region import Provenance, Region, RegionMask, RegionRole
from imaging.volume import Study
from recist.visits import Role
from tests.reading_studies import acquisition, block, geometry
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case import Case, LesionStatement, Statement
from workup.case.reading_codec import parse_reading, reading_document
from workup.case_series import patient_over_time
from workup.exchange.sdtm import sdtm
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report
from workup.report.rendering import markdown

GRID = geometry((8, 60, 60), (3.0, 1.0, 1.0))
YES, NO, UNCERTAIN = Statement.YES, Statement.NO, Statement.UNCERTAIN
PRIMARY, TARGET, NON_TARGET, NODE = (
    RegionRole.PRIMARY_TUMOR,
    RegionRole.TARGET_LESION,
    RegionRole.NON_TARGET_LESION,
    RegionRole.LYMPH_NODE,
)


def lesion(edge, role=TARGET, *, verified=True, at=4, **said):
    """A square lesion of an edge in pixels with what its reader says."""
    mask = block(GRID, (2, at, at), (3, edge, edge))
    if not verified:
        mask = RegionMask(mask.offset, mask.voxels, GRID, Provenance.SUGGESTED, verified=False)
    statement = {"malignant": YES, "margins_measurable": YES, "locoregional_treated": NO} | said
    return role, mask, LesionStatement(**statement)


def case_of(lesions, date="20250101"):
    study = Study((acquisition("P", np.zeros(GRID.shape, np.int16), GRID, study_date=date,
                               patient_id_hash="abc", series_description="portal venous"),))  # fmt: skip
    regions = tuple(Region(name, role, {"P": mask}) for name, (role, mask, _) in lesions.items())
    return Case(
        study=study,
        regions=regions,
        reader="Reader",
        lesions={n: said for n, (_, _, said) in lesions.items()},
    )


def judged(lesions):
    return assess(case_of(lesions), read_protocol("NCT06828380"), search=False)


FOUR = {"hcc": (50, PRIMARY), "t2": (30, TARGET), "t3": (24, TARGET), "node": (18, NODE)}


def four(**said):
    return {name: lesion(*what, **said.get(name, {})) for name, what in FOUR.items()}


# fmt: off
FINAL = {
    "the reader's targets are the targets, however small":  (four(t3={"target": YES}, node={"target": YES}),                          {"t3", "node"},        ""),
    "two liver lesions and a node where nobody chose":      (four(),                                                                  {"hcc", "t2", "node"}, "the reader chose no targets: those proposed stand in"),
    "a lesion without an organ counts for the liver":       (four(),                                                                  {"hcc", "t2", "node"}, "organ not named, counted with the liver: t2, t3"),
    "a lesion of another organ has places of its own":      (four(t3={"organ": "left lung"}),                                         {"hcc", "t2", "t3", "node"}, ""),
    "a lesion that the reader calls benign is none":        (four(hcc={"malignant": NO}),                                             {"t2", "t3", "node"},  ""),
    "benign and chosen: objected to, not counted":          (four(hcc={"malignant": NO, "target": YES}, t2={"target": YES}),          {"t2"},                "hcc: the reader does not call it malignant; it is not counted as a target"),
    "a lesion that the reader declines is not proposed":    (four(hcc={"target": NO}),                                                {"t2", "t3", "node"},  ""),
    "a lesion outlined as a non-target is not proposed":    ({**four(), "t2": lesion(30, NON_TARGET)},                                {"hcc", "t3", "node"}, ""),
    "the reader's yes outranks the role of the outline":    ({**four(), "t2": lesion(30, NON_TARGET, target=YES)},                    {"t2"},                ""),
    "uncertain malignancy is not proposed":                 (four(hcc={"malignant": UNCERTAIN}),                                      {"t2", "t3", "node"},  ""),
    "three of the liver are counted and objected to":       (four(hcc={"target": YES}, t2={"target": YES}, t3={"target": YES}),       {"hcc", "t2", "t3"},   "3 targets in one organ (liver), at most 2 are allowed"),
    "too small and chosen: counted and objected to":        ({"a": lesion(6, target=YES)},                                            {"a"},                 "(< 10 mm)"),
    "a normal node is no target whoever chooses it":        ({**four(), "n": lesion(5, NODE, target=YES)},                            set(),                 "it is not counted as a target"),
    "a thrombus is no target whoever chooses it":           ({**four(), "v": lesion(30, kind="thrombus", target=YES)},                set(),                 "it is not counted as a target"),
    "an organ that is a vein makes a thrombus":             ({"v": lesion(30, organ="portal vein", target=YES)},                      set(),                 "it is not counted as a target"),
    "an organ in words may name a node":                    ({"n": lesion(30, organ="retroperitoneal LN"), "m": lesion(25, organ="nodes"), "o": lesion(20, organ="portal node")}, {"n", "m"}, ""),
    "bone without a word on its soft tissue is open":       ({"b": lesion(30, organ="rib, bone")},                                    set(),                 ""),
    "nothing chosen among measurable lesions is said aloud": ({"a": lesion(30, target=NO)},                                           set(),                 "measurable, but not chosen as targets by the reader: a (I5 asks whether one exists)"),
    "an outline that nobody confirmed is said aloud":       ({"a": lesion(30, verified=False)},                                       {"a"},                 "measured on an outline that no reader confirmed: a"),
}
# fmt: on


@pytest.mark.parametrize(("lesions", "targets", "said"), FINAL.values(), ids=FINAL)
def test_final_targets(lesions, targets, said):
    assessment = judged(lesions)
    patient = patient_over_time([("V0", case_of(lesions))])
    settled = assessment.targets.settled

    assert set(settled.targets) == targets
    assert {x.id for x in patient.lesions if x.role is Role.TARGET} == targets
    assert any(said in note for note in (*assessment.targets.notes, ""))
    assert set(assessment.targets.notes) <= set(patient.notes)


def test_assess_and_recist_have_one_sum():
    assessment = judged(four())
    baseline = patient_over_time([("V0", case_of(four()))]).responses()[0]

    assert assessment.targets.settled.sum_tenths == baseline.sum_tenths


def test_i5_asks_whether_a_measurable_lesion_exists_not_whether_it_was_chosen():
    assessment = judged({"a": lesion(30, target=NO)})

    assert assessment.measurable_lesion.status.value == "PASS"
    assert assessment.targets.settled.sum_tenths is None


def test_a_target_that_is_cut_off_leaves_no_sum():
    assessment = judged({"a": lesion(30, target=YES, at=0), "b": lesion(20, target=YES)})

    assert assessment.targets.settled.sum_tenths is None
    assert any("lower bound" in note for note in assessment.targets.notes)


def test_every_output_has_the_readers_targets_with_the_proposal_beside():
    assessment = judged(four(t2={"target": YES}, t3={"target": YES}, hcc={"target": YES}))
    document = assessment_document(assessment)["measurable_lesion"]
    tu, tr, _ = sdtm([assessment])
    page = markdown(assessment_report(assessment))

    assert document["chosen_targets"] == ["hcc", "t2", "t3"]
    assert document["proposed_targets"] == ["hcc", "t2", "node"]
    assert document["objections"] == ["3 targets in one organ (liver), at most 2 are allowed"]
    assert [lesion["final"]["role"] for lesion in document["lesions"]] == ["target"] * 3 + ["non_target"]
    assert {r["TULNKID"]: r["TUORRES"] for r in tu.records} == {
        "hcc": "TARGET", "t2": "TARGET", "t3": "TARGET", "node": "NON-TARGET",
    }  # fmt: skip
    by_test = {(r["TRTESTCD"], r.get("TRLNKID")): r for r in tr.records}
    assert by_test["SUMDIAM", None]["TRSTRESN"] == document["sum_mm"]
    assert by_test["TGTPROP", "node"]["TRORRES"] == "TARGET"
    assert by_test["TGTPROP", "t3"]["TRORRES"] == "NON-TARGET"
    assert by_test["TGTCHOS", "node"]["TRREASND"] == "NOT ANSWERED"
    remarks = [r["TRORRES"] for r in tr.records if r["TRTESTCD"] == "TGTNOTE"]
    assert any("3 targets in one organ (liver), at most 2 are allowed" in remark for remark in remarks)
    assert "3 targets in one organ (liver), at most 2 are allowed" in page
    assert "chosen as a target by the reader" in page


def test_an_organ_is_kept_in_the_reading():
    reading = parse_reading({"lesions": {"a": {"organ": "left lung", "target": "yes"}}})

    assert reading.lesions["a"].organ == "left lung"
    assert parse_reading(reading_document(reading)) == reading


@pytest.mark.parametrize(("at", "told"), [(4, True), (9, True), (10, False), (24, False)])
def test_targets_that_lie_in_one_place_are_pointed_out(at, told):
    found = judged({"a": lesion(20), "b": lesion(20, at=at)})  # moved along rows and columns

    assert found.targets.settled.targets == ("a", "b")
    assert any("a and b lie in one place" in note for note in found.targets.notes) is told
