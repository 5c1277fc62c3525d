"""Which laboratory result counts, and whether it keeps a limit.

Choosing the result is one question, judging it another. Of one analyte the latest result in the window
counts; of several on the same day the worst. A result without a date may be the latest, so it keeps the
answer open, as does a list that may lack results; results after the day of screening do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from eligibility.answers import Ask, all_of, cite, known, not_recorded, noted, unique, unknown
from eligibility.dates import PartialDate, within
from eligibility.patient import LabResult
from eligibility.ranges import Range, plain
from eligibility.truth import Truth
from eligibility.units import MOLAR_GUARD, Converted, canonical, canonical_unit, units_of
from eligibility.verdict import Answer, Evidence, Missing, Reason
from recist.counted import counted

NAMES = {
    "hemoglobin": "hemoglobin",
    "anc": "absolute neutrophil count",
    "platelets": "platelet count",
    "bilirubin_total": "total bilirubin",
    "albumin": "albumin",
    "alt": "ALT",
    "ast": "AST",
    "inr": "INR",
    "creatinine": "creatinine",
}

#: Upper limits of normal that laboratories print, in the canonical unit. A limit outside is in another unit
#: than the value, or a therapeutic range; it is not used.
ULN_LIMITS = {
    "alt": (Decimal(10), Decimal(150)),
    "ast": (Decimal(10), Decimal(150)),
    "inr": (Decimal(1), Decimal("1.5")),
    "creatinine": (Decimal("0.4"), Decimal("2.5")),
}

_PATH = "labs"

#: A day to try where a record holds none.
_REPRESENTATIVE_DAY = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The results that count (several of one day), or why none does."""

    results: tuple[LabResult, ...]
    open: Answer | None
    notes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def path_of(analyte: str) -> str:
    """Place of an analyte's results in the record."""
    return f"labs[{analyte}]"


def choose(ask: Ask, analyte: str, days: int, samples: Sequence[LabResult] = ()) -> Choice:
    """The latest result of an analyte within ``days`` days before screening, both ends included."""
    name, path = NAMES[analyte], path_of(analyte)
    screening = ask.facts.reference_dates.screening
    results = sorted((r for r in ask.facts.labs or () if r.analyte == analyte), key=_order)
    if screening is None:
        return Choice((), _without_screening(name, results, days))
    new = tuple(_dated(sample, screening.first) for sample in samples)
    wanted = Missing(path, f"{name} within {days} days before screening", new)
    if not results:
        return Choice((), unknown(f"{name} is not recorded", Reason.MISSING, [wanted]))
    undated = [r for r in results if r.date is None]
    if undated:
        dates = (screening.first, screening.first - timedelta(days + 1))
        when = Missing(f"{path}.date", f"date of the {name}", tuple(PartialDate.on(d) for d in dates))
        message = f"{name} of unknown date may be the latest"
        return Choice((), unknown(message, Reason.UNDATED, [when], [_cited(undated[0])]))
    choice = _latest(ask, results, screening, days, wanted)
    if choice.open is None and _PATH in ask.facts.incomplete:
        complete = Missing(f"{_PATH}_complete", "whether the list of laboratory results is complete", (True,))
        message = f"the list of laboratory results may lack a later {name}"
        return Choice((), unknown(message, Reason.MISSING, [complete], [_cited(r) for r in choice.results]))
    return choice


def _order(result: LabResult) -> tuple[str, ...]:
    """Any order that does not depend on the record's."""
    fields = (result.date, result.value, result.comparator, result.unit, result.uln, result.source)
    return tuple(str(field) for field in fields)


