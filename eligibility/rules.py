"""Every rule a protocol may name, with the function that decides it."""

from __future__ import annotations

from collections.abc import Callable

from eligibility import measurable_lesion, vascular_invasion
from eligibility.answers import Ask, any_of, yes_or_no
from eligibility.verdict import Answer


def is_unresectable_advanced_or_metastatic(ask: Ask) -> Answer:
    """Unresectable, locally advanced or metastatic disease, in the investigator's judgement."""
    disease = ask.facts.disease
    return any_of(
        yes_or_no(disease.unresectable, "disease.unresectable", "unresectable"),
        yes_or_no(disease.locally_advanced, "disease.locally_advanced", "locally advanced"),
        yes_or_no(disease.metastatic, "disease.metastatic", "metastatic"),
    )


_MODULES = (vascular_invasion, measurable_lesion)

RULES: dict[str, Callable[..., Answer]] = {
    f.__name__: f
    for f in (
        is_unresectable_advanced_or_metastatic,
        vascular_invasion.has_major_vascular_invasion,
        vascular_invasion.has_adjacent_filling_defect,
        vascular_invasion.has_enhancing_defect_with_washout,
        measurable_lesion.has_measurable_target_lesion,
        measurable_lesion.has_untreated_or_progressed_lesion,
    )
}
