"""Tracking a great vessel: the best round, even, bright tube through a stack of slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from imaging.phases.common_grid import CommonGrid

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

#: Radii of aorta and IVC, from slender to aneurysmal. [mm]
RADII_MM = (7.0, 9.0, 11.0, 13.0, 16.0)
#: Disks nearer than this to the middle of the vertebra lie in the vertebra. [mm]
VERTEBRA_MM = 17.0

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
    image: Image, bright: Mask, spine: NDArray[np.float64], grid: CommonGrid, window: Window
) -> Tube | None:
    """Best tube within a window (left and posterior limits, least contrast) relative to the spine."""
    left, posterior, contrast = window
    rows, columns = _reach(spine, image.shape, grid, posterior, left)
    near, shifted = image[:, rows, columns], spine - [rows.start, columns.start]
    scores, radii = _disk_scores(near, bright[:, rows, columns], grid)
    scores += _window(scores.shape, shifted, grid, left, posterior)
    if not np.isfinite(scores).any(axis=(1, 2)).all():
        return None
    row, column = _best_path(scores)
    radius = float(np.median(radii[np.arange(len(row)), row, column]))
    tube = Tube(row + rows.start, column + columns.start, np.full(len(row), radius))
    return tube if _contrast(image, tube, grid) >= contrast else None


def _reach(
    spine: NDArray[np.float64],
    shape: tuple[int, ...],
    grid: CommonGrid,
    posterior_mm: tuple[float, float],
    left_mm: tuple[float, float],
) -> tuple[slice, slice]:
    """Rows and columns in which a tube's disk and ring can lie."""
    margin = max(RADII_MM) + 8.0
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


def averaged(images: Image, weights: Image) -> Image:
    """Each slice convolved with the weights, nothing lying beyond its border.

    The same as ``scipy.signal.fftconvolve(images, weights[None], mode="same")``; importing that package
    takes longer than finding every landmark of a study.
    """
    whole = [n + m - 1 for n, m in zip(images.shape[1:], weights.shape, strict=True)]
    padded = [fft.next_fast_len(n, real=True) for n in whole]
    spectrum = fft.rfft2(images, padded) * fft.rfft2(weights, padded)
    row, column = ((n - 1) // 2 for n in weights.shape)
    high, wide = images.shape[1:]
    out = fft.irfft2(spectrum, padded)[:, row : row + high, column : column + wide]
    return np.asarray(out, dtype=np.float32)


def _disk_scores(best: Image, bright: Mask, grid: CommonGrid) -> tuple[Image, Image]:
    """How much each point looks like the middle of a bright, even, round tube, and with which radius."""
    spacing = grid.spacing_mm[1]
    scores = np.full(best.shape, -np.inf, dtype=np.float32)
    radii = np.zeros(best.shape, dtype=np.float32)
    for radius in RADII_MM:
        disk = disk_weights(radius - 1.0, spacing)
        ring = disk_weights(radius + 6.0, spacing, radius + 2.0)
        mean = averaged(best, disk)
        spread = np.sqrt(np.clip(averaged(best**2, disk) - mean**2, 0, None))
        around = averaged(np.minimum(best, mean), ring)
        bone = averaged(bright.astype(np.float32), disk)
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


def _best_path(scores: Image) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """The path through the slices with the best total score, moving at most three points per slice."""
    total = scores[0].copy()
    came: list[NDArray[np.int_]] = []
    moves = [(i, j) for i in range(-3, 4) for j in range(-3, 4)]
    for layer in scores[1:]:
        shifted = np.stack([_shift(total, i, j) - 0.15 * (i * i + j * j) for i, j in moves])
        choice = shifted.argmax(axis=0)
        came.append(choice)
        total = np.take_along_axis(shifted, choice[None], axis=0)[0] + layer
    row, column = (int(n) for n in np.unravel_index(int(total.argmax()), total.shape))
    path = [(row, column)]
    for choice in reversed(came):
        i, j = moves[int(choice[row, column])]
        row, column = row + i, column + j
        path.append((row, column))
    points = np.array(path[::-1])
    return points[:, 0], points[:, 1]


def _shift(image: Image, rows: int, columns: int) -> Image:
    """``image[r + rows, c + columns]`` at ``[r, c]``, minus infinity beyond the border."""
    out = np.full_like(image, -np.inf)
    height, width = image.shape
    out[max(0, -rows) : height - max(0, rows), max(0, -columns) : width - max(0, columns)] = image[
        max(0, rows) : height - max(0, -rows), max(0, columns) : width - max(0, -columns)
    ]
    return out


def _contrast(best: Image, tube: Tube, grid: CommonGrid) -> float:
    inside = tube_mask(tube, best.shape, grid, 0.7)
    around = tube_mask(tube, best.shape, grid, 1.7) & ~tube_mask(tube, best.shape, grid, 1.25)
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
