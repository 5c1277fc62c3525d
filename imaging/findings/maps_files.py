"""Maps as NIfTI files: float32, RAS, NaN where invalid, with the unit in the description."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import LPS_TO_RAS, VolumeGeometry


def write_map(
    path: Path | str, values: NDArray[np.float32], geometry: VolumeGeometry, description: str
) -> Path:
    """Write one map.

    Parameters
    ----------
    path : path
        Ends in ``.nii`` or ``.nii.gz``.
    values : (slices, rows, columns) array
        NaN where invalid.
    geometry : VolumeGeometry
        Its grid.
    description : str
        What it shows and its unit, up to 79 characters.

    Returns
    -------
    path
    """
    import nibabel

    image = nibabel.Nifti1Image(values, LPS_TO_RAS @ geometry.index_to_patient_mm)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = description[:79].encode("ascii", "replace")
    nibabel.save(image, Path(path))
    return Path(path)
