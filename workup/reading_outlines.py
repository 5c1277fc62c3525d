"""The voxels of a reading: one label volume and its live statistics per acquisition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.regions.label_volume import LabelChange, LabelEdit, LabelVolume
from imaging.regions.live_statistics import LiveStatistics
from imaging.regions.region import RegionMask
from imaging.volume import Study
from workup.reading_state import MaskState, RegionEntry

Edits = Mapping[str, LabelEdit]


class Outlines:
    """Label volumes of a study, by acquisition key, and the masks cut out of them.

    Parameters
    ----------
    study : Study
    written : callable
        Told (acquisition key, slices) after every change, in the middle of a stroke as well.
    """

    def __init__(self, study: Study, written: Callable[[str, tuple[int, ...]], None]) -> None:
        self._geometry = {a.key: a.volume.geometry for a in study}
        self._tell = written
        self._cut: dict[tuple[int, str], RegionMask | None] = {}
        self.labels: dict[str, LabelVolume] = {}
        self.statistics: dict[str, LiveStatistics] = {}
        for acquisition in study:
            self._add(acquisition.key, LabelVolume.empty(acquisition.volume.geometry.shape))
            self.statistics[acquisition.key] = LiveStatistics(
                acquisition.volume, self.labels[acquisition.key]
            )

    def _add(self, key: str, labels: LabelVolume) -> None:
        self.labels[key] = labels
        labels.listen(lambda change: self._written(key, change))

    def _written(self, key: str, change: LabelChange) -> None:
        self.statistics[key].update(change.slices)
        for label in change.labels:
            self._cut.pop((label, key), None)
        self._tell(key, change.slices)

    def has(self, label: int, key: str) -> bool:
        """Whether a label has voxels on an acquisition."""
        return bool(self.statistics[key].slices(label))

    def place(self, entry: RegionEntry, key: str, mask: RegionMask) -> RegionEntry:
        """Put an outline in; the entry that says so. It is kept apart where another region lies."""
        self._check(key, mask)
        box = np.asarray(self.labels[key])[mask.slices].copy()
        if box[mask.voxels].any():
            return entry.with_apart(key, mask)
        box[mask.voxels] = entry.label
        self.labels[key][mask.slices] = box
        return entry.with_mask(key, MaskState.of(mask))

    def clear(self) -> None:
        """Take every outline away."""
        for key in self.labels:
            for label in self.statistics[key].labels():
                self.write(key, label, None)

    def write(self, key: str, label: int, mask: RegionMask | None) -> int:
        """Give a label these voxels and no other; how many were left to other labels."""
        if mask is not None:
            self._check(key, mask)
        labels, slices = self.labels[key], self.statistics[key].slices(label)
        if slices:
            slab = np.asarray(labels)[slices[0] : slices[-1] + 1].copy()
            slab[slab == label] = 0
            labels[slices[0] : slices[-1] + 1] = slab
        if mask is None:
            return 0
        box = np.asarray(labels)[mask.slices].copy()
        free: NDArray[np.bool_] = mask.voxels & (box == 0)
        box[free] = label
        labels[mask.slices] = box
        return int(mask.voxels.sum() - free.sum())

    def _check(self, key: str, mask: RegionMask) -> None:
        if not mask.geometry.same_grid(self._geometry[key]):
            raise RegionError(
                "GRID_MISMATCH", f"an outline on {mask.geometry!r}", expected=f"{self._geometry[key]!r}"
            )

    def mask(self, entry: RegionEntry, key: str) -> RegionMask | None:
        """Where a region lies on one acquisition; None where it has no voxel."""
        if key in entry.apart:
            return entry.apart[key]
        if (entry.label, key) not in self._cut:
            self._cut[entry.label, key] = self._cut_out(entry, key)
        return self._cut[entry.label, key]

    def _cut_out(self, entry: RegionEntry, key: str) -> RegionMask | None:
        slices = self.statistics[key].slices(entry.label)
        if not slices:
            return None
        first, last = slices[0], slices[-1] + 1
        slab = np.asarray(self.labels[key])[first:last] == entry.label
        rows, columns = np.flatnonzero(slab.any(axis=(0, 2))), np.flatnonzero(slab.any(axis=(0, 1)))
        box = slab[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
        box.setflags(write=False)
        how = entry.masks.get(key, MaskState())
        corner = (first, int(rows[0]), int(columns[0]))
        return RegionMask(
            corner, box, self._geometry[key], how.provenance, how.verified, residual_mm=how.residual_mm
        )

    def forget(self) -> None:
        """Cut masks out again: how they came to be may have changed."""
        self._cut.clear()

    def commit(self) -> dict[str, LabelEdit]:
        """What was written since the last commit, by acquisition."""
        found = {key: labels.commit() for key, labels in self.labels.items()}
        return {key: edit for key, edit in found.items() if edit is not None}

    def apply(self, edits: Edits) -> None:
        """Do edits that were committed before."""
        for key, edit in edits.items():
            self.labels[key].apply(edit)

    def revert(self, edits: Edits) -> None:
        """Take committed edits back."""
        for key, edit in edits.items():
            self.labels[key].apply(edit.inverse)
