"""The outline of a region within one slice, and the two lengths that can be read from it.

Points are ``(row, column)`` indices, continuous, with pixel centers at whole numbers. Lengths need
``plane_mm``, the (2, 2) array that takes ``(row, column)`` to millimeters within the slice plane.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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

#: From a step between two pixel centers to the step between the points that a convention puts at their
#: borders, where it is farthest: both rows and columns also count toward the other side. [pixels]
_BORDER_STEPS = {
    "center": [(0.0, 0.0)],
    "mid": [(1.0, 0.0), (0.0, 1.0)],
    "corner": [(1.0, 1.0)],
}
#: Rows and columns closer to a right angle than this share of a pixel count as perpendicular.
_PERPENDICULAR = 1e-9
#: Squared distances within this factor are equal: which is larger would be rounding's choice.
_EQUAL = 1 + 1e-12
#: Directions in which slices are compared to find those that can hold the long axis.
_DIRECTIONS = 16
_ANGLES = (np.arange(_DIRECTIONS) + 0.5) * np.pi / _DIRECTIONS
#: Unit vectors (2, directions), evenly spread over half a turn.
_DIRECTION = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
#: A shape at most w wide in k evenly spread directions has no distance above w / cos(90 degrees / k).
_BETWEEN_DIRECTIONS = float(1 / np.cos(np.pi / (2 * _DIRECTIONS)))
#: Projections that are held at once while slices are compared: they stay in the cache.
_PROJECTIONS = 100_000


def largest_component(mask: NDArray[np.bool_], plane_mm: Points) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    """The largest component of a slice with its holes filled, and the pixel counts of the others.

    ``mask`` is (rows, columns). Of equally large components the longest is taken.
    """
    if _is_simple(mask) or _is_simple(mask.T):
        return mask, ()
    from scipy.ndimage import label

    labels, count = label(mask, EIGHT_NEIGHBORS)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    equals = np.flatnonzero(sizes == sizes.max()).tolist()
    lengths = [0.0]
    if equals[1:]:
        lengths = [widest(row_ends(labels == i + 1), plane_mm, "center")[0] for i in equals]
    largest = equals[int(np.argmax(lengths))]
    others = tuple(sorted((int(n) for i, n in enumerate(sizes) if i != largest), reverse=True))
    return _filled(labels == largest + 1), others


def _filled(component: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The component without its holes: what is outside is joined to the border by pixel edges."""
    from scipy.ndimage import label

    around = np.ones((component.shape[0] + 2, component.shape[1] + 2), dtype=bool)
    np.logical_not(component, out=around[1:-1, 1:-1])
    outside, _ = label(around)
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
    return first, last, (first > 0) | mask[..., 0]


def row_ends(mask: NDArray[np.bool_]) -> Points:
    """First and last column set in each row (..., rows, 2); infinity and minus infinity in an empty row."""
    first, last, filled = row_extents(mask)
    ends = np.empty((*filled.shape, 2))
    ends[..., 0], ends[..., 1] = first, last
    ends[~filled] = (np.inf, -np.inf)
    return ends


def _between_rows(ends: Points, plane_mm: Points, border: str) -> Iterator[tuple[Points, Points, float]]:
    """Squared distances (..., rows, rows) from each row's first pixel to each row's last, by border steps.

    The largest of them is the largest between any two pixels: of two rows the ends that are farther apart
    along the rows are the first of one and the last of the other. Where the last lies before the first,
    the distance counts as less, as the rows' other two ends are farther apart. With each comes the step that
    was added, in rows (rows, rows) and in columns.
    """
    rows = np.arange(float(ends.shape[-2]))
    (across, along), (_, pixel) = plane_mm.tolist()
    places = ends * pixel + (rows * along)[:, None]
    beyond = places[..., None, :, 1] - places[..., :, None, 0]
    apart = rows - rows[:, None]
    for row, column in _BORDER_STEPS[border]:
        for step in _steps(apart, row, both=bool(row) and abs(along) >= _PERPENDICULAR * pixel):
            reach = beyond + (along * step + column * pixel) if row or column else beyond
            squared = np.abs(reach)
            squared *= reach
            squared += np.square((apart + step if row else apart) * across)
            yield squared, step, column


