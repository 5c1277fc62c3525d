"""Questionnaires whose linkIds are paths of the record: attestations and whatever else has no FHIR form."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from workup.errors import RecordError
from workup.record import schema
from workup.record.fhir_elements import day, dicts, is_modified
from workup.record.fhir_statements import FhirRecord, Origin, Statement


def read_answers(resource: Mapping[str, Any], record: FhirRecord) -> None:
    """The answers of a completed questionnaire, as of the day it was written.

    Raises
    ------
    RecordError
        ``FHIR_LINK_ID`` where a linkId leads into the record but to no field an answer can fill,
        ``FHIR_ANSWERS`` where a field that holds one value has several answers.
    """
    if resource.get("status") not in ("completed", "amended"):
        record.warnings.append("QuestionnaireResponse that is not completed is not read")
        return
    authored = day(resource.get("authored"), "QuestionnaireResponse.authored")
    for item, modified in _items(resource, is_modified(resource, "item")):
        path, answers = str(item.get("linkId", "")), dicts(item.get("answer"))
        if path.partition(".")[0] not in schema.Record.model_fields or not answers:
            record.warnings.append(f"questionnaire item {path[:60]!r} is not read")
            continue
        values = [_value(answer) for answer in answers]
        value: Any = values if _is_list(path) else _single(values, path)
        if modified or None in values or any(is_modified(answer, "item") for answer in answers):
            value = None
        why = "the answer is not understood"
        record.statements.append(Statement(path, value, authored, Origin.ANSWERED, why))


def _items(parent: Mapping[str, Any], modified: bool) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Every item that is no mere group, wherever it is nested, and whether something modifies its meaning."""
    for item in dicts(parent.get("item")):
        changed = modified or is_modified(item, "item", "answer")
        answers = dicts(item.get("answer"))
        if answers or "item" not in item:
            yield item, changed
        for inner in (item, *answers):
            yield from _items(inner, changed)


def _single(values: list[Any], path: str) -> Any:
    if len(values) > 1:
        found = f"questionnaire item {path!r} has {len(values)} answers"
        raise RecordError("FHIR_ANSWERS", found, expected="one")
    return values[0]


def _value(answer: Mapping[str, Any]) -> Any:
    for key in ("valueBoolean", "valueInteger", "valueDecimal", "valueDate", "valueString"):
        if key in answer:
            return answer[key]
    coding = answer.get("valueCoding")
    return coding.get("code") if isinstance(coding, Mapping) else None


def _is_list(path: str) -> bool:
    """Whether the field at a path of the record holds several values."""
    model: type[BaseModel] = schema.Record
    *blocks, name = path.split(".")
    for step in blocks:
        inner = [kind for kind in _kinds(model, step, path) if isinstance(kind, type)]
        models = [kind for kind in inner if issubclass(kind, BaseModel)]
        if not models:
            raise _no_field(path)
        model = models[0]
    kinds = _kinds(model, name, path)
    content = [kind for each in kinds for kind in (each, *get_args(each))]
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in content):
        raise _no_field(path)
    return any(get_origin(kind) is tuple for kind in kinds)


def _kinds(model: type[BaseModel], step: str, path: str) -> tuple[Any, ...]:
    """The types a field may have."""
    if step not in model.model_fields:
        near = difflib.get_close_matches(step, model.model_fields, 1, 0.5)
        raise _no_field(path, f"Did you mean {near[0]!r}?" if near else "")
    annotation = model.model_fields[step].annotation
    return get_args(annotation) or (annotation,)


def _no_field(path: str, advice: str = "") -> RecordError:
    return RecordError(
        "FHIR_LINK_ID",
        f"questionnaire item {path!r} is no field of a record that an answer can fill",
        expected="a path such as performance.ecog",
        advice=advice,
    )
