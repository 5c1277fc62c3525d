"""Long and short axis of one slice of a region, and the slice that holds the longest.

What is dear is computed when it is first asked for, and most slices are never asked: a bound on what they
can hold is below what another one was found to hold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imaging.findings.outline import (
    Estimator,
    Points,
    contour_hulls,
    contour_pieces,
    farthest_pair,
    largest_component,
    longest_chord,
    longest_possible,
    padded,
    pixel_edges,
    row_ends,
    share_inside,
    smoothed,
    widest,
    widest_of_each,
)

#: Rounding noise allowed where two lengths of one slice are held against each other. [mm]
NOISE_MM = 1e-6
#: Lengths that agree to so many digits of a millimeter are equal: which is larger would be rounding's choice.
EQUAL_DIGITS = 9
#: With at most so many pairs of rows, every slice's distances are known sooner than bounds of them.
_FEW_ROW_PAIRS = 60_000
#: Pixels that are smoothed at once: they stay in the cache.
_SMOOTHED_AT_ONCE = 10_000
#: Smoothing takes about so much from an edge-mid-point diameter: slices within it are smoothed together.
#: It decides what is done at once, not what is found. [pixels]
_SMOOTHING_TAKES = 0.5
#: The centers' outline is where the unsmoothed mask all but reaches 1.
_CENTER_LEVEL = 1.0 - 1e-9


class SliceAxes:
    """Both axes of one slice (rows, columns) of a region."""

    def __init__(
        self, index: int, mask: NDArray[np.bool_], estimator: Estimator, plane_mm: Points, ends: Points
    ) -> None:
        self.index = index
        self.plane_mm = plane_mm
        self._mask = mask
        self._asked = estimator
        self._all_ends = ends
        self._known: dict[Estimator, tuple[float, Points]] = {}

    @cached_property
    def _parts(self) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
        return largest_component(self._mask, self.plane_mm)

    @property
    def component(self) -> NDArray[np.bool_]:
        """The part that is measured, holes filled."""
        return self._parts[0]

    @property
    def others(self) -> tuple[int, ...]:
        """Pixel counts of the other parts."""
        return self._parts[1]

    @cached_property
    def pixels(self) -> int:
        """Pixel count of the part that is measured."""
        return int(np.count_nonzero(self.component))

    @cached_property
    def _ends(self) -> Points:
        """Ends of the measured pixels' rows; holes change none."""
        return row_ends(self.component) if self.others else self._all_ends

    def _across(self, border: Estimator) -> tuple[float, Points]:
        """Long axis by a convention for the border of pixels, and its ends (2, 2), as indices. [mm]"""
        if border not in self._known:
            self._known[border] = widest(self._ends, self.plane_mm, border)
        return self._known[border]

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Long axis through pixel centers and around pixel corners. [mm]"""
        return self._across("center")[0], self._across("corner")[0]

    @cached_property
    def _smooth(self) -> tuple[NDArray[np.float64], Points]:
        """The component as a smoothed share of inside, and points that hold its outline's hull."""
        fields = smoothed(self.component[None])
        return fields[0], contour_hulls(fields)[0]

    @cached_property
    def _long(self) -> tuple[float, Points, Estimator]:
        if self._asked != "g0.7":
            return *self._across(self._asked), self._asked
        outline = self._smooth[1]
        if len(outline):
            length, ends = farthest_pair(outline, self.plane_mm)
            low, high = self.interval
            if low - NOISE_MM <= length <= high + NOISE_MM:
                return length, ends, "g0.7"
        return *self._across("mid"), "mid"

    @property
    def length(self) -> float:
        """Long axis. [mm]"""
        return self._long[0]

    @property
    def long_ends(self) -> Points:
        """Ends (2, 2) of the long axis, as indices."""
        return self._long[1]

    @property
    def estimator(self) -> Estimator:
        """The estimator that gave the long axis."""
        return self._long[2]

    @property
    def thin(self) -> bool:
        """Whether g0.7 had to fall back."""
        return self._asked == "g0.7" and self.estimator == "mid"

    @property
    def order(self) -> tuple[float, int]:
        """By length, and of equals the first."""
        return round(self.length, EQUAL_DIGITS), -self.index

    @cached_property
    def _outline(self) -> NDArray[np.float64]:
        """The share of inside whose outline gave the long axis."""
        return self._smooth[0] if self.estimator == "g0.7" else padded(self.component)

    @cached_property
    def short(self) -> tuple[float, Points]:
        """Short axis and its ends (2, 2), as indices. [mm]"""
        if self.length == 0:
            return 0.0, self.long_ends
        if self.estimator == "corner":
            pieces = pixel_edges(self.component)
        elif self.estimator == "center":
            pieces = contour_pieces(self._outline, _CENTER_LEVEL)
        else:
            pieces = contour_pieces(self._outline)
        return longest_chord(pieces, self.long_ends, self.plane_mm)

    @property
    def share_inside(self) -> float:
        """Share of the long axis within the component."""
        return share_inside(self._outline, self.long_ends, self.plane_mm)


