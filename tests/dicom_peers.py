"""What other loaders make of a folder: voxels and the patient position of each, or nothing.

``python -m tests.dicom_peers`` runs every scenario through every loader and prints what became of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from imaging.dicom.study_files import load_study
from imaging.errors import DicomError
from tests.dicom_scenarios import SCENARIOS, Scenario
from tests.dicom_series import TOLERANCE, error_of


@dataclass(frozen=True)
class PeerVolume:
    """Voxels of a peer as (i, j, k) in its own order, with its own index-to-patient matrix (LPS, mm)."""

    voxels: np.ndarray
    index_to_patient_mm: np.ndarray

    @property
    def positions_mm(self) -> np.ndarray:
        """Patient position (..., 3) of each voxel."""
        index = np.moveaxis(np.indices(self.voxels.shape), 0, -1)
        return index @ self.index_to_patient_mm[:3, :3].T + self.index_to_patient_mm[:3, 3]

    def along(self, index_to_patient_mm: np.ndarray) -> PeerVolume:
        """The same volume with its axes ordered and turned as those of another matrix."""
        ours = index_to_patient_mm[:3, :3] / np.linalg.norm(index_to_patient_mm[:3, :3], axis=0)
        theirs = self.index_to_patient_mm[:3, :3] / np.linalg.norm(self.index_to_patient_mm[:3, :3], axis=0)
        alike = ours.T @ theirs
        order = np.abs(alike).argmax(axis=1)
        voxels, matrix = self.voxels.transpose(order), self.index_to_patient_mm.copy()
        matrix[:3, :3] = matrix[:3, order]
        for axis in range(3):
            if alike[axis, order[axis]] < 0:
                matrix[:3, 3] += matrix[:3, axis] * (voxels.shape[axis] - 1)
                matrix[:3, axis] *= -1
                voxels = np.flip(voxels, axis)
        return PeerVolume(voxels, matrix)


def simpleitk(folder: Path) -> Iterator[PeerVolume]:
    """Every series GDCM finds in each folder, and each file GDCM calls no series."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    for place in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        try:
            series = SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(str(place))
        except RuntimeError:  # sequences too deep for it
            continue
        for uid in series:
            names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(place), uid)
            reader = SimpleITK.ImageSeriesReader()
            reader.SetFileNames(names)
            try:
                image = reader.Execute() if len(names) > 1 else SimpleITK.ReadImage(names[0])
            except RuntimeError:
                continue
            if image.GetDimension() == 3 and image.GetNumberOfComponentsPerPixel() == 1:
                yield _of_simpleitk(image)


def _of_simpleitk(image) -> PeerVolume:
    import SimpleITK

    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return PeerVolume(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), matrix)


def _of_niftis(paths: Iterable[Path]) -> Iterator[PeerVolume]:
    import nibabel

    for path in paths:
        image = nibabel.load(path)
        voxels, matrix = np.asarray(image.dataobj), np.diag([-1, -1, 1, 1]) @ image.affine
        if voxels.ndim == 3:
            yield PeerVolume(voxels, matrix)
        elif voxels.ndim == 4:
            yield from (PeerVolume(voxels[..., number], matrix) for number in range(voxels.shape[3]))


def dcm2niix(folder: Path) -> Iterator[PeerVolume]:
    """Every NIfTI that dcm2niix writes for a folder."""
    from dcm2niix import bin as program

    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [program, "-b", "n", "-z", "n", "-f", "%s_%d_%t", "-o", out, str(folder)],
            capture_output=True,
            timeout=120,
            check=False,
        )
        yield from _of_niftis(sorted(Path(out).glob("*.nii")))


#: Where `make test-long` puts dicom2nifti with its python-gdcm: beside the environment, not in it, so that
#: no test of ours decodes with a library that users do not have.
DICOM2NIFTI = Path(sys.prefix) / "dicom2nifti"
_CONVERT_FOLDERS = """
import os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1), os.dup2(1, 2)
import logging, warnings
logging.disable()
warnings.simplefilter("ignore")
import dicom2nifti
for line in sys.stdin:
    folder, out = line.rstrip("\\n").split("\\t")
    dicom2nifti.convert_directory(folder, out, compression=False, reorient=False)
    print(out, file=answers, flush=True)
"""


