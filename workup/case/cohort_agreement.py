"""How well two readers agree over a cohort of case folders: signed reads only, pair of readers by pair.

Statistics are computed for each pair of readers by itself: kappa, limits of agreement and ICC(2,1) all
suppose the same two people throughout. A case that cannot be compared is kept with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from workup.case.adjudication import Adjudication, Discordance, adjudicate, matched
from workup.case.agreement import Icc, Kappa, LimitsOfAgreement, bland_altman, cohen_kappa, icc_2_1
from workup.case.reads import DefectRead, History, LesionRead, ReadSummary, SignedRead
from workup.errors import CaseError

#: The assessment's answers, and what they are called.
VERDICTS = {"vascular_invasion": "vascular invasion (I4.a)", "measurable_lesion": "measurable lesion (I5)"}

#: What a reader states of a filling defect, in the order of the protocol's words.
DEFECT_FEATURES = (
    "filling_defect",
    "adjacent_to_primary",
    "arterial_enhancement",
    "washout_portal",
    "washout_delayed",
)

#: Fewer pairs than this have no statistics; ``agreement`` refuses them.
FEWEST_PAIRS = 2

Finding = TypeVar("Finding", LesionRead, DefectRead)
Pair = tuple[Finding | None, Finding | None]


@dataclass(frozen=True)
class ComparedCase:
    """Two signed reads of one case; ``first`` is the reader whose name sorts first.

    Attributes
    ----------
    first, second : ReadSummary
        What each signed last before both had signed, when the reads open to each other. A read that was
        changed after that may follow the other's, and its agreement is none of two readers.
    planned_order : (str, str)
        The readers in the order of the reading plan, which is that of the values of ``discordances``.
    discordances, open : tuple of Discordance
        What the reads, as they stand now, differ in beyond agreed limits, and what of it nobody decided.
    more_readers : int
        Signed reads of further people, which are not compared.
    later : tuple of SignedRead
        What either signed once the reads were open; it does not count here.
    blinded : bool
        Whether a reading plan kept the reads closed until both were signed.
    """

    case_id: str
    readers: tuple[str, str]
    first: ReadSummary
    second: ReadSummary
    planned_order: tuple[str, str]
    discordances: tuple[Discordance, ...]
    open: tuple[Discordance, ...]
    more_readers: int = 0
    later: tuple[SignedRead, ...] = ()
    blinded: bool = True


@dataclass(frozen=True)
class NotCompared:
    """A case without two signed reads, or that cannot be read, and why."""

    case_id: str
    code: str
    message: str


@dataclass(frozen=True)
class AnswerAgreement:
    """Agreement on one question.

    Attributes
    ----------
    counts : tuple of ((first's answer, second's answer), n)
        Every pair of answers that occurs, ordered.
    kappa : Kappa or None
        None for fewer than 2 pairs.
    not_answered : int
        Pairs in which one or both said nothing; they do not count.
    why : str
        Why there is no kappa, or none with an interval; else empty.
    """

    question: str
    counts: tuple[tuple[tuple[str, str], int], ...]
    kappa: Kappa | None
    not_answered: int
    why: str = ""

    @property
    def n(self) -> int:
        """Pairs of answers that count."""
        return sum(count for _, count in self.counts)


@dataclass(frozen=True)
class LengthPair:
    """One lesion that both measured, by its id in each read. [mm]"""

    case_id: str
    subject: str
    first_mm: float
    second_mm: float


@dataclass(frozen=True)
class LengthAgreement:
    """Agreement on one axis; ``not_measured`` counts lesions of both readers without two lengths."""

    axis: str
    pairs: tuple[LengthPair, ...]
    limits: LimitsOfAgreement | None
    icc: Icc | None
    not_measured: int
    why: str = ""


@dataclass(frozen=True)
class OutlinedBy:
    """Findings by who outlined them. Features and lengths compare only those of both."""

    what: str
    both: int
    only_first: int
    only_second: int


@dataclass(frozen=True)
class ReaderPair:
    """Everything about one pair of readers; ``not_blinded`` counts cases that no plan kept blind."""

    readers: tuple[str, str]
    cases: int
    answers: tuple[AnswerAgreement, ...]
    lengths: tuple[LengthAgreement, ...]
    outlined: tuple[OutlinedBy, ...]
    not_blinded: int = 0


@dataclass(frozen=True)
class CohortAgreement:
    """Agreement over a cohort: each case is either compared or named with its reason."""

    pairs: tuple[ReaderPair, ...]
    compared: tuple[ComparedCase, ...]
    not_compared: tuple[NotCompared, ...]


def compared_case(case_id: str, history: History) -> ComparedCase | NotCompared:
    """Two signed reads of a case, or why there are none.

    Nothing of a read is told as long as the other is missing.
    """
    try:
        state = adjudicate(history)
    except CaseError as error:
        return NotCompared(case_id, error.code, str(error))
    return _compared(case_id, state, history)


def _compared(case_id: str, state: Adjudication, history: History) -> ComparedCase:
    planned_order = (state.first.reader, state.second.reader)
    readers = sorted(planned_order)
    by_reader = [[read for read in history.signed if read.reader == reader] for reader in readers]
    opened = max(reads[0].n for reads in by_reader)  # the entry with which both had signed
    first, second = ([read for read in reads if read.n <= opened][-1] for reads in by_reader)
    return ComparedCase(
        case_id,
        (first.reader, second.reader),
        first.summary,
        second.summary,
        planned_order,
        state.discordances,
        state.open,
        len(history.current_reads) - 2,
        tuple(read for read in history.signed if read.reader in readers and read.n > opened),
        blinded=bool(history.plan.readers),
    )


def agreement_over(cases: Iterable[ComparedCase | NotCompared]) -> CohortAgreement:
    """Agreement of a cohort; cases keep their order."""
    given = list(cases)
    compared = [case for case in given if isinstance(case, ComparedCase)]
    by_pair = groupby(sorted(compared, key=lambda case: case.readers), key=lambda case: case.readers)
    return CohortAgreement(
        tuple(_reader_pair(readers, list(group)) for readers, group in by_pair),
        tuple(compared),
        tuple(case for case in given if isinstance(case, NotCompared)),
    )


def _reader_pair(readers: tuple[str, str], cases: Sequence[ComparedCase]) -> ReaderPair:
    lesions = [(c.case_id, a, b) for c in cases for a, b in matched(c.first.lesions, c.second.lesions)]
    defects = [(a, b) for c in cases for a, b in matched(c.first.defects, c.second.defects)]
    both = [(name, a, b) for name, a, b in lesions if a and b]
    on_defects = [(a.statements, b.statements) for a, b in defects if a and b]
    answers = [
        *(
            _answers(words, [(c.first.verdicts.get(name), c.second.verdicts.get(name)) for c in cases])
            for name, words in VERDICTS.items()
        ),
        *(
            _answers(f"defect: {name.replace('_', ' ')}", [(a.get(name), b.get(name)) for a, b in on_defects])
            for name in DEFECT_FEATURES
        ),
        _answers("lesion: measurable", [(a.measurable, b.measurable) for _, a, b in both]),
        _answers("lesion: target", [(_yes(a.target), _yes(b.target)) for _, a, b in both]),
    ]
    return ReaderPair(
        readers,
        len(cases),
        tuple(answers),
        (
            _lengths("long", both, lambda lesion: lesion.long_axis_tenths_mm),
            _lengths("short", both, lambda lesion: lesion.short_axis_tenths_mm),
        ),
        (_outlined("lesions", [(a, b) for _, a, b in lesions]), _outlined("filling defects", defects)),
        sum(not case.blinded for case in cases),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _answers(question: str, pairs: Sequence[tuple[str | None, str | None]]) -> AnswerAgreement:
    said = [(a, b) for a, b in pairs if a is not None and b is not None]
    counts = tuple(sorted(Counter(said).items()))
    silent = len(pairs) - len(said)
    if len(said) < FEWEST_PAIRS:
        return AnswerAgreement(question, counts, None, silent, _too_few(len(said)))
    kappa = cohen_kappa([a for a, _ in said], [b for _, b in said])
    return AnswerAgreement(question, counts, kappa, silent, _why(kappa, said))


def _why(kappa: Kappa, said: Sequence[tuple[str, str]]) -> str:
    if kappa.value is None:
        return "both gave one and the same answer throughout"
    if kappa.interval_95 is not None:
        return ""
    if kappa.value != 1.0 and all(len(set(answers)) > 1 for answers in zip(*said, strict=True)):
        return f"{kappa.n} pairs: too few for an interval, which needs {kappa.fewest_for_interval}"
    what = "all agree" if kappa.value == 1.0 else "one reader gave one answer throughout"
    return f"{what}; the large-sample error gives no interval"


def _lengths(
    axis: str,
    lesions: Sequence[tuple[str, LesionRead, LesionRead]],
    length: Callable[[LesionRead], int | None],
) -> LengthAgreement:
    pairs = []
    for case_id, a, b in lesions:
        first, second = length(a), length(b)
        if first is not None and second is not None:
            pairs.append(LengthPair(case_id, f"{a.id} / {b.id}", first / 10, second / 10))
    missing = len(lesions) - len(pairs)
    if len(pairs) < FEWEST_PAIRS:
        return LengthAgreement(axis, tuple(pairs), None, None, missing, _too_few(len(pairs)))
    first_mm, second_mm = [p.first_mm for p in pairs], [p.second_mm for p in pairs]
    icc = icc_2_1(list(zip(first_mm, second_mm, strict=True)))
    limits = bland_altman(first_mm, second_mm)
    why = [] if icc.value is not None else ["all lengths are equal: no ICC"]
    if limits.bias_interval_95 is None:
        why.append("all differences are equal: no interval")
    return LengthAgreement(axis, tuple(pairs), limits, icc, missing, "; ".join(why))


def _outlined(what: str, pairs: Sequence[Pair[LesionRead] | Pair[DefectRead]]) -> OutlinedBy:
    return OutlinedBy(
        what,
        sum(a is not None and b is not None for a, b in pairs),
        sum(b is None for _, b in pairs),
        sum(a is None for a, _ in pairs),
    )


def _too_few(pairs: int) -> str:
    return f"pairs: {pairs}; at least {FEWEST_PAIRS} are needed"
