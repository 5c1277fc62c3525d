# ruff: noqa: E501  (the tables are wide on purpose)
"""FHIR R4 bundles: what is read, what is never assumed, and that the same record gives the same verdicts."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from eligibility.screening import screen
from tests.eligibility_records import facts, protocol, record
from workup.errors import RecordError
from workup.record.analytes import LABS, VIROLOGY, analytes_resembling
from workup.record.fhir import is_bundle, record_of_bundle
from workup.record.lab_table_files import read_lab_table, with_lab_tables
from workup.record.record import parse_record
from workup.record.record_files import parse_json, read_record_file

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"


def observation(code: str, value: dict[str, Any], *, system: str = LOINC, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "effectiveDateTime": "2025-03-05T07:40:00+09:00",
        **value,
        **more,
    }


def quantity(value: Any, unit: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}


def coded(text: str) -> dict[str, Any]:
    return {"valueCodeableConcept": {"text": text}}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def read(*resources: dict[str, Any]) -> Any:
    text = json.dumps(bundle(*resources))
    return parse_record(record_of_bundle(parse_json(text)).raw)


def lab_range(low: Any, high: Any, unit: str, kind: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}
    if kind is not None:
        found["type"] = {"coding": [{"system": MEANING, "code": kind}]}
    return found


_CODES = {analyte: code for code, analyte in reversed(LABS.items())}
_VIROLOGY = {field: code for code, field in reversed(VIROLOGY.items())}


def bundle_of(made: dict[str, Any]) -> dict[str, Any]:
    """The part of a record that FHIR has a form for, and the rest as a questionnaire."""
    resources = [
        {
            "resourceType": "Patient",
            "gender": made["demographics"]["sex"],
            "birthDate": made["demographics"]["birth_date"],
        },
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": {"coding": [{"code": "research"}]},
            "dateTime": made["reference_dates"]["consent"],
        },
    ]
    for lab in made["labs"]:
        limits = (
            {"referenceRange": [{"high": {"value": lab["uln"], "unit": lab["unit"]}}]} if "uln" in lab else {}
        )
        value = quantity(lab["value"], lab["unit"])
        resources.append(observation(_CODES[lab["analyte"]], value, effectiveDateTime=lab["date"], **limits))
    for field, value in made["virology"].items():
        if field in _VIROLOGY and value is not None:
            resources.append(observation(_VIROLOGY[field], coded(value)))
    items = [
        (f"{block}.{name}", value)
        for block, names in {
            "reference_dates": ("screening", "treatment_start"),
            "liver": ("ascites", "ascites_intractable", "encephalopathy_grade"),
            "virology": ("hbv_antiviral", "hcv_antiviral"),
        }.items()
        for name in names
        if (value := made[block][name]) is not None
    ]
    answers = [{"linkId": path, "answer": [_answer(value)]} for path, value in items]
    resources.append({"resourceType": "QuestionnaireResponse", "status": "completed", "item": answers})
    resources.append(observation("89247-1", {"valueInteger": made["performance"]["ecog"]}))
    resources.append(observation("29463-7", quantity(made["vitals"]["weight_kg"], "kg")))
    return bundle(*resources)


def _answer(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    return {"valueInteger": value} if isinstance(value, int) else {"valueString": value}


@pytest.mark.parametrize(
    "changes",
    [{}, {"labs[albumin].value": "27"}, {"virology.hbsag": "positive"}, {"labs[inr]": {"value": "1.9"}}],
    ids=["complete", "low albumin", "hepatitis B", "high INR"],
)
def test_a_bundle_of_a_record_gives_the_same_verdicts(changes: dict[str, Any]) -> None:
    made = record(changes)
    text = json.dumps(bundle_of(made))
    known = parse_record(record_of_bundle(parse_json(text)).raw)
    ours, theirs = screen(parse_record(made), protocol()), screen(known, protocol())

    for id_ in ["I1", "I2", "I6", "I7", *(f"I8.{n}" for n in range(1, 10)), "E11", "E12"]:
        assert theirs.verdicts[id_].status is ours.verdicts[id_].status, id_


def test_what_a_bundle_does_not_say_stays_unknown() -> None:
    known = read({"resourceType": "Patient", "gender": "unknown", "birthDate": "1960"})

    assert known.demographics.sex is None
    assert str(known.demographics.birth_date) == "1960"
    assert known.labs is None
    assert known.comorbidity.autoimmune is None
    assert {v.status for v in screen(known, protocol()).verdicts.values()} <= {"UNKNOWN", "PASS"}


# fmt: off
LAB_CASES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "a comparator":                  (observation("1742-6", {"valueQuantity": {"value": 5, "comparator": "<", "unit": "U/L"}}), {"comparator": "<", "value": "5"}),
    "a normal range":                (observation("6301-6", quantity("1.1", "1"), referenceRange=[lab_range("0.8", "1.2", "1", "normal")]), {"uln": "1.2", "reference_range_kind": "normal"}),
    "a therapeutic range beside it": (observation("6301-6", quantity("1.1", "1"), referenceRange=[lab_range("2", "3", "1", "therapeutic"), lab_range("0.8", "1.2", "1")]), {"uln": "1.2"}),
    "a critical range":              (observation("1742-6", quantity("40", "U/L"), referenceRange=[lab_range("5", "100", "U/L", "critical")]), {"uln": None}),
    "a range with a modifier":       (observation("1742-6", quantity("40", "U/L"), referenceRange=[{**lab_range("5", "40", "U/L"), "modifierExtension": [{"url": "urn:x"}]}]), {"value": "40", "uln": None}),
    "only a therapeutic range":      (observation("6301-6", quantity("1.1", "1"), referenceRange=[lab_range("2", "3.5", "1", "therapeutic")]), {"uln": None}),
    "two normal ranges":             (observation("1742-6", quantity("40", "U/L"), referenceRange=[lab_range("5", "40", "U/L"), lab_range("5", "30", "U/L")]), {"uln": None}),
    "a range in another unit":       (observation("1742-6", quantity("40", "U/L"), referenceRange=[lab_range("0.1", "0.7", "ukat/L")]), {"uln": None}),
    "a range for others":            (observation("1742-6", quantity("40", "U/L"), referenceRange=[{**lab_range("5", "40", "U/L"), "appliesTo": [{"text": "women"}]}]), {"uln": None}),
    "data that are absent":          (observation("1742-6", {"dataAbsentReason": {"text": "error"}}), {"value": None}),
    "a preliminary result":          (observation("1742-6", quantity("40", "U/L"), status="preliminary"), None),
    "a result entered in error":     (observation("1742-6", quantity("40", "U/L"), status="entered-in-error"), None),
    "the code of another system":    (observation("1742-6", quantity("40", "U/L"), system="urn:oid:2.16.840.1.113883.6.238"), None),
    "a percentage of neutrophils":   (observation("770-8", quantity("60", "%")), None),
    "prothrombin time in seconds":   (observation("5902-2", quantity("12", "s")), None),
    "direct bilirubin":              (observation("1968-7", quantity("0.2", "mg/dL")), None),
}
# fmt: on


@pytest.mark.parametrize(("resource", "expected"), LAB_CASES.values(), ids=LAB_CASES)
def test_laboratory_observations(resource: dict[str, Any], expected: dict[str, Any] | None) -> None:
    labs = read(resource).labs

    if expected is None:
        assert labs is None
        return
    assert len(labs) == 1
    for field, value in expected.items():
        found = getattr(labs[0], field)
        assert (None if found is None else str(found)) == value, field


def test_a_result_under_codes_of_two_things_is_a_value_of_neither() -> None:
    both = observation("1742-6", quantity("40", "U/L"))
    both["code"]["coding"].append({"system": LOINC, "code": "1920-8"})
    same = observation("1743-4", quantity("40", "U/L"))
    same["code"]["coding"].insert(0, {"system": LOINC, "code": "1742-6"})

    assert {(lab.analyte, lab.value) for lab in read(both).labs} == {("alt", None), ("ast", None)}
    assert [str(lab.value) for lab in read(same).labs] == ["40"]


def test_panels_are_read_by_their_components() -> None:
    panel = observation("24323-8", {})
    del panel["code"]
    panel["component"] = [
        {"code": {"coding": [{"system": LOINC, "code": "1742-6"}]}, **quantity("40", "U/L")},
        {"code": {"coding": [{"system": LOINC, "code": "1920-8"}]}, **quantity("50", "U/L")},
    ]
    labs = read(panel).labs

    assert [(lab.analyte, str(lab.date)) for lab in labs] == [("alt", "2025-03-05"), ("ast", "2025-03-05")]


# fmt: off
RESULTS = {
    "a word": (coded("Non-reactive"), "negative"), "another": (coded("POSITIVE"), "positive"),
    "a SNOMED code": ({"valueCodeableConcept": {"coding": [{"code": "260385009"}]}}, "negative"),
    "an interpretation": ({"interpretation": [{"coding": [{"code": "POS"}]}]}, "positive"),
    "a text nobody listed": (coded("see comment"), None), "a number": (quantity("0.3", "1"), None),
    "a contradiction": ({**coded("negative"), "interpretation": [{"coding": [{"code": "POS"}]}]}, None),
}
# fmt: on


@pytest.mark.parametrize(("value", "expected"), RESULTS.values(), ids=RESULTS)
def test_virology_is_understood_or_left_unknown(value: dict[str, Any], expected: str | None) -> None:
    assert read(observation("5196-1", value)).virology.hbsag == expected


def test_the_latest_of_several_counts_and_a_contradiction_is_unknown() -> None:
    old = observation("5196-1", coded("positive"), effectiveDateTime="2024-01-01")
    new = observation("5196-1", coded("negative"), effectiveDateTime="2025-01-01")
    same = observation("5196-1", coded("positive"), effectiveDateTime="2025-01-01")

    assert read(new, old).virology.hbsag == "negative"
    assert read(new, same).virology.hbsag is None


def test_pregnancy_performance_and_size() -> None:
    known = read(
        observation("82810-3", {"valueCodeableConcept": {"coding": [{"code": "60001007"}]}}),
        observation("89247-1", {"valueCodeableConcept": {"coding": [{"code": "LA9623-5"}]}}),
        observation("29463-7", quantity(68500, "g")),
        observation("8302-2", quantity(1.7, "m")),
    )

    assert known.reproductive.pregnant is False
    assert known.performance.ecog == 1
    assert (str(known.vitals.weight_kg), str(known.vitals.height_cm)) == ("68.500", "170.0")


def test_odd_resources_never_reject_a_bundle(tmp_path: Path) -> None:
    odd = bundle(
        {"resourceType": "Observation", "status": "final", "code": None, "component": "x"},
        {"resourceType": "Device"},
        {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [{"linkId": "x"}]},
        observation("1742-6", quantity("40", "U/L"), extension=[{"url": "urn:any"}], unknownField=1),
    )
    odd["entry"] += [None, {"fullUrl": "urn:x"}, {"resource": "text"}]
    (tmp_path / "b.json").write_text(json.dumps(odd), encoding="utf-8")

    found = read_record_file(tmp_path / "b.json")

    assert len(found.facts.labs or ()) == 1
    assert any("Device" in warning for warning in found.warnings)
    assert is_bundle(odd)
    assert not is_bundle(record())


def test_two_patients_are_refused() -> None:
    with pytest.raises(RecordError, match="2 patients"):
        read({"resourceType": "Patient"}, {"resourceType": "Patient"})


# --- which of several statements counts ------------------------------------------------------------------


def on(date: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "effectiveDateTime": date}


def ecog(date: str, grade: int) -> dict[str, Any]:
    return on(date, observation("89247-1", {"valueInteger": grade}))


def hbsag(date: str, text: str) -> dict[str, Any]:
    return on(date, observation("5196-1", coded(text)))


def questionnaire(authored: str | None, **answers: Any) -> dict[str, Any]:
    items = [{"linkId": p.replace("__", "."), "answer": [_answer(v)]} for p, v in answers.items()]
    made = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": items}
    return made if authored is None else {**made, "authored": authored}


def screened_on(date: str) -> dict[str, Any]:
    return questionnaire(None, reference_dates__screening=date)


# fmt: off
ECOG_3 = observation("89247-1", quantity(3, "1"))  # an amount is no grade
WHICH_ECOG: dict[str, tuple[list[dict[str, Any]], int | None]] = {
    "the latest of three, whatever their order":      ([ecog("2025-06-01", 2), ecog("2025-06-20", 2), ecog("2025-06-10", 1)], 2),
    "the latest is not understood":                   ([ecog("2025-05-01", 1), on("2025-06-20", ECOG_3)], None),
    "an older one is not understood":                 ([ecog("2025-06-20", 1), on("2025-05-01", ECOG_3)], 1),
    "one without a day that differs":                 ([ecog("2025-06-20", 1), ecog("", 2) | {"effectiveDateTime": None}], None),
    "one without a day that agrees":                  ([ecog("2025-06-20", 1), ecog("", 1) | {"effectiveDateTime": None}], 1),
    "a month that may be later":                      ([ecog("2025-06-20", 1), ecog("2025-06", 2)], None),
    "a month that is over":                           ([ecog("2025-06-20", 1), ecog("2025-05", 2)], 1),
    "a later one than screening":                     ([screened_on("2025-06-30"), ecog("2025-06-29", 2), ecog("2025-12-20", 1)], 2),
    "only later ones than screening":                 ([screened_on("2025-06-30"), ecog("2025-12-20", 1)], None),
    "a month in which screening lies":                ([screened_on("2025-06-10"), ecog("2025-06", 1), ecog("2025-05-20", 2)], None),
    "questionnaires, the later one first":            ([questionnaire("2025-06-25", performance__ecog=2), questionnaire("2025-05-01", performance__ecog=1)], 2),
    "questionnaires without dates that differ":       ([questionnaire(None, performance__ecog=2), questionnaire(None, performance__ecog=1)], None),
    "a questionnaire after screening that differs":   ([screened_on("2025-06-30"), questionnaire("2025-06-25", performance__ecog=2), questionnaire("2025-07-15", performance__ecog=1)], None),
    "a questionnaire written after screening alone":  ([screened_on("2025-06-30"), questionnaire("2025-07-15", performance__ecog=1)], 1),
    "a questionnaire and a result that differ":       ([questionnaire("2025-06-25", performance__ecog=1), ecog("2025-06-20", 2)], None),
    "a questionnaire and a result that agree":        ([ecog("2025-06-20", 1), questionnaire("2025-06-25", performance__ecog=1)], 1),
    "a modifier that is not known":                   ([ecog("2025-05-01", 1), ecog("2025-06-20", 1) | {"modifierExtension": [{"url": "urn:x"}]}], None),
    "two grades in one result":                       ([observation("89247-1", {"valueInteger": 1, "valueCodeableConcept": {"coding": [{"code": "LA9625-0"}]}})], None),
}
# fmt: on


@pytest.mark.parametrize("name", WHICH_ECOG)
def test_of_several_performance_states_the_latest_by_screening_counts_or_none(name: str) -> None:
    resources, expected = WHICH_ECOG[name]

    assert read(*resources).performance.ecog == expected
    assert read(*reversed(resources)).performance.ecog == expected


def test_what_is_left_unknown_or_out_is_said() -> None:
    newest = record_of_bundle(parse_json(json.dumps(bundle(ecog("2025-05-01", 1), on("2025-06-20", ECOG_3)))))
    older = record_of_bundle(parse_json(json.dumps(bundle(ecog("2025-06-20", 1), on("2025-05-01", ECOG_3)))))

    assert newest.warnings == ["performance.ecog: the result is not understood; left unknown"]
    assert older.warnings == [
        "performance.ecog: a result that is not understood is left out; a later one counts"
    ]
    assert record_of_bundle(bundle({"resourceType": "Device"}, {"resourceType": "Device"})).warnings == [
        "Device is not read (2 times)"
    ]


# fmt: off
HEPATITIS: dict[str, tuple[list[dict[str, Any]], str, str | None]] = {
    "a later text that is not listed":          ([hbsag("2020-05-01", "negative"), hbsag("2025-06-20", "Positive (1250 IU/mL)")], "hbsag", None),
    "a result after screening that differs":    ([screened_on("2025-06-30"), hbsag("2025-06-20", "positive"), hbsag("2025-07-20", "negative")], "hbsag", None),
    "a result after screening that agrees":     ([screened_on("2025-06-30"), hbsag("2025-06-20", "negative"), hbsag("2025-07-20", "negative")], "hbsag", "negative"),
    "copies that were counted":                 ([observation("42595-9", quantity(20000, "[IU]/mL"))], "hbv_dna", "detectable"),
    "no copies":                                ([observation("42595-9", quantity(0, "[IU]/mL"))], "hbv_dna", None),
    "copies below a limit":                     ([observation("11011-4", {"valueQuantity": {"value": 15, "comparator": "<", "unit": "[IU]/mL"}})], "hcv_rna", None),
    "copies below a limit, called none":        ([observation("11011-4", {"valueQuantity": {"value": 15, "comparator": "<", "unit": "[IU]/mL"}, "interpretation": [{"coding": [{"code": "ND"}]}]})], "hcv_rna", "undetectable"),
    "copies that are called none":              ([observation("42595-9", {**quantity(20000, "[IU]/mL"), "interpretation": [{"coding": [{"code": "NEG"}]}]})], "hbv_dna", None),
    "a negative antigen beside unread DNA":     ([hbsag("2025-06-20", "negative"), observation("42595-9", coded("see comment"))], "hbsag", None),
    "a positive antigen beside unread DNA":     ([hbsag("2025-06-20", "positive"), observation("42595-9", coded("see comment"))], "hbsag", "positive"),
}
# fmt: on


@pytest.mark.parametrize("name", HEPATITIS)
def test_a_hepatitis_test_that_is_not_understood_never_leaves_an_older_negative(name: str) -> None:
    resources, field, expected = HEPATITIS[name]

    assert getattr(read(*resources).virology, field) == expected
    assert getattr(read(*reversed(resources)).virology, field) == expected


def test_the_day_of_the_result_that_counts_is_kept() -> None:
    known = read(screened_on("2025-06-30"), hbsag("2025-05-01", "negative"), hbsag("2025-06-20", "negative"))

    assert str(known.provenance["virology.hbsag"].recorded_on) == "2025-06-20"


def test_a_questionnaire_fills_lists_and_nested_items_and_is_refused_where_one_answer_is_meant() -> None:
    risks = [{"valueString": "cirrhosis"}, {"valueString": "chronic_hepatitis_b"}]
    nested = {"linkId": "group", "item": [{"linkId": "diagnosis.risk_factors", "answer": risks}]}
    complete = {"linkId": "labs_complete", "answer": [{"valueBoolean": False}]}
    known = read({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [nested, complete]})

    assert known.diagnosis.risk_factors == ("cirrhosis", "chronic_hepatitis_b")
    assert known.incomplete == {"labs"}
    grades = {"linkId": "performance.ecog", "answer": [{"valueInteger": 1}, {"valueInteger": 3}]}
    for item, code in (
        (grades, "FHIR_ANSWERS"),
        ({**grades, "linkId": "labs.x.y"}, "FHIR_LINK_ID"),
        ({**grades, "linkId": "performance.ecog.value"}, "FHIR_LINK_ID"),
        ({**grades, "linkId": "performance.ecgo"}, "FHIR_LINK_ID"),
        ({**grades, "linkId": "treatments.systemic"}, "FHIR_LINK_ID"),
    ):
        with pytest.raises(RecordError) as refused:
            read({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]})
        assert refused.value.code == code


# --- consent, ranges, subjects --------------------------------------------------------------------------


def consent(**more: Any) -> dict[str, Any]:
    scope = {"coding": [{"code": "research"}]}
    return {"resourceType": "Consent", "status": "active", "scope": scope, "dateTime": "2025-06-29", **more}


DENIES = {"provision": {"type": "permit", "provision": [{"type": "deny"}]}}
CONSENTS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "one that is active": ([consent()], "signed 2025-06-29"),
    "the same twice": ([consent(), consent()], "signed 2025-06-29"),
    "one that permits": ([consent(provision={"type": "permit"})], "signed 2025-06-29"),
    "a draft beside it": ([consent(), consent(status="draft", dateTime="2025-07-05")], "signed 2025-06-29"),
    "one that denies": ([consent(provision={"type": "deny"})], "open"),
    "one that denies something": ([consent(**DENIES)], "open"),
    "one that opts out": ([consent(policyRule={"coding": [{"code": "OPTOUT"}]})], "open"),
    "one that was withdrawn": ([consent(), consent(status="inactive", dateTime="2025-07-05")], "open"),
    "one of another day": ([consent(), consent(dateTime="2026-02-01")], "open"),
    "a modifier that is not known": ([consent(modifierExtension=[{"url": "urn:x"}])], "open"),
    "a questionnaire that denies it": (
        [consent(), questionnaire(None, consent__signed=False)],
        "open 2025-06-29",
    ),
}


@pytest.mark.parametrize("name", CONSENTS)
def test_only_one_plain_active_consent_counts(name: str) -> None:
    resources, expected = CONSENTS[name]
    for order in (resources, resources[::-1]):
        known = read(*order)
        day = known.reference_dates.consent
        found = "signed" if known.consent.signed is True else "open" if known.consent.signed is None else "?"
        assert f"{found} {day or ''}".strip() == expected


@pytest.mark.parametrize(
    ("kind", "uln"),
    [
        ({"text": "critical"}, None),
        ({"text": "Normal Range"}, "100"),
        ({"text": "Panel 4"}, None),
        ({}, "100"),
    ],
)
def test_a_range_that_calls_itself_something_else_is_no_limit_of_normal(kind: Any, uln: str | None) -> None:
    limits = {**lab_range("5", "100", "U/L"), "type": kind}
    lab = read(observation("1742-6", quantity("300", "U/L"), referenceRange=[limits])).labs[0]

    assert (None if lab.uln is None else str(lab.uln)) == uln


def test_a_laboratory_result_with_an_unknown_modifier_has_no_value() -> None:
    negated = observation("718-7", quantity("9.5", "g/dL"), modifierExtension=[{"url": "urn:negated"}])
    lab = read(negated).labs[0]

    assert (lab.value, str(lab.date)) == (None, "2025-03-05")


MODIFIED = {"modifierExtension": [{"url": "urn:not-known"}]}
_ANSWER = {"valueInteger": 1}
_ITEM = {"linkId": "performance.ecog", "answer": [_ANSWER]}
_ANSWERED = questionnaire("2025-06-20", performance__ecog=1)


def _negative(**more: Any) -> dict[str, Any]:
    return {**bundle(hbsag("2025-06-20", "negative")), **more}


def _panel(modified: str) -> dict[str, Any]:
    component = {"code": {"coding": [{"system": LOINC, "code": "89247-1"}]}, "valueInteger": 1}
    panel = on("2025-06-20", observation("24323-8", {}, component=[component]))
    (panel if modified == "panel" else component).update(MODIFIED)
    return panel


# fmt: off
_OLD_ECOG, _OLD_HBSAG = ecog("2025-05-01", 1), hbsag("2025-05-01", "negative")
UNKNOWN_MODIFIERS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "a result":                    (bundle(_OLD_HBSAG, hbsag("2025-06-20", "negative") | MODIFIED), "virology.hbsag", None),
    "implicit rules of a result":  (bundle(_OLD_HBSAG, hbsag("2025-06-20", "negative") | {"implicitRules": "urn:x"}), "virology.hbsag", None),
    "a value":                     (bundle(_OLD_ECOG, on("2025-06-20", observation("89247-1", {"valueCodeableConcept": {"coding": [{"code": "LA9623-5"}], **MODIFIED}}))), "performance.ecog", None),
    "a panel":                     (bundle(_OLD_ECOG, _panel("panel")), "performance.ecog", None),
    "a component":                 (bundle(_OLD_ECOG, _panel("component")), "performance.ecog", None),
    "the patient":                 (bundle({"resourceType": "Patient", "birthDate": "1960-01-01", "gender": "male", **MODIFIED}), "demographics.birth_date", None),
    "a consent":                   (bundle(consent(**MODIFIED)), "consent.signed", None),
    "a policy of a consent":       (bundle(consent(policy=[{"uri": "urn:p", **MODIFIED}])), "consent.signed", None),
    "a provision":                 (bundle(consent(provision={"type": "permit", "provision": [MODIFIED]})), "consent.signed", None),
    "a questionnaire":             (bundle(_OLD_ECOG, _ANSWERED | MODIFIED), "performance.ecog", None),
    "an item":                     (bundle(_OLD_ECOG, _ANSWERED | {"item": [_ITEM | MODIFIED]}), "performance.ecog", None),
    "a group of items":            (bundle(_OLD_ECOG, _ANSWERED | {"item": [{"linkId": "group", "item": [_ITEM], **MODIFIED}]}), "performance.ecog", None),
    "an answer":                   (bundle(_OLD_ECOG, _ANSWERED | {"item": [_ITEM | {"answer": [_ANSWER | MODIFIED]}]}), "performance.ecog", None),
    "an entry":                    ({"resourceType": "Bundle", "entry": [{"resource": hbsag("2025-06-20", "negative"), **MODIFIED}]}, "virology.hbsag", None),
    "rules of the bundle":         (_negative(implicitRules="urn:x"), "virology.hbsag", None),
    "a contained resource (no)":   (bundle(hbsag("2025-06-20", "negative") | {"contained": [{"resourceType": "Device", **MODIFIED}]}), "virology.hbsag", "negative"),
    "another item (no)":           (bundle(_ANSWERED | {"item": [_ITEM, {"linkId": "vitals.weight_kg", **MODIFIED}]}), "performance.ecog", 1),
}
# fmt: on


@pytest.mark.parametrize("name", UNKNOWN_MODIFIERS)
def test_what_something_unknown_modifies_is_not_understood_and_hides_what_is_older(name: str) -> None:
    document, path, expected = UNKNOWN_MODIFIERS[name]
    known = parse_record(record_of_bundle(parse_json(json.dumps(document))).raw)
    block, field = path.split(".")

    assert getattr(getattr(known, block), field) == expected


PATIENT = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:mrn", "value": "7"}]}
SUBJECTS = {
    "its id": ({"reference": "Patient/p1"}, True),
    "its id with a version": ({"reference": "Patient/p1/_history/2"}, True),
    "its id as a UUID": ({"reference": "urn:uuid:p1"}, True),
    "its address": ({"reference": "https://example.org/fhir/Patient/p1"}, True),
    "its identifier": ({"identifier": {"system": "urn:mrn", "value": "7"}}, True),
    "another identifier": ({"identifier": {"system": "urn:mrn", "value": "8"}}, False),
    "somebody else": ({"reference": "Patient/somebody-else"}, False),
    "an id that ends alike": ({"reference": "Patient/xp1"}, False),
    "a device": ({"reference": "Device/p1"}, False),
    "one contained in the result": ({"reference": "#p1"}, False),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_is_of_another_subject_is_refused(name: str) -> None:
    subject, accepted = SUBJECTS[name]
    resources = (PATIENT, observation("718-7", quantity("9.5", "g/dL"), subject=subject))
    if accepted:
        assert len(read(*resources).labs) == 1
        return
    with pytest.raises(RecordError) as refused:
        read(*resources)
    assert refused.value.code == "FHIR_PATIENTS"
    assert "somebody" not in str(refused.value)


def test_without_a_patient_all_must_be_of_one_subject() -> None:
    one, two = (
        observation("718-7", quantity("9.5", "g/dL"), subject={"reference": f"Patient/{n}"}) for n in "ab"
    )

    assert len(read(one, one).labs) == 2
    with pytest.raises(RecordError, match="several subjects"):
        read(one, two)


# --- laboratory values as a table ----------------------------------------------------------------------

TABLE = """analyte,value,comparator,unit,uln,date,source
Hemoglobin,11.9,,g/dL,,2025-03-07,LIS
total bilirubin,0.4,<,mg/dL,1.2,2025-03-07,LIS
CRP,3,,mg/L,,2025-03-07,LIS
"""


def test_laboratory_values_come_from_a_table_too(tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "labs2.csv").write_text(TABLE.replace(",", ";"), encoding="utf-8-sig")
    (tmp_path / "labs3.csv").write_text(TABLE.replace(",", "\t"), encoding="utf-8")
    (tmp_path / "labs4.csv").write_text(TABLE.partition("\n")[0], encoding="utf-8")

    table = read_lab_table(tmp_path / "labs.csv")
    known = with_lab_tables(facts(), [table])

    assert table.ignored == ("CRP",)
    assert table.warnings == ("labs.csv: not read, no criterion needs it: CRP",)
    assert read_lab_table(tmp_path / "labs2.csv").results == table.results
    assert read_lab_table(tmp_path / "labs3.csv").results == table.results
    assert read_lab_table(tmp_path / "labs4.csv").warnings == ("labs4.csv: holds no result",)
    assert len(known.labs or ()) == 11
    assert screen(known, protocol()).verdicts["I8.1"].evidence[0].value == "11.9"
    assert with_lab_tables(facts(), []) == facts()


# fmt: off
TABLE_FAULTS = {
    "a title above":      ("Labs of June,,\n" + TABLE, "TABLE_COLUMN_UNKNOWN", "delete titles"),
    "a decimal comma":    (TABLE.replace(",", ";").replace("11.9", "11,9"), "NUMBER_UNREADABLE", "a point before"),
    "a fault below a blank line": (TABLE + "\nALT,3\n", "TABLE_ROW_LENGTH", "line 6"),
    "an unknown column":  (TABLE.replace("source", "origin"), "TABLE_COLUMN_UNKNOWN", "origin"),
    "no unit":            ("analyte,value,date\nALT,1,2025-01-01\n", "TABLE_COLUMN_MISSING", "unit"),
    "a column twice":     (TABLE.replace("source", "value"), "KEY_TWICE", "twice"),
    "a short row":        (TABLE + "ALT,3\n", "TABLE_ROW_LENGTH", "line 5"),
    "a number that is none": (TABLE.replace("11.9", "high"), "NUMBER_UNREADABLE", "line 2"),
    "no date":            (TABLE.replace("2025-03-07", "7 March"), "DATE_UNREADABLE", "line 2"),
}
# fmt: on


@pytest.mark.parametrize(("text", "code", "says"), TABLE_FAULTS.values(), ids=TABLE_FAULTS)
def test_a_faulty_table_names_its_line(text: str, code: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text(text, encoding="utf-8")

    with pytest.raises(RecordError, match=says) as refused:
        read_lab_table(tmp_path / "labs.csv")

    assert refused.value.code == code


def test_a_result_of_a_table_without_a_source_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text(TABLE.replace("LIS", ""), encoding="utf-8")

    assert [r.source for r in read_lab_table(tmp_path / "labs.csv").results] == [
        "labs.csv, line 2",
        "labs.csv, line 3",
    ]


# fmt: off
NAMES: dict[str, tuple[str, ...]] = {
    "Haemoglobine": ("hemoglobin",), "Hemoglobin (g/dL)": ("hemoglobin",), "Hemoglobin, whole blood": ("hemoglobin",),
    "Hämoglobin": ("hemoglobin",), "AST/GOT": ("ast",), "ALT, AST": ("alt", "ast"), "Bilirubin": ("bilirubin_total",),
    "Neutrophils": ("anc",), "Creatinin": ("creatinine",), "Albumine": ("albumin",), "PT (INR)": ("inr",),
    "Bilirubin, direct": (), "Urine creatinine": (), "Creatine kinase": (), "Hemoglobin A1c": (), "Methemoglobin": (),
    "Neutrophils %": (), "Mean platelet volume": (), "Albumin/globulin ratio": (), "Prealbumin": (), "CRP": (), "GGT": (),
    "혈색소(전혈)": ("hemoglobin",), "빌리루빈": ("bilirubin_total",), "당화혈색소": (), "직접빌리루빈": (), "나트륨": (),
    "ALP": (), "PT": (), "Hematocrit": (), "HBs antigen": (), "": (),
}
# fmt: on


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_stands_in_no_table_may_mean_an_analyte(name: str) -> None:
    assert analytes_resembling(name) == NAMES[name]


OPEN_TABLES = {
    "a later result under such a name": ("Haemoglobine,5,g/dL,2025-03-08", "UNKNOWN"),
    "one without a day": ("Haemoglobine,5,g/dL,", "UNKNOWN"),
    "one of an earlier day": ("Haemoglobine,5,g/dL,2025-01-08", "PASS"),
    "a later result under its Korean name": ("헤모글로빈,5,g/dL,2025-03-08", "FAIL"),
    "a Korean name in decomposed letters": (normalize("NFD", "혈색소,5,g/dL,2025-03-08"), "FAIL"),
    "a name that means something else": ("Hemoglobin A1c,5,%,2025-03-08", "PASS"),
}


@pytest.mark.parametrize("name", OPEN_TABLES)
def test_no_earlier_result_decides_beside_one_that_may_be_of_the_analyte(name: str, tmp_path: Path) -> None:
    row, expected = OPEN_TABLES[name]
    (tmp_path / "labs.csv").write_text(f"analyte,value,unit,date\n{row}\n", encoding="utf-8")
    table = read_lab_table(tmp_path / "labs.csv")
    verdicts = screen(with_lab_tables(facts(), [table]), protocol()).verdicts

    assert verdicts["I8.1"].status == expected
    assert verdicts["I8.3"].status == "PASS"
    assert bool(table.warnings) is (expected != "FAIL")


def test_a_name_in_other_letters_is_not_said_to_be_needless(tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text("analyte,value,unit,date\nヘモグロビン,5,g/dL,2025-03-08\n", "utf-8")

    said = "labs.csv: not understood, see that no criterion needs it: ヘモグロビン"
    assert read_lab_table(tmp_path / "labs.csv").warnings == (said,)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_a_table_end_as_on_any_computer(end: str, tmp_path: Path) -> None:
    lines = ("analyte,value,unit,date", "Hb,11,g/dL,2025-03-08", "")
    (tmp_path / "labs.csv").write_bytes(end.join(lines).encode())

    assert [result.value for result in read_lab_table(tmp_path / "labs.csv").results] == [Decimal(11)]
