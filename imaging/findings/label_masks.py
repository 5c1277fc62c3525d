"""Each label of a label map as a region of its own, on the slices of acquisition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry
from imaging.regions.region import Provenance, RegionMask
from imaging.regions.statistics import rows_with_labels

#: Spacings that differ by less than this share are equal: headers round.
SPACING_TOLERANCE = 1e-3


def slice_axis(spacing_mm: tuple[float, float, float]) -> int:
    """Array axis along which the slices of an axis-order-free grid follow each other.

    The axis of largest spacing; the third one where it is among the largest.

    >>> slice_axis((0.7, 0.7, 2.5)), slice_axis((5.0, 0.8, 0.8)), slice_axis((1.0, 1.0, 1.0))
    (2, 0, 2)
    """
    largest = max(spacing_mm)
    widest = [axis for axis in (2, 0, 1) if spacing_mm[axis] >= largest * (1 - SPACING_TOLERANCE)]
    return widest[0]


def slices_first(
    labels: NDArray[np.integer], geometry: VolumeGeometry, axis: int
) -> tuple[NDArray[np.integer], VolumeGeometry]:
    """The same label map as ``[slice, row, column]`` with ``axis`` as the slice axis.

    Nothing is flipped: index ``n`` along ``axis`` stays ``n``.
    """
    rest = [other for other in (2, 1, 0) if other != axis]
    order = (axis, rest[0], rest[1])
    matrix = geometry.index_to_patient_mm[:, [*order, 3]]
    shape = (geometry.shape[order[0]], geometry.shape[order[1]], geometry.shape[order[2]])
    return labels.transpose(order), VolumeGeometry(shape, matrix)


def label_masks(
    labels: NDArray[np.integer], geometry: VolumeGeometry, provenance: Provenance = Provenance.IMPORTED
) -> dict[int, RegionMask]:
    """Masks by label, in order; 0 is background.

    Parameters
    ----------
    labels : (slices, rows, columns) array
        Whole labels.
    geometry : VolumeGeometry
        Its grid.
    provenance : Provenance
        How the labels came to be.
    """
    where = _rows_held(labels)
    rows = labels[where[:, 0], where[:, 1]]
    masks = {}
    for label in np.unique(rows[rows != 0]).tolist():
        own = rows == label
        holds = own.any(axis=1)
        low, high = where[holds].min(axis=0), where[holds].max(axis=0) + 1
        columns = np.flatnonzero(own[holds].any(axis=0))
        box = labels[low[0] : high[0], low[1] : high[1], columns[0] : columns[-1] + 1] == label
        offset = (int(low[0]), int(low[1]), int(columns[0]))
        masks[int(label)] = RegionMask.from_box(box, offset, geometry, provenance)
    return masks


def _rows_held(labels: NDArray[np.integer]) -> NDArray[np.intp]:
    """Slice and row (n, 2) of the rows that hold labels, in order: of a whole study's rows, few."""
    if not labels.flags.c_contiguous:  # read with its axes in another order: copying it would take longer
        return np.argwhere(labels.any(axis=2))
    held = rows_with_labels(labels.view(f"u{labels.itemsize}"))
    return np.stack(np.divmod(held, labels.shape[1]), axis=1)
