"""Distances give what laying a disk on every point gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from imaging.phases.disks import closed, dilated


def disk(radius_mm: float, spacing_mm: float) -> np.ndarray:
    reach = int(radius_mm / spacing_mm)
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1] * spacing_mm
    return (row**2 + column**2 <= radius_mm**2)[None]


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 2.0, 2.5]), st.sampled_from([0.4, 2.0, 5.0, 14.0]))
def test_dilation_and_closing_are_those_of_the_disk(seed: int, spacing_mm: float, radius_mm: float) -> None:
    random = np.random.default_rng(seed)
    mask = random.random((3, random.integers(1, 40), random.integers(1, 40))) < random.choice(
        [0.002, 0.05, 0.5]
    )
    pad = int(radius_mm / spacing_mm) + 1
    wide = np.pad(mask, ((0, 0), (pad, pad), (pad, pad)))
    expected = ndimage.binary_closing(wide, disk(radius_mm, spacing_mm))[:, pad:-pad, pad:-pad]

    assert np.array_equal(closed(mask, radius_mm, spacing_mm), expected)
    assert np.array_equal(
        dilated(mask, radius_mm, spacing_mm), ndimage.binary_dilation(mask, disk(radius_mm, spacing_mm))
    )


@pytest.mark.parametrize("act", [closed, dilated])
def test_nothing_stays_nothing(act) -> None:
    assert not act(np.zeros((2, 5, 5), dtype=bool), 3.0, 1.0).any()
