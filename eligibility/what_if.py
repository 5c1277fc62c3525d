"""What would settle an open criterion: which missing item, with which value, and the smallest set of all.

Every missing item is tried with representative values: just below, at and above each limit, yes and no, each
choice, the first and the last day it may be. An item is decisive if some value of it settles the criterion
alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Any

from eligibility.answers import shown
from eligibility.paths import replaced
from eligibility.patient import LabResult, PatientFacts
from eligibility.protocol import Criterion, Protocol
from eligibility.screening_status import status_of
from eligibility.verdict import Answer, Missing, Status

#: Sets of more items than this are not searched, only pruned from what is missing.
_LARGEST_SEARCHED = 4
#: Rounds in which filled items may bring up new ones.
_ROUNDS = 4
#: Combinations of candidate values tried for one set.
_COMBINATIONS = 200

_SETTLED = (Status.PASS, Status.NA)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one missing item would do to one criterion.

    Attributes
    ----------
    by_value : mapping
        Value tried, as text, to the status it would give.
    """

    path: str
    label: str
    by_value: Mapping[str, Status]

    @property
    def decisive(self) -> bool:
        """Whether some value settles the criterion alone."""
        return any(status is not Status.UNKNOWN for status in self.by_value.values())


@dataclass(frozen=True, slots=True)
class SmallestSet:
    """Items that settle everything if they turn out well, and the criteria no item can settle."""

    paths: tuple[str, ...]
    leaves_open: tuple[str, ...]


def outcomes(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol, missing: Sequence[Missing]
) -> tuple[Outcome, ...]:
    """What each missing item would do to an open criterion."""
    return tuple(
        Outcome(
            item.path,
            item.label,
            {named(value): _try(criterion, facts, protocol, {item.path: value}) for value in item.candidates},
        )
        for item in missing
    )


def named(value: Any) -> str:
    """A candidate value in words."""
    if isinstance(value, LabResult):
        limit = f" (ULN {shown(value.uln)})" if value.uln is not None else ""
        unit = "" if value.unit in (None, "1") else f" {value.unit}"
        return f"{shown(value.value)}{unit}{limit}"
    if isinstance(value, tuple):
        return "none" if not value else "; ".join(named(item) for item in value)
    if hasattr(value, "__dataclass_fields__") and not hasattr(value, "first"):
        words = [shown(getattr(value, name)) for name in value.__dataclass_fields__]
        return " ".join(word for word in words if word)
    return shown(value) or "unknown"


def _try(criterion: Criterion, facts: PatientFacts, protocol: Protocol, values: Mapping[str, Any]) -> Status:
    return status_of(criterion, _answer(criterion, facts, protocol, values))


def _answer(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol, values: Mapping[str, Any]
) -> Answer:
    for path, value in values.items():
        facts = replaced(facts, path, value)
    return criterion.rule(protocol.ask(facts))


# --- the smallest set ---------------------------------------------------------------------------------


def smallest_set(facts: PatientFacts, protocol: Protocol, open_ids: Iterable[str]) -> SmallestSet:
    """A smallest set of items after which, if all turn out well, no criterion is open."""
    options: list[list[frozenset[str]]] = []
    leaves_open = []
    for criterion_id in open_ids:
        sets = passing_sets(protocol.criterion(criterion_id), facts, protocol)
        if sets:
            options.append(sets)
        else:
            leaves_open.append(criterion_id)
    return SmallestSet(tuple(sorted(_smallest_union(options))), tuple(leaves_open))


def passing_sets(criterion: Criterion, facts: PatientFacts, protocol: Protocol) -> list[frozenset[str]]:
    """Smallest sets of missing items with values that let an open criterion pass; empty if none can."""
    items = _items_to_pass(criterion, facts, protocol)
    if items is None:
        return []
    for size in range(1, min(len(items), _LARGEST_SEARCHED) + 1):
        found = [
            frozenset(subset)
            for subset in combinations(items, size)
            if _passes(criterion, facts, protocol, {path: items[path] for path in subset})
        ]
        if found:
            return found
    return [frozenset(_pruned(criterion, facts, protocol, items))]


def _items_to_pass(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol
) -> dict[str, tuple[Any, ...]] | None:
    """Missing items with their candidate values, the most favorable first, that together let it pass."""
    items: dict[str, tuple[Any, ...]] = {}
    filled = facts
    for _ in range(_ROUNDS):
        answer = criterion.rule(protocol.ask(filled))
        new = [m for m in answer.missing if m.candidates and m.path not in items]
        if status_of(criterion, answer) in _SETTLED or not new:
            break
        for item in new:
            items[item.path] = _favorable_first(criterion, filled, protocol, item)
            filled = replaced(filled, item.path, items[item.path][0])
    return items if items and _passes(criterion, facts, protocol, items) else None


def _favorable_first(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol, item: Missing
) -> tuple[Any, ...]:
    """Candidates that pass first, then those that leave the least open, last those that fail."""

    def rank(value: Any) -> int:
        answer = _answer(criterion, facts, protocol, {item.path: value})
        status = status_of(criterion, answer)
        if status in _SETTLED:
            return 0
        if status is Status.FAIL:
            return 1000
        return 1 + len(answer.missing)

    return tuple(sorted(item.candidates, key=rank))


def _passes(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol, items: Mapping[str, tuple[Any, ...]]
) -> bool:
    """Whether some combination of candidate values lets the criterion pass."""
    most = _COMBINATIONS if len(items) <= _LARGEST_SEARCHED else 1
    return any(
        status_of(criterion, criterion.rule(protocol.ask(filled))) in _SETTLED
        for filled in islice(_combined(facts, tuple(items.items())), most)
    )


def _combined(facts: PatientFacts, items: Sequence[tuple[str, tuple[Any, ...]]]) -> Iterator[PatientFacts]:
    """The facts with every combination of values, the last item changing fastest."""
    if not items:
        yield facts
        return
    path, values = items[0]
    for value in values:
        yield from _combined(replaced(facts, path, value), items[1:])


def _pruned(
    criterion: Criterion, facts: PatientFacts, protocol: Protocol, items: Mapping[str, tuple[Any, ...]]
) -> list[str]:
    kept = dict(items)
    for path in items:
        fewer = {p: values for p, values in kept.items() if p != path}
        if fewer and _passes(criterion, facts, protocol, fewer):
            kept = fewer
    return list(kept)


def _smallest_union(options: Sequence[Sequence[frozenset[str]]]) -> frozenset[str]:
    """One set per criterion so that their union is smallest: exact where few, else greedy."""
    count = 1
    for sets in options:
        count *= len(sets)
    if count <= 5000:
        unions = (frozenset().union(*choice) for choice in product(*options))
        return min(unions, key=lambda union: (len(union), sorted(union)), default=frozenset())
    chosen: frozenset[str] = frozenset()
    for sets in sorted(options, key=len):
        chosen |= min(sets, key=lambda candidate: (len(candidate - chosen), sorted(candidate)))
    return chosen
