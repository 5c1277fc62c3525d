"""Zips, untrusted input, the cache, headers alone, hashes, and NIfTI."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile

import nibabel
import numpy as np
import pytest
from pydicom.fileset import FileSet

from imaging.dicom import archive_files
from imaging.dicom.cache_files import load_cached
from imaging.dicom.nifti_files import write_nifti
from imaging.dicom.study_files import hash_sources, load_study, read_headers
from imaging.dicom.untrusted_files import load_untrusted
from imaging.errors import DicomError
from tests.dicom_peers import dcm2niix
from tests.dicom_scenarios import SCENARIOS
from tests.dicom_series import enhanced, error_of, series, truth, write
from tests.real_data import REAL_DATA, needs_real_data
from workup.command_line import main


def study_in(folder):
    write([*series(), *series(series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1)], folder)
    return folder


def same(one, other):
    assert [a.key for a in one] == [a.key for a in other]
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.volume.voxels, b.volume.voxels)
        assert a.volume.voxels.dtype == b.volume.voxels.dtype
        assert a.volume.geometry.same_grid(b.volume.geometry, 1e-9)
        assert (a.header, a.cautions, a.volume.unit) == (b.header, b.cautions, b.volume.unit)
    assert (one.refused, one.skipped) == (other.refused, other.skipped)


def refused_with(code, path, **options):
    with pytest.raises(DicomError) as caught:
        load_study(path, **options)
    assert caught.value.code == code
    return caught.value


# zips ------------------------------------------------------------------------------------------


def zip_with(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return path


def link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member


@pytest.mark.parametrize(
    "member",
    [
        "../outside.dcm",
        "a/../../outside.dcm",
        "/etc/outside.dcm",
        "C:\\outside.dcm",
        "..\\outside.dcm",
        link("a.dcm"),
    ],
    ids=str,
)
def test_a_zip_whose_members_could_escape_is_refused(member, tmp_path):
    path = zip_with(tmp_path / "study.zip", ("good.dcm", b"x"), (member, b"outside"))

    refused_with("UNSAFE_ARCHIVE", path)

    assert sorted(p.name for p in tmp_path.rglob("*")) == ["study.zip"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = zip_with(tmp_path / "study.zip", ("zeros.dcm", bytes(100 << 20)))

    error = refused_with("UNSAFE_ARCHIVE", path)

    assert "times its size" in str(error)


def test_a_zip_with_two_members_of_one_name_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zip_with(tmp_path / "study.zip", ("a.dcm", b"x"), ("a.dcm", b"y"))

    refused_with("UNSAFE_ARCHIVE", path)


@pytest.mark.parametrize("limit", ["MAX_MEMBERS", "MAX_UNPACKED_BYTES"])
def test_a_zip_beyond_a_limit_is_refused(limit, tmp_path, monkeypatch):
    path = zip_with(tmp_path / "study.zip", ("a.dcm", b"x"), ("b.dcm", b"y"))
    monkeypatch.setattr(archive_files, limit, 1)

    error = refused_with("UNSAFE_ARCHIVE", path)

    assert "at most 1" in str(error)


def test_a_damaged_zip_is_refused(tmp_path):
    study_in(tmp_path / "in")
    path = zip_with(tmp_path / "study.zip", *((p.name, p.read_bytes()) for p in (tmp_path / "in").iterdir()))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])

    refused_with("UNSAFE_ARCHIVE", path)


def test_a_zip_loads_as_its_folder_does(tmp_path):
    folder = study_in(tmp_path / "in")
    path = zip_with(tmp_path / "study.zip", *((p.name, p.read_bytes()) for p in folder.iterdir()))

    same(load_study(path), load_study(folder))
    assert hash_sources(load_study(path), path) == hash_sources(load_study(folder), folder)


def test_a_directory_file_leads_nowhere(tmp_path):
    """DICOMDIR may name files outside of its folder (CVE-2026-32711): it is listed and not followed."""
    outside = tmp_path / "outside"
    write(series(series_uid="1.2.826.0.1.3680043.8.498.2"), outside)
    filed = FileSet()
    for ds in series():
        ds.StudyID = "1"
        filed.add(ds)
    filed.write(tmp_path / "study")
    directory = tmp_path / "study" / "DICOMDIR"
    data = directory.read_bytes()
    assert b"PT000000" in data
    directory.write_bytes(data.replace(b"PT000000", b"../outsi"))

    study = load_study(tmp_path / "study")

    assert len(study.acquisitions) == 1
    assert any("DICOMDIR" in s.reason for s in study.skipped)


# untrusted -------------------------------------------------------------------------------------


def test_untrusted_loads_the_same(tmp_path):
    folder = study_in(tmp_path)

    same(load_study(folder, untrusted=True), load_study(folder))


def test_untrusted_keeps_the_reason_of_a_refusal(tmp_path):
    SCENARIOS["a slice missing in the middle"].build(tmp_path)

    error = refused_with("NOTHING_USABLE", tmp_path, untrusted=True)

    assert error.details["refused"][0]["code"] == "SERIES_GAP"


def test_untrusted_follows_no_links(tmp_path):
    write(series(), tmp_path / "secret")
    (tmp_path / "study").mkdir()
    for path in (tmp_path / "secret").iterdir():
        (tmp_path / "study" / path.name).symlink_to(path)

    assert len(load_study(tmp_path / "study").acquisitions) == 1
    refused_with("NOTHING_USABLE", tmp_path / "study", untrusted=True)


@pytest.mark.parametrize(
    "limits", [{"time_limit_s": 0.01}, {"memory_limit_bytes": 400 << 20}], ids=["time", "memory"]
)
def test_a_reader_that_takes_too_much_is_ended(limits, tmp_path):
    (ds,) = series(1)
    ds.Rows = ds.Columns = 16000
    ds.PixelData = bytes(16000 * 16000 * 2)
    write([ds], tmp_path)

    with pytest.raises(DicomError) as caught:
        load_untrusted(tmp_path, **limits)

    assert caught.value.code == "DECODE_LIMIT"


def test_more_frames_than_any_scan_are_refused_before_memory_is_taken(tmp_path):
    ds = enhanced(series())
    ds.NumberOfFrames = 2_000_000_000
    write([ds], tmp_path)

    error = refused_with("NOTHING_USABLE", tmp_path)

    assert error.details["refused"][0]["code"] == "TOO_LARGE"


# privacy ---------------------------------------------------------------------------------------


def test_no_refusal_names_the_patient(tmp_path):
    canaries = ("Canary^Maria", "ID-90210-CANARY", "19331224")
    for sentence, case in SCENARIOS.items():
        if not case.refused or "damaged" in sentence or case.resample:
            continue
        folder = tmp_path / str(abs(hash(sentence)))
        case.build(folder)
        for path in folder.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            if b"Phantom^Liver" in data:
                data = data.replace(b"Phantom^Liver ", b"Canary^Maria  ").replace(b"PHANTOM ", b"CANARY42")
                path.write_bytes(data)
        with pytest.raises(DicomError) as caught:
            raise DicomError("LOADED", str(load_study(folder).refused))
        said = str(caught.value) + json.dumps(caught.value.details)
        assert not any(c in said for c in (*canaries, "CANARY42", "Canary"))


def closed_to_us(monkeypatch, folder):
    """A folder whose permissions keep us out, also where the tests run as root."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and allowed(path, mode))
    for path in folder.iterdir():
        path.unlink()  # what nobody can list
    return folder


