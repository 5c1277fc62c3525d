"""A reader's work as a plain mapping (``reading.json``) and back.

The form is public: a trial office may write it by hand. Unknown keys and words are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from imaging.phases.phase import Phase
from workup.case.case import DefectStatement, LesionStatement, Line, Statement
from workup.errors import CaseError

SCHEMA_VERSION = "1.0"

_Word = TypeVar("_Word", bound=StrEnum)
_KEYS = (
    "schema_version",
    "reader",
    "phase_labels",
    "defects",
    "lesions",
    "lines",
    "complete",
    "comparable_override",
)


@dataclass(frozen=True)
class ReadingFile:
    """What a reader said, apart from the regions they drew."""

    reader: str | None = None
    phase_labels: Mapping[str, Phase] = field(default_factory=dict)
    defects: Mapping[str, DefectStatement] = field(default_factory=dict)
    lesions: Mapping[str, LesionStatement] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    complete: bool = False  # every filling defect and candidate lesion is outlined
    comparable_override: str = ""  # why phases of other kernel or slice thickness are compared


def parse_reading(document: Mapping[str, Any]) -> ReadingFile:
    """The reading held by a parsed ``reading.json``.

    Raises
    ------
    CaseError
        ``BAD_READING`` naming the place and the words that are allowed there.
    """
    _check_keys(document, _KEYS, "reading")
    if document.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise _bad("schema_version", document["schema_version"], repr(SCHEMA_VERSION))
    labels = _mapping(document.get("phase_labels"), "phase_labels")
    defects = _mapping(document.get("defects"), "defects")
    lesions = _mapping(document.get("lesions"), "lesions")
    complete = document.get("complete", False)
    if not isinstance(complete, bool):
        raise _bad("complete", complete, "true or false")
    return ReadingFile(
        reader=(_text(document.get("reader"), "reader") or "").strip() or None,  # a blank is nobody's name
        phase_labels={k: _word(Phase, v, f"phase_labels.{k}") for k, v in labels.items()},
        defects={k: _defect(v, f"defects.{k}") for k, v in defects.items()},
        lesions={k: _lesion(v, f"lesions.{k}") for k, v in lesions.items()},
        lines=tuple(_line(v, f"lines[{i}]") for i, v in enumerate(document.get("lines") or ())),
        complete=complete,
        comparable_override=(_text(document.get("comparable_override"), "comparable_override") or "").strip(),
    )


def reading_document(reading: ReadingFile) -> dict[str, Any]:
    """The inverse of ``parse_reading``; what was not said is left out."""
    override = {"comparable_override": reading.comparable_override} if reading.comparable_override else {}
    return {
        "schema_version": SCHEMA_VERSION,
        "reader": reading.reader,
        "phase_labels": {k: v.value for k, v in reading.phase_labels.items()},
        "defects": {k: _said(v) for k, v in reading.defects.items()},
        "lesions": {k: _said(v) for k, v in reading.lesions.items()},
        "lines": [
            {
                "region": line.region_id,
                "acquisition": line.acquisition_key,
                "axis": line.axis,
                "ends_lps_mm": [list(end) for end in line.ends_lps_mm],
            }
            for line in reading.lines
        ],
        "complete": reading.complete,
        **override,
    }


def _said(statement: DefectStatement | LesionStatement) -> dict[str, str]:
    pairs = ((f.name, getattr(statement, f.name)) for f in fields(statement))
    return {name: str(value) for name, value in pairs if value not in (None, "")}


def _defect(value: Any, where: str) -> DefectStatement:
    return DefectStatement(**_statement(value, DefectStatement, ("comment",), where))


def _lesion(value: Any, where: str) -> LesionStatement:
    return LesionStatement(**_statement(value, LesionStatement, ("comment", "kind", "organ"), where))


def _statement(value: Any, kind: type, free_text: Sequence[str], where: str) -> dict[str, Any]:
    given = _mapping(value, where)
    _check_keys(given, [f.name for f in fields(kind)], where)
    return {
        name: _text(v, f"{where}.{name}") or ("" if name == "comment" else None)
        if name in free_text
        else (None if v is None else _word(Statement, v, f"{where}.{name}"))
        for name, v in given.items()
    }


def _line(value: Any, where: str) -> Line:
    given = _mapping(value, where)
    _check_keys(given, ("region", "acquisition", "axis", "ends_lps_mm"), where)
    if given.get("axis") not in ("long", "short"):
        raise _bad(f"{where}.axis", given.get("axis"), '"long" or "short"')
    for name in ("region", "acquisition"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise _bad(f"{where}.{name}", given.get(name), f"the {name} that the line lies on")
    ends = given.get("ends_lps_mm")
    try:
        (a, b) = (tuple(float(c) for c in end) for end in ends or ())
    except (TypeError, ValueError):
        raise _bad(f"{where}.ends_lps_mm", ends, "two points of three numbers in mm") from None
    if len(a) != 3 or len(b) != 3:
        raise _bad(f"{where}.ends_lps_mm", ends, "two points of three numbers in mm")
    return Line(given["region"], given["acquisition"], given["axis"], (a, b))


def _word(kind: type[_Word], value: Any, where: str) -> _Word:
    try:
        return kind(value)
    except ValueError:
        raise _bad(where, value, "one of " + ", ".join(kind)) from None


def _text(value: Any, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _bad(where, value, "text")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    raise _bad(where, value, "an object")


def _check_keys(given: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    for key in given:
        if key not in allowed:
            raise _bad(f"{where}.{key}", given[key], "one of the fields " + ", ".join(allowed))


def _bad(where: str, value: Any, expected: str) -> CaseError:
    return CaseError("BAD_READING", f"{where} is {value!r}", expected=expected, details={"path": where})
