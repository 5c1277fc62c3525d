"""Means of regions that stay current while they are drawn.

A statistic over a whole volume takes longer than a brush stroke. Here the sums of each label are kept
per slice; a stroke recomputes the slices it touched and nothing else. Sums are recomputed, never
corrected by differences, so that no rounding error gathers over a day of drawing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.regions.label_volume import MAX_LABEL
from imaging.regions.statistics import require_finite
from imaging.volume import Volume


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and spread of one label in one acquisition.

    Attributes
    ----------
    voxels : int
        Voxels of the label, padding included.
    valid_voxels : int
        Those that the mean rests on.
    mean : float or None
        None without a valid voxel. [HU or MR units]
    sd : float or None
        Sample standard deviation (n - 1); None below two valid voxels. [HU or MR units]
    slices : tuple of int
        Slices that hold the label, ascending.
    area_mm2 : float
        Area of all voxels, summed over slices. [mm2]
    volume_ml : float
        [ml]
    """

    voxels: int
    valid_voxels: int
    mean: float | None
    sd: float | None
    slices: tuple[int, ...]
    area_mm2: float
    volume_ml: float


class LiveStatistics:
    """Sums per (slice, label) of one acquisition, updated by dirty slices.

    Parameters
    ----------
    volume : Volume
        The voxels that are averaged.
    labels : (slices, rows, columns) array of uint8
        The label map on the same grid; it is read again at each update.

    Raises
    ------
    RegionError
        ``GRID_MISMATCH`` if the shapes differ.

    Examples
    --------
    >>> from imaging.geometry import VolumeGeometry
    >>> ct = Volume(np.arange(8, dtype=np.int16).reshape(2, 2, 2), VolumeGeometry((2, 2, 2), np.eye(4)))
    >>> labels = np.zeros((2, 2, 2), np.uint8)
    >>> live = LiveStatistics(ct, labels)
    >>> labels[1, 0] = 3
    >>> live.update([1])
    >>> live.moments(3).mean
    4.5
    """

    def __init__(self, volume: Volume, labels: NDArray[np.uint8]) -> None:
        if labels.shape != volume.voxels.shape:
            raise RegionError(
                "GRID_MISMATCH",
                f"label map of shape {labels.shape}",
                expected=f"the acquisition's shape {volume.voxels.shape}",
            )
        self._volume = volume
        self._labels = labels
        shape = (labels.shape[0], MAX_LABEL + 1)
        self._count = np.zeros(shape, dtype=np.int64)
        self._valid = np.zeros(shape, dtype=np.int64)
        self._sum = np.zeros(shape, dtype=np.float64)
        self._squares = np.zeros(shape, dtype=np.float64)

    def update(self, slices: Iterable[int] | None = None) -> None:
        """Sum the given slices again; all of them if None.

        Raises
        ------
        MeasurementError
            ``NOT_FINITE`` if a valid voxel of a label is NaN or infinite.
        """
        for index in range(self._labels.shape[0]) if slices is None else slices:
            self._update_slice(index)

    def _update_slice(self, index: int) -> None:
        labels = np.asarray(self._labels[index]).reshape(-1)
        hit = np.flatnonzero(labels)
        found = labels[hit]
        self._count[index] = np.bincount(found, minlength=MAX_LABEL + 1)
        if self._volume.valid is not None:
            keep = self._volume.valid[index].reshape(-1)[hit]
            hit, found = hit[keep], found[keep]
        values = self._volume.voxels[index].reshape(-1)[hit].astype(np.float64)
        self._valid[index] = np.bincount(found, minlength=MAX_LABEL + 1)
        self._sum[index] = np.bincount(found, weights=values, minlength=MAX_LABEL + 1)
        require_finite(self._sum[index], "a label")
        self._squares[index] = np.bincount(found, weights=values * values, minlength=MAX_LABEL + 1)

    def labels(self) -> tuple[int, ...]:
        """Labels that have at least one voxel, ascending."""
        return tuple(np.flatnonzero(self._count[:, 1:].any(axis=0)) + 1)

    def slices(self, label: int) -> tuple[int, ...]:
        """Slices that hold a label, ascending."""
        return tuple(np.flatnonzero(self._count[:, label]).tolist())

    def moments(self, label: int) -> Moments:
        """Count, mean and spread of a label, over all slices."""
        voxels, valid = int(self._count[:, label].sum()), int(self._valid[:, label].sum())
        geometry = self._volume.geometry
        return Moments(
            voxels=voxels,
            valid_voxels=valid,
            mean=float(self._sum[:, label].sum() / valid) if valid else None,
            sd=self._sd(label, valid),
            slices=self.slices(label),
            area_mm2=voxels * geometry.pixel_area_mm2,
            volume_ml=voxels * geometry.voxel_volume_mm3 / 1000.0,
        )

    def _sd(self, label: int, valid: int) -> float | None:
        if valid < 2:
            return None
        total, squares = self._sum[:, label].sum(), self._squares[:, label].sum()
        variance = max(0.0, float(squares - total * total / valid)) / (valid - 1)
        return float(np.sqrt(variance))
