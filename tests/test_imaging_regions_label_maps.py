"""A label map that cannot be used says what is wrong with it; its unit of length is honored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.grids import grid_difference
from imaging.regions.label_map_files import load_label_map
from imaging.regions.statistics import RegionStatistics

LABELS = np.zeros((6, 5, 4), dtype=np.uint8)
LABELS[2:4, 2:4, 1:3] = 1
AFFINE = np.diag([0.8, 0.8, 2.5, 1.0])


def written(
    folder: Path, voxels: NDArray[np.generic], unit: str = "mm", scale: float = 1.0, shear: float = 0.0
) -> Path:
    affine = np.diag([scale, scale, scale, 1.0]) @ AFFINE
    affine[0, 1] = shear * affine[1, 1]
    image = nibabel.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, folder / "map.nii.gz")
    return folder / "map.nii.gz"


UNITS = {
    "millimeters are millimeters": ("mm", 1.0),
    "a file that names no unit holds millimeters": ("unknown", 1.0),
    "meters become millimeters": ("meter", 0.001),
    "micrometers become millimeters": ("micron", 1000.0),
}


@pytest.mark.parametrize("name", UNITS)
def test_a_voxel_has_the_same_size_in_every_unit(name: str, tmp_path: Path) -> None:
    unit, scale = UNITS[name]

    _, geometry = load_label_map(written(tmp_path, LABELS, unit, scale))

    assert geometry.spacing_mm == pytest.approx((0.8, 0.8, 2.5), rel=1e-5)


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "two maps in one file": (lambda to: written(to, np.stack([LABELS, LABELS], -1)), "shape (6, 5, 4, 2)"),
    "a probability map": (
        lambda to: written(to, LABELS.astype(np.float32) / 2),
        "fractions such as 0.5 in 8 of 120 voxels",
    ),
    "a value below 0": (lambda to: written(to, LABELS.astype(np.int16) - 1), "a value of -1, below 0"),
    "meters that no header tells": (
        lambda to: written(to, LABELS, "unknown", 0.001),
        "0.0008 x 0.0008 x 0.0025 mm",
    ),
    "rows and columns that are not perpendicular": (
        lambda to: written(to, LABELS, shear=0.1),
        "the axes of map.nii.gz are sheared (a cosine of 0.0995 between two of them)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_holds_no_label_map_is_refused_by_its_fault(name: str, tmp_path: Path) -> None:
    make, says = REFUSED[name]

    with pytest.raises(RegionError, match="map") as refused:
        load_label_map(make(tmp_path))

    assert refused.value.code == "REGIONS_FORMAT"
    assert says in str(refused.value)


IMAGES = VolumeGeometry((4, 5, 6), np.diag([2.5, 0.8, 0.8, 1.0])[[2, 1, 0, 3]])
#: The same grid in the order of a NIfTI file: columns, rows, slices.
FILE = np.diag([0.8, 0.8, 2.5, 1.0])


def shifted() -> VolumeGeometry:
    moved = FILE.copy()
    moved[0, 3] = 1.4
    return VolumeGeometry((6, 5, 4), moved)


def turned() -> VolumeGeometry:
    c, s = np.cos(0.1), np.sin(0.1)
    turn = np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    return VolumeGeometry((6, 5, 4), turn @ FILE)


DIFFERENCES: dict[str, tuple[Callable[[], VolumeGeometry], str]] = {
    "a shift is told in millimeters": (
        shifted,
        "shifted by 1.4 mm against the images (left 1.40, back 0.00, head 0.00)",
    ),
    "another size is told in the images' order": (
        lambda: VolumeGeometry((6, 5, 3), FILE),
        "3 x 5 x 6 voxels where the images have 4",
    ),
    "another spacing is told": (
        lambda: VolumeGeometry((6, 5, 4), np.diag([0.8, 0.8, 2.0, 1])),
        "2 x 0.8 x 0.8 mm",
    ),
    "a turn is told": (turned, "turned against them"),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_wrong_grid_names_what_differs(name: str) -> None:
    make, says = DIFFERENCES[name]

    assert says in grid_difference(make(), IMAGES)


def test_a_single_voxel_is_too_small_and_not_absent() -> None:
    from imaging.findings.enhancement import enhancement_finding

    one = RegionStatistics(40.0, None, 9.0, 1, 1.44, 0.0, 40.0, 40.0, (0,)).sample

    found = enhancement_finding(one, one)

    assert {r.code for r in found.reasons} >= {"REGION_TOO_SMALL"}
    assert "NO_UNENHANCED" not in {r.code for r in found.reasons}
    assert (found.finding.value, found.difference, found.ci95) == ("NOT_COMPUTABLE", 0.0, None)


BARE_LINES = {
    "a line that names no region": ({"acquisition": "a"}, "region"),
    "a line that names no acquisition": ({"region": "r"}, "acquisition"),
    "a line whose region is a number": ({"region": 1, "acquisition": "a"}, "region"),
}


@pytest.mark.parametrize("name", BARE_LINES)
def test_a_reading_whose_line_lacks_a_name_is_refused_by_its_place(name: str) -> None:
    from workup.case.reading_codec import parse_reading
    from workup.errors import CaseError

    fields, missing = BARE_LINES[name]
    line = {"axis": "long", "ends_lps_mm": [[0, 0, 0], [0, 0, 9]], **fields}

    with pytest.raises(CaseError, match=missing) as refused:
        parse_reading({"schema_version": "1.0", "lines": [line]})

    assert f"lines[0].{missing}" in str(refused.value)
