"""Load a dynamic study of four phases: ours and other loaders against reading the same bytes.

``python benchmarks/load.py`` generates 4 x 200 slices of 512 x 512, files of all phases shuffled in one
folder, and prints a table of ratios. Only ratios of one run compare; a shared machine moves all.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PHASES, SIZE = 4, 512


def generate(folder: Path, slices: int) -> None:
    """A study with headers as long as a real scanner's (about 90 elements, 4 KB)."""
    rng = np.random.default_rng(1)
    names = [f"IM{i:05d}" for i in range(PHASES * slices)]
    random.Random(1).shuffle(names)
    base = rng.integers(900, 1200, (SIZE, SIZE), np.uint16)
    for number, name in enumerate(names):
        phase, index = divmod(number, slices)
        ds = _header(phase, index)
        ds.PixelData = np.roll(base, 7 * index + phase).tobytes()
        ds["PixelData"].VR = "OW"
        ds.save_as(folder / f"{name}.dcm", enforce_file_format=True)


def _header(phase: int, index: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet, ds.ImageType = "ISO_IR 100", ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20240307"
    ds.StudyTime, ds.SeriesTime = "101500", f"10160{phase}"
    ds.AcquisitionTime = ds.ContentTime = f"10{20 + phase}{index % 60:02d}.5"
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = "CT", "Veinvasion", "Phantom"
    ds.StudyDescription, ds.SeriesDescription = "Liver dynamic", f"Phase {phase}"
    ds.PatientName, ds.PatientID, ds.PatientSex, ds.PatientAge = "Phantom^Liver", "PHANTOM", "O", "060Y"
    ds.ContrastBolusAgent, ds.BodyPartExamined, ds.ScanOptions = "IOHEXOL", "ABDOMEN", "HELICAL MODE"
    ds.SliceThickness, ds.KVP, ds.ConvolutionKernel, ds.PatientPosition = "1.25", "120", "STANDARD", "HFS"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = (
        "1.2.826.0.1.3680043.8.498.9",
        f"1.2.826.0.1.3680043.8.498.{phase}",
    )
    ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = phase + 1, phase + 1, index + 1
    ds.ImagePositionPatient = ["-180.5", "-175.25", f"{-200 + 1.25 * index:.4f}"]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.8"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = SIZE
    ds.PixelSpacing = ["0.703125", "0.703125"]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "-1024", "HU"
    block = ds.private_block(0x0019, "VEINVASION BENCH", create=True)
    for element in range(40):
        block.add_new(element, "LO", f"private value number {element:03d} of a scanner")
    return ds


# each way returns the mean of all values, so that none can skip work ---------------------------------


def raw(folder: Path) -> float:
    """The limit: the same bytes into fresh arrays, nothing looked at."""
    files = sorted(folder.iterdir())
    out = np.empty((len(files), SIZE, SIZE), np.uint16)
    for index, path in enumerate(files):
        with path.open("rb", buffering=0) as file:
            os.preadv(file.fileno(), [out[index].data.cast("B")], path.stat().st_size - SIZE * SIZE * 2)
    return _checksum(out)


def ours(folder: Path) -> float:
    from imaging.dicom.study_files import load_study

    return _checksum(*(a.volume.voxels for a in load_study(folder)))


def ours_again(folder: Path) -> float:
    """Opened before: mapped from the cache, then read wholly into fresh arrays."""
    from imaging.dicom.cache_files import load_cached

    return _checksum(*(np.array(a.volume.voxels) for a in load_cached(folder, folder.parent / "cache")))


def pydicom_naive(folder: Path) -> float:
    series = defaultdict(list)
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        series[ds.SeriesInstanceUID].append(ds)
    volumes = []
    for images in series.values():
        images.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
        stack = [ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in images]
        volumes.append(np.stack(stack).astype(np.int16))
    return _checksum(*volumes)


def simpleitk(folder: Path) -> float:
    import SimpleITK

    volumes = []
    for uid in SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)):
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid))
        volumes.append(SimpleITK.GetArrayFromImage(reader.Execute()))
    return _checksum(*volumes)


