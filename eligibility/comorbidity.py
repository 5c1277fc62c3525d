"""Other diseases and the investigator's judgement: E7, E9 to E14, E16."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    exists,
    known,
    negated,
    not_recorded,
    one_of,
    unknown,
    yes_or_no,
)
from eligibility.dates import PartialDate, add_months
from eligibility.patient import OtherMalignancy
from eligibility.starts import at_start, start_not_recorded
from eligibility.truth import Truth
from eligibility.verdict import Answer, Missing, Reason

# --- E7, E9 to E12: one recorded value ---------------------------------------------------------------


def has_had_transplantation(ask: Ask) -> Answer:
    """Allogeneic stem cell or solid organ transplantation, ever."""
    return yes_or_no(
        ask.facts.comorbidity.allogeneic_sct_or_organ_transplant,
        "comorbidity.allogeneic_sct_or_organ_transplant",
        "allogeneic stem cell or solid organ transplantation",
        negative="no transplantation",
    )


def has_had_anaphylaxis_to_antibodies(ask: Ask) -> Answer:
    """Severe anaphylaxis to chimeric or humanized antibodies or fusion proteins, ever."""
    return yes_or_no(
        ask.facts.comorbidity.severe_anaphylaxis_to_antibody_or_fusion_protein,
        "comorbidity.severe_anaphylaxis_to_antibody_or_fusion_protein",
        "severe anaphylaxis to an antibody or fusion protein",
        negative="no severe anaphylaxis to antibodies or fusion proteins",
    )


def has_active_brain_or_leptomeningeal_metastasis(ask: Ask) -> Answer:
    """Active brain metastasis, or any leptomeningeal one."""
    comorbidity = ask.facts.comorbidity
    excluded = ("active", "treated_stable") if ask.reading("P18") == "any_brain" else ("active",)
    return any_of(
        one_of(
            comorbidity.brain_metastasis,
            "comorbidity.brain_metastasis",
            "brain metastasis",
            accepted=excluded,
            choices=("none", "active", "treated_stable"),
        ),
        yes_or_no(
            comorbidity.leptomeningeal_metastasis,
            "comorbidity.leptomeningeal_metastasis",
            "leptomeningeal metastasis",
            negative="no leptomeningeal metastasis",
        ),
    )


def has_moderate_severe_or_intractable_ascites(ask: Ask) -> Answer:
    """Moderate, severe or intractable ascites; where there is none, it cannot be intractable."""
    liver = ask.facts.liver
    path = "liver.ascites_intractable"
    intractable = yes_or_no(
        liver.ascites_intractable, path, "intractable ascites", negative="not intractable"
    )
    if liver.ascites == "none":
        none = cite("liver.ascites", "none", "moderate, severe or intractable")
        if liver.ascites_intractable:
            again = Missing("liver.ascites", "whether there is ascites")
            message = "ascites is recorded as none and as intractable"
            return unknown(message, Reason.CONFLICT, [again], [none, *intractable.evidence])
        return known(False, "no ascites", none)
    grade = one_of(
        liver.ascites,
        "liver.ascites",
        "ascites",
        accepted=("moderate", "severe"),
        choices=("none", "mild", "moderate", "severe"),
    )
    return any_of(grade, intractable)


def has_hepatic_encephalopathy(ask: Ask) -> Answer:
    """Hepatic encephalopathy of any grade."""
    grade = ask.facts.liver.encephalopathy_grade
    path = "liver.encephalopathy_grade"
    if grade is None:
        return not_recorded(path, "grade of hepatic encephalopathy", (0, 1, 3))
    return known(grade >= 1, f"hepatic encephalopathy grade {grade}", cite(path, grade, ">= 1"))


# --- E13: other malignancies -------------------------------------------------------------------------

_MALIGNANCIES = "comorbidity.other_malignancies"
_OWN_DISEASE = ("hcc", "hepatocellular carcinoma", "hepatocellular_carcinoma")


def has_had_other_malignancy(ask: Ask, *, years: int) -> Answer:
    """A malignancy active within so many years before screening, unless of negligible risk."""
    sample = OtherMalignancy(type="colon cancer", negligible_risk=False)
    screening = ask.facts.reference_dates.screening
    samples = (replace(sample, last_active_date=screening),) if screening else ()
    return exists(
        ask,
        ask.facts.comorbidity.other_malignancies,
        _MALIGNANCIES,
        "other malignancy",
        lambda item, path: _malignancy_excludes(screening, item, path, years),
        samples=samples,
    )


def _malignancy_excludes(
    screening: PartialDate | None, item: OtherMalignancy, path: str, years: int
) -> Answer:
    name = item.type or "malignancy"
    if name.lower() in _OWN_DISEASE:
        return known(False, f"{name} is not another malignancy", cite(f"{path}.type", item.type))
    negligible = yes_or_no(
        item.negligible_risk,
        f"{path}.negligible_risk",
        f"{name}: negligible risk of metastasis or death",
        negative=f"{name}: not of negligible risk",
    )
    return all_of(_active_within(screening, item, path, years, name), negated(negligible))


def _active_within(
    screening: PartialDate | None, item: OtherMalignancy, path: str, years: int, name: str
) -> Answer:
    """Last active on or after the day ``years`` calendar years before screening."""
    field = f"{path}.last_active_date"
    active = item.last_active_date
    if screening is None:
        days = () if active is None else (active.last, add_months(active.last, 12 * years + 1))
        candidates = tuple(PartialDate.on(d) for d in days)
        return not_recorded("reference_dates.screening", "date of screening", candidates)
    opens = (add_months(screening.first, -12 * years), add_months(screening.last, -12 * years))
    if active is None:
        dates = (opens[0], opens[0] - timedelta(1))
        return not_recorded(field, f"{name}: last active on", tuple(PartialDate.on(d) for d in dates))
    evidence = cite(field, active, f"on or after {opens[0]}")
    anchor = cite("reference_dates.screening", screening, "day of screening")
    if active.first >= opens[1]:
        return known(
            True, f"{name} active within {years} years before screening ({active})", evidence, anchor
        )
    if active.last < opens[0]:
        return known(False, f"{name} last active {active}, before {opens[0]}", evidence, anchor)
    day = Missing(field, f"{name}: day on which it was last active", _ends(active))
    message = f"{name} last active {active}: within {years} years or before"
    return unknown(message, Reason.PARTIAL_DATE, [day], [evidence])


def _ends(day: PartialDate) -> tuple[PartialDate, ...]:
    return (PartialDate.on(day.first), PartialDate.on(day.last))


# --- E14 and E16: cardiovascular events and the investigator's judgement -------------------------------


def has_uncontrolled_severe_comorbidity(ask: Ask, *, nyha_class: int, months: int) -> Answer:
    """Heart failure class, recent infarction or stroke, instability, or the investigator's judgement."""
    comorbidity = ask.facts.comorbidity
    nyha = one_of(
        comorbidity.nyha_class,
        "comorbidity.nyha_class",
        "NYHA class",
        accepted=tuple(range(nyha_class, 5)),
        choices=(1, 2, 3, 4),
    )
    recent = at_start(ask, lambda start: _recent_events(ask, start, months))
    flags = [
        yes_or_no(getattr(comorbidity, name), f"comorbidity.{name}", label, negative=f"no {label}")
        for name, label in (
            ("unstable_arrhythmia", "unstable arrhythmia"),
            ("unstable_angina", "unstable angina"),
            ("other_uncontrolled_severe_illness", "other uncontrolled severe illness"),
        )
    ]
    judgement = _judgement(ask, ask.facts.investigator.excess_risk, "excess_risk", "excess risk")
    return any_of(nyha, recent, *flags, judgement)