def _latest(ask: Ask, results: list[LabResult], screening: PartialDate, days: int, wanted: Missing) -> Choice:
    name = NAMES[results[0].analyte]
    placed = [(r, r.date, _in_window(ask, r.date, screening, days)) for r in results if r.date is not None]
    certain = [(r, day) for r, day, truth in placed if truth is Truth.TRUE]
    possible = [(r, day) for r, day, truth in placed if truth is not Truth.FALSE]
    if not possible:
        return Choice((), _out_of_window(placed, screening, days, wanted))
    floor = max((day.first for _, day in certain), default=date.min)
    contenders = [(r, day) for r, day in possible if day.last >= floor]
    distinct = {(day.first, day.last) for _, day in contenders}
    if not certain or len(distinct) > 1:
        evidence = [_cited(r) for r, _ in contenders]
        partial = [r for r, day in contenders if not day.exact] or [contenders[0][0]]
        inexact = Missing(f"{path_of(partial[0].analyte)}.date", f"day of the {name}")
        message = f"which {name} is the latest in the window cannot be told from {_days(contenders)}"
        return Choice((), unknown(message, Reason.PARTIAL_DATE, [inexact], evidence))
    later = [r for r, day, truth in placed if truth is Truth.FALSE and day.first > screening.last]
    notes = [f"{name} of {r.date} was taken after screening and does not count" for r in later]
    anchor = cite("reference_dates.screening", screening, f"window of {days} days")
    return Choice(tuple(r for r, _ in contenders), None, tuple(notes), (anchor,))


def _in_window(ask: Ask, day: PartialDate, screening: PartialDate, days: int) -> Truth:
    end = screening
    start = ask.facts.reference_dates.treatment_start
    later = day.last > screening.first and start is not None and start.first > screening.last
    if later and start is not None and ask.reading("P02") == "accept":
        end = start
    opens = (screening.first - timedelta(days), screening.last - timedelta(days))
    if within(day, opens[1], end.first) is Truth.TRUE:
        return Truth.TRUE
    return Truth.FALSE if within(day, opens[0], end.last) is Truth.FALSE else Truth.UNKNOWN


def _without_screening(name: str, results: list[LabResult], days: int) -> Answer:
    dates = sorted({r.date.last for r in results if r.date is not None}, reverse=True)[:1]
    dates = dates or [_REPRESENTATIVE_DAY]
    candidates = tuple(PartialDate.on(d + timedelta(n)) for d in dates for n in (0, days + 1))
    return not_recorded("reference_dates.screening", f"date of screening (window of the {name})", candidates)


def _out_of_window(
    placed: Sequence[tuple[LabResult, PartialDate, Truth]],
    screening: PartialDate,
    days: int,
    wanted: Missing,
) -> Answer:
    newest, day, _ = max(placed, key=lambda item: (item[1].last, item[1].first))
    name = NAMES[newest.analyte]
    if day.first > screening.last:
        gap = f"{counted((day.first - screening.last).days, 'day')} after screening"
    else:
        gap = f"{counted((screening.first - day.last).days, 'day')} before screening"
    message = f"{name} of {day} lies outside the {days}-day window ({gap})"
    return unknown(message, Reason.STALE, [wanted], [_cited(newest)])


def _days(contenders: Sequence[tuple[LabResult, PartialDate]]) -> str:
    return ", ".join(sorted({str(day) for _, day in contenders}))


def _dated(sample: LabResult, day: date) -> LabResult:
    return LabResult(
        sample.analyte,
        sample.value,
        None,
        sample.unit,
        sample.uln,
        reference_range_kind="normal" if sample.uln is not None else None,
        date=PartialDate.on(day),
    )


def _cited(result: LabResult, compared_as: str = "") -> Evidence:
    sign = result.comparator or ""
    return Evidence(
        path_of(result.analyte),
        None if result.value is None else f"{sign}{plain(result.value)}",
        compared_as,
        result.unit,
        str(result.date) if result.date else None,
        result.source,
    )


# --- judging the result that counts ---------------------------------------------------------------


def judge_each(choice: Choice, judge: Callable[[LabResult], Answer]) -> Answer:
    """The answer on the result that counts; of several on one day, the worst."""
    if choice.open is not None:
        return choice.open
    answer = all_of(*(judge(result) for result in choice.results))
    if answer.truth is Truth.UNKNOWN:
        return noted(answer, *choice.notes)
    return noted(replace(answer, evidence=unique((*answer.evidence, *choice.evidence))), *choice.notes)


def converted(result: LabResult, values: Sequence[Decimal] = ()) -> Converted | Answer:
    """A result in the canonical unit, or why there is none. ``values`` are worth asking about."""
    name, path = NAMES[result.analyte], path_of(result.analyte)
    if result.value is None:
        evidence = [_cited(result)]
        message = f"the {name} of {result.date} has no value"
        return unknown(message, Reason.MISSING, [Missing(f"{path}.value", name, tuple(values))], evidence)
    value = canonical(result.analyte, result.value, result.unit)
    if value is None:
        found = f"unit {result.unit!r} is not known" if result.unit else "no unit is recorded"
        unit = Missing(f"{path}.unit", f"unit of the {name}", units_of(result.analyte))
        return unknown(
            f"{name} {plain(result.value)}: {found}", Reason.UNIT_UNKNOWN, [unit], [_cited(result)]
        )
    return value


