"""Observations of a bundle: laboratory results, hepatitis tests, ECOG, weight, height and pregnancy.

A result is known by system and code, never by its display name. What is not understood is said to be so and
stands in the way of older results; it is never skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from eligibility.dates import PartialDate
from workup.record.analytes import ECOG, HEIGHT, LABS, LOINC_SYSTEM, PREGNANCY, VIROLOGY, WEIGHT
from workup.record.fhir_elements import day, dicts, is_modified, mapping
from workup.record.fhir_statements import FhirRecord, Statement

_FINAL = ("final", "amended", "corrected")
_UCUM = "http://unitsofmeasure.org"
_RANGE_MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
#: Words that say of a printed range that it is none of normal values.
_NOT_NORMAL = ("critical", "panic", "therap", "target", "recommend", "alert", "toxic")

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
_GENOMES = ("hbv_dna", "hcv_rna")
#: mCODE answer codes of ECOG performance status.
_ECOG_ANSWERS = {
    "LA9622-7": 0,
    "LA9623-5": 1,
    "LA9624-3": 2,
    "LA9625-0": 3,
    "LA9626-8": 4,
    "LA9627-6": 5,
}
_PREGNANT = {"LA15173-0": True, "77386006": True, "LA26683-5": False, "60001007": False}
_WEIGHT_UNITS = {"kg": Decimal(1), "g": Decimal("0.001")}
_HEIGHT_UNITS = {"cm": Decimal(1), "m": Decimal(100)}
_PATHS = {
    ECOG: "performance.ecog",
    WEIGHT: "vitals.weight_kg",
    HEIGHT: "vitals.height_cm",
    PREGNANCY: "reproductive.pregnant",
    **{code: f"virology.{name}" for code, name in VIROLOGY.items()},
}


def read_observation(resource: Mapping[str, Any], record: FhirRecord) -> None:
    """Results of an observation, or of the components of a panel."""
    if resource.get("status") not in _FINAL:
        record.warnings.append(f"Observation with status {resource.get('status')!r} is not read")
        return
    if resource.get("focus"):
        record.warnings.append("Observation that focuses on somebody or something else is not read")
        return
    for part in _parts(resource):
        codes = _loinc(part)
        taken = _effective(part) or _effective(resource)
        modified = any(is_modified(each, "component", "referenceRange") for each in (part, resource))
        understood = "dataAbsentReason" not in part and not modified and len(codes) == 1
        for code in codes:
            _read(code, part, taken, understood, record)
        if not codes and "component" not in part:
            record.warnings.append("Observation without a LOINC code is not read")


def _read(
    code: str, part: Mapping[str, Any], taken: PartialDate | None, understood: bool, record: FhirRecord
) -> None:
    """One result under one code."""
    if code in LABS:
        record.raw.setdefault("labs", []).append(_lab(LABS[code], part, taken, understood))
    elif code in _PATHS:
        value = _value(code, part) if understood else None
        record.statements.append(Statement(_PATHS[code], value, taken))
    else:
        record.warnings.append(f"LOINC {code} is not read")


def _parts(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An observation itself, and the components of a panel."""
    if "component" not in resource or any(key.startswith("value") for key in resource):
        yield resource
    yield from dicts(resource.get("component"))


def _loinc(part: Mapping[str, Any]) -> tuple[str, ...]:
    """LOINC codes of a result: those we read, one for each thing they name, else the first of all.

    Of more than one nobody can tell which thing the value is of.
    """
    codes = [
        str(coding["code"])
        for coding in dicts(mapping(part.get("code")).get("coding"))
        if coding.get("system") == LOINC_SYSTEM and isinstance(coding.get("code"), str)
    ]
    known = {LABS.get(code) or _PATHS[code]: code for code in codes if code in LABS or code in _PATHS}
    return tuple(known.values()) or tuple(codes[:1])


def _effective(part: Mapping[str, Any]) -> PartialDate | None:
    """Day of a result; of a period its end."""
    period = mapping(part.get("effectivePeriod")).get("end")
    for value in (part.get("effectiveDateTime"), period, part.get("effectiveInstant")):
        if value is not None:
            return day(value, "Observation.effective")
    return None


# --- laboratory results -------------------------------------------------------------------------------


