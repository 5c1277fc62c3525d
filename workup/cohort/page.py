"""The cohort page: one report of counts and pictures over all cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workup.case.cohort_agreement import CohortAgreement
from workup.cohort.item import ASSESSED, CaseResult
from workup.cohort.summary import funnel, missing_items, reader_and_number, refusals, sole_blockers
from workup.report.agreement_report import agreement_sections
from workup.report.content import Answer, Cell, Figure, Report, Section, Table, Tone, number, text
from workup.report.png import png_bytes

#: Rows shown of a league table.
LONGEST_LEAGUE = 25
_TONES = {"PASS": Tone.GOOD, "FAIL": Tone.BAD, "UNKNOWN": Tone.OPEN}


def cohort_report(
    results: Sequence[CaseResult], *, title: str, footer: str, agreement: CohortAgreement | None = None
) -> Report:
    """Report content of a finished cohort; ``agreement`` of its case folders where it has some."""
    return Report(
        title=title,
        language="en",
        facts=(("Cases", str(len(results))), ("Assessed", str(sum(r.status == ASSESSED for r in results)))),
        answers=_answers(results),
        sections=(
            Section(
                "Funnel, in protocol order", figures=_funnel_figure(results), tables=(_funnel_table(results),)
            ),
            Section("What keeps patients out", tables=(_blocker_table(results), _missing_table(results))),
            Section("Reader and number", figures=_scatter(results), tables=(_agreement_table(results),)),
            *(agreement_sections(agreement) if agreement else ()),
            Section("Lesions", figures=_waterfall(results)),
            Section("Refused and failed", tables=(_refusal_table(results),)),
            Section("Cases", tables=(_case_table(results),), folded=True),
        ),
        limits=(
            "Counts over the supplied cases. A refused case is neither a pass nor a failure.",
            "Research and decision support. Not a medical device; it does not replace the investigator.",
        ),
        footer=footer,
    )


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


def _funnel_table(results: Sequence[CaseResult]) -> Table:
    rows = tuple(
        (
            text(step.criterion),
            number(step.still_pass, 0),
            number(step.failed_here, 0),
            number(step.unknown_here, 0),
        )
        for step in funnel(results)
        if step.failed_here or step.unknown_here
    )
    note = (
        "Criteria at which cases are lost, in protocol order; each case is counted once, at the first "
        "criterion it does not pass."
    )
    return Table("funnel", "Funnel", ("criterion", "still pass", "fail here", "unknown here"), rows, note)


def _blocker_table(results: Sequence[CaseResult]) -> Table:
    rows = tuple((text(name), number(count, 0)) for name, count in sole_blockers(results).most_common())
    return Table("sole blockers", "Sole blockers", ("criterion", "cases kept out by it alone"), rows)


def _missing_table(results: Sequence[CaseResult]) -> Table:
    rows = tuple(
        (text(path), number(cases, 0), number(decides, 0))
        for path, cases, decides in missing_items(results)[:LONGEST_LEAGUE]
    )
    return Table("missing", "Missing items", ("item", "missing in cases", "would decide in cases"), rows)


def _agreement_table(results: Sequence[CaseResult]) -> Table:
    counts = reader_and_number(results)
    numbers = ("POSITIVE", "INDETERMINATE", "NOT_COMPUTABLE", "NEGATIVE")
    said = sorted({pair[0] for pair in counts})
    rows = tuple((text(word), *(number(counts[(word, n)], 0) for n in numbers)) for word in said)
    title = "Arterial enhancement: reader (rows) and number (columns)"
    return Table(
        "reader and number", title, ("reader", *(n.replace("_", " ").lower() for n in numbers)), rows
    )


def _refusal_table(results: Sequence[CaseResult]) -> Table:
    rows = tuple((text(s), text(code), number(n, 0)) for (s, code), n in refusals(results).most_common())
    return Table("refusals", "By code", ("ended", "code", "cases"), rows)


def _case_table(results: Sequence[CaseResult]) -> Table:
    columns = ("vascular_invasion", "measurable_lesion", "overall")
    rows = tuple(
        (
            text(r.case_id),
            text(r.status),
            *(Cell(str(r.case.get(c, "—")), _TONES.get(str(r.case.get(c)), Tone.PLAIN)) for c in columns),
            text(f"{r.code} {r.message}".strip()),
        )
        for r in results
    )
    return Table(
        "case list", "Cases", ("case", "ended", *(c.replace("_", " ") for c in columns), "why"), rows
    )


def _axes(height: float = 3.4) -> tuple[Any, Any]:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(8.6, height), layout="constrained", facecolor="white")
    axis = canvas.add_subplot()
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="#e6eaee")
    axis.set_axisbelow(True)
    return canvas, axis


def _figure(canvas: Any, name: str, caption: str) -> tuple[Figure, ...]:
    return (Figure(name, png_bytes(canvas), caption, caption, wide=True),)


def _funnel_figure(results: Sequence[CaseResult]) -> tuple[Figure, ...]:
    steps = funnel(results)
    if not steps:
        return ()
    canvas, axis = _axes()
    places = range(len(steps))
    axis.bar(places, [s.still_pass for s in steps], color="#0b6b46", label="still pass")
    bottom = [s.still_pass for s in steps]
    axis.bar(places, [s.unknown_here for s in steps], bottom=bottom, color="#e0a526", label="unknown here")
    bottom = [a + s.unknown_here for a, s in zip(bottom, steps, strict=True)]
    axis.bar(places, [s.failed_here for s in steps], bottom=bottom, color="#a4262c", label="fail here")
    axis.set_xticks(list(places), [s.criterion for s in steps], rotation=90, fontsize=8)
    axis.set_ylabel("cases")
    axis.legend(frameon=False, fontsize=8)
    return _figure(canvas, "funnel", "Cases left after each criterion, in protocol order.")


def _scatter(results: Sequence[CaseResult]) -> tuple[Figure, ...]:
    rows = [
        row for r in results for row in r.defects if row["difference"] is not None and row["unit"] == "HU"
    ]
    if not rows:
        return ()
    canvas, axis = _axes()
    colors = {"yes": "#0b6b46", "no": "#a4262c", "uncertain": "#e0a526"}
    rows.sort(key=lambda row: float(row["difference"]))
    for place, row in enumerate(rows):
        color = colors.get(str(row.get("reader_arterial_enhancement")), "#6c757d")
        low, high = row["difference_low"], row["difference_high"]
        if low is not None:
            axis.plot([place, place], [low, high], color=color, linewidth=1)
        axis.plot(place, row["difference"], "o", color=color, markersize=3)
    axis.axhspan(10, 20, color="#f2f4f6")
    axis.set_xlabel("filling defects, by enhancement")
    axis.set_ylabel("arterial − unenhanced [HU]")
    caption = (
        "Arterial enhancement with its 95 % interval. The reader said yes: green, no: red, uncertain: amber, "
        "nothing: gray."
    )
    return _figure(canvas, "enhancement", caption)


def _waterfall(results: Sequence[CaseResult]) -> tuple[Figure, ...]:
    lengths = sorted(
        (float(row["long_axis_mm"]) for r in results for row in r.lesions if row["long_axis_mm"] is not None),
        reverse=True,
    )
    if not lengths:
        return ()
    canvas, axis = _axes()
    axis.bar(
        range(len(lengths)),
        lengths,
        width=1.0,
        color=["#0b6b46" if mm >= 10 else "#a4262c" for mm in lengths],
    )
    axis.axhline(10, color="#16202b", linewidth=1)
    axis.set_xlabel("lesions, by long axis")
    axis.set_ylabel("long axis [mm]")
    return _figure(canvas, "long axes", "Long axis of every lesion; the line is 10 mm.")
