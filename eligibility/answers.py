"""Questions to a record and the seven ways to combine their answers.

``yes_or_no`` and ``one_of`` read one recorded value; ``unknown`` and ``known`` state an answer outright.
``all_of``, ``any_of``, ``negated``, ``if_then``, ``exists``, ``count_at_least`` and ``noted`` combine
answers by Kleene's logic and keep the evidence of the deciding parts only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

from eligibility.dates import PartialDate
from eligibility.patient import PatientFacts
from eligibility.ranges import plain
from eligibility.truth import Truth, all_true, any_true, not_, truth_of
from eligibility.verdict import Answer, Evidence, Missing, Reason, gravest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One patient's facts and the reading chosen for every ambiguous clause.

    ``consulted`` collects the policies that were asked for: one that was not cannot change the answer.
    """

    facts: PatientFacts
    policies: Mapping[str, str]
    consulted: set[str] = field(default_factory=set, compare=False)

    def reading(self, policy: str) -> str:
        """The variant in force of a policy."""
        self.consulted.add(policy)
        return self.policies[policy]


def shown(value: object) -> str | None:
    """A recorded value as text for evidence; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return ", ".join(shown(item) or "unknown" for item in value) or "none"
    return str(value)


def cite(path: str, value: object, compared_as: str = "", *, unit: str | None = None) -> Evidence:
    """A recorded value as evidence."""
    dated = str(value) if isinstance(value, PartialDate) else None
    return Evidence(path, shown(value), compared_as, unit, dated)


def known(truth: Truth | bool, message: str, *evidence: Evidence) -> Answer:
    """An answer that is decided."""
    value = truth_of(truth) if isinstance(truth, bool) else truth
    return Answer(value, message, evidence=evidence)


def unknown(
    message: str, reason: Reason, missing: Iterable[Missing] = (), evidence: Iterable[Evidence] = ()
) -> Answer:
    """An answer that cannot be told, and why."""
    return Answer(Truth.UNKNOWN, message, reason, tuple(evidence), tuple(missing))


def not_recorded(
    path: str, label: str, candidates: Sequence[Any] = (), reason: Reason = Reason.MISSING
) -> Answer:
    """An answer that waits for one value."""
    return unknown(f"{label} is not recorded", reason, [Missing(path, label, tuple(candidates))])


def yes_or_no(
    value: bool | None, path: str, label: str, *, reason: Reason = Reason.MISSING, negative: str = ""
) -> Answer:
    """A recorded yes or no."""
    if value is None:
        return not_recorded(path, label, (True, False), reason)
    message = label if value else (negative or f"not: {label}")
    return known(value, message, cite(path, value, label))


def one_of(value: T | None, path: str, label: str, *, accepted: Sequence[T], choices: Sequence[T]) -> Answer:
    """Whether a recorded choice is among the accepted ones."""
    if value is None:
        return not_recorded(path, label, choices)
    words = ", ".join(str(item) for item in accepted)
    return known(value in accepted, f"{label}: {value}", cite(path, value, f"one of {words}"))


def _joined(answers: Sequence[Answer], truth: Truth, *, also: Sequence[Answer] = ()) -> Answer:
    """One answer that speaks for the deciding ones; ``also`` lends evidence only."""
    if len(answers) == 1 and not also:
        return answers[0]
    reason = gravest([a.reason for a in answers]) if truth is Truth.UNKNOWN else Reason.MET
    clears = [a.clears_on for a in answers if a.clears_on is not None]
    every = bool(clears) and len(clears) == len(answers)
    return Answer(
        truth,
        "; ".join(dict.fromkeys(a.message for a in answers)),
        reason,
        unique(e for a in (*answers, *also) for e in a.evidence),
        merged(m for a in answers for m in a.missing) if truth is Truth.UNKNOWN else (),
        unique(n for a in answers for n in a.notes),
        max(clears) if every else None,
    )


def unique(items: Iterable[T]) -> tuple[T, ...]:
    """Items in order, each once."""
    return tuple(dict.fromkeys(items))


def merged(items: Iterable[Missing]) -> tuple[Missing, ...]:
    """One entry per place, with all the values worth trying there."""
    found: dict[str, Missing] = {}
    for item in items:
        known_item = found.get(item.path)
        if known_item is None:
            found[item.path] = item
        elif item.candidates != known_item.candidates:
            candidates = unique((*known_item.candidates, *item.candidates))
            found[item.path] = replace(known_item, candidates=candidates)
    return tuple(found.values())


def all_of(*answers: Answer) -> Answer:
    """True if all are; decided by any one that is false."""
    truth = all_true(a.truth for a in answers)
    joined = _joined([a for a in answers if a.truth is truth], truth)
    clears = [a.clears_on for a in answers if a.clears_on is not None]
    if truth is Truth.TRUE and clears:  # it ends as soon as one part does
        return replace(joined, clears_on=min(clears))
    return joined


def any_of(*answers: Answer) -> Answer:
    """True if one is; decided by any one that is true."""
    truth = any_true(a.truth for a in answers)
    return _joined([a for a in answers if a.truth is truth], truth)


def negated(answer: Answer) -> Answer:
    """The opposite statement, on the same evidence."""
    return replace(answer, truth=not_(answer.truth))


def if_then(premise: Answer, conclusion: Answer) -> Answer:
    """If the premise holds, so must the conclusion."""
    return any_of(negated(premise), conclusion)


def noted(answer: Answer, *notes: str) -> Answer:
    """The same answer with remarks that decide nothing."""
    return replace(answer, notes=unique((*answer.notes, *notes)))


def explained(answer: Answer, message: str) -> Answer:
    """The same answer in other words."""
    return replace(answer, message=message)


def exists(
    ask: Ask,
    items: Sequence[T] | None,
    path: str,
    label: str,
    test: Callable[[T, str], Answer],
    *,
    samples: Sequence[T] = (),
) -> Answer:
    """Whether some entry of a list passes a test.

    A list that is not recorded, or may lack entries, can only be true or unknown.

    ``test`` takes an entry and its path; ``samples`` are representative entries, for asking what a missing
    list would have to hold.
    """
    candidates = (*((sample,) for sample in samples), ())
    if items is None:
        return not_recorded(path, label, candidates)
    answers = [test(item, item_path(path, item, index)) for index, item in enumerate(items)]
    answers.sort(key=lambda a: a.message)  # the order of a list means nothing
    open_end = path in ask.facts.incomplete
    truth = any_true([*(a.truth for a in answers), Truth.UNKNOWN if open_end else Truth.FALSE])
    if truth is Truth.FALSE:
        listed = cite(path, f"{len(items)} recorded" if items else "none", "complete list")
        message = "; ".join(a.message for a in answers) or f"no {label}"
        return replace(
            known(False, message, listed, *unique(e for a in answers for e in a.evidence)),
            notes=unique(n for a in answers for n in a.notes),
        )
    deciding = [a for a in answers if a.truth is truth]
    if truth is Truth.UNKNOWN and open_end:
        deciding.append(
            unknown(
                f"{label}: the list may lack entries",
                Reason.MISSING,
                [Missing(f"{path}_complete", f"{label}: is the list complete", (True,))],
            )
        )
    return _joined(deciding, truth)


def item_path(path: str, item: object, index: int) -> str:
    """Path of a list entry: by its id where it has one, else by its place.

    >>> item_path("labs", object(), 2)
    'labs[2]'
    """
    return f"{path}[{getattr(item, 'id', None) or index}]"


def count_at_least(answers: Sequence[Answer], least: int, label: str) -> Answer:
    """Whether at least so many of the statements are true."""
    answers = sorted(answers, key=lambda a: a.message)
    yes = [a for a in answers if a.truth is Truth.TRUE]
    maybe = [a for a in answers if a.truth is Truth.UNKNOWN]
    if len(yes) >= least:
        return explained(_joined(yes, Truth.TRUE), f"{len(yes)} {label}")
    if len(yes) + len(maybe) >= least:
        message = f"{len(yes)} to {len(yes) + len(maybe)} {label}: " + "; ".join(a.message for a in maybe)
        return explained(_joined(maybe, Truth.UNKNOWN, also=yes), message)
    no = [a for a in answers if a.truth is Truth.FALSE]
    evidence = unique(e for a in (*yes, *no) for e in a.evidence)
    return known(False, f"{len(yes)} {label}", *evidence)
