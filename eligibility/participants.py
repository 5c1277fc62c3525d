"""Consent, age, performance status, contraception and pregnancy: I1, I2, I7, I8.10, I8.11, E15."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    explained,
    if_then,
    known,
    negated,
    not_recorded,
    noted,
    one_of,
    unknown,
    yes_or_no,
)
from eligibility.dates import PartialDate, add_months, completed_years
from eligibility.truth import Truth
from eligibility.verdict import Answer, Missing, Reason

_ATTEST = Reason.AWAITING_ATTESTATION
_SEX = "demographics.sex"


def is_consent_signed(ask: Ask) -> Answer:
    """The informed consent form is signed."""
    signed = ask.facts.consent.signed
    answer = yes_or_no(signed, "consent.signed", "informed consent form signed", reason=_ATTEST)
    if signed and ask.facts.reference_dates.consent is None:
        return noted(answer, "the date of consent is not recorded")
    return answer


def is_old_enough_at_consent(ask: Ask, *, years: int) -> Answer:
    """Age in completed years, by birth date, on the day consent was signed.

    Without that day consent lies at most a year before screening (policy P22), so that who was old enough
    then was old enough at consent.
    """
    born = ask.facts.demographics.birth_date
    if born is None:
        births = tuple(PartialDate.parse(y) for y in ("1960-01-01", "2020-01-01"))
        return not_recorded("demographics.birth_date", "date of birth", births)
    day = ask.facts.reference_dates.consent
    if day is None:
        return _without_consent_date(ask, born, years)
    return _by_age(born, day, years, "reference_dates.consent")


def _without_consent_date(ask: Ask, born: PartialDate, years: int) -> Answer:
    path, label = "reference_dates.consent", "date of consent"
    screening = ask.facts.reference_dates.screening
    if screening is None:
        candidates = (_birthday(born.last, years), born.last)
        return not_recorded(path, label, tuple(PartialDate.on(d) for d in candidates))
    where = "reference_dates.screening"
    if ask.reading("P22") == "screening_date":
        return _by_age(born, screening, years, where)
    earliest = PartialDate.on(add_months(screening.first, -12))
    bounded = _by_age(born, earliest, years, where)
    if bounded.truth is Truth.TRUE:
        return noted(bounded, "the date of consent is not recorded: at most a year before screening")
    candidates = (_birthday(born.last, years), screening.first)
    return not_recorded(path, label, tuple(PartialDate.on(d) for d in candidates))


def _by_age(born: PartialDate, day: PartialDate, years: int, path: str) -> Answer:
    youngest = completed_years(born.last, day.first)
    oldest = completed_years(born.first, day.last)
    age = str(oldest) if youngest == oldest else f"{youngest} to {oldest}"
    evidence = (
        cite("demographics.birth_date", born, f"{age} completed years >= {years}"),
        cite(path, day, "day on which age counts"),
    )
    if youngest >= years:
        return known(True, f"{age} years old at consent", *evidence)
    if oldest < years:
        note = f"turns {years} on {_birthday(born.last, years)}: consent signed from then on would do"
        return noted(known(False, f"{age} years old at consent, below {years}", *evidence), note)
    inexact = "demographics.birth_date" if not born.exact else path
    ends = (born.first, born.last) if not born.exact else (day.first, day.last)
    days = Missing(inexact, "the exact day", tuple(PartialDate.on(d) for d in ends))
    return unknown(f"{age} years old at consent", Reason.PARTIAL_DATE, [days], evidence)


def _birthday(born: date, years: int) -> date:
    """First day on which so many years are completed."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def has_performance_status_at_most(ask: Ask, *, ecog: int) -> Answer:
    """ECOG performance status at most the limit."""
    accepted = tuple(range(ecog + 1))
    status = ask.facts.performance.ecog
    answer = one_of(
        status, "performance.ecog", "ECOG performance status", accepted=accepted, choices=tuple(range(6))
    )
    return replace(answer, reason=_ATTEST) if status is None else answer


def woman_agrees_to_contraception(ask: Ask) -> Answer:
    """A woman of childbearing potential agrees to abstinence or effective contraception."""
    reproductive = ask.facts.reproductive
    if ask.facts.demographics.sex != "female":
        return _not_for(ask, "male", "concerns women of childbearing potential")
    potential = yes_or_no(
        reproductive.childbearing_potential, "reproductive.childbearing_potential", "childbearing potential"
    )
    return _of_sex("female", if_then(potential, _agrees_to_contraception(ask)))


def man_agrees_to_contraception(ask: Ask) -> Answer:
    """A man agrees to abstinence or a condom, and to donate no sperm."""
    if ask.facts.demographics.sex != "male":
        return _not_for(ask, "female", "concerns men")
    donation = yes_or_no(
        ask.facts.reproductive.agrees_no_sperm_donation,
        "reproductive.agrees_no_sperm_donation",
        "agrees to donate no sperm",
        reason=_ATTEST,
    )
    return _of_sex("male", all_of(_agrees_to_contraception(ask), donation))


def _of_sex(sex: str, answer: Answer) -> Answer:
    return replace(answer, evidence=(*answer.evidence, cite(_SEX, sex, "applicable")))


def _agrees_to_contraception(ask: Ask) -> Answer:
    return yes_or_no(
        ask.facts.reproductive.agrees_contraception,
        "reproductive.agrees_contraception",
        "agrees to contraception or abstinence",
        reason=_ATTEST,
    )


def _not_for(ask: Ask, sex: str, message: str) -> Answer:
    """Not applicable to the other sex; open while sex is not recorded."""
    if ask.facts.demographics.sex is None:
        return not_recorded(_SEX, "sex at birth", ("female", "male"))
    return replace(known(True, message, cite(_SEX, sex, "not applicable")), applicable=False)


def is_pregnant_breastfeeding_or_unwilling(ask: Ask) -> Answer:
    """Pregnant, breastfeeding, or of reproductive potential and not willing to prevent pregnancy.

    Childbearing potential is a woman's: that a man has none does not make him infertile.
    """
    facts = ask.facts
    willing = _agrees_to_contraception(ask)
    if facts.demographics.sex == "male":
        sex = cite(_SEX, "male", "neither pregnant nor breastfeeding")
        return replace(_unwilling(willing), evidence=(sex, *willing.evidence))
    recorded = facts.reproductive.childbearing_potential
    potential = yes_or_no(recorded, "reproductive.childbearing_potential", "reproductive potential")
    pregnant = yes_or_no(facts.reproductive.pregnant, "reproductive.pregnant", "pregnant")
    if recorded is False and facts.reproductive.pregnant is None:
        pregnant = explained(potential, "no childbearing potential, hence not pregnant")
    breastfeeding = yes_or_no(facts.reproductive.breastfeeding, "reproductive.breastfeeding", "breastfeeding")
    answer = any_of(pregnant, breastfeeding, all_of(potential, _unwilling(willing)))
    if facts.demographics.sex is None and answer.truth is Truth.FALSE and willing.truth is not Truth.TRUE:
        return not_recorded(_SEX, "sex at birth", ("female", "male"))  # a man would have to be willing
    if facts.demographics.sex is None and answer.truth is Truth.UNKNOWN:
        sex_missing = Missing(_SEX, "sex at birth", ("male", "female"))
        return replace(answer, missing=(*answer.missing, sex_missing))
    return answer


def _unwilling(willing: Answer) -> Answer:
    unwilling = negated(willing)
    if unwilling.truth is Truth.TRUE:
        return explained(unwilling, "not willing to use contraception")
    return unwilling
