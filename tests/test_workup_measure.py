"""``veinvasion measure``: label maps in any axis order, with and without the images they belong to."""

import csv
import io
import json

import nibabel
import numpy as np
import openpyxl
import pydicom
import pytest
from typer.testing import CliRunner

from imaging.errors import RegionError
from imaging.findings.label_masks import label_masks, slice_axis, slices_first
from imaging.geometry import VolumeGeometry
from imaging.phantom import PhantomSpec
from imaging.phantom_files import write_case
from workup.command_line import build_app
from workup.label_lesions import measure_labels
from workup.label_map_files import read_label_map

#: One lesion of 18 mm and one of 9 mm on axial slices of 2.5 mm, pixels of 0.8 x 0.7 mm.
SPACING = (0.7, 0.8, 2.5)
SHAPE = (64, 60, 20)


def labels():
    """Labels 1 and 4, axes of NIfTI: left-right, front-back, slices."""
    index = np.indices(SHAPE)
    volume = np.zeros(SHAPE, np.uint8)
    for label, center, diameter in ((1, (20, 20, 8), 18.0), (4, (45, 40, 8), 9.0)):
        away = sum(((index[a] - center[a]) * SPACING[a]) ** 2 for a in range(3))
        volume[away <= (diameter / 2) ** 2] = label
    return volume


AFFINE = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])


def save(path, volume, affine):
    nibabel.save(nibabel.Nifti1Image(volume, affine), path)
    return path


