"""Reader and number together: what counts as evidence for an imaging feature.

Only a reader decides. A number that agrees corroborates, a number that disagrees calls for a second reader,
and a model or a script alone leaves the question open with its proposal printed.
"""

from __future__ import annotations

from dataclasses import replace

from eligibility.answers import Ask, cite, known, noted, unknown
from eligibility.patient import Imaging, ImagingStudy, Measured, Source, Statement
from eligibility.truth import Truth
from eligibility.verdict import Answer, Evidence, Missing, Reason

#: Sources of a single value that are not a reader, as sites write them.
_MACHINES = frozenset({"model", "script", "ai", "algorithm", "software"})


def stated(
    ask: Ask, statement: Statement | None, path: str, label: str, *, source: Source, parent: str
) -> Answer:
    """What a reader says of one feature; a model's word never decides."""
    where = ask.facts.provenance.get(path)
    machine = where is not None and (where.source or "").strip().lower() in _MACHINES
    if statement is not None and source is not Source.READER:
        reader = Missing(f"{parent}.evidence.source", f"a reader's verdict on {label}", (Source.READER,))
        return unknown(
            f"{label}: {source} says {statement}, no reader has confirmed it",
            Reason.AWAITING_READER,
            [reader],
            [cite(path, statement, f"stated by a {source}")],
        )
    if statement is not None and machine:
        confirm = Missing(path, f"a reader's verdict on {label}", (Statement.YES, Statement.NO))
        return unknown(f"{label}: no reader has confirmed it", Reason.AWAITING_READER, [confirm])
    if statement is Statement.UNCERTAIN:
        again = Missing(path, f"{label}, by a second reader", (Statement.YES, Statement.NO))
        evidence = [cite(path, statement, "the reader is uncertain")]
        return unknown(f"{label}: the reader is uncertain", Reason.AWAITING_READER, [again], evidence)
    if statement is None:
        reason = Reason.MISSING if source is Source.READER else Reason.AWAITING_READER
        asked = Missing(path, label, (Statement.YES, Statement.NO))
        return unknown(f"{label} is not stated", reason, [asked])
    yes = statement is Statement.YES
    no = f"not {label}" if label.startswith("adjacent") else f"no {label}"
    return known(yes, label if yes else no, cite(path, statement, "stated by a reader"))


def with_number(answer: Answer, measured: Measured | None, path: str, label: str) -> Answer:
    """Reader times number (clinical specification, table C.8)."""
    if measured is None:
        return answer
    number = Evidence(path, str(measured), "measured")
    speaks = {Measured.POSITIVE: Truth.TRUE, Measured.NEGATIVE: Truth.FALSE}.get(measured)
    if answer.truth is Truth.UNKNOWN:
        if speaks is None:
            return answer
        says = "suggests" if speaks is Truth.TRUE else "speaks against"
        suggestion = noted(answer, f"the measurement {says} {label}; a reader decides")
        reason = Reason.AWAITING_READER if answer.reason is Reason.MISSING else answer.reason
        return replace(suggestion, reason=reason, evidence=(*answer.evidence, number))
    if speaks is None:
        positive = answer.truth is Truth.TRUE
        return noted(answer, f"{label} is not corroborated numerically") if positive else answer
    if speaks is not answer.truth:
        return unknown(
            f"{label}: reader and measurement disagree ({answer.message}, measured {measured})",
            Reason.CONFLICT,
            [Missing(path, f"a second reader's verdict on {label}")],
            [*answer.evidence, number],
        )
    return replace(answer, evidence=(*answer.evidence, number))


def study_named(imaging: Imaging, name: str | None) -> ImagingStudy | None:
    """The examination of that id."""
    return next((s for s in imaging.studies or () if s.id is not None and s.id == name), None)


def combine_imaging(recorded: Imaging | None, assessed: Imaging | None) -> Imaging:
    """The assessment's findings in place of the record's, which stay beside them for comparison.

    A part that was not assessed (None) stays as recorded. Where a criterion is decided by both and they
    disagree, it becomes UNKNOWN with reason ``conflict``, both shown.
    """
    if assessed is None:
        return recorded or Imaging()
    if recorded is None:
        return assessed
    studies = (*(assessed.studies or ()), *_others(recorded.studies, assessed.studies))
    return Imaging(
        studies=studies if assessed.studies is not None or recorded.studies is not None else None,
        thrombi=recorded.thrombi if assessed.thrombi is None else assessed.thrombi,
        lesions=recorded.lesions if assessed.lesions is None else assessed.lesions,
        recorded=recorded,
    )


def _others(
    recorded: tuple[ImagingStudy, ...] | None, assessed: tuple[ImagingStudy, ...] | None
) -> tuple[ImagingStudy, ...]:
    taken = {study.id for study in assessed or ()}
    return tuple(study for study in recorded or () if study.id not in taken)


def unless_contradicted(now: Answer, before: Answer | None) -> Answer:
    """The assessed answer, unless the record had decided the opposite."""
    if before is None or Truth.UNKNOWN in (now.truth, before.truth) or now.truth is before.truth:
        return now
    return unknown(
        f"assessment and record contradict each other: {now.message} (assessed); {before.message} (recorded)",
        Reason.CONFLICT,
        [Missing("imaging", "which of assessment and record is right")],
        [*now.evidence, *before.evidence],
    )
