"""The committed sample is what its generator writes, valid DICOM, and small."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from imaging.phantom import TWINS, make_phantom
from imaging.phantom_files import write_case, write_study

SAMPLE = Path(__file__).parent.parent / "sample_dicom"
DCIODVFY = shutil.which("dciodvfy", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")
WRITTEN = sorted(p for p in SAMPLE.rglob("*") if p.suffix in {".dcm", ".json", ".gz"})
#: OpenJPEG signs what it writes.
SIGNATURE = re.compile(rb"Created by OpenJPEG version [0-9.]+")


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_case(TWINS["plain"], folder, compression="jpeg2000")
    return folder


def test_the_sample_stays_small():
    assert sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file()) < 6_000_000


def test_the_generator_writes_the_same_files(regenerated):
    again = sorted(p.relative_to(regenerated) for p in regenerated.rglob("*") if p.is_file())

    assert again == [p.relative_to(SAMPLE) for p in WRITTEN]


def test_regenerated_images_equal_the_committed_bytes(regenerated):
    for path in (p for p in WRITTEN if p.suffix == ".dcm"):
        committed, made = path.read_bytes(), (regenerated / path.relative_to(SAMPLE)).read_bytes()
        if SIGNATURE.search(committed)[0] == SIGNATURE.search(made)[0]:
            assert committed == made, path.name
        else:  # another OpenJPEG may choose other code words for the same pixels
            assert np.array_equal(
                pydicom.dcmread(path).pixel_array,
                pydicom.dcmread(regenerated / path.relative_to(SAMPLE)).pixel_array,
            )


def test_regenerated_regions_and_documents_equal_the_committed(regenerated):
    for path in (p for p in WRITTEN if p.suffix != ".dcm"):
        made = regenerated / path.relative_to(SAMPLE)
        if path.suffix == ".json":
            assert path.read_text("utf-8") == made.read_text("utf-8")
        else:
            a, b = nibabel.load(path), nibabel.load(made)
            assert np.array_equal(a.get_fdata(), b.get_fdata())
            assert np.array_equal(a.affine, b.affine)


def series(folder):
    return {p.name: sorted(p.glob("*.dcm")) for p in sorted((folder / "dicom").iterdir())}


def test_each_series_is_written_as_scanners_write_it():
    found = {
        name: [pydicom.dcmread(f, stop_before_pixels=True) for f in files]
        for name, files in series(SAMPLE).items()
    }
    firsts = [images[0] for images in found.values()]

    assert len({x.SeriesInstanceUID for x in firsts}) == 4
    assert len({x.StudyInstanceUID for x in firsts}) == len({x.FrameOfReferenceUID for x in firsts}) == 1
    assert len({x.SOPInstanceUID for images in found.values() for x in images}) == 128
    assert all(uid.startswith("2.25.") for x in firsts for uid in (x.StudyInstanceUID, x.SOPInstanceUID))
    assert all(str(x.PatientName) == "Phantom^Liver" and x.PatientID == "PHANTOM-001" for x in firsts)
    assert "ContrastBolusAgent" not in firsts[0] and all(x.ContrastBolusAgent for x in firsts[1:])
    times = [float(x.AcquisitionTime) for x in firsts]
    assert times == sorted(times) and len(set(times)) == 4


def test_the_head_comes_first():
    images = [pydicom.dcmread(f, stop_before_pixels=True) for f in series(SAMPLE)["S003"]]
    heights = [float(x.ImagePositionPatient[2]) for x in images]

    assert [x.InstanceNumber for x in images] == list(range(1, 33))
    assert np.allclose(np.diff(heights), -5.0)


@pytest.mark.parametrize("name", ["plain", "gadoxetate_mr"])
def test_stored_pixels_are_the_phantom_s_voxels(tmp_path, name):
    phantom = make_phantom(TWINS[name].small())
    write_study(phantom, tmp_path)
    acquisition = phantom.acquisitions[1]
    files = sorted(tmp_path.glob("S003/*.dcm"))[::-1]
    images = [pydicom.dcmread(f) for f in files]
    intercept = images[0].get("RescaleIntercept", 0)
    values = np.stack([x.pixel_array.astype(int) + int(intercept) for x in images])

    assert np.array_equal(values, acquisition.volume.voxels)
    position = [list(map(float, x.ImagePositionPatient)) for x in images]
    corners = acquisition.volume.geometry.patient_mm([[i, 0, 0] for i in range(24)])
    assert np.allclose(position, corners, atol=1e-3)


@pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize("name", TWINS)
def test_dciodvfy_finds_no_error(tmp_path, name):
    write_study(make_phantom(TWINS[name].small()), tmp_path)
    folder = SAMPLE / "dicom" if name == "plain" else tmp_path
    for one in sorted(folder.iterdir()):
        said = subprocess.run(
            [DCIODVFY, str(sorted(one.glob("*.dcm"))[4])], capture_output=True, text=True, check=False
        )

        assert "Error" not in said.stdout + said.stderr


def test_region_masks_lie_on_their_phase_s_own_grid():
    document = json.loads((SAMPLE / "regions.json").read_text("utf-8"))
    for mask in document["masks"]:
        files = [f for fs in series(SAMPLE).values() for f in fs]
        image = next(
            x
            for x in (pydicom.dcmread(f, stop_before_pixels=True) for f in files)
            if x.SeriesInstanceUID == mask["series_uid"] and x.InstanceNumber == 32
        )
        affine = nibabel.load(SAMPLE / mask["file"]).affine
        left, posterior, superior = map(float, image.ImagePositionPatient)

        assert affine[:3, 3] == pytest.approx([-left, -posterior, superior], abs=1e-3)
        assert np.diag(affine)[:3] == pytest.approx([-1.4, -1.4, 5.0])


def test_the_truth_names_values_diameters_and_verdicts():
    truth = json.loads((SAMPLE / "expected.json").read_text("utf-8"))

    assert truth["tissue"]["tumor_thrombus"] == {
        "unenhanced": 45,
        "late_arterial": 95,
        "portal_venous": 85,
        "delayed": 80,
    }
    assert (truth["lesions"]["hcc1"]["long_axis_mm"], truth["lesions"]["hcc1"]["short_axis_mm"]) == (54, 43)
    assert truth["verdicts"]["I4.a.2"] == truth["verdicts"]["I5"] == "PASS"
