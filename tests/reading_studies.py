"""Small studies made by hand, for tests of a reader's work."""

from __future__ import annotations

import numpy as np

from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition, AcquisitionHeader, Study, Volume

SHAPE = (6, 24, 30)


def geometry(shape=SHAPE, spacing=(5.0, 1.0, 0.8), origin=(-12.0, -10.0, 40.0)):
    """Axial grid: slices go up, rows to the back, columns to the left."""
    matrix = np.eye(4)
    matrix[:3, :3] = [[0, 0, spacing[2]], [0, spacing[1], 0], [spacing[0], 0, 0]]
    matrix[:3, 3] = origin
    return VolumeGeometry(shape, matrix)


def acquisition(key, voxels, grid=None, **header):
    """One acquisition with the header fields that matter to phases."""
    fields = {"series_uid": key, "modality": "CT", "frame_of_reference_uid": "1.2.3", **header}
    grid = grid or geometry(voxels.shape)
    return Acquisition(
        key, AcquisitionHeader(slice_thickness_mm=grid.spacing_mm[0], **fields), Volume(voxels, grid)
    )


def study(keys=("U", "A", "P", "D"), shape=SHAPE, seed=0):
    """Noise around another mean in each acquisition."""
    random = np.random.default_rng(seed)
    means = dict(zip("UAPD", (60, 75, 110, 100), strict=True))
    return Study(
        tuple(
            acquisition(k, random.normal(means.get(k, 50), 12, shape).astype(np.int16), series_number=n + 1)
            for n, k in enumerate(keys)
        )
    )


def block(grid, corner, size):
    """A box-shaped mask."""
    full = np.zeros(grid.shape, bool)
    full[tuple(slice(c, c + n) for c, n in zip(corner, size, strict=True))] = True
    return RegionMask.from_full(full, grid)
