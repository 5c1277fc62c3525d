"""A FHIR R4 bundle as a patient record: read tolerantly, mapped by code and system, nothing assumed.

Plain JSON is walked; an odd field never rejects a bundle, an unknown code is left out with a warning. What a
bundle does not say stays unknown: the absence of a condition, therapy or allergy is not a negative.

Mapped: Patient, Observation (laboratory, virology, ECOG, weight, height, pregnancy), research Consent, and
QuestionnaireResponse whose linkIds are record paths (attestations and whatever else has no FHIR form).

References
----------
HL7 FHIR R4 (4.0.1), http://hl7.org/fhir/R4; units are UCUM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from workup.errors import RecordError
from workup.record.analytes import ECOG, HEIGHT, LABS, LOINC_SYSTEM, PREGNANCY, VIROLOGY, WEIGHT

_FINAL = ("final", "amended", "corrected")
_UCUM = "http://unitsofmeasure.org"
_RANGE_MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"

_POSITIVE = {"positive", "pos", "reactive", "detected", "detectable", "10828004", "11214006", "260373001"}
_NEGATIVE = {
    "negative",
    "neg",
    "non-reactive",
    "nonreactive",
    "not detected",
    "undetectable",
    "260385009",
    "131194007",
    "260415000",
}
_INTERPRETATION = {"POS": True, "NEG": False, "DET": True, "ND": False, "RR": True, "NR": False}
#: mCODE answer codes of ECOG performance status.
_ECOG_ANSWERS = {
    "LA9622-7": 0,
    "LA9623-5": 1,
    "LA9624-3": 2,
    "LA9625-0": 3,
    "LA9626-8": 4,
    "LA9627-6": 5,
}
_WEIGHT_UNITS = {"kg": Decimal(1), "g": Decimal("0.001")}
_HEIGHT_UNITS = {"cm": Decimal(1), "m": Decimal(100)}


@dataclass
class FhirRecord:
    """A record read from a bundle, with what was left out."""

    raw: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def is_bundle(raw: Any) -> bool:
    """Whether a document is a FHIR bundle."""
    return isinstance(raw, Mapping) and raw.get("resourceType") == "Bundle"


def record_of_bundle(bundle: Mapping[str, Any]) -> FhirRecord:
    """The patient record of a bundle that holds one patient.

    Raises
    ------
    RecordError
        ``FHIR_PATIENTS`` if there is more than one patient.
    """
    resources = [e["resource"] for e in _dicts(bundle.get("entry")) if isinstance(e.get("resource"), Mapping)]
    patients = [r for r in resources if r.get("resourceType") == "Patient"]
    if len(patients) > 1:
        raise RecordError("FHIR_PATIENTS", f"the bundle holds {len(patients)} patients", expected="one")
    record = FhirRecord({"schema_version": "1.0"})
    readers = {
        "Patient": _patient,
        "Observation": _observation,
        "Consent": _consent,
        "AllergyIntolerance": _allergy,
        "QuestionnaireResponse": _answers,
    }
    for index, resource in enumerate(resources):
        kind = str(resource.get("resourceType"))
        if kind in readers:
            readers[kind](resource, record)
        else:
            record.warnings.append(f"entry {index}: {kind} is not read")
    _settle(record.raw)
    return record


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _block(record: FhirRecord, name: str) -> dict[str, Any]:
    block: dict[str, Any] = record.raw.setdefault(name, {})
    return block


# --- resources ----------------------------------------------------------------------------------------


def _patient(resource: Mapping[str, Any], record: FhirRecord) -> None:
    demographics = _block(record, "demographics")
    if isinstance(resource.get("birthDate"), str):
        demographics["birth_date"] = resource["birthDate"]
    if resource.get("gender") in ("male", "female"):
        demographics["sex"] = resource["gender"]
    for extension in _dicts(resource.get("extension")):
        if str(extension.get("url", "")).endswith("us-core-birthsex"):
            sex = {"M": "male", "F": "female"}.get(str(extension.get("valueCode")))
            demographics.pop("sex", None)
            if sex is not None:
                demographics["sex"] = sex


def _consent(resource: Mapping[str, Any], record: FhirRecord) -> None:
    scope = [str(c.get("code")) for c in _dicts(_mapping(resource.get("scope")).get("coding"))]
    if "research" not in scope:
        record.warnings.append("Consent without scope research is not read")
        return
    if resource.get("status") == "active":
        _block(record, "consent")["signed"] = True
        if day := _day(resource.get("dateTime")):
            _block(record, "reference_dates")["consent"] = day


def _allergy(resource: Mapping[str, Any], record: FhirRecord) -> None:
    record.warnings.append("AllergyIntolerance: whether it concerns an antibody must be attested; not read")


def _answers(resource: Mapping[str, Any], record: FhirRecord) -> None:
    """A questionnaire whose linkIds are paths of the record."""
    if resource.get("status") not in ("completed", "amended"):
        record.warnings.append("QuestionnaireResponse that is not completed is not read")
        return
    for item in _dicts(resource.get("item")):
        path = str(item.get("linkId", ""))
        answers = [_value(answer) for answer in _dicts(item.get("answer"))]
        *blocks, name = path.split(".")
        if not blocks or not answers or answers[0] is None:
            record.warnings.append(f"questionnaire item {path!r} is not read")
            continue
        block = record.raw
        for step in blocks:
            block = block.setdefault(step, {})
        block[name] = answers[0]


def _value(answer: Mapping[str, Any]) -> Any:
    for key in ("valueBoolean", "valueInteger", "valueDecimal", "valueDate", "valueString"):
        if key in answer:
            return answer[key]
    coding = answer.get("valueCoding")
    return coding.get("code") if isinstance(coding, Mapping) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _day(value: Any) -> str | None:
    """The calendar day of a FHIR dateTime, as recorded (local); partial dates stay partial."""
    return value.split("T")[0] if isinstance(value, str) else None


# --- observations -------------------------------------------------------------------------------------


def _observation(resource: Mapping[str, Any], record: FhirRecord) -> None:
    if resource.get("status") not in _FINAL:
        record.warnings.append(f"Observation with status {resource.get('status')!r} is not read")
        return
    for part in _parts(resource):
        code = _loinc(part)
        day = _day(part.get("effectiveDateTime")) or _day(_mapping(part.get("effectivePeriod")).get("end"))
        day = day or _day(part.get("effectiveInstant")) or _day(resource.get("effectiveDateTime"))
        if code in LABS:
            record.raw.setdefault("labs", []).append(_lab(LABS[code], part, day))
        elif code in VIROLOGY:
            _virology(VIROLOGY[code], part, day, record)
        elif code in (ECOG, WEIGHT, HEIGHT, PREGNANCY):
            _other(code, part, day, record)
        elif code is not None:
            record.warnings.append(f"LOINC {code} is not read")


def _parts(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An observation itself, and the components of a panel."""
    if "component" not in resource or any(key.startswith("value") for key in resource):
        yield resource
    yield from _dicts(resource.get("component"))


