"""What is allowed in a record but probably not meant; nothing here changes a verdict."""

from __future__ import annotations

from collections.abc import Iterator

from eligibility.laboratory import NAMES, ULN_LIMITS
from eligibility.patient import PatientFacts
from eligibility.units import canonical, units_of


def remarks(facts: PatientFacts) -> Iterator[str]:
    """Sentences for whoever wrote the record."""
    dates = facts.reference_dates
    for name in ("consent", "screening", "treatment_start"):
        if getattr(dates, name) is None:
            yield f"reference_dates.{name} is not recorded: windows that count from it cannot be told"
    if dates.screening and dates.treatment_start and dates.treatment_start.last < dates.screening.first:
        yield "reference_dates: treatment starts before screening"
    yield from _labs(facts)
    yield from _imaging(facts)


def _labs(facts: PatientFacts) -> Iterator[str]:
    for index, lab in enumerate(facts.labs or ()):
        path, name = f"labs[{index}]", NAMES[lab.analyte]
        if lab.date is None:
            yield f"{path}: {name} without a date keeps every earlier one from counting"
        if lab.value is not None and canonical(lab.analyte, lab.value, lab.unit) is None:
            accepted = ", ".join(units_of(lab.analyte)[:6])
            yield f"{path}.unit: {lab.unit!r} is not a known unit of {name}; known: {accepted}, ..."
        if lab.analyte in ULN_LIMITS and lab.uln is None:
            yield f"{path}.uln: the upper limit of normal of {name} is not recorded"


def _imaging(facts: PatientFacts) -> Iterator[str]:
    known = {study.id for study in facts.imaging.studies or ()}
    for kind in ("thrombi", "lesions"):
        for index, item in enumerate(getattr(facts.imaging, kind) or ()):
            if item.study is not None and item.study not in known:
                yield f"imaging.{kind}[{index}].study: there is no examination {item.study!r}"
    for index, lesion in enumerate(facts.imaging.lesions or ()):
        long, short = lesion.longest_diameter_mm, lesion.short_axis_mm
        if long is not None and short is not None and long < short:
            yield f"imaging.lesions[{index}]: the short axis is longer than the longest diameter"