def run(*arguments):
    done = CliRunner().invoke(build_app(), ["measure", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def measured(*arguments):
    return {x["label"]: x for x in json.loads(run(*arguments, "--json").stdout)["lesions"]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return save(tmp_path_factory.mktemp("labels") / "lesions.nii.gz", labels(), AFFINE)


def test_each_label_is_a_lesion(plain):
    found = measured(plain)

    assert list(found) == [1, 4]
    assert abs(found[1]["long_axis_mm"] - 18.0) < 0.8
    assert abs(found[4]["long_axis_mm"] - 9.0) < 0.8
    assert found[1]["interval_mm"][0] <= found[1]["long_axis_mm"] <= found[1]["interval_mm"][1]
    assert found[1]["volume_ml"] == pytest.approx(np.pi * 18**3 / 6000, rel=0.05)
    assert found[1]["area_mm2"] == pytest.approx(np.pi * 81, rel=0.05)
    assert found[1]["slice"] == 8
    assert found[1]["estimator"] == "g0.7"
    ends = np.array(found[1]["end_points_lps_mm"]["long"])
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(found[1]["long_axis_mm"])
    assert ends.mean(axis=0) == pytest.approx((20 * 0.7, 20 * 0.8, 8 * 2.5), abs=0.8)


def test_verdicts_by_size(plain):
    found = measured(plain)

    assert found[1]["measurability"]["status"] == "MEASURABLE"
    assert found[4]["measurability"]["status"] == "NOT_MEASURABLE"
    assert found[1]["measurability"]["threshold_mm"] == 10.0
    assert found[1]["measurability"]["effective_slice_mm"] == 2.5
    assert found[1]["measurability"]["rule"] == "M1"
    assert "thickness not recorded" in found[1]["measurability"]["notes"][0]


def orders():
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1)):
        for flips in ((), (0,), (1, 2), (0, 1, 2)):
            yield order, flips


@pytest.mark.parametrize(("order", "flips"), list(orders()))
def test_any_order_and_direction_of_axes_gives_the_same_lesions(plain, tmp_path, order, flips):
    volume, affine = labels().transpose(order), AFFINE[:, [*order, 3]].copy()
    for axis in flips:
        volume = np.flip(volume, axis)
        affine[:, 3] += affine[:, axis] * (volume.shape[axis] - 1)
        affine[:, axis] *= -1
    path = save(tmp_path / "turned.nii.gz", volume, affine)
    reference, found = measure_labels(read_label_map(plain)), measure_labels(read_label_map(path))
    slices = order.index(2)

    for one, other in zip(reference, found, strict=True):
        was, now = one.measurement.lesion, other.measurement.lesion
        assert now.long_axis_mm == pytest.approx(was.long_axis_mm, abs=1e-4)
        assert now.interval_mm == pytest.approx(was.interval_mm, abs=1e-4)
        expected = 19 - 8 if slices in flips else 8
        assert other.measurement.slice_index == expected


# fmt: off
SLICE_AXES = {
    "the largest spacing":              ((0.7, 0.8, 2.5), 2),
    "the largest, wherever it is":      ((5.0, 0.7, 0.7), 0),
    "in the middle":                    ((0.7, 3.0, 0.7), 1),
    "the third where all are equal":    ((1.0, 1.0, 1.0), 2),
    "the third among the largest":      ((1.0, 0.5, 1.0), 2),
    "rounding of a header":             ((1.0004, 1.0, 1.0), 2),
    "the first of two that are larger": ((1.0, 1.0, 0.5), 0),
}
# fmt: on


@pytest.mark.parametrize(("spacing", "axis"), SLICE_AXES.values(), ids=SLICE_AXES)
def test_slices_follow_the_axis_of_largest_spacing(spacing, axis):
    assert slice_axis(spacing) == axis


def test_thick_slices_of_unknown_thickness_are_unknown(tmp_path):
    volume = np.zeros((40, 40, 8), np.uint8)
    volume[10:30, 10:30, 2:5] = 1
    found = measured(save(tmp_path / "thick.nii", volume, np.diag([1, 1, 6.0, 1])))

    assert found[1]["measurability"]["status"] == "UNKNOWN"
    assert found[1]["measurability"]["rule"] == "G5"


def test_nodes_are_judged_by_their_short_axis(plain):
    found = measured(plain, "--nodes", "1")

    assert (found[1]["kind"], found[4]["kind"]) == ("node", "solid")
    assert found[1]["measurability"]["rule"] == "N1"
    assert found[1]["measurability"]["value_mm"] == found[1]["short_axis_mm"]


@pytest.mark.parametrize("nodes", ["7", "a"])
def test_nodes_that_are_no_labels_are_refused(plain, nodes):
    done = CliRunner().invoke(build_app(), ["measure", str(plain), "--nodes", nodes])

    assert done.exit_code == 2


def test_a_label_at_the_edge_of_the_volume_is_unknown(tmp_path):
    volume = np.zeros((40, 40, 8), np.int16)
    volume[:20, 10:30, 2:5] = 2
    found = measured(save(tmp_path / "edge.nii.gz", volume, np.diag([1, 1, 2.5, 1])))

    assert "truncated" in found[2]["flags"]
    assert found[2]["measurability"]["status"] == "UNKNOWN"


def test_a_sidecar_says_what_the_labels_are(tmp_path):
    path = save(tmp_path / "roles.nii.gz", labels(), AFFINE)
    roles = {
        "1": {"id": "thrombus", "role": "filling_defect", "vessel": "portal_vein"},
        "4": "reference_liver",
    }
    (tmp_path / "roles.json").write_text(json.dumps({"labels": roles}))
    found = measured(path)

    assert list(found) == [1]
    assert found[1]["id"] == "thrombus"
    assert found[1]["measurability"]["status"] == "NOT_MEASURABLE"
    assert found[1]["measurability"]["rule"] == "H1"


def test_a_sidecar_of_a_converter_says_nothing(tmp_path):
    path = save(tmp_path / "seg.nii.gz", labels(), AFFINE)
    (tmp_path / "seg.json").write_text(json.dumps({"Modality": "CT", "SliceThickness": 5}))

    assert list(measured(path)) == [1, 4]


def broken(path, what):
    volume = labels()
    if what == "empty":
        volume[:] = 0
    elif what == "fractions":
        volume = volume.astype(np.float32) + np.float32(0.5) * (volume > 0)
    elif what == "negative":
        volume = volume.astype(np.int16) - 1
    elif what == "two volumes":
        volume = np.stack([volume, volume], axis=3)
    elif what == "no NIfTI":
        path.write_bytes(b"not an image")
        return path
    return save(path, volume, AFFINE)


# fmt: off
REFUSED = {
    "empty":       ("a.nii.gz",  "EMPTY_REGION"),
    "fractions":   ("a.nii.gz",  "REGIONS_FORMAT"),
    "negative":    ("a.nii.gz",  "REGIONS_FORMAT"),
    "two volumes": ("a.nii.gz",  "REGIONS_FORMAT"),
    "no NIfTI":    ("a.nii",     "REGIONS_FORMAT"),
}
# fmt: on


@pytest.mark.parametrize(("what", "name", "code"), [(k, *v) for k, v in REFUSED.items()], ids=REFUSED)
def test_what_is_no_label_map_is_refused(tmp_path, what, name, code):
    with pytest.raises(RegionError) as refused:
        read_label_map(broken(tmp_path / name, what))

    assert refused.value.code == code


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("1")
    with pytest.raises(RegionError, match="no NIfTI"):
        read_label_map(path)


def test_a_broken_sidecar_is_refused(tmp_path):
    path = save(tmp_path / "a.nii.gz", labels(), AFFINE)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(RegionError, match="not JSON"):
        read_label_map(path)


def test_whole_numbers_stored_as_floats_are_labels(tmp_path):
    path = save(tmp_path / "float.nii.gz", labels().astype(np.float32), AFFINE)

    assert list(measured(path)) == [1, 4]


def test_masks_by_label_equal_the_labels():
    volume, geometry = slices_first(labels(), VolumeGeometry(SHAPE, AFFINE), 2)
    masks = label_masks(volume, geometry)

    assert list(masks) == [1, 4]
    for label, mask in masks.items():
        assert np.array_equal(mask.full(), volume == label)


# ---------------------------------------------------------------- with the images


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A phantom case on a coarse grid and its truth."""
    folder = tmp_path_factory.mktemp("phantom")
    return folder, write_case(PhantomSpec().small(), folder)


def portal_labels(folder):
    """The label map of the portal venous phase, with only tumor and thrombus."""
    regions = json.loads((folder / "regions.json").read_text())
    label = {r["id"]: r["label"] for r in regions["regions"]}
    path = folder / "regions" / "portal_venous.nii.gz"
    image = nibabel.load(path)
    values = np.asanyarray(image.dataobj)
    kept = np.where(np.isin(values, [label["hcc1"]]), values, 0).astype(np.uint8)
    out = folder / "tumor.nii.gz"
    nibabel.save(nibabel.Nifti1Image(kept, image.affine), out)
    return out, label["hcc1"]


def test_the_reference_gives_thickness_and_modality(case):
    folder, phantom = case
    path, label = portal_labels(folder)
    found = measured(path, "--reference", folder / "dicom")[label]
    truth = phantom.truth.lesions["hcc1"]
    pixel = max(phantom.acquisitions[0].volume.geometry.spacing_mm[1:])

    assert found["modality"] == "CT"
    assert found["measurability"]["notes"] == []
    assert found["measurability"]["effective_slice_mm"] == phantom.acquisitions[0].effective_slice_mm
    assert abs(found["long_axis_mm"] - truth.on_slices_mm["portal_venous"][0]) < pixel
    assert abs(found["short_axis_mm"] - truth.on_slices_mm["portal_venous"][1]) < pixel


def test_another_grid_than_the_reference_is_refused(case, plain):
    with pytest.raises(RegionError) as refused:
        read_label_map(plain, case[0] / "dicom")

    assert refused.value.code == "GRID_MISMATCH"


def test_series_of_one_grid_that_differ_in_thickness_are_ambiguous(case, tmp_path):
    folder, _ = case
    path, _ = portal_labels(folder)
    series = sorted((folder / "dicom").iterdir())
    for one in series[:2]:
        for file in sorted(one.glob("*.dcm")):
            image = pydicom.dcmread(file)
            if one == series[1]:
                image.SliceThickness = float(image.SliceThickness) + 1
            (tmp_path / one.name).mkdir(exist_ok=True)
            image.save_as(tmp_path / one.name / file.name)
    with pytest.raises(RegionError) as refused:
        read_label_map(path, tmp_path)

    assert refused.value.code == "AMBIGUOUS_SERIES"


def test_the_report_in_every_format(case, tmp_path):
    folder, _ = case
    path, label = portal_labels(folder)
    run(path, "--reference", folder / "dicom", "-o", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "lesions.csv").read_text())))
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    book = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")

    assert page.count("data:image/png;base64,") == 1
    assert rows[0]["lesion"] == str(label) and rows[0]["measurability"] == "MEASURABLE"
    assert float(rows[0]["long axis mm"]) == document["lesions"][0]["long_axis_mm"]
    assert book["lesions"]["D2"].value == pytest.approx(document["lesions"][0]["long_axis_mm"])
    assert document["schema_version"] == "1.0"


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".json", ".html", ".md"])
def test_one_file_by_its_ending(plain, tmp_path, ending):
    run(plain, "-o", tmp_path / "made" / f"lesions{ending}")

    assert (tmp_path / "made" / f"lesions{ending}").stat().st_size > 100


def test_another_ending_is_refused(plain, tmp_path):
    done = CliRunner().invoke(build_app(), ["measure", str(plain), "-o", str(tmp_path / "a.docx")])

    assert done.exception.code == "UNKNOWN_FORMAT"
    assert not list(tmp_path.iterdir())


def test_the_terminal_shows_what_was_compared(plain):
    shown = run(plain).stdout

    assert "MEASURABLE" in shown.replace("\n", "") and "M1" in shown
    assert "slice thickness not recorded" in shown
