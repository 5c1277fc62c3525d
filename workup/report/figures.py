"""Pictures for people: key images with outlines and diameters, curves of enhancement.

Drawn with matplotlib from the arrays themselves, never from a screen. Every image states its window,
slice position and scale, and carries the letters of the patient's sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition
from workup.report.png import png_bytes

#: Display window for CT: narrow enough to see washout, wide enough for vessels. [HU]
CT_WINDOW = (-90.0, 210.0)
INK = "#16202b"
OUTLINE_COLORS = ("#ffb000", "#4fc3f7", "#7ee081", "#ff7597", "#c9a7ff")
LONG_AXIS_COLOR, SHORT_AXIS_COLOR = "#ffd54a", "#7fd7ff"

Point = tuple[float, float, float]
Place = TypeVar("Place", float, NDArray[np.float64])


@dataclass(frozen=True)
class Outline:
    """A region to draw on a key image."""

    mask: RegionMask
    label: str
    color: str = OUTLINE_COLORS[0]


@dataclass(frozen=True)
class Caliper:
    """A line to draw on a key image, in patient coordinates [mm]."""

    ends_lps_mm: tuple[Point, Point]
    label: str
    color: str


@dataclass(frozen=True)
class Panel:
    """One slice to show, with what is drawn on it.

    ``field_mm`` cuts a square around the first outline (or caliper); None shows the whole slice.
    """

    acquisition: Acquisition
    slice_index: int
    title: str
    outlines: tuple[Outline, ...] = ()
    calipers: tuple[Caliper, ...] = ()
    field_mm: float | None = None


@dataclass(frozen=True)
class Curve:
    """Mean of a region over the phases, with 95 % half-widths where known."""

    label: str
    means: tuple[float | None, ...]
    half_widths: tuple[float | None, ...]


def display_window(acquisition: Acquisition) -> tuple[float, float]:
    """Lowest and highest shown value: a fixed CT window, percentiles on MR."""
    if acquisition.volume.unit == "HU":
        return CT_WINDOW
    middle = acquisition.volume.voxels[acquisition.volume.voxels.shape[0] // 2]
    low, high = np.percentile(middle, (2.0, 99.5))
    return float(low), float(max(high, low + 1.0))


def middle_slice(mask: RegionMask) -> int:
    """Slice that holds most of a region."""
    per_slice = mask.voxels.sum(axis=(1, 2))
    return mask.offset[0] + int(per_slice.argmax())


def key_image(panels: Sequence[Panel], *, height_inches: float = 3.4) -> bytes:
    """PNG of one or more slices side by side."""
    figure, axes = _figure(len(panels), height_inches)
    for panel, axis in zip(panels, axes, strict=True):
        _draw_panel(panel, axis)
    return png_bytes(figure)


def curves_image(phases: Sequence[str], curves: Sequence[Curve], unit: str) -> bytes:
    """PNG of region means over the phases with 95 % intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.2, 3.5), facecolor="white")  # fixed margins: a layout draws everything twice
    axis = figure.add_axes((0.115, 0.1, 0.87, 0.87))
    places = np.arange(len(phases))
    for number, curve in enumerate(curves):
        kept = [i for i, mean in enumerate(curve.means) if mean is not None]
        means = [float(curve.means[i] or 0.0) for i in kept]
        errors = [float(curve.half_widths[i] or 0.0) for i in kept]
        shift = (number - (len(curves) - 1) / 2) * 0.05
        axis.errorbar(
            places[kept] + shift,
            means,
            yerr=errors,
            marker="o",
            markersize=5,
            capsize=3,
            linewidth=1.8,
            label=curve.label,
            color=("#c0392b", "#1f6f8b", "#6c757d", "#8e5ea2", "#3a7d44", "#b8860b")[number % 6],
        )
    axis.set_xticks(places, [p.replace("_", " ") for p in phases])
    axis.set_xlim(-0.35, len(phases) - 0.65)
    axis.set_ylabel("Mean attenuation [HU]" if unit == "HU" else "Mean signal [arbitrary units]")
    axis.grid(axis="y", color="#e6eaee")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9)
    return png_bytes(figure)


def _figure(count: int, height_inches: float) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(height_inches * count, height_inches * 1.09), facecolor="white")
    axes = figure.subplots(1, count, squeeze=False)[0]
    figure.subplots_adjust(left=0.004, right=0.996, top=0.915, bottom=0.005, wspace=0.015)
    for axis in axes:
        axis.set_axis_off()
    return figure, list(axes)


