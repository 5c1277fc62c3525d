"""Child-Pugh score as a range: what is not known scores anything from 1 to 3.

Points (INR version in common use, [1]_)::

    points            1        2            3
    bilirubin mg/dL   < 2      2 - 3        > 3
    albumin g/dL      > 3.5    2.8 - 3.5    < 2.8
    INR               < 1.7    1.7 - 2.3    > 2.3
    ascites           none     mild         moderate, severe, intractable
    encephalopathy    none     grade 1-2    grade 3-4

Class A is 5 to 6 points, B 7 to 9, C 10 to 15.

References
----------
.. [1] R. N. Pugh et al., Br J Surg 60 (1973) 646-649. Published tables differ in the INR (2.2 or 2.3) and the
   albumin (2.8 or 3.0 g/dL); policy P09 chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from eligibility.answers import Ask, cite, known, merged, noted, unique, unknown
from eligibility.laboratory import Choice, choose, converted, range_of
from eligibility.patient import LabResult
from eligibility.ranges import Range, plain
from eligibility.truth import Truth
from eligibility.verdict import Answer, Evidence, Missing, Reason, gravest
from recist.counted import counted

#: Most points of class A, of class B.
CLASS_A, CLASS_B = 6, 9

BILIRUBIN_MG_DL = (Decimal(2), Decimal(3))
#: The same table in SI units, as printed; 34 and 51 umol/L are not exactly 2 and 3 mg/dL.
BILIRUBIN_UMOL_L = (Decimal(34), Decimal(51))
ALBUMIN_G_DL = (Decimal("3.5"), Decimal("2.8"))
INR = (Decimal("1.7"), Decimal("2.3"))

Points = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Component:
    """Points of one of the five items, with what they rest on or wait for."""

    name: str
    low: int
    high: int
    evidence: tuple[Evidence, ...] = ()
    open: Answer | None = None


def points(one: Truth, at_most_two: Truth) -> Points:
    """Least and most points, from whether the value scores 1 and whether it scores at most 2."""

    def score(counts: Callable[[Truth], bool]) -> int:
        return 1 if counts(one) else 2 if counts(at_most_two) else 3

    return score(lambda t: t is not Truth.FALSE), score(lambda t: t is Truth.TRUE)


def bilirubin_points(value: Range, limits: tuple[Decimal, Decimal] = BILIRUBIN_MG_DL) -> Points:
    """Below 2 mg/dL one point, up to 3 two.

    >>> bilirubin_points(Range.exactly(Decimal("2.0"))), bilirubin_points(Range.exactly(Decimal("3.0")))
    ((2, 2), (2, 2))
    """
    return points(value.below(limits[0]), value.at_most(limits[1]))


def albumin_points(value: Range, limits: tuple[Decimal, Decimal] = ALBUMIN_G_DL) -> Points:
    """Above 3.5 g/dL one point, down to 2.8 two."""
    return points(value.above(limits[0]), value.at_least(limits[1]))


def inr_points(value: Range, limits: tuple[Decimal, Decimal] = INR) -> Points:
    """Below 1.7 one point, up to 2.3 two."""
    return points(value.below(limits[0]), value.at_most(limits[1]))


def class_of(score: int) -> str:
    """Class of a score from 5 to 15."""
    return "A" if score <= CLASS_A else "B" if score <= CLASS_B else "C"


def child_pugh_components(ask: Ask, days: int) -> tuple[Component, ...]:
    """The five items of the score."""
    return (
        _lab(ask, "bilirubin_total", days, _bilirubin, ("1.0", "2.5", "3.5"), "mg/dL"),
        _lab(
            ask,
            "albumin",
            days,
            lambda r, v: albumin_points(v, _albumin_limits(ask)),
            ("4.0", "3.2", "2.5"),
            "g/dL",
        ),
        _lab(ask, "inr", days, lambda r, v: inr_points(v, _inr_limits(ask)), ("1.0", "2.0", "2.5"), "1"),
        _ascites(ask),
        _encephalopathy(ask),
    )


def _albumin_limits(ask: Ask) -> tuple[Decimal, Decimal]:
    return (ALBUMIN_G_DL[0], Decimal("3.0")) if ask.reading("P09") == "albumin_3_0" else ALBUMIN_G_DL


def _inr_limits(ask: Ask) -> tuple[Decimal, Decimal]:
    return (INR[0], Decimal("2.2")) if ask.reading("P09") == "inr_2_2" else INR


def _bilirubin(result: LabResult, value: Range) -> Points:
    """By the table in mg/dL; a result in umol/L by the printed SI table as well, where they differ both."""
    low, high = bilirubin_points(value)
    if result.unit is not None and "mol" in result.unit.lower() and result.value is not None:
        si = bilirubin_points(Range.censored(result.comparator, result.value), BILIRUBIN_UMOL_L)
        return min(low, si[0]), max(high, si[1])
    return low, high


def _lab(
    ask: Ask,
    analyte: str,
    days: int,
    score: Callable[[LabResult, Range], Points],
    values: tuple[str, ...],
    unit: str,
) -> Component:
    numbers = tuple(Decimal(v) for v in values)
    choice: Choice = choose(ask, analyte, days, [LabResult(analyte, n, unit=unit) for n in numbers])
    if choice.open is not None:
        return Component(analyte, 1, 3, (), choice.open)
    low = high = 1
    evidence: list[Evidence] = []
    for result in choice.results:
        value = converted(result, numbers)
        if isinstance(value, Answer):
            return Component(analyte, 1, 3, (), value)
        least, most = score(result, range_of(result, value))
        low, high = max(low, least), max(high, most)
        sign = result.comparator or ""
        shown = f"{sign}{plain(result.value)}" if result.value is not None else None
        scored = counted(most, "point") if least == most else f"{least} to {most} points"
        when = str(result.date) if result.date else None
        evidence.append(Evidence(f"labs[{analyte}]", shown, scored, result.unit, when, result.source))
    evidence += [e for e in choice.evidence if e not in evidence]
    return Component(analyte, low, high, tuple(evidence), _straddling(choice, evidence, low, high, unit))


def _straddling(choice: Choice, evidence: list[Evidence], low: int, high: int, unit: str) -> Answer | None:
    if low == high:
        return None
    result = choice.results[0]
    reason = Reason.CENSORED if result.comparator else Reason.NOT_ASSESSABLE
    again = Missing(evidence[0].path, f"{result.analyte} as an exact value in {unit}")
    return unknown(f"{result.analyte} scores {low} to {high} points", reason, [again], evidence)


_GRADES = {"none": 1, "mild": 2, "moderate": 3, "severe": 3}


def _ascites(ask: Ask) -> Component:
    liver = ask.facts.liver
    path = "liver.ascites"
    if liver.ascites_intractable and liver.ascites != "none":
        return Component("ascites", 3, 3, (cite("liver.ascites_intractable", True, "3 points"),))
    if liver.ascites is None:
        lack = Missing(path, "ascites", tuple(_GRADES))
        return Component("ascites", 1, 3, (), unknown("ascites is not recorded", Reason.MISSING, [lack]))
    if liver.ascites == "none" and liver.ascites_intractable:
        both = (cite(path, "none"), cite("liver.ascites_intractable", True))
        lack = Missing(path, "whether there is ascites")
        return Component(
            "ascites", 1, 3, (), unknown("ascites: none, yet intractable", Reason.CONFLICT, [lack], both)
        )
    grade = _GRADES[liver.ascites]
    evidence: tuple[Evidence, ...] = (cite(path, liver.ascites, counted(grade, "point")),)
    if liver.ascites == "mild" and liver.ascites_intractable is None:
        lack = Missing("liver.ascites_intractable", "whether the ascites is intractable", (True, False))
        still = unknown("whether mild ascites is intractable is not recorded", Reason.MISSING, [lack])
        return Component("ascites", 2, 3, evidence, still)
    if liver.ascites == "mild":
        evidence = (*evidence, cite("liver.ascites_intractable", False))
    return Component("ascites", grade, grade, evidence)


def _encephalopathy(ask: Ask) -> Component:
    grade = ask.facts.liver.encephalopathy_grade
    path = "liver.encephalopathy_grade"
    if grade is None:
        lack = Missing(path, "grade of hepatic encephalopathy", (0, 1, 3))
        message = "hepatic encephalopathy is not recorded"
        return Component("encephalopathy", 1, 3, (), unknown(message, Reason.MISSING, [lack]))
    scored = 1 if grade == 0 else 2 if grade <= 2 else 3
    return Component("encephalopathy", scored, scored, (cite(path, grade, counted(scored, "point")),))


def is_child_pugh_class_a(ask: Ask, *, days: int) -> Answer:
    """The score, whatever the unknown items turn out to be, lies in class A."""
    components = child_pugh_components(ask, days)
    computed = _by_score(components)
    reported = ask.facts.liver.child_pugh_reported_class
    if reported is None:
        return computed
    said = cite("liver.child_pugh_reported_class", reported, "reported class")
    if computed.truth is Truth.UNKNOWN:
        if ask.reading("P27") == "stands_in":
            return known(reported == "A", f"Child-Pugh class {reported} as reported", said)
        return noted(computed, f"class {reported} is reported, but the score cannot be computed")
    if (computed.truth is Truth.TRUE) != (reported == "A"):
        again = Missing("liver.child_pugh_reported_class", "which Child-Pugh class is right")
        message = f"{computed.message}, but class {reported} is reported"
        return unknown(message, Reason.CONFLICT, [again], [*computed.evidence, said])
    return computed


def _by_score(components: tuple[Component, ...]) -> Answer:
    low, high = sum(c.low for c in components), sum(c.high for c in components)
    evidence = unique(e for c in components for e in c.evidence)
    score = str(low) if low == high else f"{low} to {high}"
    if high <= CLASS_A or low > CLASS_A:
        span = class_of(low) if class_of(low) == class_of(high) else f"{class_of(low)} to {class_of(high)}"
        return known(high <= CLASS_A, f"Child-Pugh {score} points, class {span}", *evidence)
    waiting = [c.open for c in components if c.open is not None]
    reasons = "; ".join(a.message for a in waiting)
    return unknown(
        f"Child-Pugh {score} points: {reasons}",
        gravest([a.reason for a in waiting]),
        merged(m for a in waiting for m in a.missing),
        [*evidence, *(e for a in waiting for e in a.evidence if e not in evidence)],
    )
