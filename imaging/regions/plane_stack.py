"""Pictures on parallel planes: how segmentations of other systems say where a region lies.

A segmentation need not hold every slice (empty ones are left out), nor slices in order, nor the whole
matrix. Its pictures belong on a grid only if pixel meets voxel: same directions, same spacing, same
centers. Everything else is another grid, which is never resampled unasked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.grids import SAME_GRID_TOLERANCE_MM
from imaging.regions.placement import place_mask
from imaging.regions.region import Provenance, RegionMask


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """One region's pictures.

    Attributes
    ----------
    origins_mm : (n, 3) array
        Patient position of each picture's first pixel center. [mm]
    pictures : (n, rows, columns) array of bool
    row_step_mm, column_step_mm : (3,) arrays
        From one row to the next, and from one column to the next. [mm]
    spacing_mm : float or None
        Distance between neighboring slices as the object states it, None where it does not. [mm]
    """

    origins_mm: NDArray[np.float64]
    pictures: NDArray[np.bool_]
    row_step_mm: NDArray[np.float64]
    column_step_mm: NDArray[np.float64]
    spacing_mm: float | None = None

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector (3,) across the planes."""
        across = np.cross(self.column_step_mm, self.row_step_mm)
        return np.asarray(across / np.linalg.norm(across))


def fits(stack: PlaneStack, geometry: VolumeGeometry, *, spacing_known: bool = False) -> bool:
    """Whether every pixel of the pictures is a voxel of the grid, and no slice between them is missing.

    Parameters
    ----------
    stack : PlaneStack
        The pictures.
    geometry : VolumeGeometry
        The grid they are held against.
    spacing_known : bool
        True where the object names the grid's own slices as its source: its stated spacing need not
        prove anything then.
    """
    steps = _unit_steps(stack, geometry)
    if steps is None:
        return False
    rows, columns = stack.pictures.shape[1:]
    corners = np.array([[0, 0], [rows - 1, 0], [0, columns - 1], [rows - 1, columns - 1]])
    places = geometry.index(
        stack.origins_mm[:, None] + corners[:, :1] * stack.row_step_mm + corners[:, 1:] * stack.column_step_mm
    )
    away_mm = np.abs(places - np.rint(places)) * np.array(geometry.spacing_mm)
    if away_mm.max(initial=0.0) > SAME_GRID_TOLERANCE_MM:
        return False
    if spacing_known or stack.spacing_mm is None:
        return True
    across = ({0, 1, 2} - {int(np.abs(step).argmax()) for step in steps}).pop()
    return abs(stack.spacing_mm - geometry.spacing_mm[across]) <= SAME_GRID_TOLERANCE_MM


def mask_on_grid(
    stack: PlaneStack, geometry: VolumeGeometry, provenance: Provenance, verified: bool
) -> RegionMask:
    """The pictures as a mask on a grid that they fit.

    Raises
    ------
    RegionError
        ``GRID_MISMATCH`` if they do not fit or reach outside; ``EMPTY_REGION``.
    """
    steps = _unit_steps(stack, geometry)
    if steps is None:
        raise RegionError("GRID_MISMATCH", "the pictures do not follow the grid's axes")
    full = np.zeros(geometry.shape, dtype=bool)
    for origin, picture in zip(stack.origins_mm, stack.pictures, strict=True):
        pixels = np.argwhere(picture)
        voxels = (
            np.rint(geometry.index(origin)).astype(int) + pixels[:, :1] * steps[0] + pixels[:, 1:] * steps[1]
        )
        if ((voxels < 0) | (voxels >= np.array(geometry.shape))).any():
            raise RegionError(
                "GRID_MISMATCH",
                "the region reaches outside of the acquisition's grid",
                expected=f"every voxel inside of {geometry!r}",
            )
        full[tuple(voxels.T)] = True
    return RegionMask.from_full(full, geometry, provenance, verified)


def resampled_on_grid(stack: PlaneStack, geometry: VolumeGeometry) -> RegionMask | None:
    """The pictures on any grid by the nearest neighbor: imported, unverified; None where it lies outside.

    Raises
    ------
    RegionError
        ``UNEVEN_SLICES`` if the pictures' planes are not multiples of one spacing apart.
    """
    own = _on_own_grid(stack)
    placed = place_mask(own, geometry)
    return None if placed is None else replace(placed, provenance=Provenance.IMPORTED, verified=False)


def _unit_steps(stack: PlaneStack, geometry: VolumeGeometry) -> NDArray[np.int_] | None:
    """Steps (2, 3) of a row and of a column in voxels: one voxel along one axis each; None otherwise."""
    inverse = geometry.patient_to_index[:3, :3]
    exact = np.array([inverse @ stack.row_step_mm, inverse @ stack.column_step_mm])
    steps = np.rint(exact).astype(int)
    whole = (np.abs(steps).sum(axis=1) == 1).all() and (steps[0] * steps[1] == 0).all()
    return steps if whole else None


def _on_own_grid(stack: PlaneStack) -> RegionMask:
    along = stack.origins_mm @ stack.normal
    order = np.argsort(along)
    gaps = np.diff(along[order])
    gaps = gaps[gaps > SAME_GRID_TOLERANCE_MM]
    spacing = stack.spacing_mm or (float(gaps.min()) if gaps.size else None)
    if spacing is None:
        raise RegionError(
            "UNEVEN_SLICES", "one picture without a slice spacing", expected="SpacingBetweenSlices"
        )
    first = stack.origins_mm[order[0]]
    places = (along - along[order[0]]) / spacing
    slices = np.rint(places).astype(int)
    sideways = stack.origins_mm - first - (along - along[order[0]])[:, None] * stack.normal
    off_mm = max(float(np.abs(places - slices).max() * spacing), float(np.abs(sideways).max()))
    if off_mm > SAME_GRID_TOLERANCE_MM:
        raise RegionError(
            "UNEVEN_SLICES",
            f"the planes lie up to {off_mm:.2f} mm beside a regular grid of {spacing:.3f} mm",
            expected="evenly spaced planes",
        )
    matrix = np.eye(4)
    matrix[:3, 0] = stack.normal * spacing
    matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = stack.row_step_mm, stack.column_step_mm, first
    full = np.zeros((int(slices.max()) + 1, *stack.pictures.shape[1:]), dtype=bool)
    for index, picture in zip(slices, stack.pictures, strict=True):
        full[index] |= picture
    geometry = VolumeGeometry((full.shape[0], full.shape[1], full.shape[2]), matrix)
    return RegionMask.from_full(full, geometry, Provenance.IMPORTED, verified=False)
