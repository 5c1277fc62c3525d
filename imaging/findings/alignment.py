"""Rigid alignment of one phase to another around a lesion, with the error that is left measured.

Between breath-holds the liver moves by up to 30 mm, mostly toward head or feet. The search is limited
to a box around the lesion, where one shift describes the motion: an exhaustive correlation of edge
directions finds the shift whatever its size, then SimpleITK refines it by mutual information. If that is
little, not moving at all is a candidate as well.

Nothing is taken on trust: the box is cut into blocks, each block's own remaining shift is measured, and
an alignment that the blocks do not agree with is refused.

References
----------
.. [1] Padfield D. Masked object registration in the Fourier domain. IEEE Trans Image Process
   2012;21:2706-2718.
.. [2] Mattes D et al. PET-CT image registration in the chest using free-form deformations. IEEE Trans
   Med Imaging 2003;22:120-128.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.errors import MeasurementError
from imaging.findings.blocks import REACH_MM, Agreement, block_agreement, correlation, edge_tensor, peak_of
from imaging.volume import Acquisition, Volume

#: Half the side of the box around the lesion in which one shift is sought. [mm]
BOX_HALF_MM = 45.0
#: Largest shift along each axis that is sought: livers move up to 30 mm between breath-holds. [mm]
SEARCH_MM = 30.0
#: The box is sampled on this grid; edges of vessels stay visible. [mm]
GRID_MM = 2.0
#: A slab that fills less of the box than this shows too little. (40 mm of slices fill 0.45.)
MINIMUM_FILLED = 0.3
#: Least share of what the fixed image shows of the box that must lie inside of the moving image, too.
MINIMUM_OVERLAP = 0.5
#: CT values outside of soft tissue and contrast are clipped: air and bone would outweigh vessels. [HU]
SOFT_TISSUE_HU = (-100.0, 250.0)
#: Bone does not breathe along with the liver: it and its surroundings are left out. [HU]
BONE_HU = 180.0
#: Structure is weighted by a bell around the lesion with this share of the half side as its width, so
#: that the still chest wall at the border of the box does not outvote the moving liver.
BELL_SHARE = 0.5
#: At least this share of the structure must agree with the shift that was found. (Chance gives 7 %.)
MINIMUM_AGREEMENT = 0.5
#: Fewer blocks than two layers of three by three agree by chance more easily: a thin noisy slab of one layer
#: was 12 mm off with 55 % agreeing and 3 mm left by its own blocks.
FEW_BLOCKS = 18
#: So more of the structure must agree then.
AGREEMENT_OF_FEW = 0.6

#: Mutual information that moves further than this from where the edges match has lost its way. [mm]
STRAY_MM = 6.0

Vector = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where a position of the fixed image lies in the moving image.

    Attributes
    ----------
    matrix : (4, 4) array
        Takes fixed patient positions to moving ones. [mm]
    shift_mm : (left, posterior, superior)
        Displacement at the center of the box. [mm]
    residual_mm : float
        Median remaining shift of the structure in the box: the error left. [mm]
    agreement : Agreement
        What the blocks say.
    """

    matrix: NDArray[np.float64]
    shift_mm: Vector
    residual_mm: float
    agreement: Agreement

    def to_moving(self, positions_mm: ArrayLike) -> NDArray[np.float64]:
        """Positions (..., 3) in the moving image of positions in the fixed one. [mm]"""
        points = np.asarray(positions_mm, dtype=np.float64)
        return np.asarray(points @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    def to_fixed(self, positions_mm: ArrayLike) -> NDArray[np.float64]:
        """Positions (..., 3) in the fixed image of positions in the moving one. [mm]"""
        back = np.linalg.inv(self.matrix)
        points = np.asarray(positions_mm, dtype=np.float64)
        return np.asarray(points @ back[:3, :3].T + back[:3, 3])


def align(
    fixed: Acquisition,
    moving: Acquisition,
    center_lps_mm: Sequence[float],
    *,
    half_size_mm: float = BOX_HALF_MM,
    search_mm: float = SEARCH_MM,
    kind: Literal["translation", "rigid"] = "translation",
) -> Alignment:
    """Align two phases around a point.

    Parameters
    ----------
    fixed, moving : Acquisition
        Of one frame of reference.
    center_lps_mm : (left, posterior, superior)
        Middle of the lesion in the fixed image. [mm]
    half_size_mm : float
        Half the side of the box. [mm]
    search_mm : float
        Largest shift sought. [mm]
    kind : "translation" or "rigid"
        Rigid also turns, which small boxes rarely support.

    Returns
    -------
    Alignment

    Raises
    ------
    MeasurementError
        ``FRAME_OF_REFERENCE`` if the positions of the two are unrelated; ``REGISTRATION_FAILED`` with
        what speaks against the result.
    """
    _same_frame(fixed, moving)
    center = np.asarray(center_lps_mm, dtype=np.float64)
    still = _sampled(fixed.volume, center, half_size_mm)
    moved = _sampled(moving.volume, center, half_size_mm + search_mm)
    if still.filled < MINIMUM_FILLED:
        raise _failed(f"only {still.filled:.0%} of the box lies inside of the fixed image")
    coarse = _coarse_shift(still, moved, BELL_SHARE * half_size_mm)
    if np.abs(coarse).max() > search_mm - GRID_MM:
        raise _failed(f"the best shift {_text(coarse)} lies at the border of the search")
    candidates = [*_refined(still, moved, coarse, kind, center), _translation(coarse)]
    if np.abs(coarse).max() <= 2 * GRID_MM:
        candidates.append(np.eye(4))
    matrix, agreement = _best(candidates, still, moving.volume, center)
    shift = matrix[:3, :3] @ center + matrix[:3, 3] - center
    if agreement.overlap < MINIMUM_OVERLAP:
        raise _failed(f"after the shift {_text(shift)} only {agreement.overlap:.0%} of the box overlaps")
    if not _fits(agreement):
        raise _failed(f"after the shift {_text(shift)} only {agreement.share:.0%} of the structure agrees")
    placed = (float(shift[0]), float(shift[1]), float(shift[2]))
    return Alignment(matrix, placed, agreement.residual_mm, agreement)


def _best(
    candidates: Sequence[NDArray[np.float64]], still: _Box, moving: Volume, center: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Agreement]:
    """Of the candidates that enough blocks agree with, the one that leaves the smallest error."""
    judged = [(matrix, _agreement(still, moving, matrix, center)) for matrix in candidates]
    fitting = [pair for pair in judged if _fits(pair[1])]
    if not fitting:
        return max(judged, key=lambda pair: pair[1].share)
    return min(fitting, key=lambda pair: pair[1].residual_mm)


def _fits(agreement: Agreement) -> bool:
    """Whether enough of the structure agrees for the residual to mean anything."""
    needed = MINIMUM_AGREEMENT if agreement.blocks >= FEW_BLOCKS else AGREEMENT_OF_FEW
    return agreement.share >= needed


def _translation(shift: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, 3] = shift
    return matrix


def _same_frame(fixed: Acquisition, moving: Acquisition) -> None:
    one, other = fixed.header.frame_of_reference_uid, moving.header.frame_of_reference_uid
    if one is None or other is None or one != other:
        raise MeasurementError(
            "FRAME_OF_REFERENCE",
            "the two phases are "
            + ("not known to be " if None in (one, other) else "not ")
            + "in one frame of reference",
            expected="equal FrameOfReferenceUID",
            advice="Draw the region on each phase.",
            details={"fixed": fixed.key, "moving": moving.key},
        )
    if fixed.volume.unit != moving.volume.unit:
        raise MeasurementError(
            "REGISTRATION_FAILED", "one phase is CT and the other MR", expected="one modality"
        )


def _failed(why: str) -> MeasurementError:
    return MeasurementError(
        "REGISTRATION_FAILED",
        f"the phases could not be aligned: {why}",
        advice="Draw the region on this phase by hand.",
    )


def _text(shift: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{x:.1f}" for x in shift) + ") mm"


@dataclass(frozen=True, eq=False)
class _Box:
    """A cube of an image on the common grid, in SimpleITK's (x, y, z) order of patient axes."""

    image: Any
    inside: Any
    unit: str

    @property
    def filled(self) -> float:
        import SimpleITK

        return float(SimpleITK.GetArrayViewFromImage(self.inside).mean())


def _sampled(
    volume: Volume,
    center: NDArray[np.float64],
    half_mm: float,
    transform: Any = None,
    middle: NDArray[np.float64] | None = None,
) -> _Box:
    """The volume and its valid voxels on a cube around the center, seen through a transform.

    ``middle`` is where the transform takes the center.
    """
    import SimpleITK

    through = SimpleITK.Transform() if transform is None else transform
    count = 2 * int(np.ceil(half_mm / GRID_MM)) + 1
    grid = SimpleITK.Image([count] * 3, SimpleITK.sitkFloat32)
    grid.SetSpacing([GRID_MM] * 3)
    grid.SetOrigin((center - GRID_MM * (count - 1) / 2).tolist())
    part = _part(volume, center if middle is None else middle, half_mm)
    if part is None:
        return _Box(grid, SimpleITK.Cast(grid, SimpleITK.sitkUInt8), volume.unit)
    image, valid = part
    inside = SimpleITK.Resample(valid, grid, through, SimpleITK.sitkNearestNeighbor, 0)
    values = SimpleITK.Resample(image, grid, through, SimpleITK.sitkLinear, 0.0)
    return _Box(values, inside, volume.unit)


def _part(volume: Volume, center: NDArray[np.float64], half_mm: float) -> tuple[Any, Any] | None:
    """The voxels around the cube as SimpleITK images (values, valid); None if there are none."""
    import SimpleITK

    geometry = volume.geometry
    corners = center + half_mm * (np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T)
    index = geometry.index(corners)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 2, geometry.shape)
    if (high - low < 2).any():
        return None
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    values = np.asarray(volume.voxels[box], dtype=np.float32)
    if volume.unit == "HU":
        values = np.clip(values, *SOFT_TISSUE_HU)
    valid = np.ones(values.shape, np.uint8) if volume.valid is None else volume.valid[box].astype(np.uint8)
    axes = geometry.index_to_patient_mm[:3, :3][:, ::-1]  # SimpleITK: column, row, slice
    lengths = np.linalg.norm(axes, axis=0)
    images = []
    for array in (values, valid):
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing(lengths.tolist())
        image.SetDirection((axes / lengths).ravel().tolist())
        image.SetOrigin(geometry.patient_mm(low).tolist())
        images.append(image)
    return images[0], images[1]


