"""Regions come back from files where they were, and what does not fit is refused with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pytest

from imaging.errors import MeasurementError, RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.live_statistics import LiveStatistics
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole, Vessel, VesselLevel
from imaging.regions.region_files import read_regions, write_regions
from imaging.regions.statistics import label_statistics, region_statistics
from imaging.volume import Acquisition, AcquisitionHeader, Refused, Study, Volume
from tests.real_data import REAL_DATA, needs_real_data

SHAPE = (6, 20, 24)


def grid(first_mm: float = 0.0, slice_mm: float = 5.0, shape: tuple[int, int, int] = SHAPE) -> VolumeGeometry:
    matrix = np.array([[0, 0, 0.8, -9], [0, 0.8, 0, -8], [slice_mm, 0, 0, first_mm], [0, 0, 0, 1.0]])
    return VolumeGeometry(shape, matrix)


def acquisition(uid: str, geometry: VolumeGeometry, frame: str = "1.9", number: int = 1) -> Acquisition:
    random = np.random.default_rng(len(uid) + number)
    voxels = random.integers(0, 200, geometry.shape).astype(np.int16)
    header = AcquisitionHeader(
        series_uid=uid,
        frame_of_reference_uid=frame,
        modality="CT",
        series_number=number,
        slice_thickness_mm=5.0,
    )
    return Acquisition(uid, header, Volume(voxels, geometry))


@cache
def study() -> Study:
    return Study(
        (
            acquisition("1.1", grid(), number=2),
            acquisition("1.2", grid(2.0, 2.5, (12, 20, 24)), number=103),
            acquisition("1.3", grid(), frame="1.8", number=4),
        )
    )


def block(geometry: VolumeGeometry, *corner: int) -> np.ndarray:
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[corner[0] : corner[0] + 2, corner[1] : corner[1] + 5, corner[2] : corner[2] + 6] = True
    return mask


def save(path: Path, labels: np.ndarray, geometry: VolumeGeometry) -> None:
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.index_to_patient_mm
    nibabel.save(nibabel.Nifti1Image(labels.astype(np.int16), affine), path)


def reoriented(source: Path, target: Path, codes: str) -> None:
    """The same image with its axes in another order, by nibabel."""
    image = nibabel.load(source)
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(tuple(codes))
    )
    nibabel.save(image.as_reoriented(turn), target)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    arterial, portal = study()["1.1"], study()["1.2"]
    drawn = RegionMask.from_full(block(arterial.volume.geometry, 1, 3, 4), arterial.volume.geometry)
    moved = replace(
        RegionMask.from_full(
            block(portal.volume.geometry, 2, 3, 4), portal.volume.geometry, Provenance.PROPAGATED, False
        ),
        residual_mm=1.25,
    )
    overlapping = RegionMask.from_full(block(arterial.volume.geometry, 1, 5, 6), arterial.volume.geometry)
    regions = (
        Region(
            "thrombus",
            RegionRole.FILLING_DEFECT,
            {"1.1": drawn, "1.2": moved},
            Vessel.PORTAL_VEIN,
            VesselLevel.VP3,
            "with enhancing part",
        ),
        Region("liver", RegionRole.REFERENCE_LIVER, {"1.1": overlapping}),
        Region("not drawn yet", RegionRole.AORTA),
    )

    write_regions(tmp_path, regions, study())
    back = read_regions(tmp_path, study())

    for ours, theirs in zip(regions, back, strict=True):
        assert (ours.id, ours.role, ours.vessel, ours.level, ours.note) == (
            theirs.id,
            theirs.role,
            theirs.vessel,
            theirs.level,
            theirs.note,
        )
        assert set(ours.masks) == set(theirs.masks)
        for key, mask in ours.masks.items():
            found = theirs.masks[key]
            assert np.array_equal(found.full(), mask.full())
            assert (found.provenance, found.verified, found.residual_mm) == (
                mask.provenance,
                mask.verified,
                mask.residual_mm,
            )


@pytest.mark.parametrize("codes", ["LPS", "RAS", "SPL", "PIR", "ASR"])
def test_a_label_map_is_found_on_its_grid_whatever_the_order_of_its_axes(tmp_path: Path, codes: str) -> None:
    portal = study()["1.2"]
    mask = block(portal.volume.geometry, 2, 3, 4)
    save(tmp_path / "a.nii.gz", mask, portal.volume.geometry)
    reoriented(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz", codes)
    (tmp_path / "b.json").write_text(json.dumps({"labels": {"1": {"id": "x", "role": "target_lesion"}}}))

    (region,) = read_regions(tmp_path / "b.nii.gz", study())

    assert np.array_equal(region.masks["1.2"].full(), mask)
    assert not region.masks["1.2"].verified  # imported is not verified
    carried = region.masks["1.1"]
    assert (carried.provenance, carried.verified) == (Provenance.PROPAGATED, False)
    assert "1.3" not in region.masks  # another frame of reference


SIDECARS = {
    "id and role": {"labels": {"1": {"id": "defect", "role": "filling_defect", "vessel": "portal_vein"}}},
    "a role alone": {"labels": {"1": "filling_defect"}},
    "a name that means a role": {"labels": {"1": {"name": "thrombus"}}},
    "a list with labels": {"regions": [{"id": "d", "role": "filling_defect", "label": 1}]},
}


@pytest.mark.parametrize("name", SIDECARS)
def test_sidecars_are_understood_in_each_documented_form(tmp_path: Path, name: str) -> None:
    portal = study()["1.2"]
    save(tmp_path / "x.nii.gz", block(portal.volume.geometry, 2, 3, 4), portal.volume.geometry)
    (tmp_path / "x.json").write_text(json.dumps(SIDECARS[name]))

    (region,) = read_regions(tmp_path / "x.nii.gz", study())

    assert region.role is RegionRole.FILLING_DEFECT


def test_labels_drawn_on_an_unnamed_phase_are_confirmed_on_none(tmp_path: Path) -> None:
    shared = Study((acquisition("2.1", grid()), acquisition("2.2", grid())))
    save(tmp_path / "x.nii.gz", block(grid(), 1, 3, 4), grid())
    (tmp_path / "x.json").write_text(json.dumps(SIDECARS["a role alone"]))

    (region,) = read_regions(tmp_path / "x.nii.gz", shared)

    assert set(region.masks) == {"2.1", "2.2"}
    assert not any(mask.verified for mask in region.masks.values())


def spoil(tmp_path: Path, sidecar: object | None, geometry: VolumeGeometry, labels: np.ndarray) -> Path:
    save(tmp_path / "x.nii.gz", labels, geometry)
    if sidecar is not None:
        (tmp_path / "x.json").write_text(json.dumps(sidecar))
    return tmp_path / "x.nii.gz"


PORTAL = grid(2.0, 2.5, (12, 20, 24))
OFF = VolumeGeometry(
    PORTAL.shape, PORTAL.index_to_patient_mm + np.array([[0] * 4, [0] * 4, [0, 0, 0, 1], [0] * 4])
)
REFUSED = {
    "no sidecar": (None, PORTAL, 1, "SIDECAR_MISSING"),
    "a label nobody described": ({"labels": {"2": "liver"}}, PORTAL, 1, "UNKNOWN_LABEL"),
    "an unknown role": ({"labels": {"1": {"id": "x", "role": "gallbladder"}}}, PORTAL, 1, "UNKNOWN_ROLE"),
    "a grid one millimeter off": ({"labels": {"1": "aorta"}}, OFF, 1, "GRID_MISMATCH"),
    "another series than named": (
        {"labels": {"1": "aorta"}, "series_uid": "1.1"},
        PORTAL,
        1,
        "GRID_MISMATCH",
    ),
    "an unknown series": ({"labels": {"1": "aorta"}, "series_uid": "9"}, PORTAL, 1, "UNKNOWN_SERIES"),
    "a sidecar without labels": ({"lesions": 1}, PORTAL, 1, "REGIONS_FORMAT"),
    "a label of 0": ({"labels": {"0": "aorta"}}, PORTAL, 1, "REGIONS_FORMAT"),
    "negative labels": ({"labels": {"1": "aorta"}}, PORTAL, -1, "REGIONS_FORMAT"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_understood_is_refused(tmp_path: Path, name: str) -> None:
    sidecar, geometry, value, code = REFUSED[name]
    path = spoil(tmp_path, sidecar, geometry, block(geometry, 2, 3, 4) * value)

    with pytest.raises(RegionError) as refused:
        read_regions(path, study())

    assert refused.value.code == code


def test_a_mask_file_outside_of_the_case_is_not_opened(tmp_path: Path) -> None:
    document = {
        "regions": [{"id": "x", "role": "aorta", "label": 1}],
        "masks": [{"file": "../x.nii.gz", "series_uid": "1.2", "verified": True}],
    }
    (tmp_path / "regions.json").write_text(json.dumps(document))

    with pytest.raises(RegionError, match="inside of the case folder"):
        read_regions(tmp_path, study())


def test_statistics_leave_padding_out_and_refuse_above_5_percent() -> None:
    geometry = grid()
    voxels = np.full(SHAPE, 100, dtype=np.int16)
    mask = block(geometry, 1, 3, 4)
    inside = np.argwhere(mask)
    for padded, measured in ((3, True), (4, False)):  # of 60 voxels: exactly 5 %, and more
        valid = np.ones(SHAPE, dtype=bool)
        valid[tuple(inside[:padded].T)] = False
        spoiled = np.where(valid, voxels, -2000).astype(np.int16)
        one = replace(acquisition("3", geometry), volume=Volume(spoiled, geometry, "HU", valid))
        region = Region("r", RegionRole.AORTA, {"3": RegionMask.from_full(mask, geometry)})

        found = region_statistics([region], Study((one,)))["r", "3"]

        assert found.padding_fraction == pytest.approx(padded / 60)
        assert (found.mean == 100) is measured
        assert (found.mean is None) is not measured


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("way", ["region", "label", "live"])
def test_a_voxel_that_is_no_number_is_refused_unless_it_is_padding(value: float, way: str) -> None:
    geometry = grid()
    mask = block(geometry, 1, 3, 4)
    voxels = np.full(SHAPE, 100, dtype=np.float32)
    voxels[tuple(np.argwhere(mask)[0])] = value

    with pytest.raises(MeasurementError) as refused:
        mean_of(way, mask, Volume(voxels, geometry, "MR"))
    assert refused.value.code == "NOT_FINITE"
    assert mean_of(way, mask, Volume(voxels, geometry, "MR", np.isfinite(voxels))) == 100


def mean_of(way: str, mask: np.ndarray, volume: Volume) -> float | None:
    """Mean by one of the three ways that a region is measured."""
    labels = mask.astype(np.uint8)
    if way == "label":
        return label_statistics(labels, [volume])[0][1].mean
    if way == "live":
        live = LiveStatistics(volume, labels)
        live.update()
        return live.moments(1).mean
    one = replace(acquisition("3", volume.geometry), volume=volume)
    region = Region("r", RegionRole.AORTA, {"3": RegionMask.from_full(mask, volume.geometry)})
    return region_statistics([region], Study((one,)))["r", "3"].mean


OVERLAPS = {
    "slices that touch count in full": (5.0, 5.0, 2 * 30 * 0.64 / 6.25),
    "slices that overlap by half count half": (5.0, 10.0, 1.5 * 30 * 0.64 / 6.25),
    "without a thickness one slice counts": (5.0, None, 30 * 0.64 / 6.25),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_independent_values_follow_area_and_overlap(name: str) -> None:
    spacing, thickness, expected = OVERLAPS[name]
    geometry = grid(0.0, spacing)
    one = acquisition("3", geometry)
    one = replace(one, header=replace(one.header, slice_thickness_mm=thickness))
    region = Region("r", RegionRole.AORTA, {"3": RegionMask.from_full(block(geometry, 1, 3, 4), geometry)})

    assert region_statistics([region], Study((one,)))["r", "3"].n_eff == pytest.approx(expected)


def test_label_statistics_equal_numpy_for_every_label() -> None:
    random = np.random.default_rng(4)
    labels = np.where(random.random(SHAPE) < 0.3, random.integers(0, 5, SHAPE), 0).astype(np.uint8)
    volume = acquisition("3", grid()).volume

    (found,) = label_statistics(labels, [volume])

    assert set(found) == set(np.unique(labels)) - {0}
    for label, statistics in found.items():
        values = volume.voxels[labels == label]
        assert statistics.count == values.size
        assert statistics.mean == pytest.approx(values.mean())
        assert statistics.sd == pytest.approx(values.std(ddof=1))
        assert (statistics.minimum, statistics.maximum) == (values.min(), values.max())


#: Means over the seed cylinders, computed apart from this code from the raw slices. [HU]
MEANS = {
    "hcc005_baseline_1999-01-23": {
        "lesion": {2: 43.7, 4: 58.9, 103: 84.9},
        "liver": {2: 44.0, 4: 50.6, 103: 104.6},
    },
    "hcc005_followup_1999-04-30": {"lesion": {4: 68.2, 5: 127.3, 103: 101.5}},
}


@needs_real_data
@pytest.mark.parametrize("folder", MEANS)
def test_seed_cylinders_measure_what_they_should_on_real_phases(folder: str) -> None:
    from imaging.dicom.study_files import load_study

    real = load_study(REAL_DATA / folder)
    regions = read_regions(REAL_DATA / folder / "roi_seeds.json", real)
    statistics = region_statistics(regions, real)

    for name, means in MEANS[folder].items():
        for number, mean in means.items():
            (one,) = [a for a in real if a.header.series_number == number]
            assert statistics[name, one.key].mean == pytest.approx(mean, abs=1.0)
    placed = {m.verified for r in regions for m in r.masks.values()}
    assert placed == {True, False}


def test_regions_on_a_series_that_was_refused_say_why_it_was(tmp_path: Path) -> None:
    path = write_regions(
        tmp_path / "regions.json",
        [
            Region(
                "d", RegionRole.FILLING_DEFECT, {"1.1": RegionMask.from_full(block(grid(), 1, 4, 5), grid())}
            )
        ],
        study(),
    )
    loaded = replace(
        study(),
        acquisitions=study().acquisitions[1:],
        refused=(Refused("TRUNCATED", "a file is shorter than it says", ("a.dcm",), "1.1", 2),),
    )

    with pytest.raises(RegionError, match="series 2 was refused: TRUNCATED: a file is shorter") as refused:
        read_regions(path, loaded)

    assert refused.value.code == "UNKNOWN_SERIES"
