"""Maps around a region agree with the truth of the phantom, or say why there is none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from imaging.findings.display import box_around, seen_on
from imaging.findings.region_maps import RegionMap, region_maps
from imaging.geometry import VolumeGeometry
from imaging.phantom.phantom import Phantom, make_phantom
from imaging.phantom.reader import drawn_labels, drawn_regions
from imaging.phantom.spec import DYNAMIC_CT, PhantomSpec
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.placement import contains
from imaging.regions.region import Region, RegionMask, RegionRole
from imaging.volume import Acquisition, Study, Volume


@cache
def phantom() -> Phantom:
    """Breath-holds that differ by up to 7 mm, which a map without registration would show as enhancement."""
    scans = tuple(
        replace(scan, breathing_mm=(0.0, 0.0, z)) for scan, z in zip(DYNAMIC_CT, (0, 5, 2, 7), strict=True)
    )
    return make_phantom(PhantomSpec(shape=(40, 128, 128), spacing_mm=(5.0, 2.8, 2.8), scans=scans))


@cache
def regions() -> dict[str, Region]:
    kinds = {r.label: r for r in drawn_regions(phantom())}
    masks: dict[str, dict[str, RegionMask]] = {kind.id: {} for kind in kinds.values()}
    for a in phantom().acquisitions:
        labels = drawn_labels(phantom(), a.key)
        for label, kind in kinds.items():
            if (labels == label).any():
                masks[kind.id][a.key] = RegionMask.from_full(labels == label, a.volume.geometry)
    return {kind.id: Region(kind.id, RegionRole(kind.role), masks[kind.id]) for kind in kinds.values()}


@cache
def made(acquisitions: tuple[Acquisition, ...] | None = None) -> dict[tuple[str, Phase | None], RegionMap]:
    study = Study(acquisitions or phantom().acquisitions)
    decisions = {key: PhaseDecision(Role.IMAGE, phase, 1.0) for key, phase in phantom().phases().items()}
    found = region_maps(regions()["hcc1"], regions()["liver"], study, decisions)
    return {(m.name, m.phases[-1] if m.phases else None): m for m in found}


def inside(found: RegionMap, phase: Phase) -> np.ndarray:
    """The map's values in the tumor, as it was drawn on a phase."""
    assert found.values is not None
    assert found.geometry is not None
    positions = found.geometry.patient_mm(np.moveaxis(np.indices(found.geometry.shape), 0, -1))
    mask = regions()["hcc1"].masks[phantom().acquisition(phase).key]
    return found.values[contains(mask, positions)]


def native_mean(phase: Phase) -> float:
    a = phantom().acquisition(phase)
    return float(regions()["hcc1"].masks[a.key].values(a.volume.voxels).mean())


def test_maps_show_what_the_native_regions_measure_although_the_patient_breathed() -> None:
    found = made()

    enhancement = found["arterial_enhancement", Phase.UNENHANCED]
    washout = found["washout", Phase.PORTAL_VENOUS]
    arterial = native_mean(Phase.LATE_ARTERIAL)
    rise, drop = arterial - native_mean(Phase.UNENHANCED), arterial - native_mean(Phase.PORTAL_VENOUS)
    assert np.nanmean(inside(enhancement, Phase.LATE_ARTERIAL)) == pytest.approx(rise, abs=3)
    assert np.nanmean(inside(washout, Phase.LATE_ARTERIAL)) == pytest.approx(drop, abs=3)
    assert enhancement.shifts_mm[Phase.UNENHANCED][2] == pytest.approx(-5, abs=1)
    assert enhancement.residual_mm is not None
    assert enhancement.residual_mm <= 3


def test_the_ratio_to_liver_stays_on_its_own_phase_and_needs_no_alignment() -> None:
    found = made()["liver_to_lesion", Phase.DELAYED]

    a = phantom().acquisition(Phase.DELAYED)
    liver = regions()["liver"].masks[a.key].values(a.volume.voxels).mean()
    expected = 100 * liver / regions()["hcc1"].masks[a.key].values(a.volume.voxels)
    assert np.nanmedian(inside(found, Phase.DELAYED)) == pytest.approx(np.median(expected), rel=1e-3)
    assert found.residual_mm is None


def other_header(phase: Phase, **fields: object) -> tuple[Acquisition, ...]:
    key = phantom().acquisition(phase).key
    return tuple(
        replace(a, header=replace(a.header, **fields)) if a.key == key else a for a in phantom().acquisitions
    )


REFUSED = {
    "another tube voltage": ({"kvp": 80.0}, "PHASES_NOT_COMPARABLE"),
    "another frame of reference": ({"frame_of_reference_uid": "1.2.3"}, "FRAME_OF_REFERENCE"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_phases_that_do_not_compare_give_a_reason_and_no_map(name: str) -> None:
    fields, code = REFUSED[name]

    found = made(other_header(Phase.UNENHANCED, **fields))["arterial_enhancement", Phase.UNENHANCED]

    assert found.values is None
    assert code in [r.code for r in found.reasons]


def test_without_an_unenhanced_phase_there_is_no_enhancement_map() -> None:
    found = made(phantom().acquisitions[1:])["arterial_enhancement", Phase.LATE_ARTERIAL]

    assert found.values is None
    assert [r.code for r in found.reasons] == ["NO_UNENHANCED"]


def test_a_linear_image_is_seen_exactly_and_padding_spreads_to_what_is_made_of_it() -> None:
    grid = VolumeGeometry((6, 8, 8), np.diag([2.0, 1.0, 1.5, 1.0])[[2, 1, 0, 3]])
    values = grid.patient_mm(np.moveaxis(np.indices(grid.shape), 0, -1)).astype(np.float32) @ (1, 2, 3)
    valid = np.ones(grid.shape, dtype=bool)
    valid[2, 3, 4] = False
    moved = grid.index_to_patient_mm.copy()
    moved[:3, 3] += (0.25, 0.5, 0.75)
    other = VolumeGeometry((5, 6, 6), moved)

    seen = seen_on(Volume(values.astype(np.float32), grid, "HU", valid), other)

    expected = other.patient_mm(np.moveaxis(np.indices(other.shape), 0, -1)) @ (1, 2, 3)
    assert seen.valid is not None
    assert seen.voxels[seen.valid] == pytest.approx(expected[seen.valid], abs=1e-3)
    assert np.count_nonzero(~seen.valid) == 8
    assert seen.resampled


def test_a_box_keeps_the_place_of_its_voxels() -> None:
    volume = phantom().acquisitions[0].volume

    part = box_around(volume, (-60.0, 0.0, 10.0), 20.0)

    index = part.geometry.index(volume.geometry.patient_mm([22, 60, 40]))
    i, j, k = np.rint(index).astype(int)
    assert part.voxels[i, j, k] == volume.voxels[22, 60, 40]
