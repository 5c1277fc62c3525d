"""A label map that knows exactly what was changed in it.

An editor (napari, a script, a segmentation) writes into a ``LabelVolume`` as into any array. Every
``volume[key] = value`` is compared with a shadow copy inside the box that ``key`` touches, so the
volume can say which voxels changed from what to what, hand that over as one ``LabelEdit`` per
stroke, and take an edit back. Observing the array instead of the editor catches every path, an
editor's own undo included.

The shadow is needed because editors often change a view first and assign it afterwards: by then the
old values are gone from the volume itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError

#: Labels are stored in one byte; 0 is background.
MAX_LABEL = 255

Listener = Callable[["LabelChange"], None]


@dataclass(frozen=True, eq=False)
class LabelChange:
    """Voxels that one write changed.

    Attributes
    ----------
    voxels : (n,) array of int64
        Flat indices into the volume, ascending.
    before, after : (n,) arrays of uint8
        Their labels.
    shape : (slices, rows, columns)
        Of the volume.
    """

    voxels: NDArray[np.int64]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    shape: tuple[int, int, int]

    @cached_property
    def slices(self) -> tuple[int, ...]:
        """Slices that hold a changed voxel, ascending."""
        return tuple(np.unique(self.voxels // (self.shape[1] * self.shape[2])).tolist())

    @cached_property
    def labels(self) -> frozenset[int]:
        """Labels that gained or lost a voxel (background left out)."""
        touched = np.union1d(np.unique(self.before), np.unique(self.after))
        return frozenset(int(label) for label in touched if label)


@dataclass(frozen=True, eq=False)
class LabelEdit:
    """Everything one stroke changed, as one net change: it can be done and undone."""

    change: LabelChange

    @property
    def inverse(self) -> LabelEdit:
        """The edit that takes this one back."""
        c = self.change
        return LabelEdit(LabelChange(c.voxels, c.after, c.before, c.shape))


class LabelVolume(np.ndarray):
    """Label map (slices, rows, columns) of uint8 with a journal of its changes.

    Views and copies are plain arrays to the journal: writing into them is not seen until the result
    is assigned to the volume, or ``note_written`` names the box.

    Examples
    --------
    >>> volume = LabelVolume.empty((2, 3, 3))
    >>> volume[1, 0:2, 0:2] = 7
    >>> stroke = volume.commit()
    >>> stroke.change.slices, stroke.change.voxels.tolist()
    ((1,), [9, 10, 12, 13])
    >>> volume.apply(stroke.inverse)
    >>> int(volume.sum())
    0
    """

    _shadow: NDArray[np.uint8] | None
    _pending: list[LabelChange]
    _listeners: list[Listener]

    @classmethod
    def empty(cls, shape: tuple[int, int, int]) -> LabelVolume:
        """A volume of background; memory is only taken where something is drawn."""
        volume = np.zeros(shape, dtype=np.uint8).view(cls)
        volume._shadow = np.zeros(shape, dtype=np.uint8)
        volume._pending = []
        volume._listeners = []
        return volume

    def __array_finalize__(self, parent: Any) -> None:
        # Slices, copies and results of arithmetic keep no journal: only the volume itself reports.
        self._shadow = None
        self._pending = []
        self._listeners = []

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if self._shadow is not None:
            self.note_written(key)

    def __reduce__(self) -> Any:
        """Pickle and deepcopy as a plain array: a journal belongs to one object."""
        return np.asarray(self).__reduce__()

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each change, right after it was written."""
        self._listeners.append(listener)

    def note_written(self, key: Any) -> None:
        """Find what changed inside the box of an index expression, and report it."""
        assert self._shadow is not None
        box = _box(key, self.shape)
        if any(span.start >= span.stop for span in box):
            return
        now = np.asarray(self)[box]
        then = self._shadow[box]
        hit = np.nonzero(now != then)
        if hit[0].size == 0:
            return
        before, after = then[hit], now[hit]
        then[hit] = after
        corner = tuple(axis + span.start for axis, span in zip(hit, box, strict=True))
        voxels = np.ravel_multi_index(corner, self.shape).astype(np.int64)
        self._report(LabelChange(voxels, before, after, self._shape3))

    def commit(self) -> LabelEdit | None:
        """Net change since the last commit as one edit; None if nothing remains changed."""
        pending, self._pending = self._pending, []
        return _net(pending, self._shape3) if pending else None

    def apply(self, edit: LabelEdit) -> None:
        """Do an edit (or the inverse of one) without making it pending.

        Raises
        ------
        RegionError
            ``EDIT_OUT_OF_ORDER`` if the voxels no longer hold what the edit starts from; nothing
            is changed then.
        """
        assert self._shadow is not None
        change = edit.change
        flat, shadow = np.asarray(self).reshape(-1), self._shadow.reshape(-1)
        if change.shape != self._shape3 or (flat[change.voxels] != change.before).any():
            raise RegionError(
                "EDIT_OUT_OF_ORDER",
                f"an edit of {change.voxels.size} voxels does not start from the present labels",
                expected="edits to be undone in the reverse of the order in which they were made",
            )
        flat[change.voxels] = change.after
        shadow[change.voxels] = change.after
        for listener in self._listeners:
            listener(change)

    @property
    def _shape3(self) -> tuple[int, int, int]:
        slices, rows, columns = self.shape
        return int(slices), int(rows), int(columns)

    def _report(self, change: LabelChange) -> None:
        self._pending.append(change)
        for listener in self._listeners:
            listener(change)


def _net(pending: Iterable[LabelChange], shape: tuple[int, int, int]) -> LabelEdit | None:
    """Changes in the order they were made, merged: first ``before`` and last ``after`` of each voxel."""
    changes = list(pending)
    voxels = np.concatenate([c.voxels for c in changes])
    before = np.concatenate([c.before for c in changes])
    after = np.concatenate([c.after for c in changes])
    unique, first = np.unique(voxels, return_index=True)
    last = voxels.size - 1 - np.unique(voxels[::-1], return_index=True)[1]
    start, end = before[first], after[last]
    differs = start != end
    if not differs.any():
        return None
    return LabelEdit(LabelChange(unique[differs], start[differs], end[differs], shape))


def _box(key: Any, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Bounding box of an index expression; the whole volume where the expression is unusual."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(part is None or (isinstance(part, np.ndarray) and part.dtype == bool) for part in parts):
        return tuple(slice(0, n) for n in shape)
    if Ellipsis in [part for part in parts if not isinstance(part, np.ndarray)]:
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        fill = (slice(None),) * (len(shape) - len(parts) + 1)
        parts = parts[:at] + fill + parts[at + 1 :]
    parts = parts + (slice(None),) * (len(shape) - len(parts))
    return tuple(_span(part, n) for part, n in zip(parts, shape, strict=True))


def _span(part: Any, size: int) -> slice:
    """Smallest slice that holds one axis of an index expression."""
    if isinstance(part, slice):
        picked = range(size)[part]
        low, high = (picked[0], picked[-1]) if len(picked) else (0, -1)
        return slice(min(low, high), max(low, high) + 1) if len(picked) else slice(0, 0)
    index = np.asarray(part)
    if index.size == 0:
        return slice(0, 0)
    index = np.where(index < 0, index + size, index)
    return slice(int(index.min()), int(index.max()) + 1)
