"""Agreement of two readers over a cohort, as report content, figures and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imaging.findings.printed_numbers import shown
from workup.case.agreement import LimitsOfAgreement
from workup.case.cohort_agreement import (
    AnswerAgreement,
    CohortAgreement,
    ComparedCase,
    LengthAgreement,
    ReaderPair,
)
from workup.case.reads import SignedRead
from workup.report.content import Answer, Cell, Figure, Report, Section, Table, Tone, number, text
from workup.report.png import png_bytes

SIGNED_ONLY = (
    "Only signed reads count, and only where both readers have signed: each reader's last one from before "
    "the reads opened to each other."
)
PAIRS_APART = (
    "Each pair of readers has statistics of its own; differences are first minus second reader, in the "
    "order of their names."
)
CLUSTERED = (
    "Intervals take lesions as independent; several lesions of one patient are not, so that the true "
    "intervals are wider."
)

Interval = tuple[float, float] | None


def agreement_report(agreement: CohortAgreement, *, title: str, footer: str) -> Report:
    """A report of agreement alone."""
    compared, others = len(agreement.compared), len(agreement.not_compared)
    return Report(
        title=title,
        language="en",
        facts=(("Cases", str(compared + others)), ("Compared", str(compared)), ("Not compared", str(others))),
        answers=tuple(_first_page(pair) for pair in agreement.pairs),
        sections=agreement_sections(agreement),
        limits=(
            SIGNED_ONLY,
            PAIRS_APART,
            CLUSTERED,
            "Research and decision support. Not a medical device; it does not replace the investigator.",
        ),
        footer=footer,
    )


def _first_page(pair: ReaderPair) -> Answer:
    invasion = pair.answers[0]
    kappa = invasion.kappa.value if invasion.kappa else None
    printed = "no kappa" if kappa is None else f"kappa {shown(kappa, decimals=2)}"
    agreed = sum(n for (a, b), n in invasion.counts if a == b)
    why = f"{agreed} of {invasion.n} cases alike" + (f"; {invasion.why}" if invasion.why else "")
    return Answer(f"Vascular invasion (I4.a), {_names(pair.readers)}", printed, why, Tone.PLAIN)


def agreement_sections(agreement: CohortAgreement) -> tuple[Section, ...]:
    """Statistics and plots, what disagrees, and the cases that were not compared."""
    return (
        Section(
            "Agreement of two signed reads",
            (f"{SIGNED_ONLY} {PAIRS_APART}", *_not_blinded(agreement.pairs)),
            figures=tuple(figure for n, pair in enumerate(agreement.pairs, 1) for figure in _plots(n, pair)),
            tables=_with_rows(
                _answer_table(agreement.pairs),
                _length_table(agreement.pairs),
                _outlined_table(agreement.pairs),
            ),
        ),
        Section(
            "What the reads differ in",
            tables=_with_rows(_difference_table(agreement.compared), _uncompared_table(agreement)),
        ),
        Section(
            "Pairs behind the statistics",
            tables=_with_rows(_count_table(agreement.pairs), _pair_table(agreement.pairs)),
            folded=True,
        ),
    )


def _not_blinded(pairs: Sequence[ReaderPair]) -> tuple[str, ...]:
    """A warning for each pair of readers who could see each other's work."""
    return tuple(
        f"{pair.not_blinded} of {pair.cases} cases of {_names(pair.readers)} had no reading plan: nothing "
        "kept one reader from seeing the other's work, so that their agreement may be none of two readers."
        for pair in pairs
        if pair.not_blinded
    )


def _with_rows(*tables: Table) -> tuple[Table, ...]:
    return tuple(table for table in tables if table.rows)


def _names(readers: tuple[str, str]) -> str:
    return f"{readers[0]} / {readers[1]}"


def _interval(interval: Interval, digits: int) -> str | None:
    return None if interval is None else " to ".join(shown(end, decimals=digits) for end in interval)


def _answer_table(pairs: Sequence[ReaderPair]) -> Table:
    rows = tuple(_answer_row(pair, answers) for pair in pairs for answers in pair.answers)
    columns = ("readers", "question", "n", "alike [%]", "by chance [%]", "kappa", "95 %", "unanswered", "why")
    note = "Cohen's kappa, unweighted, with its large-sample interval. Unanswered pairs do not count."
    return Table("agreement answers", "Answers", columns, rows, note)


def _answer_row(pair: ReaderPair, found: AnswerAgreement) -> tuple[Cell, ...]:
    kappa = found.kappa
    return (
        text(_names(pair.readers)),
        text(found.question),
        number(found.n, 0),
        number(100 * kappa.observed if kappa else None),
        number(100 * kappa.expected if kappa else None),
        number(kappa.value if kappa else None, 2),
        text(_interval(kappa.interval_95 if kappa else None, 2)),
        number(found.not_answered, 0),
        text(found.why, Tone.OPEN if found.why else Tone.PLAIN),
    )


