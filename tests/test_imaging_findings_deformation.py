"""A bent phase is unbent for the eye, and refused where it would mislead."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from imaging.errors import MeasurementError
from imaging.findings import deformation
from imaging.findings.deformation import Deformation, deform
from imaging.findings.display import seen_on
from imaging.phantom.phantom import make_phantom
from imaging.phantom.spec import DELAYED, PORTAL_VENOUS, PhantomSpec
from imaging.volume import Acquisition, Volume

CENTER_MM = (-60.0, 0.0, 0.0)


def bend(positions: np.ndarray) -> np.ndarray:
    """Up to 6 mm toward the head around the center, fading out within 35 mm. [mm]"""
    far = np.linalg.norm(positions - np.array(CENTER_MM), axis=-1, keepdims=True)
    return positions + 6.0 * np.exp(-((far / 35) ** 2)) * np.array((0.0, 0.0, 1.0))


@cache
def phases() -> tuple[Acquisition, Acquisition]:
    """A portal venous phase, and a delayed one as it looks with the patient holding the same breath."""
    scans = tuple(replace(s, breathing_mm=(0.0, 0.0, 0.0)) for s in (PORTAL_VENOUS, DELAYED))
    spec = PhantomSpec(shape=(64, 128, 128), spacing_mm=(2.0, 2.4, 2.4), thickness_mm=2.0, scans=scans)
    portal, delayed = make_phantom(replace(spec, noise_sd=6.0)).acquisitions
    return portal, delayed


def bent() -> Acquisition:
    """The delayed phase, bent; made of whole numbers as a scanner stores them."""
    delayed = phases()[1]
    seen = seen_on(delayed.volume, delayed.volume.geometry, bend)
    volume = Volume(np.rint(seen.voxels).astype(np.int16), seen.geometry, "HU", seen.valid)
    return replace(delayed, volume=volume)


@cache
def found() -> Deformation:
    return deform(phases()[0], bent(), CENTER_MM)


def error(shown: Volume) -> float:
    """How much a picture differs from the unbent delayed phase. [HU]"""
    truth = seen_on(phases()[1].volume, shown.geometry)
    near = np.linalg.norm(
        np.indices(shown.geometry.shape).T - (np.array(shown.geometry.shape) - 1) / 2, axis=-1
    ).T
    both = (near <= 15) & (shown.valid if shown.valid is not None else True)
    return float(np.sqrt(np.mean((shown.voxels - truth.voxels)[both] ** 2)))


def test_bending_brings_the_picture_closer_than_the_shift_alone() -> None:
    shown = found().shown

    shifted = seen_on(bent().volume, shown.geometry, found().alignment.to_moving)

    assert error(shown) < 0.9 * error(shifted)
    assert shown.resampled


def test_what_is_shown_does_not_fold_and_says_how_much_it_bent() -> None:
    low, high = found().jacobian_range

    assert 0 < low < 1 < high
    assert found().largest_mm > 1  # the shift takes up part of the 6 mm
    assert found().bending_per_mm > 0
    assert found().residual_mm <= 3


def test_a_fold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit of a fold at no change of volume, any bending is one."""
    monkeypatch.setattr(deformation, "LEAST_JACOBIAN", 1.0)

    with pytest.raises(MeasurementError) as refused:
        deform(phases()[0], bent(), CENTER_MM)

    assert refused.value.code == "DEFORMATION_FOLDS"


def test_a_field_that_turns_inside_out_has_a_negative_jacobian() -> None:
    z = np.arange(10.0) * deformation.GRID_MM
    field = np.zeros((10, 10, 10, 3))
    field[..., 2] = -1.5 * z[:, None, None]  # superior position times -0.5

    assert deformation._jacobian_range(field)[0] == pytest.approx(-0.5)
    assert deformation._bending(field) == pytest.approx(0, abs=1e-12)


def test_phases_of_two_frames_are_not_bent_onto_each_other() -> None:
    other = replace(bent(), header=replace(bent().header, frame_of_reference_uid="1.2.3"))

    with pytest.raises(MeasurementError) as refused:
        deform(phases()[0], other, CENTER_MM)

    assert refused.value.code == "FRAME_OF_REFERENCE"