def _tensor(box: _Box, bell_mm: float | None = None) -> NDArray[np.float32]:
    """Edge directions of a box in SimpleITK's array order (z, y, x), weighted by a bell if asked."""
    import SimpleITK

    tensor = edge_tensor(SimpleITK.GetArrayViewFromImage(box.image), _breathes(box), GRID_MM)
    return tensor if bell_mm is None else tensor * _bell(tensor.shape[1:], bell_mm)


def _breathes(box: _Box) -> NDArray[np.bool_]:
    """Voxels inside of the image that are not bone."""
    import SimpleITK

    values, inside = (SimpleITK.GetArrayViewFromImage(x) for x in (box.image, box.inside))
    still = values >= BONE_HU if box.unit == "HU" else np.zeros(values.shape, dtype=bool)
    return np.asarray((inside > 0) & ~still)


def _bell(shape: tuple[int, ...], width_mm: float) -> NDArray[np.float32]:
    """Weight around the middle of a box, 1 in the middle."""
    axes = [(np.arange(n) - (n - 1) / 2) * GRID_MM for n in shape]
    square = sum(np.square(x) for x in np.meshgrid(*axes, indexing="ij"))
    return np.asarray(np.exp(-square / (2 * width_mm**2)), dtype=np.float32)


def _coarse_shift(still: _Box, moved: _Box, bell_mm: float) -> NDArray[np.float64]:
    """Shift of the moving image with the highest correlation of edges, over all shifts."""
    fixed, moving = _tensor(still, bell_mm), _tensor(moved)
    if not (fixed.any() and moving.any()):
        raise _failed("there is no structure in the box")
    place = peak_of(correlation(fixed, moving))[::-1]
    start = np.array(moved.image.GetOrigin()) - np.array(still.image.GetOrigin())
    return np.asarray(start + place * GRID_MM)


