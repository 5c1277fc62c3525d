"""The arithmetic under the landmarks: block means and averages over disks, against other programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import affine_transform
from scipy.signal import fftconvolve

from imaging.phases.common_grid import _block_means, _interpolated
from imaging.phases.tubes import RADII_MM, averaged, disk_weights


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


@pytest.mark.parametrize("radius_mm", RADII_MM)
@pytest.mark.parametrize("shape", [(3, 40, 51), (1, 12, 90)])
def test_averages_over_disks_are_those_of_scipy_signal_to_the_last_bit(radius_mm, shape):
    images = np.random.default_rng(1).normal(60.0, 40.0, shape).astype(np.float32)
    weights = disk_weights(radius_mm, 2.0)

    np.testing.assert_array_equal(averaged(images, weights), fftconvolve(images, weights[None], mode="same"))


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
