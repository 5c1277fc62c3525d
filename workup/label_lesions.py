"""The lesions of a label map that stands alone: measured, and judged by size.

Nothing is known of treatment or margins here, so neither is judged; each answer says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from imaging.findings.diameters import measure_mask
from imaging.findings.label_masks import label_masks
from imaging.regions.region import RegionMask, RegionRole
from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.measurability import judge_size
from workup.label_map_files import LabelMap
from workup.lesions import MODALITIES, LesionMeasurement

#: What every verdict on a label leaves out.
NOT_JUDGED = "by size only: malignancy, margins and earlier treatment were not asked"


@dataclass(frozen=True, eq=False)
class LabelLesion:
    """One label: its mask and its measurement."""

    label: int
    mask: RegionMask
    measurement: LesionMeasurement


#: What a role in a sidecar makes of a label; every other role is anatomy, not a lesion.
_KIND_OF_ROLE = {
    RegionRole.PRIMARY_TUMOR: LesionKind.SOLID,
    RegionRole.TARGET_LESION: LesionKind.SOLID,
    RegionRole.NON_TARGET_LESION: LesionKind.SOLID,
    RegionRole.LYMPH_NODE: LesionKind.NODE,
    RegionRole.FILLING_DEFECT: LesionKind.THROMBUS,
}


def measure_labels(label_map: LabelMap, *, nodes: Collection[int] = ()) -> tuple[LabelLesion, ...]:
    """Measure every label as one lesion.

    Parameters
    ----------
    label_map : LabelMap
        On the slices of acquisition.
    nodes : collection of int
        Labels that are lymph nodes. Without a sidecar the others are taken as non-nodal solid lesions;
        with one its roles decide, and labels of liver and vessels are left out.
    """
    lesions = []
    for label, mask in label_masks(label_map.labels, label_map.geometry).items():
        told = label_map.kinds.get(label)
        kind = _KIND_OF_ROLE.get(told.role) if told else LesionKind.SOLID
        if label in nodes:
            kind = LesionKind.NODE
        if kind is not None:
            name = told.id if told else str(label)
            lesions.append(LabelLesion(label, mask, _measure(name, kind, mask, label_map)))
    return tuple(lesions)


def _measure(name: str, kind: LesionKind, mask: RegionMask, label_map: LabelMap) -> LesionMeasurement:
    node = kind is LesionKind.NODE
    found = measure_mask(mask, every_slice=node)
    header = label_map.reference.header if label_map.reference else None
    spacing = label_map.geometry.spacing_mm
    lesion = MeasuredLesion(
        id=name,
        kind=kind,
        modality=MODALITIES.get(header.modality) if header else Modality.CT_OR_MR,
        long_axis_mm=found.long_axis_mm,
        short_axis_mm=found.short_axis_mm,
        interval_mm=None if node else found.interval_mm,
        largest_short_axis_mm=found.max_short_axis_mm,
        slice_thickness_mm=header.slice_thickness_mm if header else None,
        spacing_mm=spacing[0],
        plane_degrees_from_axial=label_map.geometry.degrees_from_axial,
        plane_acquired=True,
        voxel_anisotropy=max(spacing) / min(spacing),
        truncated="truncated" in found.flags,
    )
    judged = judge_size(lesion)
    return LesionMeasurement(
        lesion=lesion,
        judged=judged,
        by_size=judged,
        method=found.estimator,
        acquisition_key=label_map.reference.key if label_map.reference else None,
        slice_index=found.slice,
        long_ends_lps_mm=found.long_ends_lps_mm,
        short_ends_lps_mm=found.short_ends_lps_mm,
        diameters=found,
    )