def range_of(result: LabResult, value: Converted) -> Range:
    """What a result leaves open: its comparator, and the guard of a molar conversion."""
    censored = Range.censored(result.comparator, value.value)
    return censored.widened(MOLAR_GUARD) if value.molar else censored


#: What holds where a comparison does not.
_OPPOSITE = {">=": "<", "<": ">=", "<=": ">"}


def compared(
    result: LabResult, value: Converted, bound: Decimal, test: Callable[[Range, Decimal], Truth], sign: str
) -> Answer:
    """A result against a limit in the canonical unit."""
    truth = test(range_of(result, value), bound)
    name = NAMES[result.analyte]
    unit = "" if result.analyte == "inr" else f" {value.unit}"
    shown = f"{result.comparator or ''}{digits(value.value, bound)}{unit}"
    against = f"{sign} {plain(bound)}{unit}"
    holds = _OPPOSITE[sign] if truth is Truth.FALSE else sign
    evidence = _cited(result, f"{shown} {holds} {plain(bound)}{unit}")
    if truth is not Truth.UNKNOWN:
        kept = "" if truth is Truth.TRUE else "not "
        return known(truth, f"{name} {shown} is {kept}{against} ({result.date})", evidence)
    if result.comparator is not None and not value.molar:
        why, reason = f"a censored result cannot be compared with {against}", Reason.CENSORED
    else:
        why = f"too close to {plain(bound)} {value.unit} after conversion: confirm in the original unit"
        reason = Reason.NOT_ASSESSABLE if result.comparator is None else Reason.CENSORED
    again = Missing(path_of(result.analyte), f"{name} as an exact value in {value.unit}")
    return unknown(f"{name} {shown}: {why}", reason, [again], [evidence])


def digits(value: Decimal, bound: Decimal) -> str:
    """A converted value with as many digits as show on which side of the bound it lies.

    >>> digits(Decimal("2.998812"), Decimal("3.0")), digits(Decimal("2.99981"), Decimal("3.0"))
    ('2.999', '2.9998')
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -3:
        return plain(value)
    for places in range(3, 12):
        rounded = round(value, places)
        if (rounded > bound) == (value > bound) and (rounded < bound) == (value < bound):
            return plain(rounded)
    return plain(value)


def lab_at_least(ask: Ask, *, analyte: str, limit: Decimal, unit: str, days: int) -> Answer:
    """The latest result in the window is at least the limit."""
    return _against(ask, analyte, limit, unit, days, Range.at_least, ">=")


def lab_below(ask: Ask, *, analyte: str, limit: Decimal, unit: str, days: int) -> Answer:
    """The latest result in the window is below the limit."""
    return _against(ask, analyte, limit, unit, days, Range.below, "<")


def lab_at_most(ask: Ask, *, analyte: str, limit: Decimal, unit: str, days: int) -> Answer:
    """The latest result in the window is at most the limit."""
    return _against(ask, analyte, limit, unit, days, Range.at_most, "<=")


def _against(
    ask: Ask,
    analyte: str,
    limit: Decimal,
    unit: str,
    days: int,
    test: Callable[[Range, Decimal], Truth],
    sign: str,
) -> Answer:
    bound = canonical(analyte, limit, unit)
    assert bound is not None
    values = around(limit)
    samples = [LabResult(analyte, value, unit=unit) for value in values]

    def judge(result: LabResult) -> Answer:
        value = converted(result, values)
        return value if isinstance(value, Answer) else compared(result, value, bound.value, test, sign)

    return judge_each(choose(ask, analyte, days, samples), judge)


def around(limit: Decimal) -> tuple[Decimal, ...]:
    """Values just below, at and above a limit, and far on either side."""
    step = Decimal(1).scaleb(int(limit.as_tuple().exponent))
    return (limit, limit - step, limit + step, limit * Decimal("0.7"), limit * Decimal("1.5"))


# --- multiples of the upper limit of normal -------------------------------------------------------


def lab_at_most_times_uln(ask: Ask, *, analyte: str, times: Decimal, days: int) -> Answer:
    """The latest result in the window is at most so many times its laboratory's upper limit of normal."""
    uln = _typical_uln(analyte)
    unit = canonical_unit(analyte)
    samples = [LabResult(analyte, value, unit=unit, uln=uln) for value in around(times * uln)]
    return judge_each(choose(ask, analyte, days, samples), lambda r: times_uln(r, times))


