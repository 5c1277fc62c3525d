"""The outline of a region within one slice, and the two lengths that can be read from it.

Points are ``(row, column)`` indices, continuous, with pixel centers at whole numbers. Lengths need
``plane_mm``, the (2, 2) array that takes ``(row, column)`` to millimeters within the slice plane.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Points = NDArray[np.float64]
Estimator = Literal["g0.7", "mid", "center", "corner"]

#: Width of the smoothing of estimator ``g0.7``. [pixels]
SMOOTHING_PIXELS = 0.7
#: The smoothed outline runs where half of the neighborhood is inside.
OUTLINE_LEVEL = 0.5
#: Zeros around a mask before it is smoothed: more than the filter reaches. [pixels]
PADDING_PIXELS = 6
#: Pixels that touch at a corner belong together, so that an oblique thin structure is one.
EIGHT_NEIGHBORS = np.ones((3, 3), dtype=bool)

#: From a pixel center to the points that each convention puts at its border. [pixels]
_BORDER_OF_PIXEL: dict[str, Points] = {
    "center": np.zeros((1, 2)),
    "mid": np.array([(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)]),
    "corner": np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)]),
}


def largest_component(mask: NDArray[np.bool_], plane_mm: Points) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    """The largest component of a slice with its holes filled, and the pixel counts of the others.

    ``mask`` is (rows, columns). Of equally large components the longest is taken.
    """
    if _is_simple(mask):
        return mask, ()
    labels, count = ndimage.label(mask, EIGHT_NEIGHBORS)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    equals = np.flatnonzero(sizes == sizes.max()).tolist()
    lengths = (
        [farthest_pair(center_hull(labels == i + 1), plane_mm)[0] for i in equals] if equals[1:] else [0.0]
    )
    largest = equals[int(np.argmax(lengths))]
    others = tuple(sorted((int(n) for i, n in enumerate(sizes) if i != largest), reverse=True))
    return _filled(labels == largest + 1), others


def _filled(component: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The component without its holes: what is outside is joined to the border by pixel edges."""
    outside, _ = ndimage.label(np.pad(~component, 1, constant_values=True))
    return np.asarray(outside != outside[0, 0])[1:-1, 1:-1]


def _is_simple(mask: NDArray[np.bool_]) -> bool:
    """Whether every row holds one run and neighboring runs touch: then there is one part, no hole."""
    first, last, filled = row_extents(mask)
    occupied = np.flatnonzero(filled)
    if occupied.size == 0 or occupied[-1] - occupied[0] + 1 != occupied.size:
        return False
    first, last = first[occupied], last[occupied]
    if int((last - first + 1).sum()) != int(np.count_nonzero(mask)):
        return False
    return bool((first[1:] <= last[:-1] + 1).all() and (first[:-1] <= last[1:] + 1).all())


