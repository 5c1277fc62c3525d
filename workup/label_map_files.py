"""A label map that stands alone, and the DICOM series it was drawn on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import RegionError
from imaging.findings.label_masks import slice_axis, slices_first
from imaging.geometry import VolumeGeometry
from imaging.regions.grids import onto_grid
from imaging.regions.label_map_files import NIFTI_ENDINGS, load_label_map
from imaging.regions.region import Region
from imaging.regions.region_codec import sidecar_kinds
from imaging.volume import Acquisition, Study


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Labels as ``[slice, row, column]`` on the slices of acquisition.

    Attributes
    ----------
    labels : (slices, rows, columns) array of integers
    geometry : VolumeGeometry
    reference : Acquisition or None
        The acquisition on the same grid; without one slice thickness and modality are not known.
    kinds : mapping of label to Region
        What a sidecar says of the labels; empty without one.
    """

    labels: NDArray[np.integer[Any]]
    geometry: VolumeGeometry
    reference: Acquisition | None = None
    kinds: Mapping[int, Region] = field(default_factory=dict)


def read_label_map(
    path: Path, reference: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> LabelMap:
    """Read a label-map NIfTI and find the series it belongs to.

    Parameters
    ----------
    path : path
        ``.nii`` or ``.nii.gz`` with whole labels.
    reference : path, optional
        Folder of DICOM files that holds the series it was drawn on.
    progress : callable, optional
        Called with (files done, files in all).

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` if the file is no label map, ``EMPTY_REGION`` if it holds no label,
        ``GRID_MISMATCH`` if no series of the reference has its grid, ``AMBIGUOUS_SERIES`` if several
        with different slice thickness or modality have.
    """
    labels, geometry = _load(path)
    if not labels.any():
        raise RegionError("EMPTY_REGION", f"{path.name} holds no label", expected="labels above 0")
    kinds = _sidecar(path)
    if reference is None:
        return LabelMap(*slices_first(labels, geometry, slice_axis(geometry.spacing_mm)), None, kinds)
    from imaging.dicom.study_files import load_study

    acquisition = _matching(labels, geometry, load_study(reference, progress=progress), path.name)
    turn = acquisition.volume.geometry.patient_to_index[0, :3] @ geometry.index_to_patient_mm[:3, :3]
    return LabelMap(*slices_first(labels, geometry, int(np.abs(turn).argmax())), acquisition, kinds)


def _sidecar(path: Path) -> Mapping[int, Region]:
    """Roles of the labels where a sidecar gives them (what dcm2niix leaves says nothing of labels)."""
    stem = next(path.name.removesuffix(ending) for ending in NIFTI_ENDINGS if path.name.endswith(ending))
    beside = path.with_name(f"{stem}.json")
    if not beside.is_file():
        return {}
    try:
        document = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RegionError("REGIONS_FORMAT", f"{beside.name} is not JSON: {error}") from error
    told = isinstance(document, dict) and {"labels", "regions"} & set(document)
    return sidecar_kinds(document) if told else {}


def _load(path: Path) -> tuple[NDArray[np.integer[Any]], VolumeGeometry]:
    if not path.name.endswith(NIFTI_ENDINGS):
        raise RegionError("REGIONS_FORMAT", f"{path.name} is no NIfTI", expected=" or ".join(NIFTI_ENDINGS))
    return load_label_map(path)


def _matching(
    labels: NDArray[np.integer[Any]], geometry: VolumeGeometry, study: Study, file: str
) -> Acquisition:
    same = [a for a in study if onto_grid(labels, geometry, a.volume.geometry) is not None]
    native = [a for a in same if not a.volume.resampled]
    if not native:
        raise RegionError(
            "GRID_MISMATCH",
            f"{file} lies on {geometry!r}, which is no series' own grid",
            expected="; ".join(repr(a.volume.geometry) for a in study) or "a study with images",
            advice="A diameter is measured on the grid of acquisition only; export the labels on it.",
        )
    facts = {(a.header.slice_thickness_mm, a.header.modality) for a in native}
    if len(facts) > 1:
        raise RegionError(
            "AMBIGUOUS_SERIES",
            f"{len(native)} series share the grid of {file} but differ in slice thickness or modality",
            expected="one thickness and modality",
            advice="Give a folder with the series that was drawn on.",
            details={"acquisition_keys": [a.key for a in native]},
        )
    return native[0]
