"""Autoimmune disease and immune deficiency, with the three exceptions (E6, E6.1 to E6.3)."""

from __future__ import annotations

from dataclasses import replace

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    exists,
    known,
    negated,
    not_recorded,
    unknown,
    yes_or_no,
)
from eligibility.patient import AutoimmuneDisease
from eligibility.verdict import Answer, Missing, Reason

_AUTOIMMUNE = "comorbidity.autoimmune"
_CATEGORIES = ("hypothyroidism", "type_1_diabetes", "chronic_skin", "other")

#: Disease of joints is none of the exceptions, whichever its name; beside one it is a contradiction.
_JOINTS = "arthritis"

#: Diseases the criterion names; a category of an exception beside one of them is a contradiction.
_NAMED = (
    "myasthenia",
    "myositis",
    "systemic lupus",
    "rheumatoid",
    "inflammatory bowel",
    "crohn",
    "ulcerative colitis",
    "antiphospholipid",
    "wegener",
    "granulomatosis with polyangiitis",
    "multiple sclerosis",
)

_SAMPLES = (AutoimmuneDisease(condition="rheumatoid arthritis", category="other"),)


def has_autoimmune_disease_or_immune_deficiency(ask: Ask) -> Answer:
    """E6: any autoimmune disease, active or past, outside the three exceptions, or immune deficiency."""
    comorbidity = ask.facts.comorbidity
    return any_of(
        yes_or_no(
            comorbidity.immune_deficiency,
            "comorbidity.immune_deficiency",
            "immune deficiency",
            negative="no immune deficiency",
        ),
        exists(ask, comorbidity.autoimmune, _AUTOIMMUNE, "autoimmune disease", _excludes, samples=_SAMPLES),
    )


def _excludes(disease: AutoimmuneDisease, path: str) -> Answer:
    """Whether one disease excludes: unless its exception holds."""
    name = disease.condition or "autoimmune disease"
    named = any(word in name.lower() for word in _NAMED)
    if disease.category in (None, "other"):
        evidence = [cite(f"{path}.condition", disease.condition), cite(f"{path}.category", disease.category)]
        if named or disease.category == "other":
            return known(True, name, *(e for e in evidence if e.value is not None))
        return not_recorded(f"{path}.category", f"category of {name}", _CATEGORIES)
    if named or _JOINTS in name.lower():
        again = Missing(f"{path}.category", f"category of {name}")
        message = f"{name} is recorded as {disease.category}, which it is not"
        cited = [cite(f"{path}.condition", disease.condition), cite(f"{path}.category", disease.category)]
        return unknown(message, Reason.CONFLICT, [again], cited)
    excused = _exception(disease, path)
    category = cite(f"{path}.category", disease.category, "exception")
    return replace(negated(excused), evidence=(category, *excused.evidence))


def _exception(disease: AutoimmuneDisease, path: str) -> Answer:
    if disease.category == "hypothyroidism":
        return yes_or_no(
            disease.stable_on_hormone_replacement,
            f"{path}.stable_on_hormone_replacement",
            "hypothyroidism stable on hormone replacement",
            negative="hypothyroidism not stable on hormone replacement",
        )
    if disease.category == "type_1_diabetes":
        return all_of(
            yes_or_no(
                disease.controlled,
                f"{path}.controlled",
                "controlled type 1 diabetes",
                negative="type 1 diabetes not controlled",
            ),
            yes_or_no(disease.on_insulin, f"{path}.on_insulin", "on insulin", negative="not on insulin"),
        )
    return negated(
        yes_or_no(
            disease.requires_systemic_therapy,
            f"{path}.requires_systemic_therapy",
            "skin condition requires systemic therapy",
            negative="skin condition without systemic therapy",
        )
    )


def _of_category(ask: Ask, category: str) -> Answer:
    """Whether some disease of one exceptional category excludes; not applicable without any."""
    diseases = ask.facts.comorbidity.autoimmune
    complete = _AUTOIMMUNE not in ask.facts.incomplete
    words = category.replace("_", " ")
    if diseases is not None and complete and all(d.category not in (None, category) for d in diseases):
        answer = known(False, f"no {words}", cite(_AUTOIMMUNE, f"{len(diseases)} recorded", category))
        return replace(answer, applicable=False)

    def test(disease: AutoimmuneDisease, path: str) -> Answer:
        if disease.category == category or disease.category is None:
            return _excludes(disease, path)
        return known(False, f"not {words}", cite(f"{path}.category", disease.category))

    return exists(ask, diseases, _AUTOIMMUNE, words, test)


def hypothyroidism_excludes(ask: Ask) -> Answer:
    """E6.1: hypothyroidism that is not stable on hormone replacement."""
    return _of_category(ask, "hypothyroidism")


def type_1_diabetes_excludes(ask: Ask) -> Answer:
    """E6.2: type 1 diabetes that is not controlled on insulin."""
    return _of_category(ask, "type_1_diabetes")


def chronic_skin_condition_excludes(ask: Ask) -> Answer:
    """E6.3: a skin condition that requires systemic therapy."""
    return _of_category(ask, "chronic_skin")
