"""A patient record as a mapping becomes ``PatientFacts``, or is refused with every fault and its place.

``parse_record`` takes what a JSON or YAML file holds; ``record_mapping`` is its inverse.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from eligibility import patient
from eligibility.patient import PatientFacts, Provenance, Source, Statement, statement
from workup.errors import RecordError
from workup.record import schema
from workup.record.plausibility import implausible
from workup.record.wrapped import unwrapped

#: How many faults an error spells out; all are in its details.
_SHOWN = 5


def parse_record(raw: Mapping[str, Any]) -> PatientFacts:
    """The facts of one patient record, schema 1.0.

    Parameters
    ----------
    raw : mapping
        The record as read; decimal numbers as text, Decimal or int, never float.

    Raises
    ------
    RecordError
        ``RECORD_INVALID`` with every fault in ``details["faults"]``: path, code, message.
    """
    faults, facts = check_record(raw)
    if facts is None:
        shown = "; ".join(f"{fault['path']}: {fault['message']}" for fault in faults[:_SHOWN])
        more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
        code = faults[0]["code"] if len({fault["code"] for fault in faults}) == 1 else "RECORD_INVALID"
        raise RecordError(code, shown + more, advice=_ADVICE, details={"faults": faults})
    return facts


_ADVICE = "Run `veinvasion record check` for every fault, or `veinvasion record init` for a template"


def check_record(raw: Mapping[str, Any]) -> tuple[list[dict[str, str]], PatientFacts | None]:
    """Every fault of a record with its path, and the facts where there is none."""
    if not isinstance(raw, Mapping):
        fault = {
            "path": "",
            "code": "RECORD_NOT_A_MAPPING",
            "message": "the record is not a set of named blocks",
        }
        return [fault], None
    plain, origins = unwrapped(raw)
    try:
        model = schema.Record.model_validate(plain)
    except ValidationError as error:
        return [_fault(each) for each in error.errors(include_url=False)], None
    faults = list(implausible(model))
    return (faults, None) if faults else ([], facts_of(model, origins))


#: Places whose content never appears in a message.
_PRIVATE = ("patient_id", "demographics.birth_date", "investigator.name")


def _fault(error: Any) -> dict[str, str]:
    path = _path(error["loc"])
    if path.startswith(_PRIVATE):
        return {"path": path, "code": error["type"].upper(), "message": "cannot be read (value not shown)"}
    kind = error["type"]
    if kind == "extra_forbidden":
        return {"path": path, "code": "FIELD_UNKNOWN", "message": _unknown_field(error["loc"])}
    if kind == "literal_error":
        return {"path": path, "code": "VALUE_UNKNOWN", "message": _unknown_value(error)}
    code = kind if kind.isupper() else "VALUE_INVALID"
    message = error["msg"]
    if kind == "missing":
        code, message = "FIELD_MISSING", "is required here"
    return {"path": path, "code": code, "message": message}


def _path(location: tuple[Any, ...]) -> str:
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step not in ("tuple", "function-before"):
            path += f".{step}" if path else str(step)
    return path


def _unknown_field(location: tuple[Any, ...]) -> str:
    """Name the nearest known field."""
    model: Any = schema.Record
    for step in location[:-1]:
        if not isinstance(step, int) and model is not None:
            model = _model_within(model.model_fields[step].annotation) if step in model.model_fields else None
    known = list(model.model_fields) if model is not None else []
    near = difflib.get_close_matches(str(location[-1]), known, 1, 0.5)
    return "is not a known field" + (
        f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
    )


def _model_within(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := _model_within(a)) is not None), None)


def _unknown_value(error: Any) -> str:
    expected = error["ctx"]["expected"]
    found = str(error["input"])[:60]
    choices = [choice.strip(" '") for choice in expected.replace(" or ", ", ").split(",")]
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(found.lower(), list(by_lower), 1, 0.5)
    hint = f"; did you mean {by_lower[near[0]]!r}?" if near else ""
    named = "null" if error["input"] is None else repr(found)
    return f"{named} is not one of {expected}{hint}"


# --- model to facts -------------------------------------------------------------------------------

_STATEMENTS = {
    "filling_defect",
    "adjacent_to_primary",
    "arterial_enhancement",
    "washout_portal",
    "washout_delayed",
    "malignant",
    "margins_measurable",
    "soft_tissue_component",
    "locoregional_treated",
    "progressed_after_locoregional",
}
_IMAGED = {schema.Thrombus: patient.Thrombus, schema.Lesion: patient.ImagedLesion}
_CLASSES: dict[type, Any] = {
    model: getattr(patient, _IMAGED[model].__name__ if model in _IMAGED else name)
    for name, model in vars(schema).items()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and (model in _IMAGED or hasattr(patient, name))
}
_CLASSES[schema.Lab] = patient.LabResult
_FIELDS = {cls: tuple(f.name for f in fields(cls)) for cls in _CLASSES.values()}


def facts_of(model: schema.Record, origins: Mapping[str, Provenance]) -> PatientFacts:
    """Facts of a checked record."""
    blocks = {
        name: _fact(value)
        for name in (f.name for f in fields(PatientFacts))
        if name not in ("incomplete", "provenance") and (value := getattr(model, name)) is not None
    }
    return PatientFacts(**blocks, incomplete=frozenset(_incomplete(model)), provenance=dict(origins))


def _fact(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_fact(item) for item in value)
    if not isinstance(value, BaseModel):
        return value
    cls = _CLASSES[type(value)]
    content = {}
    for name in _FIELDS[cls]:
        item = getattr(value, name, None)
        if item is not None:
            content[name] = statement(item) if name in _STATEMENTS else _fact(item)
    evidence = getattr(value, "evidence", None)
    if evidence is not None:
        content["source"] = Source(evidence.source or "reader")
        content["reader"] = evidence.reader
    if cls is patient.LabResult and content.get("comparator") == "=":
        content["comparator"] = None
    return cls(**content)


def _incomplete(model: BaseModel, path: str = "") -> Iterator[str]:
    """Paths of lists that may lack entries."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name.endswith("_complete") and value is False:
            yield path + name.removesuffix("_complete")
        elif isinstance(value, BaseModel):
            yield from _incomplete(value, f"{path}{name}.")


