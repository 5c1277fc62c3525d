"""Waterfall and spider plots of a cohort's sums of diameters.

Colors of Okabe and Ito, which color-blind readers tell apart; the dashed lines are the limits of RECIST 1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from workup.report.png import png_bytes

#: Fill by best overall response.
RESPONSE_COLORS = {
    "CR": "#009e73",
    "PR": "#56b4e9",
    "SD": "#e69f00",
    "Non-CR/Non-PD": "#cc79a7",
    "PD": "#d55e00",
    "NE": "#999999",
}
#: Limits drawn into both plots: partial response from baseline, progression from nadir. [%]
_LIMITS_PERCENT = (-30.0, 20.0)
#: More labels than this cannot be read under a waterfall.
_MOST_LABELS = 60


@dataclass(frozen=True, slots=True)
class Course:
    """One patient's changes from baseline; ``None`` where the sum is unknown.

    ``points`` are (day, change [%]) of the visits after baseline.
    """

    subject: str
    baseline: date
    best_response: str
    points: tuple[tuple[date, float | None], ...]

    @property
    def best_change_percent(self) -> float | None:
        """The largest fall (or smallest growth) of the sum. [%]"""
        return min((change for _, change in self.points if change is not None), default=None)


def waterfall_image(courses: Sequence[Course]) -> bytes:
    """PNG: one bar a patient, the best change of the sum, from growth to fall."""
    known = [(c.best_change_percent, c) for c in courses]
    bars = sorted(((b, c) for b, c in known if b is not None), key=lambda bar: (-bar[0], bar[1].subject))
    figure, axis = _canvas(max(6.4, min(16.0, 0.22 * len(bars) + 2)))
    colors = [RESPONSE_COLORS[course.best_response] for _, course in bars]
    axis.bar(range(len(bars)), [change for change, _ in bars], color=colors, width=0.85)
    if len(bars) <= _MOST_LABELS:
        axis.set_xticks(range(len(bars)), [course.subject for _, course in bars], rotation=90, fontsize=7)
    else:
        axis.set_xticks([])
    axis.set_xlabel(f"{len(bars)} of {len(courses)} patients with a sum after baseline")
    axis.set_ylabel("best change from baseline [%]")
    _finish(axis, {course.best_response for _, course in bars})
    return png_bytes(figure)


def spider_image(courses: Sequence[Course]) -> bytes:
    """PNG: one line a patient, change of the sum over the weeks; a gap where it is unknown."""
    figure, axis = _canvas(7.2)
    for course in courses:
        weeks = [0.0, *((day - course.baseline).days / 7 for day, _ in course.points)]
        changes = [0.0, *(float("nan") if change is None else change for _, change in course.points)]
        color = RESPONSE_COLORS[course.best_response]
        axis.plot(weeks, changes, color=color, marker="o", markersize=3, linewidth=1.2, alpha=0.85)
    axis.set_xlabel("weeks from baseline")
    axis.set_ylabel("change from baseline [%]")
    _finish(axis, {course.best_response for course in courses})
    return png_bytes(figure)


def _canvas(width_inches: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, 4.0), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def _finish(axis: Any, responses: set[str]) -> None:
    from matplotlib.patches import Patch

    axis.axhline(0, color="#16202b", linewidth=0.8)
    for limit in _LIMITS_PERCENT:
        axis.axhline(limit, color="#16202b", linewidth=0.8, linestyle="--", alpha=0.6)
    patches = [Patch(color=c, label=name) for name, c in RESPONSE_COLORS.items() if name in responses]
    if patches:
        axis.legend(handles=patches, title="best overall response", fontsize=8, title_fontsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
