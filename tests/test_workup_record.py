# ruff: noqa: E501  (the tables of faults are wide on purpose)
"""Records: what is read, what is refused, and that every fault names its place."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eligibility.patient import Provenance, Source, Statement
from eligibility.screening import screen
from tests.eligibility_records import facts, protocol, record
from workup.errors import RecordError
from workup.record.record import check_record, json_schema, parse_record, record_mapping
from workup.record.record_files import (
    check_record_file,
    parse_json,
    parse_yaml,
    read_record,
    read_record_file,
)
from workup.record.template import template_text

# fmt: off
FAULTS = {
    "a misspelled field":             ({"liver.ascitis": "none"}, "liver.ascitis", "FIELD_UNKNOWN", "'ascites'"),
    "a misspelled block":             ({"virologie": {}}, "virologie", "FIELD_UNKNOWN", "'virology'"),
    "a field of another list":        ({"treatments.systemic": [{"end_date": "2024"}]}, "treatments.systemic[0].end_date", "FIELD_UNKNOWN", "'end'"),
    "a misspelled choice":            ({"liver.ascites": "mlid"}, "liver.ascites", "VALUE_UNKNOWN", "'mild'"),
    "a level in lower case":          ({"imaging.thrombi[0].level": "vp3"}, "imaging.thrombi[0].level", "VALUE_UNKNOWN", "'Vp3'"),
    "an unknown analyte":             ({"labs[alt].analyte": "albumine"}, "labs[5].analyte", "VALUE_UNKNOWN", "'albumin'"),
    "a number as float":              ({"vitals.weight_kg": 70.5}, "vitals.weight_kg", "NUMBER_NOT_EXACT", "70.5"),
    "a number with a comparator":     ({"labs[alt].value": "<5"}, "labs[5].value", "NUMBER_UNREADABLE", "comparator"),
    "a number with a comma":          ({"labs[alt].value": "5,5"}, "labs[5].value", "NUMBER_UNREADABLE", "5,5"),
    "not a number":                   ({"labs[alt].value": "NaN"}, "labs[5].value", "NUMBER_UNREADABLE", "NaN"),
    "half a grade":                   ({"performance.ecog": "1.5"}, "performance.ecog", "NUMBER_NOT_WHOLE", "1.5"),
    "a grade there is not":           ({"performance.ecog": 6}, "performance.ecog", "VALUE_INVALID", "5"),
    "yes for true":                   ({"consent.signed": "yes"}, "consent.signed", "NOT_TRUE_OR_FALSE", "'yes'"),
    "one for true":                   ({"consent.signed": 1}, "consent.signed", "NOT_TRUE_OR_FALSE", "1"),
    "30 February":                    ({"reference_dates.screening": "2025-02-30"}, "reference_dates.screening", "DATE_UNREADABLE", "2025-02-30"),
    "a day with its time":            ({"labs[alt].date": "2025-03-05T08:00"}, "labs[5].date", "DATE_UNREADABLE", "YYYY-MM-DD"),
    "albumin in the wrong unit":      ({"labs[albumin].unit": "g/dL"}, "labs[4].value", "VALUE_IMPLAUSIBLE", "check the unit"),
    "creatinine in the wrong unit":   ({"labs[creatinine].unit": "umol/L"}, "labs[8].value", "VALUE_IMPLAUSIBLE", "check the unit"),
    "a hemoglobin of 112":            ({"labs[hemoglobin].value": "112"}, "labs[0].value", "VALUE_IMPLAUSIBLE", "25"),
    "an INR of 20":                   ({"labs[inr].value": "20"}, "labs[7].value", "VALUE_IMPLAUSIBLE", "15"),
    "a negative result":              ({"labs[alt].value": "-3"}, "labs[5].value", "VALUE_IMPLAUSIBLE", "negative"),
    "a weight of 7 kg":               ({"vitals.weight_kg": "7"}, "vitals.weight_kg", "VALUE_IMPLAUSIBLE", "25"),
    "an end before its start":        ({"treatments.systemic": [{"start": "2025-01-05", "end": "2024-12"}]}, "treatments.systemic[0].end", "VALUE_IMPLAUSIBLE", "before it starts"),
    "consent before birth":           ({"reference_dates.consent": "1950-01-01"}, "reference_dates.consent", "VALUE_IMPLAUSIBLE", "before the date of birth"),
    "two defects of one id":          ({"imaging.thrombi": [{"id": "D1"}, {"id": "D1"}]}, "imaging.thrombi[1].id", "ID_NOT_UNIQUE", "twice"),
    "a text where a block belongs":   ({"liver": "fine"}, "liver", "VALUE_INVALID", "dictionary"),
    "another schema":                 ({"schema_version": "2.0"}, "schema_version", "VALUE_UNKNOWN", "1.0"),
}
# fmt: on


@pytest.mark.parametrize(("changes", "path", "code", "says"), FAULTS.values(), ids=FAULTS)
def test_a_fault_names_its_place(changes: dict[str, Any], path: str, code: str, says: str) -> None:
    faults, known = check_record(record(changes))

    assert known is None
    assert [(f["path"], f["code"]) for f in faults] == [(path, code)]
    assert says in faults[0]["message"]
    with pytest.raises(RecordError, match="record check") as refused:
        parse_record(record(changes))
    assert refused.value.code == code
    assert path in str(refused.value)


# fmt: off
WRITTEN = {
    "11.9 g/L of hemoglobin were g/dL":              ("hemoglobin", "11.9", "g/L", None, "check the unit"),
    "2.4 g/dL of hemoglobin may be":                 ("hemoglobin", "2.4", "g/dL", None, None),
    "3.15 neutrophils per uL were thousands":        ("anc", "3.15", "/uL", None, "10*9/L"),
    "14 neutrophils per uL were thousands":          ("anc", "14", "/uL", None, "10*9/L"),
    "0.01 x 10^9/L neutrophils may be":              ("anc", "0.01", "10*9/L", None, None),
    "40 neutrophils per uL may be":                  ("anc", "40", "/uL", None, None),
    "no neutrophil may be":                          ("anc", "0", "/uL", None, None),
    "112 platelets per uL were thousands":           ("platelets", "112", "/uL", None, "0, or 1000"),
    "1 x 10^9/L platelets may be":                   ("platelets", "1", "10*9/L", None, None),
    "112 platelets in 10^6/mL are as many in 10^9/L": ("platelets", "112", "10*6/mL", None, None),
    "2.9 umol/L of bilirubin were mg/dL":            ("bilirubin_total", "2.9", "umol/L", None, "number of mg/dL"),
    "0.15 mg/dL of bilirubin may be":                ("bilirubin_total", "0.15", "mg/dL", None, None),
    "less than 3 umol/L of bilirubin may be":        ("bilirubin_total", "2.5", "umol/L", "<", None),
    "3.8 g/L of albumin were g/dL":                  ("albumin", "3.8", "g/L", None, "check the unit"),
    "0.7 U/L of ALT were ukat/L":                    ("alt", "0.7", "U/L", None, "check the unit"),
    "less than 5 U/L of ALT may be":                 ("alt", "5", "U/L", "<", None),
}
# fmt: on


@pytest.mark.parametrize("name", WRITTEN)
def test_a_value_that_no_adult_has_is_a_slip_of_unit(name: str) -> None:
    analyte, value, unit, comparator, says = WRITTEN[name]
    at = f"labs[{analyte}]"

    faults, _ = check_record(
        record({f"{at}.value": value, f"{at}.unit": unit, f"{at}.comparator": comparator})
    )

    assert [f["code"] for f in faults] == (["VALUE_IMPLAUSIBLE"] if says else [])
    if says:
        assert says in faults[0]["message"]


def test_all_faults_are_told_at_once() -> None:
    faults, _ = check_record(
        record({"liver.ascites": "some", "consent.signed": "yes", "performance.ecog": 9})
    )

    assert {f["path"] for f in faults} == {"liver.ascites", "consent.signed", "performance.ecog"}


@pytest.mark.parametrize("path", ["demographics.birth_date", "patient_id", "investigator.name"])
def test_an_error_never_shows_who_the_patient_is(path: str) -> None:
    secret = ["19640320-SECRET"]

    faults, _ = check_record(record({path: secret}))

    assert faults
    assert "SECRET" not in json.dumps(faults)


def test_unknown_none_and_no_are_three_things() -> None:
    unknown = parse_record({})

    assert unknown.labs is None
    assert parse_record({"labs": []}).labs == ()
    assert unknown.consent.signed is None
    assert parse_record({"consent": {"signed": False}}).consent.signed is False
    assert parse_record({"treatments": {"systemic": [], "systemic_complete": False}}).incomplete == {
        "treatments.systemic"
    }


def test_a_value_may_carry_its_origin() -> None:
    wrapped = {"value": "none", "source": "ultrasound", "recorded_on": "2025-03-01", "note": "dr x"}
    known = facts({"liver.ascites": wrapped, "labs[alt].value": {"value": "51", "source": "LIS"}})

    assert known.liver.ascites == "none"
    assert known.provenance["liver.ascites"].source == "ultrasound"
    assert isinstance(known.provenance["liver.ascites"], Provenance)
    cited = [e for e in screen(known, protocol()).verdicts["E11"].evidence if e.path == "liver.ascites"]
    assert (cited[0].source, cited[0].date) == ("ultrasound", "2025-03-01")
    assert parse_record(record_mapping(known)) == known


def test_numbers_are_what_their_digits_say() -> None:
    given = {"performance": {"ecog": Decimal("1.0")}, "vitals": {"weight_kg": 70}}
    labs = parse_json('{"labs": [{"analyte": "alt", "value": 2.10, "unit": "U/L"}]}')

    assert parse_record(given).performance.ecog == 1
    assert parse_record(given).vitals.weight_kg == Decimal(70)
    assert str((parse_record(labs).labs or ())[0].value) == "2.10"
    assert (
        str((parse_record(parse_yaml("labs: [{analyte: alt, value: 2.10}]")).labs or ())[0].value) == "2.10"
    )


def test_statements_of_a_model_are_marked() -> None:
    known = facts(
        {"imaging.thrombi[0].evidence": {"source": "model", "reader": None, "measurements": {"a": 1}}}
    )
    thrombus = (known.imaging.thrombi or ())[0]

    assert thrombus.source is Source.MODEL
    assert thrombus.filling_defect is Statement.YES


# --- files --------------------------------------------------------------------------------------------

BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)

# fmt: off
FILES = {
    "a key that stands twice":       ("r.json", b'{"liver": {"ascites": "none", "ascites": "severe"}}', "KEY_TWICE", "'ascites'"),
    "the same in YAML":              ("r.yaml", b"liver:\n  ascites: none\n  ascites: severe\n", "KEY_TWICE", "line 3"),
    "an alias bomb":                 ("r.yaml", BOMB.encode(), "YAML_ALIAS", "line 2"),
    "no JSON":                       ("r.json", b'{"liver": ', "RECORD_NOT_JSON", "line 1"),
    "no YAML":                       ("r.yaml", b"liver: [1, 2\nx: }", "RECORD_NOT_YAML", "line 2"),
    "a YAML object":                 ("r.yaml", b"x: !!python/object/apply:os.system [echo]", "RECORD_NOT_YAML", "tag"),
    "NaN":                           ("r.json", b'{"vitals": {"weight_kg": NaN}}', "NUMBER_UNREADABLE", "NaN"),
    "an endless number":             ("r.json", b'{"vitals": {"weight_kg": ' + b"9" * 5000 + b"}}", "NUMBER_UNREADABLE", "5000"),
    "10 MB of junk":                 ("r.json", b"x" * 10_000_000, "RECORD_TOO_LARGE", "10000000"),
    "an abyss":                      ("r.json", b"[" * 100_000, "RECORD_TOO_DEEP", "deep"),
    "a nested record":               ("r.json", b'{"a":' * 40 + b"1" + b"}" * 40, "RECORD_TOO_DEEP", "levels"),
    "binary data":                   ("r.json", b"{\x00}", "RECORD_NOT_TEXT", "binary"),
    "Latin-1":                       ("r.json", b'{"note": "\xe9"}', "RECORD_NOT_UTF8", "byte 10"),
    "a list":                        ("r.json", b"[]", "RECORD_NOT_A_MAPPING", "named blocks"),
}
# fmt: on


@pytest.mark.parametrize(("name", "data", "code", "says"), FILES.values(), ids=FILES)
def test_an_unusable_file_is_refused_and_nothing_else_happens(
    name: str, data: bytes, code: str, says: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(data)

    with pytest.raises(RecordError, match=says) as refused:
        read_record(file)

    assert refused.value.code == code
    assert [f.name for f in tmp_path.iterdir()] == [name]
    assert check_record_file(file).faults[0]["code"] == code


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"gone.json"):
        read_record(tmp_path / "gone.json")


def test_json_and_yaml_say_the_same(tmp_path: Path) -> None:
    import yaml

    made = record()
    (tmp_path / "r.json").write_text(json.dumps(made), encoding="utf-8")
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")

    read = [read_record_file(tmp_path / name) for name in ("r.json", "r.yaml")]

    assert read[0].facts == read[1].facts == parse_record(made)
    assert read[0].sha256 != read[1].sha256


def test_the_template_is_a_record_in_which_nothing_is_known() -> None:
    assert parse_record(parse_yaml(template_text())) == parse_record({})


def test_the_json_schema_accepts_what_is_accepted_and_names_every_field() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert list(validator.iter_errors(record())) == []
    assert list(validator.iter_errors(record({"liver.ascitis": "none"}))) != []
    assert list(validator.iter_errors(record({"liver.ascites": "some"}))) != []


def test_remarks_tell_what_is_probably_not_meant(tmp_path: Path) -> None:
    made = record({"labs[alt]": {"unit": "furlong", "uln": None}, "imaging.lesions[0].study": "CT9"})
    (tmp_path / "r.json").write_text(json.dumps(made), encoding="utf-8")

    remarks = " / ".join(check_record_file(tmp_path / "r.json").remarks)

    assert "furlong" in remarks
    assert "labs[5].uln" in remarks
    assert "no examination 'CT9'" in remarks
