"""Every rule a protocol may name, with the function that decides it.

A rule is a public function of these modules that takes an ``Ask`` and keyword parameters and returns an
``Answer``; its name is the sentence it decides, and the key in a rule file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType

from eligibility import (
    autoimmune,
    child_pugh,
    comorbidity,
    creatinine_clearance,
    diagnosis,
    disease_extent,
    hepatitis,
    immunosuppression,
    laboratory,
    locoregional_therapy,
    measurable_lesion,
    participants,
    systemic_therapy,
    vascular_invasion,
)
from eligibility.verdict import Answer

_MODULES = (
    participants,
    diagnosis,
    disease_extent,
    vascular_invasion,
    measurable_lesion,
    child_pugh,
    laboratory,
    creatinine_clearance,
    hepatitis,
    systemic_therapy,
    locoregional_therapy,
    immunosuppression,
    autoimmune,
    comorbidity,
)


def _rules_of(module: ModuleType) -> dict[str, Callable[..., Answer]]:
    """Public functions of a module whose only positional parameter is ``ask``."""
    found: dict[str, Callable[..., Answer]] = {}
    for name, function in vars(module).items():
        if not inspect.isfunction(function) or name.startswith("_") or function.__module__ != module.__name__:
            continue
        parameters = list(inspect.signature(function).parameters.values())
        positional = [p.name for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        if positional == ["ask"] and function.__annotations__.get("return") == "Answer":
            found[name] = function
    return found


RULES: dict[str, Callable[..., Answer]] = {
    name: rule for module in _MODULES for name, rule in _rules_of(module).items()
}
