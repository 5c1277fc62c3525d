"""Parts drawn on a grid: brightness with soft edges, and the true label of every voxel center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.phantom.body import aorta, chest, spine_and_muscles, wall
from imaging.phantom.contrast import CT, GADOXETATE_MR, Tissue
from imaging.phantom.lesions import further, primary
from imaging.phantom.organs import bowel, gallbladder, kidneys, liver, pancreas, spleen, stomach
from imaging.phantom.part import Part
from imaging.phantom.shapes import Array, Grid
from imaging.phantom.spec import PhantomSpec, Scan
from imaging.phantom.textures import TEXTURES
from imaging.phantom.vessels import arteries, thrombus, veins


def anatomy(spec: PhantomSpec) -> tuple[Part, ...]:
    """Every part, in the order in which they are drawn."""
    clot = () if spec.thrombus == "none" else thrombus(spec.thrombus, spec.thrombosed_main_portal)
    lesions = [part for lesion in spec.further_lesions for part in further(lesion)]
    return (
        *wall(),
        *chest(),
        *spine_and_muscles(),
        *liver(),
        *bowel(),
        *kidneys(),
        *spleen(),
        *stomach(),
        *gallbladder(),
        *pancreas(),
        *aorta(),
        *arteries(),
        *veins(),
        *clot,
        *lesions,
        *primary(spec.primary),
    )


def label_names(parts: Sequence[Part]) -> tuple[str, ...]:
    """Names of the true masks; the label of a name is its place, and 0 is air."""
    return ("air", *dict.fromkeys(part.name for part in parts))


def values(spec: PhantomSpec, scan: Scan) -> dict[str, float]:
    """True brightness of each tissue in one scan. [HU or arbitrary units]"""
    table: dict[str, Tissue] = dict(CT if spec.modality == "CT" else GADOXETATE_MR)
    return {name: tissue.value(scan.time_s, spec.dose, spec.cardiac_output) for name, tissue in table.items()}


@dataclass(frozen=True, eq=False)
class Drawing:
    """One scan without noise.

    Attributes
    ----------
    image : (slices, rows, columns) array
        Brightness. [HU or arbitrary units]
    labels : (slices, rows, columns) array of uint8
        Place in ``label_names`` of what lies at the voxel's center.
    """

    image: Array
    labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Stencil:
    """How much of each voxel a part covers, in its box.

    Attributes
    ----------
    where : index expression of the box in the volume.
    grid : Grid
        The box's voxel centers.
    covered : array
        Share of each voxel, 0 to 1; the edge is one pixel wide.
    inside : array of bool
        Whether the voxel's center lies in the part.
    """

    where: tuple[slice, slice, slice]
    grid: Grid
    covered: Array
    inside: NDArray[np.bool_]


def stencil(part: Part, grid: Grid, pixel_mm: float) -> Stencil:
    """Where a part lies on a grid."""
    where, block = grid.block(part.shape.box, pixel_mm)
    distance = part.shape.distance_mm(block)
    shape = (block.superior.size, block.posterior.size, block.left.size)
    inside = np.broadcast_to(distance < 0, shape)
    return Stencil(where, block, np.clip(0.5 - distance / pixel_mm, 0, 1), inside)


def fixed_stencils(parts: Sequence[Part], grid: Grid, pixel_mm: float) -> dict[Part, Stencil]:
    """Stencils of the parts that lie alike in every scan."""
    return {part: stencil(part, grid, pixel_mm) for part in parts if not part.moves}


def draw(
    parts: Sequence[Part], grid: Grid, spec: PhantomSpec, scan: Scan, fixed: Mapping[Part, Stencil]
) -> Drawing:
    """Draw the parts one over the other as the scan shows them."""
    brightness = values(spec, scan)
    shape = (grid.superior.size, grid.posterior.size, grid.left.size)
    drawing = Drawing(np.full(shape, float(brightness["air"])), np.zeros(shape, np.uint8))
    names = {name: label for label, name in enumerate(label_names(parts))}
    moved = grid.shifted(scan.breathing_mm)
    for part in parts:
        cut = stencil(part, moved, spec.spacing_mm[2]) if part.moves else fixed[part]
        if not cut.inside.any():
            continue
        target: Array | float = brightness[part.tissue]
        if part.texture is not None:
            pattern = TEXTURES[part.texture](cut.grid, scan.time_s or 0.0)
            target = target + pattern - float(pattern[cut.inside].mean())
        image = drawing.image[cut.where]
        image += cut.covered * (target - image)
        drawing.labels[cut.where][cut.inside] = names[part.name]
    return drawing
