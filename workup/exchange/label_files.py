"""Label maps of other programs: NIfTI with ITK-SNAP's or our own label list, and 3D Slicer's .seg.nrrd."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.sr.coding import Code

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.grids import onto_grid
from imaging.regions.label_map_files import NIFTI_ENDINGS, load_label_map
from imaging.regions.named_acquisitions import acquisition_named, series_told
from imaging.regions.placement import place_mask
from imaging.regions.region import Provenance, Region, RegionMask
from imaging.regions.region_codec import sidecar_kinds
from imaging.regions.segment_roles import SegmentIdentity, described_in_words, regions_of
from imaging.volume import Acquisition, Study
from workup.exchange.imported import Imported, LeftOut

NRRD_ENDINGS = (".nrrd", ".nhdr")
#: One line of an ITK-SNAP label description: index, red, green, blue, opacity, two switches, name.
_SNAP_LINE = re.compile(r'^\s*(\d+)\s+\d+\s+\d+\s+\d+\s+[\d.]+\s+\d+\s+\d+\s+"(.*)"\s*$')
#: 3D Slicer's terminology tag: category ~ type ~ modifier ~ context ~ region ~ modifier, each
#: ``scheme^value^meaning``.
_TERMINOLOGY = re.compile(r"TerminologyEntry:([^|]*)")


@dataclass(frozen=True, eq=False)
class LabelFile:
    """Labels as stored: each segment has its own mask, so that segments may overlap.

    Attributes
    ----------
    masks : mapping of segment number to array of bool
        In the file's own axis order.
    geometry : VolumeGeometry
        Of that order.
    """

    segments: tuple[SegmentIdentity, ...]
    masks: Mapping[int, NDArray[np.bool_]]
    geometry: VolumeGeometry


def read_labels(
    path: Path,
    study: Study,
    *,
    roles: Mapping[str, str] | None = None,
    label_list: Path | None = None,
    acquisition_key: str | None = None,
    resample: bool = False,
    verified: bool = False,
) -> Imported:
    """Regions of a label map on one acquisition.

    Parameters
    ----------
    path : path
        ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.seg.nrrd``.
    study : Study
        The images.
    roles : mapping of label name or number to role, optional
        See ``imaging.regions.segment_roles.regions_of``.
    label_list : path, optional
        An ITK-SNAP label description, or a JSON sidecar; the sidecar beside the file is found by itself.
    acquisition_key, resample, verified
        As for ``read_seg_regions``.

    Raises
    ------
    imaging.errors.RegionError
        ``REGIONS_FORMAT``, ``UNKNOWN_ROLE``, ``UNKNOWN_LABEL``, ``EMPTY_REGION``, ``AMBIGUOUS_SERIES``,
        ``UNKNOWN_SERIES`` or ``GRID_MISMATCH``.
    """
    nrrd = path.name.lower().endswith(NRRD_ENDINGS)
    found = _read_nrrd(path) if nrrd else _read_nifti(path, label_list)
    held = [s for s in found.segments if s.number in found.masks]
    if not held:
        raise RegionError("EMPTY_REGION", f"{path.name} holds no label", expected="labels above 0")
    kinds = regions_of(held, roles)
    acquisition = _acquisition(found, study, acquisition_key, resample)
    regions = []
    for number, region in kinds.items():
        mask = _place(found.masks[number], found.geometry, acquisition, resample, verified)
        regions.append(replace(region, masks={acquisition.key: mask}))
    empty = tuple(LeftOut(s.label, "holds no voxel") for s in found.segments if s.number not in found.masks)
    return Imported("NRRD label map" if nrrd else "NIfTI label map", tuple(regions), left_out=empty)


def read_label_list(path: Path) -> dict[int, str]:
    """Names by label of an ITK-SNAP label description file; label 0, "Clear Label", is left out.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` naming the line that is none.
    """
    names: dict[int, str] = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RegionError("REGIONS_FORMAT", f"{path.name} cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _SNAP_LINE.match(line)
        if match is None:
            raise RegionError(
                "REGIONS_FORMAT",
                f"line {number} of {path.name} is no label description",
                expected='index, red, green, blue, opacity, two switches and "name"',
            )
        if int(match[1]):
            names[int(match[1])] = match[2]
    return names


def _read_nifti(path: Path, label_list: Path | None) -> LabelFile:
    labels, geometry = load_label_map(path)
    masks = {int(n): labels == n for n in np.unique(labels) if n}
    sidecar = path.with_name(
        next(path.name.removesuffix(e) for e in NIFTI_ENDINGS if path.name.endswith(e)) + ".json"
    )
    named = label_list or (sidecar if sidecar.is_file() else None)
    if named is not None and named.suffix == ".json":
        kinds = sidecar_kinds(_json(named))
        segments = tuple(_as_segment(n, r) for n, r in kinds.items())
        missing = sorted(set(masks) - set(kinds))
        segments += tuple(SegmentIdentity(n, f"label-{n}") for n in missing)
        return LabelFile(segments, masks, geometry)
    names = read_label_list(named) if named is not None else {}
    numbers = sorted({*masks, *names})
    return LabelFile(tuple(SegmentIdentity(n, names.get(n, f"label-{n}")) for n in numbers), masks, geometry)


def _as_segment(number: int, region: Region) -> SegmentIdentity:
    return SegmentIdentity(number, region.id, description=described_in_words(region))


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise RegionError("REGIONS_FORMAT", f"{path.name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise RegionError("REGIONS_FORMAT", f"{path.name} holds no JSON object")
    return document


def _read_nrrd(path: Path) -> LabelFile:
    import SimpleITK

    try:
        image = SimpleITK.ReadImage(str(path))
        values = SimpleITK.GetArrayFromImage(image)  # (slices, rows, columns[, layers]), LPS
    except (RuntimeError, TypeError, ValueError) as error:
        raise RegionError("REGIONS_FORMAT", f"{path.name} is not an NRRD that can be read") from error
    if image.GetDimension() != 3 or not np.issubdtype(values.dtype, np.integer):
        raise RegionError(
            "REGIONS_FORMAT",
            f"{path.name} has {image.GetDimension()} axes of {values.dtype}",
            expected="a 3D label map of whole numbers",
        )
    layers = values[..., None] if values.ndim == 3 else values
    matrix = np.eye(4)
    turn = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    matrix[:3, :3], matrix[:3, 3] = turn[:, ::-1], image.GetOrigin()
    z, y, x = layers.shape[:3]
    segments, where = _slicer_segments({k: image.GetMetaData(k) for k in image.GetMetaDataKeys()}, layers)
    masks = {n: layers[..., layer] == label for n, (label, layer) in where.items()}
    return LabelFile(segments, {n: m for n, m in masks.items() if m.any()}, VolumeGeometry((z, y, x), matrix))


def _slicer_segments(
    header: Mapping[str, str], layers: NDArray[np.integer[Any]]
) -> tuple[tuple[SegmentIdentity, ...], dict[int, tuple[int, int]]]:
    """Segments as 3D Slicer describes them, and the (label, layer) of each; labels alone without."""
    found = sorted({int(m[1]) for key in header if (m := re.match(r"Segment(\d+)_ID$", key))})
    if not found:
        if layers.shape[-1] != 1:
            raise RegionError(
                "REGIONS_FORMAT",
                "several layers without a description",
                expected="3D Slicer's Segment0_ID ...",
            )
        numbers = [int(n) for n in np.unique(layers) if n]
        return tuple(SegmentIdentity(n, f"label-{n}") for n in numbers), {n: (n, 0) for n in numbers}
    segments, where = [], {}
    for index in found:
        name = header.get(f"Segment{index}_Name") or header[f"Segment{index}_ID"]
        kind, place = _terminology(header.get(f"Segment{index}_Tags", ""))
        segments.append(SegmentIdentity(index + 1, name, kind=kind, place=place))
        # files of Slicer 4.10 and earlier have one layer a segment and no label value
        label = int(header.get(f"Segment{index}_LabelValue", 1))
        layer = int(header.get(f"Segment{index}_Layer", index if layers.shape[-1] > 1 else 0))
        if not 0 <= layer < layers.shape[-1]:
            raise RegionError(
                "REGIONS_FORMAT", f"segment {name!r} lies in layer {layer} of {layers.shape[-1]}"
            )
        where[index + 1] = (label, layer)
    return tuple(segments), where


def _terminology(tags: str) -> tuple[Code | None, Code | None]:
    match = _TERMINOLOGY.search(tags)
    parts = match[1].split("~") if match else []

    def code(index: int) -> Code | None:
        words = parts[index].split("^") if len(parts) > index else []
        return Code(words[1], words[0], words[2]) if len(words) == 3 and words[1] else None

    return code(2), code(5)


def _acquisition(found: LabelFile, study: Study, key: str | None, resample: bool) -> Acquisition:
    if key is not None:
        return acquisition_named(study, key)
    any_mask = next(iter(found.masks.values()))
    same = [a for a in study if onto_grid(any_mask, found.geometry, a.volume.geometry) is not None]
    if len(same) == 1:
        return same[0]
    if not same and resample and len(study.acquisitions) == 1:
        return study.acquisitions[0]
    if not same and not resample:
        raise RegionError(
            "GRID_MISMATCH",
            f"the label map lies on {found.geometry!r}, which is no acquisition's grid",
            expected="; ".join(repr(a.volume.geometry) for a in study),
            advice="--series names where it belongs and --resample carries it over, unverified.",
        )
    raise RegionError(
        "AMBIGUOUS_SERIES",
        f"{len(same) or len(study.acquisitions)} acquisitions could be the one the labels were drawn on: "
        f"{series_told(same or study)}",
        expected="the series they were drawn on",
        advice="Name it: --series with a number that only one has, or the key.",
        details={"acquisition_keys": [a.key for a in same or study]},
    )


def _place(
    mask: NDArray[np.bool_],
    geometry: VolumeGeometry,
    acquisition: Acquisition,
    resample: bool,
    verified: bool,
) -> RegionMask:
    target = acquisition.volume.geometry
    same = onto_grid(mask, geometry, target)
    if same is not None:
        return RegionMask.from_full(same, target, Provenance.IMPORTED, verified)
    placed = place_mask(RegionMask.from_full(mask, geometry), target) if resample else None
    if placed is None:
        raise RegionError(
            "GRID_MISMATCH",
            f"the label map lies on {geometry!r}" + (", outside of the acquisition" if resample else ""),
            expected=f"the grid of its acquisition, {target!r}",
            advice="--resample carries it over by the nearest neighbor, unverified.",
        )
    return replace(placed, provenance=Provenance.IMPORTED)