def _loinc(part: Mapping[str, Any]) -> str | None:
    for coding in _dicts(_mapping(part.get("code")).get("coding")):
        if coding.get("system") == LOINC_SYSTEM and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return None


def _lab(analyte: str, part: Mapping[str, Any], day: str | None) -> dict[str, Any]:
    quantity = _mapping(part.get("valueQuantity"))
    unit = quantity.get("code") if quantity.get("system") == _UCUM else quantity.get("unit")
    lab = {
        "analyte": analyte,
        "value": quantity.get("value") if "dataAbsentReason" not in part else None,
        "comparator": quantity.get("comparator"),
        "unit": unit or quantity.get("unit"),
        "date": day,
        "source": "FHIR Observation",
        **_limits(part, quantity),
    }
    return {key: value for key, value in lab.items() if value is not None}


def _limits(part: Mapping[str, Any], quantity: Mapping[str, Any]) -> dict[str, Any]:
    """The normal range, in the unit of the value; a therapeutic range is no limit of normal."""
    ranges = _dicts(part.get("referenceRange"))
    normal = [
        r for r in ranges if _meaning(r) in (None, "normal") and not r.get("appliesTo") and not r.get("age")
    ]
    if len(normal) != 1:
        return {}
    limits: dict[str, Any] = {}
    for name, key in (("lln", "low"), ("uln", "high")):
        limit = _mapping(normal[0].get(key))
        same = (limit.get("code") or limit.get("unit")) in (None, quantity.get("code"), quantity.get("unit"))
        if "value" in limit and same:
            limits[name] = limit["value"]
    return {**limits, "reference_range_kind": "normal"} if limits else {}


