"""The main job on the phantom and its twins: images, a reader, a record in; verdicts with reasons out."""

from dataclasses import replace

import pytest

from eligibility.verdict import Status
from imaging.findings.finding import Finding
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.phases.phase import Phase
from imaging.regions.region import RegionRole
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case import DefectStatement, Statement
from workup.case.case_files import read_case
from workup.cohort.rows import case_row, why_so
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report

YES, NO, UNCERTAIN = Statement.YES, Statement.NO, Statement.UNCERTAIN
PROTOCOL = read_protocol("NCT06828380")


@pytest.fixture(scope="module")
def case_of(tmp_path_factory):
    """A function from a twin's name to its case, made once each on the coarse grid."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("cases") / name
            write_case(TWINS[name].small(), folder)
            made[name] = read_case(folder)
        return made[name]

    return make


def invasion(case, **said):
    """Verdict on I4.a where the reader says this of the defect and everything is outlined."""
    statement = DefectStatement(**said) if said else case.defects["defect1"]
    read = replace(case, defects={"defect1": statement}, complete=True)
    return assess(read, PROTOCOL).vascular_invasion


def test_the_plain_case_shows_invasion_and_a_measurable_lesion(case_of):
    result = assess(case_of("plain"), PROTOCOL)

    assert {d.phase for d in result.decisions.values()} == {
        Phase.UNENHANCED,
        Phase.LATE_ARTERIAL,
        Phase.PORTAL_VENOUS,
        Phase.DELAYED,
    }
    assert result.defects[0].findings.enhancement.finding is Finding.POSITIVE
    assert result.defects[0].findings.washout.finding is Finding.POSITIVE
    assert result.defects[0].adjacency.contact
    assert result.vascular_invasion.status is Status.PASS
    assert result.measurable_lesion.status is Status.PASS


ENTIRE = {"filling_defect": YES, "adjacent_to_primary": YES}
# fmt: off
READERS = {
    # what the reader says of enhancement and washout              twin      verdict on I4.a
    "tumor thrombus, the reader agrees":        ((YES, YES),       "plain",  Status.PASS),
    "tumor thrombus, the reader says no":       ((NO, NO),         "plain",  Status.UNKNOWN),
    "tumor thrombus, the reader is uncertain":  ((UNCERTAIN, YES), "plain",  Status.UNKNOWN),
    "tumor thrombus, the reader said nothing":  ((None, None),     "plain",  Status.UNKNOWN),
    "bland clot, the reader says it enhances":  ((YES, YES),       "bland",  Status.UNKNOWN),
    "bland clot, the reader says no":           ((NO, NO),         "bland",  Status.FAIL),
    "bland clot, the reader is uncertain":      ((UNCERTAIN, NO),  "bland",  Status.FAIL),
    "bland clot, the reader said nothing":      ((None, None),     "bland",  Status.UNKNOWN),
}
# fmt: on


@pytest.mark.parametrize(("said", "twin", "expected"), READERS.values(), ids=READERS)
def test_a_reader_and_a_number_decide_together(case_of, said, twin, expected):
    enhances, washes_out = said

    verdict = invasion(
        case_of(twin),
        **ENTIRE,
        arterial_enhancement=enhances,
        washout_portal=washes_out,
        washout_delayed=washes_out,
    )

    assert verdict.status is expected


def test_a_bland_clot_neither_enhances_nor_washes_out(case_of):
    """Dark in the portal phase is not washout where nothing washed in."""
    findings = assess(case_of("bland"), PROTOCOL).defects[0].findings

    assert findings.enhancement.finding is Finding.NEGATIVE
    assert findings.washout.finding is Finding.NEGATIVE


def test_without_an_unenhanced_phase_enhancement_cannot_be_computed(case_of):
    findings = assess(case_of("no_unenhanced"), PROTOCOL).defects[0].findings

    assert findings.enhancement.finding is Finding.NOT_COMPUTABLE
    assert findings.washout.finding is Finding.INDETERMINATE


@pytest.mark.parametrize("thrombus", ["tumor", "bland"])
def test_an_early_arterial_phase_never_says_no(tmp_path, thrombus):
    write_case(replace(TWINS["early_arterial"].small(), thrombus=thrombus), tmp_path / "case")

    findings = assess(read_case(tmp_path / "case"), PROTOCOL).defects[0].findings

    assert findings.enhancement.finding is not Finding.NEGATIVE


def test_without_a_reader_nothing_passes(case_of):
    """A script's numbers alone never establish invasion."""
    unread = replace(case_of("plain"), reader=None, defects={}, lesions={})

    result = assess(unread, PROTOCOL)

    assert result.vascular_invasion.status is Status.UNKNOWN
    assert result.measurable_lesion.status is Status.UNKNOWN


