"""Maps equal their formulas, stay invalid where a phase is, and equal UCSF's own maps of real images."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.errors import MeasurementError
from imaging.findings.maps import (
    enhancement_map,
    invalidate,
    liver_ratio_map,
    percent_enhancement,
    signal_enhancement_ratio,
    washout_map,
)
from imaging.findings.maps_files import write_map
from imaging.geometry import VolumeGeometry
from imaging.volume import Unit, Volume
from tests.real_data import REAL_DATA, needs_real_data

SHAPE = (3, 300, 4)
GRID = VolumeGeometry(SHAPE, np.diag([2.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])


def volume(values: np.ndarray, unit: Unit = "HU", valid: np.ndarray | None = None) -> Volume:
    return Volume(values.astype(np.int16), GRID, unit, valid)


def random_values(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-900, 1500, SHAPE)


def test_ct_enhancement_and_washout_are_differences_even_where_int16_would_overflow() -> None:
    a, u = np.full(SHAPE, 32000), np.full(SHAPE, -32000)

    assert (enhancement_map(volume(u), volume(a)) == 64000).all()
    assert (washout_map(volume(a), volume(u)) == 64000).all()


def test_percent_enhancement_equals_the_formula_and_needs_a_base() -> None:
    before, after = np.abs(random_values(1)), np.abs(random_values(2))
    before[0, 0] = 0

    found = percent_enhancement(volume(before, "MR"), volume(after, "MR"))

    assert np.isnan(found[0, 0]).all()
    some = before > 0
    assert found[some] == pytest.approx(100.0 * (after[some] - before[some]) / before[some], rel=1e-5)


def test_padding_in_any_phase_makes_the_voxel_invalid_and_no_other() -> None:
    holes = np.random.default_rng(3).random(SHAPE) < 0.2

    found = enhancement_map(volume(random_values(1)), volume(random_values(2), valid=~holes))

    assert (np.isnan(found) == holes).all()


def test_liver_ratio_is_not_formed_in_fat_and_air() -> None:
    values = np.full(SHAPE, 80)
    values[0] = 20

    found = liver_ratio_map(volume(values), 100.0)

    assert np.isnan(found[0]).all()
    assert (found[1:] == 125).all()


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_the_scale_of_mr_values_takes_no_voxel_out_of_a_liver_ratio(scale: float) -> None:
    values = np.full(SHAPE, 80, dtype=np.float32)
    values[0] = 4  # air
    scaled = Volume(values * np.float32(scale), GRID, "MR")

    found = liver_ratio_map(scaled, 100.0 * scale)

    assert np.isnan(found[0]).all()
    assert found[1:] == pytest.approx(125)


def test_two_mr_phases_are_not_subtracted() -> None:
    with pytest.raises(MeasurementError, match="cannot be subtracted"):
        washout_map(volume(random_values(1), "MR"), volume(random_values(2), "MR"))


def test_phases_on_two_grids_are_refused() -> None:
    other = Volume(random_values(1).astype(np.int16), VolumeGeometry(SHAPE, np.diag([2.0, 1.0, 1.1, 1.0])))

    with pytest.raises(MeasurementError, match="one grid"):
        enhancement_map(volume(random_values(1)), other)


def test_misregistered_voxels_are_invalid() -> None:
    values = np.ones(SHAPE, dtype=np.float32)
    error = np.zeros(SHAPE, dtype=np.float32)
    error[1] = 5

    assert (np.isnan(invalidate(values, error, 3.0)) == (error > 3)).all()


def test_a_written_map_lies_where_its_grid_does(tmp_path) -> None:
    import nibabel

    values = enhancement_map(volume(random_values(1)), volume(random_values(2)))

    image = nibabel.load(write_map(tmp_path / "map.nii.gz", values, GRID, "arterial enhancement [HU]"))

    assert np.array_equal(np.asarray(image.dataobj), values, equal_nan=True)
    ras = image.affine @ (2, 30, 1, 1)
    assert ras[:3] * (-1, -1, 1) == pytest.approx(GRID.patient_mm([2, 30, 1]))


@needs_real_data
def test_maps_equal_those_of_ucsf() -> None:
    """PE within 1 % (theirs is truncated) and SER within 0.01 in 99.9 % of the voxels UCSF shows.

    UCSF shows voxels that enhance, and cuts SER off at 3.
    """
    pydicom = pytest.importorskip("pydicom")
    folder = REAL_DATA / "dce_breast_pe_ser_oracle"
    slices: dict[tuple[float, ...], list] = {}
    for path in (folder / "image_dce_3dfgre_orig").glob("*.dcm"):
        image = pydicom.dcmread(path)
        slices.setdefault(tuple(image.ImagePositionPatient), []).append(image)
    hits = {"image_dce_pe1": [0, 0], "image_dce_ser": [0, 0]}
    for name, tolerance in (("image_dce_pe1", 1.0), ("image_dce_ser", 0.01)):
        for path in (folder / name).glob("*.dcm"):
            theirs = pydicom.dcmread(path)
            phases = sorted(slices[tuple(theirs.ImagePositionPatient)], key=lambda i: float(i.ContentTime))
            grid = VolumeGeometry((1, *phases[0].pixel_array.shape), np.eye(4))
            before, early, late = (Volume(p.pixel_array[None].astype(np.int16), grid, "MR") for p in phases)
            if name.endswith("pe1"):
                ours = percent_enhancement(before, early)[0]
            else:
                ours = np.minimum(signal_enhancement_ratio(before, early, late)[0], 3.0)
            values = theirs.pixel_array * float(theirs.get("RescaleSlope", 1))
            shown = values != 0
            hits[name][0] += int((np.abs(ours - values)[shown] <= tolerance).sum())
            hits[name][1] += int(shown.sum())

    for name, (right, shown) in hits.items():
        assert shown > 10_000, name
        assert right / shown >= 0.999, name