def _length_table(pairs: Sequence[ReaderPair]) -> Table:
    rows = tuple(_length_row(pair, lengths) for pair in pairs for lengths in pair.lengths)
    columns = (
        "readers", "axis", "n", "bias [mm]", "95 %", "SD [mm]", "lower limit [mm]", "95 %",
        "upper limit [mm]", "95 %", "ICC(2,1)", "95 %", "not measured", "why",
    )  # fmt: skip
    note = "Limits of agreement: bias ± 1.96 SD (Bland and Altman 1986); ICC of Shrout and Fleiss 1979."
    return Table("agreement lengths", "Long and short axis", columns, rows, note)


def _length_row(pair: ReaderPair, found: LengthAgreement) -> tuple[Cell, ...]:
    limits, icc = found.limits, found.icc
    return (
        text(_names(pair.readers)),
        text(found.axis),
        number(len(found.pairs), 0),
        number(limits.bias if limits else None),
        text(_interval(limits.bias_interval_95 if limits else None, 1)),
        number(limits.sd if limits else None),
        number(limits.lower if limits else None),
        text(_interval(limits.lower_interval_95 if limits else None, 1)),
        number(limits.upper if limits else None),
        text(_interval(limits.upper_interval_95 if limits else None, 1)),
        number(icc.value if icc else None, 2),
        text(_interval(icc.interval_95 if icc else None, 2)),
        number(found.not_measured, 0),
        text(found.why, Tone.OPEN if found.why else Tone.PLAIN),
    )


def _outlined_table(pairs: Sequence[ReaderPair]) -> Table:
    rows = tuple(
        (
            text(_names(pair.readers)),
            text(found.what),
            number(found.both, 0),
            number(found.only_first, 0),
            number(found.only_second, 0),
        )
        for pair in pairs
        for found in pair.outlined
    )
    columns = ("readers", "finding", "both", "only the first", "only the second")
    note = "Features and lengths above compare only what both outlined."
    return Table("agreement outlined", "Who outlined what", columns, rows, note)


def _difference_table(cases: Sequence[ComparedCase]) -> Table:
    rows = tuple(
        (
            text(case.case_id),
            text(_names(case.planned_order)),
            number(len(case.discordances), 0),
            number(len(case.open), 0, tone=Tone.OPEN if case.open else Tone.PLAIN),
            text("; ".join(f"{d.subject}: {d.first} | {d.second}" for d in case.discordances)),
            text("; ".join(_notes(case))),
        )
        for case in cases
    )
    columns = ("case", "readers", "differ in", "not decided", "what", "")
    note = (
        "One row a case; values in the order of the readers that the row names, as their reads stand now, "
        "also those signed again after opening, which the statistics above leave out."
    )
    return Table("agreement cases", "Cases compared", columns, rows, note)


def _notes(case: ComparedCase) -> list[str]:
    notes = [f"{case.more_readers} more signed reads, not compared"] if case.more_readers else []
    notes += [
        f"{read.reader} signed again on {read.when[:10]}, after the reads were open, which does not count: "
        f"{read.why}"
        for read in case.later
    ]
    return notes if case.blinded else [*notes, "no reading plan: not blinded"]


def _uncompared_table(agreement: CohortAgreement) -> Table:
    rows = tuple((text(c.case_id), text(c.code), text(c.message)) for c in agreement.not_compared)
    return Table("agreement not compared", "Cases not compared", ("case", "code", "why"), rows)


def _count_table(pairs: Sequence[ReaderPair]) -> Table:
    rows = tuple(
        (text(_names(pair.readers)), text(found.question), text(a), text(b), number(n, 0))
        for pair in pairs
        for found in pair.answers
        for (a, b), n in found.counts
    )
    columns = ("readers", "question", "first", "second", "n")
    return Table("agreement counts", "Pairs of answers", columns, rows)


def _pair_table(pairs: Sequence[ReaderPair]) -> Table:
    rows = tuple(
        (
            text(_names(pair.readers)),
            text(each.case_id),
            text(each.subject),
            text(lengths.axis),
            number(each.first_mm),
            number(each.second_mm),
        )
        for pair in pairs
        for lengths in pair.lengths
        for each in lengths.pairs
    )
    columns = ("readers", "case", "lesion", "axis", "first [mm]", "second [mm]")
    return Table("agreement length pairs", "Pairs of lengths", columns, rows)


def _plots(n: int, pair: ReaderPair) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            f"Bland-Altman {n} {lengths.axis} axis",
            bland_altman_image(lengths, lengths.limits),
            f"{lengths.axis.capitalize()} axis of {len(lengths.pairs)} lesions, {_names(pair.readers)}: "
            "difference against mean; lines at bias and limits of agreement, bands their 95 % intervals.",
            f"Bland-Altman plot of the {lengths.axis} axis",
        )
        for lengths in pair.lengths
        if lengths.limits is not None
    )


