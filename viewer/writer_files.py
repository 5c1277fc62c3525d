"""napari writer: an outline layer as NIfTI, in its place in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import RegionError
from imaging.geometry import LPS_TO_RAS


def write_labels(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write one labels layer; the files that were written.

    Raises
    ------
    RegionError
        ``NO_PLACE`` if the layer does not come from a DICOM acquisition: where it lies is not known.
    """
    import nibabel

    matrix = attributes.get("metadata", {}).get("index_to_patient_mm")
    if matrix is None:
        raise RegionError(
            "NO_PLACE",
            "the layer does not know its place in the patient",
            expected="outlines drawn on an acquisition that veinvasion opened",
        )
    to_ras = LPS_TO_RAS @ np.asarray(matrix, dtype=np.float64)
    target = Path(path)
    image = nibabel.Nifti1Image(np.asarray(data).astype(np.uint8), to_ras)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, target)
    return [str(target)]
