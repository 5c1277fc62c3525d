"""Write volumes as NIfTI: RAS affine, voxels as loaded, no scaling hidden in the header."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import LPS_TO_RAS, VolumeGeometry
from imaging.volume import Volume

#: Array [slice, row, column] to NIfTI's [column, row, slice].
_REVERSED = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float)


def affine_ras(geometry: VolumeGeometry) -> NDArray[np.float64]:
    """The (4, 4) affine of a NIfTI with axes (column, row, slice). [mm]

    Examples
    --------
    >>> axes = [[0, 0, 0.7, -180], [0, 0.7, 0, -180], [2.5, 0, 0, -100], [0, 0, 0, 1]]
    >>> affine_ras(VolumeGeometry((40, 512, 512), axes))[:3, 3].tolist()
    [180.0, 180.0, -100.0]
    """
    return np.asarray(LPS_TO_RAS @ geometry.index_to_patient_mm @ _REVERSED)


def write_nifti(volume: Volume, path: Path) -> None:
    """Write a volume to a new ``.nii`` or ``.nii.gz`` file.

    Padding keeps the number that was stored for it, as other converters do.

    Parameters
    ----------
    volume : Volume
        int16 or float32; kept as they are.
    path : Path
        Written beside its place first, so that no torn file is left there.
    """
    import nibabel

    affine = affine_ras(volume.geometry)
    image = nibabel.Nifti1Image(volume.voxels.transpose(2, 1, 0), affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine, code="scanner")
    image.set_qform(affine, code="scanner")
    made = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        nibabel.save(image, made)
        made.rename(path)
    finally:
        made.unlink(missing_ok=True)