def bland_altman_image(lengths: LengthAgreement, limits: LimitsOfAgreement) -> bytes:
    """PNG: difference of two lengths against their mean, with limits of agreement."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(5.2, 3.6), layout="constrained", facecolor="white")
    axis = canvas.add_subplot()
    axis.spines[["top", "right"]].set_visible(False)
    means = [(p.first_mm + p.second_mm) / 2 for p in lengths.pairs]
    axis.plot(means, [p.first_mm - p.second_mm for p in lengths.pairs], "o", color="#16202b", markersize=4)
    for value, band, style in (
        (limits.bias, limits.bias_interval_95, "-"),
        (limits.lower, limits.lower_interval_95, "--"),
        (limits.upper, limits.upper_interval_95, "--"),
    ):
        if band is not None:
            axis.axhspan(*band, color="#0072b2", alpha=0.12, linewidth=0)
        axis.axhline(value, color="#0072b2", linestyle=style, linewidth=1)
        axis.annotate(f"{value:.1f}", (1.0, value), xycoords=("axes fraction", "data"), fontsize=8)
    axis.set_xlabel(f"mean {lengths.axis} axis [mm]")
    axis.set_ylabel("first − second [mm]")
    return png_bytes(canvas)


# -- JSON ------------------------------------------------------------------------------------------


def agreement_document(agreement: CohortAgreement) -> dict[str, Any]:
    """The same numbers for machines; None where there is no number, with ``why``."""
    return {
        "cases": len(agreement.compared) + len(agreement.not_compared),
        "readers": [_pair_json(pair) for pair in agreement.pairs],
        "compared": [_case_json(case) for case in agreement.compared],
        "not_compared": [
            {"case": c.case_id, "code": c.code, "message": c.message} for c in agreement.not_compared
        ],
    }


def _pair_json(pair: ReaderPair) -> dict[str, Any]:
    return {
        "first": pair.readers[0],
        "second": pair.readers[1],
        "cases": pair.cases,
        "not_blinded": pair.not_blinded,
        "answers": [_answer_json(found) for found in pair.answers],
        "lengths": [_length_json(found) for found in pair.lengths],
        "outlined": [
            {"what": o.what, "both": o.both, "only_first": o.only_first, "only_second": o.only_second}
            for o in pair.outlined
        ],
    }


def _answer_json(found: AnswerAgreement) -> dict[str, Any]:
    kappa = found.kappa
    return {
        "question": found.question,
        "n": found.n,
        "kappa": kappa.value if kappa else None,
        "ci95": _ends(kappa.interval_95 if kappa else None),
        "observed": kappa.observed if kappa else None,
        "expected": kappa.expected if kappa else None,
        "unanswered": found.not_answered,
        "counts": [{"first": a, "second": b, "n": n} for (a, b), n in found.counts],
        "why": found.why or None,
    }


def _length_json(found: LengthAgreement) -> dict[str, Any]:
    limits, icc = found.limits, found.icc
    return {
        "axis": found.axis,
        "n": len(found.pairs),
        "bias_mm": limits.bias if limits else None,
        "bias_ci95": _ends(limits.bias_interval_95 if limits else None),
        "sd_mm": limits.sd if limits else None,
        "lower_mm": limits.lower if limits else None,
        "lower_ci95": _ends(limits.lower_interval_95 if limits else None),
        "upper_mm": limits.upper if limits else None,
        "upper_ci95": _ends(limits.upper_interval_95 if limits else None),
        "icc": icc.value if icc else None,
        "icc_ci95": _ends(icc.interval_95 if icc else None),
        "not_measured": found.not_measured,
        "pairs": [
            {"case": p.case_id, "lesion": p.subject, "first_mm": p.first_mm, "second_mm": p.second_mm}
            for p in found.pairs
        ],
        "why": found.why or None,
    }


def _case_json(case: ComparedCase) -> dict[str, Any]:
    return {
        "case": case.case_id,
        "readers": list(case.planned_order),
        "differences": [
            {"id": d.id, "kind": d.kind.value, "subject": d.subject, "first": d.first, "second": d.second}
            for d in case.discordances
        ],
        "not_decided": [d.id for d in case.open],
        "more_readers": case.more_readers,
        "blinded": case.blinded,
        "signed_after_opening": [_later_json(read) for read in case.later],
    }


def _later_json(read: SignedRead) -> dict[str, Any]:
    return {"read": read.n, "reader": read.reader, "when": read.when, "why": read.why}


def _ends(interval: Interval) -> list[float] | None:
    return None if interval is None else list(interval)