def _typical_uln(analyte: str) -> Decimal:
    low, high = ULN_LIMITS[analyte]
    return round((low + high) / 2, 1)


def times_uln(result: LabResult, times: Decimal) -> Answer:
    """A result against a multiple of its upper limit, both in the laboratory's own unit."""
    value = converted(result)
    if isinstance(value, Answer):
        return value
    limit = usable_uln(result)
    if isinstance(limit, Answer):
        return limit
    assert result.value is not None
    bound = times * limit
    own = Converted(result.value, result.unit or "")
    answer = compared(result, own, bound, Range.at_most, "<=")
    label = f"{plain(times)} x {plain(limit)}"
    return noted(answer) if answer.truth is Truth.UNKNOWN else _with_limit(answer, result, limit, label)


def _with_limit(answer: Answer, result: LabResult, limit: Decimal, label: str) -> Answer:
    upper = Evidence(f"{path_of(result.analyte)}.uln", plain(limit), label, result.unit, None, result.source)
    return known(answer.truth, f"{answer.message}, {label} ULN", *answer.evidence, upper)


def usable_uln(result: LabResult) -> Decimal | Answer:
    """The upper limit of normal, or why the recorded one cannot be it."""
    name, path = NAMES[result.analyte], f"{path_of(result.analyte)}.uln"
    unit = result.unit or ""
    wanted = [Missing(path, f"upper limit of normal of the {name}", _uln_candidates(result))]
    evidence = [_cited(result)]
    if result.uln is None:
        message = f"the upper limit of normal of the {name} is not recorded"
        return unknown(message, Reason.MISSING, wanted, evidence)
    limit = Evidence(path, plain(result.uln), "upper limit of normal", result.unit)
    if result.reference_range_kind == "therapeutic":
        message = f"{name}: a therapeutic range is not a limit of normal"
        return unknown(message, Reason.MISSING, wanted, [*evidence, limit])
    in_unit = canonical(result.analyte, result.uln, result.unit)
    low, high = ULN_LIMITS[result.analyte]
    if in_unit is None or not low <= in_unit.value <= high:
        message = f"an upper limit of {plain(result.uln)} {unit} is implausible for {name}: check its unit"
        return unknown(message, Reason.NOT_ASSESSABLE, wanted, [*evidence, limit])
    return result.uln


def _uln_candidates(result: LabResult) -> tuple[Decimal, ...]:
    """Plausible upper limits in the unit of the value."""
    one = canonical(result.analyte, Decimal(1), result.unit)
    if one is None:
        return ()
    low, high = ULN_LIMITS[result.analyte]
    return tuple(round(each / one.value, 3) for each in (low, (low + high) / 2, high))


def inr_at_most_times_uln(ask: Ask, *, times: Decimal, days: int) -> Answer:
    """The INR is at most so many times the upper limit of normal.

    Without a usable limit an INR of at most ``times`` passes all the same, since the upper limit of an INR is
    at least 1.0 by its definition as a ratio to normal plasma; above it cannot be told (policy P21).
    """

    def judge(result: LabResult) -> Answer:
        by_limit = times_uln(result, times)
        if by_limit.truth is not Truth.UNKNOWN or ask.reading("P21") == "uln_required":
            return by_limit
        value = converted(result)
        limit = usable_uln(result)
        low = result.uln is not None and result.uln < 1
        if isinstance(value, Answer) or not isinstance(limit, Answer) or low:
            return by_limit
        alone = compared(result, value, times, Range.at_most, "<=")
        if alone.truth is not Truth.TRUE:
            return by_limit
        return noted(alone, "the upper limit of normal is not known, but at least 1.0")

    uln = Decimal("1.2")
    samples = [LabResult("inr", value, unit="1", uln=uln) for value in around(times * uln)]
    return judge_each(choose(ask, "inr", days, samples), judge)
