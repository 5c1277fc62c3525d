"""Facts with one value replaced, named by its path in the record.

A path is the record's: ``reproductive.pregnant``, ``treatments.locoregional[0].end_date``,
``imaging.thrombi[T1].washout_portal``, ``labs[inr].uln`` (of the results that lack it), ``labs[inr]`` (a new
result) and ``treatments.systemic_complete``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from eligibility.patient import LabResult, PatientFacts
from eligibility.units import canonical

_STEP = re.compile(r"([a-z_0-9]+)(?:\[([^\]]*)\])?\.?")


def replaced(facts: PatientFacts, path: str, value: Any) -> PatientFacts:
    """The same facts, but one value; KeyError if there is no such place.

    >>> replaced(PatientFacts(), "consent.signed", True).consent.signed
    True
    """
    if path.endswith("_complete"):
        return replace(facts, incomplete=facts.incomplete - {path.removesuffix("_complete")})
    if path.startswith("labs["):
        return replace(facts, labs=_with_lab(facts.labs or (), path, value))
    steps = _STEP.findall(path.replace("evidence.source", "source"))
    changed: PatientFacts = _with(facts, steps, value)
    if path in facts.provenance:
        kept = {p: origin for p, origin in facts.provenance.items() if p != path}
        changed = replace(changed, provenance=kept)
    return changed


def _with(node: Any, steps: list[tuple[str, str]], value: Any) -> Any:
    (name, key), rest = steps[0], steps[1:]
    if name not in getattr(node, "__dataclass_fields__", ()):
        raise KeyError(name)
    current = getattr(node, name)
    if key:
        items = list(current or ())
        index = _place(items, key)
        items[index] = _with(items[index], rest, value) if rest else value
        return replace(node, **{name: tuple(items)})
    return replace(node, **{name: _with(current, rest, value) if rest else value})


def _place(items: list[Any], key: str) -> int:
    for index, item in enumerate(items):
        if getattr(item, "id", None) == key:
            return index
    if key.isdigit() and int(key) < len(items):
        return int(key)
    raise KeyError(key)


def _with_lab(labs: tuple[LabResult, ...], path: str, value: Any) -> tuple[LabResult, ...]:
    analyte, _, field = path.removeprefix("labs[").partition("]")
    if not field:
        return (*labs, value)
    name = field.removeprefix(".")
    return tuple(_filled(lab, name, value) if lab.analyte == analyte else lab for lab in labs)


def _filled(lab: LabResult, name: str, value: Any) -> LabResult:
    if name == "unit":
        known = lab.value is None or canonical(lab.analyte, lab.value, lab.unit) is not None
        return lab if known else replace(lab, unit=value)
    if name == "uln":
        return replace(lab, uln=value, reference_range_kind="normal")
    return replace(lab, **{name: value}) if getattr(lab, name) is None else lab
