"""Suggestions start from one click and never pass for a reader's drawing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.phantom.phantom import Phantom, make_phantom
from imaging.phantom.spec import PhantomSpec
from imaging.phases.phase import Phase
from imaging.regions.growing import grow_from_click, interpolate_slices, split_by_scribbles
from imaging.regions.region import Provenance, RegionMask
from imaging.regions.suggestions import suggest_aorta, suggest_reference_liver
from imaging.volume import Volume

SPACING = (2.0, 1.0, 1.0)


def grid(shape: tuple[int, int, int]) -> VolumeGeometry:
    s, r, c = SPACING
    return VolumeGeometry(shape, np.array([[0, 0, c, 0], [0, r, 0, 0], [s, 0, 0, 0], [0, 0, 0, 1.0]]))


def ball(shape: tuple[int, int, int], center_mm: tuple[float, float, float], radius_mm: float) -> np.ndarray:
    index = np.stack(np.indices(shape), -1) * SPACING
    return np.linalg.norm(index - np.array(center_mm), axis=-1) <= radius_mm


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def noisy(values: np.ndarray, sd: float = 10, seed: int = 0) -> Volume:
    random = np.random.default_rng(seed)
    return Volume((values + random.normal(0, sd, values.shape)).astype(np.int16), grid(values.shape))


SHAPE = (32, 64, 64)
MIDDLE = (32.0, 32.0, 32.0)
LESION = ball(SHAPE, MIDDLE, 12)


def test_a_click_in_a_ball_gives_the_ball() -> None:
    volume = noisy(np.where(LESION, 60, 120))

    grown = grow_from_click([volume], volume.geometry.patient_mm([16, 32, 32]))

    assert dice(grown.mask.full(), LESION) > 0.93
    assert grown.radius_mm == pytest.approx(12, abs=1)
    assert not grown.leaked


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_scale_of_mr_values_changes_no_suggestion(scale: float) -> None:
    volume = noisy(np.where(LESION, 60, 120))
    scaled = Volume(volume.voxels.astype(np.float32) * np.float32(scale), volume.geometry, "MR")

    grown = grow_from_click([scaled], volume.geometry.patient_mm([16, 32, 32]))

    assert dice(grown.mask.full(), LESION) > 0.93


def test_a_second_phase_tells_apart_what_one_phase_cannot() -> None:
    lesion_beside_spleen = LESION | ball(SHAPE, (32, 32, 52), 12)
    portal = noisy(np.where(lesion_beside_spleen, 60, 120))
    arterial = noisy(np.where(LESION, 140, 70), seed=1)
    click = portal.geometry.patient_mm([16, 32, 32])

    alone = grow_from_click([portal], click).mask.full()
    together = grow_from_click([portal, arterial], click).mask.full()

    assert dice(together, LESION) > 0.9 > dice(alone, LESION)


def test_growth_does_not_pass_a_thin_neck() -> None:
    other = ball(SHAPE, (32, 32, 54), 8)
    neck = np.zeros(SHAPE, dtype=bool)
    neck[16, 31:33, 44:48] = True
    volume = noisy(np.where(LESION | other | neck, 60, 120), sd=3)

    grown = grow_from_click([volume], volume.geometry.patient_mm([16, 32, 30])).mask.full()

    assert (grown & other).sum() < 0.05 * other.sum()


def test_growth_into_the_open_says_that_it_leaked() -> None:
    volume = noisy(np.full((48, 96, 96), 60.0))

    assert grow_from_click([volume], volume.geometry.patient_mm([24, 48, 48]), reach_mm=20).leaked


def test_a_click_outside_or_on_padding_is_refused() -> None:
    volume = noisy(np.where(LESION, 60, 120))
    padded = Volume(volume.voxels, volume.geometry, "HU", LESION)

    with pytest.raises(RegionError, match="outside of the volume"):
        grow_from_click([volume], (-50, 0, 0))
    with pytest.raises(RegionError, match="padding"):
        grow_from_click([padded], (0, 0, 0))


def test_every_suggestion_is_marked_and_unverified() -> None:
    volume = noisy(np.where(LESION, 60, 120))
    grown = grow_from_click([volume], volume.geometry.patient_mm([16, 32, 32])).mask

    assert (grown.provenance, grown.verified) == (Provenance.SUGGESTED, False)
    filled = interpolate_slices(grown)
    assert (filled.provenance, filled.verified) == (Provenance.SUGGESTED, False)


def test_scribbles_inside_and_outside_give_the_border_between_them() -> None:
    volume = noisy(np.where(LESION, 60, 140))
    inner = RegionMask.from_full(ball(SHAPE, MIDDLE, 5), volume.geometry)
    outer = RegionMask.from_full(ball(SHAPE, MIDDLE, 22) & ~ball(SHAPE, MIDDLE, 19), volume.geometry)

    found = split_by_scribbles(volume, inner, outer)

    assert dice(found.full(), LESION) > 0.9


def test_slices_between_drawn_ones_are_filled_and_drawn_ones_kept() -> None:
    sparse = LESION.copy()
    drawn = [11, 15, 19]
    sparse[[i for i in range(SHAPE[0]) if i not in drawn]] = False

    filled = interpolate_slices(RegionMask.from_full(sparse, grid(SHAPE))).full()

    assert all((filled[i] == LESION[i]).all() for i in drawn)
    between = [i for i in range(11, 20) if i not in drawn]
    assert dice(filled[between], LESION[between]) > 0.9


@cache
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(shape=(20, 160, 160), spacing_mm=(5.0, 2.2, 2.2)))


def test_suggested_liver_lies_in_liver_and_away_from_the_tumor() -> None:
    study = phantom()
    portal = study.acquisition(Phase.PORTAL_VENOUS)
    tumor = RegionMask.from_full(study.lesion_mask(portal.key, "hcc1"), portal.volume.geometry)

    found = suggest_reference_liver(portal.volume, (-60.0, 0.0, 10.0), [tumor])

    assert found is not None
    inside = study.mask(portal.key, "liver")[found.slices][found.voxels].mean()
    assert inside > 0.95
    assert not (found.full() & tumor.full()).any()
    assert found.count * portal.volume.geometry.pixel_area_mm2 > 200


def test_suggested_aorta_is_the_aorta() -> None:
    study = phantom()
    arterial = study.acquisition(Phase.LATE_ARTERIAL)

    found = suggest_aorta(arterial.volume)

    assert found is not None
    assert study.mask(arterial.key, "aorta", "arteries")[found.slices][found.voxels].mean() > 0.95


def test_no_aorta_is_suggested_without_contrast() -> None:
    unenhanced = phantom().acquisition(Phase.UNENHANCED)

    assert suggest_aorta(unenhanced.volume) is None
