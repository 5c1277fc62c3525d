"""Each label of a label map becomes a region, whatever the type and memory order of the map."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.findings.label_masks import label_masks
from imaging.geometry import VolumeGeometry

SHAPE = (6, 9, 13)
GRID = VolumeGeometry(SHAPE, np.eye(4)[[2, 1, 0, 3]])


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint32, np.int64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("labels_at_most", [0, 1, 5])
def test_every_label_is_found_where_it_is(kind: type[np.integer], order: str, labels_at_most: int) -> None:
    chance = np.random.default_rng(labels_at_most)
    labels = np.where(chance.random(SHAPE) < 0.1, chance.integers(0, labels_at_most + 1, SHAPE), 0)
    labels = np.asarray(labels.astype(kind), order=order)

    found = label_masks(labels, GRID)

    assert sorted(found) == [label for label in range(1, labels_at_most + 1) if (labels == label).any()]
    for label, mask in found.items():
        assert (mask.full() == (labels == label)).all()


def test_negative_labels_are_labels() -> None:
    labels = np.zeros(SHAPE, np.int16)
    labels[2, 3, 4:6] = -1

    assert label_masks(labels, GRID)[-1].count == 2
