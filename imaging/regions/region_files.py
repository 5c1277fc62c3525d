"""Regions in files: a plain case's ``regions.json``, a label map with a sidecar, a DICOM SEG, seed cylinders.

``regions.json`` of a case folder, with one label map per acquisition on that acquisition's grid::

    {"schema_version": "1.0",
     "regions": [{"id": "thrombus", "role": "filling_defect", "vessel": "portal_vein",
                  "level": "Vp3", "label": 1}],
     "masks": [{"file": "regions/arterial.nii.gz", "series_uid": "1.2.3",
                "provenance": "drawn", "verified": true}]}

``acquisition_key`` may stand in place of ``series_uid`` where one series holds several acquisitions.

A single label map ``x.nii.gz`` has a sidecar ``x.json`` beside it, in one of these forms::

    {"labels": {"1": {"id": "thrombus", "role": "filling_defect", "vessel": "portal_vein"}}}
    {"labels": {"1": "reference_liver"}}
    {"regions": [{"id": "thrombus", "role": "filling_defect", "label": 1}], "series_uid": "1.2.3"}

Without ``series_uid`` or ``acquisition_key`` the acquisition whose grid equals the label map's is taken
(NIfTI is RAS and may store axes in any order; we compare positions, not headers). The other acquisitions
get the region at the same patient position, marked propagated and unverified. Where several phases share
the grid, nobody can tell on which one the labels were drawn: then all of them are marked so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.boxes import box_around
from imaging.errors import RegionError
from imaging.geometry import LPS_TO_RAS, VolumeGeometry
from imaging.regions.grids import grid_difference, onto_grid
from imaging.regions.label_map_files import NIFTI_ENDINGS, load_label_map
from imaging.regions.placement import carry_over
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole
from imaging.regions.region_codec import (
    SIDECAR_FORM,
    choice,
    cylinders_of,
    described,
    flag,
    kinds_of,
    known_keys,
    known_version,
    sidecar_kinds,
    unknown_label,
)
from imaging.regions.seeds import seed_regions
from imaging.volume import Acquisition, Study

SCHEMA_VERSION = "1.0"
REGIONS_FILE = "regions.json"
_MASK_KEYS = ("file", "series_uid", "acquisition_key", "provenance", "verified", "residual_mm")


def read_regions(path: Path | str, study: Study) -> tuple[Region, ...]:
    """Regions from a case folder, ``regions.json``, a label map with sidecar, a DICOM SEG or a seed file.

    Parameters
    ----------
    path : path
        A folder with ``regions.json``, or a ``.json``, ``.nii`` or ``.nii.gz`` file, or a DICOM
        segmentation whose segments say what they are (``seg_files.read_seg_regions`` takes roles). Its
        outlines are unverified until a reader confirms them, unless they are those of a signed read.
    study : Study
        The images that the regions belong to.

    Returns
    -------
    tuple of Region

    Raises
    ------
    RegionError
        ``REGIONS_NOT_FOUND``, ``REGIONS_FORMAT``, ``SIDECAR_MISSING``, ``UNKNOWN_ROLE``,
        ``UNKNOWN_LABEL``, ``UNKNOWN_SERIES``, ``AMBIGUOUS_SERIES`` or ``GRID_MISMATCH``.
    """
    path = Path(path)
    if path.is_dir():
        path = path / REGIONS_FILE
    if not path.is_file():
        raise RegionError("REGIONS_NOT_FOUND", f"there is no regions file {path.name}", expected=_forms())
    if path.name.endswith(NIFTI_ENDINGS):
        return _read_label_map(path, study)
    from imaging.regions.seg_files import is_segmentation  # pydicom, which few folders need, loads slowly

    if is_segmentation(path):
        return _read_segmentation(path, study)
    document = _read_json(path)
    if "rois" in document:
        return _read_seeds(document, study)
    if "masks" in document and "regions" in document:
        return _read_case_regions(document, path.parent, study)
    raise RegionError("REGIONS_FORMAT", f"{path.name} has the keys {sorted(document)}", expected=_forms())


def _forms() -> str:
    return (
        "regions.json with regions and masks, a label map .nii.gz with its .json sidecar, a DICOM "
        "segmentation, or a seed file"
    )


def _read_segmentation(path: Path, study: Study) -> tuple[Region, ...]:
    """Regions on the acquisition that they were drawn on, carried over to the other phases as usual."""
    from imaging.regions.seg_files import read_seg_regions

    regions = read_seg_regions(path, study)
    drawn_on = study[next(iter(regions[0].masks))]
    return tuple(carry_over(region, drawn_on, study) for region in regions)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise RegionError("REGIONS_FORMAT", f"{path.name} is not JSON: {error}", expected=_forms()) from error
    if not isinstance(document, dict):
        raise RegionError(
            "REGIONS_FORMAT", f"{path.name} holds a {type(document).__name__}", expected="a JSON object"
        )
    return document


# ---------------------------------------------------------------- plain case


def _read_case_regions(document: Mapping[str, Any], folder: Path, study: Study) -> tuple[Region, ...]:
    known_keys(document, ("schema_version", "regions", "masks"), REGIONS_FILE)
    known_version(document, SCHEMA_VERSION)
    kinds = kinds_of(document["regions"])
    masks: dict[str, dict[str, RegionMask]] = {kind.id: {} for kind in kinds.values()}
    for entry in document["masks"]:
        known_keys(entry, _MASK_KEYS, "a mask")
        acquisition = _acquisition(entry, study)
        labels, geometry = load_label_map(_inside(folder, str(entry.get("file", ""))))
        voxels = _on_grid_of(labels, geometry, acquisition, str(entry.get("file")))
        found = _masks_by_label(
            voxels,
            acquisition.volume.geometry,
            choice(Provenance, entry.get("provenance", Provenance.IMPORTED), "provenance"),
            verified=flag(entry.get("verified", False)),
        )
        residual = entry.get("residual_mm")
        for label, mask in found.items():
            if label not in kinds:
                raise unknown_label(label, str(entry.get("file")), kinds)
            known = mask if residual is None else replace(mask, residual_mm=float(residual))
            if acquisition.key in masks[kinds[label].id]:
                raise _twice(kinds[label].id, acquisition, str(entry.get("file")))
            masks[kinds[label].id][acquisition.key] = known
    return tuple(replace(kind, masks=masks[kind.id]) for kind in kinds.values())


def _twice(region_id: str, acquisition: Acquisition, file: str) -> RegionError:
    return RegionError(
        "MASK_TWICE",
        f"{file} outlines {region_id} a second time on series {acquisition.header.series_number}",
        expected="one outline of a region on each acquisition",
        advice="Remove one of the two masks, or give the second one an id of its own.",
        details={"region": region_id, "acquisition_key": acquisition.key},
    )


def _inside(folder: Path, name: str) -> Path:
    """A file below the case folder; a path that leaves it is refused."""
    path = (folder / name).resolve()
    if not name or folder.resolve() not in path.parents:
        raise RegionError(
            "REGIONS_FORMAT", f"mask file {name!r}", expected="a path inside of the case folder"
        )
    if not path.is_file():
        raise RegionError("REGIONS_NOT_FOUND", f"mask file {name!r} does not exist")
    return path


def _acquisition(entry: Mapping[str, Any], study: Study) -> Acquisition:
    """The acquisition that an entry names by key or series UID."""
    key, uid = entry.get("acquisition_key"), entry.get("series_uid")
    named = [a for a in study if a.key == key] if key is not None else []
    named = named or [a for a in study if uid is not None and a.header.series_uid == uid]
    if len(named) == 1:
        return named[0]
    raise RegionError(
        "AMBIGUOUS_SERIES" if named else "UNKNOWN_SERIES",
        f"{len(named)} acquisitions answer to {key or uid!r}{'' if named else study.refusals((key, uid))}",
        expected="exactly one",
        advice="Name it by acquisition_key." if named else "Check that the series loaded.",
        details={"series_uid": uid, "acquisition_key": key},
    )


# ---------------------------------------------------------------- label maps


def _read_label_map(path: Path, study: Study) -> tuple[Region, ...]:
    sidecar = _sidecar(path)
    labels, geometry = load_label_map(path)
    kinds = sidecar_kinds(sidecar)
    drawn_on, told = _label_map_acquisition(sidecar, geometry, labels, study)
    voxels = _on_grid_of(labels, geometry, drawn_on, path.name)
    provenance = choice(Provenance, sidecar.get("provenance", Provenance.IMPORTED), "provenance")
    if not told:
        provenance = Provenance.PROPAGATED
    verified = told and flag(sidecar.get("verified", False))
    found = _masks_by_label(voxels, drawn_on.volume.geometry, provenance, verified)
    unknown = sorted(set(found) - set(kinds))
    if unknown:
        raise unknown_label(unknown[0], path.name, kinds)
    regions = [
        replace(kind, masks={drawn_on.key: found[label]} if label in found else {})
        for label, kind in kinds.items()
    ]
    return tuple(carry_over(region, drawn_on, study) for region in regions)


def _sidecar(path: Path) -> dict[str, Any]:
    stem = next(path.name.removesuffix(end) for end in NIFTI_ENDINGS if path.name.endswith(end))
    sidecar = path.with_name(f"{stem}.json")
    if not sidecar.is_file():
        raise RegionError(
            "SIDECAR_MISSING",
            f"{path.name} has no sidecar {sidecar.name} that says what its labels are",
            expected=SIDECAR_FORM,
            advice=f"Write it beside the label map; roles are {', '.join(RegionRole)}.",
        )
    return _read_json(sidecar)


def _label_map_acquisition(
    sidecar: Mapping[str, Any], geometry: VolumeGeometry, labels: NDArray[np.integer[Any]], study: Study
) -> tuple[Acquisition, bool]:
    """The acquisition that a label map lies on, and whether it is sure that it was drawn there."""
    if sidecar.get("series_uid") is not None or sidecar.get("acquisition_key") is not None:
        return _acquisition(sidecar, study), True
    same = [a for a in study if onto_grid(labels, geometry, a.volume.geometry) is not None]
    if len(same) == 1:
        return same[0], True
    if same and len({a.header.frame_of_reference_uid for a in same}) == 1:
        return same[0], False
    if not same:
        raise RegionError(
            "GRID_MISMATCH",
            "the label map lies on no acquisition's grid"
            + "".join(f"; {a.key}: {grid_difference(geometry, a.volume.geometry)}" for a in study),
            expected="; ".join(repr(a.volume.geometry) for a in study) or "a study with images",
            advice="Export the label map on the grid of the series it was drawn on.",
        )
    raise RegionError(
        "AMBIGUOUS_SERIES",
        f"{len(same)} acquisitions of different frames of reference share the label map's grid",
        expected='"series_uid" or "acquisition_key" in the sidecar',
        advice="Say on which phase the labels were drawn.",
        details={"acquisition_keys": [a.key for a in same]},
    )


def _on_grid_of(
    labels: NDArray[np.integer[Any]], geometry: VolumeGeometry, acquisition: Acquisition, file: str
) -> NDArray[np.integer[Any]]:
    moved = onto_grid(labels, geometry, acquisition.volume.geometry)
    if moved is None:
        raise RegionError(
            "GRID_MISMATCH",
            f"{file}: {grid_difference(geometry, acquisition.volume.geometry)}",
            expected=f"the grid of its acquisition, {acquisition.volume.geometry!r}",
            advice="A mask is never resampled silently; export it on the grid of the series it was drawn on.",
            details={"acquisition_key": acquisition.key},
        )
    return moved


def _masks_by_label(
    labels: NDArray[np.integer[Any]], geometry: VolumeGeometry, provenance: Provenance, verified: bool
) -> dict[int, RegionMask]:
    from scipy.ndimage import find_objects

    drawn = box_around(labels)
    if drawn is None:
        return {}
    part, begin = labels[drawn], [span.start for span in drawn]
    masks = {}
    for index, box in enumerate(find_objects(part), 1):
        if box is not None:
            i, j, k = (first + span.start for first, span in zip(begin, box, strict=True))
            masks[index] = RegionMask.from_box(part[box] == index, (i, j, k), geometry, provenance, verified)
    return masks


# ---------------------------------------------------------------- seeds


def _read_seeds(document: Mapping[str, Any], study: Study) -> tuple[Region, ...]:
    cylinders = cylinders_of(document["rois"])
    return seed_regions(cylinders, study, _placed_on(document.get("placed_on_series"), study))


def _placed_on(name: object, study: Study) -> Acquisition:
    """The acquisition meant by a series UID, an acquisition key, ``S103`` or ``103``."""
    text = str(name)
    number = text[1:] if text[:1] in "Ss" else text
    for acquisition in study:
        header = acquisition.header
        if text in (acquisition.key, header.series_uid):
            return acquisition
        if header.series_number is not None and number.isdecimal() and int(number) == header.series_number:
            return acquisition
    raise RegionError(
        "UNKNOWN_SERIES",
        f"the seeds were placed on {text!r}, which no acquisition is called",
        expected=f"a series UID or one of the numbers {[a.header.series_number for a in study]}",
    )


# ---------------------------------------------------------------- writing


def write_regions(path: Path | str, regions: Iterable[Region], study: Study) -> Path:
    """Write regions as ``regions.json`` and label maps, the inverse of ``read_regions``.

    Parameters
    ----------
    path : path
        Folder to write into; created if absent.
    regions : iterable of Region
        Overlapping regions go to separate label maps.
    study : Study
        The images that the regions belong to.

    Returns
    -------
    path of ``regions.json``
    """
    import nibabel

    regions = tuple(regions)
    folder = Path(path)
    (folder / "regions").mkdir(parents=True, exist_ok=True)
    label_of = {region.id: label for label, region in enumerate(regions, 1)}
    entries = []
    for number, (mask, key, labels) in enumerate(_sheets(regions, label_of), 1):
        name = f"regions/{number:03d}.nii.gz"
        affine = LPS_TO_RAS @ mask.geometry.index_to_patient_mm
        image = nibabel.Nifti1Image(labels, affine)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, folder / name)
        entry: dict[str, Any] = {
            "file": name,
            "acquisition_key": key,
            "series_uid": study[key].header.series_uid,
            "provenance": mask.provenance.value,
            "verified": mask.verified,
        }
        if mask.residual_mm is not None:
            entry["residual_mm"] = mask.residual_mm
        entries.append(entry)
    document = {
        "schema_version": SCHEMA_VERSION,
        "regions": [described(region, label_of[region.id]) for region in regions],
        "masks": entries,
    }
    target = folder / REGIONS_FILE
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return target


def _sheets(
    regions: Sequence[Region], label_of: Mapping[str, int]
) -> list[tuple[RegionMask, str, NDArray[np.uint16]]]:
    """Label maps such that each holds masks of one acquisition and one standing that do not overlap."""
    sheets: list[tuple[RegionMask, str, NDArray[np.uint16]]] = []
    for region in regions:
        for key, mask in region.masks.items():
            for example, sheet_key, labels in sheets:
                if sheet_key == key and _alike(example, mask) and not labels[mask.slices][mask.voxels].any():
                    break
            else:
                labels = np.zeros(mask.geometry.shape, dtype=np.uint16)
                sheets.append((mask, key, labels))
            labels[mask.slices][mask.voxels] = label_of[region.id]
    return sheets


def _alike(a: RegionMask, b: RegionMask) -> bool:
    return (a.provenance, a.verified, a.residual_mm) == (b.provenance, b.verified, b.residual_mm)