def _recent_events(ask: Ask, start: date | None, months: int) -> Answer:
    comorbidity = ask.facts.comorbidity
    return any_of(
        _recent(
            ask,
            comorbidity.myocardial_infarction_dates,
            "comorbidity.myocardial_infarction_dates",
            "myocardial infarction",
            start,
            months,
        ),
        _recent(
            ask,
            comorbidity.cerebrovascular_accident_dates,
            "comorbidity.cerebrovascular_accident_dates",
            "cerebrovascular accident",
            start,
            months,
        ),
    )


def _recent(
    ask: Ask,
    events: Sequence[PartialDate | None] | None,
    path: str,
    label: str,
    start: date | None,
    months: int,
) -> Answer:
    def judge(event: PartialDate | None, where: str) -> Answer:
        return _within_months(ask, event, where, label, start, months)

    samples = (PartialDate.on(start),) if start else ()
    return exists(ask, events, path, label, judge, samples=samples)


def _within_months(
    ask: Ask, event: PartialDate | None, path: str, label: str, start: date | None, months: int
) -> Answer:
    """Whether an event lies in the calendar months before the start of treatment."""
    if event is None:
        dates = () if start is None else (start, add_months(start, -months - 1))
        return not_recorded(path, f"day of the {label}", tuple(PartialDate.on(d) for d in dates))
    if start is None:
        return start_not_recorded(event, 31 * months)
    excluded = ask.reading("P03") == "excluded"
    opens = add_months(start, -months) + timedelta(1 if excluded else 0)
    evidence = cite(path, event, f"{opens} to {start}")
    if event.first > start:
        again = Missing(path, f"day of the {label}, or the start of treatment")
        message = f"{label} of {event} lies after the start of treatment"
        return unknown(message, Reason.CONFLICT, [again], [evidence])
    if event.last < opens:
        return known(False, f"{label} of {event}, before {opens}", evidence)
    if event.first >= opens and event.last <= start:
        clears = _first_clear(event.last, months, excluded)
        return replace(known(True, f"{label} of {event}, {opens} or later", evidence), clears_on=clears)
    day = Missing(path, f"day of the {label}", _ends(event))
    return unknown(f"{label} of {event}: the day decides", Reason.PARTIAL_DATE, [day], [evidence])


