"""A region carried onto a thin bright vessel by breathing is no enhancing clot until a reader says so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from imaging.errors import MeasurementError
from imaging.findings.assess_region import RegionFindings, assess_region
from imaging.findings.finding import Finding
from imaging.findings.propagation import propagate
from imaging.phantom.phantom import make_phantom
from imaging.phantom.spec import LATE_ARTERIAL, UNENHANCED, PhantomSpec
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.placement import place_mask
from imaging.regions.region import Region, RegionMask, RegionRole
from imaging.volume import Acquisition, Study

#: Clot and artery are parallel tubes of 6 mm, one 5 mm above the other; the patient breathes 5 mm.
WIDTH_MM, APART_MM, BREATH_MM = 6.0, 5.0, 5.0
CLOT_HU, ARTERY_HU = 42.0, 260.0
MIDDLE_MM = np.array((-60.0, -20.0, 0.0))


def tube(acquisition: Acquisition, superior_mm: float) -> np.ndarray:
    """Voxels of a tube from right to left at a height above the middle."""
    grid = acquisition.volume.geometry
    at = grid.patient_mm(np.moveaxis(np.indices(grid.shape), 0, -1)) - MIDDLE_MM
    across = np.hypot(at[..., 1], at[..., 2] - superior_mm)
    return np.asarray((across <= WIDTH_MM / 2) & (np.abs(at[..., 0]) <= 15))


def with_tubes(acquisition: Acquisition, breath_mm: float, artery_hu: float) -> Acquisition:
    """The clot, and the artery that breathing carries to where the clot was."""
    voxels = acquisition.volume.voxels.copy()
    noise = np.random.default_rng(4).normal(0, 10, voxels.shape)
    for superior, value in ((breath_mm, CLOT_HU), (breath_mm - APART_MM, artery_hu)):
        inside = tube(acquisition, superior)
        voxels[inside] = np.rint(value + noise[inside]).astype(np.int16)
    voxels.setflags(write=False)
    return replace(acquisition, volume=replace(acquisition.volume, voxels=voxels))


@cache
def study() -> Study:
    scans = (
        replace(UNENHANCED, breathing_mm=(0.0, 0.0, 0.0)),
        replace(LATE_ARTERIAL, breathing_mm=(0.0, 0.0, BREATH_MM)),
    )
    spec = PhantomSpec(shape=(44, 128, 128), spacing_mm=(2.0, 2.0, 2.0), thickness_mm=2.0, scans=scans)
    before, arterial = make_phantom(spec).acquisitions
    return Study((with_tubes(before, 0.0, CLOT_HU), with_tubes(arterial, BREATH_MM, ARTERY_HU)))


def drawn() -> RegionMask:
    before = study().acquisitions[0]
    return RegionMask.from_full(tube(before, 0.0), before.volume.geometry)


def answer(on_arterial: RegionMask) -> RegionFindings:
    before, arterial = study().acquisitions
    masks = {before.key: drawn(), arterial.key: on_arterial}
    decisions = {
        before.key: PhaseDecision(Role.IMAGE, Phase.UNENHANCED, 1.0),
        arterial.key: PhaseDecision(Role.IMAGE, Phase.LATE_ARTERIAL, 1.0),
    }
    return assess_region(Region("clot", RegionRole.FILLING_DEFECT, masks), None, study(), decisions)


def test_a_region_left_at_its_place_lands_on_the_artery_and_is_never_positive_unconfirmed() -> None:
    carried = place_mask(drawn(), study().acquisitions[1].volume.geometry)
    assert carried is not None

    found = answer(carried).enhancement

    assert found.finding is Finding.INDETERMINATE
    assert found.if_confirmed is Finding.POSITIVE  # the trap is real: the number alone would be fooled
    assert "REGION_UNCONFIRMED" in [r.code for r in found.reasons]


@pytest.mark.parametrize("residual_mm", [0.3, 0.6, 1.0])
def test_no_registration_error_that_is_still_borne_makes_it_positive(residual_mm: float) -> None:
    carried = place_mask(drawn(), study().acquisitions[1].volume.geometry)
    assert carried is not None

    assert answer(replace(carried, residual_mm=residual_mm)).enhancement.finding is Finding.INDETERMINATE


def test_an_error_of_the_breathing_itself_is_more_than_a_6_mm_vessel_bears() -> None:
    carried = place_mask(drawn(), study().acquisitions[1].volume.geometry)
    assert carried is not None

    found = answer(replace(carried, residual_mm=BREATH_MM)).enhancement

    assert found.finding is Finding.NOT_COMPUTABLE
    assert "MISREGISTERED" in [r.code for r in found.reasons]


def test_a_registered_region_is_refused_or_waits_for_the_reader() -> None:
    before, arterial = study().acquisitions
    try:
        found = answer(propagate(drawn(), before, arterial).mask).enhancement
    except MeasurementError as refused:
        assert refused.code == "REGISTRATION_FAILED"
        return
    assert found.finding in (Finding.INDETERMINATE, Finding.NOT_COMPUTABLE)


def test_where_a_reader_follows_the_clot_it_does_not_enhance() -> None:
    arterial = study().acquisitions[1]

    found = answer(RegionMask.from_full(tube(arterial, BREATH_MM), arterial.volume.geometry)).enhancement

    assert found.finding is Finding.NEGATIVE
