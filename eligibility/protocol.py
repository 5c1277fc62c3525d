"""A trial's criteria as data: text, span, rule with its numbers, readings.

A rule is a name with parameters, or a combination of rules::

    lab_at_least: {analyte: hemoglobin, limit: "8.0", unit: g/dL, days: 28}
    all: [{is_signed: {}}, {not: {has_hepatic_encephalopathy: {}}}]

Everything is checked when a protocol is built: unknown rules, parameters and policies, numbers that are not
text, criteria that share an id, words of the trial text that no criterion or two of them claim.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, get_type_hints

from eligibility.answers import Ask, all_of, any_of, negated
from eligibility.errors import ProtocolError
from eligibility.patient import PatientFacts
from eligibility.policies import chosen, policy_of
from eligibility.units import ANALYTES, canonical
from eligibility.verdict import Answer

Rule = Callable[[Ask], Answer]

INCLUSION = "inclusion"
EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a criterion stands in the trial's text. [characters]"""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of one protocol.

    Attributes
    ----------
    side : "inclusion" or "exclusion"
        An inclusion's rule says when it is satisfied, an exclusion's when it applies.
    kind : "computed", "imaging", "attested" or "judgement"
    text : str
        The trial's words.
    definition : mapping
        The rule as written.
    rule : callable
        The rule, ready to be asked.
    policies : tuple of str
        Ids of the readings the rule depends on.
    remedy : str
        What can be done about UNKNOWN or FAIL, in words.
    children : tuple of Criterion
        Sub-items, judged and shown on their own.
    """

    id: str
    side: str
    kind: str
    text: str
    definition: Mapping[str, Any]
    rule: Rule
    policies: tuple[str, ...] = ()
    remedy: str = ""
    span: Span | None = None
    aliases: tuple[str, ...] = ()
    children: tuple[Criterion, ...] = ()

    def claimed(self) -> Iterator[Criterion]:
        """Itself and its sub-items."""
        yield self
        for child in self.children:
            yield from child.claimed()


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of a trial's criteria, with the reading chosen for every ambiguous clause."""

    id: str
    version: str
    title: str
    criteria: tuple[Criterion, ...]
    readings: Mapping[str, str]
    sha256: str
    effective_from: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    headings: tuple[Mapping[str, Any], ...] = ()

    def ask(self, facts: PatientFacts, **readings: str) -> Ask:
        """Facts with the readings in force, or with some of them replaced."""
        return Ask(facts, {**self.readings, **readings} if readings else self.readings)

    def with_policies(self, choices: Mapping[str, str]) -> Protocol:
        """The same protocol with other readings; PolicyError names what does not exist."""
        named = {policy_of(name).id: variant for name, variant in choices.items()}
        return replace(self, readings=chosen({**self.readings, **named}))

    def criterion(self, criterion_id: str) -> Criterion:
        """A criterion or sub-item by id or alias."""
        for criterion in self.criteria:
            for each in criterion.claimed():
                if criterion_id == each.id or criterion_id in each.aliases:
                    return each
        raise ProtocolError(
            "CRITERION_UNKNOWN",
            f"protocol {self.id} has no criterion {criterion_id!r}",
            expected=", ".join(c.id for c in self.criteria),
        )


def build_protocol(document: Mapping[str, Any], rules: Mapping[str, Callable[..., Answer]]) -> Protocol:
    """A protocol from the content of a rule file.

    Raises
    ------
    ProtocolError
        With the id of the criterion and what is wrong.
    """
    version = _head(document)
    criteria = tuple(_criterion(entry, rules, None) for entry in document["criteria"])
    every = [each for criterion in criteria for each in criterion.claimed()]
    _check_ids(every)
    _check_spans(every, document.get("headings", ()))
    return Protocol(
        id=str(document["trial"]),
        version=str(version["id"]),
        title=str(document.get("title", document["trial"])),
        criteria=criteria,
        readings=chosen(document.get("policies", {})),
        sha256=digest(document),
        effective_from=str(version.get("effective_from", "")),
        source=document.get("source", {}),
        headings=tuple(document.get("headings", ())),
    )


