"""Morphology with a disk, slice by slice: by distances, since a disk of hundreds of points is slow to lay on.

A point is in the dilation if the mask is no farther than the radius, and in the erosion if what is not
mask is farther. Both are exactly what laying the disk on every point gives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]


def dilated(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """The points of (slices, rows, columns) within ``radius_mm`` of the mask's in the same slice.

    Parameters
    ----------
    mask : (slices, rows, columns) array of bool
        What is grown.
    radius_mm : float
        Of the disk, its border included. [mm]
    spacing_mm : float
        Between rows and between columns. [mm]
    """
    out = np.zeros_like(mask)
    for layer, found in zip(mask, out, strict=True):
        if layer.any():
            found[:] = ndimage.distance_transform_edt(~layer, sampling=spacing_mm) <= radius_mm
    return out


def closed(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """The mask with every gap filled that the disk cannot enter; the surroundings count as empty."""
    reach = int(radius_mm / spacing_mm) + 1
    out = np.zeros_like(mask)
    for layer, found in zip(mask, out, strict=True):
        if not layer.any():
            continue
        wide = np.pad(layer, reach)
        grown = ndimage.distance_transform_edt(~wide, sampling=spacing_mm) <= radius_mm
        depth = ndimage.distance_transform_edt(np.pad(grown, 1), sampling=spacing_mm)[1:-1, 1:-1]
        found[:] = (depth > radius_mm)[reach:-reach, reach:-reach]
    return out
