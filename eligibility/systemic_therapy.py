"""Earlier systemic therapy for advanced disease: how many, and what came first (E2, E3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eligibility.answers import (
    Ask,
    all_of,
    cite,
    count_at_least,
    exists,
    known,
    not_recorded,
    unknown,
)
from eligibility.drugs import contains_checkpoint_inhibitor
from eligibility.patient import SystemicTherapy
from eligibility.truth import Truth, not_
from eligibility.verdict import Answer, Evidence, Missing, Reason

_PATH = "treatments.systemic"
_SETTINGS = ("advanced", "adjuvant", "neoadjuvant", "local")
_FIRST = SystemicTherapy(drugs=("sorafenib",), setting="advanced", line=1)
_SECOND = SystemicTherapy(drugs=("lenvatinib",), setting="advanced", line=2)


def _name(therapy: SystemicTherapy) -> str:
    return " + ".join(therapy.drugs) if therapy.drugs else "systemic therapy"


def _is_for_advanced_disease(ask: Ask, therapy: SystemicTherapy, path: str) -> Answer:
    """Adjuvant, neoadjuvant and local therapy is not counted."""
    field = f"{path}.setting"
    if therapy.setting is None:
        return not_recorded(field, f"setting of {_name(therapy)}", _SETTINGS)
    evidence = cite(field, therapy.setting, "advanced")
    if therapy.setting == "local" and ask.reading("P13") == "undetermined":
        again = Missing(field, f"whether {_name(therapy)} was systemic")
        return unknown(f"{_name(therapy)}: local or systemic", Reason.POLICY_DEPENDENT, [again], [evidence])
    return known(therapy.setting == "advanced", f"{_name(therapy)}: {therapy.setting}", evidence)


def has_had_advanced_therapies(ask: Ask, *, at_least: int) -> Answer:
    """So many systemic therapies for advanced disease or more."""
    therapies = ask.facts.treatments.systemic
    label = "systemic therapies for advanced disease"
    if therapies is None:
        return not_recorded(_PATH, label, ((), (_FIRST,), (_FIRST, _SECOND)))
    listed = cite(_PATH, f"{len(therapies)} recorded" if therapies else "none", "complete list")
    settings = [_is_for_advanced_disease(ask, t, f"{_PATH}[{i}]") for i, t in enumerate(therapies)]
    counted = count_at_least(settings, at_least, label)
    doubt = _doubt(ask, therapies, counted, at_least)
    if doubt is not None:
        return doubt
    if counted.truth is Truth.FALSE:
        return replace(counted, evidence=(listed, *counted.evidence))
    return counted


def _doubt(ask: Ask, therapies: Sequence[SystemicTherapy], counted: Answer, at_least: int) -> Answer | None:
    """Line numbers that contradict the number of entries, and lists that may lack some."""
    advanced = [(i, t) for i, t in enumerate(therapies) if t.setting == "advanced"]
    lines = [t.line for _, t in advanced if t.line is not None]
    evidence = [cite(f"{_PATH}[{i}].line", t.line) for i, t in advanced if t.line is not None]
    if counted.truth is Truth.TRUE:
        distinct = len(set(lines)) + len(advanced) - len(lines)
        if distinct >= at_least:
            return None
        again = Missing(f"{_PATH}[{advanced[-1][0]}].line", "line of therapy", (1, 2))
        message = f"{len(advanced)} entries of the same line: one regimen or several"
        return unknown(message, Reason.CONFLICT, [again], evidence)
    if max(lines, default=0) > len(therapies):
        again = Missing(_PATH, "the therapies of the earlier lines")
        message = f"line {max(lines)} is recorded, but only {len(therapies)} therapies"
        return unknown(message, Reason.CONFLICT, [again], evidence)
    if _PATH in ask.facts.incomplete:
        complete = Missing(f"{_PATH}_complete", "whether the list of systemic therapies is complete", (True,))
        missing = (*counted.missing, complete)
        return unknown("the list of systemic therapies may lack entries", Reason.MISSING, missing)
    return None


def has_had_other_first_line_than_checkpoint_inhibitor(ask: Ask) -> Answer:
    """The first systemic therapy for advanced disease contained no checkpoint inhibitor."""
    therapies = ask.facts.treatments.systemic
    if therapies is not None and (gap := _first_line_not_listed(ask, therapies)) is not None:
        return gap

    def test(therapy: SystemicTherapy, path: str) -> Answer:
        advanced = _is_for_advanced_disease(ask, therapy, path)
        if ask.reading("P14") == "naive_only":
            return advanced
        first = _is_first(therapies or (), therapy, path)
        without = _without_checkpoint_inhibitor(therapy, path)
        if without.truth is Truth.TRUE:
            without = _unless_given_with_one(therapies or (), therapy, path, without)
        return all_of(advanced, first, without)

    return exists(ask, therapies, _PATH, "first-line systemic therapy", test, samples=(_FIRST,))


def _first_line_not_listed(ask: Ask, therapies: Sequence[SystemicTherapy]) -> Answer | None:
    """Lines 2 and later of advanced disease without the lines before them."""
    numbered = [t.line for t in therapies if t.setting == "advanced" and t.line is not None]
    others = sum(t.setting != "advanced" or t.line is None for t in therapies)
    if not numbered or ask.reading("P14") == "naive_only" or min(numbered) - 1 <= others:
        return None
    if any(t.setting == "advanced" and t.line is None for t in therapies):
        return None
    again = Missing(_PATH, "the first-line therapy", ())
    message = f"the earliest line recorded is line {min(numbered)}"
    evidence = [cite(f"{_PATH}[{i}].line", t.line) for i, t in enumerate(therapies) if t.line is not None]
    return unknown(message, Reason.MISSING, [again], evidence)


def _is_first(therapies: Sequence[SystemicTherapy], therapy: SystemicTherapy, path: str) -> Answer:
    """Whether no other therapy for advanced disease came before: by line, else by start."""
    others = [t for t in therapies if t is not therapy and t.setting in ("advanced", None)]
    verdicts = [_precedes(other, therapy) for other in others]
    order = _order(therapies, therapy, path)
    if therapy.line == 1:
        return known(True, "first line", cite(f"{path}.line", 1, "first line"))
    if all(v is Truth.FALSE for v in verdicts):
        return known(True, "first line", *order)
    sure = [o for o, v in zip(others, verdicts, strict=True) if v is Truth.TRUE and o.setting == "advanced"]
    if sure or (therapy.line is not None and therapy.line > 1 and therapy.line > len(therapies)):
        return known(False, f"{_name(therapy)} came later", *order)
    line_missing = Missing(f"{path}.line", f"line of {_name(therapy)}", (1, 2))
    return unknown(f"whether {_name(therapy)} was first is not recorded", Reason.MISSING, [line_missing])


def _order(therapies: Sequence[SystemicTherapy], therapy: SystemicTherapy, path: str) -> list[Evidence]:
    """What tells the order of the therapies: settings, lines and starts."""
    listed = cite(_PATH, f"{len(therapies)} recorded", "order of therapies")
    cited = [cite(f"{path}.{n}", getattr(therapy, n), "first line") for n in ("line", "start")]
    for index, other in enumerate(therapies):
        if other is not therapy:
            where = f"{_PATH}[{index}]"
            cited += [cite(f"{where}.{n}", getattr(other, n), "order") for n in ("setting", "line", "start")]
    return [listed, *(e for e in cited if e.value is not None)]


def _precedes(other: SystemicTherapy, therapy: SystemicTherapy) -> Truth:
    if other.line is not None and therapy.line is not None:
        return Truth.TRUE if other.line < therapy.line else Truth.FALSE
    if other.line == 1:
        return Truth.TRUE
    if other.start is not None and therapy.start is not None:
        if other.start.last < therapy.start.first:
            return Truth.TRUE
        if therapy.start.last < other.start.first:
            return Truth.FALSE
    return Truth.UNKNOWN


def _unless_given_with_one(
    therapies: Sequence[SystemicTherapy], therapy: SystemicTherapy, path: str, without: Answer
) -> Answer:
    """Drugs without an inhibitor, unless another entry of the same line holds one, or may."""
    line = therapy.line
    for index, other in enumerate(therapies):
        if other is therapy or line is None or other.line != line or other.setting not in ("advanced", None):
            continue
        if not other.drugs or contains_checkpoint_inhibitor(other.drugs) is not Truth.FALSE:
            where = f"{_PATH}[{index}]"
            again = Missing(f"{where}.line", f"line of {_name(other)}", (line + 1,))
            cited = [cite(f"{path}.line", line), cite(f"{where}.line", line)]
            cited += [cite(f"{where}.{n}", getattr(other, n)) for n in ("drugs", "setting")]
            message = f"{_name(therapy)} and {_name(other)} are of the same line: one regimen or several"
            found = [*without.evidence, *(e for e in cited if e.value is not None)]
            return unknown(message, Reason.CONFLICT, [again], found)
    return without


def _without_checkpoint_inhibitor(therapy: SystemicTherapy, path: str) -> Answer:
    field = f"{path}.drugs"
    if not therapy.drugs:
        candidates = (("atezolizumab", "bevacizumab"), ("sorafenib",))
        return not_recorded(field, "drugs of the first line", candidates)
    contains = contains_checkpoint_inhibitor(therapy.drugs)
    evidence = cite(field, therapy.drugs, "contains a checkpoint inhibitor")
    if contains is Truth.UNKNOWN:
        again = Missing(field, f"whether {_name(therapy)} contains a checkpoint inhibitor")
        message = f"{_name(therapy)} is not classified"
        return unknown(message, Reason.NOT_ASSESSABLE, [again], [evidence])
    what = "with" if contains is Truth.TRUE else "without"
    return known(not_(contains), f"{_name(therapy)}, {what} checkpoint inhibitor", evidence)