def test_a_folder_that_may_not_be_looked_into_is_refused_and_not_passed_over(tmp_path, monkeypatch):
    study_in(tmp_path / "study")
    closed_to_us(monkeypatch, study_in(tmp_path / "study" / "arterial"))

    (refused,) = load_study(tmp_path / "study").refused
    assert (refused.code, refused.files) == ("UNREADABLE", ("arterial",))


# cache, headers, hashes ------------------------------------------------------------------------


def test_a_cached_study_is_the_same_and_is_not_read_again(tmp_path):
    folder = study_in(tmp_path / "study")
    SCENARIOS["padding outside the circle"].build(folder / "padded")
    loaded = load_cached(folder, tmp_path / "cache")
    for path in folder.rglob("*.dcm"):
        path.chmod(0)

    again = load_cached(folder, tmp_path / "cache")

    same(again, loaded)
    assert isinstance(again.acquisitions[0].volume.voxels.base, np.memmap)
    assert not again.acquisitions[0].volume.voxels.flags.writeable


def test_a_changed_file_is_not_served_from_the_cache(tmp_path):
    folder = study_in(tmp_path / "study")
    load_cached(folder, tmp_path / "cache")
    changed = sorted(folder.iterdir())[0]
    changed.write_bytes(changed.read_bytes()[:-2])

    assert {r.code for r in load_cached(folder, tmp_path / "cache").refused} == {"TRUNCATED"}


