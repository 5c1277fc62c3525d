"""How far the disease has spread, in the investigator's judgement (first half of I4)."""

from __future__ import annotations

from eligibility.answers import Ask, any_of, yes_or_no
from eligibility.verdict import Answer


def is_unresectable_advanced_or_metastatic(ask: Ask) -> Answer:
    """Unresectable, locally advanced or metastatic disease."""
    disease = ask.facts.disease
    return any_of(
        yes_or_no(disease.unresectable, "disease.unresectable", "unresectable"),
        yes_or_no(disease.locally_advanced, "disease.locally_advanced", "locally advanced"),
        yes_or_no(disease.metastatic, "disease.metastatic", "metastatic"),
    )
