"""Structure that two contrast phases share, and how far parts of two images still are from each other.

A vessel wall is an edge before and after contrast, only its height and sign change. So images are
compared by the direction of their edges: the tensor ``n n^T`` of the gradient's direction, faded out
where the gradient is no stronger than noise. Its correlation over all shifts is a few FFTs.

Each block of one image is sought in the other within a few millimeters. If an alignment is right, most
structure wants to stay where it is; if it is wrong, it points anywhere.

References
----------
.. [1] Haber E, Modersitzki J. Intensity gradient based registration and fusion of multi-modal images.
   MICCAI 2006, LNCS 4191:726-733.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

#: Gradients are taken at the scale of a vessel wall. [mm]
EDGE_SCALE_MM = 2.5
#: A gradient of this many medians counts half: the median of a box of liver is noise.
NOISE_MEDIANS = 2.0
#: Half the side of a block. [mm]
BLOCK_HALF_MM = 14.0
#: How far a block is sought. [mm]
REACH_MM = 8.0
#: A block that wants to move further than this disagrees. [mm]
AGREES_MM = 4.0
#: With fewer blocks nothing is proven.
MINIMUM_BLOCKS = 6


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the blocks of two aligned images say, each weighted by the structure it holds.

    Attributes
    ----------
    blocks : int
        Blocks inside of both images.
    share : float
        Weight of those that want to move by no more than 4 mm, 0 to 1; 0 with too few blocks.
    residual_mm : float
        Weighted median of the remaining shifts; infinite with too few blocks. [mm]
    overlap : float
        Share of the fixed image's part of the box that the other image shows, too.
    """

    blocks: int
    share: float
    residual_mm: float
    overlap: float


def edge_tensor(
    image: NDArray[np.floating], inside: NDArray[np.bool_], spacing_mm: float
) -> NDArray[np.float32]:
    """Direction of edges (6, n, n, n): the traceless part of ``n n^T``, zero outside and in noise.

    Parameters
    ----------
    image : (n, n, n) array
        On an isotropic grid.
    inside : (n, n, n) array of bool
        Where the image has values.
    spacing_mm : float
        Of the grid. [mm]
    """
    from scipy.ndimage import binary_erosion, gaussian_filter1d

    sigma = EDGE_SCALE_MM / spacing_mm
    gradient = np.empty((3, *image.shape), dtype=np.float32)
    for axis in range(3):
        part = image.astype(np.float32)
        for other in range(3):
            part = gaussian_filter1d(part, sigma, axis=other, order=int(other == axis), truncate=3.0)
        gradient[axis] = part
    # an edge of the field is none of the anatomy
    safe = binary_erosion(inside, iterations=int(np.ceil(2 * sigma)), border_value=1)
    strength = (gradient**2).sum(axis=0)
    noise = float(np.median(np.sqrt(strength[safe]))) * NOISE_MEDIANS if safe.any() else 1.0
    gradient *= safe / np.sqrt(strength + noise**2 + 1e-12)
    power = (gradient**2).sum(axis=0) / 3
    pairs = ((0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (0, 1, 2**0.5), (0, 2, 2**0.5), (1, 2, 2**0.5))
    return np.stack([w * gradient[a] * gradient[b] - (power if a == b else 0) for a, b, w in pairs])


def correlation(small: NDArray[np.float32], large: NDArray[np.float32]) -> NDArray[np.float64]:
    """Normalized correlation of two edge tensors over every place of the small one inside the large one.

    Parameters
    ----------
    small : (6, n, n, n) array
        Sought.
    large : (6, m, m, m) array, m >= n
        Where it is sought.

    Returns
    -------
    (m - n + 1, ...) array, -1 to 1
    """
    from scipy import fft

    shape = large.shape[1:]
    window = np.ones(small.shape[1:], dtype=np.float32)
    spectrum = fft.rfftn(large, s=shape, axes=(1, 2, 3), workers=2)
    spectrum *= np.conj(fft.rfftn(small, s=shape, axes=(1, 2, 3), workers=2))
    cross = fft.irfftn(spectrum.sum(axis=0), s=shape, workers=2)
    power = fft.rfftn((large**2).sum(axis=0), s=shape, workers=2)
    power *= np.conj(fft.rfftn(window, s=shape, workers=2))
    energy = np.maximum(fft.irfftn(power, s=shape, workers=2), 0)
    keep = tuple(slice(0, large.shape[a] - small.shape[a] + 1) for a in (1, 2, 3))
    scale = np.sqrt(energy[keep] * float((small**2).sum()))
    floor = 0.05 * float(scale.max()) + 1e-12  # a nearly empty window matches by chance
    return np.asarray(cross[keep] / np.maximum(scale, floor), dtype=np.float64)


def peak_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place (3,) of the highest score, refined by a parabola along each axis. [voxels]"""
    peak = np.array(np.unravel_index(int(scores.argmax()), scores.shape))
    place = peak.astype(np.float64)
    for axis in range(3):
        if 0 < peak[axis] < scores.shape[axis] - 1:
            before, after = peak.copy(), peak.copy()
            before[axis] -= 1
            after[axis] += 1
            low, top, high = scores[tuple(before)], scores[tuple(peak)], scores[tuple(after)]
            bend = low - 2 * top + high
            if bend < 0:
                place[axis] += 0.5 * (low - high) / bend
    return place


def block_agreement(
    fixed: NDArray[np.float32],
    moving: NDArray[np.float32],
    within: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    spacing_mm: float,
) -> Agreement:
    """Measure the remaining shift of every block.

    Parameters
    ----------
    fixed : (6, n, n, n) array
        Edge tensor of the box.
    moving : (6, n + 2r, n + 2r, n + 2r) array
        Edge tensor of the aligned image, wider by the reach on every side.
    within, inside : (n, n, n) array of bool
        Where the fixed image, and where both images have values.
    spacing_mm : float
        Of the grid. [mm]

    Returns
    -------
    Agreement
    """
    half, reach = round(BLOCK_HALF_MM / spacing_mm), (moving.shape[1] - fixed.shape[1]) // 2
    shifts, weights = [], []
    for corner in product(*(range(0, n - 2 * half, 2 * half) for n in fixed.shape[1:])):
        near = tuple(slice(c, c + 2 * half + 1) for c in corner)
        wide = tuple(slice(c, c + 2 * half + 1 + 2 * reach) for c in corner)
        block = fixed[(slice(None), *near)]
        energy = float((block**2).sum())
        if inside[near].mean() > 0.8 and energy > 0:
            place = peak_of(correlation(block, moving[(slice(None), *wide)]))
            shifts.append(float(np.linalg.norm(place - reach)) * spacing_mm)
            weights.append(energy)
    overlap = float(inside.sum() / max(1, within.sum()))
    if len(shifts) < MINIMUM_BLOCKS:
        return Agreement(len(shifts), 0.0, float("inf"), overlap)
    order = np.argsort(shifts)
    far, weight = np.array(shifts)[order], np.array(weights)[order]
    total = np.cumsum(weight) / weight.sum()
    middle = float(far[int(np.searchsorted(total, 0.5))])
    share = float(weight[far <= AGREES_MM].sum() / weight.sum())
    return Agreement(len(shifts), share, middle, overlap)