def test_headers_alone_name_the_same_acquisitions(tmp_path):
    SCENARIOS["three passes told apart by temporal position"].build(tmp_path)

    headers = read_headers(tmp_path).headers

    assert headers == {a.key: a.header for a in load_study(tmp_path)}


def test_headers_need_no_pixels(tmp_path):
    images = series()
    for ds in images:
        del ds.PixelData
    write(images, tmp_path)

    assert len(read_headers(tmp_path).headers) == 1


def test_every_slice_has_the_hash_of_its_file(tmp_path):
    folder = study_in(tmp_path)
    study = load_study(folder)

    hashes = hash_sources(study, folder)

    assert set(hashes) == {uid for a in study for uid in a.header.sop_instance_uids}
    assert set(hashes.values()) == {hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_slices_and_identifiers_are_in_one_order(tmp_path):
    images = series()
    write(images, tmp_path)

    (acquisition,) = load_study(tmp_path)

    assert acquisition.header.sop_instance_uids == tuple(ds.SOPInstanceUID for ds in images)


# NIfTI -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentence", ["a plain series", "an oblique stack", "CT slope of one half"])
def test_a_nifti_holds_the_truth_in_ras(sentence, tmp_path):
    SCENARIOS[sentence].build(tmp_path / "study")
    (acquisition,) = load_study(tmp_path / "study")

    write_nifti(acquisition.volume, tmp_path / "out.nii.gz")

    image = nibabel.load(tmp_path / "out.nii.gz")
    index = np.moveaxis(np.indices(image.shape), 0, -1)
    left_posterior_superior = nibabel.affines.apply_affine(image.affine, index) * [-1, -1, 1]
    assert (
        error_of(np.asarray(image.dataobj), left_posterior_superior) <= 0.56 + SCENARIOS[sentence].scale_error
    )
    assert image.header.get_data_dtype() == acquisition.volume.voxels.dtype
    assert truth(np.zeros(3)) == 0


def converted(capsys, *arguments):
    """Exit code of ``veinvasion convert`` and all that it said."""
    with pytest.raises(SystemExit) as done:
        main(["convert", *map(str, arguments)])
    said = capsys.readouterr()
    return done.value.code, said.out + said.err


def test_the_convert_command_never_mixes_two_exports(tmp_path, capsys):
    """Files are named by number: an earlier export would be overwritten, or its surplus left beside."""
    study, out = study_in(tmp_path / "study"), tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("a folder that holds something else is taken")
    first, _ = converted(capsys, study, out, "--json")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    again, said = converted(capsys, study, out, "--gzip")

    assert (first, again) == (0, 1)
    assert "[ALREADY_THERE]" in said
    assert sorted(before) == ["acquisition_001.nii", "acquisition_002.nii", "notes.txt"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@needs_real_data
@pytest.mark.parametrize(
    "folder", ["hcc005_followup_1999-04-30/S005", "mr_abdomen_adc_t2/t2_image", "tcga_lihc_BC-A10W_ct"]
)
def test_the_convert_command_agrees_with_dcm2niix(folder, tmp_path):
    arguments = ["convert", str(REAL_DATA / folder), str(tmp_path), "--json"]
    code = "import sys; from workup.command_line import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )

    (row,) = json.loads(done.stdout)["volumes"]

    image = nibabel.load(row["path"])
    (theirs,) = dcm2niix(REAL_DATA / folder)
    turned = theirs.along(np.diag([-1, -1, 1, 1]) @ image.affine)
    assert np.array_equal(turned.voxels, np.asarray(image.dataobj))
    assert np.abs(np.diag([-1, -1, 1, 1]) @ turned.index_to_patient_mm - image.affine).max() < 1e-3
    assert np.allclose(row["affine_ras"], image.affine, atol=1e-4)
    assert row["unit"] in ("HU", "MR")