def _steps(apart: Points, row: float, both: bool) -> Iterator[Points]:
    """A border's step in rows, away from the other row; if ``both``, toward it too, as columns may slant."""
    away = np.where(apart < 0, -row, row) if row else np.zeros_like(apart)
    yield away
    if both:
        yield -away


def widest_of_each(ends: Points, plane_mm: Points, border: str) -> NDArray[np.float64]:
    """Largest distance (slices,) across each slice of ``row_ends`` (slices, rows, 2). [mm]"""
    squared = [table.max(axis=(-2, -1)) for table, _, _ in _between_rows(ends, plane_mm, border)]
    return np.asarray(np.sqrt(np.maximum(np.max(squared, axis=0), 0.0)))


def widest(ends: Points, plane_mm: Points, border: str) -> tuple[float, Points]:
    """Largest distance across one slice's ``row_ends`` (rows, 2) and its two ends (2, 2) as indices. [mm]"""
    longest, pair = -1.0, np.zeros((2, 2))
    for squared, rows, columns in _between_rows(ends, plane_mm, border):
        most = float(squared.max())
        if most > longest * _EQUAL:
            at = int((squared >= most / _EQUAL).argmax())  # of equals the first, whatever rounding says
            one, other = divmod(at, len(ends))
            row, column = rows[one, other] / 2, columns / 2
            pair = np.array([(one - row, ends[one, 0] - column), (other + row, ends[other, 1] + column)])
            longest = most
    return math.sqrt(longest), pair