def _head(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The version of a rule file whose keys are all known: a misspelled one would choose no reading."""
    for key in ("trial", "version", "criteria"):
        if key not in document:
            raise ProtocolError("PROTOCOL_KEY_MISSING", f"the rule file has no {key!r}")
    version = document["version"] if isinstance(document["version"], Mapping) else {"id": document["version"]}
    if "id" not in version:
        raise ProtocolError("PROTOCOL_KEY_MISSING", "the version of the rule file has no 'id'")
    for block, known in ((document, _DOCUMENT_KEYS), (version, _VERSION_KEYS)):
        if extra := sorted(str(key) for key in set(block) - known):
            raise ProtocolError(
                "PROTOCOL_KEY_UNKNOWN",
                f"the rule file has an unknown key {extra[0]!r}",
                expected=", ".join(sorted(known)),
            )
    return version


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a rule file's content, whatever its layout."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


_DOCUMENT_KEYS = {"trial", "title", "version", "source", "policies", "headings", "criteria"}
_VERSION_KEYS = {"id", "effective_from"}
_KEYS = {"id", "side", "kind", "text", "span", "rule", "policies", "remedy", "aliases", "children"}
_KINDS = ("computed", "imaging", "attested", "judgement")


def _criterion(
    entry: Mapping[str, Any], rules: Mapping[str, Callable[..., Answer]], side: str | None
) -> Criterion:
    id_ = str(entry.get("id", "?"))
    for key in ("id", "text", "rule", "kind"):
        if key not in entry:
            raise _wrong(id_, f"has no {key!r}")
    if extra := set(entry) - _KEYS:
        raise _wrong(id_, f"has an unknown key {min(extra)!r}", expected=", ".join(sorted(_KEYS)))
    side = str(entry.get("side", side))
    if side not in (INCLUSION, EXCLUSION):
        raise _wrong(id_, f"has side {side!r}", expected="inclusion or exclusion")
    if entry["kind"] not in _KINDS:
        raise _wrong(id_, f"has kind {entry['kind']!r}", expected=", ".join(_KINDS))
    return Criterion(
        id=id_,
        side=side,
        kind=entry["kind"],
        text=entry["text"],
        definition=entry["rule"],
        rule=compile_rule(entry["rule"], rules, id_),
        policies=tuple(policy_of(p).id for p in entry.get("policies", ())),
        remedy=entry.get("remedy", ""),
        span=Span(**entry["span"]) if entry.get("span") else None,
        aliases=tuple(entry.get("aliases", ())),
        children=tuple(_criterion(child, rules, side) for child in entry.get("children", ())),
    )


def _wrong(criterion_id: str, found: str, *, expected: str = "") -> ProtocolError:
    return ProtocolError(
        "CRITERION_INVALID",
        f"criterion {criterion_id} {found}",
        expected=expected,
        details={"criterion": criterion_id},
    )


def compile_rule(
    definition: Mapping[str, Any], rules: Mapping[str, Callable[..., Answer]], criterion_id: str
) -> Rule:
    """A definition as a function of ``Ask``."""
    if not isinstance(definition, Mapping) or len(definition) != 1:
        raise _wrong(criterion_id, f"has a rule {definition!r}", expected="one rule with its parameters")
    ((name, content),) = definition.items()
    if name in ("all", "any"):
        parts = tuple(compile_rule(part, rules, criterion_id) for part in content)
        return partial(_combined, all_of if name == "all" else any_of, parts)
    if name == "not":
        return partial(_opposite, compile_rule(content, rules, criterion_id))
    if name not in rules:
        raise _wrong(criterion_id, f"names an unknown rule {name!r}", expected=", ".join(sorted(rules)))
    return partial(rules[name], **_parameters(rules[name], content or {}, name, criterion_id))


def _combined(combine: Callable[..., Answer], parts: tuple[Rule, ...], ask: Ask) -> Answer:
    return combine(*(part(ask) for part in parts))


def _opposite(rule: Rule, ask: Ask) -> Answer:
    return negated(rule(ask))


def _parameters(
    rule: Callable[..., Answer], given: Mapping[str, Any], name: str, criterion_id: str
) -> dict[str, Any]:
    hints = get_type_hints(rule)
    signature = inspect.signature(rule).parameters
    wanted = {p for p, v in signature.items() if v.kind is inspect.Parameter.KEYWORD_ONLY}
    if unknown := set(given) - wanted:
        raise _wrong(criterion_id, f"rule {name} has no parameter {min(unknown)!r}")
    required = {p for p in wanted if signature[p].default is inspect.Parameter.empty}
    if absent := required - set(given):
        raise _wrong(criterion_id, f"rule {name} lacks its parameter {min(absent)!r}")
    typed = {key: _typed(value, hints[key], f"{name}.{key}", criterion_id) for key, value in given.items()}
    _check_laboratory(typed, criterion_id)
    return typed


def _check_laboratory(parameters: Mapping[str, Any], criterion_id: str) -> None:
    """An analyte and a unit that the table of units knows."""
    analyte = parameters.get("analyte")
    if analyte is None:
        return
    if analyte not in ANALYTES:
        raise _wrong(criterion_id, f"names an unknown analyte {analyte!r}", expected=", ".join(ANALYTES))
    unit = parameters.get("unit")
    if unit is not None and canonical(analyte, Decimal(1), unit) is None:
        raise _wrong(criterion_id, f"names an unknown unit {unit!r} of {analyte}")


#: A limit as it is written in a protocol: Decimal would also take "NaN", "Infinity", "-8" and "1_000", which
#: decide for everybody or for nobody.
_PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def _typed(value: Any, kind: Any, where: str, criterion_id: str) -> Any:
    """A parameter in the type its rule asks for; decimal numbers must be text."""
    if kind is Decimal:
        if not isinstance(value, str):
            raise _wrong(criterion_id, f"{where} is {value!r}", expected="a decimal number in quotes")
        if not _PLAIN_NUMBER.fullmatch(value):
            raise _wrong(criterion_id, f"{where} is {value!r}", expected='a decimal number such as "8.0"')
        return Decimal(value)
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _wrong(criterion_id, f"{where} is {value!r}", expected="a whole number, 0 or more")
        return value
    if kind is str and not isinstance(value, str):
        raise _wrong(criterion_id, f"{where} is {value!r}", expected="a word")
    if isinstance(value, list):
        return tuple(value)
    return value


def _check_ids(every: Sequence[Criterion]) -> None:
    seen: set[str] = set()
    for criterion in every:
        for name in (criterion.id, *criterion.aliases):
            if name in seen:
                raise _wrong(name, "stands twice in the rule file")
            seen.add(name)


def _check_spans(every: Sequence[Criterion], headings: Sequence[Mapping[str, Any]]) -> None:
    """Every span holds the text and is claimed once."""
    claimed = [(c.span.start, c.span.end, c.id) for c in every if c.span]
    claimed += [(h["span"]["start"], h["span"]["end"], h["id"]) for h in headings if h.get("span")]
    for (start, end, id_), (after, _, other) in zip(sorted(claimed), sorted(claimed)[1:], strict=False):
        if end <= start:
            raise _wrong(id_, f"has an empty span {start}-{end}")
        if after < end:
            raise _wrong(other, f"claims words of the trial text that {id_} claims")