@dataclass(frozen=True)
class _Frame:
    """How array pixels of a slice go to the screen: flips, and millimeters for each axis."""

    transpose: bool
    flip_rows: bool
    flip_columns: bool
    row_mm: float
    column_mm: float
    letters: tuple[str, str, str, str]  # left, right, top, bottom

    def image(self, pixels: NDArray[Any]) -> NDArray[Any]:
        shown = pixels.T if self.transpose else pixels
        return shown[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def place(self, row: Place, column: Place, shape: tuple[int, int]) -> tuple[Place, Place]:
        """Screen (x, y) [mm] of an array position or of many; ``shape`` is the array slice's."""
        if self.transpose:
            row, column, shape = column, row, (shape[1], shape[0])
        y = shape[0] - 1 - row if self.flip_rows else row
        x = shape[1] - 1 - column if self.flip_columns else column
        return x * self.column_mm, y * self.row_mm


_SIDES = (("R", "L"), ("A", "P"), ("F", "H"))


def _frame(geometry: VolumeGeometry) -> _Frame:
    """Radiological display: patient's right on the left, front or head at the top."""
    rows, columns = geometry.index_to_patient_mm[:3, 1], geometry.index_to_patient_mm[:3, 2]
    row_axis, column_axis = int(np.abs(rows).argmax()), int(np.abs(columns).argmax())
    transpose = row_axis < column_axis  # across the screen goes the lower of left, posterior, superior
    down, across = (columns, rows) if transpose else (rows, columns)
    down_axis, across_axis = int(np.abs(down).argmax()), int(np.abs(across).argmax())
    flip_columns = across[across_axis] < 0
    flip_rows = (down[down_axis] > 0) if down_axis == 2 else (down[down_axis] < 0)
    left, right = _SIDES[across_axis]
    bottom_first = _SIDES[down_axis]
    top, bottom = (bottom_first[1], bottom_first[0]) if down_axis == 2 else bottom_first
    return _Frame(
        transpose=transpose,
        flip_rows=bool(flip_rows),
        flip_columns=bool(flip_columns),
        row_mm=float(np.linalg.norm(down)),
        column_mm=float(np.linalg.norm(across)),
        letters=(left, right, top, bottom),
    )


def _draw_panel(panel: Panel, axis: Any) -> None:
    volume = panel.acquisition.volume
    geometry, frame = volume.geometry, _frame(volume.geometry)
    pixels = volume.voxels[panel.slice_index]
    low, high = display_window(panel.acquisition)
    size_mm = _size_mm(frame, pixels.shape)
    window = _view(panel, frame, pixels.shape, size_mm)
    shown, extent = _in_view(frame.image(pixels), frame, window)
    axis.imshow(shown, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="bilinear")
    for outline in panel.outlines:
        _draw_outline(outline, panel.slice_index, frame, pixels.shape, axis)
    for caliper in panel.calipers:
        _draw_caliper(caliper, geometry, frame, pixels.shape, axis)
    axis.set_xlim(window[0], window[1])
    axis.set_ylim(window[3], window[2])
    axis.text(0.5, 1.012, panel.title, fontsize=9.5, color=INK, ha="center", transform=axis.transAxes)
    _annotate(axis, panel, frame, window, (low, high))


def _draw_outline(
    outline: Outline, slice_index: int, frame: _Frame, shape: tuple[int, int], axis: Any
) -> None:
    inside = slice_index - outline.mask.offset[0]
    if not 0 <= inside < outline.mask.voxels.shape[0]:
        return
    part = np.pad(outline.mask.voxels[inside], 1).astype(np.float32)
    if not part.any():
        return
    row, column = (
        at - 1 + np.arange(float(n)) for at, n in zip(outline.mask.offset[1:], part.shape, strict=True)
    )
    x, y = frame.place(row[:, None], column[None], shape)
    x, y, part = np.broadcast_arrays(x, y, part)
    axis.contour(x, y, part, levels=[0.5], colors=[outline.color], linewidths=1.3)
    axis.plot([], [], color=outline.color, label=outline.label)


def _draw_caliper(
    caliper: Caliper, geometry: VolumeGeometry, frame: _Frame, shape: tuple[int, int], axis: Any
) -> None:
    ends = [geometry.index(np.array(end)) for end in caliper.ends_lps_mm]
    places = [frame.place(float(i[1]), float(i[2]), shape) for i in ends]
    axis.plot(
        [p[0] for p in places],
        [p[1] for p in places],
        color=caliper.color,
        linewidth=1.6,
        marker="+",
        markersize=7,
        label=caliper.label,
    )


def _size_mm(frame: _Frame, shape: tuple[int, int]) -> tuple[float, float]:
    """Width and height of a whole slice on the screen. [mm]"""
    high, wide = shape[::-1] if frame.transpose else shape
    return wide * frame.column_mm, high * frame.row_mm


def _in_view(
    shown: NDArray[Any], frame: _Frame, window: tuple[float, float, float, float]
) -> tuple[NDArray[Any], tuple[float, float, float, float]]:
    """The part of a slice that a window shows, a pixel more on each side, and its borders. [mm]"""
    left, right, top, bottom = window
    x = _pixels(left / frame.column_mm, right / frame.column_mm, shown.shape[1])
    y = _pixels(top / frame.row_mm, bottom / frame.row_mm, shown.shape[0])
    sides = [(at - 0.5) * frame.column_mm for at in (x.start, x.stop)]
    ends = [(at - 0.5) * frame.row_mm for at in (y.stop, y.start)]
    return shown[y, x], (sides[0], sides[1], ends[0], ends[1])


def _pixels(first: float, last: float, count: int) -> slice:
    """Pixels between two places and one more on each side, of ``count``; never none."""
    start = min(max(math.floor(first) - 1, 0), count - 1)
    return slice(start, max(min(math.ceil(last) + 2, count), start + 1))


def _view(
    panel: Panel, frame: _Frame, shape: tuple[int, int], size_mm: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Left, right, top, bottom of what is shown. [mm]"""
    width, height = size_mm
    if panel.field_mm is None or not (panel.outlines or panel.calipers):
        side = max(width, height)
        return (width - side) / 2, (width + side) / 2, (height - side) / 2, (height + side) / 2
    row, column = _middle(panel)
    x, y = frame.place(row, column, shape)
    half = panel.field_mm / 2
    return x - half, x + half, y - half, y + half


def _middle(panel: Panel) -> tuple[float, float]:
    """Array (row, column) in the middle of what is drawn."""
    if panel.outlines:
        mask = panel.outlines[0].mask
        return (
            mask.offset[1] + (mask.voxels.shape[1] - 1) / 2,
            mask.offset[2] + (mask.voxels.shape[2] - 1) / 2,
        )
    ends = panel.acquisition.volume.geometry.index(np.array(panel.calipers[0].ends_lps_mm)).mean(axis=0)
    return float(ends[1]), float(ends[2])


def _annotate(
    axis: Any,
    panel: Panel,
    frame: _Frame,
    window: tuple[float, float, float, float],
    shades: tuple[float, float],
) -> None:
    """Side letters, scale bar, window and slice position, and what the lines mean."""
    from matplotlib.patheffects import withStroke

    left, right, top, bottom = frame.letters
    halo = [withStroke(linewidth=2.0, foreground="black")]
    quiet = {"color": "white", "path_effects": halo}
    style = {**quiet, "fontsize": 8.5, "transform": axis.transAxes, "weight": "bold"}
    axis.text(0.015, 0.5, left, va="center", **style)
    axis.text(0.985, 0.5, right, va="center", ha="right", **style)
    axis.text(0.5, 0.985, top, va="top", ha="center", **style)
    axis.text(0.5, 0.015, bottom, va="bottom", ha="center", **style)
    bar_mm = 50.0 if window[1] - window[0] > 180 else 20.0
    x = window[0] + 0.04 * (window[1] - window[0])
    y = window[3] - 0.045 * (window[3] - window[2])
    axis.plot([x, x + bar_mm], [y, y], linewidth=2.2, solid_capstyle="butt", **quiet)
    axis.text(x, y - 0.015 * (window[3] - window[2]), f"{bar_mm:.0f} mm", fontsize=7.5, va="bottom", **quiet)
    low, high = shades
    center = panel.acquisition.volume.geometry.patient_mm([panel.slice_index, 0, 0])
    place = _slice_place(panel.acquisition.volume.geometry, center)
    width = f"W {high - low:.0f}  C {(high + low) / 2:.0f}"
    axis.text(
        0.985,
        0.02,
        f"{place}\n{width}",
        ha="right",
        va="bottom",
        fontsize=7,
        transform=axis.transAxes,
        **quiet,
    )
    handles, labels = axis.get_legend_handles_labels()
    if labels:
        axis.legend(
            handles,
            labels,
            loc="upper left",
            fontsize=7.5,
            frameon=True,
            facecolor="black",
            edgecolor="none",
            framealpha=0.55,
            labelcolor="white",
            handlelength=1.2,
            borderpad=0.3,
        )


def _slice_place(geometry: VolumeGeometry, position_mm: NDArray[np.float64]) -> str:
    """Where the slice lies along its normal, named by the patient axis it is closest to."""
    normal = np.abs(geometry.slice_normal)
    axis = int(normal.argmax())
    return f"{'LPS'[axis]} {position_mm[axis]:.1f} mm"
