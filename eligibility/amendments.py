"""What changed between two versions of a protocol, and for whom it matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eligibility.patient import PatientFacts
from eligibility.protocol import Criterion, Protocol
from eligibility.screening import screen


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the criterion (or policy), what it concerns, before and after."""

    id: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rescreened:
    """A patient whose verdicts an amendment changes: overall, and by criterion, before and after."""

    name: str
    overall: tuple[str, str]
    changed: dict[str, tuple[str, str]]


def diff(old: Protocol, new: Protocol) -> tuple[Change, ...]:
    """Criteria added, removed or changed in text, side, rule or policies, and readings in force."""
    before, after = _by_id(old), _by_id(new)
    changes = []
    for id_ in dict.fromkeys([*before, *after]):
        one, two = before.get(id_), after.get(id_)
        if one is None or two is None:
            changes.append(Change(id_, "criterion", _text(one), _text(two)))
        else:
            changes += _changes(one, two)
    for policy, variant in old.readings.items():
        if new.readings[policy] != variant:
            changes.append(Change(policy, "reading", variant, new.readings[policy]))
    return tuple(changes)


def _by_id(protocol: Protocol) -> dict[str, Criterion]:
    return {each.id: each for criterion in protocol.criteria for each in criterion.claimed()}


def _text(criterion: Criterion | None) -> str:
    return "" if criterion is None else criterion.text


def _changes(one: Criterion, two: Criterion) -> list[Change]:
    sides = (("text", one.text, two.text), ("side", one.side, two.side), ("kind", one.kind, two.kind))
    rules = (
        ("rule", str(one.definition), str(two.definition)),
        ("policies", ", ".join(one.policies), ", ".join(two.policies)),
    )
    return [Change(one.id, what, a, b) for what, a, b in (*sides, *rules) if a != b]


def rescreen(
    patients: Iterable[tuple[str, PatientFacts]], old: Protocol, new: Protocol
) -> tuple[Rescreened, ...]:
    """Patients whose overall result or some verdict differs under the new version."""
    found = []
    for name, facts in patients:
        before, after = screen(facts, old, search=False), screen(facts, new, search=False)
        ids = dict.fromkeys([*before.verdicts, *after.verdicts])
        statuses = {
            id_: tuple(str(r.verdicts[id_].status) if id_ in r.verdicts else "-" for r in (before, after))
            for id_ in ids
        }
        changed = {id_: (a, b) for id_, (a, b) in statuses.items() if a != b}
        if changed or before.overall != after.overall:
            found.append(Rescreened(name, (before.overall, after.overall), changed))
    return tuple(found)


def eligible_now(changes: Iterable[Rescreened]) -> list[str]:
    """Names of patients whom the amendment lets in or leaves open who were kept out before."""
    return [
        each.name for each in changes if each.overall[0] == "INELIGIBLE" and each.overall[1] != "INELIGIBLE"
    ]
