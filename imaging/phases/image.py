"""What the voxels of a study say about its phases: find, measure, judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.phases.common_grid import CommonGrid, common_grids
from imaging.phases.landmarks import Landmarks
from imaging.phases.measurements import measure_grid, measure_masks
from imaging.phases.pass_numbers import PassNumbers
from imaging.phases.phase import Phase
from imaging.phases.plausibility import SAME_AORTA_HU, ImageReading, read_passes
from imaging.volume import Acquisition

#: What is said of the only pass of its place.
ALONE = "one pass alone, bone is not told from blood"
#: Acquisition key -> organ name -> mask on the acquisition's grid.
OrganMasks = Mapping[str, Mapping[str, NDArray[np.bool_]]]


@dataclass(frozen=True, eq=False)
class Sight:
    """What was found on one common grid, for pictures: grid, landmarks and numbers."""

    grid: CommonGrid
    marks: Landmarks
    numbers: Mapping[str, PassNumbers]


def look(acquisitions: Sequence[Acquisition], progress: Callable[[str], None] | None = None) -> list[Sight]:
    """Find and measure the landmarks of every group of passes that share their place."""
    sights = []
    for grid in common_grids([a for a in acquisitions if a.header.modality in ("CT", "")]):
        if progress is not None:
            progress(f"looking at {len(grid.hu)} passes")
        numbers, marks = measure_grid(grid)
        sights.append(Sight(grid, marks, numbers))
    return sights


def read_images(
    acquisitions: Sequence[Acquisition],
    organ_masks: OrganMasks | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, ImageReading]:
    """What the image of each CT acquisition says; acquisitions that cannot be judged are left out."""
    kvp = {a.key: a.header.kvp for a in acquisitions}
    masks = organ_masks or {}
    masked = {a.key: measure_masks(a.volume.voxels, masks[a.key]) for a in acquisitions if masks.get(a.key)}
    found = read_passes(masked, kvp) if masked else {}
    for sight in look([a for a in acquisitions if a.key not in masked], progress):
        found.update(_told_apart(read_passes(sight.numbers, kvp)))
    return found


def _told_apart(readings: Mapping[str, ImageReading]) -> Mapping[str, ImageReading]:
    """The readings where passes differ; of one pass alone (or its reconstructions) the numbers only.

    What stays bright from pass to pass is bone. In one pass alone nothing tells it from blood: of 220 slabs
    of two real studies, 13 had a vertebra or bowel for an aorta and a wrong definite phase.
    """
    aortas = [r.aorta_hu for r in readings.values() if r.aorta_hu is not None]
    if not aortas or max(aortas) - min(aortas) > SAME_AORTA_HU:
        return readings
    return {
        key: ImageReading(Phase.UNDETERMINED, frozenset(), f"{ALONE}: {reading.written}", reading.aorta_hu)
        for key, reading in readings.items()
    }