def row_extents(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """First and last column set in each row (..., rows), and which rows hold any."""
    first = mask.argmax(axis=-1)
    last = mask.shape[-1] - 1 - mask[..., ::-1].argmax(axis=-1)
    rows = np.arange(first.size)
    filled = mask.reshape(first.size, -1)[rows, first.ravel()].reshape(first.shape)
    return first, last, filled


def center_hull(component: NDArray[np.bool_]) -> Points:
    """Convex hull (n, 2) of the pixel centers."""
    first, last, filled = row_extents(component)
    rows = np.flatnonzero(filled)
    return _hull_of_rows(rows.astype(np.float64), first[rows], last[rows])


def border_reach(estimator: str, row: float, column: float) -> float:
    """How far a border lies beyond the pixel centers, on both sides, along a direction.

    ``row`` and ``column`` are the steps along the direction from one pixel to the next. [mm]

    Smoothing never pushes an outline beyond the edge mid-points: next to a straight border the smoothed
    share of inside is point-symmetric about half, so that linear interpolation crosses half at most
    half-way to the first pixel outside, and a convex region is everywhere less than such a half-plane.
    """
    border = _BORDER_OF_PIXEL["mid" if estimator == "g0.7" else estimator] @ np.array([row, column])
    return float(border.max() - border.min())


def border_hull(hull: Points, estimator: str) -> Points:
    """Candidate extremes (m, 2) of the border by a pixel convention, from the hull of the centers.

    Every extreme border point belongs to an extreme pixel: the hull of a sum is the sum of the hulls.
    """
    return (hull[:, None, :] + _BORDER_OF_PIXEL[estimator][None, :, :]).reshape(-1, 2)


def smoothed(component: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The component as a share of inside, padded by :data:`PADDING_PIXELS` and smoothed."""
    padded = np.pad(component, PADDING_PIXELS).astype(np.float64)
    return np.asarray(ndimage.gaussian_filter(padded, SMOOTHING_PIXELS, truncate=4.0, mode="constant"))


def padded(component: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The component as 0 and 1, padded by :data:`PADDING_PIXELS`."""
    return np.pad(component, PADDING_PIXELS).astype(np.float64)


def contour_hull(field: NDArray[np.float64]) -> Points:
    """Convex hull (n, 2) of where a smoothed component crosses :data:`OUTLINE_LEVEL`.

    Indices are those of the unpadded component. Empty if the component vanished.
    """
    rows = _outermost_crossings(field)
    columns = _outermost_crossings(field.T)[:, ::-1]
    points = np.concatenate([rows, columns]) - PADDING_PIXELS
    return _hull(points) if len(points) else points


def _outermost_crossings(field: NDArray[np.float64]) -> Points:
    """First and last crossing of the level in each row, as (row, column)."""
    first, last, filled = row_extents(field >= OUTLINE_LEVEL)
    rows = np.flatnonzero(filled)
    first, last = first[rows], last[rows]
    inside, outside = field[rows, first], field[rows, first - 1]
    left = first - (inside - OUTLINE_LEVEL) / (inside - outside)
    inside, outside = field[rows, last], field[rows, last + 1]
    right = last + (inside - OUTLINE_LEVEL) / (inside - outside)
    return np.concatenate([np.stack([rows, left], axis=1), np.stack([rows, right], axis=1)])


def _hull_of_rows(rows: Points, first: NDArray[np.intp], last: NDArray[np.intp]) -> Points:
    """Hull of row ends: the rows are sorted, so the two chains can be thinned directly."""
    left = _thin_chain(np.stack([rows, first.astype(np.float64)], axis=1), side=1.0)
    right = _thin_chain(np.stack([rows, last.astype(np.float64)], axis=1), side=-1.0)
    return np.concatenate([left, right])


def _hull(points: Points) -> Points:
    points = points[np.lexsort((points[:, 1], points[:, 0]))]
    return np.concatenate([_thin_chain(points, side=1.0), _thin_chain(points, side=-1.0)])


def _thin_chain(points: Points, side: float) -> Points:
    """Drop points that lie inside the straight line between their neighbors, until none does.

    Each point dropped lies within the hull of those that stay, so no vertex of the hull is lost
    however many are dropped at once.
    """
    while len(points) > 2:
        before, here, after = points[:-2], points[1:-1], points[2:]
        span, step = after - before, here - before
        bulge = side * (span[:, 1] * step[:, 0] - span[:, 0] * step[:, 1])
        keep = np.ones(len(points), dtype=bool)
        keep[1:-1] = bulge > 0
        if keep.all():
            break
        points = points[keep]
    return points


def farthest_pair(points: Points, plane_mm: Points) -> tuple[float, Points]:
    """Largest distance between two points and its two ends (2, 2) as indices. [mm]"""
    position = points @ plane_mm
    row, column = position[:, 0], position[:, 1]
    squared = (row[:, None] - row) ** 2 + (column[:, None] - column) ** 2
    one, other = np.unravel_index(int(squared.argmax()), squared.shape)
    return float(np.sqrt(squared[one, other])), points[[one, other]]


# --- the closed outline, for chords ----------------------------------------------------------------

#: Pieces of outline in a cell of four pixel centers, by which of them are inside: (0, 0) counts 1, (0, 1) 2,
#: (1, 0) 4, (1, 1) 8. Each piece joins two edges of the cell (0 top, 1 bottom, 2 left, 3 right); the two
#: saddles (6 and 9) have a second piece and join the inside, as :data:`EIGHT_NEIGHBORS` does.
_PIECE = np.array(
    [(0, 0), (0, 2), (0, 3), (2, 3), (1, 2), (0, 1), (0, 2), (1, 3),
     (1, 3), (0, 3), (0, 1), (1, 2), (2, 3), (0, 3), (0, 2), (0, 0)]
)  # fmt: skip
_SECOND_PIECE = {6: (1, 3), 9: (1, 2)}


def contour_pieces(field: NDArray[np.float64], level: float = OUTLINE_LEVEL) -> Points:
    """Straight pieces (n, 2, 2) of the outline at ``level``: marching squares, in no order.

    Indices are those of the unpadded component.
    """
    inside = (field >= level).view(np.uint8)
    case = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, :-1] + 8 * inside[1:, 1:]
    rows, columns = np.nonzero((case > 0) & (case < 15))
    case = case[rows, columns]
    corner = (
        field[rows, columns],
        field[rows, columns + 1],
        field[rows + 1, columns],
        field[rows + 1, columns + 1],
    )
    edges = np.empty((len(rows), 4, 2))
    edges[:, :, 0] = np.stack([rows, rows + 1, rows, rows], axis=1)
    edges[:, :, 1] = np.stack([columns, columns, columns, columns + 1], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # edges that are not crossed are not used
        for edge, axis, start, end in ((0, 1, 0, 1), (1, 1, 2, 3), (2, 0, 0, 2), (3, 0, 1, 3)):
            edges[:, edge, axis] += (level - corner[start]) / (corner[end] - corner[start])
    pieces = [edges[np.arange(len(rows))[:, None], _PIECE[case]]]
    pieces += [edges[case == saddle][:, joined] for saddle, joined in _SECOND_PIECE.items()]
    return np.concatenate(pieces) - PADDING_PIXELS


def pixel_edges(component: NDArray[np.bool_]) -> Points:
    """Edges (n, 2, 2) between inside and outside pixels: the outline of estimator ``corner``."""
    field = np.pad(component, 1)
    rows, columns = np.nonzero(field[:, 1:] != field[:, :-1])
    upright = np.stack(
        [np.stack([rows - 1.5, columns - 0.5], 1), np.stack([rows - 0.5, columns - 0.5], 1)], axis=1
    )
    rows, columns = np.nonzero(field[1:] != field[:-1])
    level = np.stack(
        [np.stack([rows - 0.5, columns - 1.5], 1), np.stack([rows - 0.5, columns - 0.5], 1)], axis=1
    )
    return np.concatenate([upright, level])


def longest_chord(pieces: Points, along: Points, plane_mm: Points) -> tuple[float, Points]:
    """Longest single stretch inside a closed outline, perpendicular to a direction.

    Between two neighboring corners of the outline every chord's length changes linearly, so that it is
    enough to look at both borders of each such strip: the answer is exact.

    Parameters
    ----------
    pieces : (n, 2, 2) array
        Straight pieces of closed curves, as indices.
    along : (2, 2) array
        Two points, as indices, that give the direction the chord is perpendicular to.
    plane_mm : (2, 2) array
        Takes (row, column) to the plane. [mm]

    Returns
    -------
    length : float
        0 if the outline encloses nothing. [mm]
    ends : (2, 2) array
        Its ends, as indices.
    """
    unit = (along[1] - along[0]) @ plane_mm
    unit = unit / np.linalg.norm(unit)
    to_line = plane_mm @ np.array([[unit[0], -unit[1]], [unit[1], unit[0]]])  # (offset, height)
    turned = pieces @ to_line
    offsets, rank = np.unique(turned[:, :, 0], return_inverse=True)
    rank = rank.reshape(-1, 2)
    slanted = rank[:, 0] != rank[:, 1]
    turned, rank = turned[slanted], rank[slanted]
    low, high = rank.min(axis=1), rank.max(axis=1)
    piece = np.repeat(np.arange(len(turned)), high - low)
    if piece.size == 0:
        return 0.0, np.repeat(along[:1], 2, axis=0)
    strip = np.arange(piece.size) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[piece]
    start, end = turned[piece, 0], turned[piece, 1]
    slope = (end[:, 1] - start[:, 1]) / (end[:, 0] - start[:, 0])
    heights = start[:, 1, None] + slope[:, None] * (
        np.stack([offsets[strip], offsets[strip + 1]], axis=1) - start[:, :1]
    )
    order = np.lexsort((heights.sum(axis=1), strip))
    bottom, top = heights[order[0::2]], heights[order[1::2]]
    length = top - bottom
    which, border = np.unravel_index(int(length.argmax()), length.shape)
    offset = offsets[strip[order[2 * which]] + border]
    ends = np.array([(offset, bottom[which, border]), (offset, top[which, border])])
    return float(length[which, border]), ends @ np.linalg.inv(to_line)


def share_inside(field: NDArray[np.float64], ends: Points, plane_mm: Points, tolerance: float = 0.1) -> float:
    """Share of the straight line between ``ends`` that lies in the component, 0 to 1.

    ``field`` is a padded share of inside. A line that runs along the border counts as inside: the limit
    is ``tolerance`` below :data:`OUTLINE_LEVEL`.
    """
    length = float(np.linalg.norm((ends[1] - ends[0]) @ plane_mm))
    pixel = float(np.linalg.norm(plane_mm, axis=1).min())
    steps = max(1, int(np.ceil(length / (0.1 * pixel))))
    share = (np.arange(steps) + 0.5) / steps
    where = ends[0] + share[:, None] * (ends[1] - ends[0]) + PADDING_PIXELS
    values = ndimage.map_coordinates(field, where.T, order=1)
    return float((values >= OUTLINE_LEVEL - tolerance).mean())