# --- facts to mapping -----------------------------------------------------------------------------


def record_mapping(facts: PatientFacts) -> dict[str, Any]:
    """The record of these facts, as a JSON file holds it; unknown fields are left out."""
    record: dict[str, Any] = {"schema_version": "1.0"}
    for field in fields(facts):
        if field.name not in ("incomplete", "provenance"):
            value = _plain(getattr(facts, field.name))
            if value not in (None, {}):
                record[field.name] = value
    for path in sorted(facts.incomplete):
        *blocks, name = path.split(".")
        block = record
        for step in blocks:
            block = block.setdefault(step, {})
        block[f"{name}_complete"] = False
    for path, origin in facts.provenance.items():
        _wrap(record, path, origin)
    return record


_STEP = re.compile(r"([a-z_0-9]+)|\[([^\]]*)\]")


def _wrap(record: dict[str, Any], path: str, origin: Provenance) -> None:
    """Write a value's origin beside it."""
    steps = [name or key for name, key in _STEP.findall(path)]
    node: Any = record
    for step in steps[:-1]:
        node = node.setdefault(step, {}) if isinstance(node, dict) else node[_place(node, step)]
    last: Any = _place(node, steps[-1]) if isinstance(node, list) else steps[-1]
    value = node[last] if isinstance(node, list) else node.get(last)
    recorded = str(origin.recorded_on) if origin.recorded_on else None
    wrapper = {"value": value, "source": origin.source, "recorded_on": recorded, "note": origin.note}
    node[last] = {key: item for key, item in wrapper.items() if key == "value" or item is not None}


def _place(items: list[Any], key: str) -> int:
    """Place of a list entry named by its id or number."""
    for index, item in enumerate(items):
        if isinstance(item, dict) and item.get("id") == key:
            return index
    return int(key)


_NOT_RECORDED = {
    "recorded",
    "judged",
    "kind",
    "outline_confirmed",
    "remarks",
    "measured_enhancement",
    "measured_washout",
    "distance_to_primary_mm",
    "slice_spacing_mm",
    "source",
    "reader",
}


def _plain(value: Any) -> Any:
    if isinstance(value, Statement):
        return {Statement.YES: True, Statement.NO: False}.get(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and hasattr(value, "first"):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_block(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return f"{value:f}"


def _plain_block(value: Any) -> dict[str, Any]:
    imaged = isinstance(value, patient.Thrombus | patient.ImagedLesion)
    content = {
        f.name: plain
        for f in fields(value)
        if not (imaged and f.name in _NOT_RECORDED)
        and f.name != "recorded"
        and (plain := _plain(getattr(value, f.name))) is not None
    }
    if imaged and (value.source is not Source.READER or value.reader):
        evidence = {"source": str(value.source), "reader": value.reader}
        content["evidence"] = {k: v for k, v in evidence.items() if v is not None}
    return content


def json_schema() -> dict[str, Any]:
    """JSON Schema of a record, for editors that complete and check as one types."""
    document = schema.Record.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "veinvasion patient record 1.0"
    return document
