"""Where two signed reads differ, and how a third reader settles it, lesion by lesion, defect by defect.

Everything is computed from the summaries that the readers signed, which stand in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from workup.case.log import sha256
from workup.case.reads import Decision, DefectRead, History, LesionRead, ReadSummary, SignedRead
from workup.case.strict_json import canonical
from workup.errors import CaseError

Finding = TypeVar("Finding", LesionRead, DefectRead)


class Kind(StrEnum):
    """What two reads differ in."""

    TARGET = "different_target"
    MEASURABILITY = "different_measurability"
    DIAMETER = "diameter_beyond_limits"
    VERDICT = "different_verdict"


@dataclass(frozen=True)
class AgreedLimits:
    """Beyond which a difference of two diameters is adjudicated; a trial's charter may set others.

    By default what RECIST itself calls a change: 20 % of the smaller value and 5 mm, both (RECIST 1.1,
    Eisenhauer, Eur J Cancer 2009;45:228, section 4.3.1). A difference below it cannot turn one response
    into another by itself; one that turns a lesion unmeasurable is listed as such anyway.
    """

    percent: int = 20
    tenths_mm: int = 50

    def exceeded(self, a_tenths_mm: int, b_tenths_mm: int) -> bool:
        """Whether two recorded diameters differ beyond both limits; exact, in integers. [0.1 mm]"""
        difference, smaller = abs(a_tenths_mm - b_tenths_mm), min(a_tenths_mm, b_tenths_mm)
        return difference >= self.tenths_mm and 100 * difference >= self.percent * smaller


#: Two outlines are the same lesion if their centers lie within the smaller one's radius, or within this
#: where no diameter is known. [mm]
SAME_LESION_MM = 10.0


#: A reader's word, and the assessment's, for a lesion that counts.
_MEASURABLE = frozenset({"yes", "MEASURABLE"})


@dataclass(frozen=True)
class Discordance:
    """One thing to settle.

    Attributes
    ----------
    id : str
        Names what differs and both values: a superseding read that changes a value opens it again.
    subject : str
        The finding, by its id in each read (``-`` where one has none), or the verdict's name.
    first, second : str
        What each read says.
    """

    id: str
    kind: Kind
    subject: str
    first: str
    second: str


def discordances(
    first: ReadSummary, second: ReadSummary, limits: AgreedLimits | None = None
) -> tuple[Discordance, ...]:
    """Every difference of two reads that must be adjudicated.

    A lesion that one reader did not outline is listed if the other chose it as target or signed it as
    measurable; a defect that one did not outline is listed always.
    """
    limits = limits or AgreedLimits()
    found: list[Discordance] = []
    for a, b in matched(first.lesions, second.lesions):
        found += _of_lesion(a, b, limits)
    for c, d in matched(first.defects, second.defects):
        found += _of_defect(c, d)
    for name in sorted({*first.verdicts, *second.verdicts}):
        found += _differ(Kind.VERDICT, name, first.verdicts.get(name), second.verdicts.get(name))
    return tuple(found)


def _of_lesion(a: LesionRead | None, b: LesionRead | None, limits: AgreedLimits) -> list[Discordance]:
    subject = f"{a.id if a else '-'} / {b.id if b else '-'}"
    targets = (a.target if a else False, b.target if b else False)
    found = _differ(Kind.TARGET, subject, *("target" if t else "not a target" for t in targets))
    measurable = (a.measurable if a else None, b.measurable if b else None)
    if (a and b) or (not found and not _MEASURABLE.isdisjoint(measurable)):
        found += _differ(Kind.MEASURABILITY, subject, *measurable)
    if a and b and a.diameter_tenths_mm is not None and b.diameter_tenths_mm is not None:
        lengths = (a.diameter_tenths_mm, b.diameter_tenths_mm)
        if limits.exceeded(*lengths):
            found += _differ(Kind.DIAMETER, subject, *(f"{n // 10}.{n % 10} mm" for n in lengths))
    return found


def _of_defect(a: DefectRead | None, b: DefectRead | None) -> list[Discordance]:
    subject = f"{a.id if a else '-'} / {b.id if b else '-'}"
    if a is None or b is None:
        return _differ(Kind.VERDICT, subject, *("outlined" if d else "not outlined" for d in (a, b)))
    found: list[Discordance] = []
    for name in sorted({*a.statements, *b.statements}):
        pair = (a.statements.get(name), b.statements.get(name))
        found += _differ(Kind.VERDICT, f"{subject}: {name}", *pair)
    return found


def _differ(kind: Kind, subject: str, first: str | None, second: str | None) -> list[Discordance]:
    if first == second:
        return []
    a, b = ("not said" if value is None else value for value in (first, second))
    name = sha256(canonical([kind.value, subject, a, b]))[:12]
    return [Discordance(name, kind, subject, a, b)]


def matched(
    first: Sequence[Finding], second: Sequence[Finding]
) -> list[tuple[Finding | None, Finding | None]]:
    """Findings of two reads paired by place (by id where a place is missing); None for no partner.

    The pairing with the smallest sum of distances is taken, so that no order of outlines matters.
    """
    from scipy.optimize import linear_sum_assignment  # loads slowly, and few cases have two reads

    far = 1e9
    cost = np.full((len(first), len(second)), far)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            distance = _apart_mm(a, b)
            if distance is not None:
                cost[i, j] = distance
    rows, columns = linear_sum_assignment(cost)
    pairs = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < far}
    both: list[tuple[Finding | None, Finding | None]] = [
        (a, second[pairs[i]] if i in pairs else None) for i, a in enumerate(first)
    ]
    return both + [(None, b) for j, b in enumerate(second) if j not in pairs.values()]


def _apart_mm(a: LesionRead | DefectRead, b: LesionRead | DefectRead) -> float | None:
    """Distance of the centers if they can be the same finding, else None. [mm]"""
    if a.center_lps_mm is None or b.center_lps_mm is None:
        return 0.0 if a.id == b.id else None
    distance = float(np.linalg.norm(np.subtract(a.center_lps_mm, b.center_lps_mm)))
    sizes = [f.diameter_tenths_mm for f in (a, b) if f.diameter_tenths_mm is not None]
    reach = max(min(sizes) / 20, SAME_LESION_MM) if sizes else SAME_LESION_MM
    return distance if distance <= reach else None


@dataclass(frozen=True)
class Adjudication:
    """Two reads, what they differ in, and what was decided.

    Attributes
    ----------
    decisions : mapping of discordance id to Decision
        The last one for each; decisions on values that were superseded since do not count.
    """

    first: SignedRead
    second: SignedRead
    discordances: tuple[Discordance, ...]
    decisions: Mapping[str, Decision]

    @property
    def open(self) -> tuple[Discordance, ...]:
        """What nobody has decided yet."""
        return tuple(d for d in self.discordances if d.id not in self.decisions)

    @property
    def settled(self) -> bool:
        """Whether both reads agree, or all they differ in was decided."""
        return not self.open


def adjudicate(history: History, limits: AgreedLimits | None = None) -> Adjudication:
    """The state of a case's adjudication, from its history alone.

    Raises
    ------
    CaseError
        ``READS_MISSING`` unless two readers have signed.
    """
    reads = history.current_reads[:2]
    if len(reads) < 2 or history.blinded:
        raise CaseError("READS_MISSING", f"{len(reads)} signed reads", expected="two, by different readers")
    found = discordances(reads[0].summary, reads[1].summary, limits)
    known = {d.id for d in found}
    decisions = {d.discordance: d for d in history.decisions if d.discordance in known}
    return Adjudication(reads[0], reads[1], found, decisions)


def decision_data(history: History, who: str, discordance: str, choice: str, why: str) -> dict[str, Any]:
    """The facts of a decision as they go into the log.

    Parameters
    ----------
    history
        What the case's log tells.
    who
        The adjudicator.
    discordance
        Its id.
    choice
        ``first``, ``second``, or another value in words.
    why
        The reason; a decision without one is refused.

    Raises
    ------
    CaseError
        ``READS_MISSING``, ``NOT_THE_ADJUDICATOR``, ``NO_DISCORDANCE``, ``REASON_NEEDED``.
    """
    state = adjudicate(history)
    readers = {state.first.reader, state.second.reader}
    planned = history.plan.adjudicator
    if who in readers or (planned is not None and who != planned):
        raise CaseError(
            "NOT_THE_ADJUDICATOR",
            "the decision is not by the adjudicator of this case",
            expected="a third reader, the one named in the plan if there is one",
        )
    item = next((d for d in state.discordances if d.id == discordance), None)
    if item is None:
        raise CaseError("NO_DISCORDANCE", f"{discordance!r} is none of the discordances of this case")
    if not why.strip() or not choice.strip():
        raise CaseError("REASON_NEEDED", "a decision needs a choice and a reason")
    value = {"first": item.first, "second": item.second}.get(choice, choice)
    facts = {"discordance": item.id, "kind": item.kind.value, "subject": item.subject}
    return {**facts, "choice": choice, "value": value, "first": item.first, "second": item.second}
