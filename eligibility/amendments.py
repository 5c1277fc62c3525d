"""What changed between two versions of a protocol, and for whom it matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eligibility.patient import PatientFacts
from eligibility.protocol import Protocol
from eligibility.screening import screen

#: Id of what changes in a protocol itself, not in one of its criteria.
PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the criterion (heading, policy, or protocol), what it concerns, before and after."""

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
    """Everything in which two protocols differ; equal protocols, however they are written, differ in nothing.

    Changes of the protocol itself (trial, version, source of the text, order) bear the id ``protocol``; then
    come headings, criteria added, removed or changed, and readings in force.
    """
    facts = [(_about(protocol), _headings(protocol), _criteria(protocol)) for protocol in (old, new)]
    (about, headings, criteria), (about_new, headings_new, criteria_new) = facts
    changes = [
        Change(PROTOCOL, what, str(a), str(about_new[what]))
        for what, a in about.items()
        if a != about_new[what]
    ]
    for what, before, after in (("heading", headings, headings_new), ("criterion", criteria, criteria_new)):
        for id_ in dict.fromkeys([*before, *after]):
            changes += _changes(id_, what, before.get(id_), after.get(id_))
    for policy, variant in old.readings.items():
        if new.readings[policy] != variant:
            changes.append(Change(policy, "reading", variant, new.readings[policy]))
    return tuple(changes)


def _about(protocol: Protocol) -> dict[str, object]:
    return {
        "trial": protocol.id,
        "title": protocol.title,
        "version": protocol.version,
        "effective_from": protocol.effective_from,
        "source": dict(protocol.source),
        "order": ", ".join(criterion.id for criterion in protocol.criteria),
    }


def _headings(protocol: Protocol) -> dict[str, dict[str, object]]:
    return {str(heading["id"]): dict(heading) for heading in protocol.headings}


def _criteria(protocol: Protocol) -> dict[str, dict[str, object]]:
    every = (each for criterion in protocol.criteria for each in criterion.claimed())
    return {
        each.id: {
            "text": each.text,
            "side": each.side,
            "kind": each.kind,
            "rule": each.definition,
            "policies": ", ".join(each.policies),
            "remedy": each.remedy,
            "aliases": ", ".join(each.aliases),
            "span": f"line {each.span.line}, {each.span.start}-{each.span.end}" if each.span else "",
            "children": ", ".join(child.id for child in each.children),
        }
        for each in every
    }


def _changes(
    id_: str, what: str, one: Mapping[str, object] | None, two: Mapping[str, object] | None
) -> list[Change]:
    if one is None or two is None:
        before, after = ("" if each is None else str(each["text"]) for each in (one, two))
        return [Change(id_, what, before, after)]
    keys = dict.fromkeys([*one, *two])
    return [
        Change(id_, key, str(one.get(key, "")), str(two.get(key, "")))
        for key in keys
        if one.get(key) != two.get(key)
    ]


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
