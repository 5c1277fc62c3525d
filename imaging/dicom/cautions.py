"""What must be said of an acquisition that loaded: from its own headers, and beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imaging.dicom import tags
from imaging.dicom.failures import caution
from imaging.dicom.pixels import MAYBE_LOSSY
from imaging.dicom.series import is_derived
from imaging.dicom.study import Planned
from imaging.geometry import OBLIQUE_AXIAL_MAX_DEGREES, VolumeGeometry
from imaging.volume import Acquisition, Caution, Refused


def cautions_of(plan: Planned, geometry: VolumeGeometry) -> tuple[Caution, ...]:
    """Cautions of one acquisition by itself."""
    first = plan.stack.frames[0]
    found: list[Caution] = []
    if is_derived(first):
        found.append(caution("DERIVED_IMAGE", "\\".join(first.image_type)))
    lossy = first.ascii(tags.LOSSY) == "01" or any(
        f.image.transfer_syntax in MAYBE_LOSSY for f in plan.stack.frames
    )
    if lossy:
        found.append(caution("LOSSY_COMPRESSION"))
    if len(plan.stack.frames) == 1:
        found.append(caution("SINGLE_SLICE", f"{geometry.spacing_mm[0]:g} mm"))
    if geometry.degrees_from_axial > OBLIQUE_AXIAL_MAX_DEGREES:
        found.append(caution("NOT_AXIAL", f"{geometry.degrees_from_axial:.0f} degrees from axial"))
    if plan.unreadable:
        found.append(caution("UNDECODABLE_TEXT", ", ".join(map(tags.shown, plan.unreadable))))
    return tuple(found)


def with_study_cautions(
    acquisitions: Sequence[Acquisition], refused: Sequence[Refused]
) -> tuple[Acquisition, ...]:
    """Acquisitions in order of series number, with the cautions that arise between them."""
    ordered = sorted(acquisitions, key=lambda a: (a.header.series_number or 0, a.key))
    return tuple(replace(a, cautions=a.cautions) for a in ordered)
