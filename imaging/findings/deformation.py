"""A phase bent onto another one, for eyes only.

Breathing also bends the liver. A B-spline takes up what one shift leaves, and can as easily pull the wall
of a thrombus into the lumen. So what comes out is a picture marked as resampled, which no statistic and no
region ever uses; it is refused where it folds space, strays, or does not bring the edges closer.

References
----------
.. [1] Rueckert D et al. Nonrigid registration using free-form deformations. IEEE Trans Med Imaging
   1999;18:712-721.
.. [2] Choi Y, Lee S. Injectivity conditions of 2D and 3D uniform cubic B-spline functions. Graph Models
   2000;62:411-427 (displacements of control points below 0.48 of their spacing cannot fold).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import MeasurementError
from imaging.findings.alignment import BONE_HU, SOFT_TISSUE_HU, Alignment, align
from imaging.findings.blocks import REACH_MM, Agreement, block_agreement, edge_tensor
from imaging.findings.display import seen_on
from imaging.findings.guards import MAXIMUM_RESIDUAL_MM
from imaging.geometry import VolumeGeometry
from imaging.volume import Acquisition, Volume

#: Half the side of the box that is bent. [mm]
HALF_MM = 45.0
#: Grid of the box. [mm]
GRID_MM = 2.0
#: Intervals of the control points across the box, about 27 mm each: nothing finer bends by itself.
CONTROL_INTERVALS = 4
#: Steps of the optimizer. Between vessels liver looks the same everywhere, and further steps fit noise: after
#: 25, liver lay up to three times as far off as after the shift alone (``benchmarks/README.md``).
ITERATIONS = 12
#: Points are sampled on a jittered grid; the same jitter each time gives the same picture each time.
SAMPLING_SEED = 1
#: Largest displacement of a control point, as share of their distance: beyond it space may fold [2]_.
MAXIMUM_SHARE = 0.48
#: A local change of volume at or below this is a fold.
LEAST_JACOBIAN = 0.0


@dataclass(frozen=True, eq=False)
class Deformation:
    """The moving phase as it looks bent onto the fixed one.

    Attributes
    ----------
    shown : Volume
        Resampled, for display only.
    alignment : Alignment
        The shift from which bending began.
    jacobian_range : (low, high)
        Local change of volume; above 0 nothing folds.
    bending_per_mm : float
        Root mean square of the second derivatives of the displacement. [1/mm]
    displacement_mm : (slices, rows, columns, 3) array
        Beyond the shift, toward left, posterior and superior, on the grid of ``shown``. [mm]
    largest_mm : float
        Largest displacement beyond the shift. [mm]
    residual_mm : float
        Error left, measured as for the shift. [mm]
    """

    shown: Volume
    alignment: Alignment
    jacobian_range: tuple[float, float]
    bending_per_mm: float
    displacement_mm: NDArray[np.float64]
    largest_mm: float
    residual_mm: float


def deform(fixed: Acquisition, moving: Acquisition, center_lps_mm: Sequence[float]) -> Deformation:
    """Bend one phase onto another around a point, to look at.

    Parameters
    ----------
    fixed, moving : Acquisition
        Of one frame of reference.
    center_lps_mm : (left, posterior, superior)
        Middle of the lesion in the fixed image. [mm]

    Raises
    ------
    MeasurementError
        What ``align`` raises; ``DEFORMATION_FOLDS`` or ``DEFORMATION_FAILED`` where bending is not to be
        shown.
    """
    alignment = align(fixed, moving, center_lps_mm)
    box = _grid(center_lps_mm, HALF_MM)
    still, moved = (
        seen_on(v, box, to) for v, to in ((fixed.volume, None), (moving.volume, alignment.to_moving))
    )
    transform = _bent(still, moved, _grid(center_lps_mm, HALF_MM + REACH_MM + 2 * GRID_MM))
    field = _displacement(transform, box)
    low, high = _jacobian_range(field)
    largest = float(np.linalg.norm(field, axis=-1).max())
    if low <= LEAST_JACOBIAN:
        raise _refused("DEFORMATION_FOLDS", f"bending folds space: the Jacobian falls to {low:.2f}")
    wide = _grid(center_lps_mm, HALF_MM + REACH_MM)
    straight, bent = (_seen(moving.volume, wide, alignment, t) for t in (None, transform))
    before, after = (_agreement(still, other) for other in (straight, bent))
    if after.residual_mm > min(before.residual_mm, MAXIMUM_RESIDUAL_MM):
        text = f"bending leaves {after.residual_mm:.1f} mm, the shift alone {before.residual_mm:.1f} mm"
        raise _refused("DEFORMATION_FAILED", text)
    shown = _seen(moving.volume, box, alignment, transform)
    return Deformation(shown, alignment, (low, high), _bending(field), field, largest, after.residual_mm)


def _refused(code: str, why: str) -> MeasurementError:
    return MeasurementError(code, why, advice="Look at the phases with the shift alone.")


def _grid(center_lps_mm: Sequence[float], half_mm: float) -> VolumeGeometry:
    """An isotropic cube along the patient's axes around a point."""
    count = 2 * round(half_mm / GRID_MM) + 1
    matrix = np.array([[0, 0, GRID_MM, 0], [0, GRID_MM, 0, 0], [GRID_MM, 0, 0, 0], [0, 0, 0, 1.0]])
    matrix[:3, 3] = np.asarray(center_lps_mm) - GRID_MM * (count - 1) / 2
    return VolumeGeometry((count, count, count), matrix)


