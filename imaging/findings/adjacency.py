"""How far a filling defect lies from the primary tumor, in millimeters in the patient.

Voxels are boxes, not points: two masks that share a face have distance 0. Masks may lie on different
grids of one frame of reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.findings.finding import Finding, Reason
from imaging.findings.printed_numbers import EPSILON_MM, shown, side
from imaging.regions.region import RegionMask

#: Within this distance a thrombus counts as adjacent (Sandrasegaran 2013, AJR 201:1211: < 2 cm told
#: malignant from bland). 3 of 47 malignant thrombi were remote (Tublin 1997), so more does not exclude. [mm]
ADJACENT_MM = 20.0

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Adjacency:
    """The shortest way between two regions.

    Attributes
    ----------
    distance_mm : float
        Between the voxels' nearest faces or corners; 0 in contact. [mm]
    nearest_points_lps_mm : (point, point)
        Where that way begins (first region) and ends (second region). [mm]
    contact : bool
        Whether the regions touch or overlap.
    """

    distance_mm: float
    nearest_points_lps_mm: tuple[Point, Point]
    contact: bool

    @property
    def finding(self) -> Finding:
        """POSITIVE within 20 mm, else INDETERMINATE: distance alone never rules adjacency out."""
        return Finding.POSITIVE if self._near else Finding.INDETERMINATE

    @property
    def reason(self) -> Reason:
        """The distance in words."""
        if self.contact:
            return Reason("IN_CONTACT", "the defect touches the primary tumor")
        where = "within" if self._near else "more than"
        return Reason("DISTANCE", f"{self.shown_mm} mm from the primary tumor, {where} {ADJACENT_MM:g} mm")

    @property
    def shown_mm(self) -> str:
        """The distance as printed beside the 20 mm."""
        return shown(self.distance_mm, ADJACENT_MM, epsilon=EPSILON_MM)

    @property
    def _near(self) -> bool:
        return side(self.distance_mm, ADJACENT_MM, EPSILON_MM) <= 0


def distance_mm(mask_a: RegionMask, mask_b: RegionMask) -> Adjacency:
    """Shortest distance between two masks in patient space.

    Both must lie in one frame of reference; their grids may differ. Each voxel is a box: the distance
    of the nearest centers is found first, then that of the boxes around it.

    Parameters
    ----------
    mask_a, mask_b : RegionMask
        For example the filling defect and the primary tumor.

    Returns
    -------
    Adjacency
    """
    from scipy.spatial import cKDTree

    a, b = _surface(mask_a), _surface(mask_b)
    reach = _half_diagonal(mask_a) + _half_diagonal(mask_b)
    tree = cKDTree(b)
    centers, partner = tree.query(a)
    first = int(centers.argmin())
    best = _boxes(a[[first]], b[[partner[first]]], mask_a, mask_b)
    order = np.argsort(centers, kind="stable")
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        chunk = chunk[centers[chunk] < best[0] + reach]  # no box beyond that can be nearer
        if best[0] <= _TOUCH_MM or not len(chunk):
            break
        lists = tree.query_ball_point(a[chunk], best[0] + reach)
        ours = np.repeat(chunk, [len(found) for found in lists])
        theirs = np.fromiter((i for found in lists for i in found), dtype=np.intp)
        if len(ours):
            best = min(best, _boxes(a[ours], b[theirs], mask_a, mask_b), key=lambda found: found[0])
    gap = 0.0 if best[0] <= _TOUCH_MM else best[0]
    return Adjacency(gap, (_point(best[1]), _point(best[2])), contact=gap == 0.0)


#: Voxels looked at together: bounds the memory of large, close regions.
_CHUNK = 64
#: Boxes closer than this touch; only rounding is smaller. [mm]
_TOUCH_MM = 1e-3


def _boxes(
    first: NDArray[np.float64], second: NDArray[np.float64], mask_a: RegionMask, mask_b: RegionMask
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Nearest points of pairs of voxel boxes around centers (n, 3) and (n, 3), and their distance.

    Alternating projection between two convex boxes; boxes of one orientation need one round.
    """
    p, q = first.copy(), second.copy()
    for _ in range(_ROUNDS):
        before = p
        p = _onto_box(q, first, mask_a)
        q = _onto_box(p, second, mask_b)
        if np.abs(p - before).max() < _TOUCH_MM / 10:
            break
    gaps = np.linalg.norm(p - q, axis=1)
    i = int(gaps.argmin())
    return float(gaps[i]), p[i], q[i]


_ROUNDS = 50


def _onto_box(
    points: NDArray[np.float64], centers: NDArray[np.float64], mask: RegionMask
) -> NDArray[np.float64]:
    """Nearest points of voxel boxes around ``centers`` to ``points``; the axes are orthogonal."""
    axes = mask.geometry.index_to_patient_mm[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    local = (points - centers) @ (axes / lengths)
    return np.asarray(centers + np.clip(local, -lengths / 2, lengths / 2) @ (axes / lengths).T)


def _surface(mask: RegionMask) -> NDArray[np.float64]:
    """Centers (n, 3) of the voxels that have a neighbor outside. [mm]"""
    padded = np.pad(mask.voxels, 1)
    inner = padded[1:-1, 1:-1, 1:-1].copy()
    for axis in range(3):
        for shift in (0, 2):
            window = [slice(1, -1)] * 3
            window[axis] = slice(shift, shift + mask.voxels.shape[axis])
            inner &= padded[tuple(window)]
    index = np.argwhere(mask.voxels & ~inner) + np.array(mask.offset)
    return mask.geometry.patient_mm(index)


def _half_diagonal(mask: RegionMask) -> float:
    return float(np.linalg.norm(mask.geometry.spacing_mm)) / 2


def _point(position: NDArray[np.float64]) -> Point:
    return float(position[0]), float(position[1]), float(position[2])
