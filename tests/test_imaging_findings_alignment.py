"""Breathing shifts of the phantom are found, and pairs that cannot be aligned are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from imaging.errors import MeasurementError
from imaging.findings.alignment import _fits, align
from imaging.findings.blocks import Agreement
from imaging.findings.propagation import propagate
from imaging.geometry import VolumeGeometry
from imaging.phantom.phantom import Phantom, make_phantom
from imaging.phantom.spec import LATE_ARTERIAL, PORTAL_VENOUS, UNENHANCED, PhantomSpec
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition

TUMOR_MM = np.array((-101.0, 0.0, 10.0))
COARSE = PhantomSpec(shape=(40, 128, 128), spacing_mm=(5.0, 2.8, 2.8))


@cache
def breathing(shift_mm: tuple[float, float, float], seed: int = 1) -> Phantom:
    """An unenhanced and a portal venous pass with the organs shifted between them."""
    scans = (
        replace(UNENHANCED, breathing_mm=(0.0, 0.0, 0.0)),
        replace(PORTAL_VENOUS, breathing_mm=shift_mm),
    )
    return make_phantom(replace(COARSE, scans=scans, seed=seed))


@pytest.mark.parametrize("head_mm", [3.0, -12.0, 25.0])
def test_a_breathing_shift_is_found_within_a_millimeter_along_the_body(head_mm: float) -> None:
    before, after = breathing((1.0, -1.5, head_mm)).acquisitions

    found = align(before, after, TUMOR_MM.tolist())

    assert found.shift_mm[2] == pytest.approx(head_mm, abs=1.0)
    assert found.residual_mm < 3.0


@pytest.mark.long
def test_shifts_of_3_to_25_mm_are_found_within_a_millimeter_in_95_percent() -> None:
    random = np.random.default_rng(5)
    right = 0
    for seed in range(40):
        head = float(random.uniform(3, 25) * random.choice([-1, 1]))
        shift = (float(random.uniform(-2, 2)), float(random.uniform(-3, 3)), head)
        before, after = breathing(shift, seed).acquisitions
        try:
            found = align(before, after, TUMOR_MM.tolist())
        except MeasurementError:
            continue
        right += abs(found.shift_mm[2] - head) <= 1.0

    assert right >= 38


def change(
    acquisition: Acquisition, edit: Callable[[np.ndarray], np.ndarray], geometry: VolumeGeometry | None = None
) -> Acquisition:
    """The acquisition with other voxels, or at another place."""
    volume = acquisition.volume
    voxels = np.ascontiguousarray(edit(volume.voxels))
    return replace(
        acquisition, volume=replace(volume, voxels=voxels, geometry=geometry or volume.geometry, valid=None)
    )


def elsewhere(acquisition: Acquisition, by_mm: tuple[float, float, float]) -> Acquisition:
    """The acquisition as if the table had moved."""
    matrix = acquisition.volume.geometry.index_to_patient_mm.copy()
    matrix[:3, 3] += by_mm
    return change(acquisition, lambda v: v, VolumeGeometry(acquisition.volume.geometry.shape, matrix))


def header(acquisition: Acquisition, **fields: object) -> Acquisition:
    return replace(acquisition, header=replace(acquisition.header, **fields))


noise = np.random.default_rng(3)

IMPOSSIBLE: dict[str, Callable[[Acquisition], Acquisition]] = {
    "another frame of reference": lambda a: header(a, frame_of_reference_uid="1.2.3"),
    "no frame of reference": lambda a: header(a, frame_of_reference_uid=None),
    "MR beside CT": lambda a: replace(a, volume=replace(a.volume, unit="MR")),
    "nothing but one value": lambda a: change(a, lambda v: np.full_like(v, 60)),
    "nothing but noise": lambda a: change(a, lambda v: noise.normal(60, 30, v.shape).astype(np.int16)),
    "left and right swapped": lambda a: change(a, lambda v: v[:, :, ::-1]),
    "front and back swapped": lambda a: change(a, lambda v: v[:, ::-1]),
    "turned by a quarter": lambda a: change(a, lambda v: v.transpose(0, 2, 1)[:, ::-1]),
    "slices in random order": lambda a: change(a, lambda v: v[noise.permutation(len(v))]),
    "moved by 70 mm to the side": lambda a: elsewhere(a, (70.0, 0.0, 0.0)),
    "moved out of sight": lambda a: elsewhere(a, (0.0, 0.0, 400.0)),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_pair_is_refused(name: str) -> None:
    before, after = breathing((1.0, -1.5, 3.0)).acquisitions

    with pytest.raises(
        MeasurementError, match=r"frame of reference|could not be aligned|CT and the other MR"
    ):
        align(before, IMPOSSIBLE[name](after), TUMOR_MM.tolist())


@pytest.mark.parametrize(
    ("blocks", "share", "fits"), [(27, 0.51, True), (18, 0.5, True), (9, 0.55, False), (9, 0.61, True)]
)
def test_few_blocks_must_agree_more(blocks: int, share: float, fits: bool) -> None:
    """One layer of blocks, as a thin slab has, agrees by chance more easily."""
    assert _fits(Agreement(blocks, share, 2.0, 1.0)) is fits


@pytest.mark.long
def test_a_thin_noisy_slab_is_refused_or_right() -> None:
    """What its own blocks say is no proof there: the shift is compared with the true one."""
    before, after = breathing((1.0, -1.5, -12.0)).acquisitions
    middle = round(float(before.volume.geometry.index(TUMOR_MM)[0]))
    random, said = np.random.default_rng(0), 0
    for _ in range(6):
        thin = [slab(a, middle - k, middle + k + 1, random) for a, k in ((before, 4), (after, 8))]
        try:
            found = align(*thin, TUMOR_MM.tolist())
        except MeasurementError as refused:
            assert refused.code == "REGISTRATION_FAILED"
            continue
        said += 1
        assert np.linalg.norm(np.array(found.shift_mm) - (1.0, -1.5, -12.0)) < 4.0

    assert said < 6


def slab(acquisition: Acquisition, low: int, high: int, random: np.random.Generator) -> Acquisition:
    """Some slices of an acquisition with further noise of 25 HU."""
    geometry = acquisition.volume.geometry
    matrix = geometry.index_to_patient_mm.copy()
    matrix[:3, 3] = geometry.patient_mm([low, 0, 0])

    def noisy(voxels: np.ndarray) -> np.ndarray:
        return np.rint(voxels[low:high] + random.normal(0, 25, voxels[low:high].shape)).astype(np.int16)

    shape = (high - low, *geometry.shape[1:])
    return change(acquisition, noisy, VolumeGeometry(shape, matrix))


def test_a_propagated_mask_lies_where_the_tumor_went_and_waits_for_a_reader() -> None:
    phantom = breathing((1.0, -1.5, -12.0))
    before, after = phantom.acquisitions
    drawn = RegionMask.from_full(phantom.lesion_mask(before.key, "hcc1"), before.volume.geometry)

    found = propagate(drawn, before, after)

    truth = phantom.lesion_mask(after.key, "hcc1")
    overlap = 2 * (found.mask.full() & truth).sum() / (found.mask.count + truth.sum())
    assert overlap > 0.9
    assert not found.mask.verified
    assert found.mask.residual_mm == found.residual_mm
    assert found.accepted


def test_a_thin_region_bears_less_error_than_a_thick_one() -> None:
    """Clinical page E.5: 3 mm, and half of the shortest half-width."""
    phantom = breathing((1.0, -1.5, -12.0))
    before, after = phantom.acquisitions
    tumor = phantom.lesion_mask(before.key, "hcc1")
    thin = np.zeros_like(tumor)
    middle = int(np.flatnonzero(tumor.any(axis=(1, 2))).mean())
    thin[middle] = tumor[middle]

    found = propagate(RegionMask.from_full(thin, before.volume.geometry), before, after)

    assert found.limit_mm <= 2.5
    assert found.accepted == (found.residual_mm <= found.limit_mm)


def test_positions_go_there_and_back() -> None:
    before, after = breathing((1.0, -1.5, 3.0)).acquisitions
    found = align(before, after, TUMOR_MM.tolist(), kind="rigid")
    points = TUMOR_MM + np.random.default_rng(0).normal(0, 20, (5, 3))

    assert found.to_fixed(found.to_moving(points)) == pytest.approx(points)


def test_late_arterial_aligns_with_portal_venous_as_well() -> None:
    scans = (
        replace(LATE_ARTERIAL, breathing_mm=(0.0, 0.0, 0.0)),
        replace(PORTAL_VENOUS, breathing_mm=(-1.0, 2.0, 9.0)),
    )
    before, after = make_phantom(replace(COARSE, scans=scans)).acquisitions

    assert align(before, after, TUMOR_MM.tolist()).shift_mm[2] == pytest.approx(9.0, abs=1.0)