def _image(volume: Volume) -> tuple[Any, Any]:
    """Values and valid voxels as SimpleITK images in patient space, soft tissue only on CT."""
    import SimpleITK

    values = np.asarray(volume.voxels, dtype=np.float32)
    if volume.unit == "HU":
        values = np.clip(values, *SOFT_TISSUE_HU)
    images = []
    for array in (values, _breathes(volume).astype(np.uint8)):
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing([GRID_MM] * 3)
        image.SetOrigin(volume.geometry.patient_mm([0, 0, 0]).tolist())
        images.append(image)
    return images[0], images[1]


def _breathes(volume: Volume) -> NDArray[np.bool_]:
    """Valid voxels that are not bone."""
    valid = np.ones(volume.geometry.shape, dtype=bool) if volume.valid is None else volume.valid
    return np.asarray(valid & ~((volume.voxels >= BONE_HU) & (volume.unit == "HU")))


def _bent(still: Volume, moved: Volume, domain: VolumeGeometry) -> Any:
    """The B-spline over the domain with the best mutual information; its control points are bounded."""
    import SimpleITK

    (fixed, where), (moving, there) = _image(still), _image(moved)
    whole = SimpleITK.Image(list(domain.shape), SimpleITK.sitkFloat32)
    whole.SetSpacing([GRID_MM] * 3)
    whole.SetOrigin(domain.patient_mm([0, 0, 0]).tolist())
    start = SimpleITK.BSplineTransformInitializer(whole, [CONTROL_INTERVALS] * 3, order=3)
    bound = MAXIMUM_SHARE * GRID_MM * (domain.shape[0] - 1) / CONTROL_INTERVALS
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(where)
    method.SetMetricMovingMask(there)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.3, SAMPLING_SEED)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsLBFGSB(numberOfIterations=ITERATIONS, lowerBound=-bound, upperBound=bound)
    method.SetInitialTransform(start, inPlace=True)
    try:
        method.Execute(*(SimpleITK.SmoothingRecursiveGaussian(x, GRID_MM) for x in (fixed, moving)))
    except RuntimeError as error:
        raise _refused("DEFORMATION_FAILED", "the phases share too little to be bent") from error
    return start


def _displacement(transform: Any, grid: VolumeGeometry) -> NDArray[np.float64]:
    """Displacement (z, y, x, 3) in left, posterior, superior. [mm]"""
    import SimpleITK

    size, origin = grid.shape[::-1], grid.patient_mm([0, 0, 0]).tolist()
    field = SimpleITK.TransformToDisplacementField(
        transform, SimpleITK.sitkVectorFloat64, size, origin, [GRID_MM] * 3
    )
    return np.asarray(SimpleITK.GetArrayFromImage(field), dtype=np.float64)


def _jacobian_range(field: NDArray[np.float64]) -> tuple[float, float]:
    """Least and largest local change of volume."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(field, isVector=True)
    image.SetSpacing([GRID_MM] * 3)
    local = SimpleITK.GetArrayViewFromImage(SimpleITK.DisplacementFieldJacobianDeterminant(image))
    within = local[1:-1, 1:-1, 1:-1]  # the filter leaves zeros on the border
    return float(within.min()), float(within.max())


def _bending(field: NDArray[np.float64]) -> float:
    """Root mean square second derivative. [1/mm]"""
    second = [
        np.gradient(first, GRID_MM, axis=axis)
        for c in range(3)
        for first in np.gradient(field[..., c], GRID_MM)
        for axis in range(3)
    ]
    return float(np.sqrt(np.mean([np.mean(s**2) for s in second])))


def _seen(moving: Volume, grid: VolumeGeometry, alignment: Alignment, transform: Any) -> Volume:
    """The moving image on a grid through the shift and, where one is given, the bending."""
    if transform is None:
        return seen_on(moving, grid, alignment.to_moving)
    bent = grid.patient_mm(np.moveaxis(np.indices(grid.shape), 0, -1)) + _displacement(transform, grid)
    return seen_on(moving, grid, lambda _: alignment.to_moving(bent))


def _agreement(still: Volume, wide: Volume) -> Agreement:
    """Remaining shifts of blocks, as ``align`` measures them."""
    fixed, moved = (
        edge_tensor(np.asarray(v.voxels, dtype=np.float32).clip(*_window(v)), _breathes(v), GRID_MM)
        for v in (still, wide)
    )
    within = still.valid if still.valid is not None else np.ones(still.geometry.shape, dtype=bool)
    reach = (wide.geometry.shape[0] - still.geometry.shape[0]) // 2
    other = wide.valid if wide.valid is not None else np.ones(wide.geometry.shape, dtype=bool)
    inside = within & other[(slice(reach, -reach),) * 3]
    return block_agreement(fixed, moved, within, inside, GRID_MM)


def _window(volume: Volume) -> tuple[float, float]:
    return SOFT_TISSUE_HU if volume.unit == "HU" else (-np.inf, np.inf)
