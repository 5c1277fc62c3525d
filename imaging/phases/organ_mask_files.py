"""Organ masks of other software (TotalSegmentator and its like), read from NIfTI.

Layout: ``<folder>/<SeriesInstanceUID or SeriesNumber>/<organ>.nii.gz``, one file per organ.
"""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from imaging.errors import RegionError
from imaging.geometry import LPS_TO_RAS
from imaging.volume import Acquisition, Study

#: Organs that phases are measured on, by TotalSegmentator's names.
ORGANS = ("aorta", "liver", "spleen", "portal_vein_and_splenic_vein", "portal_vein")


def read_organ_masks(folder: str | Path, study: Study) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Masks by acquisition key and organ, on each acquisition's own grid.

    Parameters
    ----------
    folder : str or Path
        With one folder per series.
    study : Study
        Its acquisitions are looked for by SeriesInstanceUID, then SeriesNumber.

    Raises
    ------
    RegionError
        ``ORGAN_MASKS_ABSENT`` if the folder holds no mask for any acquisition, ``ORGAN_MASK_UNREADABLE``
        if one cannot be read, ``ORGAN_MASK_ELSEWHERE`` if one has no voxel within its acquisition.
    """
    root = Path(folder)
    found = {a.key: masks for a in study.acquisitions if (masks := _masks_of(a, root))}
    if not found:
        raise RegionError(
            "ORGAN_MASKS_ABSENT",
            f"no organ mask for any of {len(study.acquisitions)} acquisitions",
            expected="<series UID or number>/<organ>.nii.gz with the organs " + ", ".join(ORGANS),
        )
    return found


def _masks_of(acquisition: Acquisition, root: Path) -> dict[str, NDArray[np.bool_]]:
    header = acquisition.header
    for name in (header.series_uid, str(header.series_number)):
        files = {organ: root / name / f"{organ}.nii.gz" for organ in ORGANS}
        masks = {organ: _on_grid(path, acquisition) for organ, path in files.items() if path.is_file()}
        if masks:
            return masks
    return {}


def _on_grid(path: Path, acquisition: Acquisition) -> NDArray[np.bool_]:
    """Mask on the acquisition's grid, by the nearest voxel of the file."""
    try:
        image = nibabel.load(path)
        voxels = np.asarray(image.dataobj) > 0.5
        affine = np.asarray(image.affine, dtype=np.float64)
        if voxels.ndim != 3:
            raise ValueError(f"{voxels.ndim} dimensions")
        to_file = np.linalg.inv(affine) @ LPS_TO_RAS @ acquisition.volume.geometry.index_to_patient_mm
    except (
        OSError,
        ValueError,
        EOFError,
        np.linalg.LinAlgError,
        ImageFileError,
    ) as error:
        raise RegionError(
            "ORGAN_MASK_UNREADABLE", f"{path.name}: {error}", expected="a 3-D NIfTI mask"
        ) from error
    shape = acquisition.volume.geometry.shape
    mask = affine_transform(voxels.astype(np.uint8), to_file[:3, :3], to_file[:3, 3], shape, order=0) > 0
    if voxels.any() and not mask.any():
        raise RegionError(
            "ORGAN_MASK_ELSEWHERE",
            f"{path.name} has no voxel within series {acquisition.header.series_number}",
            expected="a mask of this series",
        )
    return np.asarray(mask, dtype=np.bool_)
