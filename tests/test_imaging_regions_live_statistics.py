"""Live sums equal a count over the whole volume after any sequence of strokes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.label_volume import LabelVolume
from imaging.regions.live_statistics import LiveStatistics
from imaging.volume import Volume

SHAPE = (4, 8, 9)
GEOMETRY = VolumeGeometry(SHAPE, np.diag([3.0, 0.8, 0.7, 1.0]))
stroke = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, 4)) for n in SHAPE), st.integers(0, 3))


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@given(strokes=st.lists(stroke, max_size=8), padded=st.booleans(), seed=st.integers(0, 9))
def test_live_sums_equal_brute_force(dtype, strokes, padded, seed):
    random = np.random.default_rng(seed)
    voxels = random.normal(60, 40, SHAPE).astype(dtype)
    valid = random.random(SHAPE) > 0.2 if padded else None
    labels = LabelVolume.empty(SHAPE)
    live = LiveStatistics(Volume(voxels, GEOMETRY, valid=valid), labels)
    labels.listen(lambda change: live.update(change.slices))

    for (a, da), (b, db), (c, dc), label in strokes:
        labels[a : a + da, b : b + db, c : c + dc] = label

    for label in (1, 2, 3):
        mask = np.asarray(labels) == label
        inside = voxels[mask if valid is None else mask & valid].astype(float)
        got = live.moments(label)
        assert (got.voxels, got.valid_voxels) == (mask.sum(), inside.size)
        assert got.slices == tuple(np.flatnonzero(mask.any(axis=(1, 2))))
        assert got.mean == (pytest.approx(inside.mean(), abs=1e-9) if inside.size else None)
        assert got.sd == (pytest.approx(inside.std(ddof=1), abs=1e-6) if inside.size > 1 else None)
        assert got.area_mm2 == pytest.approx(mask.sum() * 0.56)


def test_a_region_of_padding_only_has_no_mean():
    labels = np.ones(SHAPE, np.uint8)
    live = LiveStatistics(Volume(np.zeros(SHAPE, np.int16), GEOMETRY, valid=np.zeros(SHAPE, bool)), labels)
    live.update()

    assert live.moments(1).mean is None
    assert live.moments(1).voxels == labels.size


def test_a_foreign_grid_is_refused():
    with pytest.raises(RegionError, match=r"shape \(1, 2, 2\)"):
        LiveStatistics(Volume(np.zeros(SHAPE, np.int16), GEOMETRY), np.zeros((1, 2, 2), np.uint8))
