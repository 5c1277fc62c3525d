"""The cohort page: one report of counts and pictures over all cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recist.counted import counted
from workup.case.cohort_agreement import CohortAgreement
from workup.cohort.item import ASSESSED, FAILED, REFUSED, CaseResult, folder_name
from workup.cohort.page_figures import enhancement_figure, funnel_figure, lesions_figure
from workup.cohort.rows import why_so
from workup.cohort.summary import (
    FunnelStep,
    funnel,
    missing_items,
    reader_and_number,
    refusals,
    sole_blockers,
)
from workup.report.agreement_report import agreement_sections
from workup.report.content import Answer, Cell, Report, Section, Table, Tone, number, text

#: Rows shown of a league table.
LONGEST_LEAGUE = 25
#: Cases named on the page; the tables name all.
MOST_CASES = 1000
_READER_WORDS = ("yes", "no", "uncertain", "not answered")
_TONES = {"PASS": Tone.GOOD, "FAIL": Tone.BAD, "UNKNOWN": Tone.OPEN}


def cohort_report(
    results: Sequence[CaseResult], *, title: str, footer: str, agreement: CohortAgreement | None = None
) -> Report:
    """Report content of a finished cohort; ``agreement`` of its case folders where it has some."""
    steps = funnel(results)
    return Report(
        title=title,
        language="en",
        facts=(("Cases", str(len(results))), *_ended(results)),
        answers=_answers(results),
        sections=(
            Section(
                "Funnel, in protocol order", figures=funnel_figure(steps), tables=(_funnel_table(steps),)
            ),
            Section("What keeps patients out", tables=(_blocker_table(results), _missing_table(results))),
            Section(
                "Reader and number", figures=enhancement_figure(results), tables=(_agreement_table(results),)
            ),
            *(agreement_sections(agreement) if agreement else ()),
            Section("Lesions", figures=lesions_figure(results)),
            Section("Refused and failed", tables=(_refusal_table(results),)),
            Section("Cases", tables=(_case_table(results),), folded=True),
        ),
        limits=(
            "Counts over the supplied cases. A refused case is neither a pass nor a failure.",
            "Research and decision support. Not a medical device; it does not replace the investigator.",
        ),
        footer=footer,
    )


def _ended(results: Sequence[CaseResult]) -> tuple[tuple[str, str], ...]:
    counts = Counter(r.status for r in results)
    return tuple((status.capitalize(), str(counts[status])) for status in (ASSESSED, REFUSED, FAILED))


def _answers(results: Sequence[CaseResult]) -> tuple[Answer, ...]:
    rows = [r.case for r in results if r.status == ASSESSED]

    def answer(question: str, column: str, good: str) -> Answer:
        counts = {
            word: sum(row.get(column) == word for row in rows) for word in sorted({r[column] for r in rows})
        }
        why = ", ".join(f"{word} {count}" for word, count in counts.items()) or "no case was assessed"
        return Answer(question, f"{counts.get(good, 0)} of {len(rows)}", why, Tone.PLAIN)

    return (
        answer("Vascular invasion (I4.a)", "vascular_invasion", "PASS"),
        answer("Measurable lesion (I5)", "measurable_lesion", "PASS"),
        answer("All criteria satisfied", "overall", "ELIGIBLE"),
    )


def _funnel_table(steps: Sequence[FunnelStep]) -> Table:
    rows = tuple(
        (
            text(step.criterion),
            number(step.still_pass, 0),
            number(step.failed_here, 0),
            number(step.unknown_here, 0),
        )
        for step in steps
        if step.failed_here or step.unknown_here
    )
    note = (
        "Criteria at which cases are lost, in protocol order; each case is counted once, at the first "
        "criterion it does not pass."
    )
    return Table("funnel", "Funnel", ("criterion", "still pass", "fail here", "unknown here"), rows, note)


def _blocker_table(results: Sequence[CaseResult]) -> Table:
    rows = tuple((text(name), number(count, 0)) for name, count in sole_blockers(results).most_common())
    note = "Cases that fail this criterion and no other; further ones may be open."
    return Table("sole blockers", "Sole blockers", ("criterion", "cases kept out by it alone"), rows, note)


def _missing_table(results: Sequence[CaseResult]) -> Table:
    league = missing_items(results)
    rows = tuple(
        (text(path), number(cases, 0), number(decides, 0)) for path, cases, decides in league[:LONGEST_LEAGUE]
    )
    more = len(league) - len(rows)
    columns = ("item", "missing in cases", "alone settles a criterion in")
    note = f"Not shown, and missing in some case: {counted(more, 'item')}." if more else ""
    return Table("missing", "Missing items", columns, rows, note)


def _agreement_table(results: Sequence[CaseResult]) -> Table:
    counts = reader_and_number(results)
    numbers = ("POSITIVE", "INDETERMINATE", "NOT_COMPUTABLE", "NEGATIVE")
    said = [word for word in _READER_WORDS if any(pair[0] == word for pair in counts)]
    rows = tuple((text(word), *(number(counts[(word, n)], 0) for n in numbers)) for word in said)
    title = "Arterial enhancement: reader (rows) and number (columns)"
    return Table(
        "reader and number", title, ("reader", *(n.replace("_", " ").lower() for n in numbers)), rows
    )


def _refusal_table(results: Sequence[CaseResult]) -> Table:
    first: dict[tuple[str, str], CaseResult] = {}
    for result in results:
        first.setdefault((result.status, result.code), result)
    rows = tuple(
        (text(kind[0]), text(kind[1]), number(count, 0), text(first[kind].case_id), text(first[kind].message))
        for kind, count in refusals(results).most_common()
    )
    return Table("refusals", "By code", ("ended", "code", "cases", "the first of them", "its reason"), rows)


def _case_table(results: Sequence[CaseResult]) -> Table:
    columns = ("vascular_invasion", "measurable_lesion", "overall")
    rows = tuple(
        (
            Cell(
                r.case_id, href=f"cases/{folder_name(r.case_id)}/report.html" if r.status == ASSESSED else ""
            ),
            text(r.status),
            *(Cell(str(r.case.get(c, "—")), _TONES.get(str(r.case.get(c)), Tone.PLAIN)) for c in columns),
            text(why_so(r.case)),
        )
        for r in results[:MOST_CASES]
    )
    more = len(results) - len(rows)
    return Table(
        "case list",
        "Cases",
        ("case", "ended", *(c.replace("_", " ") for c in columns), "why"),
        rows,
        f"The first {MOST_CASES} by name; {more} more stand in cases.csv." if more else "",
    )