def _refined(
    still: _Box, moved: _Box, coarse: NDArray[np.float64], kind: str, center: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Continued by mutual information from the coarse shift; nothing if it strays or finds no overlap."""
    import SimpleITK

    start: Any = SimpleITK.TranslationTransform(3, coarse.tolist())
    if kind == "rigid":
        start = SimpleITK.Euler3DTransform(center.tolist(), 0.0, 0.0, 0.0, coarse.tolist())
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(_near_lesion(still))
    method.SetMetricMovingMask(moved.inside)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=1.0, minStep=0.02, numberOfIterations=60, relaxationFactor=0.5
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=True)
    try:
        method.Execute(*(SimpleITK.SmoothingRecursiveGaussian(x.image, GRID_MM) for x in (still, moved)))
    except RuntimeError:  # too few samples inside of both masks
        return []
    matrix = _matrix(start)
    strayed = np.abs(matrix[:3, :3] @ center + matrix[:3, 3] - center - coarse).max()
    return [matrix] if strayed <= STRAY_MM else []


def _near_lesion(box: _Box) -> Any:
    """The ball around the middle of the box, without bone, as a mask image."""
    import SimpleITK

    shape = SimpleITK.GetArrayViewFromImage(box.inside).shape
    ball = _bell(shape, 0.5 * shape[0] * GRID_MM / 2) > np.exp(-0.5 * 1.5**2)
    mask = SimpleITK.GetImageFromArray((ball & _breathes(box)).astype(np.uint8))
    mask.CopyInformation(box.inside)
    return mask


def _matrix(transform: Any) -> NDArray[np.float64]:
    """The transform as a (4, 4) matrix of patient positions."""
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis in range(3):
        unit = [0.0, 0.0, 0.0]
        unit[axis] = 1.0
        matrix[:3, axis] = np.array(transform.TransformPoint(unit)) - matrix[:3, 3]
    return matrix


def _agreement(
    still: _Box, moving: Volume, matrix: NDArray[np.float64], center: NDArray[np.float64]
) -> Agreement:
    """Remaining shifts of blocks between the fixed box and the aligned moving image."""
    import SimpleITK

    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    reach = round(REACH_MM / GRID_MM)
    half_mm = GRID_MM * (still.image.GetSize()[0] - 1) / 2
    middle = matrix[:3, :3] @ center + matrix[:3, 3]
    aligned = _sampled(moving, center, half_mm + reach * GRID_MM, transform, middle)
    inside = SimpleITK.GetArrayFromImage(aligned.inside)[(slice(reach, -reach),) * 3] > 0
    within = SimpleITK.GetArrayViewFromImage(still.inside) > 0
    return block_agreement(
        _tensor(still, BELL_SHARE * half_mm), _tensor(aligned), within, within & inside, GRID_MM
    )