def _know_together(slices: Sequence[SliceAxes], plane_mm: Points) -> None:
    """Find out for a few slices at once what g0.7 asks; small ones cost little more together than alone."""
    fields = smoothed(np.stack([s.component for s in slices]))
    ends = np.stack([s._ends for s in slices])
    low, high = (widest_of_each(ends, plane_mm, border).tolist() for border in ("center", "corner"))
    for known, field, hull, *interval in zip(slices, fields, contour_hulls(fields), low, high, strict=True):
        known._smooth, known.interval = (field, hull), (interval[0], interval[1])


def longest_slice(
    voxels: NDArray[np.bool_], usable: NDArray[np.bool_], estimator: Estimator, plane_mm: Points
) -> SliceAxes:
    """Of the usable slices of ``voxels`` the one with the longest long axis; of equals the first.

    Slices are visited from the largest upper bound down, until no bound can beat what was found. Smoothing
    never pushes an outline beyond the edge mid-points: next to a straight border the smoothed share of
    inside is point-symmetric about half, so that linear interpolation crosses half at most half-way to the
    first pixel outside, and a convex region is everywhere less than such a half-plane.
    """
    ends = row_ends(voxels)
    smooth = estimator == "g0.7"
    bounds = _bounds(ends, "mid" if smooth else estimator, plane_mm)
    order = zip(np.where(usable, bounds, -1.0).tolist(), range(0, -len(voxels), -1), strict=True)
    queue = deque(sorted(order, reverse=True))
    at_once = max(1, _SMOOTHED_AT_ONCE // voxels[0].size) if smooth else 1
    best: SliceAxes | None = None
    beaten = queue[0][0] - _SMOOTHING_TAKES * float(plane_mm[1, 1]), -len(voxels)
    while queue and queue[0] > beaten:
        group: list[SliceAxes] = []
        while queue and queue[0] > beaten and len(group) < at_once:
            index = -queue.popleft()[1]
            group.append(SliceAxes(index, voxels[index], estimator, plane_mm, ends[index]))
        if smooth:
            _know_together(group, plane_mm)
        best = max([*group, best] if best else group, key=lambda candidate: candidate.order)
        beaten = best.order
    assert best is not None
    return best


def _bounds(ends: Points, border: str, plane_mm: Points) -> NDArray[np.float64]:
    """Lengths (slices,) that no long axis exceeds, rounded as :attr:`SliceAxes.order` is. [mm]"""
    if ends.size * ends.shape[1] <= _FEW_ROW_PAIRS:
        bounds = widest_of_each(ends, plane_mm, border)
    else:
        bounds = longest_possible(ends, plane_mm, border) + NOISE_MM
    return np.round(bounds, EQUAL_DIGITS)


def largest_short_axis(
    voxels: NDArray[np.bool_], usable: NDArray[np.bool_], estimator: Estimator, plane_mm: Points
) -> float:
    """Largest short axis of any usable slice. [mm]"""
    ends = row_ends(voxels)
    slices = np.flatnonzero(usable).tolist()
    return max(SliceAxes(i, voxels[i], estimator, plane_mm, ends[i]).short[0] for i in slices)
