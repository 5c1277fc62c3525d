"""A region carried from the phase it was drawn on to another phase.

The mask moves, the images stay: statistics are always taken on native voxels. A propagated mask is
unverified, so nothing definite follows from it until a reader has looked; one whose registration left
more error than the region bears is not even computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.errors import MeasurementError
from imaging.findings.alignment import Alignment, align
from imaging.findings.guards import residual_limit_mm
from imaging.regions.placement import place_mask
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition

#: Tissue around the lesion that takes part in the registration. [mm]
MARGIN_MM = 15.0
#: Smallest and largest half side of the box: too small holds no structure, too large other organs. [mm]
HALF_SIZE_RANGE_MM = (45.0, 60.0)


@dataclass(frozen=True, eq=False)
class Propagation:
    """A mask on another phase and how well it may fit.

    Attributes
    ----------
    mask : RegionMask
        Propagated and unverified, with ``residual_mm``.
    alignment : Alignment
        From the phase the region was drawn on (fixed) to the other one (moving).
    residual_mm : float
        Error left. [mm]
    limit_mm : float
        Error that a region of this size bears. [mm]
    """

    mask: RegionMask
    alignment: Alignment
    residual_mm: float
    limit_mm: float

    @property
    def accepted(self) -> bool:
        """Whether the error left is small enough for numbers to be shown at all."""
        return self.residual_mm <= self.limit_mm


def propagate(
    region_mask: RegionMask, from_acq: Acquisition, to_acq: Acquisition, *, search_mm: float = 30.0
) -> Propagation:
    """Carry a mask to another phase by a translation measured around it.

    Parameters
    ----------
    region_mask : RegionMask
        On ``from_acq``'s grid.
    from_acq, to_acq : Acquisition
        Phases of one frame of reference.
    search_mm : float
        Largest breathing shift sought along each axis. [mm]

    Returns
    -------
    Propagation

    Raises
    ------
    MeasurementError
        ``FRAME_OF_REFERENCE``, ``REGISTRATION_FAILED``, or ``OUTSIDE`` if the other phase does not
        reach the region.
    """
    positions = region_mask.positions_mm()
    low, high = positions.min(axis=0), positions.max(axis=0)
    half = float(np.clip((high - low).max() / 2 + MARGIN_MM, *HALF_SIZE_RANGE_MM))
    center = (low + high) / 2
    alignment = align(from_acq, to_acq, center.tolist(), half_size_mm=half, search_mm=search_mm)
    mask = place_mask(region_mask, to_acq.volume.geometry, alignment.to_fixed, alignment.residual_mm)
    if mask is None:
        raise MeasurementError(
            "OUTSIDE",
            "the other phase does not reach the region after the shift",
            advice="Draw the region on a slice that both phases show.",
        )
    return Propagation(mask, alignment, alignment.residual_mm, residual_limit_mm(mask))