@cache
def _dicom2nifti_process() -> subprocess.Popen[str]:
    """One process for all folders: its imports cost more than a conversion."""
    return subprocess.Popen(
        [sys.executable, "-c", _CONVERT_FOLDERS],
        env={**os.environ, "PYTHONPATH": str(DICOM2NIFTI)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def dicom2nifti(folder: Path) -> Iterator[PeerVolume]:
    """Every NIfTI that dicom2nifti writes for a folder; one of several with the same name survives."""
    process = _dicom2nifti_process()
    with tempfile.TemporaryDirectory() as out:
        print(folder, out, sep="\t", file=process.stdin, flush=True)
        assert process.stdout.readline().rstrip() == out, "dicom2nifti ended"
        yield from _of_niftis(sorted(Path(out).glob("*.nii")))


def highdicom(folder: Path) -> Iterator[PeerVolume]:
    """Each series of classic images, each multi-frame object."""
    from collections import defaultdict

    from pydicom import dcmread

    series = defaultdict(list)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            try:
                ds = dcmread(path)
                series[str(ds.SeriesInstanceUID)].append(ds)
            except Exception:
                continue
        for images in series.values():
            try:
                yield _of_highdicom(images)
            except Exception:
                continue


def _of_highdicom(images) -> PeerVolume:
    import highdicom as hd

    options = {
        "apply_real_world_transform": False,
        "apply_presentation_lut": False,
        "apply_modality_transform": None,
    }
    if len(images) == 1 and "NumberOfFrames" in images[0]:
        volume = hd.Image.from_dataset(images[0]).get_volume(**options)
    else:
        volume = hd.get_volume_from_series(images, **options)
    return PeerVolume(volume.array, np.asarray(volume.affine))


PEERS = {"SimpleITK": simpleitk, "dcm2niix": dcm2niix, "dicom2nifti": dicom2nifti, "highdicom": highdicom}


def verdict(volumes: Sequence[PeerVolume], slices: int, *, mr: bool, tolerance: float) -> str:
    """``right``, ``part`` (right, but not whole), ``wrong``, or ``nothing``.

    Parameters
    ----------
    volumes : sequence of PeerVolume
        Everything a loader made of a scenario's folder.
    slices : int
        As many as a whole answer has.
    mr : bool
        Whether values are those of an MR scenario.
    tolerance : float
        Largest deviation from the truth that is none.
    """
    if not volumes:
        return "nothing"
    if not all(error_of(v.voxels, v.positions_mm, mr=mr) <= tolerance for v in volumes):
        return "wrong"  # not a number is no place either
    return "right" if sum(v.voxels.shape[2] for v in volumes) >= slices else "part"


def image_slices(folder: Path) -> int:
    """Frames of all DICOM files under a folder that pydicom can read."""
    import pydicom

    count = 0
    for path in (p for p in folder.rglob("*") if p.is_file()):
        try:
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            count += int(ds.get("NumberOfFrames") or 1)
        except Exception:
            count += path.suffix == ".dcm"
    return count


def verdicts(scenario: Scenario, folder: Path, slices: int, names: Iterable[str] = PEERS) -> dict[str, str]:
    """What each of the named loaders makes of a scenario that was written to a folder."""
    options = {"mr": scenario.mr, "tolerance": TOLERANCE + scenario.scale_error}
    return {name: verdict(list(PEERS[name](folder)), slices, **options) for name in names}


def loaded_slices(folder: Path, *, resample: bool) -> int | None:
    """How many slices ours makes of a folder; None if it refuses all of it."""
    try:
        study = load_study(next(folder.glob("*.zip"), folder), resample=resample)
    except DicomError:
        return None
    return sum(a.volume.voxels.shape[0] for a in study)


def main() -> None:
    """Print a row for each scenario and the count of each verdict."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in PEERS}
    print("| scenario | ours |", " | ".join(PEERS), "|")
    for sentence, scenario in SCENARIOS.items():
        with tempfile.TemporaryDirectory() as place:
            scenario.build(Path(place))
            slices = loaded_slices(Path(place), resample=scenario.resample)
            found = verdicts(scenario, Path(place), slices or image_slices(Path(place)))
        ours = f"loads {scenario.loads}" if scenario.loads else f"refuses, {scenario.refused}"
        print(f"| {sentence} | {ours} |", " | ".join(found.values()), "|")
        for name, word in found.items():
            counts[name][word] += 1
    for name, count in counts.items():
        print(name, dict(count))


if __name__ == "__main__":
    main()
