"""Enhancement curves with their 95 % intervals, written as PNG or SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imaging.errors import MeasurementError
from imaging.findings.assess_region import PhaseMeasurement, RegionFindings
from imaging.findings.noise import mean_interval
from imaging.phases.phase import Phase

#: Written formats by ending.
PICTURE_FORMATS = (".png", ".svg")
#: Colors that the common kinds of color blindness tell apart (Okabe and Ito 2008).
COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def write_curves(path: Path | str, findings: Sequence[RegionFindings]) -> Path:
    """Draw the mean of each region over the phases; a hollow mark is a region nobody has confirmed.

    Parameters
    ----------
    path : path
        Ends in ``.png`` or ``.svg``.
    findings : sequence of RegionFindings
        One curve each.

    Returns
    -------
    path

    Raises
    ------
    MeasurementError
        ``PICTURE_FORMAT`` for another ending.
    """
    from matplotlib.figure import Figure

    path = checked_picture(path)
    phases = [p for p in Phase if any(m.phase is p for f in findings for m in _answering(f))]
    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    for number, one in enumerate(findings):
        _draw(axes, one, phases, number, len(findings))
    axes.set_xticks(range(len(phases)), [p.value.replace("_", " ") for p in phases])
    units = dict.fromkeys("HU" if f.unit == "HU" else "MR units" for f in findings)
    axes.set_ylabel(f"mean [{', '.join(units)}]")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    axes.set_title("Region means with 95 % intervals; hollow: not confirmed by a reader", fontsize=9)
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    return path


def checked_picture(path: Path | str) -> Path:
    """The path, if its ending is one that can be written.

    Raises
    ------
    MeasurementError
        ``PICTURE_FORMAT`` for another ending.
    """
    path = Path(path)
    if path.suffix.lower() not in PICTURE_FORMATS:
        raise MeasurementError(
            "PICTURE_FORMAT", f"a picture called {path.name}", expected=f"one of {', '.join(PICTURE_FORMATS)}"
        )
    return path


def _answering(findings: RegionFindings) -> list[PhaseMeasurement]:
    """The measurement of each phase on the acquisition that answered for it."""
    used = {key for _, key in findings.used}
    return [m for m in findings.phases if m.acquisition_key in used and m.statistics.mean is not None]


def _draw(axes: object, one: RegionFindings, phases: list[Phase], number: int, count: int) -> None:
    color = COLORS[number % len(COLORS)]
    shift = 0.06 * (number - (count - 1) / 2)
    points = _answering(one)
    x = [phases.index(m.phase) + shift for m in points]
    y = [m.statistics.mean for m in points]
    axes.plot(x, y, color=color, label=one.region_id)  # type: ignore[attr-defined]
    for place, m in zip(x, points, strict=True):
        sample = m.statistics.sample
        interval = None if sample is None else mean_interval(sample)
        half = 0.0 if interval is None else (interval[1] - interval[0]) / 2
        axes.errorbar(  # type: ignore[attr-defined]
            [place], [m.statistics.mean], yerr=half, fmt="o", capsize=4, color=color,
            mfc=color if m.verified else "white",
        )  # fmt: skip
