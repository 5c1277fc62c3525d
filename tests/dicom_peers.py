"""What other loaders make of a folder: voxels and the patient position of each, or nothing."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np


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
        for uid in SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(str(place)):
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


def dcm2niix(folder: Path) -> Iterator[PeerVolume]:
    """Every NIfTI that dcm2niix writes for a folder."""
    import nibabel
    from dcm2niix import bin as program

    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [program, "-b", "n", "-z", "n", "-f", "%s_%d_%t", "-o", out, str(folder)],
            capture_output=True,
            timeout=120,
            check=False,
        )
        for path in sorted(Path(out).glob("*.nii")):
            image = nibabel.load(path)
            if image.ndim == 3:
                yield PeerVolume(np.asarray(image.dataobj), np.diag([-1, -1, 1, 1]) @ image.affine)
            elif image.ndim == 4:
                voxels = np.asarray(image.dataobj)
                for number in range(voxels.shape[3]):
                    yield PeerVolume(voxels[..., number], np.diag([-1, -1, 1, 1]) @ image.affine)


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


PEERS = {"SimpleITK": simpleitk, "dcm2niix": dcm2niix, "highdicom": highdicom}
