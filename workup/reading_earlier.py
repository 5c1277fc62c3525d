"""Regions of an earlier study as a starting point: where each would lie now, on what ground, or why not.

Two examinations are two positions of the patient on the table. Only a shared frame of reference makes
their coordinates compare; otherwise the surroundings of each region are aligned, as phases are, and the
alignment must hold against the same measured error. What cannot be aligned comes without an outline: the
region is there to be looked for. Nothing that comes this way is verified, and
how far tumor reaches in a vessel is not taken over: it is told, and left to be read anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from imaging.errors import MeasurementError
from imaging.findings.alignment import align
from imaging.findings.guards import MAXIMUM_RESIDUAL_MM
from imaging.findings.printed_numbers import shown
from imaging.phases.phase import Phase, PhaseDecision
from imaging.regions.placement import place_mask
from imaging.regions.region import Provenance, Region, RegionMask
from imaging.volume import Acquisition, Study
from workup.case.case import Case
from workup.errors import CaseError
from workup.reading import Reading

#: Tables and breath-holds differ by more between examinations than between phases of one. [mm]
SEARCH_MM = 60.0


@dataclass(frozen=True, eq=False)
class FromEarlier:
    """One region of an earlier study on the images in hand.

    Attributes
    ----------
    region : Region
        With an unverified outline on one acquisition, or without any.
    how : str
        In which frame or by which registration it was placed, or why it was not.
    """

    region: Region
    how: str

    @property
    def placed(self) -> bool:
        """Whether it comes with an outline."""
        return bool(self.region.masks)


def from_earlier(
    earlier: Case,
    earlier_decisions: Mapping[str, PhaseDecision],
    now: Study,
    to_key: str,
    phase: Phase,
) -> tuple[FromEarlier, ...]:
    """Every region of an earlier study, placed on one acquisition as far as that can be done.

    Parameters
    ----------
    earlier : Case
        The earlier study with its regions.
    earlier_decisions : mapping of acquisition key to PhaseDecision
        Its phases: outlines of the same phase are preferred.
    now, to_key, phase
        The study in hand, the acquisition that gets the outlines, and its phase.

    Raises
    ------
    CaseError
        ``ANOTHER_PATIENT``, ``SAME_STUDY``, or ``NO_REGIONS`` if the earlier study has none.
    """
    doubt = _check(earlier, now)
    target = now[to_key]
    found = []
    for region in earlier.regions:
        key = _best_key(region, earlier_decisions, phase)
        then = f"; its level then was {region.level.value}: give it anew" if region.level else ""
        bare = replace(region, masks={}, level=None, note=f"from an earlier study: {region.id}{then}")
        if key is None:
            found.append(FromEarlier(bare, "no outline: it was measured without one" + then + doubt))
            continue
        mask, how = _placed(region.masks[key], earlier.study[key], target)
        masks = {} if mask is None else {to_key: mask}
        found.append(FromEarlier(replace(bare, masks=masks), how + then + doubt))
    return tuple(found)


def _check(earlier: Case, now: Study) -> str:
    """Refuse what is no earlier study of this patient; what is to be said where that is not known."""
    if not earlier.regions:
        raise CaseError("NO_REGIONS", "the earlier study has no regions", expected="a study that was read")
    ours, theirs = ({a.header.patient_id_hash for a in s} - {None} for s in (now, earlier.study))
    if ours and theirs and ours != theirs:
        raise CaseError(
            "ANOTHER_PATIENT", "the two studies have different patient IDs", expected="one patient"
        )
    if {a.header.study_uid for a in now} & {a.header.study_uid for a in earlier.study} - {""}:
        raise CaseError(
            "SAME_STUDY",
            "these are the images in hand",
            expected="an earlier study of this patient",
            advice="Open the other read as a case folder of its own, or adjudicate",
        )
    return "" if ours and theirs else "; no patient ID tells whether it is the same patient"


def _best_key(region: Region, decisions: Mapping[str, PhaseDecision], phase: Phase) -> str | None:
    """The acquisition whose outline is taken: of the same phase, verified, in this order of weight."""

    def rank(key: str) -> tuple[bool, bool]:
        same = key in decisions and decisions[key].phase is phase
        return (not same, not region.masks[key].verified)

    return min(region.masks, key=rank, default=None)


def _placed(mask: RegionMask, source: Acquisition, target: Acquisition) -> tuple[RegionMask | None, str]:
    """The outline on the target, and on what ground; None with the reason."""
    frame = source.header.frame_of_reference_uid
    if frame is not None and frame == target.header.frame_of_reference_uid:
        there = place_mask(mask, target.volume.geometry)
        return _suggested(there, "in place: both studies share one frame of reference")
    # the frames are known to differ: one shift is sought, and believed only if the images bear it out
    assumed = replace(target, header=replace(target.header, frame_of_reference_uid="assumed"))
    fixed = replace(source, header=replace(source.header, frame_of_reference_uid="assumed"))
    middle = mask.positions_mm().mean(axis=0).tolist()
    try:
        found = align(fixed, assumed, middle, search_mm=SEARCH_MM)
    except MeasurementError as error:
        return None, f"no outline: {error.found}"
    if found.residual_mm > MAXIMUM_RESIDUAL_MM:
        error_mm = shown(found.residual_mm, MAXIMUM_RESIDUAL_MM)
        left = f"{error_mm} mm of error are left, more than {MAXIMUM_RESIDUAL_MM:g} mm"
        return None, f"no outline: {left}"
    there = place_mask(mask, target.volume.geometry, found.to_fixed, found.residual_mm)
    left_mm, posterior_mm, superior_mm = found.shift_mm
    return _suggested(
        there,
        f"registered: moved by {left_mm:+.0f} mm left, {posterior_mm:+.0f} mm back, "
        f"{superior_mm:+.0f} mm up; {found.residual_mm:.1f} mm of error left, "
        f"{found.agreement.share:.0%} of the structure agrees",
    )


def _suggested(mask: RegionMask | None, how: str) -> tuple[RegionMask | None, str]:
    if mask is None:
        return None, "no outline: the images in hand do not reach it"
    return replace(mask, provenance=Provenance.SUGGESTED, verified=False), how


def take(reading: Reading, found: tuple[FromEarlier, ...]) -> tuple[str, ...]:
    """Take regions into the reading, as one step; their ids. Voxels of other regions stay with them.

    Raises
    ------
    CaseError
        ``READ_SIGNED``.
    """
    reading.commit_stroke()
    case, ids = reading.to_case(), set(reading.state.regions)
    added: list[Region] = []
    for item in found:
        region = item.region
        region = replace(region, id=_free(region, ids), masks=_beside(region, reading))
        ids.add(region.id)
        added.append(region)
    title = "copy regions from an earlier study"
    reading.take_over(replace(case, regions=(*case.regions, *added)), title)
    if added:
        reading.activate(added[0].id)
    return tuple(region.id for region in added)


def _free(region: Region, taken: set[str]) -> str:
    n = 1
    while f"{region.role.value}_{n}" in taken:
        n += 1
    return f"{region.role.value}_{n}"


def _beside(region: Region, reading: Reading) -> dict[str, RegionMask]:
    """The region's outlines without the voxels that others have already."""
    kept = {}
    for key, mask in region.masks.items():
        free = mask.voxels & (reading.labels[key][mask.slices] == 0)
        if free.any():
            cut = RegionMask.from_box(free, mask.offset, mask.geometry, mask.provenance, mask.verified)
            kept[key] = replace(cut, residual_mm=mask.residual_mm)
    return kept