def test_defects_that_nobody_outlined_are_not_known_to_be_absent(case_of):
    """Only a reader's word that the outlines are complete makes an empty list a "no"."""
    plain = case_of("plain")
    case = replace(plain, regions=tuple(r for r in plain.regions if r.role is not RegionRole.FILLING_DEFECT))

    assert assess(replace(case, complete=False), PROTOCOL).vascular_invasion.status is Status.UNKNOWN
    assert assess(replace(case, complete=True), PROTOCOL).vascular_invasion.status is Status.FAIL


def test_percent_enhancement_of_mr_needs_proof_of_one_scale(case_of):
    """The gadoxetate twin is in arbitrary units; its hepatobiliary phase never counts as washout."""
    findings = assess(case_of("gadoxetate_mr"), PROTOCOL).defects[0].findings

    assert findings.unit == "MR"
    assert findings.enhancement.unit == "%"
    assert {p.phase: p.finding for p in findings.washout.by_phase}.get(Phase.HEPATOBILIARY) in (
        None,
        Finding.INDETERMINATE,
        Finding.NOT_COMPUTABLE,
    )


@pytest.mark.parametrize(
    ("twin", "signal", "drop"), [("plain", "[HU]", "[HU]"), ("gadoxetate_mr", "[arbitrary units]", "[%]")]
)
def test_every_number_between_images_is_printed_in_its_own_unit(case_of, twin, signal, drop):
    """What the ratio to liver loses on MR is a share, and no signal of MR is in Hounsfield units."""
    result = assess(case_of(twin), PROTOCOL, search=False)

    columns = {c for t in assessment_report(result).tables for c in t.columns if c.endswith("]")}
    defect = assessment_document(result)["vascular_invasion"]["defects"][0]

    assert {f"Mean {signal}", f"Liver − region {signal}", f"Contrast drop {drop}"} <= columns
    assert ("[HU]" in " ".join(columns)) is (signal == "[HU]")
    assert {f"[{p['contrast_drop_unit']}]" for p in defect["washout"]["by_phase"].values()} == {drop}
    assert defect["unit"] == ("HU" if signal == "[HU]" else "MR")


@pytest.mark.parametrize("twin", ["plain", "bland"])
def test_without_the_search_nothing_but_the_smallest_set_is_missing(case_of, twin):
    case = case_of(twin)
    whole, quick = assess(case, PROTOCOL), assess(case, PROTOCOL, search=False)

    assert whole.screen.smallest is not None
    assert quick.screen == replace(whole.screen, smallest=None)
    told, quickly = assessment_document(whole), assessment_document(quick)
    assert told["screen"].pop("smallest_set") is not None
    assert quickly["screen"].pop("smallest_set") is None
    assert quickly == told


@pytest.mark.parametrize(("kind", "organ", "axis"), [
    ("bone_soft_tissue", "left rib", "longest_diameter_mm"),
    ("node", "porta hepatis", "short_axis_mm"),
])  # fmt: skip
def test_a_lesion_is_what_its_reader_calls_it(case_of, kind, organ, axis):
    plain = case_of("plain")
    said = replace(plain.lesions["hcc1"], kind=kind, organ=organ)

    found = assess(replace(plain, lesions={"hcc1": said}), PROTOCOL).measurable_lesion

    assert found.status is Status.PASS
    assert f"imaging.lesions[hcc1].{axis}" in {evidence.path for evidence in found.evidence}


@pytest.mark.parametrize(
    ("patient_id", "told"), [("PHANTOM-001", False), ("PHANTOM-002", True), (None, False)]
)
def test_a_record_of_another_patient_than_the_images_is_pointed_out(case_of, patient_id, told):
    plain = case_of("plain")
    result = assess(replace(plain, record={**plain.record, "patient_id": patient_id}), PROTOCOL)

    assert bool(assessment_document(result)["patient_caution"]) is told
    assert any("different patient" in value for _, value in assessment_report(result).facts) is told
    assert ("different patient" in why_so(case_row("case", assessment_document(result)))) is told


def test_the_first_answers_say_why_a_patient_is_not_eligible(case_of):
    plain = case_of("plain")
    labs = [
        {**lab, "value": "7.9"} if lab["analyte"] == "hemoglobin" else lab for lab in plain.record["labs"]
    ]

    result = assess(replace(plain, record={**plain.record, "labs": labs, "performance": None}), PROTOCOL)

    said = "FAIL: I8.1 (hemoglobin 7.9 g/dL is not >= 8.0 g/dL (2025-06-27)); UNKNOWN: I7"
    assert assessment_report(result).answers[-1].why == said
