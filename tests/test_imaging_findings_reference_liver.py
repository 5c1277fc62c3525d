"""The reference is liver, and a region the same tissue in every phase; else there is no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from imaging.findings.assess_region import RegionFindings, assess_regions
from imaging.findings.finding import Finding
from imaging.findings.reference_liver import implausible_gain, pooled_liver, shared_voxels
from imaging.findings.same_place import apart_mm
from imaging.geometry import VolumeGeometry
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Region, RegionMask, RegionRole
from imaging.regions.statistics import RegionSample
from imaging.volume import Acquisition, AcquisitionHeader, Study, Volume

POS, NEG, IND, NA = (
    Finding.POSITIVE,
    Finding.NEGATIVE,
    Finding.INDETERMINATE,
    Finding.NOT_COMPUTABLE,
)
PHASES = (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED)
#: Tissue of each part of the picture, from the specification's reference object. [HU]
TISSUE = {
    "thrombus": ((0, 0), (45, 95, 85, 80)),
    "tumor": ((0, 20), (45, 95, 85, 80)),
    "right": ((20, 0), (60, 75, 110, 100)),
    "left": ((20, 20), (60, 75, 110, 100)),
    "vein": ((40, 0), (40, 110, 160, 115)),
    "fatty": ((40, 20), (10, 25, 60, 50)),
    "cyst": ((40, 40), (45, 46, 47, 46)),
}
GRID = VolumeGeometry((4, 60, 60), np.diag([2.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])


def study() -> Study:
    random = np.random.default_rng(0)
    acquisitions = []
    for number, phase in enumerate(PHASES):
        voxels = random.normal(0, 5, GRID.shape)
        for (row, column), values in TISSUE.values():
            voxels[:, row : row + 20, column : column + 20] += values[number]
        header = AcquisitionHeader(
            series_uid=str(number),
            modality="CT",
            frame_of_reference_uid="f",
            kvp=120.0,
            slice_thickness_mm=2.0,
        )
        acquisitions.append(Acquisition(phase.value, header, Volume(voxels.astype(np.float32), GRID, "HU")))
    return Study(tuple(acquisitions))


STUDY = study()
DECISIONS = {a.key: PhaseDecision(Role.IMAGE, Phase(a.key), 1.0) for a in STUDY}


def box(tissue: str, begin: int = 2, end: int = 18) -> RegionMask:
    (row, column), _ = TISSUE[tissue]
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[:, row + begin : row + end, column + begin : column + end] = True
    return RegionMask.from_full(mask, GRID)


def region(id_: str, role: RegionRole, tissue: str | None = None, **at: int) -> Region:
    return Region(id_, role, {a.key: box(tissue or id_, **at) for a in STUDY})


THROMBUS = region("thrombus", RegionRole.FILLING_DEFECT)
TUMOR = region("tumor", RegionRole.PRIMARY_TUMOR)
VEIN = region("vein", RegionRole.PORTAL_VEIN)


def liver(tissue: str, id_: str = "liver", **at: int) -> Region:
    return region(id_, RegionRole.REFERENCE_LIVER, tissue, **at)


def answer(*others: Region, defect: Region = THROMBUS) -> RegionFindings:
    return assess_regions((defect, *others), STUDY, DECISIONS)[0]


def codes(found: RegionFindings) -> set[str]:
    late = [r for p in found.washout.by_phase for r in p.reasons]
    return {r.code for r in (*found.washout.reasons, *late, *found.enhancement.reasons)}


REFERENCES: dict[str, tuple[Sequence[Region], Finding, str | None]] = {
    "liver is compared with": ((liver("right"), TUMOR, VEIN), POS, None),
    "two liver regions are pooled": ((liver("right", "a"), liver("left", "b"), TUMOR), POS, "LIVER_POOLED"),
    "the tumor is no reference": ((liver("tumor", begin=6), TUMOR), NA, "LIVER_OVERLAPS"),
    "the thrombus itself is no reference": ((liver("thrombus", begin=6),), NA, "LIVER_OVERLAPS"),
    "an outlined vein is no reference": ((liver("vein", begin=6), VEIN), NA, "LIVER_OVERLAPS"),
    "one bad region of two spoils the pool": (
        (liver("right", "a"), liver("tumor", "b", end=6), TUMOR),
        NA,
        "LIVER_OVERLAPS",
    ),
    "a vein that nobody outlined gains as no liver does": ((liver("vein"), TUMOR), IND, "LIVER_IMPLAUSIBLE"),
    "a vein among two liver regions is found by its own gain": (
        (liver("right", "a"), liver("vein", "b")),
        IND,
        "LIVER_IMPLAUSIBLE",
    ),
    "what takes up no contrast is no liver, and brighter than it is no lack of washout": (
        (liver("cyst"), TUMOR),
        IND,
        "LIVER_IMPLAUSIBLE",
    ),
    "a fatty liver keeps its numbers and gets a caution": ((liver("fatty"), TUMOR), NEG, "LIVER_DARK"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_washout_is_told_against_liver_only(name: str) -> None:
    others, washout, code = REFERENCES[name]

    found = answer(*others)

    assert (found.enhancement.finding, found.washout.finding) == (POS, washout)
    about_liver = {c for c in codes(found) if c.startswith("LIVER_")}
    assert code in about_liver if code else not about_liver


def test_the_order_of_reference_regions_changes_no_number() -> None:
    """Two regions of liver, one of which is darker: read in either order."""
    first, second = liver("right", "a"), liver("fatty", "b")

    one, other = answer(first, second), answer(second, first)

    ratios = [[p.ratio_percent for p in found.washout.by_phase] for found in (one, other)]
    assert ratios[0] == pytest.approx(ratios[1])
    assert ratios[0][0] == pytest.approx(100 * (110 + 60) / 2 / 85, abs=0.5)


def test_a_pool_is_as_little_verified_as_its_worst_region_and_counts_shared_voxels_once() -> None:
    seen, suggested = liver("right", "a"), liver("right", "b", begin=10)
    open_ = {key: replace(mask, verified=False) for key, mask in suggested.masks.items()}

    pool = pooled_liver([seen, replace(suggested, masks=open_)])

    assert pool is not None
    assert pool.id == "a + b"
    mask = pool.masks[Phase.PORTAL_VENOUS.value]
    assert not mask.verified
    assert mask.count == seen.masks[Phase.PORTAL_VENOUS.value].count
    assert shared_voxels(mask, suggested.masks[Phase.PORTAL_VENOUS.value]) == 4 * 8 * 8


GAINS = {
    "10 HU after the arterial phase may be liver": (10, 120.0, False),
    "9.9 HU after the arterial phase is no liver": (9.9, 120.0, True),
    "99 HU at 120 kVp may be liver": (99, 120.0, False),
    "101 HU at 120 kVp is no liver": (101, 120.0, True),
    "a thin patient's 141 HU at 80 kVp may be liver": (141, 80.0, False),
    "140 HU without a voltage may have been 80 kVp": (140, None, False),
    "160 HU is no liver at any voltage": (160, None, True),
}


@pytest.mark.parametrize("name", GAINS)
def test_how_much_contrast_a_liver_takes_up(name: str) -> None:
    gain, kvp, refused = GAINS[name]
    before, after = (RegionSample(mean, 5, 64, 400, 500) for mean in (60, 60 + gain))

    assert bool(implausible_gain("liver", before, after, kvp, Phase.PORTAL_VENOUS)) is refused


def test_a_liver_may_gain_nothing_in_the_arterial_phase_but_loses_nothing() -> None:
    before, same, less = (RegionSample(mean, 5, 64, 400, 500) for mean in (60, 58, 45))

    assert not implausible_gain("liver", before, same, 120.0, Phase.LATE_ARTERIAL)
    (reason,) = implausible_gain("liver", before, less, 120.0, Phase.LATE_ARTERIAL)
    assert "gains -15.0 HU up to the late arterial phase" in reason.message


def moved(one: Region, phase: Phase, rows: int) -> Region:
    mask = one.masks[phase.value]
    offset = (mask.offset[0], mask.offset[1] + rows, mask.offset[2])
    return replace(one, masks={**one.masks, phase.value: replace(mask, offset=offset)})


APART: dict[str, tuple[Phase, int, Finding, Finding]] = {
    "a thrombus that breathes by 30 mm stays itself": (Phase.PORTAL_VENOUS, 20, POS, POS),
    "a mask mirrored on the arterial phase gives no answer": (Phase.LATE_ARTERIAL, 41, NA, NA),
    "a mask mirrored on the unenhanced phase gives no enhancement": (Phase.UNENHANCED, 41, NA, IND),
    "a mask mirrored on one late phase leaves the other one": (Phase.DELAYED, 41, POS, POS),
}


@pytest.mark.parametrize("name", APART)
def test_a_region_lies_on_the_same_tissue_in_every_phase(name: str) -> None:
    phase, rows, enhancement, washout = APART[name]

    found = answer(liver("left"), defect=moved(THROMBUS, phase, rows))

    assert (found.enhancement.finding, found.washout.finding) == (enhancement, washout)
    assert ("REGION_ELSEWHERE" in codes(found)) is (rows > 30)
    if phase is Phase.DELAYED:
        assert found.washout.by_phase[1].finding is NA


def test_a_spot_inside_of_a_whole_outline_is_not_elsewhere() -> None:
    whole, spot = box("thrombus"), box("thrombus", begin=15)

    assert apart_mm(whole, spot) <= 1.0
    assert apart_mm(spot, whole) == apart_mm(whole, spot)


def test_an_outline_of_another_part_is_said_beside_the_answer() -> None:
    """A bright spot in the arterial phase against the whole thrombus before."""
    spot = box("thrombus", 8, 14)
    picked = replace(THROMBUS, masks={**THROMBUS.masks, Phase.LATE_ARTERIAL.value: spot})

    found = answer(liver("right"), defect=picked)

    said = [r.message for r in found.enhancement.reasons if r.code == "REGION_SIZE_DIFFERS"]
    assert found.enhancement.finding is POS
    assert said == ["thrombus holds 0.29 mL in one and 2 mL in the other phase: is it the same part of it?"]
    assert "REGION_SIZE_DIFFERS" not in codes(answer(liver("right")))


def test_phases_of_other_frames_of_reference_have_no_distance() -> None:
    study = Study(tuple(replace(a, header=replace(a.header, frame_of_reference_uid=a.key)) for a in STUDY))
    defect = moved(THROMBUS, Phase.DELAYED, 41)

    found = assess_regions((defect, liver("left")), study, DECISIONS)[0]

    assert "REGION_ELSEWHERE" not in codes(found)
