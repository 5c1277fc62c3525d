"""Pictures of the cohort page. Each draws a few artists, however many cases there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imaging.findings.policy import DEFAULT_POLICY
from workup.cohort.item import CaseResult
from workup.cohort.summary import FunnelStep
from workup.report.content import Figure
from workup.report.png import png_bytes

_GOOD, _BAD, _OPEN, _NONE = "#0b6b46", "#a4262c", "#e0a526", "#6c757d"
_WIDTH_INCHES, _HEIGHT_INCHES = 8.6, 3.4
#: Thickest and thinnest stroke of one lesion or defect. [pt]
_THICKEST_PT, _THINNEST_PT = 16.0, 0.4
#: Above this the dots of intervals hide each other.
_MOST_LARGE_DOTS = 300

_READER = {"yes": ("yes", _GOOD), "no": ("no", _BAD), "uncertain": ("uncertain", _OPEN)}
_MEASURABILITY = {"MEASURABLE": ("measurable", _GOOD), "NOT_MEASURABLE": ("not measurable", _BAD)}

Row = Mapping[str, Any]


def funnel_figure(steps: Sequence[FunnelStep]) -> tuple[Figure, ...]:
    """Bars of the cases left, lost and open at each criterion."""
    if not steps:
        return ()
    canvas, axis = _axes()
    places, bottom = range(len(steps)), [0] * len(steps)
    for counts, color, label in (
        ([s.still_pass for s in steps], _GOOD, "still pass"),
        ([s.unknown_here for s in steps], _OPEN, "unknown here"),
        ([s.failed_here for s in steps], _BAD, "fail here"),
    ):
        axis.bar(places, counts, bottom=bottom, color=color, label=label, width=0.86)
        bottom = [a + b for a, b in zip(bottom, counts, strict=True)]
    axis.set_xticks(list(places), [s.criterion for s in steps], rotation=90, fontsize=8)
    axis.set_xlim(-0.7, len(steps) - 0.3)
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.set_ylabel("cases")
    _legend_above(axis)
    return _figure(canvas, "funnel", "Cases left after each criterion, in protocol order.")


def enhancement_figure(results: Sequence[CaseResult]) -> tuple[Figure, ...]:
    """Arterial enhancement of every filling defect on CT, with its interval, by what the reader said."""
    rows = [
        row for r in results for row in r.defects if row["difference"] is not None and row["unit"] == "HU"
    ]
    if not rows:
        return ()
    rows.sort(key=lambda row: float(row["difference"]))
    canvas, axis = _axes()
    low, high = DEFAULT_POLICY.t_neg, DEFAULT_POLICY.t_pos
    axis.axhspan(low, high, color="#e9edf0", label=f"{low:g} to {high:g} HU: neither")
    kinds = [_READER.get(str(row.get("reader_arterial_enhancement")), ("no answer", _NONE)) for row in rows]
    spans = [(n, row) for n, row in enumerate(rows) if row["difference_low"] is not None]
    axis.vlines(
        [n for n, _ in spans],
        [row["difference_low"] for _, row in spans],
        [row["difference_high"] for _, row in spans],
        colors=[kinds[n][1] for n, _ in spans],
        linewidth=min(1.2, _stroke(len(rows))),
    )
    size = 16 if len(rows) <= _MOST_LARGE_DOTS else 3
    for kind in dict.fromkeys([*_READER.values(), ("no answer", _NONE)]):
        places = [n for n, k in enumerate(kinds) if k == kind]
        if places:
            shown = [rows[n]["difference"] for n in places]
            label = f"reader: {kind[0]} ({len(places)})"
            axis.scatter(places, shown, s=size, color=kind[1], label=label, zorder=3)
    axis.set_xlim(-0.6, len(rows) - 0.4)
    axis.set_xticks([])
    axis.set_xlabel(f"{len(rows)} filling defects on CT, by enhancement")
    axis.set_ylabel("arterial − unenhanced [HU]")
    _legend_above(axis)
    caption = "Arterial enhancement with its 95 % interval. Defects without such a number are not shown."
    return _figure(canvas, "enhancement", caption)


def lesions_figure(results: Sequence[CaseResult]) -> tuple[Figure, ...]:
    """Waterfall of long axes by verdict; the threshold depends on slices and kind of lesion."""
    rows = [row for r in results for row in r.lesions if row["long_axis_mm"] is not None]
    if not rows:
        return ()
    rows.sort(key=lambda row: -float(row["long_axis_mm"]))
    canvas, axis = _axes()
    kinds = [_MEASURABILITY.get(str(row["measurability"]), ("open", _OPEN)) for row in rows]
    axis.vlines(
        range(len(rows)),
        0,
        [row["long_axis_mm"] for row in rows],
        colors=[color for _, color in kinds],
        linewidth=_stroke(len(rows)),
        capstyle="butt",
    )
    for name, color in dict.fromkeys(kinds):
        axis.plot([], [], color=color, linewidth=6, label=f"{name} ({kinds.count((name, color))})")
    axis.set_xlim(-0.6, len(rows) - 0.4)
    axis.set_ylim(bottom=0)
    axis.set_xticks([])
    axis.set_xlabel(f"{len(rows)} lesions, by long axis")
    axis.set_ylabel("long axis [mm]")
    _legend_above(axis)
    caption = (
        "Long axis of every lesion that has one, by its verdict: the threshold depends on slice thickness "
        "and kind of lesion, a node's on its short axis."
    )
    return _figure(canvas, "long axes", caption)


def _stroke(count: int) -> float:
    """Width of one of many strokes beside each other. [pt]"""
    room = 0.85 * _WIDTH_INCHES * 72 / count
    return max(_THINNEST_PT, min(_THICKEST_PT, 0.86 * room))


def _axes() -> tuple[Any, Any]:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(_WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained", facecolor="white")
    axis = canvas.add_subplot()
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="#e6eaee")
    axis.set_axisbelow(True)
    return canvas, axis


def _legend_above(axis: Any) -> None:
    axis.legend(frameon=False, fontsize=8, ncols=4, loc="lower right", bbox_to_anchor=(1.0, 1.0))


def _figure(canvas: Any, name: str, caption: str) -> tuple[Figure, ...]:
    return (Figure(name, png_bytes(canvas), caption, caption, wide=True),)