def highdicom(folder: Path) -> float:
    import highdicom as hd

    series = defaultdict(list)
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        series[ds.SeriesInstanceUID].append(ds)
    options = {"apply_real_world_transform": False, "apply_presentation_lut": False, "dtype": np.float32}
    return _checksum(*(hd.get_volume_from_series(s, **options).array for s in series.values()))


def dcm2niix(folder: Path) -> float:
    import nibabel
    from dcm2niix import bin as program

    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [program, "-b", "n", "-z", "n", "-o", out, str(folder)], capture_output=True, check=True
        )
        return _checksum(
            *(nibabel.load(p).dataobj.get_unscaled().copy(order="K") for p in Path(out).glob("*.nii"))
        )


def dicomsdl(folder: Path) -> float:
    """dicomsdl with the user's own sorting and rescale."""
    import dicomsdl as dcm

    series = defaultdict(list)
    for path in folder.iterdir():
        ds = dcm.open(str(path))
        series[ds.SeriesInstanceUID].append((ds.ImagePositionPatient[2], path.name, ds))
    volumes = []
    for images in series.values():
        out = np.empty((len(images), SIZE, SIZE), np.int16)
        for index, (_, _, ds) in enumerate(sorted(images, key=lambda i: i[:2])):
            out[index] = ds.pixelData()
        volumes.append(out)
    return _checksum(*volumes)


WAYS = {
    "raw read (the limit)": raw,
    "veinvasion, first open": ours,
    "veinvasion, opened before": ours_again,
    "dicomsdl, own sorting": dicomsdl,
    "dcm2niix, then its files": dcm2niix,
    "pydicom loop": pydicom_naive,
    "SimpleITK series reader": simpleitk,
    "highdicom": highdicom,
}

#: Ways whose sum is another one: stored values, and turned axes.
TURNED = ("raw read (the limit)", "dcm2niix, then its files")


def _checksum(*arrays: np.ndarray) -> float:
    """Sum of some values of each row, the same places in every way that does not turn the axes."""
    return float(sum(int(a.ravel(order="K")[::2048].astype(np.int64).sum()) for a in arrays))


def peak_mb(way: str, folder: Path) -> float:
    """Peak memory of a fresh process that loads once, less that of one that only imports. [MB]"""
    code = "import sys; sys.path.insert(0, {here!r}); import load; from pathlib import Path\n"
    code += "import imaging.dicom.study_files\n{call}\n"
    code += "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    here = str(Path(__file__).parent)
    calls = ("", f"load.WAYS[{way!r}](Path({str(folder)!r}))")
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", code.format(here=here, call=c)])) for c in calls
    ]
    return (peaks[1] - peaks[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(WAYS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        folder.mkdir()
        generate(folder, options.slices)
        size_mb = PHASES * options.slices * SIZE * SIZE * 2 / 2**20
        times: dict[str, list[float]] = defaultdict(list)
        sums: dict[str, float] = {}
        for _ in range(options.rounds + 1):  # the first round warms caches and imports
            for way in options.only:
                started = time.perf_counter()
                sums[way] = WAYS[way](folder)
                times[way].append(time.perf_counter() - started)
        unlike = [w for w in sums if w not in TURNED and sums[w] != sums[options.only[1]]]
        if unlike:
            raise SystemExit(f"different values: {unlike}")
        limit = statistics.median(times["raw read (the limit)"][1:])
        print(f"{PHASES} x {options.slices} slices, {size_mb:.0f} MB, {os.cpu_count()} cores")
        print(f"load average {os.getloadavg()[0]:.1f}, {options.rounds} rounds")
        print("| way | seconds | ratio to the raw read |\n|---|---|---|")
        for way in options.only:
            median = statistics.median(times[way][1:])
            best = min(times[way][1:]) / min(times["raw read (the limit)"][1:])
            print(f"| {way} | {median:.3f} | {median / limit:.1f} (best of each {best:.1f}) |")
        peak = peak_mb("veinvasion, first open", folder)
        print(f"peak memory of the first open: {peak:.0f} MB, {peak / size_mb:.2f} of the volumes")


if __name__ == "__main__":
    main()