def _meaning(reference: Mapping[str, Any]) -> str | None:
    """What a range means: None where it does not say, its code in the known system, else ``other``."""
    codings = _dicts(_mapping(reference.get("type")).get("coding"))
    if not codings:
        return None
    known = [str(c.get("code")) for c in codings if c.get("system") in (None, _RANGE_MEANING)]
    return known[0] if known else "other"


def _result(part: Mapping[str, Any]) -> bool | None:
    """Positive or negative by coding, interpretation or whitelisted text."""
    words = [
        str(_mapping(part.get("valueCodeableConcept")).get("text", "")),
        str(part.get("valueString", "")),
    ]
    words += [
        str(coding.get(key, ""))
        for coding in _dicts(_mapping(part.get("valueCodeableConcept")).get("coding"))
        for key in ("code", "display")
    ]
    found = {True for w in words if w.strip().lower() in _POSITIVE}
    found |= {False for w in words if w.strip().lower() in _NEGATIVE}
    for interpretation in _dicts(part.get("interpretation")):
        for coding in _dicts(interpretation.get("coding")):
            if (meaning := _INTERPRETATION.get(str(coding.get("code")))) is not None:
                found.add(meaning)
    return found.pop() if len(found) == 1 else None


def _virology(name: str, part: Mapping[str, Any], day: str | None, record: FhirRecord) -> None:
    result = _result(part)
    if result is None or "dataAbsentReason" in part:
        record.warnings.append(f"{name}: the result is not understood; left unknown")
        return
    genome = name in ("hbv_dna", "hcv_rna")
    word = ("detectable" if result else "undetectable") if genome else ("positive" if result else "negative")
    _later(_block(record, "virology"), name, {"value": word, "recorded_on": day}, day, record)


def _other(code: str, part: Mapping[str, Any], day: str | None, record: FhirRecord) -> None:
    if code == ECOG:
        value = part.get("valueInteger")
        for coding in _dicts(_mapping(part.get("valueCodeableConcept")).get("coding")):
            value = _ECOG_ANSWERS.get(str(coding.get("code")), value)
        name, block = "ecog", "performance"
    elif code == PREGNANCY:
        concept = _dicts(_mapping(part.get("valueCodeableConcept")).get("coding"))
        codes = {str(c.get("code")) for c in concept}
        pregnant = bool(codes & {"LA15173-0", "77386006"})
        value = True if pregnant else False if codes & {"LA26683-5", "60001007"} else None
        name, block = "pregnant", "reproductive"
    else:
        table, name = (_WEIGHT_UNITS, "weight_kg") if code == WEIGHT else (_HEIGHT_UNITS, "height_cm")
        block, value = "vitals", _scaled(part, table)
    if value is None:
        record.warnings.append(f"{name}: the value is not understood; left unknown")
        return
    _later(_block(record, block), name, {"value": value, "recorded_on": day}, day, record)


def _scaled(part: Mapping[str, Any], table: Mapping[str, Decimal]) -> Decimal | None:
    quantity = _mapping(part.get("valueQuantity"))
    factor = table.get(str(quantity.get("code") or quantity.get("unit")))
    value = quantity.get("value")
    if (
        factor is None
        or quantity.get("comparator")
        or not isinstance(value, int | Decimal)
        or isinstance(value, bool)
    ):
        return None
    return Decimal(value) * factor


def _later(
    block: dict[str, Any], name: str, new: dict[str, Any], day: str | None, record: FhirRecord
) -> None:
    """Keep the latest of several; two of one day or without a day that differ leave it unknown."""
    old = block.get(name)
    if old is None:
        block[name] = new
        return
    before = old.get("recorded_on")
    if old["value"] == new["value"]:
        return
    if before and day and len(before) == len(day) and before != day:
        block[name] = max(old, new, key=lambda each: str(each["recorded_on"]))
        return
    block[name] = {"value": None, "recorded_on": None}
    record.warnings.append(f"{name}: results contradict each other; left unknown")


def _settle(raw: dict[str, Any]) -> None:
    """Drop wrappers without a date, so that the record reads like one written by hand."""
    for block in ("virology", "performance", "vitals", "reproductive"):
        for name, value in list(raw.get(block, {}).items()):
            if isinstance(value, dict) and value.get("recorded_on") is None:
                raw[block][name] = value["value"]