def _lab(
    analyte: str, part: Mapping[str, Any], taken: PartialDate | None, understood: bool
) -> dict[str, Any]:
    quantity = mapping(part.get("valueQuantity"))
    unit = quantity.get("code") if quantity.get("system") == _UCUM else quantity.get("unit")
    lab = {
        "analyte": analyte,
        "value": quantity.get("value") if understood else None,
        "comparator": quantity.get("comparator"),
        "unit": unit or quantity.get("unit"),
        "date": str(taken) if taken is not None else None,
        "source": "FHIR Observation",
        **_limits(part, quantity),
    }
    return {key: value for key, value in lab.items() if value is not None}


def _limits(part: Mapping[str, Any], quantity: Mapping[str, Any]) -> dict[str, Any]:
    """The normal range, in the unit of the value; a therapeutic or critical range is no limit of normal."""
    ranges = dicts(part.get("referenceRange"))
    normal = [r for r in ranges if _is_normal(r) and not r.get("appliesTo") and not r.get("age")]
    if len(normal) != 1:
        return {}
    limits: dict[str, Any] = {}
    for name, key in (("lln", "low"), ("uln", "high")):
        limit = mapping(normal[0].get(key))
        same = (limit.get("code") or limit.get("unit")) in (None, quantity.get("code"), quantity.get("unit"))
        if "value" in limit and same:
            limits[name] = limit["value"]
    return {**limits, "reference_range_kind": "normal"} if limits else {}


def _is_normal(reference: Mapping[str, Any]) -> bool:
    """Whether a range is of normal values: it says so, or does not say what it is of."""
    kind = mapping(reference.get("type"))
    words = f"{kind.get('text', '')} {reference.get('text', '')}".lower()
    if is_modified(reference) or any(word in words for word in _NOT_NORMAL):
        return False
    codings = dicts(kind.get("coding"))
    if codings:
        known = [c.get("code") for c in codings if c.get("system") in (None, _RANGE_MEANING)]
        return known[:1] == ["normal"]
    return not kind or bool({"normal", "reference"} & set(str(kind.get("text", "")).lower().split()))


# --- everything else ----------------------------------------------------------------------------------


def _value(code: str, part: Mapping[str, Any]) -> Any:
    """What a result says, None where it is not understood."""
    if code in VIROLOGY:
        return _word(VIROLOGY[code], part)
    if code == WEIGHT:
        return _scaled(part, _WEIGHT_UNITS)
    if code == HEIGHT:
        return _scaled(part, _HEIGHT_UNITS)
    answers = _ECOG_ANSWERS if code == ECOG else _PREGNANT
    codings = dicts(mapping(part.get("valueCodeableConcept")).get("coding"))
    found: set[Any] = {answers[c] for each in codings if (c := str(each.get("code"))) in answers}
    if code == ECOG and isinstance(grade := part.get("valueInteger"), int):
        found.add(grade)
    return found.pop() if len(found) == 1 else None


def _word(name: str, part: Mapping[str, Any]) -> str | None:
    """A hepatitis test in the words of the record."""
    genome = name in _GENOMES
    found = _results(part) | ({True} if genome and _is_quantified(part) else set())
    if len(found) != 1:
        return None
    yes, no = ("detectable", "undetectable") if genome else ("positive", "negative")
    return yes if found.pop() else no


def _results(part: Mapping[str, Any]) -> set[bool]:
    """Positive or negative by coding, interpretation or whitelisted text; both where they contradict."""
    concept = mapping(part.get("valueCodeableConcept"))
    words = [str(concept.get("text", "")), str(part.get("valueString", ""))]
    words += [
        str(coding.get(key, "")) for coding in dicts(concept.get("coding")) for key in ("code", "display")
    ]
    plain = {word.strip().lower() for word in words}
    found = {result for known, result in ((_POSITIVE, True), (_NEGATIVE, False)) if plain & known}
    for interpretation in dicts(part.get("interpretation")):
        codes = [str(coding.get("code")) for coding in dicts(interpretation.get("coding"))]
        found |= {_INTERPRETATION[code] for code in codes if code in _INTERPRETATION}
    return found


def _is_quantified(part: Mapping[str, Any]) -> bool:
    """Whether so many copies were counted: ``< 20`` and 0 may mean none, or some below the limit."""
    quantity = mapping(part.get("valueQuantity"))
    amount = _number(quantity.get("value"))
    return amount is not None and amount > 0 and quantity.get("comparator") in (None, ">", ">=")


def _scaled(part: Mapping[str, Any], table: Mapping[str, Decimal]) -> Decimal | None:
    quantity = mapping(part.get("valueQuantity"))
    factor = table.get(str(quantity.get("code") or quantity.get("unit")))
    value = _number(quantity.get("value"))
    return None if factor is None or value is None or quantity.get("comparator") else value * factor


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
