"""Creatinine clearance by the Cockcroft-Gault equation.

References
----------
.. [1] D. W. Cockcroft, M. H. Gault, Nephron 16 (1976) 31-41.
"""

from __future__ import annotations

from decimal import Decimal

from eligibility.answers import Ask, known, unknown
from eligibility.dates import PartialDate, completed_years
from eligibility.laboratory import choose, converted, digits, judge_each, range_of
from eligibility.patient import LabResult
from eligibility.ranges import Range, plain
from eligibility.truth import Truth
from eligibility.verdict import Answer, Evidence, Missing, Reason

#: Share of the clearance of a man that the equation gives a woman.
FEMALE_FACTOR = Decimal("0.85")


def creatinine_clearance(
    *, age: Decimal, weight_kg: Decimal, creatinine_mg_dl: Decimal, female: bool
) -> Decimal:
    """Clearance estimated from serum creatinine, actual body weight, age and sex [1]_. [mL/min]

    ``(140 - age) * weight / (72 * creatinine)``, times 0.85 for women.

    Parameters
    ----------
    age : Decimal
        Completed years on the day of the sample. [years]
    weight_kg : Decimal
        Actual body weight. [kg]
    creatinine_mg_dl : Decimal
        Serum creatinine. [mg/dL]
    female : bool
        Sex at birth.

    References
    ----------
    .. [1] D. W. Cockcroft, M. H. Gault, Nephron 16 (1976) 31-41.

    Examples
    --------
    >>> round(creatinine_clearance(age=Decimal(60), weight_kg=Decimal(70), creatinine_mg_dl=Decimal(1),
    ...                            female=False), 2)
    Decimal('77.78')
    """
    clearance = (140 - age) * weight_kg / (72 * creatinine_mg_dl)
    return clearance * FEMALE_FACTOR if female else clearance


def creatinine_clearance_at_least(ask: Ask, *, ml_per_min: Decimal, days: int) -> Answer:
    """The clearance from the latest creatinine in the window is at least the limit."""
    samples = [LabResult("creatinine", Decimal(v), unit="mg/dL") for v in ("0.8", "1.5", "2.5", "6")]
    choice = choose(ask, "creatinine", days, samples)
    return judge_each(choice, lambda result: _judge(ask, result, ml_per_min))


def _judge(ask: Ask, result: LabResult, limit: Decimal) -> Answer:
    value = converted(result)
    if isinstance(value, Answer):
        return value
    lacking = _lacking(ask)
    clearance = _range(ask, result, range_of(result, value))
    truth = clearance.at_least(limit) if clearance is not None else Truth.UNKNOWN
    if truth is Truth.UNKNOWN:
        born = ask.facts.demographics.birth_date
        partial_age = any(day is not None and not day.exact for day in (born, result.date))
        return _open(result, clearance, limit, lacking, partial_age)
    assert clearance is not None
    shown = _shown(clearance, limit)
    sign = ">=" if truth is Truth.TRUE else "<"
    message = f"creatinine clearance {shown} mL/min {sign} {plain(limit)} mL/min (Cockcroft-Gault)"
    return known(truth, message, *_evidence(ask, result, f"{shown} {sign} {plain(limit)} mL/min"))


def _shown(clearance: Range, limit: Decimal) -> str:
    low = digits(clearance.low, limit)
    if clearance.high is None or clearance.low == clearance.high:
        return low if clearance.high is not None else f">= {low}"
    return f"{low} to {digits(clearance.high, limit)}"


def _range(ask: Ask, result: LabResult, creatinine: Range) -> Range | None:
    """All clearances that the recorded facts allow; None without age or weight."""
    born, weight = ask.facts.demographics.birth_date, ask.facts.vitals.weight_kg
    if born is None or weight is None or result.date is None:
        return None
    youngest = Decimal(completed_years(born.last, result.date.first))
    oldest = Decimal(completed_years(born.first, result.date.last))
    sex = ask.facts.demographics.sex
    low = Decimal(0)
    if creatinine.high is not None:
        low = creatinine_clearance(
            age=oldest, weight_kg=weight, creatinine_mg_dl=creatinine.high, female=sex != "male"
        )
    high = None
    if creatinine.low > 0:
        high = creatinine_clearance(
            age=youngest, weight_kg=weight, creatinine_mg_dl=creatinine.low, female=sex == "female"
        )
    return Range(low, high, low_open=creatinine.high_open, high_open=creatinine.low_open)


def _lacking(ask: Ask) -> list[Missing]:
    facts = ask.facts
    lacking = []
    if facts.vitals.weight_kg is None:
        weights = tuple(Decimal(w) for w in ("30", "50", "70", "95", "130", "200"))
        lacking.append(Missing("vitals.weight_kg", "actual body weight [kg]", weights))
    if facts.demographics.birth_date is None:
        births = tuple(PartialDate.parse(y) for y in ("1935-01-01", "1965-01-01", "1990-01-01"))
        lacking.append(Missing("demographics.birth_date", "date of birth", births))
    if facts.demographics.sex is None:
        lacking.append(Missing("demographics.sex", "sex at birth", ("female", "male")))
    return lacking


def _open(
    result: LabResult, clearance: Range | None, limit: Decimal, lacking: list[Missing], partial_age: bool
) -> Answer:
    if lacking:
        what = ", ".join(m.label for m in lacking)
        return unknown(f"creatinine clearance needs {what}", Reason.MISSING, lacking)
    if result.comparator is not None:
        reason, why = Reason.CENSORED, "the creatinine is censored"
    elif partial_age:
        reason, why = Reason.PARTIAL_DATE, "the age on the day of the sample is not known"
    else:
        reason, why = Reason.NOT_ASSESSABLE, "too close to the limit after conversion"
    shown = _shown(clearance, limit) if clearance else "not computable"
    again = Missing("labs[creatinine]", "creatinine as an exact value in mg/dL")
    return unknown(f"creatinine clearance {shown} mL/min: {why}", reason, [again])


def _evidence(ask: Ask, result: LabResult, compared_as: str) -> list[Evidence]:
    facts = ask.facts
    weight = facts.vitals.weight_kg
    assert result.value is not None
    sign = result.comparator or ""
    cited = [
        Evidence(
            "labs[creatinine]",
            f"{sign}{plain(result.value)}",
            compared_as,
            result.unit,
            str(result.date),
            result.source,
        ),
        Evidence(
            "demographics.birth_date", str(facts.demographics.birth_date), "age on the day of the sample"
        ),
        Evidence(
            "vitals.weight_kg", plain(weight) if weight is not None else None, "actual body weight", "kg"
        ),
    ]
    if facts.demographics.sex is not None:
        cited.append(Evidence("demographics.sex", facts.demographics.sex, "x 0.85 for women"))
    return cited
