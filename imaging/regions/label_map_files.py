"""Label maps in NIfTI files: whole labels in three dimensions, placed in millimeters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.geometry import LPS_TO_RAS, VolumeGeometry

NIFTI_ENDINGS = (".nii.gz", ".nii")
#: Millimeters per unit of a NIfTI header; a file that names none holds millimeters, as is the custom.
_MM_PER_UNIT = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}
#: Voxels of body images measure this much along each axis; what lies outside is in another unit. [mm]
PLAUSIBLE_VOXEL_MM = (0.05, 50.0)
#: Axes whose cosine is larger are not perpendicular: lengths between them would be wrong.
COSINE_TOLERANCE = 1e-3


def load_label_map(path: Path) -> tuple[NDArray[np.integer[Any]], VolumeGeometry]:
    """Labels of a NIfTI file in its own axis order, and where they lie in LPS.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` if it is no 3D array of whole labels in box-shaped voxels of a plausible size.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nibabel.load(path)
        values = np.asanyarray(image.dataobj)
    except (OSError, ValueError, EOFError, ImageFileError) as error:
        raise RegionError("REGIONS_FORMAT", f"{path.name} cannot be read: {error}") from error
    if values.ndim > 3 and values.size and set(values.shape[3:]) == {1}:
        values = values.reshape(values.shape[:3])
    fault = _no_label_map(values)
    if fault:
        raise RegionError(
            "REGIONS_FORMAT",
            f"{path.name} is no label map: {fault}",
            expected="one 3D array of whole labels, 0 for background",
            advice="Save a probability map above the threshold you chose, a series of maps one by one.",
        )
    labels = values if values.dtype.kind in "iu" else np.rint(values).astype(np.int64)
    shape = (int(labels.shape[0]), int(labels.shape[1]), int(labels.shape[2]))
    return labels, VolumeGeometry(shape, LPS_TO_RAS @ _affine_mm(image, path.name))


def _no_label_map(values: NDArray[Any]) -> str:
    """Why an array holds no labels; empty if it does."""
    if values.ndim != 3 or not values.size:
        return f"an array of shape {values.shape}"
    if values.dtype.kind not in "iuf":
        return f"values of type {values.dtype}"
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return "values that are no numbers"
    if values.dtype.kind != "u" and values.min() < 0:
        return f"a value of {values.min():g}, below 0"
    fractions = values[values != np.rint(values)] if values.dtype.kind == "f" else values[:0]
    if not fractions.size:
        return ""
    return f"fractions such as {fractions.flat[0]:.4g} in {fractions.size} of {values.size} voxels"


def _affine_mm(image: Any, name: str) -> NDArray[np.float64]:
    """Voxel index to RAS position along perpendicular axes, in millimeters whatever the header's unit."""
    unit = image.header.get_xyzt_units()[0]
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3] *= _MM_PER_UNIT[unit]
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = PLAUSIBLE_VOXEL_MM
    if sides.min() < low or sides.max() > high:
        raise RegionError(
            "REGIONS_FORMAT",
            f"{name} has voxels of {' x '.join(f'{s:.4g}' for s in sides)} mm; its header's unit is {unit}",
            expected=f"voxels of {low:g} to {high:g} mm",
            advice="Correct the unit of length in the file's header (xyzt_units).",
        )
    axes = affine[:3, :3] / sides
    skew = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if skew > COSINE_TOLERANCE:
        raise RegionError(
            "REGIONS_FORMAT",
            f"the axes of {name} are sheared (a cosine of {skew:.4f} between two of them)",
            expected="axes that are perpendicular to each other",
            advice="Resample the label map to a grid without shear, or draw it on the original images.",
        )
    return affine