def _first_clear(event: date, months: int, excluded: bool) -> date:
    """First start of treatment of which the window no longer reaches back to the event."""
    start = add_months(event, months)
    while add_months(start, -months) + timedelta(1 if excluded else 0) <= event:
        start += timedelta(1)
    return start


def is_unlikely_to_comply(ask: Ask) -> Answer:
    """The investigator judges that the participant is unlikely to comply."""
    judged = ask.facts.investigator.unlikely_to_comply
    return _judgement(ask, judged, "unlikely_to_comply", "unlikely to comply")


def _judgement(ask: Ask, value: bool | None, field: str, label: str) -> Answer:
    """An investigator's judgement: an objection always counts, its absence once signed with name and date."""
    path = f"investigator.{field}"
    answer = yes_or_no(
        value,
        path,
        f"investigator: {label}",
        reason=Reason.AWAITING_ATTESTATION,
        negative=f"investigator: not {label}",
    )
    investigator = ask.facts.investigator
    if answer.truth is not Truth.FALSE:
        return answer
    unsigned = [n for n in ("name", "date") if getattr(investigator, n) is None]
    if not unsigned:
        signature = cite("investigator.date", investigator.date, "signed")
        named = cite("investigator.name", "recorded", "signed")
        return replace(answer, evidence=(*answer.evidence, named, signature))
    lacking = [Missing(f"investigator.{n}", f"{n} of the investigator", _signature(ask, n)) for n in unsigned]
    message = f"{answer.message}, but not signed with name and date"
    return unknown(message, Reason.AWAITING_ATTESTATION, lacking, answer.evidence)


def _signature(ask: Ask, field: str) -> tuple[object, ...]:
    if field == "name":
        return ("recorded",)
    screening = ask.facts.reference_dates.screening
    return (screening or PartialDate.parse("2025-01-01"),)
