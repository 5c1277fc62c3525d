"""Systemic corticosteroids and other immunosuppressants shortly before treatment (E8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from eligibility.answers import Ask, all_of, any_of, cite, exists, explained, known, not_recorded, unknown
from eligibility.dates import PartialDate
from eligibility.drugs import is_corticosteroid, prednisone_equivalent_mg
from eligibility.patient import Immunosuppressant
from eligibility.ranges import plain
from eligibility.starts import at_start, start_not_recorded
from eligibility.truth import Truth
from eligibility.verdict import Answer, Evidence, Missing, Reason
from recist.counted import counted

_PATH = "immunosuppressants"
_SYSTEMIC = ("oral", "iv", "im", "sc")
_LOCAL = ("inhaled", "topical")
_KINDS = ("corticosteroid", "other_immunosuppressant")
_SAMPLE = Immunosuppressant(drug="azathioprine", kind="other_immunosuppressant", route="oral", ongoing=True)


def has_had_systemic_immunosuppression(ask: Ask, *, prednisone_mg: Decimal, days: int) -> Answer:
    """Some exposure in the window: above the steroid limit per day, or any other immunosuppressant."""

    def judge(start: date | None) -> Answer:
        single = exists(
            ask,
            ask.facts.immunosuppressants,
            _PATH,
            "immunosuppressant",
            lambda drug, path: _excludes(ask, drug, path, start, days, prednisone_mg),
            samples=(_SAMPLE,),
        )
        if single.truth is not Truth.FALSE or start is None or ask.reading("P17") == "each_drug":
            return single
        return any_of(single, _daily_total(ask, start, days, prednisone_mg))

    return at_start(ask, judge)


def _name(drug: Immunosuppressant) -> str:
    return drug.drug or "immunosuppressant"


def _excludes(
    ask: Ask, drug: Immunosuppressant, path: str, start: date | None, days: int, limit_mg: Decimal
) -> Answer:
    return all_of(
        _is_systemic(drug, path), _is_strong(drug, path, limit_mg), _in_window(ask, drug, path, start, days)
    )


def _is_systemic(drug: Immunosuppressant, path: str) -> Answer:
    field = f"{path}.route"
    if drug.route is None:
        return not_recorded(field, f"route of {_name(drug)}", (*_SYSTEMIC, *_LOCAL))
    systemic = drug.route in _SYSTEMIC
    return known(systemic, f"{_name(drug)} {drug.route}", cite(field, drug.route, "systemic"))


def _kind(drug: Immunosuppressant) -> str | None:
    if drug.kind is not None:
        return drug.kind
    return "corticosteroid" if drug.drug and is_corticosteroid(drug.drug) else None


def _is_strong(drug: Immunosuppressant, path: str, limit_mg: Decimal) -> Answer:
    """Any immunosuppressant, or a corticosteroid above the limit."""
    kind = _kind(drug)
    field = f"{path}.kind"
    if kind is None:
        return not_recorded(field, f"kind of {_name(drug)}", _KINDS)
    told = cite(field, drug.kind, "corticosteroid or other") if drug.kind else cite(f"{path}.drug", drug.drug)
    if kind == "other_immunosuppressant":
        return known(True, f"{_name(drug)} is an immunosuppressant", told)
    equivalent = _equivalent(drug, path, limit_mg)
    if isinstance(equivalent, Answer):
        return equivalent
    above = equivalent > limit_mg
    compared = (
        f"{_shown(equivalent, limit_mg)} mg prednisone per day {'>' if above else '<='} {plain(limit_mg)} mg"
    )
    evidence = (
        told,
        cite(f"{path}.drug", drug.drug, "prednisone equivalent"),
        cite(f"{path}.dose_mg_per_day", drug.dose_mg_per_day, compared, unit="mg/d"),
    )
    return known(above, f"{_name(drug)}: {compared}", *evidence)


def _shown(value: Decimal, limit: Decimal) -> str:
    """Hundredths of a milligram, as long as they compare with the limit as the value itself does."""
    rounded = round(value, 2)
    same = (rounded > limit) == (value > limit) and (rounded == limit) == (value == limit)
    return plain((rounded if same else value).normalize())


def _equivalent(drug: Immunosuppressant, path: str, limit_mg: Decimal) -> Decimal | Answer:
    """Prednisone equivalent of the daily dose [mg], or why it cannot be told."""
    if drug.dose_mg_per_day is None:
        factor = prednisone_equivalent_mg(drug.drug, Decimal(1)) if drug.drug else None
        doses = tuple(each / (factor or 1) for each in (limit_mg, limit_mg + 1, limit_mg / 2))
        return not_recorded(f"{path}.dose_mg_per_day", f"daily dose of {_name(drug)} [mg]", doses)
    if drug.dose_mg_per_day == 0:
        return Decimal(0)
    if drug.drug is None:
        return not_recorded(f"{path}.drug", "name of the corticosteroid", ("prednisolone", "dexamethasone"))
    equivalent = prednisone_equivalent_mg(drug.drug, drug.dose_mg_per_day)
    if equivalent is None:
        again = Missing(f"{path}.drug", f"prednisone equivalent of {drug.drug}")
        message = f"{drug.drug}: its prednisone equivalent is not known"
        return unknown(message, Reason.NOT_ASSESSABLE, [again], [cite(f"{path}.drug", drug.drug)])
    return equivalent


@dataclass(frozen=True, slots=True)
class Exposure:
    """Days on which a drug was taken: for certain, and at most."""

    certain: tuple[date, date] | None
    possible: tuple[date, date]


def exposure(drug: Immunosuppressant) -> Exposure:
    """When a drug was taken, as far as recorded; an ongoing one has no end."""
    begins = drug.start or PartialDate(date.min, date.max)
    last_certain, last_possible = date.min, date.max
    if drug.end is not None:
        last_certain, last_possible = drug.end.first, drug.end.last
    elif drug.ongoing:
        last_certain = date.max
    first_certain = begins.last
    if drug.start is None and drug.ongoing and drug.end is None:
        first_certain = date.min
    elif drug.start is None and drug.end is not None:
        first_certain = drug.end.first  # it was taken on its last day at least
    certain = (first_certain, last_certain) if first_certain <= last_certain else None
    return Exposure(certain, (begins.first, last_possible))


def _in_window(ask: Ask, drug: Immunosuppressant, path: str, start: date | None, days: int) -> Answer:
    """Whether some day of exposure lies in the window before the start of treatment."""
    if start is None:
        return start_not_recorded(drug.end, days)
    first = start - timedelta(days - (1 if ask.reading("P03") == "excluded" else 0))
    fields = (("start", drug.start), ("end", drug.end), ("ongoing", drug.ongoing))
    evidence = [cite(f"{path}.{n}", v, f"{first} to {start}") for n, v in fields if v is not None]
    name = _name(drug)
    if drug.ongoing and drug.end is not None and drug.end.last < first:
        again = Missing(f"{path}.ongoing", f"whether {name} is ongoing")
        message = f"{name} ended on {drug.end}, yet is recorded as ongoing"
        return unknown(message, Reason.CONFLICT, [again], evidence)
    when = exposure(drug)
    if when.possible[1] < first or when.possible[0] > start:
        return known(False, f"{name} not taken from {first} to {start}", *evidence)
    if when.certain is not None and when.certain[0] <= start and when.certain[1] >= first:
        taken = known(True, f"{name} taken from {first} to {start}", *evidence)
        if drug.end is None or drug.ongoing:
            return explained(taken, f"{name} still taken in the {days} days before start")
        gap = (start - drug.end.last).days
        message = f"{name} until {counted(gap, 'day')} before start" if gap >= 0 else f"{name} taken at start"
        clears = drug.end.last + timedelta((start - first).days + 1)
        return replace(explained(taken, message), clears_on=clears)
    return _when_missing(drug, path, first, start)


def _when_missing(drug: Immunosuppressant, path: str, first: date, start: date) -> Answer:
    name = _name(drug)
    partial = [n for n in ("start", "end") if (v := getattr(drug, n)) is not None and not v.exact]
    if partial:
        field = partial[-1]
        value = getattr(drug, field)
        ends = (PartialDate.on(value.first), PartialDate.on(value.last))
        lack = Missing(f"{path}.{field}", f"day of the {field} of {name}", ends)
        return unknown(f"{name}: {field} {value} leaves it open", Reason.PARTIAL_DATE, [lack])
    dates = (PartialDate.on(first - timedelta(1)), PartialDate.on(start))
    lacking = [
        Missing(f"{path}.{n}", f"{n} of {name}", dates) for n in ("start", "end") if getattr(drug, n) is None
    ]
    if drug.ongoing is None:
        lacking.append(Missing(f"{path}.ongoing", f"whether {name} is ongoing", (True, False)))
    return unknown(f"when {name} was taken is not recorded", Reason.MISSING, lacking)


def _total_evidence(ask: Ask, path: str) -> list[Evidence]:
    """Everything of one corticosteroid that a daily total rests on."""
    drug = (ask.facts.immunosuppressants or ())[int(path.removeprefix(f"{_PATH}[").rstrip("]"))]
    names = ("drug", "kind", "route", "dose_mg_per_day", "start", "end", "ongoing")
    cited = [cite(f"{path}.{name}", getattr(drug, name), "daily total") for name in names]
    return [e for e in cited if e.value is not None]


def _daily_total(ask: Ask, start: date, days: int, limit_mg: Decimal) -> Answer:
    """Systemic corticosteroids of one day added up: each may stay below the limit that they pass together."""
    first = start - timedelta(days - (1 if ask.reading("P03") == "excluded" else 0))
    doses: list[tuple[Exposure, Decimal, str]] = []
    for index, drug in enumerate(ask.facts.immunosuppressants or ()):
        systemic = drug.route in _SYSTEMIC and _kind(drug) == "corticosteroid"
        equivalent = _equivalent(drug, "", limit_mg) if systemic else None
        if isinstance(equivalent, Decimal):
            doses.append((exposure(drug), equivalent, f"{_PATH}[{index}]"))
    certain = possible = Decimal(0)
    for offset in range((start - first).days + 1):
        day = first + timedelta(offset)
        sure = [d for e, d, _ in doses if e.certain and e.certain[0] <= day <= e.certain[1]]
        maybe = [d for e, d, _ in doses if e.possible[0] <= day <= e.possible[1]]
        certain, possible = max(certain, sum(sure, Decimal(0))), max(possible, sum(maybe, Decimal(0)))
    evidence = [e for _, _, path in doses for e in _total_evidence(ask, path)]
    total = "corticosteroids of one day together {} mg prednisone"
    if certain > limit_mg:
        return known(True, f"{total.format(_shown(certain, limit_mg))} > {plain(limit_mg)} mg", *evidence)
    total = total.format(_shown(possible, limit_mg))
    if possible > limit_mg:
        again = Missing(_PATH, "days on which the corticosteroids were taken")
        return unknown(f"{total} if taken on the same day", Reason.MISSING, [again], evidence)
    return known(False, f"{total} <= {plain(limit_mg)} mg", *evidence)
