"""Shifting whole stacks gives what laying a disk on every point gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from imaging.boxes import box_around
from imaging.phases.disks import closed, dilated, eroded, within


def disk(radius_mm: float, spacing_mm: float) -> np.ndarray:
    reach = int(radius_mm / spacing_mm)
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1] * spacing_mm
    return (row**2 + column**2 <= radius_mm**2)[None]


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 2.0, 2.5]), st.sampled_from([0.4, 2.0, 5.0, 14.0]))
def test_growing_shrinking_and_closing_are_those_of_the_disk(
    seed: int, spacing_mm: float, radius_mm: float
) -> None:
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
    depth = [ndimage.distance_transform_edt(np.pad(layer, pad, constant_values=True)) for layer in ~mask]
    deeper = np.stack(depth)[:, pad:-pad, pad:-pad] * spacing_mm > radius_mm
    has_end = mask.any(axis=(1, 2))  # without one the distance is to nothing
    assert np.array_equal(eroded(~mask, radius_mm, spacing_mm)[has_end], deeper[has_end])


@pytest.mark.parametrize("spacing_mm", [2.0 - 1e-9, 2.0, 2.0 + 1e-9])
def test_a_point_on_the_border_belongs_to_the_disk_however_the_spacing_was_rounded(spacing_mm) -> None:
    point = np.zeros((1, 9, 9), dtype=bool)
    point[0, 4, 4] = True

    assert dilated(point, 6.0, spacing_mm).sum() == disk(6.0, 2.0).sum() == 29
    assert eroded(~point, 6.0, spacing_mm).sum() == 81 - 29


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_a_box_holds_the_mask_and_its_margin_and_acting_within_it_is_acting_on_all(seed, margin) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(1, 9, 3)) < 0.05
    box = box_around(mask, margin)

    assert (box is None) == (not mask.any())
    if box is not None:
        held = np.argwhere(mask)
        low, high = held.min(axis=0) - margin, held.max(axis=0) + margin + 1
        assert [(s.start, s.stop) for s in box] == [
            (max(0, a), min(n, b)) for a, b, n in zip(low, high, mask.shape, strict=True)
        ]
    grown = within(mask, margin, lambda part: ndimage.binary_dilation(part, iterations=margin))
    assert np.array_equal(grown, ndimage.binary_dilation(mask, iterations=margin))


@pytest.mark.parametrize("act", [closed, dilated, eroded])
def test_nothing_stays_nothing(act) -> None:
    assert not act(np.zeros((2, 5, 5), dtype=bool), 3.0, 1.0).any()
