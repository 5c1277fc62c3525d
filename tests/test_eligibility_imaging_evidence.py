# ruff: noqa: E501  (the tables are wide on purpose)
"""Reader times number (table C.8), adjacency (C.9), levels (C.10), and what an assessment replaces."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from eligibility.imaging_evidence import combine_imaging
from eligibility.patient import (
    ImagedLesion,
    Imaging,
    ImagingStudy,
    Measured,
    PatientFacts,
    Source,
    Statement,
    Thrombus,
)
from eligibility.screening import judge
from eligibility.verdict import Verdict
from recist.measurability import Measurability, Status
from tests.eligibility_records import facts, protocol

YES, NO, UNCERTAIN = Statement.YES, Statement.NO, Statement.UNCERTAIN
POS, NEG = Measured.POSITIVE, Measured.NEGATIVE
IND, NA = Measured.INDETERMINATE, Measured.NOT_COMPUTABLE

STUDY = ImagingStudy(id="S", modality="CT", dynamic=True, slice_thickness_mm=Decimal("2.5"))
DEFECT = Thrombus(
    id="D",
    study="S",
    vessel="portal_vein",
    level="Vp3",
    filling_defect=YES,
    adjacent_to_primary=YES,
    arterial_enhancement=YES,
    washout_portal=YES,
    washout_delayed=NO,
    reader="R1",
)


def assessed(*defects: Thrombus, **more: Any) -> PatientFacts:
    imaging = Imaging(studies=(STUDY,), thrombi=defects, **more)
    return replace(facts(), imaging=imaging)


def invasion(known: PatientFacts, **policies: str) -> Verdict:
    trial = protocol().with_policies(policies)
    return judge(trial.criterion("I4"), known, trial)


# fmt: off
READER_BY_NUMBER = {
    (YES, POS): "PASS", (YES, IND): "PASS", (YES, NA): "PASS", (YES, None): "PASS", (YES, NEG): "UNKNOWN conflict",
    (NO, POS): "UNKNOWN conflict", (NO, IND): "FAIL", (NO, NA): "FAIL", (NO, None): "FAIL", (NO, NEG): "FAIL",
    (UNCERTAIN, POS): "UNKNOWN awaiting_reader", (UNCERTAIN, IND): "UNKNOWN awaiting_reader",
    (UNCERTAIN, NEG): "UNKNOWN awaiting_reader", (UNCERTAIN, None): "UNKNOWN awaiting_reader",
    (None, POS): "UNKNOWN awaiting_reader", (None, NEG): "UNKNOWN awaiting_reader",
    (None, IND): "UNKNOWN missing", (None, None): "UNKNOWN missing",
}
# fmt: on


@pytest.mark.parametrize("feature", ["arterial_enhancement", "washout_portal"])
@pytest.mark.parametrize(("reader", "number"), READER_BY_NUMBER)
def test_reader_times_number(feature: str, reader: Statement | None, number: Measured | None) -> None:
    measured = "measured_enhancement" if feature == "arterial_enhancement" else "measured_washout"
    found = invasion(assessed(replace(DEFECT, **{feature: reader, measured: number})))
    status, _, reason = READER_BY_NUMBER[reader, number].partition(" ")

    assert found.status == status, found.message
    assert not reason or found.reason_code == reason
    if reader is YES and number in (IND, NA):
        assert any("not corroborated numerically" in note for note in found.notes)
    if reader in (None, UNCERTAIN) and number in (POS, NEG):
        assert any("a reader decides" in note for note in found.notes)


@pytest.mark.parametrize("source", [Source.SCRIPT, Source.MODEL])
@pytest.mark.parametrize("number", [POS, IND, NA, NEG, None])
@pytest.mark.parametrize("said", [YES, NO, UNCERTAIN, None])
def test_a_script_without_a_reader_never_passes_or_fails(
    source: Source, number: Measured | None, said: Statement | None
) -> None:
    defect = replace(
        DEFECT,
        source=source,
        reader=None,
        filling_defect=said,
        adjacent_to_primary=said,
        arterial_enhancement=said,
        washout_portal=said,
        washout_delayed=said,
        measured_enhancement=number,
        measured_washout=number,
        distance_to_primary_mm=Decimal(3),
    )

    assert invasion(assessed(defect)).status == "UNKNOWN"
    assert invasion(assessed(defect)).reason_code == "awaiting_reader"


# fmt: off
DISTANCES = {
    "contact":                                    (YES, "0", "PASS"),
    "20 mm is adjacent":                          (YES, "20", "PASS"),
    "farther, though the reader says yes":        (YES, "20.1", "UNKNOWN"),
    "near, the reader says nothing":              (None, "19.9", "PASS"),
    "far, the reader says nothing":               (None, "35", "UNKNOWN"),
    "near, though the reader says no":            (NO, "4", "UNKNOWN"),
    "far, and the reader says no":                (NO, "35", "FAIL"),
    "near, the reader is uncertain":              (UNCERTAIN, "4", "UNKNOWN"),
    "not measured":                               (YES, None, "PASS"),
}
# fmt: on


@pytest.mark.parametrize(("reader", "mm", "expected"), DISTANCES.values(), ids=DISTANCES)
def test_adjacency_by_reader_and_distance(reader: Statement | None, mm: str | None, expected: str) -> None:
    distance = None if mm is None else Decimal(mm)
    defect = replace(DEFECT, adjacent_to_primary=reader, distance_to_primary_mm=distance)

    assert invasion(assessed(defect)).status == expected


def test_the_distance_does_not_name_the_tumor_again() -> None:
    near = invasion(assessed(replace(DEFECT, distance_to_primary_mm=Decimal(0)))).message
    far = invasion(assessed(replace(DEFECT, distance_to_primary_mm=Decimal(35)))).message

    assert "adjacent to the primary tumor (0 mm apart)" in near
    assert "adjacent to the primary tumor, but 35 mm apart" in far


def test_a_reader_who_denies_adjacency_is_quoted_in_grammar() -> None:
    found = invasion(assessed(replace(DEFECT, adjacent_to_primary=NO, distance_to_primary_mm=None)))

    assert "not adjacent to the primary tumor" in found.message


# fmt: off
LEVELS = {
    ("portal_vein", "Vp1"): ("UNKNOWN", "FAIL", "PASS"), ("portal_vein", "Vp2"): ("PASS", "FAIL", "PASS"),
    ("portal_vein", "Vp3"): ("PASS", "PASS", "PASS"), ("portal_vein", "Vp4"): ("PASS", "PASS", "PASS"),
    ("hepatic_vein", "Vv1"): ("UNKNOWN", "FAIL", "PASS"), ("hepatic_vein", "Vv2"): ("PASS", "PASS", "PASS"),
    ("hepatic_vein", "Vv3"): ("PASS", "PASS", "PASS"), ("inferior_vena_cava", None): ("PASS", "PASS", "PASS"),
    ("inferior_vena_cava", "Vv3"): ("PASS", "PASS", "PASS"), ("portal_vein", None): ("UNKNOWN", "UNKNOWN", "PASS"),
    ("portal_vein", "Vv2"): ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
}
# fmt: on


@pytest.mark.parametrize(("vessel", "level"), LEVELS)
def test_levels_under_every_reading(vessel: str, level: str | None) -> None:
    known = assessed(replace(DEFECT, vessel=vessel, level=level))
    found = tuple(str(invasion(known, P05=v).status) for v in ("graded", "strict_ajcc", "as_written"))

    assert found == LEVELS[vessel, level]


def test_one_good_defect_among_several_suffices() -> None:
    bad = replace(DEFECT, id="B", arterial_enhancement=NO)
    open_ = replace(DEFECT, id="O", adjacent_to_primary=None)

    assert invasion(assessed(bad, open_, DEFECT)).status == "PASS"
    assert invasion(assessed(bad, open_)).status == "UNKNOWN"
    assert invasion(assessed(bad)).status == "FAIL"
    assert invasion(assessed()).status == "FAIL"


# --- assessment in place of the record ------------------------------------------------------------------

SAID_YES = Imaging(studies=(STUDY,), thrombi=(DEFECT,))
SAID_NO = Imaging(studies=(STUDY,), thrombi=(replace(DEFECT, arterial_enhancement=NO),))
SAID_NOTHING = Imaging(studies=(STUDY,), thrombi=(replace(DEFECT, arterial_enhancement=None),))

# fmt: off
COMBINED = {
    "they agree":                                 (SAID_YES, SAID_YES, "PASS"),
    "they contradict each other":                 (SAID_YES, SAID_NO, "UNKNOWN conflict"),
    "they contradict each other the other way":   (SAID_NO, SAID_YES, "UNKNOWN conflict"),
    "the assessment knows more":                  (SAID_NOTHING, SAID_YES, "PASS"),
    "the assessment leaves it open":              (SAID_YES, SAID_NOTHING, "UNKNOWN missing"),
    "no assessment":                              (SAID_NO, None, "FAIL"),
    "no record":                                  (None, SAID_YES, "PASS"),
    "defects were not assessed":                  (SAID_YES, Imaging(studies=(STUDY,)), "PASS"),
}
# fmt: on


@pytest.mark.parametrize(("before", "now", "expected"), COMBINED.values(), ids=COMBINED)
def test_an_assessment_replaces_the_record_and_a_contradiction_is_shown(
    before: Imaging | None, now: Imaging | None, expected: str
) -> None:
    found = invasion(replace(facts(), imaging=combine_imaging(before, now)))
    status, _, reason = expected.partition(" ")

    assert found.status == status
    assert not reason or found.reason_code == reason
    if reason == "conflict":
        assert "(assessed)" in found.message
        assert "(recorded)" in found.message
        values = [e.value for e in found.evidence if e.path.endswith("arterial_enhancement")]
        assert set(values) == {"yes", "no"}


def test_a_size_judged_by_recist_outranks_plain_diameters() -> None:
    lesion = ImagedLesion(
        id="M",
        study="S",
        site="liver",
        longest_diameter_mm=Decimal(60),
        malignant=YES,
        margins_measurable=YES,
        locoregional_treated=NO,
    )
    criterion = protocol().criterion("I5")

    def status(judged: Measurability | None) -> str:
        known = assessed(lesions=(replace(lesion, judged=judged),))
        return str(judge(criterion, known, protocol()).status)

    assert status(None) == "PASS"
    assert (
        status(Measurability(status=Status.NOT_MEASURABLE, rule="M1", message="9.95 mm (< 10 mm)")) == "FAIL"
    )
    assert status(Measurability(status=Status.UNKNOWN, rule="G5", message="slices unknown")) == "UNKNOWN"
    assert status(Measurability(status=Status.MEASURABLE, rule="M1", message="12.0 mm (>= 10 mm)")) == "PASS"
