"""A number that is printed leads back to mask, pixels, parameters and code, and can be computed anew."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from workup.case.case_files import read_case
from workup.case.log import sha256
from workup.case.origin_files import read_case_with_origin, stored_origin
from workup.case.software_files import software_lock
from workup.case.source import voxels_sha256
from workup.case.state import state_of
from workup.case.store_files import CaseStore
from workup.command_line import main
from workup.errors import CaseError

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_dicom"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A case folder of the sample with one version by Reader A."""
    case = read_case(SAMPLE)
    folder = tmp_path_factory.mktemp("cases") / "0001"
    store = CaseStore.create(folder, case.study, "0001", "Office", dicom_folder=SAMPLE / "dicom")
    store.save(state_of(case, "Reader A"), "Reader A", why="first read")
    return store


@pytest.fixture(scope="module")
def assessed(store, tmp_path_factory):
    """Folder of what ``veinvasion assess CASE --format html,json,csv`` wrote."""
    out = tmp_path_factory.mktemp("out")
    run = [sys.executable, "-m", "workup", "assess", str(store.folder), "-o", str(out)]
    subprocess.run([*run, "--format", "html,json,csv"], check=True, capture_output=True, cwd=ROOT)
    return out


def test_a_printed_mean_is_computed_anew_from_the_bytes_its_trace_names(store, assessed):
    """Report -> version and mask hash -> masks.bin, and series -> DICOM files: the same number."""
    trace = json.loads((assessed / "report.json").read_text())["trace"]
    printed = {row["Series"]: row for row in csv.DictReader((assessed / "statistics defect1.csv").open())}
    mask_row = next(r for r in trace["regions"] if r["id"] == "defect1")
    meta = store.version_meta(trace["version"])
    region = next(r for r in meta["state"]["regions"] if r["id"] == "defect1")
    mask = next(m for m in region["masks"] if m["acquisition"] == mask_row["acquisition"])
    assert mask["sha256"] == mask_row["mask_sha256"]

    packed = (store.folder / "versions" / f"{trace['version']:06d}" / "masks.bin").read_bytes()
    assert sha256(packed) == trace["version_files"]["masks.bin"]
    count = int(np.prod(mask["shape"]))
    bits = zlib_bits(packed[mask["start"] : mask["start"] + mask["length"]])[:count]
    inside = bits.reshape(mask["shape"]).astype(bool)

    series = next(s for s in store.source()["acquisitions"] if s["key"] == mask["acquisition"])
    first = mask["offset"][0]
    slices = series["slices"][first : first + mask["shape"][0]]
    files = {f.SOPInstanceUID: f for f in map(dcmread, sorted((SAMPLE / "dicom").rglob("*.dcm")))}
    pixels = np.stack([hounsfield(files[s["sop_instance_uid"]]) for s in slices])
    box = pixels[:, mask["offset"][1] :, mask["offset"][2] :][:, : mask["shape"][1], : mask["shape"][2]]
    row = printed[str(files[slices[0]["sop_instance_uid"]].SeriesNumber)]

    assert float(row["Mean [HU]"]) == pytest.approx(box[inside].mean(), abs=1e-9)
    assert float(row["Voxels"]) == inside.sum()


def zlib_bits(block):
    import zlib

    return np.unpackbits(np.frombuffer(zlib.decompress(block), dtype=np.uint8))


def hounsfield(file):
    return file.pixel_array.astype(np.float64) * float(file.RescaleSlope) + float(file.RescaleIntercept)


def test_the_report_names_version_author_log_line_pixels_and_software(store, assessed):
    trace = json.loads((assessed / "report.json").read_text())["trace"]
    page = (assessed / "report.html").read_text()
    saved = store.history().versions[0]
    line = store.log()[saved.n - 1]

    assert (trace["version"], trace["author"], trace["log_entry"]) == (1, "Reader A", saved.n)
    assert trace["log_sha256"] == line.sha256 and line.what == "saved"
    assert trace["software"]["assessed_with"] == software_lock()
    assert trace["parameters"]["protocol"] == "NCT06828380"
    assert trace["missing"] is None
    for row, acquisition in zip(trace["series"], store.source()["acquisitions"], strict=True):
        hashes = [s["voxels_sha256"] for s in acquisition["slices"]]
        assert row["pixels_sha256"] == sha256("".join(hashes).encode())
        assert row["pixels_sha256"] in page and row["files_sha256"] in page
    for printed in (line.sha256, software_lock()["code_sha256"], "Reader A"):
        assert printed in page


def test_a_later_version_is_another_line_of_the_log(tmp_path):
    case = read_case(SAMPLE)
    store = CaseStore.create(tmp_path / "c", case.study, "c", "Office", dicom_folder=SAMPLE / "dicom")
    origins = []
    for reader in ("Reader A", "Reader B"):
        store.save(state_of(case, reader), reader)
        origins.append(read_case_with_origin(store.folder)[1])

    assert [(o.version.number, o.version.reader) for o in origins] == [(1, "Reader A"), (2, "Reader B")]
    assert len({o.log_sha256 for o in origins}) == 2


def test_a_plain_case_says_what_was_not_recorded_and_computes_it_only_when_asked():
    case, origin = read_case_with_origin(SAMPLE)
    assert origin.series == () and "--trace" in origin.missing

    _, origin = read_case_with_origin(SAMPLE, instances=True)
    slices = origin.series[0]["instances"]
    volume = case.study.acquisitions[0].volume.voxels
    files = {f.SOPInstanceUID: p for p in (SAMPLE / "dicom").rglob("*.dcm") for f in [dcmread(p)]}
    assert slices[3]["voxels_sha256"] == voxels_sha256(volume[3])
    assert slices[3]["file_sha256"] == sha256(files[slices[3]["sop_instance_uid"]].read_bytes())


def test_a_changed_source_is_no_trace(store, tmp_path):
    import shutil

    shutil.copytree(store.folder, tmp_path / "copy")
    damaged = CaseStore.open(tmp_path / "copy")
    path = damaged.folder / "source.json"
    path.write_bytes(path.read_bytes().replace(b'"slices"', b'"Slices"', 1))

    with pytest.raises(CaseError) as caught:
        stored_origin(damaged, 1)
    assert caught.value.code == "SOURCE_DAMAGED"


def test_a_part_given_apart_for_a_case_folder_is_refused_and_not_passed_over(store, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["assess", str(store.folder), "--record", str(SAMPLE / "record.json")])

    assert ended.value.code == 1
    assert "error[PART_NOT_TAKEN]: record given apart" in capsys.readouterr().err
