"""Mean, spread and size of regions on each acquisition's own grid.

Nothing is resampled: interpolation would lower the standard deviation. Padding never enters. The
standard deviation divides by n - 1 (pyradiomics' divides by n).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import MeasurementError, RegionError
from imaging.regions.region import Region, RegionMask
from imaging.volume import Acquisition, Study, Volume

#: Area within which reconstructed noise is taken to be one value: 2.5 mm x 2.5 mm. [mm2]
CORRELATION_AREA_MM2 = 6.25
#: Above this share of padding a region is not measured. (Failure catalogue, row 11.)
MAXIMUM_PADDING = 0.05


@dataclass(frozen=True, slots=True)
class RegionSample:
    """What a mean of one region in one phase is worth.

    Attributes
    ----------
    mean, sd : float
        Over the voxels, ``sd`` with n - 1. [HU or MR units]
    n_eff : float
        Number of independent values.
    area_mm2 : float
        Summed over slices. [mm2]
    voxels : int
    """

    mean: float
    sd: float
    n_eff: float
    area_mm2: float
    voxels: int

    @property
    def variance_of_mean(self) -> float:
        """Random variance of the mean."""
        return self.sd**2 / self.n_eff


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """One region on one acquisition.

    Attributes
    ----------
    mean, minimum, maximum : float or None
        Over valid voxels; None where more than 5 % of the region is padding. [HU or MR units]
    sd : float or None
        With n - 1 in the denominator; None also for a single voxel. [HU or MR units]
    area_mm2 : float
        In-plane area of the valid voxels, summed over slices. [mm2]
    voxels : int
        Valid voxels.
    n_eff : float
        Number of independent values: area / 6.25 mm2, where slices after the first count by
        spacing / thickness if they overlap; without a recorded thickness the largest slice alone counts.
    padding_fraction : float
        Share of the region that is padding or outside of the reconstruction, 0 to 1.
    slices : tuple of int
        Slice indices with valid voxels.
    """

    mean: float | None
    sd: float | None
    area_mm2: float
    voxels: int
    n_eff: float
    padding_fraction: float
    minimum: float | None
    maximum: float | None
    slices: tuple[int, ...]

    @property
    def sample(self) -> RegionSample | None:
        """What the findings compare; None where the region could not be measured.

        A single voxel tells nothing of its spread, so nothing can be told from it.
        """
        if self.mean is None:
            return None
        if self.sd is None:
            return RegionSample(self.mean, math.inf, 1.0, self.area_mm2, self.voxels)
        return RegionSample(self.mean, self.sd, self.n_eff, self.area_mm2, self.voxels)


def region_statistics(regions: Iterable[Region], study: Study) -> dict[tuple[str, str], RegionStatistics]:
    """Statistics of every region on every acquisition that it has a mask for.

    Returns
    -------
    dict of (region id, acquisition key) to RegionStatistics
        Masks of acquisitions that the study does not hold are left out.

    Raises
    ------
    RegionError
        ``GRID_MISMATCH`` if a mask lies on another grid than its acquisition; ``ID_TWICE`` if two regions
        bear one id.
    """
    acquisitions = {a.key: a for a in study}
    named: dict[str, Region] = {}
    for region in regions:
        if named.setdefault(region.id, region) is not region:
            raise RegionError("ID_TWICE", f"two regions are called {region.id!r}", expected="one id each")
    return {
        (region.id, key): mask_statistics(mask, acquisitions[key], name=region.id)
        for region in named.values()
        for key, mask in region.masks.items()
        if key in acquisitions
    }


def require_finite(sums: NDArray[np.float64], name: str = "a region") -> None:
    """Refuse sums, or means, of voxels of which one is NaN or infinite.

    Raises
    ------
    MeasurementError
        ``NOT_FINITE``.
    """
    if not np.isfinite(sums).all():
        raise MeasurementError(
            "NOT_FINITE",
            f"{name} holds a voxel that is NaN or infinite",
            expected="numbers",
            advice="Mark such voxels as not valid in the volume; they then count as padding.",
        )


def mask_statistics(mask: RegionMask, acquisition: Acquisition, name: str = "region") -> RegionStatistics:
    """Statistics of one mask on the acquisition it was made for.

    Raises
    ------
    RegionError
        ``GRID_MISMATCH`` if the mask lies on another grid.
    MeasurementError
        ``NOT_FINITE`` if a valid voxel is NaN or infinite.
    """
    volume = acquisition.volume
    if not mask.geometry.same_grid(volume.geometry):
        raise RegionError(
            "GRID_MISMATCH",
            f"region {name} lies on {mask.geometry!r}",
            expected=f"the grid of its acquisition, {volume.geometry!r}",
            advice="Move the mask to this phase first (propagate), or check which phase it was drawn on.",
        )
    valid = mask.voxels if volume.valid is None else mask.voxels & volume.valid[mask.slices]
    per_slice = valid.sum(axis=(1, 2))
    values = volume.voxels[mask.slices][valid].astype(np.float64)
    require_finite(values, f"region {name}")
    padding = (mask.count - values.size) / mask.count
    usable = values.size > 0 and padding <= MAXIMUM_PADDING
    pixel = volume.geometry.pixel_area_mm2
    return RegionStatistics(
        mean=float(values.mean()) if usable else None,
        sd=float(values.std(ddof=1)) if usable and values.size > 1 else None,
        area_mm2=float(values.size * pixel),
        voxels=int(values.size),
        n_eff=effective_number(
            per_slice * pixel,
            _slice_weight(acquisition),
            max(CORRELATION_AREA_MM2, pixel),  # a pixel is one value, however large it is
        ),
        padding_fraction=float(padding),
        minimum=float(values.min()) if usable else None,
        maximum=float(values.max()) if usable else None,
        slices=tuple(int(i) + mask.offset[0] for i in np.flatnonzero(per_slice)),
    )


def _slice_weight(acquisition: Acquisition) -> float:
    """How much a further slice adds: spacing / thickness, at most 1; 0 where the thickness is unknown."""
    thickness = acquisition.header.slice_thickness_mm
    if thickness is None or thickness <= 0:
        return 0.0
    return min(1.0, acquisition.volume.geometry.spacing_mm[0] / thickness)


def effective_number(
    areas_mm2: NDArray[np.float64],
    further_slice_weight: float,
    correlation_area_mm2: float = CORRELATION_AREA_MM2,
) -> float:
    """Independent values in a region, at least 1.

    Parameters
    ----------
    areas_mm2 : (slices,) array
        Area in each slice. [mm2]
    further_slice_weight : float
        What every slice but the largest counts, 0 to 1.
    correlation_area_mm2 : float
        Area that shares its noise. [mm2]
    """
    if len(areas_mm2) == 0:
        return 1.0
    largest = float(np.max(areas_mm2))
    rest = float(np.sum(areas_mm2)) - largest
    return max(1.0, (largest + further_slice_weight * rest) / correlation_area_mm2)


@dataclass(frozen=True, slots=True)
class LabelStatistics:
    """Plain statistics of one label on one volume; ``sd`` divides by n - 1. [as the volume]"""

    count: int
    mean: float
    sd: float | None
    minimum: float
    maximum: float


def label_statistics(
    labels: NDArray[np.unsignedinteger], volumes: Sequence[Volume]
) -> list[dict[int, LabelStatistics]]:
    """Statistics of every label of a label volume on volumes of the same grid.

    Only rows that hold labels are read from the volumes: a study is 99 % background.

    Parameters
    ----------
    labels : (slices, rows, columns) array of unsigned integers
        0 is background.
    volumes : sequence of Volume
        On the same grid; padding is left out.

    Returns
    -------
    list of dict of label to LabelStatistics, one per volume

    Raises
    ------
    RegionError
        ``GRID_MISMATCH`` if the shapes differ.
    MeasurementError
        ``NOT_FINITE`` if a valid voxel of a label is NaN or infinite.
    """
    for volume in volumes:
        if volume.voxels.shape != labels.shape:
            raise RegionError(
                "GRID_MISMATCH",
                f"labels of shape {labels.shape}",
                expected=f"the volume's {volume.voxels.shape}",
            )
    rows = rows_with_labels(labels)
    width = labels.shape[2]
    compact = np.ascontiguousarray(labels).reshape(-1, width)[rows]
    where = np.flatnonzero(compact)
    tags = compact.ravel()[where]
    order = np.argsort(tags, kind="stable")  # radix sort: labels are small integers
    tags, where = tags[order], where[order]
    place = rows[where // width] * width + where % width
    found = []
    for volume in volumes:
        values = volume.voxels.reshape(-1)[place]
        if volume.valid is None:
            found.append(_by_label(tags, values))
        else:
            keep = volume.valid.reshape(-1)[place]
            found.append(_by_label(tags[keep], values[keep]))
    return found


def rows_with_labels(labels: NDArray[np.unsignedinteger]) -> NDArray[np.intp]:
    """Indices of the rows (over slices and rows together) that hold any label, in order."""
    flat = np.ascontiguousarray(labels).reshape(-1, labels.shape[2])
    wide = flat.view(np.uint64) if flat.shape[1] * flat.itemsize % 8 == 0 else flat
    return np.flatnonzero(np.bitwise_or.reduce(wide, axis=1))  # nine times faster than any()


def _by_label(tags: NDArray[np.unsignedinteger], values: NDArray[np.generic]) -> dict[int, LabelStatistics]:
    """Statistics of values whose labels come in ascending order."""
    if not len(tags):
        return {}
    values = values.astype(np.float64)
    starts = np.flatnonzero(np.concatenate([[True], tags[1:] != tags[:-1]]))
    present = tags[starts]
    counts = np.diff([*starts, len(values)])
    means = np.add.reduceat(values, starts) / counts
    require_finite(means, "a label")
    squares = np.add.reduceat((values - np.repeat(means, counts)) ** 2, starts)
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return {
        int(label): LabelStatistics(
            count=int(n),
            mean=float(means[i]),
            sd=float(np.sqrt(squares[i] / (n - 1))) if n > 1 else None,
            minimum=float(low[i]),
            maximum=float(high[i]),
        )
        for i, (label, n) in enumerate(zip(present, counts, strict=True))
    }
