"""The arithmetic under the landmarks, against other programs and the definition written out."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage
from scipy.ndimage import affine_transform
from scipy.signal import fftconvolve

from imaging.phases.common_grid import CommonGrid, _block_means, _interpolated
from imaging.phases.landmarks import _smooth_rows, _without_holes, find_liver, find_soft_tissue
from imaging.phases.measurements import AORTA_MOVES, LUMEN_SHARE, aorta_hu
from imaging.phases.tubes import RADII_MM, STEP, Tube, _best_path, _smoothed, averaged, disk_weights


@pytest.mark.parametrize("blocks", [(1, 1, 1), (4, 3, 3), (1, 3, 2), (5, 1, 7)])
@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_a_block_mean_is_the_mean_of_its_voxels_and_an_unfilled_last_block_is_dropped(blocks, kind):
    voxels = np.random.default_rng(0).integers(-1024, 3072, (11, 20, 23)).astype(kind)
    counts = [n // b for n, b in zip(voxels.shape, blocks, strict=True)]
    a, b, c = (n * m for n, m in zip(counts, blocks, strict=True))
    split = [part for pair in zip(counts, blocks, strict=True) for part in pair]
    expected = voxels[:a, :b, :c].astype(np.float64).reshape(split).mean(axis=(1, 3, 5))

    found = _block_means(voxels, np.array(blocks))

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("shape", [(3, 40, 51), (1, 12, 90)])
def test_averages_over_disks_are_those_of_scipy_signal(shape):
    images = np.random.default_rng(1).normal(60.0, 40.0, shape).astype(np.float32)
    disks = [disk_weights(radius_mm, 2.0) for radius_mm in RADII_MM]
    expected = [fftconvolve(images, disk[None], mode="same") for disk in disks]

    for disk, alone in zip(disks, expected, strict=True):
        np.testing.assert_array_equal(averaged(images, [disk])[0], alone)
    # (together they share one padded length, which rounds otherwise)
    np.testing.assert_allclose(averaged(images, disks), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("along", [(0.7, 1.3, 0.9), (-0.7, 1.3, -0.9), (2.0, 0.5, 1.0)])
@pytest.mark.parametrize("astray", [0.0, 1e-9, 0.05])
def test_a_grid_is_read_as_scipy_reads_it_be_its_axes_those_of_the_series_or_not(along, astray):
    values = np.random.default_rng(2).normal(60.0, 40.0, (20, 17, 13)).astype(np.float32)
    to_index, shape = np.diag(along), (22, 19, 14)
    to_index[0, 1] = to_index[1, 2] = astray
    offset = np.where(np.array(along) > 0, -1.3, 16.2)  # from before the first voxel to beyond the last
    expected = affine_transform(values, to_index, offset, shape, np.float32, order=1, mode="nearest")

    found = _interpolated(values, to_index, offset, shape)

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
    assert found.dtype == np.float32


@pytest.mark.parametrize("first, last", [(0, 40), (0, 12), (17, 23), (31, 40), (5, 5)])
def test_rows_are_smoothed_as_the_whole_image_is(first, last):
    image = np.random.default_rng(3).uniform(0, 300, (6, 40, 31)).astype(np.float32)
    rows = np.zeros(40, dtype=bool)
    rows[first:last] = True
    expected = ndimage.gaussian_filter(image, (2.0, 6.0, 6.0)) * rows[:, None]

    np.testing.assert_allclose(_smooth_rows(image, (2.0, 6.0, 6.0), rows), expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("rows, columns", [(slice(0, 9), slice(4, 20)), (slice(7, 30), slice(0, 31))])
def test_a_window_is_smoothed_as_the_whole_image_is(rows, columns):
    image = np.random.default_rng(4).uniform(-1000, 900, (4, 30, 31)).astype(np.float32)
    whole = ndimage.gaussian_filter(np.clip(image, -150, 400), (0.6, 0.7, 0.7))

    np.testing.assert_array_equal(_smoothed(image, rows, columns), whole[:, rows, columns])


def test_holes_are_filled_slice_by_slice_as_scipy_fills_them():
    random = np.random.default_rng(5)
    mask = ndimage.gaussian_filter(random.normal(size=(40, 23, 29)), (0, 1.5, 1.5)) > 0
    mask[0], mask[1] = False, True

    filled = _without_holes(mask)

    assert np.array_equal(filled, np.stack([ndimage.binary_fill_holes(layer) for layer in mask]))
    assert (filled != mask).any()


def test_the_best_path_is_the_best_of_all():
    random = np.random.default_rng(6)
    for _ in range(20):
        scores = random.normal(size=(4, 5, 6)).astype(np.float32)
        scores[random.random(scores.shape) < 0.3] = -np.inf
        path = _best_path(scores)

        assert path is not None
        assert _worth(scores, list(zip(*path, strict=True))) == pytest.approx(_most(scores), abs=1e-5)


def test_there_is_no_path_where_the_next_slice_cannot_be_reached():
    scores = np.full((3, 9, 9), -np.inf, dtype=np.float32)
    scores[0, 0, 0] = scores[1, STEP, STEP] = 1.0
    scores[2, STEP, 2 * STEP + 1] = 1.0

    assert _best_path(scores[:2]) is not None
    assert _best_path(scores) is None


def _worth(scores, path) -> float:
    moves = [np.subtract(b, a) for a, b in pairwise(path)]
    assert all(np.abs(move).max() <= STEP for move in moves)
    return float(sum(layer[at] for layer, at in zip(scores, path, strict=True))) - 0.15 * float(
        sum((move**2).sum() for move in moves)
    )


def _most(scores) -> float:
    """Best total of all paths, point by point."""
    best = {at: float(scores[0][at]) for at in np.ndindex(scores.shape[1:])}
    for layer in scores[1:]:
        best = {
            (i, j): max(
                worth + float(layer[i, j]) - 0.15 * ((i - r) ** 2 + (j - c) ** 2)
                for (r, c), worth in best.items()
                if abs(i - r) <= STEP and abs(j - c) <= STEP
            )
            for i, j in np.ndindex(layer.shape)
        }
    return max(best.values())


@pytest.mark.parametrize("center", [(15, 15), (2, 3), (28, 1)])
def test_the_aorta_is_measured_in_the_most_even_disk_near_its_middle(center):
    image = np.random.default_rng(7).normal(200, 20, (5, 31, 33)).astype(np.float32)
    grid = CommonGrid({"a": image}, np.arange(5) * 3.0, np.arange(31) * 2.0, np.arange(33) * 2.0)
    tube = Tube(np.full(5, center[0]), np.full(5, center[1]), np.full(5, 9.0))
    radius_mm = LUMEN_SHARE * 9.0
    points = np.argwhere(np.ones(image.shape[1:]))
    medians = []
    for layer in image:
        disks = {}
        for move in np.ndindex((2 * AORTA_MOVES + 1,) * 2):
            moved = np.add(center, move) - AORTA_MOVES
            reach = int(np.ceil(radius_mm / 2.0))
            if (moved < reach).any() or (moved + reach >= layer.shape).any():
                continue
            disk = layer[tuple(points[np.hypot(*(points - moved).T) * 2.0 <= radius_mm].T)]
            disks[disk.std() + 0.5 * np.abs(np.subtract(move, AORTA_MOVES)).sum()] = np.median(disk)
        medians.append(disks[min(disks)])

    assert aorta_hu(image, tube, grid) == pytest.approx(np.median(medians), abs=1e-3)


def test_an_aorta_whose_disks_all_leave_the_image_has_no_number():
    image = np.full((3, 31, 33), 200, dtype=np.float32)
    grid = CommonGrid({"a": image}, np.arange(3) * 3.0, np.arange(31) * 2.0, np.arange(33) * 2.0)

    with warnings.catch_warnings(action="error"):
        assert np.isnan(aorta_hu(image, Tube(np.zeros(3, int), np.zeros(3, int), np.full(3, 12.0)), grid))


@pytest.mark.parametrize(("first", "others", "found"), [(60, 60, True), (20, 60, True), (60, 20, False)])
def test_the_liver_lies_right_of_the_spine_of_its_own_slices(first, others, found):
    image = np.full((16, 60, 80), -1000, dtype=np.float32)
    image[:, 10:50, 12:48] = 60
    grid = CommonGrid({"a": image}, np.arange(16) * 3.0, np.arange(60) * 2.0, np.arange(80) * 2.0)
    spine = np.full((16, 2), float(others))
    spine[0, 1] = first

    liver = find_liver(grid, spine, find_soft_tissue(grid, np.zeros(image.shape, dtype=bool)))

    assert (liver is not None) is found
