"""Parts drawn on a grid: brightness with soft edges, and the true label of every voxel center."""

from __future__ import annotations

from collections.abc import Sequence
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


def draw(parts: Sequence[Part], grid: Grid, spec: PhantomSpec, scan: Scan) -> Drawing:
    """Draw the parts one over the other as the scan shows them."""
    brightness = values(spec, scan)
    shape = (grid.superior.size, grid.posterior.size, grid.left.size)
    drawing = Drawing(np.full(shape, float(brightness["air"])), np.zeros(shape, np.uint8))
    names = {name: label for label, name in enumerate(label_names(parts))}
    moved = grid.shifted(scan.breathing_mm)
    edge_mm = spec.spacing_mm[2]
    for part in parts:
        where, block = (moved if part.moves else grid).block(part.shape.box, edge_mm)
        if drawing.labels[where].size:
            _paint(drawing, part, where, block, brightness[part.tissue], names[part.name], edge_mm, scan)
    return drawing


def _paint(
    drawing: Drawing,
    part: Part,
    where: tuple[slice, slice, slice],
    block: Grid,
    value: float,
    label: int,
    edge_mm: float,
    scan: Scan,
) -> None:
    distance = part.shape.distance_mm(block)
    covered = np.clip(0.5 - distance / edge_mm, 0, 1)
    inside = np.broadcast_to(distance < 0, drawing.labels[where].shape)
    target: Array | float = value
    if part.texture is not None:
        pattern = TEXTURES[part.texture](block, scan.time_s or 0.0)
        target = value + pattern - (float(pattern[inside].mean()) if inside.any() else 0.0)
    image = drawing.image[where]
    image += covered * (target - image)
    drawing.labels[where][inside] = label
