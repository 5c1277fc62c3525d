"""Tracking a great vessel: the best round, even, bright tube through a stack of slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft, ndimage

from imaging.phases.common_grid import CommonGrid

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

#: Radii of aorta and IVC, from slender to aneurysmal. [mm]
RADII_MM = (7.0, 9.0, 11.0, 13.0, 16.0)
#: Disks nearer than this to the middle of the vertebra lie in the vertebra. [mm]
VERTEBRA_MM = 17.0
#: What a tube is compared with: the ring between these shares of its radius.
AROUND = (1.25, 1.7)
#: How far the middle may move from slice to slice. [grid points]
STEP = 3

Window = tuple[tuple[float, float], tuple[float, float], float]


@dataclass(frozen=True, eq=False)
class Tube:
    """The aorta: one center and radius per slice of the common grid.

    Attributes
    ----------
    rows, columns : 1-D arrays of int
        Center by slice, in grid points.
    radius_mm : 1-D array. [mm]
    """

    rows: NDArray[np.int_]
    columns: NDArray[np.int_]
    radius_mm: NDArray[np.float64]


def track_tube(
    images: Sequence[Image], bright: Mask, spine: NDArray[np.float64], grid: CommonGrid, window: Window
) -> Tube | None:
    """Best tube within a window (left and posterior limits, least contrast) relative to the spine.

    It is looked for in the highest value of all ``images``, smoothed; disks do not lie in what is ``bright``.
    """
    left, posterior, contrast = window
    rows, columns = _reach(spine, bright.shape, grid, posterior, left)
    best = reduce(np.maximum, (_smoothed(image, rows, columns) for image in images))
    shifted = spine - [rows.start, columns.start]
    scores, radii = _disk_scores(best, bright[:, rows, columns], grid)
    scores += _window(scores.shape, shifted, grid, left, posterior)
    if not np.isfinite(scores).any(axis=(1, 2)).all():
        return None
    path = _best_path(scores)
    if path is None:
        return None
    row, column = path
    radius = float(np.median(radii[np.arange(len(row)), row, column]))
    tube = Tube(row, column, np.full(len(row), radius))
    if _contrast(best, tube, grid) < contrast:
        return None
    return replace(tube, rows=row + rows.start, columns=column + columns.start)


def _smoothed(image: Image, rows: slice, columns: slice) -> Image:
    """Rows and columns of an image, limited to what blood can be, smoothed as the whole would be."""
    reach = 3
    first = max(0, rows.start - reach), max(0, columns.start - reach)
    part = image[:, first[0] : rows.stop + reach, first[1] : columns.stop + reach]
    smooth = ndimage.gaussian_filter(np.clip(part, -150, 400), (0.6, 0.7, 0.7))
    at = rows.start - first[0], columns.start - first[1]
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    return np.asarray(smooth[:, at[0] : at[0] + high, at[1] : at[1] + wide])


def _reach(
    spine: NDArray[np.float64],
    shape: tuple[int, ...],
    grid: CommonGrid,
    posterior_mm: tuple[float, float],
    left_mm: tuple[float, float],
) -> tuple[slice, slice]:
    """Rows and columns in which a tube and what is around it can lie."""
    margin = AROUND[1] * max(RADII_MM) + 2.0
    out = []
    for axis, (low, high) in enumerate((posterior_mm, left_mm)):
        step = grid.spacing_mm[1 + axis]
        first = int(spine[:, axis].min() + (low - margin) / step)
        last = int(spine[:, axis].max() + (high + margin) / step) + 2
        out.append(slice(max(first, 0), min(last, shape[1 + axis])))
    return out[0], out[1]


def disk_weights(radius_mm: float, spacing_mm: float, inner_mm: float = 0.0) -> Image:
    """Weights that average over a disk, or over the ring from ``inner_mm`` outward."""
    reach = int(np.ceil(radius_mm / spacing_mm))
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1] * spacing_mm
    distance = np.hypot(row, column)
    disk = ((distance <= radius_mm) & (distance >= inner_mm)).astype(np.float32)
    return np.asarray(disk / disk.sum(), dtype=np.float32)


def averaged(images: Image, weights: Sequence[Image]) -> list[Image]:
    """Each slice convolved with each of the weights, nothing lying beyond its border.

    The same as ``scipy.signal.fftconvolve(images, weights[i][None], mode="same")``; importing that package
    takes longer than finding every landmark of a study, and here the images are transformed once.
    """
    largest = np.max([w.shape for w in weights], axis=0)
    whole = [
        fft.next_fast_len(int(n + m - 1), real=True) for n, m in zip(images.shape[1:], largest, strict=True)
    ]
    spectrum = fft.rfft2(images, whole)
    return [_part(fft.irfft2(spectrum * fft.rfft2(w, whole), whole), w.shape, images.shape) for w in weights]


def _part(full: NDArray[np.floating], weights: tuple[int, ...], shape: tuple[int, ...]) -> Image:
    row, column = ((n - 1) // 2 for n in weights)
    return np.asarray(full[:, row : row + shape[1], column : column + shape[2]], dtype=np.float32)


def _disk_scores(best: Image, bright: Mask, grid: CommonGrid) -> tuple[Image, Image]:
    """How much each point looks like the middle of a bright, even, round tube, and with which radius."""
    spacing = grid.spacing_mm[1]
    disks = [disk_weights(radius - 1.0, spacing) for radius in RADII_MM]
    means, squares = averaged(best, disks), averaged(best**2, disks)
    bones = averaged(bright.astype(np.float32), disks)
    scores = np.full(best.shape, -np.inf, dtype=np.float32)
    radii = np.zeros(best.shape, dtype=np.float32)
    for radius, mean, square, bone in zip(RADII_MM, means, squares, bones, strict=True):
        ring = disk_weights(radius + 6.0, spacing, radius + 2.0)
        spread = np.sqrt(np.clip(square - mean**2, 0, None))
        around = averaged(np.minimum(best, mean), [ring])[0]
        score = np.clip(mean, 0, 300) / 40 + np.clip(mean - around, 0, 200) / 30 - spread / 12 - 20 * bone
        better = score > scores
        scores[better], radii[better] = score[better], radius
    return scores, radii


def _window(
    shape: tuple[int, ...],
    spine: NDArray[np.float64],
    grid: CommonGrid,
    left_mm: tuple[float, float],
    posterior_mm: tuple[float, float],
) -> Image:
    """Zero where the tube may be, minus infinity elsewhere."""
    row, column = np.mgrid[: shape[1], : shape[2]]
    out = np.full(shape, -np.inf, dtype=np.float32)
    for k, (middle_row, middle_column) in enumerate(spine):
        posterior = (row - middle_row) * grid.spacing_mm[1]
        left = (column - middle_column) * grid.spacing_mm[2]
        inside = (left >= left_mm[0]) & (left <= left_mm[1]) & (posterior >= posterior_mm[0])
        inside &= (posterior <= posterior_mm[1]) & (np.hypot(left, posterior) >= VERTEBRA_MM)
        out[k, inside] = 0.0
    return out


def _best_path(scores: Image) -> tuple[NDArray[np.int_], NDArray[np.int_]] | None:
    """The path through the slices with the best total score; None where no step leads on."""
    total = scores[0].copy()
    came: list[NDArray[np.int_]] = []
    side = 2 * STEP + 1
    i, j = np.mgrid[-STEP : STEP + 1, -STEP : STEP + 1].reshape(2, -1)
    cost = (0.15 * (i * i + j * j)).astype(np.float32)[:, None, None]
    for layer in scores[1:]:
        padded = np.pad(total, STEP, constant_values=-np.inf)
        moved = sliding_window_view(padded, (side, side)).transpose(2, 3, 0, 1).reshape(-1, *layer.shape)
        moved -= cost
        choice = moved.argmax(axis=0)
        came.append(choice)
        total = np.take_along_axis(moved, choice[None], axis=0)[0] + layer
    if not np.isfinite(total.max()):
        return None
    row, column = (int(n) for n in np.unravel_index(int(total.argmax()), total.shape))
    path = [(row, column)]
    for choice in reversed(came):
        move = int(choice[row, column])
        row, column = row + int(i[move]), column + int(j[move])
        path.append((row, column))
    points = np.array(path[::-1])
    return points[:, 0], points[:, 1]


def _contrast(best: Image, tube: Tube, grid: CommonGrid) -> float:
    inside = tube_mask(tube, best.shape, grid, 0.7)
    beside, beyond = AROUND
    around = tube_mask(tube, best.shape, grid, beyond) & ~tube_mask(tube, best.shape, grid, beside)
    return float(np.median(best[inside]) - np.percentile(best[around], 40))


def tube_mask(tube: Tube, shape: tuple[int, ...], grid: CommonGrid, share: float = 1.0) -> Mask:
    """Points within ``share`` of the tube's radius."""
    out = np.zeros(shape, dtype=bool)
    _, high, wide = grid.spacing_mm
    for layer, row, column, radius_mm in zip(out, tube.rows, tube.columns, tube.radius_mm, strict=True):
        rows = _around(row, share * radius_mm / high, shape[1])
        columns = _around(column, share * radius_mm / wide, shape[2])
        distance = np.hypot((rows[:, None] - row) * high, (columns - column) * wide)
        layer[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = distance <= share * radius_mm
    return out


def _around(center: int, reach: float, size: int) -> NDArray[np.int_]:
    """Indices of an axis no farther from a center on it than ``reach``, and one more on either side."""
    return np.arange(max(0, int(center - reach) - 1), min(size, int(center + reach) + 2))
