"""Units, the result that counts, Child-Pugh and Cockcroft-Gault (F-01 to F-16), an independent judge."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest

from eligibility.answers import Ask
from eligibility.child_pugh import child_pugh_components, class_of, is_child_pugh_class_a
from eligibility.creatinine_clearance import creatinine_clearance
from eligibility.drugs import contains_checkpoint_inhibitor, is_checkpoint_inhibitor, prednisone_equivalent_mg
from eligibility.laboratory import compared, digits
from eligibility.patient import LabResult, PatientFacts
from eligibility.ranges import Range
from eligibility.truth import Truth
from eligibility.units import ANALYTES, Converted, canonical, units_of
from tests.eligibility_records import facts, lab, protocol, status, verdict, with_labs

# fmt: off
UNITS = {
    "hemoglobin in g/L":                 ("hemoglobin", "80", "g/L", "8.0"),
    "neutrophils in 10*9/L":             ("anc", "1.0", "10*9/L", "1000"),
    "neutrophils per mm3":               ("anc", "1000", "/mm3", "1000"),
    "platelets in K/uL":                 ("platelets", "50", "K/uL", "50000"),
    "platelets in ×10³/µL":              ("platelets", "50", "×10³/µL", "50000"),
    "platelets in G/L":                  ("platelets", "50", "G/L", "50000"),
    "platelets in 10^9/l":               ("platelets", "50", "10^9/l", "50000"),
    "bilirubin in umol/L":               ("bilirubin_total", "51.3", "µmol/L", "3"),
    "albumin in g/L":                    ("albumin", "28", "g/L", "2.8"),
    "ALT in ukat/L":                     ("alt", "1.5", "µkat/L", "90"),
    "ALT in IU/L":                       ("alt", "40", "IU/L", "40"),
    "creatinine in umol/L":              ("creatinine", "176.8", "umol/L", "2"),
    "INR without a unit":                ("inr", "1.1", None, "1.1"),
    "INR in its UCUM annotation":        ("inr", "1.1", "{INR}", "1.1"),
}
UNKNOWN_UNITS = (("platelets", "g/L"), ("platelets", None), ("hemoglobin", "mg"), ("inr", "s"), ("alt", "%"),
                 ("bilirubin_total", "mg/dL/1.73m2"), ("albumin", "K/uL"), ("creatinine", "mL/min"))
CHILD_PUGH = {
    "F-01": ("1.0", "4.0", "1.1", "none", 0, (5, 5), "PASS"),
    "F-02": ("2.0", "3.6", "1.2", "none", 0, (6, 6), "PASS"),
    "F-03": ("1.9", "3.5", "1.2", "none", 0, (6, 6), "PASS"),
    "F-04": ("2.5", "3.4", "1.2", "none", 0, (7, 7), "FAIL"),
    "F-05": ("1.2", "3.6", "1.7", "none", 0, (6, 6), "PASS"),
    "F-06": ("1.2", "3.6", "1.2", "mild", 0, (6, 6), "PASS"),
    "F-07": ("1.2", "3.3", "1.2", "mild", 0, (7, 7), "FAIL"),
    "F-08": ("2.9", "2.8", "1.7", "none", 0, (8, 8), "FAIL"),
    "F-09": ("1.0", "4.0", None, "none", 0, (5, 7), "UNKNOWN"),
    "F-10": ("2.5", "3.0", None, "none", 0, (7, 9), "FAIL"),
}
CLEARANCE = {
    "F-11": (60, "70", "1.0", False, "77.78"),
    "F-12": (75, "50", "1.4", True, "27.41"),
    "F-13": (80, "45", "1.6", False, "23.44"),
    "F-14": (68, "58", "2.5", False, "23.20"),
}
# fmt: on


@pytest.mark.parametrize(("analyte", "value", "unit", "expected"), UNITS.values(), ids=UNITS)
def test_a_unit_converts_exactly(analyte: str, value: str, unit: str | None, expected: str) -> None:
    converted = canonical(analyte, Decimal(value), unit)

    assert converted is not None
    assert converted.value == Decimal(expected)


@pytest.mark.parametrize(("analyte", "unit"), UNKNOWN_UNITS)
def test_an_unknown_unit_is_never_guessed(analyte: str, unit: str | None) -> None:
    assert canonical(analyte, Decimal(10), unit) is None


@pytest.mark.parametrize("analyte", ANALYTES)
def test_every_accepted_spelling_converts(analyte: str) -> None:
    for unit in units_of(analyte):
        name = "G/L" if unit == "g/l" and analyte in ("anc", "platelets") else unit
        converted = canonical(analyte, Decimal(6), name)
        assert converted is not None, name
        assert converted.value > 0, name


def _liver(bilirubin: str, albumin: str, inr: str | None, ascites: str, grade: int) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "labs[bilirubin_total].value": bilirubin,
        "labs[albumin]": {"value": albumin, "unit": "g/dL"},
        "labs[inr].value": inr,
        "liver.ascites": ascites,
        "liver.encephalopathy_grade": grade,
    }
    return changes


@pytest.mark.parametrize("row", CHILD_PUGH.values(), ids=CHILD_PUGH)
def test_child_pugh_vectors(row: tuple[Any, ...]) -> None:
    *inputs, points, expected = row
    ask = protocol().ask(facts(_liver(*inputs)))
    components = child_pugh_components(ask, 28)

    assert (sum(c.low for c in components), sum(c.high for c in components)) == points
    assert status("I6", _liver(*inputs)) == expected


def test_labs_that_pass_one_by_one_may_fail_together() -> None:
    changes = _liver("2.5", "3.4", "1.2", "none", 0)

    assert [status(id_, changes) for id_ in ("I8.4", "I8.5", "I6")] == ["PASS", "PASS", "FAIL"]


@pytest.mark.parametrize("row", CLEARANCE.values(), ids=CLEARANCE)
def test_cockcroft_gault_vectors(row: tuple[int, str, str, bool, str]) -> None:
    age, weight, creatinine, female, expected = row
    clearance = creatinine_clearance(
        age=Decimal(age), weight_kg=Decimal(weight), creatinine_mg_dl=Decimal(creatinine), female=female
    )

    assert f"{clearance:.2f}" == expected


# fmt: off
RENAL = {
    "F-12: clearance 27 fails, creatinine passes":   ("75", "female", "50", "1.4", "1.1", "PASS"),
    "F-14: both fail":                               ("68", "male", "58", "2.5", "1.2", "FAIL"),
    "F-15: the same without the limit":              ("68", "male", "58", "2.5", None, "UNKNOWN"),
    "F-16: clearance passes without the limit":      ("60", "male", "70", "1.0", None, "PASS"),
}
# fmt: on


@pytest.mark.parametrize(("age", "sex", "weight", "value", "uln", "expected"), RENAL.values(), ids=RENAL)
def test_either_arm_of_the_renal_criterion_suffices(
    age: str, sex: str, weight: str, value: str, uln: str | None, expected: str
) -> None:
    changes = {
        "demographics.birth_date": f"{2025 - int(age)}-01-01",
        "demographics.sex": sex,
        "vitals.weight_kg": weight,
        "labs[creatinine]": {"value": value, "uln": uln},
    }

    assert status("I8.8", changes) == expected


def test_clincalc_agrees_on_a_grid() -> None:
    clincalc = pytest.importorskip("clincalc", reason="an independent calculator, in the test extra")
    bilirubin, albumin = ("1.9", "2.0", "2.9", "3.0", "3.1"), ("2.7", "2.8", "3.5", "3.6")
    ascites = (("none", "none"), ("mild", "mild"), ("severe", "moderate-severe"))
    grades = ((0, "none"), (2, "grade1-to2"), (3, "grade3-to4"))
    for b, a, i in product(bilirubin, albumin, ("1.6", "1.7", "2.3", "2.4")):
        for (ours_ascites, their_ascites), (grade, their_grade) in product(ascites, grades):
            theirs = clincalc.calculate(
                "child_pugh",
                {
                    "bilirubin": float(b),
                    "bilirubin_unit": "mg/dL",
                    "albumin": float(a),
                    "albumin_unit": "g/dL",
                    "inr": float(i),
                    "ascites": their_ascites,
                    "encephalopathy": their_grade,
                },
            )
            ask = _with_liver(b, a, i, ours_ascites, grade)
            score = sum(c.low for c in child_pugh_components(ask, 28))
            assert (score, class_of(score)) == (theirs["result"], theirs["working"]["class"])
            assert (is_child_pugh_class_a(ask, days=28).truth is Truth.TRUE) is (score <= 6)


def _with_liver(b: str, a: str, i: str, ascites: str, grade: int) -> Ask:
    """The complete patient with other values, without reading the record again."""
    values = {"bilirubin_total": b, "albumin": a, "inr": i}
    known = _complete()
    labs = tuple(
        replace(each, value=Decimal(values[each.analyte])) if each.analyte in values else each
        for each in known.labs or ()
    )
    liver = replace(known.liver, ascites=ascites, encephalopathy_grade=grade)
    return protocol().ask(replace(known, labs=labs, liver=liver))


@cache
def _complete() -> PatientFacts:
    return facts({"labs[albumin]": {"value": "4", "unit": "g/dL"}})


def test_clincalc_agrees_on_clearance() -> None:
    clincalc = pytest.importorskip("clincalc", reason="an independent calculator, in the test extra")
    for age, weight, creatinine, sex in product(
        (20, 60, 95), (45, 70, 130), ("0.6", "1.4", "4.9"), ("male", "female")
    ):
        theirs = clincalc.calculate(
            "cockcroft_gault",
            {
                "age": age,
                "weight_kg": weight,
                "creatinine": float(creatinine),
                "creatinine_unit": "mg/dL",
                "sex": sex,
            },
        )
        ours = creatinine_clearance(
            age=Decimal(age),
            weight_kg=Decimal(weight),
            creatinine_mg_dl=Decimal(creatinine),
            female=sex == "female",
        )
        assert float(ours) == pytest.approx(theirs["result"], abs=0.51)


# fmt: off
CHOICES = {
    "the latest in the window":                      ([("7.0", "2025-02-12"), ("9.0", "2025-03-09")], "PASS"),
    "in whatever order":                             ([("9.0", "2025-03-09"), ("7.0", "2025-02-12")], "PASS"),
    "the worst of one day":                          ([("9.0", "2025-03-09"), ("7.0", "2025-03-09")], "FAIL"),
    "day 28 counts":                                 ([("9.0", "2025-02-10")], "PASS"),
    "day 29 does not":                               ([("9.0", "2025-02-09")], "UNKNOWN"),
    "the day of screening counts":                   ([("7.0", "2025-03-10")], "FAIL"),
    "the day after does not":                        ([("7.0", "2025-03-11"), ("9.0", "2025-03-01")], "PASS"),
    "none in the window":                           ([("9.0", "2025-03-11"), ("9", "2025-01-01")], "UNKNOWN"),
    "a month that may be later":                     ([("9.0", "2025-02-20"), ("7.0", "2025-02")], "UNKNOWN"),
    "a month that cannot be later":                  ([("9.0", "2025-03-02"), ("7.0", "2025-02")], "PASS"),
    "an undated one may be the latest":              ([("9.0", "2025-03-02"), ("9.0", None)], "UNKNOWN"),
}
# fmt: on


@pytest.mark.parametrize(("results", "expected"), CHOICES.values(), ids=CHOICES)
def test_which_result_counts(results: list[tuple[str, str | None]], expected: str) -> None:
    changes = with_labs(*[lab("hemoglobin", v, date=d) for v, d in results], without="hemoglobin")

    assert status("I8.1", changes) == expected


def test_what_is_printed_is_what_was_compared() -> None:
    found = verdict("I8.4", {"labs[bilirubin_total]": {"value": "51", "unit": "umol/L"}})

    printed = [e.compared_as for e in found.evidence if e.path == "labs[bilirubin_total]"]
    assert printed == ["2.982 mg/dL < 3.0 mg/dL"]
    assert digits(Decimal("2.99999999"), Decimal("3.0")) == "2.99999999"
    assert digits(Decimal("2.9996"), Decimal("3.0")) == "2.9996"


# fmt: off
RANGES = {
    "below 200 is at most 200":     (Range.censored("<", Decimal(200)), "at_most", "200", Truth.TRUE),
    "above 200 is not at most 200": (Range.censored(">", Decimal(200)), "at_most", "200", Truth.FALSE),
    "200 or more is open":          (Range.censored(">=", Decimal(200)), "at_most", "200", Truth.UNKNOWN),
    "below 3 is below 3":           (Range.censored("<", Decimal(3)), "below", "3", Truth.TRUE),
    "3 or less is open":            (Range.censored("<=", Decimal(3)), "below", "3", Truth.UNKNOWN),
    "below 8 is not at least 8":    (Range.censored("<", Decimal(8)), "at_least", "8", Truth.FALSE),
    "8 or less is open":            (Range.censored("<=", Decimal(8)), "at_least", "8", Truth.UNKNOWN),
    "above 8 is above 8":           (Range.censored(">", Decimal(8)), "above", "8", Truth.TRUE),
    "exactly 8 is not above 8":     (Range.exactly(Decimal(8)), "above", "8", Truth.FALSE),
}
DRUGS = {
    "atezolizumab + bevacizumab": Truth.TRUE, "Durvalumab/tremelimumab": Truth.TRUE, "Keytruda": Truth.TRUE,
    "sorafenib": Truth.FALSE, "FOLFOX4": Truth.FALSE, "bevacizumab biosimilar": Truth.FALSE,
    "lenvatinib or placebo": Truth.UNKNOWN, "pembrolizumab vs placebo": Truth.UNKNOWN,
    "XYZ-101": Truth.UNKNOWN,
    "sorafenib + XYZ-101": Truth.UNKNOWN, "HAIC": Truth.UNKNOWN, "": Truth.UNKNOWN,
}
STEROIDS = {
    ("prednisolone", "10"): "10", ("Methylprednisolone", "8"): "10", ("dexamethasone", "1.5"): "10",
    ("hydrocortisone", "40"): "10", ("deflazacort", "12"): "10", ("betamethasone", "1.2"): "10",
    ("cortisone", "50"): "10",
}
# fmt: on


@pytest.mark.parametrize(("value", "test", "bound", "expected"), RANGES.values(), ids=RANGES)
def test_a_range_is_compared_by_all_its_values(value: Range, test: str, bound: str, expected: Truth) -> None:
    assert getattr(value, test)(Decimal(bound)) is expected


@pytest.mark.parametrize(("drug", "expected"), DRUGS.items(), ids=lambda v: str(v) or "nothing")
def test_drugs_are_classified_or_left_open(drug: str, expected: Truth) -> None:
    assert is_checkpoint_inhibitor(drug) is expected


def test_one_checkpoint_inhibitor_makes_the_regimen_one() -> None:
    assert contains_checkpoint_inhibitor(["bevacizumab", "atezolizumab"]) is Truth.TRUE
    assert contains_checkpoint_inhibitor(["sorafenib", "XYZ-101"]) is Truth.UNKNOWN
    assert contains_checkpoint_inhibitor([]) is Truth.UNKNOWN


@pytest.mark.parametrize(("drug", "dose"), STEROIDS)
def test_steroid_equivalents(drug: str, dose: str) -> None:
    assert prednisone_equivalent_mg(drug, Decimal(dose)) == Decimal(STEROIDS[drug, dose])
    assert prednisone_equivalent_mg("budesonide", Decimal(9)) is None


def test_a_value_that_breaks_its_limit_is_printed_with_the_comparison_that_holds() -> None:
    kept, broken = (LabResult("hemoglobin", Decimal(v), unit="g/dL") for v in ("8.0", "7.0"))

    def printed(result: LabResult) -> str:
        value = Converted(Decimal(str(result.value)), "g/dL")
        return compared(result, value, Decimal("8.0"), Range.at_least, ">=").evidence[0].compared_as

    assert (printed(kept), printed(broken)) == ("8.0 g/dL >= 8.0 g/dL", "7.0 g/dL < 8.0 g/dL")