def longest_possible(ends: Points, plane_mm: Points, border: str) -> NDArray[np.float64]:
    """For each slice of ``row_ends`` (slices, rows, 2) a length that no distance across it exceeds. [mm]

    Less exact than :func:`widest_of_each`, and quicker where there are many rows.
    """
    slices, rows, _ = ends.shape
    filled = ends[..., 0] <= ends[..., 1]
    some = filled.argmax(axis=1)  # an empty row repeats the ends of the first row that is not
    corners = np.empty((slices, rows, 2, 2))
    corners[..., 0] = np.where(filled, np.arange(rows), some[:, None])[..., None]
    corners[..., 1] = np.where(filled[..., None], ends, ends[np.arange(slices), some][:, None])
    points = corners.reshape(slices, 2 * rows, 2)
    directions = plane_mm @ _DIRECTION
    widths = np.empty((slices, _DIRECTIONS))
    at_once = max(1, _PROJECTIONS // (2 * rows * _DIRECTIONS))
    for start in range(0, slices, at_once):
        along = points[start : start + at_once] @ directions
        np.subtract(along.max(axis=1), along.min(axis=1), out=widths[start : start + at_once])
    reach = (np.array(_BORDER_STEPS[border]) @ np.abs(directions)).max(axis=0)
    return np.asarray((widths + reach).max(axis=1) * _BETWEEN_DIRECTIONS)


def padded(component: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Components (..., rows, columns) as 0 and 1, padded by :data:`PADDING_PIXELS`."""
    *stack, rows, columns = component.shape
    field = np.zeros((*stack, rows + 2 * PADDING_PIXELS, columns + 2 * PADDING_PIXELS))
    field[..., PADDING_PIXELS:-PADDING_PIXELS, PADDING_PIXELS:-PADDING_PIXELS] = component
    return field


def smoothed(components: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Components (slices, rows, columns) as shares of inside, padded and smoothed within each slice."""
    from scipy.ndimage import gaussian_filter

    width = (0.0, SMOOTHING_PIXELS, SMOOTHING_PIXELS)
    return np.asarray(gaussian_filter(padded(components), width, truncate=4.0, mode="constant"))


def contour_hulls(fields: NDArray[np.float64]) -> list[Points]:
    """Points (n, 2) that hold the convex hull of where each smoothed slice crosses :data:`OUTLINE_LEVEL`.

    Indices are those of the unpadded components. Empty if a component vanished.
    """
    hulls = []
    for rows, columns in zip(_crossings(fields), _crossings(fields.transpose(0, 2, 1)), strict=True):
        (row, at_row), (column, at_column) = _hull_of_rows(rows), _hull_of_rows(columns)
        hulls.append(np.array([row + at_column, at_row + column]).T - PADDING_PIXELS)
    return hulls


def _crossings(fields: NDArray[np.float64]) -> Points:
    """First and last crossing of the level in each row (slices, rows, 2), infinite as in ``row_ends``."""
    first, last, filled = row_extents(fields >= OUTLINE_LEVEL)
    at, row = np.nonzero(filled)
    inside = np.stack([first[at, row], last[at, row]], axis=1)
    outward = np.array([-1, 1])
    at, row = at[:, None], row[:, None]
    share = fields[at, row, inside]
    crossing = inside + outward * (share - OUTLINE_LEVEL) / (share - fields[at, row, inside + outward])
    ends = np.empty((*filled.shape, 2))
    ends[...] = (np.inf, -np.inf)
    ends[filled] = crossing
    return ends


def _hull_of_rows(ends: Points) -> tuple[list[float], list[float]]:
    """Rows and places along them of the points that are convex among the ends (rows, 2) of the rows."""
    filled = np.flatnonzero(np.isfinite(ends[:, 0]))
    rows, (first, last) = filled.tolist(), ends[filled].T.tolist()
    left, right = _convex(rows, first), _convex(rows, [-place for place in last])
    return [rows[i] for i in left + right], [first[i] for i in left] + [last[i] for i in right]


def _convex(at: list[int], place: list[float]) -> list[int]:
    """Which points of a chain with ascending ``at`` lie below every line between two others.

    Plain numbers: a chain is a few dozen points, less than a handful of array operations cost.

    References
    ----------
    .. [1] Andrew AM. Another efficient algorithm for convex hulls in two dimensions. Inf Process Lett
       1979;9:216-219.
    """
    kept: list[int] = []
    for i in range(len(at)):
        while len(kept) > 1:
            j, k = kept[-2], kept[-1]
            if (place[i] - place[j]) * (at[k] - at[j]) > (at[i] - at[j]) * (place[k] - place[j]):
                break
            kept.pop()
        kept.append(i)
    return kept


def farthest_pair(points: Points, plane_mm: Points) -> tuple[float, Points]:
    """Largest distance between two points (n, 2) and its two ends (2, 2) as indices. [mm]"""
    row, column = (points @ plane_mm).T
    squared = (row[:, None] - row) ** 2 + (column[:, None] - column) ** 2
    most = float(squared.max())
    pair = divmod(int((squared >= most / _EQUAL).argmax()), len(points))
    return math.sqrt(most), points[list(pair)]


# --- the closed outline, for chords ----------------------------------------------------------------

#: Pieces of outline in a cell of four pixel centers, by which of them are inside: (0, 0) counts 1, (0, 1) 2,
#: (1, 0) 4, (1, 1) 8. Each piece joins two edges of the cell (0 top, 1 bottom, 2 left, 3 right); the two
#: saddles (6 and 9) have a second piece and join the inside, as :data:`EIGHT_NEIGHBORS` does.
_PIECE = np.array(
    [(0, 0), (0, 2), (0, 3), (2, 3), (1, 2), (0, 1), (0, 2), (1, 3),
     (1, 3), (0, 3), (0, 1), (1, 2), (2, 3), (0, 3), (0, 2), (0, 0)]
)  # fmt: skip
_SECOND_PIECE = {6: (1, 3), 9: (1, 2)}


_IS_SADDLE = np.array([case in _SECOND_PIECE for case in range(16)])
#: First pixel center (row, column) of each edge of a cell, and the step to the other.
_EDGE_START = np.array([(0, 0), (1, 0), (0, 0), (0, 1)])
_EDGE_STEP = np.array([(0, 1), (0, 1), (1, 0), (1, 0)])


def contour_pieces(field: NDArray[np.float64], level: float = OUTLINE_LEVEL) -> Points:
    """Straight pieces (n, 2, 2) of the outline at ``level``: marching squares, in no order.

    Indices are those of the unpadded component.
    """
    inside = (field >= level).view(np.uint8)
    pairs = inside[:, :-1] + 2 * inside[:, 1:]
    case = pairs[:-1] + 4 * pairs[1:]
    cell = np.stack(np.nonzero((case - np.uint8(1)) < 14), axis=1)  # neither 0, which wraps around, nor 15
    case = case[cell[:, 0], cell[:, 1]]
    edges = _PIECE[case]
    if _IS_SADDLE[case].any():
        second = {saddle: case == saddle for saddle in _SECOND_PIECE}
        edges = np.concatenate(
            [edges, *(np.full((int(at.sum()), 2), _SECOND_PIECE[saddle]) for saddle, at in second.items())]
        )
        cell = np.concatenate([cell, *(cell[at] for at in second.values())])
    start, step = cell[:, None] + _EDGE_START[edges], _EDGE_STEP[edges]
    width = field.shape[1]
    one = start[..., 0] * width + start[..., 1]
    low, high = field.take(one), field.take(one + np.where(edges < 2, 1, width))
    share = (level - low) / (high - low)
    return np.asarray(start + share[..., None] * step - PADDING_PIXELS)


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
    x, y = ((along[1] - along[0]) @ plane_mm).tolist()
    length = math.hypot(x, y)
    turn = np.array([[x, -y], [y, x]]) / length
    to_line = plane_mm @ turn  # (offset, height)
    turned = (pieces.reshape(-1, 2) @ to_line).reshape(-1, 2, 2)
    start, end = turned[:, 0], turned[:, 1]
    slanted = start[:, 0] != end[:, 0]
    start, end = start[slanted], end[slanted]
    if not len(start):
        return 0.0, np.repeat(along[:1], 2, axis=0)
    offsets = np.sort(turned[:, :, 0], axis=None)
    offsets = np.append(offsets[:-1][offsets[1:] != offsets[:-1]], offsets[-1])
    one, other = np.searchsorted(offsets, start[:, 0]), np.searchsorted(offsets, end[:, 0])
    low, strips = np.minimum(one, other), np.abs(one - other)
    piece = np.repeat(np.arange(len(start)), strips)
    strip = np.arange(piece.size) - np.repeat(np.cumsum(strips) - strips - low, strips)
    slope = (end[:, 1] - start[:, 1]) / (end[:, 0] - start[:, 0])
    start, slope = start[piece], slope[piece]
    left = start[:, 1] + slope * (offsets[strip] - start[:, 0])
    right = start[:, 1] + slope * (offsets[strip + 1] - start[:, 0])
    order = np.lexsort((left + right, strip))
    bottom, top = order[0::2], order[1::2]
    lengths = np.stack([left[top] - left[bottom], right[top] - right[bottom]], axis=1)
    which, border = divmod(int(lengths.argmax()), 2)
    heights = (left, right)[border]
    offset = offsets[strip[bottom[which]] + border]
    ends = np.array([(offset, heights[bottom[which]]), (offset, heights[top[which]])])
    return float(lengths[which, border]), ends @ np.linalg.inv(to_line)


def share_inside(field: NDArray[np.float64], ends: Points, plane_mm: Points, tolerance: float = 0.1) -> float:
    """Share of the straight line between ``ends`` that lies in the component, 0 to 1.

    ``field`` is a padded share of inside. A line that runs along the border counts as inside: the limit
    is ``tolerance`` below :data:`OUTLINE_LEVEL`.
    """
    from scipy.ndimage import map_coordinates

    length = math.hypot(*((ends[1] - ends[0]) @ plane_mm).tolist())
    pixel = min(math.hypot(*axis) for axis in plane_mm.tolist())
    steps = max(1, math.ceil(length / (0.1 * pixel)))
    share = (np.arange(steps) + 0.5) / steps
    where = ends[0][:, None] + (ends[1] - ends[0])[:, None] * share + PADDING_PIXELS
    values = map_coordinates(field, where, order=1)
    return int(np.count_nonzero(values >= OUTLINE_LEVEL - tolerance)) / steps
