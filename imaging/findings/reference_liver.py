"""The liver that a lesion is compared with: all reference regions of a phase, and whether they are liver.

Published studies took the liver as the mean of two or more regions [1]_, so several regions of one phase are
pooled over their voxels and the order in a file decides nothing. A reference that lies in a lesion or a
vessel, takes up contrast as blood does, or takes up none, is not liver, and no ratio to it means washout.

References
----------
.. [1] Kloeckner R et al. MRI-based quantification of washout. BMC Cancer 2016;16:758 (two regions).
.. [2] Minimally required iodine dose for hypervascular HCC on 80-kVp CT. AJR 2016, doi
   10.2214/AJR.15.15138 (111 patients: portal venous gain of liver = 5.9 HU + 150 HU per g iodine per kg).
.. [3] Liver enhancement on computed tomography is suboptimal in patients with liver steatosis. J Pers
   Med 2021;11:1255 (steatosis at 40 HU or less, unenhanced).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from imaging.findings.enhancement import ARTERIAL_PHASES
from imaging.findings.finding import Reason
from imaging.findings.printed_numbers import shown, side
from imaging.phases.phase import Phase
from imaging.regions.region import Region, RegionMask, RegionRole
from imaging.regions.statistics import RegionSample

#: A larger share of the reference in a lesion, vessel or other organ is more than voxels along a border.
MAXIMUM_SHARED_PERCENT = 5.0
#: Liver gains no more than this at 120 kVp, and in proportion more at lower voltages: 0.9 g iodine per kg,
#: a full dose in a patient of 50 kg, gives 141 HU at 80 kVp [2]_. Patent veins and the aorta gain more. [HU]
LARGEST_GAIN_HU = 100.0
_GAIN_KVP = 120.0
#: Where no voltage is recorded, the lowest one in use is taken: it allows the most.
_LOWEST_KVP = 80.0
#: After the arterial phase it gains more than this: by the same line, what 0.03 g iodine per kg would give.
#: In the arterial phase it may gain nothing, but loses no more than noise and placement explain. [HU]
LEAST_GAIN_HU = 10.0
#: An unenhanced liver of no more than this is steatotic [3]_. [HU]
STEATOTIC_HU = 40.0


def pooled_liver(regions: Sequence[Region]) -> Region | None:
    """All reference livers among the regions as one, named after all of them; None if there is none.

    In each phase its mask holds the voxels of all of theirs; it is verified where all of them are.
    """
    livers = [r for r in regions if r.role is RegionRole.REFERENCE_LIVER]
    if len(livers) < 2:
        return livers[0] if livers else None
    keys = dict.fromkeys(key for liver in livers for key in liver.masks)
    masks = {key: _union([r.masks[key] for r in livers if key in r.masks]) for key in keys}
    return Region(" + ".join(r.id for r in livers), RegionRole.REFERENCE_LIVER, masks)


def _union(masks: Sequence[RegionMask]) -> RegionMask:
    """Voxels of any of the masks of one grid; as little verified, and as far off, as the worst of them."""
    if len(masks) == 1:
        return masks[0]
    low = np.min([m.offset for m in masks], axis=0)
    high = np.max([np.add(m.offset, m.voxels.shape) for m in masks], axis=0)
    box = np.zeros(high - low, dtype=bool)
    for mask in masks:
        box[_within(mask, low)] |= mask.voxels
    worst = min(masks, key=lambda m: (m.verified, -(m.residual_mm or 0.0)))
    offset = (int(low[0]), int(low[1]), int(low[2]))
    pooled = RegionMask.from_box(box, offset, worst.geometry, worst.provenance, worst.verified)
    return replace(pooled, residual_mm=worst.residual_mm)


def _within(mask: RegionMask, low: Sequence[int]) -> tuple[slice, ...]:
    """Index expression of a mask's box in a larger one that begins at ``low``."""
    begin = np.subtract(mask.offset, low)
    return tuple(slice(b, b + n) for b, n in zip(begin, mask.voxels.shape, strict=True))


def shared_voxels(a: RegionMask, b: RegionMask) -> int:
    """How many voxels two masks of one grid have in common."""
    low = np.maximum(a.offset, b.offset)
    high = np.minimum(np.add(a.offset, a.voxels.shape), np.add(b.offset, b.voxels.shape))
    if (high <= low).any():
        return 0
    first, second = (
        m.voxels[tuple(slice(i - o, j - o) for i, j, o in zip(low, high, m.offset, strict=True))]
        for m in (a, b)
    )
    return int((first & second).sum())


def holds_part_of(region: Region, liver: Region) -> bool:
    """Whether the regions share a voxel on any acquisition."""
    return any(shared_voxels(m, liver.masks[key]) for key, m in region.masks.items() if key in liver.masks)


def overlaps(liver: Region, others: Sequence[Region], key: str, phase: str) -> tuple[Reason, ...]:
    """Which regions that are no liver hold more than 5 % of a reference liver on one acquisition."""
    mine = liver.masks.get(key)
    if mine is None:
        return ()
    found = []
    for other in (r for r in others if key in r.masks):
        percent = 100 * shared_voxels(mine, other.masks[key]) / mine.count
        if side(percent, MAXIMUM_SHARED_PERCENT) > 0:
            share = shown(percent, MAXIMUM_SHARED_PERCENT, decimals=0)
            text = f"{share} % of the reference liver {liver.id} lies in {other.id} in the {phase} phase"
            found.append(Reason("LIVER_OVERLAPS", f"{text}: that is no liver to compare with"))
    return tuple(found)


def implausible_gain(
    liver: str, before: RegionSample, after: RegionSample, kvp: float | None, phase: Phase
) -> tuple[Reason, ...]:
    """That a reference liver takes up more contrast than liver does, or less. [HU]"""
    most = LARGEST_GAIN_HU * _GAIN_KVP / max(kvp or _LOWEST_KVP, _LOWEST_KVP)
    least = -LEAST_GAIN_HU if phase in ARTERIAL_PHASES else LEAST_GAIN_HU
    gain, words = after.mean - before.mean, phase.value.replace("_", " ")
    said = f"the reference liver {liver} gains {shown(gain, least, most)} HU up to the {words} phase"
    volts = "" if kvp is None else f" at {kvp:g} kVp"
    if side(gain, most) > 0:
        text = f"{said}, more than the {most:g} HU of any liver{volts}: it may lie in a vessel"
    elif side(gain, least) < 0:
        text = f"{said}, less than the {least:g} HU of any liver: it may lie in a cyst, a lesion or outside"
    else:
        return ()
    return (Reason("LIVER_IMPLAUSIBLE", text),)


def steatosis(liver: str, before: RegionSample) -> tuple[Reason, ...]:
    """A caution where the unenhanced reference is as dark as fat makes a liver."""
    if side(before.mean, STEATOTIC_HU) > 0:
        return ()
    text = (
        f"unenhanced, the reference liver {liver} has {shown(before.mean, STEATOTIC_HU)} HU, at most "
        f"{STEATOTIC_HU:g} HU: steatosis, which hides washout, or a region that lies outside of liver"
    )
    return (Reason("LIVER_DARK", text),)
